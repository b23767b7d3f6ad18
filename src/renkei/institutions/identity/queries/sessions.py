"""Who is signed in where."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, select

from renkei.base.time import to_ms
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.store.sessions import session as table

TOUCHES_PER_IDLE = 20
"""A session is marked as seen at most so often in its idle time: reading a page should rarely write."""

_read = msgspec.json.Decoder(Session).decode


class Found(NamedTuple):
    """The session of a cookie."""

    session: Session
    due: bool
    """It is time to mark it as seen."""


def alive(now: datetime) -> ColumnElement[bool]:
    """Condition on the table: neither ended, nor idle too long, nor at the end of its life."""
    at = to_ms(now)
    return and_(table.c.ended_ms.is_(None), table.c.expires_ms > at, table.c.seen_ms + table.c.idle_ms > at)


def live(conn: Connection, session_id: str, now: datetime) -> bool:
    """Whether a session is still on."""
    return (
        conn.execute(select(table.c.session_id).where(table.c.session_id == session_id, alive(now))).first() is not None
    )


def by_secret(conn: Connection, secret_hash: bytes, now: datetime) -> Found | None:
    """The session whose cookie has this hash; None where there is none, or it is over."""
    row = conn.execute(select(table).where(table.c.secret_hash == secret_hash, alive(now))).one_or_none()
    if row is None:
        return None
    due = to_ms(now) - row.seen_ms >= row.idle_ms // TOUCHES_PER_IDLE
    return Found(_session(row.body, row.seen_ms), due)


class Over(NamedTuple):
    """A session that is over."""

    why: str
    """`operations.sessions.Why`."""
    shared_terminal: bool


def over(conn: Connection, secret_hash: bytes, now: datetime) -> Over | None:
    """The session of this cookie, where it is over; None where it is on or not known any more."""
    query = select(table.c.body, table.c.ended_why, table.c.ended_ms).where(
        table.c.secret_hash == secret_hash, ~alive(now)
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    return Over("time" if row.ended_ms is None else row.ended_why, _read(row.body).shared_terminal)


def get(conn: Connection, session_id: str, now: datetime) -> Session | None:
    """A session by its public name; None where it is over."""
    row = conn.execute(select(table).where(table.c.session_id == session_id, alive(now))).one_or_none()
    return None if row is None else _session(row.body, row.seen_ms)


def of_account(conn: Connection, account_id: str, now: datetime) -> tuple[Session, ...]:
    """Sessions of an account that are on, the last one used first."""
    rows = conn.execute(
        select(table.c.body, table.c.seen_ms)
        .where(table.c.account_id == account_id, alive(now))
        .order_by(table.c.seen_ms.desc(), table.c.session_id)
    )
    return tuple(_session(row.body, row.seen_ms) for row in rows)


def _session(body: bytes, seen_ms: int) -> Session:
    return msgspec.structs.replace(_read(body), seen_ms=seen_ms)
