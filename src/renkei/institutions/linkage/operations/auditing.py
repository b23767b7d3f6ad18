"""The core's records beside its log: which entry each record says it has, for a check of the whole log."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from renkei.contracts.records import LoggedRecord
from renkei.contracts.sheets import encode
from renkei.institutions.linkage import store
from renkei.institutions.linkage.queries import record_leaf

ROWS_AT_ONCE = 1_000


def logged_records(conn: Connection) -> Iterator[LoggedRecord]:
    """Every log entry that a record of the core stands for, in the order of the numbers; memory stays flat."""
    table = store.exchange
    query = select(table).order_by(table.c.number).execution_options(yield_per=ROWS_AT_ONCE)
    for row in conn.execute(query):
        yield LoggedRecord(row.number, row.leaf_index, row.salt, encode(record_leaf(row, given=False)))
        if row.given_index is not None:
            yield LoggedRecord(row.number, row.given_index, row.given_salt, encode(record_leaf(row, given=True)))
