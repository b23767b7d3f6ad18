"""Asks from arrival to outcome. Every step is one conditional change of the row, so that none happens twice.

For the other areas: `put` an ask and send the browser to its page; when the page sends it on, `use` the ask.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select, update

from renkei.base.time import to_ms
from renkei.institutions.identity.errors.asks import (
    AskDecided,
    AskDenied,
    AskExpired,
    AskPending,
    AskUnknown,
    AskUsed,
)
from renkei.institutions.identity.model.asks import Approved, Ask, AskState, Outcome, Standing
from renkei.institutions.identity.store.asks import ask as table

_encode = msgspec.json.Encoder().encode
_read_ask = msgspec.json.Decoder(Ask).decode
_read_approved = msgspec.json.Decoder(Approved).decode


def put(conn: Connection, ask: Ask, now: datetime) -> None:
    """Keep a new ask, open until `ask.expires_ms`."""
    conn.execute(
        table.insert().values(
            ask_id=ask.ask_id, state=AskState.OPEN.value, kind=ask.kind.value, client_id=ask.client_id,
            account_id=ask.account_id, session_id="", reason="", body=_encode(ask), made_ms=ask.made_ms,
            expires_ms=ask.expires_ms,
        )
    )  # fmt: skip


def standing(conn: Connection, ask_id: str, now: datetime) -> Standing:
    """Where an ask stands, decided and expired ones included.

    Raises:
        AskUnknown: never made, or swept.
    """
    row = conn.execute(select(table).where(table.c.ask_id == ask_id)).one_or_none()
    if row is None:
        raise AskUnknown()
    return Standing(
        ask=_read_ask(row.body), state=AskState(row.state), account_id=row.account_id, session_id=row.session_id,
        reason=Outcome(row.reason) if row.reason else None, expired=row.expires_ms <= to_ms(now),
    )  # fmt: skip


def get(conn: Connection, ask_id: str, now: datetime) -> Ask:
    """An ask that has not expired, decided or not.

    Raises:
        AskUnknown, AskExpired.
    """
    found = standing(conn, ask_id, now)
    if found.expired:
        raise AskExpired()
    return found.ask


def approve(conn: Connection, approved: Approved, now: datetime) -> None:
    """Keep what a person agreed to.

    Raises:
        AskUnknown, AskExpired.
        AskDecided: it was decided before; the first decision stands.
    """
    _decide(
        conn, approved.ask_id, now, state=AskState.APPROVED.value, account_id=approved.account_id,
        session_id=approved.session_id, approved=_encode(approved),
    )  # fmt: skip


def deny(
    conn: Connection,
    ask_id: str,
    now: datetime,
    *,
    account_id: str = "",
    session_id: str = "",
    reason: Outcome = Outcome.DENIED,
) -> None:
    """Keep that nothing was agreed; `account_id` and `session_id` are empty where no person was asked.

    Raises:
        AskUnknown, AskExpired.
        AskDecided: it was decided before; the first decision stands.
    """
    _decide(
        conn, ask_id, now, state=AskState.DENIED.value, account_id=account_id, session_id=session_id,
        reason=reason.value,
    )  # fmt: skip


def use(conn: Connection, ask_id: str, now: datetime) -> Approved:
    """Hand over what was agreed: once.

    Raises:
        AskUnknown, AskExpired.
        AskPending: not decided yet.
        AskDenied: with its `reason`, as often as it is asked.
        AskUsed: handed over before.
    """
    query = (
        update(table)
        .where(table.c.ask_id == ask_id, table.c.state == AskState.APPROVED.value, table.c.expires_ms > to_ms(now))
        .values(state=AskState.USED.value)
        .returning(table.c.approved)
    )
    row = conn.execute(query).one_or_none()
    if row is not None:
        return _read_approved(row.approved)
    found = standing(conn, ask_id, now)
    if found.expired:
        raise AskExpired()
    if found.state is AskState.DENIED:
        raise AskDenied(reason=(found.reason or Outcome.DENIED).value)
    raise AskPending() if found.state is AskState.OPEN else AskUsed()


def sweep(conn: Connection, before: datetime) -> int:
    """Forget asks that expired before a moment; returns how many."""
    return conn.execute(delete(table).where(table.c.expires_ms < to_ms(before))).rowcount


def _decide(conn: Connection, ask_id: str, now: datetime, **values: object) -> None:
    query = (
        update(table)
        .where(table.c.ask_id == ask_id, table.c.state == AskState.OPEN.value, table.c.expires_ms > to_ms(now))
        .values(decided_ms=to_ms(now), **values)
    )
    if conn.execute(query).rowcount == 1:
        return
    if standing(conn, ask_id, now).expired:
        raise AskExpired()
    raise AskDecided()
