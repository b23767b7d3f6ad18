"""Proofs that were used before are refused, also by another process and after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete

from renkei.base.time import to_ms
from renkei.institutions.identity.model.proofs import Mark
from renkei.institutions.identity.store.protocol import seen
from renkei.platform.bulk import insert_many


def admitted(conn: Connection, marks: Iterable[Mark]) -> bool:
    """Keep that these proofs were used; False where one of them was used before."""
    rows = [(mark.digest, mark.expires_ms) for mark in marks]
    return insert_many(conn, seen, ("mark", "expires_ms"), rows, ignore_conflicts=True) == len(rows)


def sweep(conn: Connection, now: datetime) -> int:
    """Forget proofs that are worth nothing any more; returns how many."""
    return conn.execute(delete(seen).where(seen.c.expires_ms < to_ms(now))).rowcount
