"""Group commit: one flush for many, and every caller hears the truth about their own work only."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from renkei.platform.database import Database
from renkei.platform.errors import StoreFailed

metadata = MetaData()
thing = Table("thing", metadata, Column("id", BigInteger, primary_key=True))


@pytest.fixture
def db(open_database) -> Database:
    return open_database(metadata)


def put(number: int):
    def work(conn: Connection) -> int:
        conn.execute(insert(thing).values(id=number))
        return number

    return work


def ids(conn: Connection) -> set[int]:
    return set(conn.execute(select(thing.c.id)).scalars())


def test_many_writes_share_few_commits_and_get_their_own_results(db: Database) -> None:
    async def run() -> list[int]:
        return await asyncio.gather(*(db.write(put(n)) for n in range(200)))

    assert asyncio.run(run()) == list(range(200))
    assert db.read_now(ids) == set(range(200))
    assert db.figures.works == 200
    assert db.figures.groups < 50


def test_a_failing_work_undoes_only_itself(db: Database) -> None:
    class Odd(Exception):
        pass

    def half(number: int):
        def work(conn: Connection) -> None:
            conn.execute(insert(thing).values(id=number))
            raise Odd

        return work

    async def run() -> list[object]:
        works = [half(n) if n % 3 == 0 else put(n) for n in range(60)]
        return await asyncio.gather(*(db.write(w) for w in works), return_exceptions=True)

    answers = asyncio.run(run())
    assert all(isinstance(a, Odd) if n % 3 == 0 else a == n for n, a in enumerate(answers))
    assert db.read_now(ids) == {n for n in range(60) if n % 3}


def test_a_broken_rule_reaches_only_its_caller(db: Database) -> None:
    async def run() -> list[object]:
        return await asyncio.gather(*(db.write(put(n % 20)) for n in range(40)), return_exceptions=True)

    answers = asyncio.run(run())
    assert sum(isinstance(a, IntegrityError) for a in answers) == 20
    assert db.read_now(ids) == set(range(20))


def test_when_commit_fails_nobody_is_told_yes(db: Database) -> None:
    def no_disk(_conn: Connection) -> None:
        raise OSError("disk full")

    db.before_commit(no_disk)

    async def run() -> list[object]:
        return await asyncio.gather(*(db.write(put(n)) for n in range(30)), return_exceptions=True)

    assert all(isinstance(a, StoreFailed) for a in asyncio.run(run()))
    db._before_commit.clear()
    assert db.read_now(ids) == set()
    assert asyncio.run(db.write(put(1))) == 1


def test_a_work_that_ends_the_shared_transaction_fails_the_group(db: Database) -> None:
    async def run() -> list[object]:
        return await asyncio.gather(
            *(db.write(w) for w in (put(1), lambda conn: conn.commit(), put(2))), return_exceptions=True
        )

    answers = asyncio.run(run())
    assert any(isinstance(a, StoreFailed) for a in answers)
    assert asyncio.run(db.write(put(9))) == 9


def test_a_caller_that_left_before_its_turn_takes_its_work_back(db: Database) -> None:
    async def run() -> None:
        blocked, go = threading.Event(), threading.Event()

        def wait(_conn: Connection) -> None:
            blocked.set()
            go.wait()

        first = asyncio.create_task(db.write(wait))
        await asyncio.to_thread(blocked.wait)
        second = asyncio.create_task(db.write(put(2)))
        third = asyncio.create_task(db.write(put(3)))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        go.set()
        await first
        assert await third == 3

    asyncio.run(run())
    assert db.read_now(ids) == {3}


def test_several_event_loops_write_at_once(db: Database) -> None:
    async def run(start: int) -> list[int]:
        return await asyncio.gather(*(db.write(put(start + n)) for n in range(50)))

    threads = [threading.Thread(target=lambda s=s: asyncio.run(run(s))) for s in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(db.read_now(ids)) == 150


def test_a_loop_that_closed_does_not_stop_the_writer(db: Database) -> None:
    blocked, go = threading.Event(), threading.Event()

    def wait(conn: Connection) -> None:
        blocked.set()
        go.wait()
        conn.execute(insert(thing).values(id=1))

    loop = asyncio.new_event_loop()
    task = loop.create_task(db.write(wait))
    loop.run_until_complete(asyncio.sleep(0))
    blocked.wait()
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    go.set()
    assert asyncio.run(db.write(put(2))) == 2
    assert db.read_now(ids) == {1, 2}


def test_close_finishes_what_was_queued_and_refuses_the_rest(db: Database, open_database) -> None:
    async def run() -> None:
        writes = [asyncio.create_task(db.write(put(n))) for n in range(30)]
        await asyncio.sleep(0)
        await asyncio.to_thread(db.close)
        assert await asyncio.gather(*writes) == list(range(30))
        with pytest.raises(StoreFailed):
            await db.write(put(99))

    asyncio.run(run())
    assert open_database(metadata).read_now(ids) == set(range(30))


def test_stop_iteration_does_not_hang_its_caller(db: Database) -> None:
    def work(_conn: Connection) -> None:
        raise StopIteration

    with pytest.raises(StoreFailed):
        asyncio.run(asyncio.wait_for(db.write(work), 5))


def test_writing_blocks_and_group_commit_exclude_each_other(db: Database) -> None:
    async def run() -> None:
        def add(conn: Connection) -> None:
            conn.execute(insert(thing).values(id=conn.execute(select(func.count()).select_from(thing)).scalar_one()))

        def block() -> None:
            with db.writing() as conn:
                add(conn)

        await asyncio.gather(*(asyncio.to_thread(block) for _ in range(20)), *(db.write(add) for _ in range(20)))

    asyncio.run(run())
    assert len(db.read_now(ids)) == 40
