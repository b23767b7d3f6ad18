"""What a database is like, however it came to be, and rows for any of its tables."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Boolean, Column, Connection, Integer, LargeBinary, MetaData, Table, inspect, text

from renkei.platform.migrations import VERSION_TABLE

ROWS = 3


class Shape(NamedTuple):
    """One table."""

    columns: dict[str, str]
    """Name → type, nullability, default."""
    key: tuple[str, ...]
    rules: frozenset[str]
    """Indexes and uniqueness rules."""
    without_rowid: bool


def shapes(conn: Connection) -> dict[str, Shape]:
    """Every table of the database but the mark of the revision."""
    found = inspect(conn)
    return {
        name: Shape(
            {
                column["name"]: f"{column['type']!r} null={column['nullable']} default={column['default']}"
                for column in found.get_columns(name)
            },
            tuple(found.get_pk_constraint(name)["constrained_columns"]),
            frozenset(_rules(conn, name)),
            _without_rowid(conn, name),
        )
        for name in found.get_table_names()
        if name != VERSION_TABLE
    }


def _rules(conn: Connection, table: str) -> list[str]:
    if conn.dialect.name == "postgresql":
        query = text("SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = :table")
        schema = conn.execute(text("SELECT current_schema()")).scalar_one()
        return [row.indexdef.replace(f"{schema}.", "") for row in conn.execute(query, {"table": table})]
    found = inspect(conn)
    query = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL")
    unique = [str(sorted(rule["column_names"])) for rule in found.get_unique_constraints(table)]
    return unique + [row.sql.replace('"', "") for row in conn.execute(query, {"table": table})]


def _without_rowid(conn: Connection, table: str) -> bool:
    if conn.dialect.name == "postgresql":
        return False
    query = text("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = :table")
    return bool(conn.execute(query, {"table": table}).scalar_one())


Rows = dict[str, list[dict[str, Any]]]


def fill(conn: Connection) -> Rows:
    """Put rows into every table as it is, and return them by table."""
    for table in _tables(conn):
        conn.execute(table.insert(), [{c.name: _value(c, n) for c in table.columns} for n in range(1, ROWS + 1)])
    return rows(conn)


def rows(conn: Connection, columns: Rows | None = None) -> Rows:
    """Every row by table; where `columns` names some of a table's columns, only those."""
    return {
        table.name: [
            {name: value for name, value in row.items() if columns is None or name in columns[table.name][0]}
            for row in conn.execute(table.select().order_by(*table.primary_key.columns)).mappings()
        ]
        for table in _tables(conn)
        if columns is None or table.name in columns
    }


def _tables(conn: Connection) -> list[Table]:
    present = MetaData()
    present.reflect(conn)
    return [table for table in present.sorted_tables if table.name != VERSION_TABLE]


def _value(column: Column[Any], n: int) -> Any:
    if isinstance(column.type, Boolean):
        return n % 2 == 0
    if isinstance(column.type, Integer):
        return n
    if isinstance(column.type, LargeBinary):
        return bytes([0, n, 255])
    return str(n)
