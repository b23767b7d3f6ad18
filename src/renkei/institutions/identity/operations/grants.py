"""Codes and grants: a code is tried once, a grant stands until it ends, and whatever ends it ends its tokens.

Every function works in the caller's transaction; `now` is given. Secrets come in as hashes only.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, or_, select, update

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.institutions.identity.errors.protocol import TokenWrong
from renkei.institutions.identity.model.asks import Approved, Return
from renkei.institutions.identity.model.tokens import Grant, GrantsEnded, OwnClaims, Redeemed, Spent, TokensIssued
from renkei.institutions.identity.store.base import audit_table
from renkei.institutions.identity.store.protocol import code as codes
from renkei.institutions.identity.store.protocol import grant as grants
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many

_encode = msgspec.json.Encoder().encode
_read_approved = msgspec.json.Decoder(Approved).decode
_COLUMNS = (
    "grant_id", "realm", "client_id", "account_id", "actor_account_id", "session_id", "proxy_id", "key_thumbprint",
    "scopes", "approved", "refresh_hash", "lasting", "made_ms", "expires_ms", "ended_ms",
)  # fmt: skip
_read_return = msgspec.json.Decoder(Return).decode
# Made once: to make a statement takes longer than to run it.
_take = (
    update(codes)
    .where(
        codes.c.code_hash == bindparam("hash"), codes.c.client_id == bindparam("client"), codes.c.used_ms.is_(None),
        codes.c.expires_ms > bindparam("now_ms"),
    )
    .values(used_ms=bindparam("now_ms"))
    .returning(codes.c.approved, codes.c.returns, codes.c.grant_id)
)  # fmt: skip
_standing = select(grants).where(grants.c.ended_ms.is_(None), grants.c.expires_ms > bindparam("now_ms"))
_by_id = _standing.where(grants.c.grant_id == bindparam("key"))
_by_refresh = _standing.where(grants.c.refresh_hash == bindparam("key"))


def give_code(
    conn: Connection, approved: Approved, returns: Return, *, code_hash: bytes, grant_id: str, expires_ms: int
) -> None:
    """Keep a code that a browser takes to the client."""
    columns = ("code_hash", "client_id", "grant_id", "approved", "returns", "used_ms", "expires_ms")
    row = (code_hash, approved.client_id, grant_id, _encode(approved), _encode(returns), None, expires_ms)
    insert_many(conn, codes, columns, [row])


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What a client brings with a code."""

    code_hash: bytes
    client_id: str
    redirect_uri: str
    verifier: str
    key_thumbprint: str

    def __repr__(self) -> str:
        return f"Brought(client_id={self.client_id!r})"


def redeem(conn: Connection, brought: Brought, now: datetime) -> tuple[Approved, str] | Spent:
    """Take a code: what the person agreed to, and the id of the grant to be made of it; or why it is worth nothing.

    A code is tried once by its own client: whoever has it without its verifier or key learns nothing by a second try.
    A second use ends what the first one gave (RFC 9700 §2.1.1, RFC 6749 §4.1.2). Not raised, so that this is kept.
    """
    given = {"hash": brought.code_hash, "client": brought.client_id, "now_ms": to_ms(now)}
    taken = conn.execute(_take, given).one_or_none()
    if taken is None:
        return _why_spent(conn, brought, now)
    returns = _read_return(taken.returns)
    if not _same(returns.redirect_uri, brought.redirect_uri):
        return Spent.REDIRECT
    challenge = to_base64url(hashlib.sha256(brought.verifier.encode()).digest())
    if not _same(returns.code_challenge, challenge):
        return Spent.VERIFIER
    if returns.key_thumbprint and not _same(returns.key_thumbprint, brought.key_thumbprint):
        return Spent.KEY
    return _read_approved(taken.approved), str(taken.grant_id)


def record(
    conn: Connection, grant: Grant, now: datetime, *, how: str, refresh_hash: bytes | None = None, lasting: bool = False
) -> None:
    """Keep a new grant.

    Args:
        how: grant type, for the audit.
        refresh_hash: of its refresh token, where it has one.
        lasting: it outlives the session (`offline_access`).
    """
    approved = grant.approved
    row = (
        grant.grant_id, grant.realm.value, grant.client_id, grant.account_id,
        approved.actor_account_id if approved else "", grant.session_id,
        approved.acting.proxy_id if approved and approved.acting else "", grant.key_thumbprint,
        " ".join(grant.scopes), _encode(approved) if approved else None, refresh_hash, int(lasting), to_ms(now),
        grant.expires_ms, None,
    )  # fmt: skip
    insert_many(conn, grants, _COLUMNS, [row])
    event = TokensIssued(
        grant=grant.grant_id, client=grant.client_id, account=grant.account_id, session=grant.session_id, how=how,
        scopes=" ".join(grant.scopes),
    )  # fmt: skip
    audit(conn, audit_table, event, now=now)


def find(conn: Connection, grant_id: str, now: datetime) -> Grant | None:
    """A grant that stands; None where it ended, expired or never was."""
    return _one(conn, _by_id, grant_id, now)


def of_token(conn: Connection, claims: OwnClaims, now: datetime) -> Grant:
    """The grant behind an access token whose signature was verified.

    Raises:
        TokenWrong: it ended.
    """
    found = find(conn, claims.grant_id, now)
    if found is None or found.client_id != claims.client_id:
        raise TokenWrong(reason=Spent.ENDED.value)
    return found


def refreshed(conn: Connection, refresh_hash: bytes, *, client_id: str, key_thumbprint: str, now: datetime) -> Redeemed:
    """The grant of a refresh token, or why it is worth nothing. It stays the same token (FAPI 2.0 §5.3.2.1)."""
    found = _one(conn, _by_refresh, refresh_hash, now)
    if found is None:
        row = conn.execute(select(grants.c.ended_ms).where(grants.c.refresh_hash == refresh_hash)).one_or_none()
        return Redeemed(None, spent=Spent.UNKNOWN if row is None else Spent.ENDED if row.ended_ms else Spent.EXPIRED)
    if found.client_id != client_id:
        return Redeemed(None, spent=Spent.CLIENT)
    if not _same(found.key_thumbprint, key_thumbprint):
        return Redeemed(None, spent=Spent.KEY)
    return Redeemed(found)


# --- what ends grants ---


def end(conn: Connection, grant_id: str, now: datetime, *, why: str = "client") -> int:
    """End one grant."""
    return _end(conn, grants.c.grant_id == grant_id, now, why=why, reference=grant_id)


def end_of_refresh(conn: Connection, refresh_hash: bytes, client_id: str, now: datetime) -> int:
    """End the grant of a refresh token that its client gives back."""
    mine = (grants.c.refresh_hash == refresh_hash) & (grants.c.client_id == client_id)
    return _end(conn, mine, now, why="client", reference=client_id)


def end_of_session(conn: Connection, session_id: str, now: datetime, *, lasting: bool = False) -> int:
    """A session ended: so do its grants.

    Args:
        lasting: also those that were to outlive it: whoever was signed in was not the person.
    """
    which = grants.c.session_id == session_id
    return _end(conn, which if lasting else which & (grants.c.lasting == 0), now, why="session", reference=session_id)


def end_of_consent(conn: Connection, account_id: str, client_id: str, now: datetime) -> int:
    """A person withdrew a consent: the client's tokens end, also those with which they acted for others there."""
    own = or_(grants.c.account_id == account_id, grants.c.actor_account_id == account_id)
    return _end(conn, own & (grants.c.client_id == client_id), now, why="consent", reference=account_id)


def end_of_proxy(conn: Connection, proxy_id: str, now: datetime) -> int:
    """A proxy was cut: nobody acts by it any more."""
    return _end(conn, grants.c.proxy_id == proxy_id, now, why="proxy", reference=proxy_id)


def end_of_account(conn: Connection, account_id: str, now: datetime) -> int:
    """An account was closed."""
    own = or_(grants.c.account_id == account_id, grants.c.actor_account_id == account_id)
    return _end(conn, own, now, why="account", reference=account_id)


def end_of_client(conn: Connection, client_id: str, now: datetime) -> int:
    """A client was stopped."""
    return _end(conn, grants.c.client_id == client_id, now, why="stopped", reference=client_id)


def sweep(conn: Connection, before: datetime) -> int:
    """Forget codes and grants whose time was over before a moment; returns how many."""
    gone = conn.execute(delete(codes).where(codes.c.expires_ms < to_ms(before))).rowcount
    return gone + conn.execute(delete(grants).where(grants.c.expires_ms < to_ms(before))).rowcount


def _end(conn: Connection, which: ColumnElement[bool], now: datetime, *, why: str, reference: str) -> int:
    if not reference:  # an empty name stands for "none" in every column
        return 0
    count = conn.execute(update(grants).where(which, grants.c.ended_ms.is_(None)).values(ended_ms=to_ms(now))).rowcount
    if count:
        audit(conn, audit_table, GrantsEnded(why=why, reference=reference, count=count), now=now)
    return count


def _one(conn: Connection, query: Select[Any], key: str | bytes, now: datetime) -> Grant | None:
    row = conn.execute(query, {"key": key, "now_ms": to_ms(now)}).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[tuple[object, ...]]) -> Grant:
    return Grant(
        grant_id=row.grant_id, realm=Realm(row.realm), client_id=row.client_id, account_id=row.account_id,
        session_id=row.session_id, key_thumbprint=row.key_thumbprint,
        approved=_read_approved(row.approved) if row.approved else None, scopes=tuple(row.scopes.split()),
        expires_ms=row.expires_ms,
    )  # fmt: skip


def _why_spent(conn: Connection, brought: Brought, now: datetime) -> Spent:
    row = conn.execute(select(codes).where(codes.c.code_hash == brought.code_hash)).one_or_none()
    if row is None:
        return Spent.UNKNOWN
    if row.client_id != brought.client_id:
        return Spent.CLIENT
    if row.used_ms is None:
        return Spent.EXPIRED
    end(conn, row.grant_id, now, why="code_reuse")
    return Spent.USED


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
