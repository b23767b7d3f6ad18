"""Issuing and revoking credentials."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import Connection, insert, update

from renkei.base.time import to_ms
from renkei.crypto import sdjwt
from renkei.institutions.credentials import queries, store
from renkei.institutions.credentials.errors import HolderKeyInvalid
from renkei.institutions.credentials.model import (
    Content,
    CredentialIssued,
    CredentialWithdrawn,
    Kind,
    check_competent,
    check_content,
    kind_of,
    valid_until,
)
from renkei.institutions.credentials.queries import LIST_SIZE
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database

STATUS_LIFE = timedelta(minutes=30)
"""How long a status list may be relied upon: so long a revocation may go unseen."""
_FULL = LIST_SIZE * 3 // 4  # beyond this, drawing an unused place takes too many tries


class Placed(NamedTuple):
    """A credential entered in the issuer's book, and its place in a status list."""

    credential_id: str
    list_number: int
    list_index: int


def enter(conn: Connection, *, vct: str, holder_key: str, until: datetime, user: str, now: datetime) -> Placed:
    """Enter a credential and give it a place in a status list, drawn so that neighbours tell nothing."""
    number, taken = queries.fill(conn)
    if taken >= _FULL:
        number += 1
    used = queries.taken_places(conn, number)
    place = secrets.randbelow(LIST_SIZE)
    while place in used:
        place = secrets.randbelow(LIST_SIZE)
    credential_id = secrets.token_hex(16)
    conn.execute(
        insert(store.credential).values(
            credential_id=credential_id,
            vct=vct,
            holder_key=holder_key,
            list_number=number,
            list_index=place,
            issued_ms=to_ms(now),
            until_ms=to_ms(until),
        )
    )
    audit(conn, store.audit_table, CredentialIssued(credential=credential_id, kind=vct, user=user), now=now)
    return Placed(credential_id, number, place)


def revoke(conn: Connection, credential_id: str, *, reason: str, user: str, now: datetime) -> None:
    """Revoke a credential; doing so again changes nothing.

    Raises:
        CredentialUnknown: there is none.
    """
    if queries.issued(conn, credential_id).revoked_ms is not None:
        return
    table = store.credential
    conn.execute(update(table).where(table.c.credential_id == credential_id).values(revoked_ms=to_ms(now)))
    audit(conn, store.audit_table, CredentialWithdrawn(credential=credential_id, reason=reason, user=user), now=now)


class Handed(NamedTuple):
    """A credential on its way to its holder."""

    credential_id: str
    credential: str

    def __repr__(self) -> str:
        return f"Handed({self.credential_id})"


class CredentialIssuer:
    """One body as issuer.

    Args:
        url: issuer identifier; its status lists and keys stand below it.
        capacities: legal capacities of the body.
        key: ES256, with a `kid`.
    """

    def __init__(self, *, db: Database, url: str, capacities: frozenset[str], key: ECKey, clock: Clock) -> None:
        self.db, self.url, self.capacities, self.key, self.clock = db, url, capacities, key, clock

    async def issue(
        self, vct: str, content: Content, *, holder: Mapping[str, str], user: str, ends: datetime | None = None
    ) -> Handed:
        """Issue a credential to the holder of a key.

        Args:
            holder: public JWK.
            ends: when what the credential says ends, if it does.

        Raises:
            CredentialKindUnknown, IssuerNotCompetent, CredentialContentInvalid, HolderKeyInvalid: nothing is issued.
        """
        kind = kind_of(vct)
        check_competent(kind, self.capacities)
        claims, now = check_content(kind, content), self.clock.now()
        public = _public(holder)
        until = valid_until(kind, now, ends)
        placed = await self.db.write(
            partial(enter, vct=vct, holder_key=public.thumbprint(), until=until, user=user, now=now)
        )
        credential = sdjwt.issue(
            claims, hidden=_hidden(kind, claims), issuer=self.url, kind=vct, key=self.key,
            holder=public.as_dict(private=False), now=now, until=until, status_list=self.list_url(placed.list_number),
            status_index=placed.list_index,
        )  # fmt: skip
        return Handed(placed.credential_id, credential)

    async def revoke(self, credential_id: str, *, reason: str, user: str) -> None:
        """Revoke a credential; see the function of the same name."""
        now = self.clock.now()
        await self.db.write(partial(revoke, credential_id=credential_id, reason=reason, user=user, now=now))

    async def status_list(self, number: int) -> str:
        """A status list, signed, as of now."""
        now = self.clock.now()
        revoked = await self.db.read(lambda conn: queries.revoked_places(conn, number))
        return sdjwt.status_list(
            revoked, size=LIST_SIZE, address=self.list_url(number), key=self.key, now=now, until=now + STATUS_LIFE
        )

    def list_url(self, number: int) -> str:
        """Where a status list is fetched."""
        return f"{self.url}/status/{number}"


def _hidden(kind: Kind, claims: Mapping[str, object]) -> list[str]:
    return [name for name in claims if name not in kind.shown_always]


def _public(holder: Mapping[str, str]) -> ECKey:
    try:
        key = ECKey.import_key({name: value for name, value in holder.items() if name in ("kty", "crv", "x", "y")})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise HolderKeyInvalid(private=type(error).__name__) from error
    if key.curve_name != "P-256":
        raise HolderKeyInvalid()
    return key
