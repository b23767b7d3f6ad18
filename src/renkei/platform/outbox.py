"""Transactional outbox: a message is put down in the transaction that causes it and delivered afterwards.

Delivery is at least once, in order per destination, and survives restarts: a message leaves the table only when
`deliver` returned. A failure of ours or of the network is tried again, ever more slowly and without end; what the
other party calls wrong or refuses would be so again, so it is parked for a person to look at and the next one goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    delete,
    false,
    func,
    select,
    true,
    update,
)

from renkei.base.audit import AuditEvent
from renkei.base.errors import Failed, RenkeiError
from renkei.base.time import Instant, to_ms
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.logging import get_logger

_PUT = "renkei_outbox_put"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParked(AuditEvent):
    """A message of the outbox will not be delivered until a person looks at it."""

    name: ClassVar[str] = "outbox.message_parked"
    number: int
    destination: str
    kind: str
    code: str
    attempts: int


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message as put down; `number` is a good request id for its delivery, as it never changes."""

    number: int
    destination: str
    kind: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between attempts, and when to give up on what fails for no known reason.

    Attributes:
        first: wait after the first failure; doubled each time, each wait drawn from its upper half.
        longest: the cap.
        lease: after this, a message that another process took and did not settle is taken again.
        faults_max: attempts that may end in an exception that is none of ours before the message is parked.
    """

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=5)
    lease: timedelta = timedelta(minutes=2)
    faults_max: int = 8

    def after(self, attempts: int) -> timedelta:
        """Wait after `attempts` failures."""
        full = min(self.longest, self.first * 2 ** min(attempts - 1, 30))
        return timedelta(seconds=full.total_seconds() * random.uniform(0.5, 1.0))  # spreads load, hides nothing


def define_outbox_table(metadata: MetaData) -> Table:
    """Add the outbox to a room's metadata."""
    return Table(
        "outbox_message",
        metadata,
        # SQLite numbers only a column of its own INTEGER type, and reuses numbers unless told otherwise.
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("destination", String(120), nullable=False),
        Column("kind", String(60), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("put_ms", BigInteger, nullable=False),
        Column("due_ms", BigInteger, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("parked", Boolean, nullable=False, server_default=false()),
        Column("last_code", String(60), nullable=False, server_default=""),
        Index("outbox_next", "parked", "destination", "number"),
        sqlite_autoincrement=True,
    )


def put(conn: Connection, table: Table, *, destination: str, kind: str, body: bytes, now: Instant) -> None:
    """Put a message down in the caller's transaction.

    Args:
        destination: messages to one destination are delivered in the order of their transactions.
        kind: tells `deliver` what to do with the body.
    """
    put_many(conn, table, [(destination, kind, body)], now=now)


def put_many(conn: Connection, table: Table, messages: list[tuple[str, str, bytes]], *, now: Instant) -> None:
    """Put (destination, kind, body) messages down in the caller's transaction, in order."""
    at_ms = to_ms(now)
    rows = [(*message, at_ms, at_ms) for message in messages]
    insert_many(conn, table, ["destination", "kind", "body", "put_ms", "due_ms"], rows)
    conn.info[_PUT] = True


def waiting(conn: Connection, table: Table, *, parked: bool = False) -> int:
    """How many messages wait, or lie parked."""
    query = select(func.count()).select_from(table).where(table.c.parked == parked)
    return conn.execute(query).scalar_one()


def unpark(conn: Connection, table: Table, number: int, *, now: Instant) -> None:
    """Let a parked message be tried again, at its old place in the order."""
    changes = {"parked": False, "attempts": 0, "due_ms": to_ms(now)}
    conn.execute(update(table).where(table.c.number == number, table.c.parked == true()).values(changes))
    conn.info[_PUT] = True


class Dispatcher:
    """Delivers the messages of one database's outbox.

    Args:
        db: where the outbox lies.
        table: from `define_outbox_table`.
        deliver: sends one message and returns when the other side has it; may be called again for the same one.
        clock: judges what is due.
        audit_table: where parking a message is kept as an audit event; None keeps none.
        patience: waits and limits.
        parallel_max: destinations served at once.
    """

    def __init__(
        self,
        db: Database,
        table: Table,
        deliver: Callable[[OutboxMessage], Awaitable[None]],
        *,
        clock: Clock,
        audit_table: Table | None = None,
        patience: Patience = Patience(),
        parallel_max: int = 8,
    ) -> None:
        self._db = db
        self._table = table
        self._deliver = deliver
        self._clock = clock
        self._audit_table = audit_table
        self._patience = patience
        self._slots = asyncio.Semaphore(parallel_max)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._put_seen = False
        self._log = get_logger("outbox")
        db.before_commit(self._look_for_puts)
        db.after_commit(self._wake_after_put)

    async def run(self) -> None:
        """Deliver until `stop` is called."""
        self._loop = asyncio.get_running_loop()
        while not self._stopping:
            self._wake.clear()
            pause = await self._start_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
        if self._busy:
            await asyncio.wait(self._busy.values())

    async def stop(self, *, grace_s: float = 5.0) -> None:
        """Start no further delivery, give those under way `grace_s` seconds, then cut them off.

        A delivery that was cut off is made again after its lease: the other side may see it twice.
        """
        self._stopping = True
        self._wake.set()
        if self._busy:
            _, late = await asyncio.wait(self._busy.values(), timeout=grace_s)
            for task in late:
                task.cancel()

    async def _start_due(self) -> float | None:
        """Start a task for each destination whose turn it is; seconds until the next turn, None without any."""
        now_ms = to_ms(self._clock.now())
        next_ms: int | None = None
        for destination, due_ms in await self._db.read(self._heads):
            if destination in self._busy:
                continue
            if due_ms <= now_ms:
                task = asyncio.create_task(self._serve(destination))
                self._busy[destination] = task
                task.add_done_callback(partial(self._served, destination))
            else:
                next_ms = due_ms if next_ms is None else min(next_ms, due_ms)
        return None if next_ms is None else max(0.01, (next_ms - now_ms) / 1000)

    def _served(self, destination: str, _task: asyncio.Task[None]) -> None:
        del self._busy[destination]
        self._wake.set()

    async def _serve(self, destination: str) -> None:
        """Deliver to one destination until nothing is due there."""
        async with self._slots:
            while not self._stopping:
                message = await self._db.write(lambda conn: self._take(conn, destination))
                if message is None:
                    return
                failure = await self._attempt(message)
                await self._db.write(partial(self._settle, message=message, failure=failure))

    async def _attempt(self, message: OutboxMessage) -> Exception | None:
        try:
            await self._deliver(message)
        except Exception as failure:  # noqa: BLE001  # whatever a delivery raises is recorded with its message
            return failure
        return None

    def _heads(self, conn: Connection) -> list[tuple[str, int]]:
        table = self._table
        firsts = select(func.min(table.c.number)).where(table.c.parked == false()).group_by(table.c.destination)
        query = select(table.c.destination, table.c.due_ms).where(table.c.number.in_(firsts))
        return [(row.destination, row.due_ms) for row in conn.execute(query)]

    def _take(self, conn: Connection, destination: str) -> OutboxMessage | None:
        """The next message of a destination, leased so that no second process delivers it at the same time."""
        table = self._table
        now = self._clock.now()
        open_here = (table.c.parked == false()) & (table.c.destination == destination)
        row: Row[*tuple[Any, ...]] | None = conn.execute(
            select(table).where(open_here).order_by(table.c.number).limit(1)
        ).first()
        if row is None or row.due_ms > to_ms(now):
            return None
        unchanged = (table.c.number == row.number) & (table.c.due_ms == row.due_ms)
        lease = {"due_ms": to_ms(now + self._patience.lease), "attempts": row.attempts + 1}
        if conn.execute(update(table).where(unchanged).values(lease)).rowcount != 1:
            return None  # another process was faster
        return OutboxMessage(row.number, row.destination, row.kind, bytes(row.body), row.attempts + 1)

    def _settle(self, conn: Connection, message: OutboxMessage, failure: Exception | None) -> None:
        table = self._table
        this = table.c.number == message.number
        if failure is None:
            conn.execute(delete(table).where(this))
            return
        code = failure.code if isinstance(failure, RenkeiError) else type(failure).__name__
        now = self._clock.now()
        if not self._is_final(message, failure):
            due_ms = to_ms(now + self._patience.after(message.attempts))
            conn.execute(update(table).where(this).values(due_ms=due_ms, last_code=code))
            self._log.info("delivery_failed", destination=message.destination, code=code, attempts=message.attempts)
            return
        conn.execute(update(table).where(this).values(parked=True, last_code=code))
        self._log.error("message_parked", destination=message.destination, code=code, exc_info=failure)
        if self._audit_table is not None:
            parked = MessageParked(
                number=message.number,
                destination=message.destination,
                kind=message.kind,
                code=code,
                attempts=message.attempts,
            )
            audit(conn, self._audit_table, parked, now=now)

    def _is_final(self, message: OutboxMessage, failure: Exception) -> bool:
        if isinstance(failure, RenkeiError):
            return not isinstance(failure, Failed)
        return message.attempts >= self._patience.faults_max

    def _look_for_puts(self, conn: Connection) -> None:
        self._put_seen = bool(conn.info.pop(_PUT, False))

    def _wake_after_put(self) -> None:
        if self._put_seen and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the next run finds the message
                self._loop.call_soon_threadsafe(self._wake.set)
