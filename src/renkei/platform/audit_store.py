"""Audit events of one institution: a row of JSON each, written in the transaction that did the thing.

Events name things by pseudonymous reference only (`renkei.base.audit`), so the table holds no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text, select

from renkei.base.audit import AuditEvent, AuditSink
from renkei.base.time import Instant, from_ms, to_ms
from renkei.platform.bulk import insert_many


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event as kept; `number` grows with time."""

    number: int
    at: Instant
    name: str
    fields: dict[str, Any]


def define_audit_table(metadata: MetaData) -> Table:
    """Add the audit table to a room's metadata."""
    return Table(
        "audit_event",
        metadata,
        # SQLite numbers only a column of its own INTEGER type.
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("at_ms", BigInteger, nullable=False),
        Column("name", String(80), nullable=False, index=True),
        Column("fields", Text, nullable=False),
    )


def audit(conn: Connection, table: Table, event: AuditEvent, *, now: Instant) -> None:
    """Keep one event in the caller's transaction."""
    audit_many(conn, table, [event], now=now)


def audit_many(conn: Connection, table: Table, events: Sequence[AuditEvent], *, now: Instant) -> None:
    """Keep events in the caller's transaction, in order."""
    at_ms = to_ms(now)
    rows = [(at_ms, event.name, msgspec.json.encode(event.fields()).decode()) for event in events]
    insert_many(conn, table, ["at_ms", "name", "fields"], rows)


def audit_sink(conn: Connection, table: Table, *, now: Instant) -> AuditSink:
    """The sink that a room's operation hands its events to, bound to its transaction."""
    return partial(audit, conn, table, now=now)


def audited(
    conn: Connection, table: Table, *, name: str | None = None, after: int = 0, limit: int = 1000
) -> list[AuditRow]:
    """Events in the order in which they were kept.

    Args:
        name: only events of this name.
        after: only those with a greater number.
        limit: at most so many.
    """
    query = select(table).where(table.c.number > after).order_by(table.c.number).limit(limit)
    if name is not None:
        query = query.where(table.c.name == name)
    return [
        AuditRow(row.number, from_ms(row.at_ms), row.name, msgspec.json.decode(row.fields))
        for row in conn.execute(query)
    ]
