"""Bulk statements mean the same on both databases, at every size around the chunk limits."""

from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, String, Table, Text, select
from sqlalchemy.exc import IntegrityError

from renkei.platform.bulk import insert_many, select_in, update_many, upsert_many
from renkei.platform.database import Database

metadata = MetaData()
record = Table(
    "record",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("code", LargeBinary),
    Column("word", String(40), nullable=False),
    Column("note", Text),
    Column("count", Integer),
    Column("open", Boolean),
    Column("at_ms", BigInteger),
)
COLUMNS = [column.name for column in record.c]
SIZES = [0, 1, 7, 8, 63, 64, 65, 99, 100, 137, 1000]


@pytest.fixture
def db(open_database) -> Database:
    return open_database(metadata)


def rows(size: int, start: int = 0, word: str = "語,\t\\N\n'") -> list[tuple[object, ...]]:
    return [
        (n, bytes([n % 256, 0, 92, 10]), word, None if n % 2 else "", -n, n % 3 == 0, 1_900_000_000_000 + n)
        for n in range(start, start + size)
    ]


def stored(db: Database) -> list[tuple[object, ...]]:
    return db.read_now(lambda conn: [tuple(row) for row in conn.execute(select(record).order_by(record.c.id))])


@pytest.mark.parametrize("size", SIZES)
def test_insert_keeps_every_value(db: Database, size: int) -> None:
    with db.writing() as conn:
        assert insert_many(conn, record, COLUMNS, rows(size)) == size
    assert stored(db) == rows(size)


@pytest.mark.parametrize("size", [1, 150])
def test_insert_raises_on_a_duplicate_and_nothing_stays(db: Database, size: int) -> None:
    with db.writing() as conn:
        insert_many(conn, record, COLUMNS, rows(1))
    with pytest.raises(IntegrityError), db.writing() as conn:
        insert_many(conn, record, COLUMNS, rows(size))
    assert stored(db) == rows(1)


@pytest.mark.parametrize("size", SIZES)
def test_ignoring_conflicts_keeps_the_old_row_and_counts_the_new(db: Database, size: int) -> None:
    with db.writing() as conn:
        insert_many(conn, record, COLUMNS, rows(size // 2, word="old"))
        new = insert_many(conn, record, COLUMNS, rows(size, word="new"), ignore_conflicts=True)
        assert new == size - size // 2
    assert [row[2] for row in stored(db)] == ["old"] * (size // 2) + ["new"] * new


@pytest.mark.parametrize("size", [1, 150])
def test_ignoring_conflicts_still_refuses_a_missing_value(db: Database, size: int) -> None:
    wrong = [(*row[:2], None, *row[3:]) for row in rows(size)]
    with pytest.raises(IntegrityError), db.writing() as conn:
        insert_many(conn, record, COLUMNS, wrong, ignore_conflicts=True)


@pytest.mark.parametrize("size", SIZES)
def test_update_changes_only_the_keys_that_are_there(db: Database, size: int) -> None:
    with db.writing() as conn:
        insert_many(conn, record, COLUMNS, rows(size))
        changes = [(n, "changed", n % 2 == 0) for n in range(size // 2, size + 5)]
        assert update_many(conn, record, ["id"], ["word", "open"], changes) == size - size // 2
    after = stored(db)
    assert [row[2] for row in after[: size // 2]] == [row[2] for row in rows(size // 2)]
    assert all(row[2] == "changed" and row[5] == (row[0] % 2 == 0) for row in after[size // 2 :])


@pytest.mark.parametrize("size", SIZES)
def test_upsert_replaces_and_inserts(db: Database, size: int) -> None:
    with db.writing() as conn:
        insert_many(conn, record, COLUMNS, rows(size // 2, word="old"))
        assert upsert_many(conn, record, ["id"], COLUMNS[1:], rows(size, word="new")) == size
    assert stored(db) == rows(size, word="new")


def test_two_bulk_statements_of_one_transaction_do_not_mix(db: Database) -> None:
    with db.writing() as conn:
        upsert_many(conn, record, ["id"], COLUMNS[1:], rows(150, word="a"))
        upsert_many(conn, record, ["id"], COLUMNS[1:], rows(150, start=150, word="b"))
    assert [row[2] for row in stored(db)] == ["a"] * 150 + ["b"] * 150


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_select_in_finds_exactly_the_wanted(db: Database, chunk: int) -> None:
    with db.writing() as conn:
        insert_many(conn, record, COLUMNS, rows(40))
    with db.reading() as conn:
        found = select_in(conn, select(record.c.id), record.c.code, [r[1] for r in rows(30, start=25)], chunk=chunk)
        assert sorted(row.id for row in found) == list(range(25, 40))
