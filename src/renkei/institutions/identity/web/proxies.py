"""A person's pages about acting for somebody: who acts for me, for whom I act, every use, and every way to end it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.institutions.identity.model import proxy_codes
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.proxies import Proxy, ProxyState, Use
from renkei.institutions.identity.operations import protection
from renkei.institutions.identity.operations import proxies as operations
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.queries.accounts import name_of
from renkei.institutions.identity.queries.proxies import Deed, Help
from renkei.institutions.identity.web.proxy_accepting import accept_handlers
from renkei.institutions.identity.web.proxy_granting import grant_handlers
from renkei.institutions.identity.web.proxy_parts import Parts, ProxyPages, new_id
from renkei.platform.web.pages import AnyRequest, page_router, see_other, word
from renkei.platform.web.parts import Column

__all__ = ["Parts", "handlers"]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything that the first page shows, read in one snapshot."""

    for_me: list[Proxy]
    by_me: list[tuple[Proxy, str]]
    uses: list[Use]
    helps: list[tuple[Help, list[Deed]]]
    clients: dict[str, Client | None]
    protected: bool
    reader: str


class ListPages(ProxyPages):
    """The list, one proxy, and what ends them."""

    async def index(self, request: AnyRequest) -> Response[str]:
        """Who acts for me, for whom I act, what was done."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies")
        speaker = self.speaker(request)
        seen = await self.means.db.read(partial(self._see, account_id=session.account_id))
        current = [one for one in seen.for_me if speaker.state(one) in _CURRENT]
        over = [one for one in seen.for_me if speaker.state(one) in _OVER and one.decided_ms]
        mine = [(one, name) for one, name in seen.by_me if speaker.state(one) in _MINE]
        gone = [(one, name) for one, name in seen.by_me if speaker.state(one) in _GONE and one.decided_ms]
        known = {one.proxy_id: one for one in seen.for_me}
        context = await self.frame(speaker, speaker.say("title"), session, reader=seen.reader) | {
            "for_me": [speaker.for_me(one) for one in current],
            "for_me_over": [speaker.for_me(one) for one in over],
            "by_me": [speaker.by_me(one, name) for one, name in mine],
            "by_me_over": [speaker.by_me(one, "") for one, _ in gone],
            "columns": speaker.use_columns(),
            "uses": [speaker.use_row(one, known, seen.clients.get) for one in seen.uses],
            "help_columns": [
                Column(text=speaker.say(f"help.{name}"), header=name == "at") for name in ("at", "who", "done")
            ],
            "helps": [speaker.help_row(one, deeds) for one, deeds in seen.helps],
            "protected": seen.protected,
            "action": f"{self.path}/proxies",
        }
        return self.page(request, session, "index", context)

    def _see(self, conn: Connection, account_id: str) -> _Seen:
        used = queries.uses(conn, account_id)
        return _Seen(
            for_me=queries.of_principal(conn, account_id),
            by_me=[(one, name_of(conn, one.principal_id)) for one in queries.of_actor(conn, account_id)],
            uses=used,
            helps=[(one, queries.deeds(conn, one.help_id)) for one in queries.helps(conn, account_id)],
            clients={name: self.parts.client_of(conn, name) for name in {use.client_id for use in used}},
            protected=bool(queries.protected(conn, account_id)),
            reader=name_of(conn, account_id),
        )

    async def show(self, request: AnyRequest, proxy_id: str) -> Response[str]:
        """One proxy of the principal's: its code while it is open, its uses, and how to end it."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/{proxy_id}")
        speaker = self.speaker(request)
        found = await self.means.db.read(
            partial(operations.own, proxy_id=proxy_id, account_id=session.account_id)
        )  # fmt: skip
        if speaker.state(found) is ProxyState.DRAFT:
            return see_other(f"{self.path}/proxies/{proxy_id}/confirm")
        seen = await self.means.db.read(partial(self._see, account_id=session.account_id))
        waits = speaker.state(found) is ProxyState.OPEN and not found.actor_id
        code = proxy_codes.code_of(self.means.session_key, proxy_codes.INVITATION, proxy_id) if waits else ""
        card = speaker.for_me(found)
        context = await self.frame(speaker, speaker.say("one.title", name=card.heading), session) | {
            "card": card,
            "code": proxy_codes.shown(code) if code else "",
            "accept_href": f"{self.path}/proxies/accept",
            "columns": speaker.use_columns(),
            "uses": [
                speaker.use_row(one, {proxy_id: found}, seen.clients.get)
                for one in seen.uses
                if one.proxy_id == proxy_id
            ],
            "action": f"{self.path}/proxies/{proxy_id}/cut",
        }
        return self.page(request, session, "one", context)

    # --- end ---

    async def cut(self, request: AnyRequest, proxy_id: str) -> Response[str]:
        """End one, from either side."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies")
        now, ended = self.means.clock.now(), self.parts.ended
        await self.means.db.write(
            partial(operations.cut, proxy_id=proxy_id, account_id=session.account_id, now=now, ended=ended)
        )
        return see_other(f"{self.path}/proxies")

    async def cut_all(self, request: AnyRequest) -> Response[str]:
        """End every proxy by which others act for the reader."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies")
        now, ended = self.means.clock.now(), self.parts.ended
        await self.means.db.write(
            partial(operations.cut_all, account_id=session.account_id, now=now, ended=ended)
        )  # fmt: skip
        return see_other(f"{self.path}/proxies")

    async def protection_page(self, request: AnyRequest) -> Response[str]:
        """What the safety switch does, before it is pressed."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies/protection")
        speaker = self.speaker(request)
        on = await self.means.db.read(partial(queries.protected, account_id=session.account_id))
        context = await self.frame(speaker, speaker.say("protection.title"), session) | {
            "on": bool(on),
            "action": f"{self.path}/proxies/protection",
        }
        return self.page(request, session, "protection", context)

    async def protect(self, request: AnyRequest) -> Response[str]:
        """Press it."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies/protection")
        now, ended = self.means.clock.now(), self.parts.ended
        await self.means.db.write(
            partial(protection.protect, account_id=session.account_id, now=now, ended=ended)
        )  # fmt: skip
        return see_other(f"{self.path}/proxies/protection")

    # --- a number for the counter ---

    async def make_code(self, request: AnyRequest) -> Response[str]:
        """Make a code by which a clerk finds the reader's account."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies")
        now, key, row_id = self.means.clock.now(), self.means.session_key, new_id()
        await self.means.db.write(
            partial(operations.new_counter_code, account_id=session.account_id, row_id=row_id, key=key, now=now)
        )
        return see_other(f"{self.path}/proxies/counter-code/{row_id}")

    async def code_page(self, request: AnyRequest, row_id: str) -> Response[str]:
        """Show it."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies")
        speaker = self.speaker(request)
        key, now = self.means.session_key, self.means.clock.now()
        code = proxy_codes.code_of(key, proxy_codes.COUNTER, row_id)
        kept = proxy_codes.kept(key, proxy_codes.COUNTER, code)
        if not await self.means.db.read(partial(queries.shows_code, account_id=session.account_id, kept=kept, now=now)):
            return see_other(f"{self.path}/proxies")
        context = await self.frame(speaker, speaker.say("counter.title"), session) | {"code": proxy_codes.shown(code)}
        return self.page(request, session, "counter", context)


_CURRENT = (ProxyState.DRAFT, ProxyState.OPEN, ProxyState.ACTIVE)
_OVER = (ProxyState.REFUSED, ProxyState.CUT, ProxyState.EXPIRED)
_MINE = (ProxyState.OPEN, ProxyState.ACTIVE)
_GONE = (ProxyState.CUT, ProxyState.EXPIRED)


def handlers(parts: Parts) -> list[ControllerRouterHandler]:
    """The pages of proxies, below `{path}/proxies`."""
    routes = [*_lists(ListPages(parts)), *grant_handlers(parts), *accept_handlers(parts)]
    return [page_router(parts.means.kit, routes)]


def _lists(pages: ListPages) -> list[HTTPRouteHandler]:
    here = f"{pages.path}/proxies"

    @get(here)
    async def index(request: AnyRequest) -> Response[str]:
        return await pages.index(request)

    @post(f"{here}/cut-all", status_code=200)
    async def cut_all(request: AnyRequest) -> Response[str]:
        return await pages.cut_all(request)

    @get(f"{here}/protection")
    async def protection_page(request: AnyRequest) -> Response[str]:
        return await pages.protection_page(request)

    @post(f"{here}/protection", status_code=200)
    async def protect(request: AnyRequest) -> Response[str]:
        return await pages.protect(request)

    @post(f"{here}/counter-code", status_code=200)
    async def make_code(request: AnyRequest) -> Response[str]:
        return await pages.make_code(request)

    @get(f"{here}/counter-code/{{row_id:str}}")
    async def code_page(request: AnyRequest, row_id: FromPath[str]) -> Response[str]:
        return await pages.code_page(request, word(row_id))

    @get(f"{here}/{{proxy_id:str}}")
    async def show(request: AnyRequest, proxy_id: FromPath[str]) -> Response[str]:
        return await pages.show(request, word(proxy_id))

    @post(f"{here}/{{proxy_id:str}}/cut", status_code=200)
    async def cut(request: AnyRequest, proxy_id: FromPath[str]) -> Response[str]:
        return await pages.cut(request, word(proxy_id))

    return [index, cut_all, protection_page, protect, make_code, code_page, show, cut]
