"""Revisions: a new store is made at once, an old one is brought along, a newer one is left alone."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, select, text

from renkei.platform.database import Database
from renkei.platform.errors import StoreTooNew, StoreUnversioned
from renkei.platform.migrations import differences, upgrade_from_nothing

metadata = MetaData()
person = Table(
    "person",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kana", String(80)),
    Column("birth_year", Integer, nullable=False, server_default="1900"),
    Index("person_birth_year", "birth_year"),
)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> str:
    """The sample revisions under an importable name, wherever pytest was started."""
    name = "renkei_sample_migrations"
    module = types.ModuleType(name)
    module.__path__ = [str(Path(__file__).parent / "sample_migrations")]
    monkeypatch.setitem(sys.modules, name, module)
    return name


def revision(db: Database) -> str:
    return db.read_now(lambda conn: conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def at_first_revision(db: Database) -> None:
    with db.writing() as conn:
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        conn.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
        conn.exec_driver_sql("CREATE TABLE person (id BIGINT NOT NULL PRIMARY KEY, kana VARCHAR(80))")
        conn.exec_driver_sql("INSERT INTO person VALUES (1, 'ヤマダ')")


def test_a_new_store_is_at_the_newest_revision(open_database, package: str) -> None:
    assert revision(open_database(metadata, migrations=package)) == "0002"
    assert revision(open_database(metadata, migrations=package)) == "0002"


def test_revisions_build_exactly_the_metadata(prove_migrations, package: str) -> None:
    prove_migrations(metadata, package)


def test_a_missing_revision_shows_as_a_difference(open_database, package: str) -> None:
    with open_database(MetaData()).writing() as conn:
        upgrade_from_nothing(conn, metadata, migrations=package)
        wider = MetaData()
        Table("person", wider, *(Column(c.name, c.type, primary_key=c.primary_key) for c in person.c))
        Table("later", wider, Column("id", Integer, primary_key=True))
        assert differences(conn, wider) != []


def test_an_old_store_is_upgraded_and_keeps_its_rows(open_database, package: str) -> None:
    at_first_revision(open_database(MetaData()))
    db = open_database(metadata, migrations=package)
    assert revision(db) == "0002"
    assert [tuple(row) for row in db.read_now(lambda conn: conn.execute(select(person)).all())] == [(1, "ヤマダ", 1900)]


def test_a_failing_upgrade_leaves_the_store_as_it_was(open_database, package: str) -> None:
    old = open_database(MetaData())
    at_first_revision(old)
    with old.writing() as conn:
        conn.exec_driver_sql("CREATE INDEX person_birth_year ON person (kana)")  # in the way of revision 0002
    with pytest.raises(Exception, match="store_failed"):
        open_database(metadata, migrations=package)
    assert revision(old) == "0001"
    with old.reading() as conn:
        assert len(conn.exec_driver_sql("SELECT * FROM person").keys()) == 2


def test_a_newer_store_is_refused(open_database, package: str) -> None:
    db = open_database(metadata, migrations=package)
    with db.writing() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(StoreTooNew):
        open_database(metadata, migrations=package)


def test_a_store_without_a_mark_is_refused(open_database, package: str) -> None:
    open_database(metadata)
    with pytest.raises(StoreUnversioned):
        open_database(metadata, migrations=package)
