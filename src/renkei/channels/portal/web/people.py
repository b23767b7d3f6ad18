"""Who is at the portal: the person signed in, and for whom they act. Every use of a proxy is told to the provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from renkei.contracts.identity import Act, Acting, ProxyOffer, SignedIn
from renkei.contracts.identity_tokens import PersonClaims, PersonInfo, acting_of, proxy_detail, signed_in
from renkei.platform.openid.errors import ActingEnded, LoginEnded
from renkei.platform.openid.messages import Grant
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.pages import AnyRequest
from renkei.platform.web.rp_door import Arrival, Door
from renkei.platform.web.rp_sessions import RpSession

ACCESS_LIST = "access-list"
"""Affairs area of the access list, as proxies name it."""

Welcome = Callable[[SignedIn], Awaitable[None]]


class Reader(NamedTuple):
    """Who reads, and whose pages."""

    session: RpSession
    person: SignedIn
    acting: Acting | None = None
    account_id: str = ""
    """Whose account is shown: the person's, or of whom they act for."""


class People:
    """Knows who is at the portal.

    Args:
        welcome: told of everybody who has come in, before their first page.
    """

    def __init__(self, rp: RelyingParty, *, welcome: Welcome | None = None) -> None:
        self._rp, self._welcome = rp, welcome
        self.door: Door

    async def arrive(self, grant: Grant) -> Arrival:
        """Read who has come: the ID token, and the name as far as the person lets it be known."""
        person = signed_in(grant.read(PersonClaims), await self._rp.userinfo(grant, PersonInfo))
        if self._welcome is not None:
            await self._welcome(person)
        return Arrival(msgspec.json.encode(person), person.shared_terminal)

    async def reader(self, request: AnyRequest) -> Reader | None:
        """Who reads; None where nobody is signed in."""
        session = await self.door.current(request)
        return None if session is None else _reader(session)

    async def offers(self, reader: Reader) -> tuple[Reader, tuple[ProxyOffer, ...]]:
        """For whom the reader may act, asked anew.

        Raises:
            LoginEnded: they have to sign in again first.
        """
        session = await self.door.fresh(reader.session)
        info = await self._rp.userinfo(session.grant, PersonInfo)
        return reader._replace(session=session), info.proxies or ()

    async def act(self, reader: Reader, proxy_id: str, *, act: Act | None = None, affairs: str = "") -> Reader:
        """Act for somebody from now on.

        Args:
            act, affairs: what is to be done at once; the provider checks and records it.

        Raises:
            ActingEnded: the proxy is not in force.
            LoginEnded: they have to sign in again first.
        """
        session = await self.door.fresh(reader.session)
        acting = await self._rp.exchange(session.grant, details=[proxy_detail(proxy_id, act=act, affairs=affairs)])
        session = msgspec.structs.replace(session, acting=acting)
        await self.door.sessions.save(session)
        return _reader(session)

    async def stop(self, reader: Reader) -> Reader:
        """Act for nobody."""
        session = msgspec.structs.replace(reader.session, acting=None)
        await self.door.sessions.save(session)
        return _reader(session)

    async def using(self, reader: Reader, act: Act, affairs: str) -> Reader:
        """The reader about to do something: as themselves, or within the limits of a proxy that is in force now.

        A fresh exchange for each use, so that the provider records it and a proxy that was cut ends at once.

        Raises:
            ActingEnded: the proxy is not in force, or does not reach this far.
            LoginEnded: they have to sign in again first.
        """
        if reader.acting is None:
            return reader
        if not reader.acting.may(act, affairs):
            raise ActingEnded()
        return await self.act(reader, reader.acting.proxy_id, act=act, affairs=affairs)


def _reader(session: RpSession) -> Reader:
    person = session.read(SignedIn)
    if session.acting is None:
        return Reader(session, person, None, person.sub)
    acting = acting_of(session.acting.read(PersonClaims))
    if acting is None or acting.actor != person.sub:  # a token that names nobody, or somebody else, lets nobody act
        raise LoginEnded(private="act")
    return Reader(session, person, acting, session.acting.sub)
