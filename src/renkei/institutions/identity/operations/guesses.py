"""Wrong codes, counted by who typed them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from renkei.base.time import from_ms, to_ms
from renkei.institutions.identity.model.device import GUESS_WINDOW
from renkei.institutions.identity.store.devices import guess
from renkei.platform.bulk import upsert_many


def left(conn: Connection, who: str, now: datetime, *, most: int) -> int:
    """How many wrong codes somebody may still send before a pause of `GUESS_WINDOW`."""
    return most - _count(conn, who, now)


def miss(conn: Connection, who: str, now: datetime) -> None:
    """Count one. The window begins anew with it: who goes on guessing goes on waiting."""
    rows = [(who, _count(conn, who, now) + 1, to_ms(now))]
    upsert_many(conn, guess, ("who",), ("misses", "since_ms"), rows)


def clear(conn: Connection, who: str) -> None:
    """Forget them after a right code."""
    conn.execute(delete(guess).where(guess.c.who == who))


def sweep(conn: Connection, before: datetime) -> int:
    """Forget wrong codes whose pause ended before a moment; returns how many."""
    return conn.execute(delete(guess).where(guess.c.since_ms < to_ms(before - GUESS_WINDOW))).rowcount


def _count(conn: Connection, who: str, now: datetime) -> int:
    row = conn.execute(select(guess).where(guess.c.who == who)).one_or_none()
    return 0 if row is None or now - from_ms(row.since_ms) >= GUESS_WINDOW else int(row.misses)
