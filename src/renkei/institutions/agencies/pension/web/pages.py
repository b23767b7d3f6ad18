"""The claim page: file a claim, ask the exchange instead of the claimant, decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler

from renkei.base.time import add_years, from_ms, jst_date
from renkei.contracts.words import Words
from renkei.institutions.agencies.pension import queries
from renkei.institutions.agencies.pension.errors import ClaimUnknown
from renkei.institutions.agencies.pension.model.claims import FINAL, Claim, State
from renkei.institutions.agencies.pension.model.examining import papers_left
from renkei.institutions.agencies.pension.service import PensionOffice
from renkei.institutions.agencies.pension.web.views import Views
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import Column, Link

PENSIONABLE_AGE = 65
CANDIDATES_SHOWN = 8
Evidence = Callable[[str], Awaitable[bytes]]
"""Evidence of one exchange by processing number, as a file's content."""


@dataclass(frozen=True)
class FileForm:
    """Who claims."""

    own_number: str


@dataclass(frozen=True)
class DecisionForm:
    """What the clerk decides."""

    decision: str
    papers: str = ""
    """`seen` if the clerk has seen the papers that the exchange could not replace."""


class PensionPages:
    """Handlers of the pension office's pages.

    Args:
        clerk: user id of the clerk; a stand-in until staff sign-in exists.
        first: own numbers to show first among those who may claim (the demonstration's claimant).
    """

    stand_in: ClassVar[str] = "staff sign-in"

    def __init__(
        self, *, kit: WebKit, office: PensionOffice, words: Words, evidence: Evidence, clerk: str, first: Sequence[str]
    ) -> None:
        self._kit, self._office, self._words, self._evidence = kit, office, words, evidence
        self._clerk, self._first = clerk, tuple(first)

    def _views(self, request: AnyRequest) -> Views:
        return Views(self._kit, self._words, language_of(request))

    def _frame(self, views: Views, title: str, *trail: Link) -> dict[str, object]:
        return {
            "title": title,
            "breadcrumb": [Link(href="/", text=views.text("home")), *trail],
            "standins": [views.text("standin")],
            "reader": self._clerk,
        }

    async def index(self, request: AnyRequest) -> Response[str]:
        """Claims so far, and who may claim."""
        views = self._views(request)
        born_by = add_years(jst_date(self._office.clock.now()), -PENSIONABLE_AGE)
        listed = await self._office.db.read(queries.claims)
        candidates = await self._office.db.read(partial(queries.may_claim, born_by=born_by))
        ranked = sorted(candidates, key=lambda one: one.own_number not in self._first)
        formats = self._kit.formats(language_of(request))
        context = self._frame(views, views.text("index.title")) | {
            "candidates": [(one.own_number, one.name, formats.day(one.birth)) for one in ranked[:CANDIDATES_SHOWN]],
            "columns": [Column(text=views.text(f"column.{name}")) for name in ("claim", "name", "filed", "state")],
            "rows": [
                [
                    Link(href=f"/pension/claims/{found.claim.claim_id}", text=found.claim.claim_id),
                    found.insured.name,
                    formats.moment(from_ms(found.claim.filed_ms)),
                    views.state(found.claim),
                ]
                for found in listed
            ],
        }
        return respond(self._kit, request, "pension/index.html", context)

    async def file(self, data: FileForm) -> Response[None]:
        """Take in a claim."""
        claim = await self._office.file(data.own_number, user=self._clerk)
        return see_other(f"/pension/claims/{claim.claim_id}")

    async def show(self, request: AnyRequest, claim_id: str) -> Response[str]:
        """One claim: papers before and after, answers, decision."""
        views = self._views(request)
        claim = await self._office.refresh(claim_id)
        person = await self._office.db.read(partial(queries.insured, own_number=claim.own_number))
        answers = await self._office.db.read(partial(queries.answers, claim_id=claim_id))
        grounds = await self._office.db.read(partial(queries.grounds, claim_id=claim_id))
        now = self._office.clock.now()
        left = papers_left(answers, claim.needs)
        context = self._frame(
            views, views.text("claim.title", claim=claim_id), Link(href="/pension", text=views.text("index.title"))
        ) | {
            "claim": claim,
            "name": person.name,
            "state": views.state(claim),
            "steps": views.steps(claim),
            "papers_before": views.papers(claim.needs),
            "papers_after": views.papers(left),
            "asked": claim.round > 0,
            "answers": [
                views.answer(one, now, f"/pension/claims/{claim_id}/evidence/{one.number}.json")
                for one in answers.values()
            ],
            "may_ask": claim.state not in FINAL and (claim.state is not State.READY or bool(left)),
            "may_decide": claim.state in (State.READY, State.HELD),
            "papers_needed": bool(left),
            "decision": views.decision(claim) if claim.decided_ms else [],
            "grounds": [views.ground(ground) for ground in grounds.values()],
        }
        return respond(self._kit, request, "pension/claim.html", context)

    async def ask(self, claim_id: str) -> Response[None]:
        """Ask the exchange what the claim needs."""
        await self._office.ask_for_claim(claim_id, user=self._clerk)
        return see_other(f"/pension/claims/{claim_id}")

    async def decide(self, claim_id: str, data: DecisionForm) -> Response[None]:
        """Grant, refuse or withdraw."""
        if data.decision == "grant":
            claim = await self._office.db.read(partial(queries.claim, claim_id=claim_id))
            seen = frozenset(claim.needs) if data.papers == "seen" else frozenset()
            await self._office.grant(claim_id, papers_seen=seen, user=self._clerk)
            await self._office.publish_copies()
        elif data.decision == "refuse":
            await self._office.refuse(claim_id, reason="not_entitled", user=self._clerk)
        else:
            await self._office.withdraw(claim_id, user=self._clerk)
        return see_other(f"/pension/claims/{claim_id}")

    async def evidence(self, claim_id: str, number: str) -> Response[bytes]:
        """Evidence of one answer of this claim, as a file.

        Raises:
            ClaimUnknown: no such claim, or the exchange does not belong to it.
        """
        claim: Claim = await self._office.db.read(partial(queries.claim, claim_id=claim_id))
        answers = await self._office.db.read(partial(queries.answers, claim_id=claim.claim_id))
        grounds = await self._office.db.read(partial(queries.grounds, claim_id=claim.claim_id))
        numbers = {one.number for one in answers.values()} | {one.number for one in grounds.values()}
        if number not in numbers:
            raise ClaimUnknown(claim=claim_id[:32])
        content = await self._evidence(number)
        return Response(
            content, media_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="evidence-{number}.json"', "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )  # fmt: skip


def pension_handlers(
    *, kit: WebKit, office: PensionOffice, words: Words, evidence: Evidence, clerk: str, first: Sequence[str] = ()
) -> Sequence[ControllerRouterHandler]:
    """Handlers of the pension office's pages, to be mounted in a page router."""
    pages = PensionPages(kit=kit, office=office, words=words, evidence=evidence, clerk=clerk, first=first)

    @get("/pension")
    async def index(request: AnyRequest) -> Response[str]:
        return await pages.index(request)

    @post("/pension/claims")
    async def file(data: Annotated[FileForm, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> Response[None]:
        return await pages.file(data)

    @get("/pension/claims/{claim_id:str}")
    async def show(request: AnyRequest, claim_id: FromPath[str]) -> Response[str]:
        return await pages.show(request, claim_id)

    @post("/pension/claims/{claim_id:str}/ask")
    async def ask(claim_id: FromPath[str]) -> Response[None]:
        return await pages.ask(claim_id)

    @post("/pension/claims/{claim_id:str}/decide")
    async def decide(
        claim_id: FromPath[str], data: Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[None]:
        return await pages.decide(claim_id, data)

    @get("/pension/claims/{claim_id:str}/evidence/{number:str}")
    async def evidence_file(claim_id: FromPath[str], number: FromPath[str]) -> Response[bytes]:
        return await pages.evidence(claim_id, number.removesuffix(".json"))

    return [index, file, show, ask, decide, evidence_file]
