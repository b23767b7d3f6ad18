"""Audit events are kept with the thing they report, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from sqlalchemy import Connection, MetaData

from renkei.base.audit import AuditEvent
from renkei.platform.audit_store import audit_many, audit_sink, audited, define_audit_table
from renkei.platform.database import Database

metadata = MetaData()
table = define_audit_table(metadata)
NOW = datetime(2026, 11, 23, 9, 0, 0, 123000, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMade(AuditEvent):
    """For these tests."""

    name: ClassVar[str] = "test.sample_made"
    count: int


@pytest.fixture
def db(open_database) -> Database:
    return open_database(metadata)


def test_events_are_kept_in_order_with_their_time(db: Database) -> None:
    with db.writing() as conn:
        sink = audit_sink(conn, table, now=NOW)
        sink(SampleMade(count=1))
        audit_many(conn, table, [SampleMade(count=n) for n in (2, 3)], now=NOW)
    rows = db.read_now(lambda conn: audited(conn, table, name="test.sample_made"))
    assert [row.fields for row in rows] == [{"count": 1}, {"count": 2}, {"count": 3}]
    assert {row.at for row in rows} == {NOW}
    later = db.read_now(lambda conn: audited(conn, table, after=rows[1].number, limit=5))
    assert later == rows[2:]
    assert db.read_now(lambda conn: audited(conn, table, name="test.other")) == []


def test_an_event_of_an_undone_thing_is_undone(db: Database) -> None:
    def work(conn: Connection) -> None:
        audit_sink(conn, table, now=NOW)(SampleMade(count=1))
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(db.write(work))
    assert db.read_now(lambda conn: audited(conn, table)) == []
