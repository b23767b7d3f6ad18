"""Every room's revisions build its tables, and bring rows along: made by the first revision, found after the last.

A test here fails when a `store.py` changed without a revision. `python -m renkei.assembly.migrate ROOM "what changes"`
writes it; CONTRIBUTING.md says the rest.
"""

from __future__ import annotations

import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, text
from tests.contract.migrations.shapes import fill, rows, shapes

from renkei.assembly.migrate import change_of
from renkei.assembly.network import sqlite_files
from renkei.assembly.stores import ROOMS, migrations_of, open_store
from renkei.platform.database import Database
from renkei.platform.errors import StoreTooNew, StoreUnversioned
from renkei.platform.migrations import VERSION_TABLE, upgrade_from_nothing

SRC = Path(__file__).resolve().parents[3] / "src" / "renkei"
ADVICE = 'the tables changed: python -m renkei.assembly.migrate {} "what changes"'
every_room = pytest.mark.parametrize("room", sorted(ROOMS))


def folder_of(room: str) -> Path:
    return SRC.parent / Path(*migrations_of(room).split("."))


def package_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An importable name for a folder of revisions made up by a test."""
    module = types.ModuleType(f"renkei_made_up_{folder.name}_{abs(hash(folder))}")
    module.__path__ = [str(folder)]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module.__name__


def revision(db: Database) -> str:
    with db.reading() as conn:
        return str(conn.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one())


def test_every_store_is_among_the_rooms() -> None:
    files = (*SRC.rglob("store.py"), *(path.parent for path in SRC.rglob("store/__init__.py")))
    stores = {".".join(path.relative_to(SRC.parent).with_suffix("").parts) for path in files}
    assert stores == {module.__name__ for module in ROOMS.values()}


@every_room
def test_revisions_count_on_in_one_line(room: str) -> None:
    """Two changes made at the same time both want the same number: the one that comes second is written again."""
    files = sorted(folder_of(room).glob("r[0-9]*.py"))
    assert files
    for number, path in enumerate(files, 1):
        before = f'down_revision: str | None = "{number - 1:04}"' if number > 1 else "down_revision: str | None = None"
        source = path.read_text("utf-8")
        assert path.name.startswith(f"r{number:04}_")
        assert f'revision = "{number:04}"' in source
        assert before in source


@every_room
def test_no_revision_is_missing(room: str) -> None:
    assert change_of(room) == "", ADVICE.format(room)


@every_room
def test_an_upgraded_store_is_like_a_new_one(room: str, open_database: Callable[..., Database]) -> None:
    """Column by column, with keys, partial indexes and the kind of table, which Alembic does not compare."""
    with open_database(ROOMS[room].metadata, migrations=migrations_of(room), name="new").reading() as conn:
        new = shapes(conn)
    with open_database(MetaData(), name="upgraded").writing() as conn:
        upgrade_from_nothing(conn, ROOMS[room].metadata, migrations=migrations_of(room))
        upgraded = shapes(conn)
    assert upgraded == new, ADVICE.format(room)


MADE_UP = '''"""A made-up revision: a column, a stricter column, an index and a table more."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    with op.batch_alter_table("{grown}") as batch_op:
        batch_op.add_column(sa.Column("added", sa.String(8), nullable=False, server_default="none"))
        if "{grown}" == "audit_event":
            batch_op.alter_column("name", type_=sa.String(160), existing_type=sa.String(80), existing_nullable=False)
        batch_op.create_index("{grown}_added", ["added"])
    op.create_table("made_up", sa.Column("id", sa.Integer, primary_key=True))
'''


@every_room
def test_rows_of_the_first_revision_are_found_after_the_last(
    room: str, open_database: Callable[..., Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office that skipped releases upgrades in one step; nothing of what it holds is lost or altered.

    A revision that means to drop or to rewrite what the first one held says so here.
    """
    files = sorted(folder_of(room).glob("r[0-9]*.py"))
    oldest, later = tmp_path / "oldest", tmp_path / "later"
    for folder, copied in ((oldest, files[:1]), (later, files)):
        folder.mkdir()
        for path in copied:
            shutil.copy(path, folder)
    grown = "audit_event" if "audit_event" in ROOMS[room].metadata.tables else min(ROOMS[room].metadata.tables)
    (later / "r9999_made_up.py").write_text(MADE_UP.format(before=f"{len(files):04}", grown=grown))
    with open_database(MetaData()).writing() as conn:
        upgrade_from_nothing(conn, ROOMS[room].metadata, migrations=package_of(oldest, monkeypatch))
        kept = fill(conn)
    wider = MetaData()
    for table in ROOMS[room].metadata.tables.values():
        table.to_metadata(wider)
    wider.tables[grown].append_column(Column("added", String(8), nullable=False, server_default="none"))
    Table("made_up", wider, Column("id", Integer, primary_key=True))
    db = open_database(wider, migrations=package_of(later, monkeypatch))
    assert revision(db) == "9999"
    with db.reading() as conn:
        assert rows(conn, kept) == kept
        added = conn.execute(text(f"SELECT added FROM {grown}")).scalars()
        assert set(added) == {"none"}
        without_rowid = {name for name, shape in shapes(conn).items() if shape.without_rowid}
    if db.dialect == "sqlite":
        tables = ROOMS[room].metadata.tables
        assert without_rowid == {name for name in tables if tables[name].kwargs.get("sqlite_with_rowid") is False}


@every_room
def test_files_are_opened_at_the_newest_revision(room: str, tmp_path: Path) -> None:
    newest = f"{len(list(folder_of(room).glob('r[0-9]*.py'))):04}"
    for _ in ("new", "again"):
        with sqlite_files(tmp_path)("main", ROOMS[room].metadata) as db:
            assert revision(db) == newest


def test_a_store_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    """Rather than misread what a newer program wrote, the old one says so and touches nothing."""
    metadata = ROOMS["gateway"].metadata
    with sqlite_files(tmp_path)("gateway-jps", metadata) as db, db.writing() as conn:
        conn.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0999'")
    with pytest.raises(StoreTooNew) as refused:
        sqlite_files(tmp_path)("gateway-jps", metadata)
    assert "0999" in refused.value.sentence("en")


def test_a_store_without_a_mark_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'core.db'}"
    Database.open(url, metadata=ROOMS["linkage"].metadata).close()
    with pytest.raises(StoreUnversioned):
        open_store(url, ROOMS["linkage"].metadata)
