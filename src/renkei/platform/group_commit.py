"""Group commit: many callers' works, one transaction, one flush to disk, then every answer at once.

One writer thread per database takes whatever is queued, runs each work in its own savepoint inside one transaction and
commits once. Works that arrive while a commit runs form the next group, so no artificial wait is needed.
A work's result leaves only after COMMIT returned.

A work of a few rows on a local file is over before a thread has woken up. Works that say so (`brief`) are gathered for
one turn of the event loop and committed in its own thread, as long as the database is idle and its recent commits were
quick; a disk that turns slow sends them back to the writer thread, so that it never stops the loop for more than one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from renkei.platform.errors import StoreFailed

Work = Callable[[Connection], Any]
BRIEF_MAX = 32  # works in one turn of the loop; more than these are no longer brief together
QUICK_S = 0.003  # a commit that takes longer is not waited for in the event loop
FORGIVEN_AFTER_S = 1.0  # after a slow one, the writer thread is used for so long
GROUP_MAX = 1024  # bounds the latency of the first caller of a group, and the size of one transaction


class Writer(Protocol):
    """What the group committer needs of a database: one exclusive transaction, durable at a clean exit."""

    @property
    def quick(self) -> bool:
        """Whether a commit is a write to a local file, and nobody is writing now."""

    def writing(self) -> AbstractContextManager[Connection]: ...


@dataclass(slots=True, eq=False)
class Job:
    """One queued work and the future that waits for it, in the event loop that asked."""

    work: Work
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Figures:
    """Counts since the start: works done and transactions used for them."""

    works: int = 0
    groups: int = 0
    largest: int = field(default=0)


class GroupCommitter:
    """The writer thread of one database. It starts with the first work and drains its queue at `close`."""

    def __init__(self, writer: Writer, *, name: str) -> None:
        self._writer = writer
        self._name = name
        self._queue: deque[Job] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._soon: list[Job] = []  # brief works of this turn of the loop
        self._slow_until = 0.0
        self.figures = Figures()

    async def submit(self, work: Work, *, brief: bool = False) -> Any:
        """Queue `work` and wait until the transaction that holds it is durable.

        A caller that is cancelled before its work began takes the work back; after that the work is committed all
        the same and only the answer is dropped.

        Args:
            brief: the work touches a few indexed rows and nothing else.

        Raises:
            StoreFailed: the transaction could not be committed, or the database is closed.
            Exception: whatever `work` raised; its changes, and only its, are undone.
        """
        loop = asyncio.get_running_loop()
        job = Job(work, loop, loop.create_future())
        if brief and self._may_gather(loop):
            self._soon.append(job)
            if len(self._soon) == 1:
                loop.call_soon(self._commit_soon)
        else:
            self._enqueue([job])
        return await job.future

    def _may_gather(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Brief works are gathered for one event loop at a time; the list is touched by that loop's thread alone."""
        return self._writer.quick and (not self._soon or self._soon[0].loop is loop)

    def _commit_soon(self) -> None:
        """Commit what was gathered, here and now where that is quick, else in the writer thread."""
        group, self._soon = self._soon, []
        group = [job for job in group if not job.future.cancelled()]
        busy = self._queue or not self._writer.quick or time.monotonic() < self._slow_until
        if self._closing or busy or len(group) > BRIEF_MAX:
            try:
                self._enqueue(group)
            except StoreFailed as error:
                for job in group:
                    job.error = error
                _resolve(group)
            return
        if group:
            started = time.monotonic()
            self._commit(group)
            ended = time.monotonic()
            if ended - started > QUICK_S * max(1, len(group) // 4):
                self._slow_until = ended + FORGIVEN_AFTER_S
            _resolve(group)

    def _enqueue(self, jobs: list[Job]) -> None:
        with self._wake:
            if self._closing:
                raise StoreFailed(private="the database is closed")
            self._queue.extend(jobs)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"writer-{self._name}", daemon=True)
                self._thread.start()
            elif len(self._queue) == len(jobs):
                self._wake.notify()

    def close(self) -> None:
        """Finish everything queued, then end the thread. Later works are refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue:
                    if self._closing:
                        return
                    self._wake.wait()
                group = [self._queue.popleft() for _ in range(min(len(self._queue), GROUP_MAX))]
            group = [job for job in group if not job.future.cancelled()]
            if group:
                self._commit(group)
                _answer(group)

    def _commit(self, group: list[Job]) -> None:
        self.figures.works += len(group)
        self.figures.groups += 1
        self.figures.largest = max(self.figures.largest, len(group))
        try:
            if len(group) == 1:
                self._alone(group[0])
            else:
                self._together(group)
        except BaseException as failure:  # noqa: BLE001  # whatever it is, it must not end the only writer thread
            for job in group:
                job.error = job.error or _as_store_failure(failure)

    def _alone(self, job: Job) -> None:
        try:
            with self._writer.writing() as conn:
                job.result = self._perform(job, conn)
        except _WorkFailed:
            return  # the rollback of the whole transaction undid exactly this work

    def _together(self, group: list[Job]) -> None:
        with self._writer.writing() as conn:
            # One message moves PostgreSQL's savepoint on: each costs a round trip. The driver of SQLite takes one
            # statement at a time, and there they cost nothing.
            on_sqlite = conn.dialect.name == "sqlite"
            move_on = ["RELEASE work", "SAVEPOINT work"] if on_sqlite else ["RELEASE work; SAVEPOINT work"]
            conn.exec_driver_sql("SAVEPOINT work")
            for job in group:
                try:
                    job.result = self._perform(job, conn)
                except _WorkFailed:
                    conn.exec_driver_sql("ROLLBACK TO work")
                else:
                    for statement in move_on:
                        conn.exec_driver_sql(statement)

    def _perform(self, job: Job, conn: Connection) -> Any:
        transaction = conn.get_transaction()
        try:
            result = job.work(conn)
        except BaseException as error:
            job.error = _as_store_failure(error) if isinstance(error, DBAPIError) and not _is_rule(error) else error
            raise _WorkFailed from error
        finally:
            if conn.get_transaction() is not transaction or transaction is None or not transaction.is_active:
                raise StoreFailed(private="a work ended the transaction that it shares with others")
        return result


class _WorkFailed(Exception):
    """One work raised; carries control back to the savepoint, never out of this module."""


def _is_rule(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError)  # a caller may have an answer to a broken uniqueness rule


def _as_store_failure(failure: BaseException) -> StoreFailed:
    if isinstance(failure, StoreFailed):
        return failure
    error = StoreFailed(private=type(failure).__name__)
    error.__cause__ = failure
    return error


def _answer(group: list[Job]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = defaultdict(list)
    for job in group:
        by_loop[job.loop].append(job)
    for loop, jobs in by_loop.items():
        # RuntimeError: that loop is closed, nobody is left to hear; what was committed stays committed.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        elif isinstance(job.error, Exception) and not isinstance(job.error, StopIteration):
            job.future.set_exception(job.error)
        else:
            job.future.set_exception(_as_store_failure(job.error))  # a future cannot carry these
