"""Alembic revisions of one room, run on one database without env.py or an ini file.

A new database gets the tables of the metadata and the mark of the newest revision; an existing one is upgraded, in
the caller's transaction, on both dialects: it ends up whole or untouched.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from renkei.platform.errors import StoreTooNew, StoreUnversioned

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

VERSION_TABLE = "alembic_version"
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
_one_at_a_time = threading.Lock()  # Alembic's `op` is a process-wide proxy


def bring_up_to_date(conn: Connection, metadata: MetaData, *, migrations: str | None) -> None:
    """Create or upgrade the tables of `metadata` inside the caller's write transaction.

    Args:
        conn: in a write transaction, alone on the database.
        metadata: the tables as the code of today wants them.
        migrations: dotted name of a package whose modules are Alembic revisions; None only creates missing tables.

    Raises:
        StoreTooNew: the database is at a revision that this code does not have.
        StoreUnversioned: some of the tables exist but no revision is marked.
    """
    if migrations is None:
        metadata.create_all(conn)
        return
    present = set(inspect(conn).get_table_names())
    if VERSION_TABLE not in present:
        if present & set(metadata.tables):
            raise StoreUnversioned()
        create_new(conn, metadata, revisions=_heads(migrations))
        return
    current = tuple(conn.execute(select(_version.c.version_num)).scalars())
    heads = _heads(migrations)
    if set(current) == set(heads):
        return
    _upgrade(conn, metadata, current=current, script=_script(migrations))


def create_new(conn: Connection, metadata: MetaData, *, revisions: Sequence[str]) -> None:
    """Create every table, and mark the database as being at `revisions`."""
    metadata.create_all(conn, checkfirst=False)
    _version.create(conn)
    if revisions:
        conn.execute(insert(_version), [{"version_num": revision} for revision in revisions])


def upgrade_from_nothing(conn: Connection, metadata: MetaData, *, migrations: str) -> None:
    """Build the tables by running every revision from the first one (for the test that they equal the metadata)."""
    _version.create(conn)
    _upgrade(conn, metadata, current=(), script=_script(migrations))


def differences(conn: Connection, metadata: MetaData) -> list[Any]:
    """What Alembic would still change to make the database equal `metadata`; empty when migrations are complete."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(
        conn, opts={"compare_type": True, "compare_server_default": default_differs, "target_metadata": metadata}
    )
    return list(compare_metadata(context, metadata))


def default_differs(
    _context: object, _there: object, _wanted: object, default: str | None, _given: object, wanted: str | None
) -> bool | None:
    """Alembic takes an empty text for a difference on SQLite; it decides wherever None is returned."""
    same = default in ("''", "('')") and wanted in ("", "''")
    return False if same else None


@lru_cache(maxsize=64)
def _script(package: str) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    module = importlib.import_module(package)
    folder = str(Path(next(iter(module.__path__))))
    return ScriptDirectory(folder, version_locations=[folder])


@lru_cache(maxsize=64)
def _heads(package: str) -> tuple[str, ...]:
    return tuple(_script(package).get_heads())


def _upgrade(conn: Connection, metadata: MetaData, *, current: tuple[str, ...], script: ScriptDirectory) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    for revision in current:
        try:
            script.get_revision(revision)
        except (CommandError, ResolutionError) as error:
            raise StoreTooNew(found=revision) from error

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("heads", revision)

    with _one_at_a_time, EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(
            connection=conn,
            target_metadata=metadata,
            render_as_batch=conn.dialect.name == "sqlite",
            transactional_ddl=True,  # the caller's transaction is the only one
        )
        environment.run_migrations()
