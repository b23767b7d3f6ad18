"""Many rows in one go, by the fast path of each database.

SQLite gets statements of many VALUES: the driver hands the interpreter lock away at every statement step, so with one
statement per row a busy event loop can slow a write a hundredfold. PostgreSQL gets COPY: straight into the table, or
into a temporary table of the connection where rows must be compared with those that are there.

Values go to the driver as they are: int, str, bytes, bool, float, None.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

Rows = Sequence[Sequence[Any]]

_SIZES = (64, 16, 4, 2, 1)  # rows per SQLite statement; few sizes, so that the driver's statement cache knows them all
_STAGED_FROM = 20  # rows from which COPY is faster than one statement of PostgreSQL with all values
_VARIABLES_MAX = 32_766  # SQLite's limit of variables per statement
_KEY_SIZES = (1, 8, 64, 512, 4096)  # keys per query of a Lookup on SQLite
_KEYS_MAX = _KEY_SIZES[-1]
_sqlite = sqlite.dialect(paramstyle="qmark")  # compiles look-ups only
_postgres = postgresql.dialect()  # type: ignore[no-untyped-call]  # compiles type names only


def insert_many(
    conn: Connection, table: Table, columns: Sequence[str], rows: Rows, *, ignore_conflicts: bool = False
) -> int:
    """Insert `rows`, whose values stand in the order of `columns`.

    Args:
        ignore_conflicts: leave out a row that breaks a uniqueness rule instead of raising.

    Returns:
        How many rows were inserted.

    Raises:
        sqlalchemy.exc.IntegrityError: a row breaks a rule of the table.
    """
    if not rows:
        return 0
    on_conflict = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    if conn.dialect.name == "sqlite":
        return _sqlite_values(conn, f"INSERT INTO {_names(table, columns)} VALUES ", on_conflict, rows)
    if not ignore_conflicts and len(rows) >= _STAGED_FROM:
        return _copy(conn, _names(table, columns), rows)
    return _from_rows(conn, table, columns, rows, f"INSERT INTO {_names(table, columns)} SELECT * FROM ", on_conflict)


def upsert_many(
    conn: Connection, table: Table, key_columns: Sequence[str], value_columns: Sequence[str], rows: Rows
) -> int:
    """Insert `rows`, or replace the values of those whose key is there. No key may occur twice in `rows`.

    Args:
        key_columns: columns of a uniqueness rule; first in each row, then those of `value_columns`.

    Returns:
        How many rows were inserted or replaced.
    """
    if not rows:
        return 0
    columns = (*key_columns, *value_columns)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in value_columns)
    tail = f" ON CONFLICT ({_list(key_columns)}) DO UPDATE SET {changes}"
    if conn.dialect.name == "sqlite":
        return _sqlite_values(conn, f"INSERT INTO {_names(table, columns)} VALUES ", tail, rows)
    return _from_rows(conn, table, columns, rows, f"INSERT INTO {_names(table, columns)} SELECT * FROM ", tail)


def update_many(
    conn: Connection, table: Table, key_columns: Sequence[str], value_columns: Sequence[str], rows: Rows
) -> int:
    """Set `value_columns` of the row with each key; a key that is not there changes nothing.

    Args:
        key_columns: first in each row, then the new values in the order of `value_columns`.

    Returns:
        How many rows were changed.
    """
    if not rows:
        return 0
    columns = (*key_columns, *value_columns)
    on_sqlite = conn.dialect.name == "sqlite"
    given = [f"column{n}" if on_sqlite else f'"{name}"' for n, name in enumerate(columns, 1)]
    changes = ", ".join(
        f'"{name}" = given.{source}' for name, source in zip(value_columns, given[len(key_columns) :], strict=True)
    )
    same = " AND ".join(
        f'"{table.name}"."{name}" = given.{source}' for name, source in zip(key_columns, given, strict=False)
    )
    head = f'UPDATE "{table.name}" SET {changes} FROM '
    if on_sqlite:
        return _sqlite_values(conn, f"{head}(VALUES ", f") AS given WHERE {same}", rows)
    return _from_rows(conn, table, columns, rows, head, f" WHERE {same}")


def select_in(
    conn: Connection, statement: Select[Any], column: ColumnElement[Any], values: Iterable[Any], *, chunk: int = 1000
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Rows of `statement` whose `column` is one of `values`, in no particular order.

    Args:
        chunk: values per query; equal chunks share one compiled statement.
    """
    wanted = list(values)
    for start in range(0, len(wanted), chunk):
        part = wanted[start : start + chunk]
        yield from conn.execute(statement.where(column.in_(part))).all()


class Lookup:
    """A query by many keys, prepared once, whose rows come back as plain tuples as the driver gives them.

    For hot paths: SQLAlchemy's own `IN` and rows cost several times what SQLite itself does. A boolean is 0 or 1 on
    SQLite, False or True on PostgreSQL.

    Args:
        statement: a select; other conditions in it may hold named bind parameters.
        column: what the keys are values of.
    """

    def __init__(self, statement: Select[Any], column: ColumnElement[Any]) -> None:
        self._statement = statement
        self._column = column
        compiled = statement.where(column.in_(text("KEYS"))).compile(dialect=_sqlite)
        self._head, _, self._tail = str(compiled).partition("KEYS")
        self._names = tuple(compiled.positiontup or ())
        self._own = dict(compiled.params)

    def __call__(self, conn: Connection, keys: Iterable[Any], **given: Any) -> list[tuple[Any, ...]]:
        """Rows in no particular order.

        Args:
            keys: may hold duplicates; a row is then found once or more often.
            given: values of the statement's named parameters.
        """
        wanted = list(keys)
        if conn.dialect.name != "sqlite":
            found = select_in(conn, self._statement.params(given), self._column, wanted)
            return [tuple(row) for row in found]
        values = {**self._own, **given}
        first = [values[name] for name in self._names]
        raw = _driver(conn)
        rows: list[tuple[Any, ...]] = []
        try:
            for part in _parts(wanted):
                marks = ", ".join("?" * len(part))
                rows += raw.execute(f"{self._head}{marks}{self._tail}", first + part).fetchall()
        except sqlite3.Error as error:
            raise _as_sqlalchemy(conn, error, sqlite3.Error) from error
        return rows


class Prepared:
    """A query prepared once, whose rows come back as plain tuples as the driver gives them; see `Lookup`.

    Args:
        statement: a select with named bind parameters.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        compiled = statement.compile(dialect=_sqlite)
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._own = dict(compiled.params)

    def __call__(self, conn: Connection, **given: Any) -> list[tuple[Any, ...]]:
        """Rows in the order of the statement; `given` holds the values of its named parameters."""
        if conn.dialect.name != "sqlite":
            return [tuple(row) for row in conn.execute(self._statement, given)]
        values = {**self._own, **given}
        try:
            return _driver(conn).execute(self._sql, [values[name] for name in self._names]).fetchall()
        except sqlite3.Error as error:
            raise _as_sqlalchemy(conn, error, sqlite3.Error) from error


def _driver(conn: Connection) -> sqlite3.Connection:
    """SQLite's own connection: past SQLAlchemy a statement of a few rows costs a tenth. Its errors come out as ever."""
    found: Any = conn.connection.driver_connection
    return cast("sqlite3.Connection", found)


def _parts(keys: list[Any]) -> Iterator[list[Any]]:
    """Keys in parts of few sizes, which the driver's statement cache knows; the last part repeats its last key."""
    at = 0
    while at < len(keys):
        part = keys[at : at + _KEYS_MAX]
        size = next(size for size in _KEY_SIZES if size >= len(part))
        yield part + part[-1:] * (size - len(part))
        at += len(part)


def _list(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _names(table: Table, columns: Sequence[str]) -> str:
    return f'"{table.name}" ({_list(columns)})'


def _sqlite_values(conn: Connection, head: str, tail: str, rows: Rows) -> int:
    width = len(rows[0])
    one = "(" + ", ".join("?" * width) + ")"
    changed = at = 0
    raw = _driver(conn)
    try:
        for size in _SIZES:
            if size * width > _VARIABLES_MAX or len(rows) - at < size:
                continue
            statement = head + ", ".join([one] * size) + tail
            while len(rows) - at >= size:
                values = tuple(chain.from_iterable(rows[at : at + size]))
                changed += raw.execute(statement, values).rowcount
                at += size
    except sqlite3.Error as error:
        raise _as_sqlalchemy(conn, error, sqlite3.Error) from error
    return changed


def _copy(conn: Connection, target: str, rows: Rows) -> int:
    cursor: Any = conn.connection.cursor()
    base: type[Exception] = conn.dialect.loaded_dbapi.Error
    try:
        with cursor.copy(f"COPY {target} FROM STDIN") as copy:
            write = copy.write_row
            for row in rows:
                write(row)
        return int(cursor.rowcount)
    except base as error:
        raise _as_sqlalchemy(conn, error, base) from error
    finally:
        cursor.close()


def _as_sqlalchemy(conn: Connection, error: Exception, base: type[Exception]) -> BaseException:
    # Some statements go past SQLAlchemy, their errors should not: callers know only one family.
    return DBAPIError.instance("bulk", None, error, base, hide_parameters=True, dialect=conn.dialect)


def _from_rows(conn: Connection, table: Table, columns: Sequence[str], rows: Rows, head: str, tail: str) -> int:
    """Run `head SOURCE tail`, where SOURCE gives `rows` as a relation with the names and types of `columns`."""
    if len(rows) < _STAGED_FROM:
        one = "(" + ", ".join(f"%s::{kind}" for kind in _kinds(table, tuple(columns))) + ")"
        source = f"(VALUES {', '.join([one] * len(rows))}) AS given({_list(columns)})"
        return conn.exec_driver_sql(head + source + tail, tuple(chain.from_iterable(rows))).rowcount
    digest = hashlib.sha256(f"{table.name} {_list(columns)}".encode()).hexdigest()[:16]
    staged = f'"staged_{digest}"'
    # Created at most once per connection, as creating costs more than copying; the rows end with the transaction.
    conn.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS AS"
        f' SELECT {_list(columns)} FROM "{table.name}" WITH NO DATA'
    )
    _copy(conn, f"{staged} ({_list(columns)})", rows)
    changed = conn.exec_driver_sql(f"{head}{staged} AS given{tail}").rowcount
    conn.exec_driver_sql(f"DELETE FROM {staged}")  # another work may stage rows in this same transaction
    return changed


@lru_cache(maxsize=512)
def _kinds(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_kind(table.c[name]) for name in columns)


def _kind(column: Column[Any]) -> str:
    return str(column.type.compile(dialect=_postgres))
