"""Device authorization (RFC 8628): a person types on a phone what a television shows."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from renkei.institutions.identity.model.asks import Ask, AskState
from renkei.institutions.identity.model.device import (
    GUESSES_MAX,
    DeviceCodeEntered,
    DeviceGuessesEnded,
    code_hash,
    typed_code,
)
from renkei.institutions.identity.operations import asks, guesses
from renkei.institutions.identity.store.base import audit_table
from renkei.institutions.identity.store.devices import wait
from renkei.platform.audit_store import audit


class Entered(NamedTuple):
    """What came of a code that was typed."""

    ask: Ask | None
    """The device's ask; None where no device waits with this code."""
    guesses_left: int


def enter(conn: Connection, typed: str, now: datetime, *, key: bytes, account_id: str) -> Entered:
    """Find the device that waits with a code. Nothing is raised: a wrong guess has to be remembered."""
    who = f"account:{account_id}"
    left = guesses.left(conn, who, now, most=GUESSES_MAX)
    if left <= 0:
        return Entered(None, 0)
    found = _find(conn, typed_code(typed), now, key=key)
    if found is None:
        guesses.miss(conn, who, now)
        if left == 1:
            audit(conn, audit_table, DeviceGuessesEnded(account=account_id), now=now)
        return Entered(None, left - 1)
    guesses.clear(conn, who)
    event = DeviceCodeEntered(account=account_id, client=found.client_id, ask=found.ask_id)
    audit(conn, audit_table, event, now=now)
    return Entered(found, left)


def _find(conn: Connection, code: str, now: datetime, *, key: bytes) -> Ask | None:
    if not code:
        return None
    query = select(wait.c.ask_id).where(wait.c.user_code_hash == code_hash(key, "user", code))
    for row in conn.execute(query.order_by(wait.c.expires_ms.desc())):
        standing = asks.standing(conn, row.ask_id, now)
        if standing.state is AskState.OPEN and not standing.expired:
            return standing.ask
    return None
