"""A tenant's records beside its log: which entry each record says it has, for a check of the whole log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from renkei.contracts.exchange import Outcome
from renkei.contracts.records import LoggedRecord, Party, RecordLeaf
from renkei.contracts.sheets import b64, encode
from renkei.institutions.gateway import store

ROWS_AT_ONCE = 1_000


def logged_records(conn: Connection, *, body_id: str) -> Iterator[LoggedRecord]:
    """Every log entry that a record of the tenant stands for: as requester, then as provider; memory stays flat."""
    yield from _logged(conn, store.request_record, Party.REQUESTER, body_id)
    yield from _logged(conn, store.provision_record, Party.PROVIDER, body_id)


def _logged(conn: Connection, table: Table, party: Party, body_id: str) -> Iterator[LoggedRecord]:
    query = select(table).order_by(table.c.number).execution_options(yield_per=ROWS_AT_ONCE)
    for row in conn.execute(query):
        requester = body_id if party is Party.REQUESTER else row.requester
        provider = body_id if party is Party.PROVIDER else row.provider
        if row.late_index is None:
            leaf = _leaf(row, party, requester, provider, bool(row.hidden), row.outcome, row.given_ms)
            yield LoggedRecord(row.number, row.leaf_index, row.salt, leaf)
            continue
        # Recorded first while it waited for a clerk, and once more when it ended.
        before = row.hidden if row.late_hidden_before is None else row.late_hidden_before
        leaf = _leaf(row, party, requester, provider, bool(before), Outcome.PENDING.value, 0)
        yield LoggedRecord(row.number, row.leaf_index, row.salt, leaf)
        leaf = _leaf(row, party, requester, provider, bool(row.hidden), row.outcome, row.given_ms)
        yield LoggedRecord(row.number, row.late_index, row.late_salt, leaf)


def _leaf(
    row: Row[Any], party: Party, requester: str, provider: str, hidden: bool, outcome: str, given_ms: int
) -> bytes:
    return encode(
        RecordLeaf(
            party, b64(row.subject), row.number, requester, provider, row.section, row.affairs, row.information,
            row.row, row.asked_ms, hidden, outcome, given_ms,
        )
    )  # fmt: skip
