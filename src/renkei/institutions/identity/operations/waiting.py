"""Clients that wait for a person elsewhere: one row each, asked for again and again until the person has decided."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from renkei.base.time import to_ms
from renkei.institutions.identity.model.asks import Ask, AskKind
from renkei.institutions.identity.model.device import INTERVAL, Polled, Verdict, code_hash, polled
from renkei.institutions.identity.operations import asks
from renkei.institutions.identity.store.devices import wait

_MS = timedelta(milliseconds=1)


def begin(conn: Connection, ask: Ask, now: datetime, *, key: bytes, handle: str, user_code: str = "") -> None:
    """Keep an ask and the client that waits for its outcome.

    Args:
        key: the provider's key for hashes of codes.
        handle: `auth_req_id` or `device_code`: the secret by which the client asks.
        user_code: what the person types (device authorization).
    """
    asks.put(conn, ask, now)
    conn.execute(
        wait.insert().values(
            handle_hash=code_hash(key, ask.kind.value, handle), kind=ask.kind.value, client_id=ask.client_id,
            ask_id=ask.ask_id, user_code_hash=code_hash(key, "user", user_code) if user_code else "",
            interval_ms=INTERVAL // _MS, polled_ms=0, expires_ms=ask.expires_ms,
        )
    )  # fmt: skip


def poll(conn: Connection, now: datetime, *, key: bytes, kind: AskKind, handle: str, client_id: str) -> Polled:
    """What a waiting client is told now. Nothing is raised: that it asked too fast has to be remembered."""
    hashed = code_hash(key, kind.value, handle)
    row = conn.execute(select(wait).where(wait.c.handle_hash == hashed, wait.c.client_id == client_id)).one_or_none()
    if row is None:
        return Polled(Verdict.UNKNOWN)
    standing = asks.standing(conn, row.ask_id, now)
    now_ms = to_ms(now)
    found = polled(standing, interval_ms=row.interval_ms, polled_ms=row.polled_ms, now_ms=now_ms)
    change = update(wait).where(wait.c.handle_hash == hashed)
    conn.execute(change.values(polled_ms=now_ms, interval_ms=found.interval_ms))
    return found


def sweep(conn: Connection, before: datetime) -> int:
    """Forget clients whose time ended before a moment; returns how many."""
    return conn.execute(delete(wait).where(wait.c.expires_ms < to_ms(before))).rowcount
