"""The store: snapshots, exclusive writes, durability and errors, on both databases."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, func, insert, select

from renkei.platform.database import Database
from renkei.platform.errors import StoreFailed

metadata = MetaData()
thing = Table("thing", metadata, Column("id", BigInteger, primary_key=True), Column("word", String(40)))


@pytest.fixture
def db(open_database) -> Database:
    return open_database(metadata)


def count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(thing)).scalar_one()


def test_a_write_is_there_after_reopening(open_database) -> None:
    first = open_database(metadata)
    with first.writing() as conn:
        conn.execute(insert(thing).values(id=1, word="kept"))
    first.close()
    second = open_database(metadata)
    assert second.read_now(lambda conn: conn.execute(select(thing.c.word)).scalar_one()) == "kept"


def test_a_failed_block_leaves_nothing(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as conn:
        conn.execute(insert(thing).values(id=1 + conn.execute(insert(thing).values(id=1)).rowcount // 0))
    assert db.read_now(count) == 0
    with db.writing() as conn:
        conn.execute(insert(thing).values(id=1))
    assert db.read_now(count) == 1


def test_a_reader_sees_one_moment(db: Database) -> None:
    with db.reading() as conn:
        assert count(conn) == 0
        with db.writing() as writer:
            writer.execute(insert(thing).values(id=1))
        assert count(conn) == 0
    assert db.read_now(count) == 1


def test_a_second_store_of_the_same_institution_sees_what_was_written(open_database) -> None:
    one, two = open_database(metadata), open_database(metadata)
    with one.writing() as conn:
        conn.execute(insert(thing).values(id=7))
    assert two.read_now(count) == 1


def test_writers_wait_for_each_other(db: Database) -> None:
    def add_one() -> None:
        for _ in range(20):
            with db.writing() as conn:
                conn.execute(insert(thing).values(id=count(conn)))  # fails on a duplicate when two writers overlap

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.read_now(count) == 80


def test_writing_inside_writing_is_refused_not_waited_for(db: Database) -> None:
    with db.writing(), pytest.raises(RuntimeError), db.writing():
        pass


def test_reading_connections_cannot_write(db: Database) -> None:
    with pytest.raises(StoreFailed), db.reading() as conn:
        conn.execute(insert(thing).values(id=1))
    assert db.read_now(count) == 0


def test_a_broken_query_is_a_store_failure_and_the_store_lives_on(db: Database) -> None:
    for block in (db.reading, db.writing):
        with pytest.raises(StoreFailed), block() as conn:
            conn.exec_driver_sql("SELECT nothing FROM nowhere")
    assert db.read_now(count) == 0


def test_the_message_of_a_store_failure_names_no_value(db: Database) -> None:
    with pytest.raises(StoreFailed) as caught, db.writing() as conn:
        conn.exec_driver_sql("INSERT INTO nowhere VALUES ('山田太郎')")
    assert "山田" not in str(caught.value) + caught.value.private


async def _reads(db: Database) -> list[int]:
    return await asyncio.gather(*(db.read(count) for _ in range(12)))


def test_reads_run_in_threads(db: Database) -> None:
    assert asyncio.run(_reads(db)) == [0] * 12


def test_a_closed_store_refuses(db: Database) -> None:
    db.close()
    db.close()
    with pytest.raises(StoreFailed), db.reading():
        pass
    with pytest.raises(StoreFailed), db.writing():
        pass


def test_hooks_run_around_each_commit(db: Database) -> None:
    seen: list[str] = []

    def before(conn: Connection) -> None:
        conn.execute(insert(thing).values(id=100 + count(conn)))
        seen.append("before")

    db.before_commit(before)
    db.after_commit(lambda: seen.append("after"))
    with db.writing() as conn:
        conn.execute(insert(thing).values(id=1))
    assert seen == ["before", "after"]
    assert db.read_now(count) == 2


def test_a_failing_hook_undoes_the_transaction(db: Database) -> None:
    def refuse(_conn: Connection) -> None:
        raise LookupError("no key")

    db.before_commit(refuse)
    with pytest.raises(LookupError), db.writing() as conn:
        conn.execute(insert(thing).values(id=1))
    assert db.read_now(count) == 0


def test_memory_store_for_simulations() -> None:
    with Database.open("sqlite://", metadata=metadata) as db:
        asyncio.run(db.write(lambda conn: conn.execute(insert(thing).values(id=1)) and None))
        assert asyncio.run(db.read(count)) == 1
        assert threading.active_count() == threading.active_count()


def test_files_are_for_the_owner_only(tmp_path) -> None:
    with Database.open(f"sqlite:///{tmp_path}/a.db", metadata=metadata):
        assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}
