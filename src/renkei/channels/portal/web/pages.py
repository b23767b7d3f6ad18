"""The person's pages: who am I (a stand-in), and who looked at my data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.channels.portal.errors import AccountUnknown, AccountWithoutCode
from renkei.channels.portal.operations import AccessView, Portal
from renkei.channels.portal.web.views import EntryView, Teller
from renkei.contracts.standins import DemoPerson, DemoSignIn
from renkei.contracts.words import Words
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other, session_cookie
from renkei.platform.web.parts import Link

PATH, ACCESS = "/portal", "/portal/access"
PERSONA_COOKIE = "persona"
NUMBER_MAX = 20  # digits of a processing number


@dataclass(frozen=True)
class SignInForm:
    """Which persona to be."""

    person: str = ""


class PortalPages:
    """Handlers of the portal's pages."""

    def __init__(self, *, kit: WebKit, portal: Portal, words: Words, sign_in: DemoSignIn) -> None:
        self._kit, self._portal, self._words, self._sign_in = kit, portal, words, sign_in

    async def choose(self, request: AnyRequest, *, refused: bool = False) -> Response[str]:
        """Choose a persona (stands in for sign-in).

        Args:
            refused: the reader came here because a page needs to know who reads it.
        """
        language = language_of(request)
        people = [
            {
                "slug": person.slug,
                "name": person.name,
                "story": person.story(language.value),
                "shows": person.shows(language.value),
                "be": self._kit.text(language, "portal.choose.be", name=person.name),
            }
            for person in self._sign_in.people.values()
        ]
        context = self._frame(language, "portal.choose.title") | {"people": people, "refused": refused}
        return respond(self._kit, request, "portal/choose.html", context, status=403 if refused else 200)

    async def enter(self, request: AnyRequest, data: SignInForm) -> Response[str]:
        """Be that persona from now on."""
        if data.person not in self._sign_in.people:
            raise AccountUnknown()
        return see_other(ACCESS, cookies=[session_cookie(request, PERSONA_COOKIE, data.person, path=PATH)])

    async def leave(self, request: AnyRequest) -> Response[str]:
        """End the session: nothing stays behind."""
        return see_other(PATH, cookies=[session_cookie(request, PERSONA_COOKIE, "", path=PATH)])

    async def access(self, request: AnyRequest) -> Response[str]:
        """Who asked about me, who answered, why, and when."""
        person = self._sign_in.people.get(request.cookies.get(PERSONA_COOKIE, ""))
        if person is None:
            return await self.choose(request, refused=True)
        language = language_of(request)
        older_than = request.query_params.get("older", "")
        if not (older_than.isascii() and older_than.isdigit() and len(older_than) <= NUMBER_MAX):
            older_than = ""
        waiting = ""
        view = AccessView([], 0)
        try:
            view = await self._portal.access(person.account_id, older_than=older_than)
        except AccountWithoutCode as error:  # nothing is wrong: that is how it looks to someone who has just arrived
            waiting = error.sentence(language.value)
        teller = Teller(self._kit, self._words, language)
        years: dict[str, list[EntryView]] = {}
        for shown in view.shown:
            years.setdefault(teller.fiscal_year(shown), []).append(teller.entry(shown))
        context = self._frame(language, "portal.access.title", person=person) | {
            "years": years,
            "count": len(view.shown),
            "withheld": view.withheld,
            "waiting": waiting,
            "newest_href": ACCESS if older_than else "",
            "older_href": f"{ACCESS}?older={view.older_than}" if view.older_than else "",
        }
        return respond(self._kit, request, "portal/access.html", context)

    def _frame(self, language: Language, title: str, *, person: DemoPerson | None = None) -> dict[str, object]:
        text = self._kit.text
        trail = [Link(href="/", text=text(language, "portal.home"))]
        if person is not None:
            trail.append(Link(href=PATH, text=text(language, "portal.choose.title")))
        return {
            "title": text(language, title),
            "breadcrumb": trail,
            "standins": [text(language, "portal.standin")],
            "reader": text(language, "portal.reader", name=person.name) if person else "",
            "leave_action": f"{PATH}/sign-out" if person else "",
        }


def portal_handlers(
    *, kit: WebKit, portal: Portal, words: Words, sign_in: DemoSignIn
) -> Sequence[ControllerRouterHandler]:
    """Handlers of the portal's pages, to be mounted in a page router."""
    pages = PortalPages(kit=kit, portal=portal, words=words, sign_in=sign_in)

    @get(PATH)
    async def choose(request: AnyRequest) -> Response[str]:
        return await pages.choose(request)

    @post(f"{PATH}/sign-in")
    async def enter(
        request: AnyRequest, data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await pages.enter(request, data)

    @post(f"{PATH}/sign-out")
    async def leave(request: AnyRequest) -> Response[str]:
        return await pages.leave(request)

    @get(ACCESS)
    async def access(request: AnyRequest) -> Response[str]:
        return await pages.access(request)

    return [choose, enter, leave, access]
