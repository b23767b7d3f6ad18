"""Copies by file, on both databases: whole chunks or none, once or many times, killed at any point."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, func, select
from tests.contract.filedrop.samples import COPIES_HEADER, TAX, write_copies
from tests.network import NOW, address

from renkei.base.errors import RenkeiError
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.files import copies_file
from renkei.institutions.gateway.files.importing import ImportReport, import_copies
from renkei.platform.bulk import insert_many
from renkei.platform.database import Database

SOURCE = Path(__file__).resolve().parents[3] / "src"
Open = Callable[..., Database]


def opened(open_database: Open, persons: int) -> Database:
    db = open_database(store.metadata)
    with db.writing() as conn:
        insert_many(conn, store.person, ("address_number",), [(address(person),) for person in range(1, persons + 1)])
    return db


def held(db: Database, information: str = "local_tax") -> dict[str, bytes]:
    with db.reading() as conn:
        rows = conn.execute(select(store.copy.c.address_number, store.copy.c.body)).all()
    return {row[0]: row[1] for row in rows}


def figures(report: ImportReport) -> tuple[int, int, int]:
    return report.rows, report.stored, report.unchanged


def test_a_file_is_registered_and_repeated(
    open_database: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies_file, "CHUNK_ROWS", 40)
    db = opened(open_database, 100)
    path = write_copies(tmp_path / "copies.csv", range(1, 101))
    told: list[tuple[int, int]] = []
    report = import_copies(db, path, now=NOW, progress=lambda done, total: told.append((done, total)))
    assert figures(report) == (100, 100, 0)
    assert held(db) == dict.fromkeys(map(address, range(1, 101)), msgspec.json.encode(TAX))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    before = _audited(db)
    assert import_copies(db, path, now=NOW) == report, "the same file again is told the same"
    assert _audited(db) == before == 3, "one event a chunk, none for the repetition"


def _audited(db: Database) -> int:
    with db.reading() as conn:
        return conn.execute(select(func.count()).select_from(store.audit_table)).scalar_one()


def test_another_file_of_the_same_name_changes_nothing(
    open_database: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies_file, "CHUNK_ROWS", 40)
    db = opened(open_database, 200)
    path = write_copies(tmp_path / "copies.csv", range(1, 41))
    import_copies(db, path, now=NOW)
    write_copies(path, range(1, 121))  # begins with the same forty rows
    with pytest.raises(RenkeiError) as caught:
        import_copies(db, path, now=NOW)
    assert caught.value.code == "file_conflict"
    assert len(held(db)) == 40


def test_a_newer_copy_replaces_an_older_one_never_the_other_way(open_database: Open, tmp_path: Path) -> None:
    db = opened(open_database, 3)
    import_copies(db, write_copies(tmp_path / "1.csv", [1, 2]), now=NOW)
    older = import_copies(db, write_copies(tmp_path / "2.csv", [1], at="2026-11-22T12:00:00+09:00"), now=NOW)
    assert figures(older) == (1, 0, 1)
    twice = tmp_path / "3.csv"
    write_copies(twice, [2], at="2026-11-23T12:00:01+09:00")
    twice.write_text(twice.read_text() + twice.read_text().splitlines()[1].replace(":01+", ":02+") + "\n")
    assert figures(import_copies(db, twice, now=NOW)) == (2, 1, 1), "of two in one file the newer one stands"
    with db.reading() as conn:
        assert queries.copies(conn, "local_tax", [address(2)])[address(2)].copied_ms == 1_795_402_802_000


def test_bad_rows_are_named_with_line_and_reason(open_database: Open, tmp_path: Path) -> None:
    db = opened(open_database, 2)
    body = msgspec.json.encode(TAX).decode()
    now, day = "2026-11-23T12:00:00+09:00", "2026-04-01"
    rows = [
        (address(1), "local_tax", now, day, "", body),  # 2
        (address(9), "local_tax", now, day, "", body),  # 3: nobody of ours
        (address(1), "local_tax", "2026-11-24T12:00:00+09:00", day, "", body),  # 4
        (address(1), "local_tax", now, day, "2026-03-31", body),  # 5
        (address(1), "local_tax", now, "20260401", "", body),  # 6
        (address(1), "no_such_item", now, day, "", body),  # 7
        (address(1), "local_tax", now, day, "", '{"schema":"local_tax/2026-04","years":"none"}'),  # 8
        (address(1), "local_tax", "yesterday", day, "", body),  # 9
        (address(2), "local_tax", now, day, "", body),  # 10
    ]
    path = tmp_path / "copies.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COPIES_HEADER, *rows])
    report = import_copies(db, path, now=NOW)
    assert [(problem.line, problem.error.code) for problem in report.problems] == [
        (3, "person_unknown"), (4, "copy_from_future"), (5, "copy_period_invalid"), (6, "copy_period_invalid"),
        (7, "information_unsupported"), (8, "copy_body_invalid"), (9, "row_value"),
    ]  # fmt: skip
    assert figures(report) == (9, 2, 0)
    assert set(held(db)) == {address(1), address(2)}
    for problem in report.problems:
        assert address(9) not in "".join(problem.cells())


def test_persons_may_stand_by_their_own_number(open_database: Open, tmp_path: Path) -> None:
    db = opened(open_database, 2)
    path = write_copies(tmp_path / "copies.csv", [701, 799], header=("own_number", *COPIES_HEADER[1:]))

    def translate(own_numbers: Iterable[str]) -> Mapping[str, str]:
        return {number: address(1) for number in own_numbers if number == address(701)}

    report = import_copies(db, path, now=NOW, translate=translate)
    assert [(problem.line, problem.error.code) for problem in report.problems] == [(3, "row_person_unknown")]
    assert set(held(db)) == {address(1)}
    path = write_copies(tmp_path / "other.csv", [701], header=("own_number", *COPIES_HEADER[1:]))
    assert [problem.error.code for problem in import_copies(db, path, now=NOW).problems] == ["row_ledger_missing"]


CHILD = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from renkei.institutions.gateway import store
from renkei.institutions.gateway.files import copies_file
from renkei.institutions.gateway.files.importing import import_copies
from renkei.platform.database import Database

copies_file.CHUNK_ROWS = 50
db = Database.open(sys.argv[1], metadata=store.metadata, schema=sys.argv[2] or None)
os.write(1, b"open\\n")
now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
import_copies(db, Path(sys.argv[3]), now=now, progress=lambda done, total: os.write(1, b"%d\\n" % done))
"""


def test_killed_in_the_middle_it_goes_on_and_completes(tmp_path: Path) -> None:
    """Kill -9 during an import: no half copy, no half chunk, and the same file again completes it."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    with Database.open(url, metadata=store.metadata) as db, db.writing() as conn:
        insert_many(conn, store.person, ("address_number",), [(address(person),) for person in range(1, 6001)])
    path = write_copies(tmp_path / "copies.csv", range(1, 6001))
    dice = random.Random(7)
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, url, "", str(path)], stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(4):
            child.stdout.readline()
        time.sleep(dice.random() / 50)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with Database.open(url, metadata=store.metadata) as db:
            done = held(db)
            assert set(done.values()) <= {msgspec.json.encode(TAX)}
            assert len(done) % 50 == 0
    copies_file_rows = copies_file.CHUNK_ROWS
    try:
        copies_file.CHUNK_ROWS = 50
        with Database.open(url, metadata=store.metadata) as db:
            assert 0 < len(held(db)) < 6000, "it was killed in the middle"
            report = import_copies(db, path, now=NOW)
            assert figures(report) == (6000, 6000, 0)
            assert len(held(db)) == 6000
            assert _chunks(db) == 120
    finally:
        copies_file.CHUNK_ROWS = copies_file_rows


def _chunks(db: Database) -> int:
    def count(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(store.copy_batch)).scalar_one()

    return db.read_now(count)
