"""Asks from arrival to outcome. Every step is one conditional change of the row, so that none happens twice.

For the other areas: `put` an ask and send the browser to its page; when the page sends it on, `use` the ask.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

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
from renkei.platform.bulk import insert_many

_encode = msgspec.json.Encoder().encode
_read_ask = msgspec.json.Decoder(Ask).decode
_read_approved = msgspec.json.Decoder(Approved).decode
_COLUMNS = (
    "ask_id", "state", "kind", "client_id", "account_id", "session_id", "reason", "body", "made_ms", "expires_ms",
)  # fmt: skip
# Made once: to make a statement takes longer than to run it.
_mine = table.c.ask_id == bindparam("key")
_in_time = table.c.expires_ms > bindparam("now_ms")
_standing = select(table).where(_mine)
_use = (
    update(table)
    .where(_mine, table.c.state == AskState.APPROVED.value, _in_time)
    .values(state=AskState.USED.value)
    .returning(table.c.approved)
)
_decision = (
    update(table)
    .where(_mine, table.c.state == AskState.OPEN.value, _in_time)
    .values(
        decided_ms=bindparam("now_ms"),
        state=bindparam("new_state"),
        account_id=bindparam("new_account_id"),
        session_id=bindparam("new_session_id"),
        reason=bindparam("new_reason"),
        approved=bindparam("new_approved"),
    )
)


def put(conn: Connection, ask: Ask, now: datetime) -> None:
    """Keep a new ask, open until `ask.expires_ms`."""
    row = (
        ask.ask_id, AskState.OPEN.value, ask.kind.value, ask.client_id, ask.account_id, "", "", _encode(ask),
        ask.made_ms, ask.expires_ms,
    )  # fmt: skip
    insert_many(conn, table, _COLUMNS, [row])


def standing(conn: Connection, ask_id: str, now: datetime) -> Standing:
    """Where an ask stands, decided and expired ones included.

    Raises:
        AskUnknown: never made, or swept.
    """
    row = conn.execute(_standing, {"key": ask_id}).one_or_none()
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
    row = conn.execute(_use, {"key": ask_id, "now_ms": to_ms(now)}).one_or_none()
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
    given = {"key": ask_id, "now_ms": to_ms(now), "new_reason": "", "new_approved": None}
    given |= {f"new_{name}": value for name, value in values.items()}
    if conn.execute(_decision, given).rowcount == 1:
        return
    if standing(conn, ask_id, now).expired:
        raise AskExpired()
    raise AskDecided()
