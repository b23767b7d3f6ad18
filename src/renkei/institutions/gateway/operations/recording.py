"""The rows of the body's records (情報提供等記録), each inserted with its log entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table

from renkei.platform.bulk import insert_many
from renkei.platform.logstore import LogStore
from renkei.platform.record_log import log_records


class Recorded(NamedTuple):
    """One record: the bytes that the log commits to, and the row's values before salt and leaf index."""

    leaf: bytes
    values: tuple[object, ...]


def record_all(conn: Connection, log: LogStore, table: Table, recorded: Sequence[Recorded]) -> None:
    """Insert records of one kind with their log entries; the table's columns are in the order of `values`."""
    logged = log_records(conn, log, [one.leaf for one in recorded])
    columns = [column.name for column in table.columns if not column.name.startswith("late_")]
    rows = [(*one.values, *entry) for one, entry in zip(recorded, logged, strict=True)]
    insert_many(conn, table, columns, rows)
