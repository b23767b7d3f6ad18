"""The end of a session reaches every client of it: OpenID Connect Back-Channel Logout 1.0.

Notices are kept in the transaction that ends the session's grants and sent afterwards; one that does not arrive is
sent again for an hour. A client that was down learns of it, and a person who signs out does not wait for it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, delete, select, update

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.subjects import pairwise_session, pairwise_subject
from renkei.institutions.identity.model.tokens import LOGOUT_EVENT, LOGOUT_TYPE, seconds
from renkei.institutions.identity.operations import clients, grants
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.store.protocol import grant as grant_table
from renkei.institutions.identity.store.protocol import logout_notice as notices
from renkei.institutions.identity.store.sessions import session as session_table
from renkei.platform.bulk import insert_many
from renkei.platform.logging import get_logger

Post: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[None]]
"""Sends a form to a registered address; raises RenkeiError or OSError unless it was answered with success."""

TOKEN_LIFE_S = 120
NOTICE_LIFE = timedelta(hours=1)
FIRST_WAIT = timedelta(seconds=5)
WAIT_MAX = timedelta(minutes=5)
SEND_TIMEOUT_S = 3.0
AT_ONCE_MAX = 50


class Notice(NamedTuple):
    """One client to be told."""

    notice_id: str
    realm: Realm
    client: Client
    session_id: str
    account_id: str
    attempts: int


class SessionEnds:
    """Ends what hangs on a session, an account, a consent or a proxy, and tells the clients.

    Every method is what another area takes as a callable: `ended` and `closed` of the ways in, `revoked` of the
    consents, `cut` of the proxies.

    Args:
        keys: of each realm.
        post: reaches the clients.
    """

    def __init__(self, means: Means, keys: Mapping[Realm, ProviderKeys], post: Post) -> None:
        self._means, self._keys, self._post = means, keys, post

    async def ended(self, session_id: str) -> None:
        """A session ended: its tokens end and its clients are told."""
        now = self._means.clock.now()
        if await self._means.db.write(partial(end_session, session_id=session_id, now=now)):
            await self.deliver()

    async def closed(self, account_id: str) -> None:
        """An account was closed."""
        now = self._means.clock.now()
        await self._means.db.write(partial(grants.end_of_account, account_id=account_id, now=now))

    async def revoked(self, account_id: str, client_id: str) -> None:
        """A consent was withdrawn."""
        now = self._means.clock.now()
        await self._means.db.write(partial(grants.end_of_consent, account_id=account_id, client_id=client_id, now=now))

    async def cut(self, proxy_id: str) -> None:
        """A proxy ended."""
        now = self._means.clock.now()
        await self._means.db.write(partial(grants.end_of_proxy, proxy_id=proxy_id, now=now))

    async def deliver(self) -> int:
        """Send the notices that are due; returns how many arrived. To be called every few seconds besides."""
        now = self._means.clock.now()
        due = await self._means.db.write(partial(take_due, now=now))
        arrived = await asyncio.gather(*(self._send(notice, now) for notice in due))
        done = [notice.notice_id for notice, came in zip(due, arrived, strict=True) if came]
        if done:
            await self._means.db.write(partial(_forget, notice_ids=done))
        return len(done)

    async def _send(self, notice: Notice, now: datetime) -> bool:
        token = logout_token(self._keys[notice.realm], notice, now=now, key=self._means.pairwise_key)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._post(notice.client.backchannel_logout_uri, {"logout_token": token})
        except (RenkeiError, OSError, TimeoutError) as error:
            get_logger("identity").warning(
                "logout_notice_failed", client=notice.client.client_id, attempt=notice.attempts,
                error=type(error).__name__,
            )  # fmt: skip
            return False
        return True


def end_session(conn: Connection, session_id: str, now: datetime) -> int:
    """End the grants of a session and keep a notice for each client that wants one; returns how many notices."""
    why = conn.execute(
        select(session_table.c.ended_why).where(session_table.c.session_id == session_id)
    ).scalar_one_or_none()
    rows = conn.execute(
        select(grant_table.c.realm, grant_table.c.client_id, grant_table.c.account_id, grant_table.c.actor_account_id)
        .where(grant_table.c.session_id == session_id)
        .distinct()
    ).all()
    # Whoever says "that was not me" does not want tokens made then to live on, whatever was agreed in their name.
    grants.end_of_session(conn, session_id, now, lasting=why == Why.NOT_ME.value)
    people = {(row.realm, row.client_id): row.actor_account_id or row.account_id for row in rows}
    wanted = [
        (secrets.token_urlsafe(16), realm, client_id, session_id, account_id, 0, to_ms(now), to_ms(now + NOTICE_LIFE))
        for (realm, client_id), account_id in people.items()
        if (client := clients.find(conn, client_id)) is not None and client.backchannel_logout_uri
    ]
    columns = (
        "notice_id", "realm", "client_id", "session_id", "account_id", "attempts", "due_ms", "expires_ms",
    )  # fmt: skip
    return insert_many(conn, notices, columns, wanted)


def take_due(conn: Connection, now: datetime) -> list[Notice]:
    """Notices to be sent now; each is put off, in case it does not arrive."""
    conn.execute(delete(notices).where(notices.c.expires_ms <= to_ms(now)))
    due = []
    query = select(notices).where(notices.c.due_ms <= to_ms(now)).order_by(notices.c.due_ms).limit(AT_ONCE_MAX)
    for row in conn.execute(query).all():
        client = clients.find(conn, row.client_id)
        if client is None or not client.backchannel_logout_uri:
            _forget(conn, [row.notice_id])
            continue
        wait = min(FIRST_WAIT * 2**row.attempts, WAIT_MAX)
        put_off = update(notices).where(notices.c.notice_id == row.notice_id)
        conn.execute(put_off.values(attempts=row.attempts + 1, due_ms=to_ms(now + wait)))
        due.append(Notice(row.notice_id, Realm(row.realm), client, row.session_id, row.account_id, row.attempts + 1))
    return due


def logout_token(keys: ProviderKeys, notice: Notice, *, now: datetime, key: bytes) -> str:
    """The token that says that a session ended (Back-Channel Logout 1.0 §2.4).

    Args:
        key: of pairwise subjects.
    """
    issued, sector = seconds(to_ms(now)), notice.client.sector
    claims: dict[str, object] = {
        "iss": keys.issuer, "aud": notice.client.client_id, "iat": issued, "exp": issued + TOKEN_LIFE_S,
        "jti": f"{notice.notice_id}-{notice.attempts}", "events": {LOGOUT_EVENT: {}},
        "sid": pairwise_session(key, sector=sector, session_id=notice.session_id),
        "sub": pairwise_subject(key, sector=sector, account_id=notice.account_id),
    }  # fmt: skip
    return keys.sign_jwt(claims, LOGOUT_TYPE)


def _forget(conn: Connection, notice_ids: list[str]) -> None:
    conn.execute(delete(notices).where(notices.c.notice_id.in_(notice_ids)))
