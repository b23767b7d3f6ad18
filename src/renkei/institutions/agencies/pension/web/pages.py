"""Pages over HTTP, for staff of the office. Dependencies come in by `routes`; nothing here opens a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Annotated
from urllib.parse import quote

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.errors import Failed, Invalid, Refused, RenkeiError
from renkei.base.time import add_years, from_ms, jst_date
from renkei.contracts.identity import StaffUser
from renkei.contracts.staff import Role
from renkei.contracts.standins import DemoClerk
from renkei.contracts.words import Words
from renkei.institutions.agencies.pension import queries
from renkei.institutions.agencies.pension.errors import (
    AnswersContradict,
    ClaimantMissing,
    ClaimOpen,
    ClaimStepRefused,
    ClaimUnknown,
    DecisionMissing,
    NotEntitledToPension,
)
from renkei.institutions.agencies.pension.model.amount import Entitlement, entitlement
from renkei.institutions.agencies.pension.model.claims import (
    DEFAULT_NEEDS,
    FINAL,
    Answer,
    Claim,
    Ground,
    Insured,
    Need,
    State,
)
from renkei.institutions.agencies.pension.model.examining import findings, outstanding, papers_left
from renkei.institutions.agencies.pension.model.parameters import figure
from renkei.institutions.agencies.pension.service import PensionOffice
from renkei.institutions.agencies.pension.web.entrance import Entrance, Workplace
from renkei.institutions.agencies.pension.web.views import EvidenceHref, Speaker
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other, word
from renkei.platform.web.parts import Choice, Column, Fact, Field, FieldError, Figure, Lines, Link
from renkei.platform.web.rp_sessions import RpSessions

SHOWN_MAX = 50
REFUSALS = ("too_few_months", "not_resident", "other")
HOLDS = ("waiting_for_answer", "record_to_be_corrected", "claimant_to_be_asked")


@dataclass(frozen=True)
class FileForm:
    """A claim as it is filed at the screen."""

    own_number: str = ""
    family: str = ""


@dataclass(frozen=True)
class DecisionForm:
    """A decision: `grant`, `hold:REASON` or `refuse:REASON`, and the papers that were seen."""

    decision: str = ""
    papers: str | list[str] = field(default_factory=list)
    """A browser sends one tick as a text, several as a list."""

    @property
    def ticked(self) -> tuple[str, ...]:
        """The papers as they were ticked."""
        return (self.papers,) if isinstance(self.papers, str) else tuple(self.papers)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything that the page of one claim rests on, read in one snapshot."""

    claim: Claim
    insured: Insured
    answers: dict[Need, Answer]
    grounds: dict[Need, Ground]


class PensionPages:
    """The pages of the office.

    Args:
        evidence_href: where the evidence of an exchange is saved from.
        entrance: lets staff of the office in, and nobody else.
        claimants: own numbers to offer first for a new claim (the personas of a demonstration).
        portal_href: where the claimant sees what was asked; no link where empty.
    """

    def __init__(
        self,
        *,
        kit: WebKit,
        office: PensionOffice,
        words: Words,
        evidence_href: EvidenceHref,
        entrance: Entrance,
        claimants: Sequence[str] = (),
        portal_href: str = "",
        path: str = "/pension",
    ) -> None:
        self._kit, self._office, self._words = kit, office, words
        self._evidence_href, self._entrance, self._path = evidence_href, entrance, path
        self._claimants, self._portal_href = tuple(claimants), portal_href

    async def index(
        self, request: AnyRequest, *, form: FileForm | None = None, error: RenkeiError | None = None
    ) -> Response[str]:
        """Claims, and a form to file one."""
        clerk = await self._entrance.clerk(request)
        speaker = self._speaker(request)
        counts = await self._office.db.read(queries.claim_counts)
        listed = await self._office.db.read(partial(queries.claims, limit=SHOWN_MAX))
        able = await self._able()
        errors = [FieldError(name="own_number", text=error.sentence(speaker.language))] if error else []
        context = self._frame(clerk, speaker, speaker.say("list.title")) | {
            "breadcrumb": [Link(href="/", text=speaker.say("home"))],
            "figures": [
                Figure(label=speaker.say(f"state.{state}"), value=speaker.formats.number(count))
                for state, count in counts.items()
            ],
            "columns": [
                Column(text=speaker.say(f"column.{name}"), header=name == "claim")
                for name in ("claim", "claimant", "filed", "papers", "state")
            ],
            "rows": [self._row(one, speaker) for one in listed],
            "fields": self._file_fields(speaker, able, form or FileForm(), errors),
            "action": f"{self._path}/claims",
            "able": bool(able),
            "errors": errors,
        }
        return respond(self._kit, request, "pension/claims.html", context, status=422 if errors else 200)

    async def file(self, request: AnyRequest, form: FileForm) -> Response[str]:
        """File a claim and open it."""
        clerk = await self._entrance.clerk(request, Role.ASKER)
        if not form.own_number:
            return await self.index(request, form=form, error=ClaimantMissing())
        needs = [*DEFAULT_NEEDS, *([Need.FAMILY] if form.family else [])]
        try:
            claim = await self._office.file(word(form.own_number), needs=needs, user=clerk.staff_id)
        except ClaimOpen as error:  # most often the same form sent twice
            return see_other(self._href(error.public["claim"]) + "?already=1")
        except (Refused, Invalid) as error:
            return await self.index(request, form=form, error=error)
        return see_other(self._href(claim.claim_id))

    async def show(
        self, request: AnyRequest, claim_id: str, *, error: RenkeiError | None = None, form: DecisionForm | None = None
    ) -> Response[str]:
        """One claim; results that were outstanding are looked for first."""
        clerk = await self._entrance.clerk(request)
        speaker = self._speaker(request)
        interrupted = error if isinstance(error, Failed) else None
        if error is None:
            try:
                await self._office.refresh(claim_id)
            except Failed as failed:
                interrupted = failed
        seen = await self._office.db.read(partial(_see, claim_id=claim_id))
        claim = seen.claim
        title = speaker.say("claim.title", number=claim.claim_id)
        stale = self._told(error, claim, speaker) if isinstance(error, ClaimStepRefused) else ""
        errors = []
        if error is not None and interrupted is None and not stale:
            errors = [FieldError(name="decision", text=self._told(error, claim, speaker))]
        context = self._frame(clerk, speaker, title) | {
            "breadcrumb": [
                Link(href="/", text=speaker.say("home")),
                Link(href=self._path, text=speaker.say("list.title")),
            ],
            "claim": claim,
            "state": speaker.state_chip(claim.state),
            "about": self._about(seen, speaker),
            "papers_before": [speaker.say(f"need.{need}.paper") for need in claim.needs],
            "papers_now": [speaker.say(f"need.{need}.paper") for need in _papers_now(seen)],
            "cards": self._cards(seen, speaker),
            "action": self._href(claim.claim_id),
            "may_ask": claim.state not in FINAL and _asks_left(seen),
            "asked": claim.round > 0,
            "waiting": bool(outstanding(seen.answers, claim.needs)),
            "open": claim.state not in FINAL,
            "interrupted": interrupted.sentence(speaker.language) if interrupted else "",
            "stale": stale,
            "already": "already" in request.query_params and claim.state not in FINAL,
            "portal_href": self._portal_href,
            "amount": self._amount(seen, speaker),
            "fields": self._decision_fields(seen, speaker, form or DecisionForm(), errors),
            "errors": errors,
        }
        return respond(
            self._kit, request, "pension/claim.html", context, status=409 if stale else 422 if errors else 200
        )

    async def ask(self, request: AnyRequest, claim_id: str) -> Response[str]:
        """Ask the exchange; a line that broke is said, and the claim goes on under the same ids."""
        clerk = await self._entrance.clerk(request, Role.ASKER)
        try:
            await self._office.ask_for_claim(claim_id, user=clerk.staff_id)
        except RenkeiError as error:
            if error.code == ClaimUnknown.code:
                raise
            return await self.show(request, claim_id, error=error)
        return see_other(self._href(claim_id) + "#answers")

    async def decide(
        self, request: AnyRequest, claim_id: str, form: DecisionForm
    ) -> Response[str]:  # fmt: skip
        """Grant, hold, refuse or withdraw."""
        user = (await self._entrance.clerk(request, Role.DECIDER)).staff_id
        step, _, reason = form.decision.partition(":")
        papers = frozenset(Need(paper) for paper in form.ticked if paper in set(Need))
        try:
            if step == "grant":
                await self._office.grant(claim_id, papers_seen=papers, user=user)
            elif step == "hold" and reason in HOLDS:
                await self._office.hold(claim_id, reason=reason, user=user)
            elif step == "refuse" and reason in REFUSALS:
                await self._office.refuse(claim_id, reason=reason, user=user)
            elif step == "withdraw":
                await self._office.withdraw(claim_id, user=user)
            else:
                return await self._undecided(request, claim_id, form)
        except (Refused, Invalid) as error:
            if error.code == ClaimUnknown.code:
                raise
            return await self.show(request, claim_id, error=error, form=form)
        return see_other(self._href(claim_id))

    # --- parts of the pages ---

    def _told(self, error: RenkeiError, claim: Claim, speaker: Speaker) -> str:
        """The sentence of an error as a clerk reads it: states and findings by their names."""
        if isinstance(error, ClaimStepRefused):
            return speaker.say("stale.text", state=speaker.say(f"state.{claim.state}"))
        if isinstance(error, AnswersContradict):
            return speaker.say("contradicts", finding=speaker.finding(error.public["fact"], holds=False))
        return error.sentence(speaker.language.value)

    async def _undecided(self, request: AnyRequest, claim_id: str, form: DecisionForm) -> Response[str]:
        return await self.show(request, claim_id, error=DecisionMissing(), form=form)

    def _speaker(self, request: AnyRequest) -> Speaker:
        return Speaker(self._kit, self._words, language_of(request), now=self._office.clock.now())

    def _frame(self, clerk: StaffUser, speaker: Speaker, title: str) -> dict[str, object]:
        return {
            "title": title,
            "standins": [speaker.say("test_card")] if clerk.test else [],
            "reader": speaker.say("reader", user=clerk.name),
            "leave_action": self._entrance.door.leave_action,
        }

    def _href(self, claim_id: str) -> str:
        return f"{self._path}/claims/{claim_id}"

    async def _able(self) -> list[Insured]:
        """Who may claim, the people of the demonstration first."""
        today = jst_date(self._office.clock.now())
        # The age is attained on the eve of the birthday.
        born_by = add_years(today + timedelta(days=1), -figure("pensionable_age", today))
        found = await self._office.db.read(partial(queries.may_claim, born_by=born_by, limit=SHOWN_MAX))
        return sorted(found, key=lambda one: one.own_number not in self._claimants)

    def _row(self, listed: queries.Listed, speaker: Speaker) -> list[object]:
        claim, insured = listed
        return [
            Link(href=self._href(claim.claim_id), text=claim.claim_id),
            Lines(insured.name, insured.kana),
            speaker.formats.moment(from_ms(claim.filed_ms)),
            speaker.say("papers", count=len(claim.needs)),
            speaker.state_chip(claim.state),
        ]

    def _about(self, seen: _Seen, speaker: Speaker) -> list[Fact]:
        claim, formats = seen.claim, speaker.formats
        return [
            Fact(term=speaker.say("about.claimant"), value=seen.insured.name, note=seen.insured.kana),
            Fact(term=speaker.say("content.birth"), value=formats.day(seen.insured.birth)),
            Fact(term=speaker.say("about.filed"), value=formats.moment(from_ms(claim.filed_ms))),
            Fact(
                term=speaker.say("about.months"),
                value=speaker.say("about.months_value", months=formats.number(seen.insured.months.contributed)),
                note=speaker.say("about.exempt", months=formats.number(seen.insured.months.exempt)),
            ),
        ]

    def _cards(self, seen: _Seen, speaker: Speaker) -> list[object]:
        on = jst_date(speaker.now)
        found = findings(seen.insured, seen.answers.values(), on=on)
        return [
            speaker.card(
                need, seen.answers.get(need), found, seen.grounds.get(need), evidence_href=self._evidence_href
            )
            for need in seen.claim.needs
        ]  # fmt: skip

    def _amount(self, seen: _Seen, speaker: Speaker) -> list[Fact]:
        claim, formats = seen.claim, speaker.formats
        if claim.state is State.GRANTED:
            return [
                Fact(term=speaker.say("amount.yearly"), value=formats.yen(claim.yearly_yen)),
                Fact(term=speaker.say("amount.from"), value=_month(claim.from_month, speaker)),
            ]
        if claim.state in FINAL:
            return []
        try:
            found: Entitlement = entitlement(
                seen.insured.months, birth=seen.insured.birth, on=jst_date(speaker.now)
            )  # fmt: skip
        except NotEntitledToPension as error:
            return [Fact(term=speaker.say("amount.yearly"), value=error.sentence(speaker.language))]
        share = speaker.say(
            "amount.share",
            full=formats.yen(found.full_yen),
            months=formats.number(found.counted_eighths // 8),
        )
        return [
            Fact(term=speaker.say("amount.yearly"), value=formats.yen(found.yearly_yen), note=share),
            Fact(term=speaker.say("amount.from"), value=_month(found.from_month, speaker)),
        ]

    def _file_fields(
        self, speaker: Speaker, able: Sequence[Insured], form: FileForm, errors: Sequence[FieldError]
    ) -> list[Field]:
        say = speaker.say
        return [
            Field(
                name="own_number",
                label=say("file.claimant"),
                kind="select",
                required=True,
                value=form.own_number,
                error=errors[0].text if errors else "",
                choices=(
                    Choice(value="", text=say("file.select")),
                    *(
                        Choice(
                            value=one.own_number,
                            text=say("file.choice", name=one.name, birth=speaker.formats.day(one.birth)),
                        )
                        for one in able
                    ),
                ),
            ),
            Field(
                name="family",
                label=say("file.more"),
                kind="checkboxes",
                value=(form.family,) if form.family else (),
                choices=(Choice(value="yes", text=say("file.family"), note=say("file.family_note")),),
            ),
        ]

    def _decision_fields(
        self, seen: _Seen, speaker: Speaker, form: DecisionForm, errors: Sequence[FieldError]
    ) -> list[Field]:
        say = speaker.say
        state = seen.claim.state
        codes = ["grant"] if state in (State.READY, State.HELD) else []
        codes += [f"hold:{reason}" for reason in HOLDS] if state in (State.READY, State.WAITING) else []
        codes += [*(f"refuse:{reason}" for reason in REFUSALS), "withdraw"]
        choices = [Choice(value=code, text=say(f"decision.{code.replace(':', '.')}")) for code in codes]
        found = []
        if left := _papers_now(seen):
            found.append(
                Field(
                    name="papers",
                    label=say("decision.papers"),
                    support=say("decision.papers_support"),
                    kind="checkboxes",
                    value=form.ticked,
                    choices=tuple(Choice(value=need, text=say(f"need.{need}.paper")) for need in left),
                )
            )
        found.append(
            Field(
                name="decision",
                label=say("decision.label"),
                support=say("decision.not_yet") if state is State.WAITING else "",
                kind="radios",
                required=True,
                value=form.decision,
                choices=tuple(choices),
                error=errors[0].text if errors else "",
            )
        )
        return found


def routes(
    *,
    kit: WebKit,
    office: PensionOffice,
    words: Words,
    evidence_href: EvidenceHref,
    rp: RelyingParty,
    sessions: RpSessions,
    workplace: Workplace,
    claimants: Sequence[str] = (),
    samples: Sequence[DemoClerk] = (),
    portal_href: str = "",
    path: str = "/pension",
) -> list[ControllerRouterHandler]:
    """Handlers of the office's pages, for a page router; see `PensionPages` for what they need.

    Args:
        rp: the office's registration in the staff realm, redirect URI `…{path}/return`.
        sessions: with that path.
    """
    entrance = Entrance(
        kit=kit, rp=rp, sessions=sessions, clock=office.clock, workplace=workplace, samples=samples, home=path
    )
    pages = PensionPages(
        kit=kit, office=office, words=words, evidence_href=evidence_href, entrance=entrance, claimants=claimants,
        portal_href=portal_href, path=path,
    )  # fmt: skip
    for_staff = entrance.for_staff

    @get(path)
    async def claims(request: AnyRequest) -> Response[str]:
        if await entrance.door.current(request) is None:
            return await entrance.enter(request)
        return await for_staff(request, pages.index(request))

    @post(f"{path}/claims", status_code=200)
    async def file(
        request: AnyRequest, data: Annotated[FileForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await for_staff(request, pages.file(request, data))

    @get(path + "/claims/{claim_id:str}")
    async def claim(request: AnyRequest, claim_id: FromPath[str]) -> Response[str]:
        return await for_staff(request, pages.show(request, word(claim_id)))

    @post(path + "/claims/{claim_id:str}/ask", status_code=200)
    async def ask(request: AnyRequest, claim_id: FromPath[str]) -> Response[str]:
        return await for_staff(request, pages.ask(request, word(claim_id)))

    @post(path + "/claims/{claim_id:str}/decision", status_code=200)
    async def decide(
        request: AnyRequest,
        claim_id: FromPath[str],
        data: Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[str]:
        return await for_staff(request, pages.decide(request, word(claim_id), data))

    # The address of a form opened by itself, for instance from the history, leads back to its page.
    @get(f"{path}/claims")
    async def filed_before() -> Response[str]:
        return see_other(path)

    @get([path + "/claims/{claim_id:str}/ask", path + "/claims/{claim_id:str}/decision"])
    async def decided_before(claim_id: FromPath[str]) -> Response[str]:
        return see_other(f"{path}/claims/{quote(claim_id, safe='')}")

    return [*entrance.door.handlers(), claims, file, claim, ask, decide, filed_before, decided_before]


def _see(conn: Connection, claim_id: str) -> _Seen:
    claim = queries.claim(conn, claim_id)
    return _Seen(
        claim,
        queries.insured(conn, claim.own_number),
        queries.answers(conn, claim_id),
        queries.grounds(conn, claim_id),
    )


def _papers_now(seen: _Seen) -> list[Need]:
    """Papers that the claimant has to bring after all."""
    return papers_left(seen.answers, seen.claim.needs)


def _asks_left(seen: _Seen) -> bool:
    return bool(outstanding(seen.answers, seen.claim.needs) or _papers_now(seen))


def _month(text: str, speaker: Speaker) -> str:
    year, month = text.split("-")
    return speaker.say("month", year=int(year), month=int(month))
