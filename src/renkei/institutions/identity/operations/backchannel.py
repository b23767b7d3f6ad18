"""CIBA (poll mode): a client reaches a person's own device, by a name that it knows or a number shown to it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from renkei.base.time import to_ms
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.device import (
    CALL_NUMBER_LENGTH,
    CALL_NUMBER_LIFE,
    NUMBER_GUESSES_MAX,
    code_hash,
    typed_number,
)
from renkei.institutions.identity.operations import guesses
from renkei.institutions.identity.store.devices import call_number


def offer_number(conn: Connection, now: datetime, *, key: bytes, account_id: str) -> None:
    """Let a counter reach this person once, by a number that the person shows there; an earlier one ends."""
    expires_ms = to_ms(now + CALL_NUMBER_LIFE)
    number = _number(key, account_id, expires_ms)
    conn.execute(delete(call_number).where(call_number.c.account_id == account_id))
    conn.execute(delete(call_number).where(call_number.c.expires_ms <= to_ms(now)))
    conn.execute(
        call_number.insert().values(
            code_hash=code_hash(key, "call", number), account_id=account_id, expires_ms=expires_ms
        )
    )


def offered_number(conn: Connection, now: datetime, *, key: bytes, account_id: str) -> str:
    """The number by which a counter can reach this person now; empty where none is offered."""
    query = select(call_number.c.expires_ms).where(call_number.c.account_id == account_id)
    expires_ms = conn.execute(query.where(call_number.c.expires_ms > to_ms(now))).scalar_one_or_none()
    return "" if expires_ms is None else _number(key, account_id, int(expires_ms))


def _number(key: bytes, account_id: str, expires_ms: int) -> str:
    """Made from the moment, not drawn, so that the page can show it again although only its hash is kept."""
    made = int.from_bytes(keyed_hash(key, "call number", f"{account_id} {expires_ms}"))
    return f"{made % 10**CALL_NUMBER_LENGTH:0{CALL_NUMBER_LENGTH}d}"


class Found(NamedTuple):
    """Whom a number reaches."""

    account_id: str
    """Empty where nobody shows this number."""
    guesses_left: int


def take_number(conn: Connection, typed: str, now: datetime, *, key: bytes, client_id: str) -> Found:
    """Account that shows this number; the number is spent. Nothing is raised: a wrong guess has to be remembered."""
    who = f"client:{client_id}"
    left = guesses.left(conn, who, now, most=NUMBER_GUESSES_MAX)
    if left <= 0:
        return Found("", 0)
    query = (
        delete(call_number)
        .where(call_number.c.code_hash == code_hash(key, "call", typed_number(typed)))
        .where(call_number.c.expires_ms > to_ms(now))
        .returning(call_number.c.account_id)
    )
    account_id = str(conn.execute(query).scalar_one_or_none() or "")
    if not account_id:
        guesses.miss(conn, who, now)
    return Found(account_id, left)


def sweep(conn: Connection, before: datetime) -> int:
    """Forget numbers whose time ended before a moment; returns how many."""
    return conn.execute(delete(call_number).where(call_number.c.expires_ms < to_ms(before))).rowcount
