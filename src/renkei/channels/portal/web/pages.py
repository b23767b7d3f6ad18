"""The person's pages: sign in, who looked at my data, and acting for somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.channels.portal.errors import AccountUnknown, AccountWithoutCode
from renkei.channels.portal.operations import AccessView, Portal
from renkei.channels.portal.web.people import ACCESS_LIST, People, Reader, Welcome
from renkei.channels.portal.web.views import EntryView, OfferView, Teller, offer_view
from renkei.contracts.identity import Act
from renkei.contracts.standins import DemoPerson
from renkei.contracts.words import Words
from renkei.platform.openid.errors import ActingEnded, LoginEnded
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import Link
from renkei.platform.web.rp_door import Door
from renkei.platform.web.rp_sessions import RpSessions

PATH, ACCESS, ACTING = "/portal", "/portal/access", "/portal/acting"
NUMBER_MAX = 20  # digits of a processing number
LEFT = frozenset({"1", "here", "time"})


@dataclass(frozen=True)
class ActingForm:
    """For whom to act: a proxy's id, or empty to stop."""

    proxy: str = ""


class PortalPages:
    """Handlers of the portal's pages.

    Args:
        samples: people of the demonstration whose test cards lie ready; named on the first page.
        manage_href: where proxies are given and cut, at the provider.
    """

    def __init__(
        self, *, kit: WebKit, portal: Portal, words: Words, people: People, samples: Sequence[DemoPerson] = (),
        manage_href: str = "",
    ) -> None:  # fmt: skip
        self._kit, self._portal, self._words, self._people = kit, portal, words, people
        self._samples, self._manage_href = tuple(samples), manage_href

    # --- the first page ---

    async def home(
        self, request: AnyRequest, *, refused: bool = False, error: RenkeiError | None = None
    ) -> Response[str]:
        """Who is signed in, and what there is to do; or the way in.

        Args:
            refused: the reader came here because a page needs to know who reads it.
            error: why a sign-in did not come about.
        """
        language = language_of(request)
        reader = None if refused else await self._people.reader(request)
        if reader is not None and error is None:
            return self._answer(
                request, "portal/home.html", self._frame(language, "portal.title", reader=reader), reader
            )
        left = request.query_params.get("left", "")
        samples = [
            {"name": one.name, "story": one.story(language.value), "shows": one.shows(language.value)}
            for one in self._samples
        ]
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        context = self._frame(language, "portal.title") | {
            "samples": samples,
            "refused": refused,
            "left": left if left in LEFT and error is None else "",
            "error": error.sentence(language.value) if error else "",
            "enter_action": self._people.door.enter_action,
            "back": back if refused else PATH,
        }
        status = error.status.http if error else 403 if refused else 200
        return respond(self._kit, request, "portal/enter.html", context, status=status)

    async def refuse(self, request: AnyRequest, error: RenkeiError) -> Response[str]:
        """Why a sign-in did not come about, with the button to try again."""
        return await self.home(request, error=error)

    # --- who looked at my data ---

    async def access(self, request: AnyRequest) -> Response[str]:
        """Who asked about me, who answered, why, and when."""
        reader = await self._people.reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        try:
            reader = await self._people.using(reader, Act.VIEW, ACCESS_LIST)
        except LoginEnded:
            return await self.home(request, refused=True)
        except ActingEnded as error:
            return await self.acting(request, error=error)
        language = language_of(request)
        older_than = request.query_params.get("older", "")
        if not (older_than.isascii() and older_than.isdigit() and len(older_than) <= NUMBER_MAX):
            older_than = ""
        waiting = ""
        view = AccessView([], 0)
        actor = reader.person.sub if reader.acting else ""
        try:
            view = await self._portal.access(reader.account_id, older_than=older_than, actor=actor)
        except (AccountWithoutCode, AccountUnknown) as error:  # how it looks to someone who has just arrived
            waiting = error.sentence(language.value)
        teller = Teller(self._kit, self._words, language)
        years: dict[str, list[EntryView]] = {}
        for shown in view.shown:
            years.setdefault(teller.fiscal_year(shown), []).append(teller.entry(shown))
        title = "portal.access.title_of" if reader.acting else "portal.access.title"
        context = self._frame(language, title, reader=reader) | {
            "years": years,
            "count": len(view.shown),
            "withheld": view.withheld,
            "waiting": waiting,
            "newest_href": ACCESS if older_than else "",
            "older_href": f"{ACCESS}?older={view.older_than}" if view.older_than else "",
        }
        return self._answer(request, "portal/access.html", context, reader)

    # --- acting for somebody ---

    async def acting(self, request: AnyRequest, *, error: ActingEnded | None = None) -> Response[str]:
        """For whom I may act.

        Args:
            error: a proxy that was used has ended; its use stops.
        """
        reader = await self._people.reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        if error is not None and reader.acting is not None:
            reader = await self._people.stop(reader)
        try:
            reader, offers = await self._people.offers(reader)
        except LoginEnded:
            return await self.home(request, refused=True)
        language = language_of(request)
        here = reader.acting.proxy_id if reader.acting else ""
        views: list[OfferView] = [offer_view(self._kit, language, offer, here=here) for offer in offers]
        context = self._frame(language, "portal.acting.title", reader=reader) | {
            "offers": views,
            "action": ACTING,
            "error": error.sentence(language.value) if error else "",
            "manage_href": self._manage_href,
        }
        return self._answer(request, "portal/acting.html", context, reader, status=error.status.http if error else 200)

    async def change(self, request: AnyRequest, form: ActingForm) -> Response[str]:
        """Act for somebody from now on, or for nobody."""
        reader = await self._people.reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        if not form.proxy:
            await self._people.stop(reader)
            return see_other(PATH)
        try:
            await self._people.act(reader, form.proxy[:100])
        except LoginEnded:
            return await self.home(request, refused=True)
        except ActingEnded as error:
            return await self.acting(request, error=error)
        return see_other(PATH)

    # --- what every page needs ---

    def _frame(self, language: Language, title: str, *, reader: Reader | None = None) -> dict[str, object]:
        text = self._kit.text
        # The band must stand there even where the name of the one acted for is not known.
        principal = reader.acting.principal or text(language, "portal.somebody") if reader and reader.acting else ""
        values = {"name": principal} if title.endswith("_of") else {}
        trail = [Link(href="/", text=text(language, "portal.home"))]
        if title != "portal.title":
            trail.append(Link(href=PATH, text=text(language, "portal.title")))
        frame: dict[str, object] = {"title": text(language, title, **values), "breadcrumb": trail, "acting_for": ""}
        if reader is None:
            return frame
        name, acting = reader.person.name, reader.acting
        frame |= {
            "reader": text(language, "portal.reader", name=name) if name else text(language, "portal.reader_unnamed"),
            "leave_action": self._people.door.leave_action,
            "standins": [text(language, "portal.test_card")] if reader.person.test else [],
        }
        if acting is not None:
            may_view = acting.may(Act.VIEW, ACCESS_LIST)
            frame |= {"acting_for": principal, "stop_action": ACTING, "may_view": may_view}
        return frame

    def _answer(
        self, request: AnyRequest, template: str, context: dict[str, object], reader: Reader, *, status: int = 200
    ) -> Response[str]:
        """A page with personal data: on a shared terminal it leaves the screen when nobody uses it."""
        headers: dict[str, str] = {}
        if reader.session.shared:
            seconds = int(self._people.door.sessions.shared_idle.total_seconds()) + 1
            headers["Refresh"] = f"{seconds}; url={PATH}?left=time"
        return respond(self._kit, request, template, context, status=status, headers=headers)


def portal_handlers(
    *, kit: WebKit, portal: Portal, words: Words, rp: RelyingParty, sessions: RpSessions,
    samples: Sequence[DemoPerson] = (), welcome: Welcome | None = None, manage_href: str = "",
) -> Sequence[ControllerRouterHandler]:  # fmt: skip
    """Handlers of the portal's pages, to be mounted in a page router.

    Args:
        rp: the portal's registration; scopes `openid name proxies`, redirect URI `…/portal/return`.
        sessions: over `store.rp_session` in the portal's own store, with path `/portal`.
        samples: people of a demonstration, named on the first page.
        welcome: told of everybody who has come in; opens their account where there is none.
        manage_href: where proxies are given and cut, at the provider.
    """
    people = People(rp, welcome=welcome)
    pages = PortalPages(kit=kit, portal=portal, words=words, people=people, samples=samples, manage_href=manage_href)
    people.door = Door(
        kit=kit, rp=rp, sessions=sessions, clock=portal.clock, home=PATH, arrive=people.arrive, refuse=pages.refuse
    )

    @get(PATH)
    async def home(request: AnyRequest) -> Response[str]:
        return await pages.home(request)

    @get(ACCESS)
    async def access(request: AnyRequest) -> Response[str]:
        return await pages.access(request)

    @get(ACTING)
    async def acting(request: AnyRequest) -> Response[str]:
        return await pages.acting(request)

    @post(ACTING, status_code=200)
    async def change(
        request: AnyRequest, data: Annotated[ActingForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await pages.change(request, data)

    return [*people.door.handlers(), home, access, acting, change]
