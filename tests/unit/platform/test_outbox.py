"""Outbox: what was put down with a fact is delivered, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import MetaData

from renkei.platform.audit_store import audited, define_audit_table
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database
from renkei.platform.errors import JsonMalformed, PeerUnreachable
from renkei.platform.outbox import (
    Dispatcher,
    OutboxMessage,
    Patience,
    define_outbox_table,
    put,
    put_many,
    unpark,
    waiting,
)

metadata = MetaData()
outbox = define_outbox_table(metadata)
audit_table = define_audit_table(metadata)
CLOCK = SystemClock()
HASTY = Patience(
    first=timedelta(milliseconds=4), longest=timedelta(milliseconds=20), lease=timedelta(milliseconds=150), faults_max=3
)


@pytest.fixture
def db(open_database) -> Database:
    return open_database(metadata)


def send(db: Database, destination: str, *bodies: str) -> None:
    with db.writing() as conn:
        put_many(conn, outbox, [(destination, "note", body.encode()) for body in bodies], now=CLOCK.now())


def run(
    db: Database, deliver, until: Callable[[], bool], *, during: Callable[[], Awaitable[None]] | None = None
) -> None:
    async def main() -> None:
        dispatcher = Dispatcher(db, outbox, deliver, clock=CLOCK, audit_table=audit_table, patience=HASTY)
        task = asyncio.create_task(dispatcher.run())
        if during:
            await during()
        async with asyncio.timeout(10):
            while not until():
                await asyncio.sleep(0.002)
        await dispatcher.stop()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def left(db: Database, *, parked: bool = False) -> int:
    return db.read_now(lambda conn: waiting(conn, outbox, parked=parked))


class Recorder:
    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []

    async def __call__(self, message: OutboxMessage) -> None:
        await asyncio.sleep(0)
        self.got.append((message.destination, message.body.decode()))


def test_messages_arrive_in_order_per_destination(db: Database) -> None:
    send(db, "a", "1", "2", "3")
    send(db, "b", "4")
    send(db, "a", "5")
    recorder = Recorder()
    run(db, recorder, lambda: left(db) == 0)
    assert [body for name, body in recorder.got if name == "a"] == ["1", "2", "3", "5"]
    assert ("b", "4") in recorder.got


def test_a_message_put_while_running_wakes_the_dispatcher(db: Database) -> None:
    recorder = Recorder()

    async def during() -> None:
        await asyncio.sleep(0.05)
        await db.write(lambda conn: put(conn, outbox, destination="a", kind="note", body=b"x", now=CLOCK.now()))

    run(db, recorder, lambda: recorder.got == [("a", "x")], during=during)


def test_an_undone_transaction_sends_nothing(db: Database) -> None:
    recorder = Recorder()

    def work(conn) -> None:
        put(conn, outbox, destination="a", kind="note", body=b"never", now=CLOCK.now())
        raise LookupError

    async def during() -> None:
        with pytest.raises(LookupError):
            await db.write(work)
        await asyncio.sleep(0.05)

    run(db, recorder, lambda: True, during=during)
    assert recorder.got == []


def test_an_unreachable_peer_is_tried_again_and_order_is_kept(db: Database) -> None:
    send(db, "a", "1", "2")
    send(db, "b", "3")
    got: list[str] = []
    failures = 0

    async def deliver(message: OutboxMessage) -> None:
        nonlocal failures
        if message.body == b"1" and failures < 4:
            failures += 1
            raise PeerUnreachable(authority="a")
        got.append(message.body.decode())

    run(db, deliver, lambda: left(db) == 0)
    assert failures == 4
    assert got == ["3", "1", "2"]


def test_what_the_peer_calls_wrong_is_parked_with_an_audit_event(db: Database) -> None:
    send(db, "a", "bad", "good")
    recorder = Recorder()

    async def deliver(message: OutboxMessage) -> None:
        if message.body == b"bad":
            raise JsonMalformed
        await recorder(message)

    run(db, deliver, lambda: left(db) == 0)
    assert recorder.got == [("a", "good")]
    assert left(db, parked=True) == 1
    events = db.read_now(lambda conn: audited(conn, audit_table, name="outbox.message_parked"))
    assert [(e.fields["destination"], e.fields["code"]) for e in events] == [("a", "json_malformed")]
    with db.writing() as conn:
        unpark(conn, outbox, events[0].fields["number"], now=CLOCK.now())
    run(db, recorder, lambda: left(db) == 0)
    assert recorder.got[-1] == ("a", "bad")


def test_an_unforeseen_fault_is_parked_after_a_few_attempts(db: Database) -> None:
    send(db, "a", "1")
    attempts = 0

    async def deliver(_message: OutboxMessage) -> None:
        nonlocal attempts
        attempts += 1
        raise ZeroDivisionError

    run(db, deliver, lambda: left(db, parked=True) == 1)
    assert attempts == HASTY.faults_max


def test_what_was_cut_off_is_delivered_by_the_next_run(db: Database, open_database) -> None:
    send(db, "a", "1", "2")
    begun = 0

    async def hang(_message: OutboxMessage) -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(60)

    async def cut_off() -> None:
        dispatcher = Dispatcher(db, outbox, hang, clock=CLOCK, patience=HASTY)
        task = asyncio.create_task(dispatcher.run())
        while not begun:
            await asyncio.sleep(0.002)
        await dispatcher.stop(grace_s=0.01)
        await asyncio.wait_for(task, 5)

    asyncio.run(cut_off())
    db.close()
    again = open_database(metadata)
    recorder = Recorder()
    run(again, recorder, lambda: left(again) == 0)
    assert recorder.got == [("a", "1"), ("a", "2")]


def test_two_dispatchers_do_not_deliver_the_same_message_at_once(db: Database, open_database) -> None:
    send(db, "a", *map(str, range(30)))
    other_db = open_database(metadata)
    recorder = Recorder()

    async def main() -> None:
        pair = [Dispatcher(d, outbox, recorder, clock=CLOCK, patience=HASTY) for d in (db, other_db)]
        tasks = [asyncio.create_task(one.run()) for one in pair]
        async with asyncio.timeout(10):
            while left(db):
                await asyncio.sleep(0.005)
        for one in pair:
            await one.stop()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert recorder.got == [("a", str(n)) for n in range(30)]


def test_waits_grow_to_their_cap() -> None:
    patience = Patience(first=timedelta(seconds=1), longest=timedelta(seconds=60))
    assert timedelta(seconds=0.5) <= patience.after(1) <= timedelta(seconds=1)
    assert timedelta(seconds=4) <= patience.after(4) <= timedelta(seconds=8)
    assert timedelta(seconds=30) <= patience.after(1000) <= timedelta(seconds=60)
