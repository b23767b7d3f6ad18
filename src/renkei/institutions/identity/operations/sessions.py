"""Sessions from beginning to end. Every function works in the caller's transaction; `now` is given.

Whoever ends sessions tells `Hooks.ended` (web/ways.py) afterwards, so that the clients of the session hear of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, update

from renkei.base.audit import AuditEvent
from renkei.base.time import to_ms
from renkei.contracts.identity import Acr
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.queries.sessions import alive, live
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.sessions import session as table
from renkei.platform.audit_store import audit

KEPT_AFTER = timedelta(days=1)
"""How long an ended session is remembered, so that its browser can be told why it ended."""

_encode = msgspec.json.Encoder().encode

__all__ = ["Why", "begin", "end", "end_all", "end_by_card", "end_lapsed", "live", "prove_again", "touch"]


class Why(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    EVERYWHERE = "everywhere"  # signed out in all browsers
    NOT_ME = "not_me"
    OTHER_PERSON = "other_person"  # somebody else signed in in this browser
    CARD_REMOVED = "card_removed"
    TIME = "time"  # idle, or at the end of its life
    CLOSED = "closed"  # the account was closed


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegun(AuditEvent):
    """Somebody signed in, or proved again who they are within a session."""

    name: ClassVar[str] = "identity.session_begun"
    session: str
    account: str
    realm: str
    acr: str
    again: bool
    shared_terminal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(AuditEvent):
    """A session ended."""

    name: ClassVar[str] = "identity.session_ended"
    session: str
    account: str
    why: str


def begin(
    conn: Connection, session: Session, *, secret_hash: bytes, settings: Settings, now: datetime, txn: str = ""
) -> None:
    """Keep a new session.

    Args:
        secret_hash: `keyed_hash(means.session_key, "session", cookie)`.
        txn: card round by which it began, where taking the card away ends it.
    """
    idle = settings.shared_idle if session.shared_terminal else settings.session_idle
    conn.execute(
        table.insert().values(
            session_id=session.session_id, secret_hash=secret_hash, account_id=session.account_id,
            realm=session.realm.value, body=_encode(session), seen_ms=session.seen_ms,
            idle_ms=idle // timedelta(milliseconds=1), expires_ms=to_ms(now + settings.session_life), ended_ms=None,
            ended_why="", txn=txn,
        )
    )  # fmt: skip
    _audit_begun(conn, session, again=False, now=now)


def prove_again(
    conn: Connection,
    session: Session,
    *,
    secret_hash: bytes,
    acr: Acr,
    amr: Sequence[str],
    test: bool,
    now: datetime,
    txn: str = "",
) -> Session:
    """The same person proved anew who they are: same session, new cookie, and the means of this proof."""
    renewed = msgspec.structs.replace(
        session, acr=acr, amr=tuple(amr), test=test, auth_ms=to_ms(now), seen_ms=to_ms(now)
    )
    conn.execute(
        update(table)
        .where(table.c.session_id == session.session_id)
        .values(secret_hash=secret_hash, body=_encode(renewed), seen_ms=renewed.seen_ms, txn=txn or table.c.txn)
    )
    _audit_begun(conn, renewed, again=True, now=now)
    return renewed


def touch(conn: Connection, session_id: str, now: datetime) -> None:
    """The session is in use."""
    conn.execute(update(table).where(table.c.session_id == session_id, alive(now)).values(seen_ms=to_ms(now)))


def end(conn: Connection, session_id: str, *, why: Why, now: datetime) -> bool:
    """End one session; False where it had ended before."""
    return bool(_end(conn, table.c.session_id == session_id, why=why, now=now))


def end_all(conn: Connection, account_id: str, *, why: Why, now: datetime, keep: str = "") -> tuple[str, ...]:
    """End every session of an account but `keep`; which ones."""
    return _end(conn, and_(table.c.account_id == account_id, table.c.session_id != keep), why=why, now=now)


def end_by_card(conn: Connection, txn: str, now: datetime) -> tuple[str, ...]:
    """The card of a round was taken away: its session on a shared terminal ends."""
    return _end(conn, and_(table.c.txn == txn, table.c.txn != ""), why=Why.CARD_REMOVED, now=now)


def end_lapsed(conn: Connection, now: datetime) -> tuple[str, ...]:
    """End the sessions whose time is over, and forget those that ended a day ago; which ones ended now."""
    lapsed = _end(conn, ~alive(now), why=Why.TIME, now=now)
    conn.execute(delete(table).where(table.c.ended_ms < to_ms(now - KEPT_AFTER)))
    return lapsed


def _end(conn: Connection, which: ColumnElement[bool], *, why: Why, now: datetime) -> tuple[str, ...]:
    ended = conn.execute(
        update(table)
        .where(table.c.ended_ms.is_(None), which)
        .values(ended_ms=to_ms(now), ended_why=why.value)
        .returning(table.c.session_id, table.c.account_id)
    ).all()
    for row in ended:
        event = SessionEnded(session=row.session_id, account=row.account_id, why=why.value)
        audit(conn, audit_table, event, now=now)
    return tuple(row.session_id for row in ended)


def _audit_begun(conn: Connection, session: Session, *, again: bool, now: datetime) -> None:
    event = SessionBegun(
        session=session.session_id, account=session.account_id, realm=session.realm.value, acr=session.acr.value,
        again=again, shared_terminal=session.shared_terminal,
    )  # fmt: skip
    audit(conn, audit_table, event, now=now)
