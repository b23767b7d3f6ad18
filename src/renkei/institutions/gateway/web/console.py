"""The clerk's console (route 2: the gateway authenticates terminal and clerk).

A clerk sees only the affairs that the section is entitled to, asks with the address number that the ledger gives, and
decides on inquiries that may not be answered automatically. Names never appear: a gateway does not know them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler
from sqlalchemy import Row

from renkei.base.errors import RenkeiError, catalogue
from renkei.base.time import from_ms, jst_date, to_ms
from renkei.contracts.errors import NotEntitled
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import Inquiry, InquiryBatch, InquiryResult
from renkei.contracts.sheets import encode
from renkei.contracts.standins import DemoClerk, DemoSignIn
from renkei.contracts.words import Words
from renkei.institutions.gateway import queries
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import Chip, Choice, Column, Fact, Field, FieldError, Figure, Link, Tone

CLERK_COOKIE = "clerk"
TONES: dict[Outcome, Tone] = {
    Outcome.GIVEN: "green",
    Outcome.PENDING: "yellow",
    Outcome.NONE: "gray",
    Outcome.REFUSED: "red",
    Outcome.LAPSED: "orange",
    Outcome.FAILED: "orange",
}


@dataclass(frozen=True)
class ClerkForm:
    """Which clerk to be."""

    clerk: str


@dataclass(frozen=True)
class AskForm:
    """One inquiry typed in at the console."""

    address_number: str = ""
    case: str = ""
    affairs: str = ""
    information: str = ""
    provider: str = ""


@dataclass(frozen=True)
class DecisionForm:
    """A clerk's decision on a pending inquiry."""

    number: str
    decision: str


class Console:
    """Handlers of the console's pages."""

    def __init__(self, *, kit: WebKit, tenant_of: Callable[[str], Tenant], words: Words, sign_in: DemoSignIn) -> None:
        self._kit, self._tenant_of, self._words, self._sign_in = kit, tenant_of, words, sign_in

    async def choose(self, request: AnyRequest) -> Response[str]:
        """Choose a clerk (stands in for staff sign-in)."""
        language = language_of(request)
        clerks = [
            (clerk, self._words.body(clerk.body_id, language.value),
             self._words.section(clerk.body_id, clerk.section, language.value))
            for clerk in self._sign_in.clerks.values()
        ]  # fmt: skip
        context = self._frame(language, "gateway.choose.title") | {"clerks": clerks}
        return respond(self._kit, request, "gateway/choose.html", context)

    async def enter(self, data: ClerkForm) -> Response[None]:
        """Be that clerk from now on."""
        if data.clerk not in self._sign_in.clerks:
            raise NotEntitled()
        cookie = Cookie(key=CLERK_COOKIE, value=data.clerk, httponly=True, samesite="lax", path="/gateway")
        return see_other("/gateway/console", cookies=[cookie])

    async def show(
        self,
        request: AnyRequest,
        *,
        asked: InquiryResult | None = None,
        form: AskForm | None = None,
        errors: Sequence[FieldError] = (),
    ) -> Response[str]:
        """The clerk's desk: counts, what waits for a decision, and a form to ask."""
        clerk, tenant = self._clerk(request)
        language = language_of(request)
        now_ms = to_ms(tenant.clock.now())
        counts = await tenant.db.read(queries.counts)
        section = await self._section(clerk, tenant)
        waiting = await tenant.db.read(lambda conn: queries.waiting(conn, now_ms=now_ms))
        recent = await tenant.db.read(lambda conn: queries.recent_requests(conn, clerk.section))
        context = self._frame(language, "gateway.console.title", clerk=clerk) | {
            "section": self._words.section(clerk.body_id, clerk.section, language.value),
            "body": self._words.body(clerk.body_id, language.value),
            "figures": [
                Figure(label=self._text(language, f"count.{name}"), value=self._kit.formats(language).number(count))
                for name, count in counts.items()
            ],
            "waiting": [self._waiting(row, tenant, language) for row in waiting],
            "fields": self._fields(tenant, section, language, form or AskForm(), errors),
            "asked": self._result(asked, language) if asked else None,
            "errors": list(errors),
            "columns": [Column(text=self._text(language, f"column.{name}")) for name in _COLUMNS],
            "recent": [self._recent(row, language) for row in recent],
        }
        return respond(self._kit, request, "gateway/console.html", context, status=422 if errors else 200)

    async def ask(self, request: AnyRequest, data: AskForm) -> Response[str]:
        """Ask about one person and show the answer."""
        clerk, tenant = self._clerk(request)
        section = await self._section(clerk, tenant)
        if data.affairs and data.affairs not in section.affairs:
            raise NotEntitled()
        language = language_of(request)
        errors = [
            FieldError(name=name, text=self._text(language, f"missing.{name}"))
            for name in ("address_number", "case", "affairs", "information", "provider")
            if not getattr(data, name).strip()
        ]
        if errors:
            return await self.show(request, form=data, errors=errors)
        number = data.address_number.strip().translate(_NARROW).zfill(15)
        inquiry = Inquiry(
            ref="console", address_number=number, case=data.case.strip(), affairs=data.affairs,
            information=data.information, provider=data.provider,
        )  # fmt: skip
        batch = InquiryBatch(
            batch=f"console-{uuid.uuid4().hex}", section=clerk.section, user=clerk.user,
            purpose=Purpose.APPLICATION, inquiries=[inquiry],
        )  # fmt: skip
        found = await tenant.asking.inquire(batch, encode(batch))
        return await self.show(request, asked=found.results[0], form=data)

    async def decide(self, request: AnyRequest, data: DecisionForm) -> Response[None]:
        """Give or withhold what waits for a decision."""
        clerk, tenant = self._clerk(request)
        await tenant.decide(data.number, give=data.decision == "give", user=clerk.user)
        return see_other("/gateway/console")

    # --- parts of the page ---

    def _text(self, language: Language, key: str, **values: object) -> str:
        return self._kit.text(language, f"gateway.console.{key}", **values)

    def _frame(self, language: Language, title: str, *, clerk: DemoClerk | None = None) -> dict[str, object]:
        text = self._kit.text
        return {
            "title": text(language, title),
            "breadcrumb": [Link(href="/", text=text(language, "gateway.home"))],
            "standins": [text(language, "gateway.standin")],
            "reader": clerk.user if clerk else "",
        }

    def _clerk(self, request: AnyRequest) -> tuple[DemoClerk, Tenant]:
        clerk = self._sign_in.clerks.get(request.cookies.get(CLERK_COOKIE, ""))
        if clerk is None:
            raise NotEntitled()
        return clerk, self._tenant_of(clerk.body_id)

    async def _section(self, clerk: DemoClerk, tenant: Tenant) -> queries.Section:
        for section in await tenant.db.read(queries.sections):
            if section.section == clerk.section:
                return section
        raise NotEntitled()

    def _waiting(self, row: Row[Any], tenant: Tenant, language: Language) -> tuple[str, list[Fact]]:
        lang, formats = language.value, self._kit.formats(language)
        edition = tenant.book.edition(jst_date(from_ms(row.asked_ms))).id
        ground = self._words.ground(edition=edition, row=row.row, affairs=row.affairs, language=lang)
        facts = [
            Fact(term=self._text(language, "waiting.number"), value=row.number),
            Fact(term=self._text(language, "waiting.person"), value=row.address_number),
            Fact(
                term=self._text(language, "waiting.requester"), value=self._words.body(row.requester, lang),
                note=self._words.section(row.requester, row.section, lang),
            ),
            Fact(
                term=self._text(language, "waiting.information"),
                value=self._words.information(row.information, lang),
            ),
            Fact(term=self._text(language, "waiting.why"), value=ground.affairs, note=ground.citation),
            Fact(
                term=self._text(language, "waiting.until"), value=formats.moment(from_ms(row.answer_by_ms)),
            ),
        ]  # fmt: skip
        return row.number, facts

    def _recent(self, row: Row[Any], language: Language) -> list[object]:
        lang = language.value
        outcome = Outcome(row.outcome)
        return [
            self._kit.formats(language).moment(from_ms(row.asked_ms)),
            self._words.information(row.information, lang),
            self._words.body(row.provider, lang),
            Chip(self._text(language, f"outcome.{outcome.value}"), TONES[outcome]),
            row.number,
        ]

    def _result(self, found: InquiryResult, language: Language) -> dict[str, object]:
        lang = language.value
        ground = self._words.ground(edition=found.edition, row=found.row, affairs="", language=lang)
        return {
            "outcome": found.outcome.value,
            "chip": Chip(self._text(language, f"outcome.{found.outcome.value}"), TONES[found.outcome]),
            "sentence": sentence_of(found, lang),
            "number": found.number,
            "source": self._words.body(found.provider, lang),
            "citation": ground.citation if found.row else "",
            "copied": from_ms(found.copied_ms) if found.copied_ms else None,
            "body": (found.body() or b"").decode(),
        }

    def _fields(
        self,
        tenant: Tenant,
        section: queries.Section,
        language: Language,
        form: AskForm,
        errors: Sequence[FieldError],
    ) -> list[Field]:
        lang = language.value
        wrong = {error.name: error.text for error in errors}
        table = tenant.book.on(tenant.clock.now().date())
        items = [table.affairs[affairs] for affairs in sorted(section.affairs) if affairs in table.affairs]
        slugs = sorted({slug for item in items for slug in item.informations})
        blank = Choice(value="", text=self._text(language, "select"))
        choices: dict[str, tuple[Choice, ...]] = {
            "affairs": (blank, *(Choice(value=item.id, text=f"{item.id} {item.plain}") for item in items)),
            "information": (
                blank, *(Choice(value=slug, text=self._words.information(slug, lang)) for slug in slugs)
            ),
            "provider": (
                blank,
                *(
                    Choice(value=entry.body_id, text=self._words.body(entry.body_id, lang))
                    for entry in tenant.directory.entries()
                    if entry.body_id != tenant.body_id and entry.kinds
                ),
            ),
        }  # fmt: skip
        return [
            Field(
                name=name,
                label=self._text(language, f"field.{name}"),
                kind="select" if name in choices else "text",
                value=getattr(form, name),
                support=self._text(language, f"support.{name}"),
                required=True,
                choices=choices.get(name, ()),
                error=wrong.get(name, ""),
                inputmode="numeric" if name == "address_number" else "",
            )
            for name in ("address_number", "case", "affairs", "information", "provider")
        ]


_COLUMNS = ("asked", "information", "provider", "outcome", "number")
_NARROW = str.maketrans("０１２３４５６７８９", "0123456789")


def sentence_of(found: InquiryResult, language: str) -> str:
    """The plain sentence of a result that gave nothing; empty for one that gave."""
    error = catalogue().get(found.reason)
    if error is None:
        return ""
    made: RenkeiError = error(**found.facts)
    return made.sentence(language)


def console_handlers(
    *, kit: WebKit, tenant_of: Callable[[str], Tenant], words: Words, sign_in: DemoSignIn
) -> Sequence[ControllerRouterHandler]:
    """Handlers of the console, to be mounted in a page router."""
    console = Console(kit=kit, tenant_of=tenant_of, words=words, sign_in=sign_in)

    @get("/gateway")
    async def choose(request: AnyRequest) -> Response[str]:
        return await console.choose(request)

    @post("/gateway/sign-in")
    async def enter(
        data: Annotated[ClerkForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[None]:
        return await console.enter(data)

    @get("/gateway/console")
    async def show(request: AnyRequest) -> Response[str]:
        return await console.show(request)

    @post("/gateway/console/ask", status_code=200)
    async def ask(
        request: AnyRequest, data: Annotated[AskForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await console.ask(request, data)

    @post("/gateway/console/decide")
    async def decide(
        request: AnyRequest, data: Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[None]:
        return await console.decide(request, data)

    return [choose, enter, show, ask, decide]
