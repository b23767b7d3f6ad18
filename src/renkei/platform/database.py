"""One institution's own store: an SQLite file or a PostgreSQL schema behind one API (SQLAlchemy Core, no ORM).

Reading takes a snapshot, writing is one exclusive transaction at a time, `write` shares it between callers by group
commit. An answer that depends on a write must leave only after `write` or `writing` returned: then it is durable.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from renkei.platform.errors import StoreFailed
from renkei.platform.group_commit import Figures, GroupCommitter
from renkei.platform.migrations import bring_up_to_date

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]

BUSY_TIMEOUT_MS = 10_000
READERS_KEPT = 4  # idle connections kept per database; more are opened under load and closed after use
READ_THREADS = 4


class Database:
    """A store that one institution alone reads and writes. Open it with `Database.open`.

    Safe to use from several threads and several event loops. A `writing` block must not be entered from inside a
    work or another `writing` block of the same thread; doing so raises RuntimeError instead of waiting for ever.
    """

    def __init__(
        self, engine: Engine, *, dialect: Dialect, schema: str | None, memory: bool, name: str, brief: bool = False
    ) -> None:
        self.dialect: Dialect = dialect
        self._brief = brief and dialect == "sqlite"
        self.schema = schema
        self._engine = engine
        self._memory = memory
        self._writer_engine = engine.execution_options(renkei_writer=True)
        self._reader_engine = (
            engine
            if dialect == "sqlite"
            else engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        self._exclusive = threading.Lock()
        self._owner: int | None = None
        self._writer: Connection | None = None
        self._idle: list[Connection] = []
        self._before_commit: list[Callable[[Connection], None]] = []
        self._after_commit: list[Callable[[], None]] = []
        self._group = GroupCommitter(self, name=name)
        self._threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix=f"reader-{name}")
        self._closed = False

    @classmethod
    def open(
        cls, url: str, *, metadata: MetaData, migrations: str | None = None, schema: str | None = None,
        brief: bool = False,
    ) -> Database:  # fmt: skip
        """Open the store, creating or upgrading its tables.

        Args:
            url: `sqlite:///PATH`, `sqlite://` (memory, for simulations: no threads, nothing kept) or
                `postgresql://...`.
            metadata: the room's tables.
            migrations: dotted name of the package of the room's Alembic revisions; None creates missing tables only.
            schema: PostgreSQL schema of the institution; created where it is missing.
            brief: every work on this store touches a few indexed rows. In a local file it then runs in the event
                loop's own thread, as `write` says of one.

        Raises:
            StoreFailed: the store cannot be opened.
            StoreTooNew, StoreUnversioned: see `migrations.bring_up_to_date`.
        """
        parsed = make_url(url)
        dialect: Dialect = "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql"
        memory = dialect == "sqlite" and not parsed.database
        engine = _sqlite_engine(parsed) if dialect == "sqlite" else _postgres_engine(parsed, schema)
        name = schema or os.path.basename(parsed.database or "memory")
        db = cls(engine, dialect=dialect, schema=schema, memory=memory, name=name, brief=brief)
        try:
            with db.writing() as conn:
                if schema is not None and dialect == "postgresql":
                    _ensure_schema(conn, schema)
                bring_up_to_date(conn, metadata, migrations=migrations)
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Finish queued writes, then close every connection. Safe to call twice."""
        self._group.close()
        self._threads.shutdown(wait=True)
        with self._exclusive:
            self._closed = True
            connections = [*self._idle, *([self._writer] if self._writer else [])]
            self._idle.clear()
            self._writer = None
        for conn in connections:
            _close_quietly(conn)
        self._engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only snapshot: every query of the block sees the same moment.

        Raises:
            StoreFailed: the store cannot be reached.
        """
        if self._memory:
            with self._exclusive_use(), self._transaction(keep=False) as conn:
                yield conn
            return
        conn = self._take_reader()
        try:
            with _store_errors():
                conn.begin()
                yield conn
        finally:
            self._give_back(conn)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One exclusive transaction: rolled back on any exception, durable when the block has ended.

        Raises:
            StoreFailed: the transaction could not begin or commit; nothing of it is kept.
            RuntimeError: this thread already writes to this database.
        """
        with self._exclusive_use(), self._transaction(keep=True) as conn:
            yield conn

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a snapshot in a reader thread. The hand-over costs about 100 µs: see `read_now`."""
        if self._memory or self._brief:
            return self.read_now(work)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a snapshot in this thread: for the few indexed rows of a hot path."""
        with self.reading() as conn:
            return work(conn)

    async def write(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        """Run `work` in a transaction that it may share with other works; return when it is durable.

        `work` runs in the writer thread, in its own savepoint: what it raises undoes its own changes and reaches
        this caller only. It must use nothing but its connection and values that nobody else changes.

        Args:
            brief: it touches a few indexed rows and nothing else; it may then run in the event loop's own thread.

        Raises:
            StoreFailed: the transaction could not be committed; nothing of it is kept.
        """
        if self._memory:
            with self.writing() as conn:
                return work(conn)
        result: T = await self._group.submit(work, brief=brief or self._brief)
        return result

    @property
    def quick(self) -> bool:
        """Whether a commit is a write to a local file, and nobody is writing now."""
        return self.dialect == "sqlite" and not self._exclusive.locked()

    def before_commit(self, hook: Callable[[Connection], None]) -> None:
        """Call `hook` with the connection just before each COMMIT; what it raises undoes the transaction."""
        self._before_commit.append(hook)

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Call `hook` in the writing thread just after each COMMIT. It must be quick and must not raise."""
        self._after_commit.append(hook)

    @property
    def figures(self) -> Figures:
        """Works and groups committed so far through `write`."""
        return self._group.figures

    @contextmanager
    def _exclusive_use(self) -> Iterator[None]:
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread is already writing to this database")
        with self._exclusive:
            if self._closed:
                raise StoreFailed(private="the database is closed")
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None

    @contextmanager
    def _transaction(self, *, keep: bool) -> Iterator[Connection]:
        try:
            with _store_errors():
                conn = self._writer = self._writer or self._writer_engine.connect()
                conn.begin()
                yield conn
            with _store_errors(all_of_them=True):
                if keep:
                    for hook in self._before_commit:
                        hook(conn)
                    conn.commit()
                else:
                    conn.rollback()
        except BaseException:
            self._abandon()
            raise
        if keep:
            for done in self._after_commit:
                done()

    def _abandon(self) -> None:
        """Undo the open transaction; where even that fails, drop the connection: the server undoes it then."""
        if self._writer is not None and not _roll_back(self._writer):
            _close_quietly(self._writer)
            self._writer = None

    def _take_reader(self) -> Connection:
        if self._closed:
            raise StoreFailed(private="the database is closed")
        try:
            return self._idle.pop()
        except IndexError:
            with _store_errors():
                conn = self._reader_engine.connect()
                if self.dialect == "sqlite":
                    raw: Any = conn.connection.driver_connection
                    raw.execute("PRAGMA query_only=ON").close()
                return conn

    def _give_back(self, conn: Connection) -> None:
        if _roll_back(conn) and not self._closed and len(self._idle) < READERS_KEPT:
            self._idle.append(conn)
        else:
            _close_quietly(conn)


@contextmanager
def _store_errors(*, all_of_them: bool = False) -> Iterator[None]:
    """Turn the driver's errors into StoreFailed. Rule violations pass, except at COMMIT, where no caller is left."""
    try:
        yield
    except IntegrityError as error:
        if all_of_them:
            raise StoreFailed(private=type(error.orig).__name__) from error
        raise
    except DBAPIError as error:
        raise StoreFailed(private=type(error.orig).__name__) from error
    except SQLAlchemyError as error:
        raise StoreFailed(private=type(error).__name__) from error


def _roll_back(conn: Connection) -> bool:
    """Undo the open transaction; say whether the connection can be used again."""
    try:
        conn.rollback()
    except Exception:  # noqa: BLE001  # whatever went wrong, the answer is the same: not usable
        return False
    return not conn.closed and not conn.invalidated


def _close_quietly(conn: Connection) -> None:
    try:
        conn.close()
    except Exception:  # noqa: BLE001  # the server undoes and forgets a connection that is gone
        conn.invalidate()


def _sqlite_engine(url: URL) -> Engine:
    if url.database:
        # 0600 from the start; the -wal and -shm files take over the mode of the main file.
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=NullPool,
        hide_parameters=True,  # values of persons must not reach an error message
        connect_args={
            "check_same_thread": False,
            "cached_statements": 512,
            "timeout": BUSY_TIMEOUT_MS / 1000,
            "isolation_level": None,
        },
    )
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-65536",  # KiB a connection: look-ups by code touch pages all over the file
    "wal_autocheckpoint=8000",  # pages, 32 MB: a page that many commits touch is copied back once, not every time
)


def _sqlite_connect(connection: Any, _record: object) -> None:
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _sqlite_begin(conn: Connection) -> None:
    # A writer takes the lock at once: a snapshot that turns into a write would fail when someone wrote in between.
    raw: Any = conn.connection.driver_connection
    raw.execute("BEGIN IMMEDIATE" if conn.get_execution_options().get("renkei_writer") else "BEGIN")


def _postgres_engine(url: URL, schema: str | None) -> Engine:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool, hide_parameters=True)

    def connect(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            if schema is not None:
                cursor.execute("SELECT set_config('search_path', %s, false)", (f'"{schema}"',))
            # Durable means on disk, whatever the server's default is; a stricter default is kept.
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            )
        connection.commit()

    event.listen(engine, "connect", connect)
    return engine


def _ensure_schema(conn: Connection, schema: str) -> None:
    found = conn.execute(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": schema}).first()
    if found is None:
        quoted = conn.dialect.identifier_preparer.quote_identifier(schema)
        conn.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
