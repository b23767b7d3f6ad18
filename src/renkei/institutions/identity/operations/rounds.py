"""Rounds as they are kept (`model.signin`). Every step is one conditional change, so that none happens twice."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select, update

from renkei.base.time import to_ms
from renkei.institutions.identity.errors.signin import (
    OtherBrowser,
    ReturnCodeWrong,
    RoundAnswered,
    RoundExpired,
    RoundUnknown,
    RoundUsed,
)
from renkei.institutions.identity.model.signin import Answer, Round, RoundState
from renkei.institutions.identity.store.sessions import sign_in_round as table

_encode = msgspec.json.Encoder().encode
_read_round = msgspec.json.Decoder(Round).decode
_read_answer = msgspec.json.Decoder(Answer).decode


class Taken(NamedTuple):
    """A round that came to its end in the browser that began it."""

    round: Round
    answer: Answer


def open_round(conn: Connection, round_: Round, *, browser_hash: bytes) -> None:
    """Keep a new round, bound to the browser that holds the cookie of this hash."""
    conn.execute(
        table.insert().values(
            txn=round_.txn, state=RoundState.OPEN.value, browser_hash=browser_hash, body=_encode(round_),
            expires_ms=round_.expires_ms,
        )
    )  # fmt: skip


def awaiting(conn: Connection, txn: str, now: datetime) -> Round:
    """A round that waits for its answer.

    Raises:
        RoundUnknown, RoundExpired, RoundAnswered, RoundUsed.
    """
    row = conn.execute(select(table.c.state, table.c.body, table.c.expires_ms).where(table.c.txn == txn)).one_or_none()
    if row is None:
        raise RoundUnknown()
    if row.state == RoundState.USED:
        raise RoundUsed()
    if row.state == RoundState.ANSWERED:
        raise RoundAnswered()
    if row.expires_ms <= to_ms(now):
        raise RoundExpired()
    return _read_round(row.body)


def of_browser(conn: Connection, txn: str, *, browser_hash: bytes, now: datetime) -> Round:
    """A round that waits, looked at by the browser that began it.

    Raises:
        OtherBrowser, and as `awaiting`.
    """
    kept = conn.execute(select(table.c.browser_hash).where(table.c.txn == txn)).scalar_one_or_none()
    if kept is not None and not hmac.compare_digest(kept, browser_hash):
        raise OtherBrowser()
    return awaiting(conn, txn, now)


def answer(conn: Connection, txn: str, given: Answer, *, code_hash: bytes, now: datetime) -> None:
    """Keep a verified answer until the browser is back with the code.

    Raises:
        As `awaiting`: an answer counts once.
    """
    awaiting(conn, txn, now)
    kept = conn.execute(
        update(table)
        .where(table.c.txn == txn, table.c.state == RoundState.OPEN.value)
        .values(state=RoundState.ANSWERED.value, code_hash=code_hash, answer=_encode(given))
    )
    if not kept.rowcount:
        raise RoundAnswered()


def take(conn: Connection, txn: str, *, browser_hash: bytes, code_hash: bytes, now: datetime) -> Taken:
    """The browser is back: round and answer, once.

    Raises:
        RoundUnknown: swept, or never begun.
        OtherBrowser: it is not the browser that began.
        RoundUsed, RoundExpired.
        ReturnCodeWrong: nothing was answered yet, or the agent gave this browser another code.
    """
    row = conn.execute(select(table).where(table.c.txn == txn)).one_or_none()
    if row is None:
        raise RoundUnknown()
    if not hmac.compare_digest(row.browser_hash, browser_hash):
        raise OtherBrowser()
    if row.state == RoundState.USED:
        raise RoundUsed()
    if row.expires_ms <= to_ms(now):
        raise RoundExpired()
    if row.state != RoundState.ANSWERED or not hmac.compare_digest(row.code_hash, code_hash):
        raise ReturnCodeWrong()
    _use(conn, txn, RoundState.ANSWERED)
    return Taken(_read_round(row.body), _read_answer(row.answer))


def use(conn: Connection, txn: str, *, browser_hash: bytes, now: datetime) -> Round:
    """End a round that waits, by the browser that began it: declined, or answered in the page itself.

    Raises:
        OtherBrowser, and as `awaiting`.
    """
    round_ = of_browser(conn, txn, browser_hash=browser_hash, now=now)
    _use(conn, txn, RoundState.OPEN)
    return round_


def withdraw(conn: Connection, txn: str) -> None:
    """The card was taken away before the browser was back: the answer is worth nothing any more."""
    spent = {"state": RoundState.USED.value, "answer": None, "code_hash": None}
    conn.execute(update(table).where(table.c.txn == txn).values(**spent))


def forget(conn: Connection, now: datetime) -> None:
    """Forget rounds whose time is over."""
    conn.execute(delete(table).where(table.c.expires_ms <= to_ms(now)))


def _use(conn: Connection, txn: str, before: RoundState) -> None:
    used = conn.execute(
        update(table)
        .where(table.c.txn == txn, table.c.state == before.value)
        .values(state=RoundState.USED.value, answer=None, code_hash=None)
    )
    if not used.rowcount:
        raise RoundUsed()
