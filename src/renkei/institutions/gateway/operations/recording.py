"""The rows of the body's records (情報提供等記録), each inserted with its log entry."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table

from renkei.platform.bulk import insert_many
from renkei.platform.logstore import LogStore
from renkei.platform.record_log import log_records


def record_all(
    conn: Connection, log: LogStore, table: Table, leaves: Sequence[bytes], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert records of one kind with their log entries.

    Args:
        leaves: what the log commits to, one a record.
        rows: the values of each record before salt and leaf index, in the order of the table's columns.
    """
    columns = [column.name for column in table.columns if not column.name.startswith("late_")]
    logged = log_records(conn, log, leaves)
    insert_many(conn, table, columns, [row + entry for row, entry in zip(rows, logged, strict=True)])
