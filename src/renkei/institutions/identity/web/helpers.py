"""Help at a counter: begin with both signed in at this terminal, see who helps, end it hard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.contracts.identity import Acr, Realm, StaffUser
from renkei.institutions.identity.errors.proxies import HelpNeedsBoth
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations import helpers as operations
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.queries.proxies import Help
from renkei.institutions.identity.web import sessions
from renkei.institutions.identity.web.proxy_clerk import StaffOf
from renkei.institutions.identity.web.proxy_parts import Parts, ProxyPages, new_id
from renkei.platform.web.pages import AnyRequest, page_router, respond, see_other, session_cookie
from renkei.platform.web.parts import Fact

Told = Callable[[str], Awaitable[None]]


async def nobody(_session_id: str) -> None:
    """Nobody is to be told."""


class HelpPages(ProxyPages):
    """The pages."""

    def __init__(self, parts: Parts, *, staff_of: StaffOf, session_ended: Told) -> None:
        super().__init__(parts)
        self._staff_of, self._session_ended = staff_of, session_ended
        self.here = f"{self.path}/helpers"

    async def show(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """Who helps; or what is still needed to begin."""
        session = await self.session(request)
        staff, clerk = await self._clerk(request)
        speaker = self.speaker(request)
        if session is None:
            return self.sign_in("/helpers", acr=Acr.CARD)
        now, idle = self.means.clock.now(), self.means.settings.shared_idle
        found = await self.means.db.read(
            partial(operations.current, session_id=session.session_id, now=now, idle=idle)
        )  # fmt: skip
        if found is None and await self._open(session) is not None:  # nobody touched it for too long
            return await self.end(request)
        facts = []
        if found is not None:
            facts = [
                Fact(term=speaker.say("help.who"), value=found.helper, note=f"{found.body_id} {found.section}".strip()),
                Fact(term=speaker.say("help.terminal"), value=found.terminal or speaker.say("unnamed")),
            ]
        context = await self.frame(speaker, speaker.say("help.title"), session) | {
            "helping": found is not None,
            "facts": facts,
            "clerk": staff.name if staff and clerk else "",
            "staff_href": sessions.sign_in_href(self.means, realm=Realm.STAFF, back=self.here, acr=Acr.CARD),
            "again_href": sessions.sign_in_href(
                self.means, realm=Realm.MAIN, back=self.here, acr=Acr.CARD, fresh=True, account_id=session.account_id
            ),
            "refusal": error.sentence(speaker.language.value) if error else "",
            "action": self.here,
        }
        return self.page(request, session, "help", context, status=error.status.http if error else 200)

    async def begin(self, request: AnyRequest) -> Response[str]:
        """Begin."""
        session = await self.session(request)
        staff, clerk = await self._clerk(request)
        if session is None:
            return self.sign_in("/helpers", acr=Acr.CARD)
        if staff is None or clerk is None:
            return await self.show(request, error=HelpNeedsBoth())
        now, idle = self.means.clock.now(), self.means.settings.shared_idle
        try:
            await self.means.db.write(
                partial(
                    operations.begin, session=session, helper=clerk, staff=staff, help_id=new_id(), now=now, idle=idle
                )
            )
        except HelpNeedsBoth as error:
            return await self.show(request, error=error)
        return see_other(self.here)

    async def end(self, request: AnyRequest) -> Response[str]:
        """End it, and the person's session: this terminal forgets them."""
        session = await self.session(request)
        if session is not None:
            now = self.means.clock.now()
            found = await self._open(session)
            if found is None:
                return see_other(self.here)
            await self.means.db.write(partial(operations.end, help_id=found.help_id, now=now))
            await self._session_ended(session.session_id)
        cookies = [session_cookie(request, sessions.cookie_name(Realm.MAIN), "", path=self.path or "/")]
        return see_other(f"{self.here}/over", cookies=cookies)

    async def over(self, request: AnyRequest) -> Response[str]:
        """It is over; nothing of the person is left on this page. The clerk stays signed in."""
        speaker = self.speaker(request)
        context = {"title": speaker.say("help.over"), "path": self.path}
        return respond(self.kit, request, "identity/proxies/help_over.html", context, headers=CLEARED)

    async def _open(self, session: Session) -> Help | None:
        return await self.means.db.read(partial(queries.open_help, session_id=session.session_id))

    async def _clerk(self, request: AnyRequest) -> tuple[StaffUser | None, Session | None]:
        staff = await self._staff_of(request)
        return staff, await sessions.current(self.means, request, Realm.STAFF)


CLEARED = {"Clear-Site-Data": '"cache", "storage"'}
"""Not the cookies: the clerk's session goes on in this browser."""


def handlers(
    parts: Parts, *, staff_of: StaffOf, session_ended: Told = nobody
) -> list[ControllerRouterHandler]:  # fmt: skip
    """The pages of help, below `{path}/helpers`.

    Args:
        staff_of: which clerk is signed in at this terminal.
        session_ended: told the `sid` of a session that ended, after it did.
    """
    pages = HelpPages(parts, staff_of=staff_of, session_ended=session_ended)

    @get(pages.here)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request)

    @post(f"{pages.here}/begin", status_code=200)
    async def begin(request: AnyRequest) -> Response[str]:
        return await pages.begin(request)

    @post(f"{pages.here}/end", status_code=200)
    async def end(request: AnyRequest) -> Response[str]:
        return await pages.end(request)

    @get(f"{pages.here}/over")
    async def over(request: AnyRequest) -> Response[str]:
        return await pages.over(request)

    return [page_router(parts.means.kit, [show, begin, end, over])]
