"""The door of a service that relies on the provider: sign in, come back, sign out, be told of a sign-out elsewhere.

POST {path}/sign-in              to the provider, with a pushed request
GET  {path}/return               back from it: who is it, and in which browser
POST {path}/sign-out             ends the session here, then at the provider
GET  {path}/signed-out           back from there
POST {path}/backchannel-logout   the provider tells that a session ended (OpenID Connect Back-Channel Logout 1.0)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import MediaType, RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.platform.clock import Clock
from renkei.platform.openid.messages import Grant, Json
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.openid.transport import origin_of
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other, session_cookie
from renkei.platform.web.rp_sessions import COOKIE_MAX, RpSession, RpSessions, new_secret

T = TypeVar("T")
BACK_MAX = 500
LEFT, LEFT_HERE = "left=1", "left=here"
FORM = RequestEncodingType.URL_ENCODED
FORGET = {"Clear-Site-Data": '"cache", "storage"'}


class Arrival(NamedTuple):
    """Who has come, as the service keeps it."""

    person: bytes
    """JSON of the service's own making."""
    shared: bool = False
    """On a terminal that somebody else uses next."""


Arrive: TypeAlias = Callable[[Grant], Awaitable[Arrival]]
"""Reads who has come; raises where they may not come in."""
Refuse: TypeAlias = Callable[[AnyRequest, RenkeiError], Awaitable[Response[str]]]
"""The service's own page that says why a sign-in did not come about, with the button to try again."""


@dataclass(frozen=True)
class BackForm:
    """Where to go after signing in."""

    back: str = ""


@dataclass(frozen=True)
class LogoutForm:
    """What the provider sends when a session ended."""

    logout_token: str = ""


class Door:
    """Sign-in of one relying party.

    Args:
        rp: its `redirect_uri` must be `{origin}{path}/return`.
        sessions: their `path` is the path of the door.
        home: page of the service that says who it is, with the button to sign in; `?left=1` follows a sign-out.
        arrive: reads who has come.
        refuse: page for a sign-in that did not come about; an error page where None.
    """

    def __init__(
        self, *, kit: WebKit, rp: RelyingParty, sessions: RpSessions, clock: Clock, home: str, arrive: Arrive,
        refuse: Refuse | None = None,
    ) -> None:  # fmt: skip
        self.rp, self.sessions, self.home = rp, sessions, home
        self._kit, self._clock, self._arrive, self._refuse = kit, clock, arrive, refuse
        self.path = sessions.path
        self.enter_action, self.leave_action = f"{self.path}/sign-in", f"{self.path}/sign-out"
        if urlsplit(rp.redirect_uri).path != f"{self.path}/return":
            raise ValueError("the redirect URI is not the door's return address")

    @property
    def signed_out_uri(self) -> str:
        """Where the provider sends the browser after a logout, to be registered (`logout_uris`)."""
        return f"{origin_of(self.rp.redirect_uri)}{self.path}/signed-out"

    @property
    def backchannel_uri(self) -> str:
        """Where the provider tells of logouts, to be registered (`backchannel_logout_uri`)."""
        return f"{origin_of(self.rp.redirect_uri)}{self.path}/backchannel-logout"

    async def current(self, request: AnyRequest) -> RpSession | None:
        """Who is signed in in this browser; None where nobody is."""
        return await self.sessions.read(request.cookies.get(self.sessions.cookie, ""))

    async def fresh(self, session: RpSession) -> RpSession:
        """The same session with an access token that still holds.

        Raises:
            LoginEnded: the provider gives none; the person has to sign in again.
        """
        if session.grant.expires_ms > to_ms(self._clock.now()) + 5_000:
            return session
        renewed = msgspec.structs.replace(session, grant=await self.rp.refresh(session.grant))
        await self.sessions.save(renewed)
        return renewed

    async def enter(
        self, request: AnyRequest, *, back: str = "", acr: str = "",
        prompt: Literal["", "login", "consent", "none", "select_account"] = "", max_age: int | None = None,
        claims: Json = None, payments: tuple[object, ...] = (), sign_transaction_id: str = "",
        scopes: tuple[str, ...] = (),
    ) -> Response[str]:  # fmt: skip
        """Send the browser to the provider; what is asked there is as in `RelyingParty.begin`.

        Args:
            back: page of the service to come back to; its first page where it is none.
        """
        try:
            url, pending = await self.rp.begin(
                state_extra=self._within(back), scopes=scopes, acr=acr, prompt=prompt, max_age=max_age, claims=claims,
                payments=payments, sign_transaction_id=sign_transaction_id, language=language_of(request).value,
            )  # fmt: skip
        except RenkeiError as error:
            return await self._refused(request, error)
        browser = request.cookies.get(self.sessions.browser_cookie, "")
        if not browser or len(browser) > COOKIE_MAX or not browser.isascii():
            browser = new_secret()
        await self.sessions.keep_login(pending, browser=browser)
        return self._away(request, url, cookies=[self._cookie(request, self.sessions.browser_cookie, browser)])

    async def arrive(self, request: AnyRequest) -> Response[str]:
        """Take the browser back from the provider: a new session, or why there is none."""
        sessions, query = self.sessions, request.query_params
        try:
            if any(len(query.getall(name)) > 1 for name in query):  # RFC 6749 §3.1
                return see_other(self.home)
            browser = request.cookies.get(sessions.browser_cookie, "")
            pending = await sessions.take_login(query.get("state", "")[:COOKIE_MAX], browser=browser)
            grant = await self.rp.finish(dict(query), pending)
            arrival = await self._arrive(grant)
        except RenkeiError as error:
            return await self._refused(request, error)
        before = await self.current(request)
        if before is not None:  # whoever was here leaves: two people in one browser are never mixed
            await sessions.end(before)
        cookie = await sessions.create(grant, arrival.person, shared=arrival.shared)
        return see_other(self._within(pending.extra), cookies=[self._cookie(request, sessions.cookie, cookie)])

    async def leave(self, request: AnyRequest) -> Response[str]:
        """End the session here and at the provider."""
        session = await self.current(request)
        gone = [self._cookie(request, self.sessions.cookie, "")]
        if session is None:
            return see_other(f"{self.home}?{LEFT}", cookies=gone)
        await self.sessions.end(session)
        forget = FORGET if session.shared else {}
        try:
            url = await self.rp.logout_url(session.grant, back=self.signed_out_uri)
        except RenkeiError:  # here it has ended in any case; the page says that it has not there
            return see_other(f"{self.home}?{LEFT_HERE}", cookies=gone, headers=forget)
        return self._away(request, url, cookies=gone, headers=forget)

    async def told(self, form: LogoutForm) -> Response[bytes]:
        """A session ended at the provider (§2.5 to §2.8)."""
        headers = {"Cache-Control": "no-store"}
        try:
            notice = await self.rp.verify_logout_token(form.logout_token)
        except RenkeiError as error:
            body = msgspec.json.encode({"error": "invalid_request", "error_description": error.code})
            return Response(body, status_code=400, media_type=MediaType.JSON, headers=headers)
        await self.sessions.end_by(notice)
        return Response(b"", status_code=200, media_type=MediaType.TEXT, headers=headers)

    def handlers(self) -> list[ControllerRouterHandler]:
        """Handlers, for a page router."""

        @post(self.enter_action)
        async def enter(request: AnyRequest, data: Annotated[BackForm, Body(media_type=FORM)]) -> Response[str]:
            return await self.enter(request, back=data.back)

        @get(self.enter_action)
        async def entered_before() -> Response[str]:
            return see_other(self.home)

        @get(f"{self.path}/return")
        async def arrive(request: AnyRequest) -> Response[str]:
            return await self.arrive(request)

        @post(self.leave_action)
        async def leave(request: AnyRequest) -> Response[str]:
            return await self.leave(request)

        @get(f"{self.path}/signed-out")
        async def left() -> Response[str]:
            return see_other(f"{self.home}?{LEFT}")

        @post(f"{self.path}/backchannel-logout", status_code=200)
        async def told(data: Annotated[LogoutForm, Body(media_type=FORM)]) -> Response[bytes]:
            return await self.told(data)

        return [enter, entered_before, arrive, leave, left, told]

    # --- parts ---

    async def _refused(self, request: AnyRequest, error: RenkeiError) -> Response[str]:
        if self._refuse is None:
            raise error
        return await self._refuse(request, error)

    def _within(self, back: str) -> str:
        """`back` where it is a page of the service; else its first page."""
        parts = urlsplit(back)
        own = back == self.path or back.startswith((f"{self.path}/", f"{self.path}?"))
        plain = back.isascii() and back.isprintable() and "\\" not in back and ".." not in parts.path
        return back if own and plain and not parts.netloc and len(back) <= BACK_MAX else self.home

    def _cookie(self, request: AnyRequest, name: str, value: str) -> Cookie:
        return session_cookie(request, name, value, path=self.path)

    def _away(
        self, request: AnyRequest, url: str, *, cookies: list[Cookie], headers: Mapping[str, str] | None = None
    ) -> Response[str]:
        """Send the browser to the provider.

        To another origin by a page of its own: browsers hold every redirect that follows a form against the page's
        policy of where its forms may lead (CSP3 §6.4.1), and a page with a link is no form.
        """
        if origin_of(url) == origin_of(str(request.url)):
            parts = urlsplit(url)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            return see_other(path, cookies=cookies, headers=headers)
        language = language_of(request)
        context = {"title": self._kit.text(language, "kit.onward.title"), "href": url}
        onward = {"Refresh": f"0; url={url}", **(headers or {})}
        return respond(self._kit, request, "kit/onward.html", context, cookies=cookies, headers=onward)


def arrival_as(read: Callable[[Grant], msgspec.Struct]) -> Arrive:
    """Keep of whoever has come what `read` makes of the ID token."""

    async def arrive(grant: Grant) -> Arrival:
        return Arrival(msgspec.json.encode(read(grant)))

    return arrive


def person_reader(sessions: RpSessions, type_: type[T]) -> Callable[[AnyRequest], Awaitable[T | None]]:
    """Who is signed in in a browser, for handlers beside the service's own pages; None where nobody is."""

    async def read(request: AnyRequest) -> T | None:
        session = await sessions.read(request.cookies.get(sessions.cookie, ""))
        return None if session is None else session.read(type_)

    return read
