"""The person's pages: who am I (a stand-in), and who looked at my data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.base.time import from_ms, jst_date
from renkei.channels.portal.errors import AccountUnknown
from renkei.channels.portal.model import Shown
from renkei.channels.portal.operations import Portal
from renkei.contracts.exchange import Outcome
from renkei.contracts.standins import DemoPerson, DemoSignIn
from renkei.contracts.words import Words
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import Chip, Fact, Link, Tone

PERSONA_COOKIE = "persona"
_TONES: dict[str, Tone] = {"given": "green", "none": "gray", "asked": "yellow"}


@dataclass(frozen=True)
class SignInForm:
    """Which persona to be."""

    person: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as the template shows it."""

    heading: str
    chip: Chip
    facts: list[Fact]
    proof: str
    number: str


class PortalPages:
    """Handlers of the portal's pages."""

    def __init__(self, *, kit: WebKit, portal: Portal, words: Words, sign_in: DemoSignIn) -> None:
        self._kit, self._portal, self._words, self._sign_in = kit, portal, words, sign_in

    async def choose(self, request: AnyRequest) -> Response[str]:
        """Choose a persona (stands in for sign-in)."""
        language = language_of(request)
        people = [
            (person, self._kit.text(language, "portal.choose.be", name=person.name), person.story(language))
            for person in self._sign_in.people.values()
        ]
        context = self._frame(language, "portal.choose.title") | {"people": people}
        return respond(self._kit, request, "portal/choose.html", context)

    async def enter(self, data: SignInForm) -> Response[None]:
        """Be that persona from now on."""
        if data.person not in self._sign_in.people:
            raise AccountUnknown()
        cookie = Cookie(key=PERSONA_COOKIE, value=data.person, httponly=True, samesite="lax", path="/portal")
        return see_other("/portal/access", cookies=[cookie])

    async def leave(self) -> Response[None]:
        """End the session: nothing stays behind."""
        cookie = Cookie(key=PERSONA_COOKIE, value="", max_age=0, httponly=True, samesite="lax", path="/portal")
        return see_other("/portal", cookies=[cookie])

    async def access(self, request: AnyRequest) -> Response[str]:
        """Who asked about me, who answered, why, and when."""
        person = self._person(request)
        language = language_of(request)
        view = await self._portal.access(person.account_id)
        years: dict[str, list[EntryView]] = {}
        for shown in view.shown:
            day = jst_date(from_ms(shown.entry.asked_ms))
            year = self._kit.formats(language).fiscal_year(day.year if day.month >= 4 else day.year - 1)
            years.setdefault(year, []).append(self._entry(shown, language))
        context = self._frame(language, "portal.access.title", person=person) | {
            "years": years,
            "count": len(view.shown),
            "withheld": view.withheld,
        }
        return respond(self._kit, request, "portal/access.html", context)

    def _person(self, request: AnyRequest) -> DemoPerson:
        found = self._sign_in.people.get(request.cookies.get(PERSONA_COOKIE, ""))
        if found is None:
            raise AccountUnknown()
        return found

    def _frame(self, language: Language, title: str, *, person: DemoPerson | None = None) -> dict[str, object]:
        text = self._kit.text
        return {
            "title": text(language, title),
            "breadcrumb": [Link(href="/", text=text(language, "portal.home"))],
            "standins": [text(language, "portal.standin")],
            "reader": person.name if person else "",
        }

    def _entry(self, shown: Shown, language: Language) -> EntryView:
        entry, words, formats = shown.entry, self._words, self._kit.formats(language)
        lang = language.value

        def text(key: str, **values: object) -> str:
            return self._kit.text(language, f"portal.access.{key}", **values)

        ground = words.ground(edition=entry.edition, row=entry.row, affairs=entry.affairs, language=lang)
        state = "asked" if entry.outcome is None else entry.outcome.value
        facts = [
            Fact(
                term=text("who"), value=words.body(entry.requester, lang),
                note=words.section(entry.requester, entry.section, lang),
            ),
            Fact(term=text("whom"), value=words.body(entry.provider, lang)),
            Fact(term=text("what"), value=words.information(entry.information, lang)),
            Fact(term=text("why"), value=ground.affairs, note=ground.citation),
            Fact(term=text("asked_on"), value=formats.moment(from_ms(entry.asked_ms))),
        ]  # fmt: skip
        if entry.outcome in (Outcome.GIVEN, Outcome.NONE):
            facts.append(Fact(term=text("given_on"), value=formats.moment(from_ms(entry.given_ms))))
        return EntryView(
            heading=text(
                "heading", who=words.body(entry.requester, lang), what=words.information(entry.information, lang)
            ),
            chip=Chip(text(f"state.{state}"), _TONES.get(state, "gray")),
            facts=facts,
            proof=text("proof", index=formats.number(shown.leaf_index + 1), size=formats.number(shown.size)),
            number=entry.number,
        )  # fmt: skip


def portal_handlers(
    *, kit: WebKit, portal: Portal, words: Words, sign_in: DemoSignIn
) -> Sequence[ControllerRouterHandler]:
    """Handlers of the portal's pages, to be mounted in a page router."""
    pages = PortalPages(kit=kit, portal=portal, words=words, sign_in=sign_in)

    @get("/portal")
    async def choose(request: AnyRequest) -> Response[str]:
        return await pages.choose(request)

    @post("/portal/sign-in")
    async def enter(
        data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[None]:
        return await pages.enter(data)

    @post("/portal/sign-out")
    async def leave() -> Response[None]:
        return await pages.leave()

    @get("/portal/access")
    async def access(request: AnyRequest) -> Response[str]:
        return await pages.access(request)

    return [choose, enter, leave, access]
