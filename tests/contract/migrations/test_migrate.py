"""The command that writes revisions: what it writes builds the tables of today, on both databases."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, MetaData, String, Table, false, text
from tests.contract.migrations.shapes import shapes

from renkei.assembly.migrate import FIRST, main, write_revision
from renkei.assembly.stores import ROOMS, migrations_of
from renkei.platform.database import Database
from renkei.platform.migrations import upgrade_from_nothing

ROOM = "made-up"
_names = count()
Furnish = Callable[[MetaData], None]


@pytest.fixture
def furnish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Furnish:
    """`furnish(metadata)`: the made-up room has these tables now; its revisions lie in `tmp_path / "revisions"`."""
    folder = tmp_path / "revisions"
    folder.mkdir()

    def furnished(metadata: MetaData) -> None:
        name = f"renkei_furnished_{next(_names)}"
        store, revisions = types.ModuleType(f"{name}.store"), types.ModuleType(f"{name}.migrations")
        store.metadata = metadata  # type: ignore[attr-defined]
        revisions.__path__ = [str(folder)]
        monkeypatch.setitem(sys.modules, revisions.__name__, revisions)
        monkeypatch.setitem(ROOMS, ROOM, store)

    return furnished


def tables(*, later: bool) -> MetaData:
    metadata = MetaData()
    more = [
        Column("note", String(40), nullable=False, server_default=""),
        Column("done", Boolean, nullable=False, server_default=false()),
        Column("since_ms", BigInteger, nullable=False, server_default="0"),
    ]
    Table(
        "paper", metadata, Column("number", String(20), primary_key=True), Column("content", LargeBinary),
        *(more if later else []), sqlite_with_rowid=False,
    )  # fmt: skip
    if later:
        standing = text("since_ms > 0")
        Index("paper_note", metadata.tables["paper"].c.note, sqlite_where=standing, postgresql_where=standing)
        Table("shelf", metadata, Column("name", String(8), primary_key=True), Column("full", Boolean, index=True))
    return metadata


def built(open_database: Callable[..., Database], *, new: bool) -> object:
    metadata: MetaData = ROOMS[ROOM].metadata
    with open_database(MetaData(), name="new" if new else "upgraded").writing() as conn:
        if new:
            metadata.create_all(conn)
        else:
            upgrade_from_nothing(conn, metadata, migrations=migrations_of(ROOM))
        return shapes(conn)


def test_what_it_writes_builds_the_tables_of_today(
    furnish: Furnish, tmp_path: Path, open_database: Callable[..., Database]
) -> None:
    furnish(tables(later=False))
    first = write_revision(ROOM, FIRST)
    furnish(tables(later=True))
    second = write_revision(ROOM, 'Notes, and "shelves"')
    assert [path.name for path in (first, second) if path] == ["r0001_first.py", "r0002_notes_and_shelves.py"]
    furnish(tables(later=True))
    assert built(open_database, new=False) == built(open_database, new=True)
    assert write_revision(ROOM, "Nothing more") is None
    assert len(list((tmp_path / "revisions").glob("*.py"))) == 2


def test_one_first_revision_in_the_place_of_all(furnish: Furnish, tmp_path: Path) -> None:
    furnish(tables(later=False))
    write_revision(ROOM, FIRST)
    furnish(tables(later=True))
    write_revision(ROOM, "メモ")
    furnish(tables(later=True))
    assert (tmp_path / "revisions" / "r0002_change.py").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main.params[0].type, "choices", [ROOM])
        done = CliRunner().invoke(main, [ROOM, "--anew"])
    assert done.output == f"{ROOM}: r0001_first.py\n"
    assert [path.name for path in (tmp_path / "revisions").glob("*.py")] == ["r0001_first.py"]


def test_a_change_needs_a_sentence() -> None:
    assert CliRunner().invoke(main, ["gateway"]).exit_code == 2
