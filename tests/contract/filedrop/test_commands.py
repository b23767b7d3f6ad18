"""The commands, against a running country over HTTP and against the folder of a stopped one."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.contract.filedrop.country import Way, country
from tests.contract.filedrop.samples import COPIES_HEADER, NAME, request_row, write_copies
from tests.network import JPS, SAPPORO, address

from renkei.assembly.cli_gateway import copies, in_use, inquire
from renkei.assembly.network import sqlite_files
from renkei.institutions.addressees import store as ledger_store
from renkei.institutions.gateway.files.result_file import COLUMNS
from renkei.platform.bulk import insert_many


@pytest.fixture(params=["folder", "http"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    with country(tmp_path / "country", http=request.param == "http") as options:
        yield options


def run_inquire(*options: str) -> Result:
    return CliRunner().invoke(inquire, list(options))


def run_import(*options: str) -> Result:
    return CliRunner().invoke(copies, ["import", *options])


def rows_of(path: Path) -> list[dict[str, str]]:
    rows = csv.reader(io.StringIO(path.read_bytes().decode(), newline=""))
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_a_request_file_in_a_result_file_out(way: Way, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    file, out = tmp_path / NAME, tmp_path / "result.csv"
    bad = request_row(1, asked=now).replace("01,", "02,", 1)
    file.write_bytes("".join([request_row(1, asked=now), request_row(2, asked=now), bad]).encode())
    first = run_inquire(str(file), "--out", str(out), *way(JPS), "--json")
    assert first.exit_code == 2, first.output
    said = json.loads(first.stdout)
    assert {name: count for name, count in said["counts"].items() if count} == {"given": 1, "none": 1, "problems": 1}
    assert said["encoding"] == "utf-8"
    assert [(one["line"], one["column"], one["code"]) for one in said["problems"]] == [(3, "番号体系", "row_value")]
    given, none = rows_of(out)
    assert given["照会ステータス（特定個人情報名単位）"] == "01"
    assert json.loads(given["特定個人情報"])["years"][0]["fiscal_year"] == 2026
    assert none["理由コード"] == "no_copy"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.with_suffix(".errors.csv").read_text().splitlines()[1].startswith("3,番号体系,row_value,")
    content = out.read_bytes()
    assert run_inquire(str(file), "--out", str(out), *way(JPS)).exit_code == 2
    assert out.read_bytes() == content, "the same file again gives the same result file"

    file.write_bytes(request_row(2, asked=now).encode())
    refused = run_inquire(str(file), "--out", str(out), *way(JPS))
    assert refused.exit_code == 3
    assert "file_conflict" in refused.stderr
    assert out.read_bytes() == content
    assert not list(tmp_path.glob(".*.new"))


def test_copies_in_and_asked_for(way: Way, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    file = write_copies(tmp_path / "copies.csv", [2, 9], at=now.isoformat())
    broken = file.read_text().splitlines()[1].rpartition('"{')[0] + "not json"
    file.write_text(file.read_text() + broken + "\n")
    first = run_import(str(file), *way(SAPPORO), "--json")
    assert first.exit_code == 2, first.output
    said = json.loads(first.stdout)
    assert said["counts"] == {"rows": 3, "stored": 1, "unchanged": 0, "problems": 2}
    assert [(one["line"], one["code"]) for one in said["problems"]] == [(3, "person_unknown"), (4, "copy_body_invalid")]
    again = run_import(str(file), *way(SAPPORO))
    assert again.exit_code == 2
    assert "copies.csv" in again.stdout
    request, out = tmp_path / NAME, tmp_path / "result.csv"
    request.write_bytes(request_row(2, asked=now).encode())
    asked = run_inquire(str(request), "--out", str(out), *way(JPS))
    assert asked.exit_code == 0, asked.output
    assert "取得" in asked.stdout


def test_what_stops_the_whole_file(way: Way, tmp_path: Path) -> None:
    file, out = tmp_path / NAME, tmp_path / "result.csv"
    file.write_bytes(request_row(1).encode()[:-2])
    half = run_inquire(str(file), "--out", str(out), *way(JPS))
    assert half.exit_code == 3
    assert "途中で終わっています" in half.stderr
    assert "file_half_written" in half.stderr
    assert not out.exists()
    assert run_inquire(str(tmp_path / "P640R110_20261123120009"), "--out", str(out), *way(JPS)).exit_code == 3
    assert run_import(str(tmp_path / "none.csv"), *way(JPS)).exit_code == 3


def test_one_way_in_is_named(tmp_path: Path) -> None:
    assert run_import("x.csv", "--body", JPS).exit_code == 2
    assert "--data" in run_import("x.csv", "--body", JPS, "--data", str(tmp_path), "--url", "http://x").stderr
    missing = run_import("x.csv", "--body", JPS, "--data", str(tmp_path))
    assert missing.exit_code == 3
    assert "country_missing" in missing.stderr


def test_a_running_country_is_not_opened_twice(tmp_path: Path) -> None:
    with country(tmp_path, http=False) as way:
        file = write_copies(tmp_path / "copies.csv", [1])
        with in_use(tmp_path):
            refused = run_import(str(file), *way(SAPPORO))
        assert refused.exit_code == 3
        assert "country_in_use" in refused.stderr
        assert run_import(str(file), *way(SAPPORO)).exit_code == 0


def test_the_country_gone_is_our_failure(tmp_path: Path) -> None:
    with country(tmp_path, http=True) as way:
        options = way(SAPPORO)
    file = write_copies(tmp_path / "copies.csv", [1])
    gone = run_import(str(file), *options)
    assert gone.exit_code == 1
    assert "peer_unreachable" in gone.stderr


def test_another_bodys_key_opens_nothing(tmp_path: Path) -> None:
    """One tenant's system never reaches another tenant's persons."""
    with country(tmp_path, http=True) as way:
        file = write_copies(tmp_path / "copies.csv", [1])
        refused = run_import(str(file), *way(JPS)[:-1], SAPPORO)
        assert refused.exit_code == 3
        assert "caller_mismatch" in refused.stderr


def test_own_numbers_of_one_business_system(tmp_path: Path) -> None:
    with country(tmp_path, http=False) as way:
        db = sqlite_files(tmp_path)(f"addressees-{SAPPORO}", ledger_store.metadata)
        with db, db.writing() as conn:
            columns = ("system", "own_number", "address_number")
            insert_many(conn, ledger_store.own, columns, [("tax", address(71), address(1))])
        file = write_copies(
            tmp_path / "copies.csv", [71], at=datetime.now(UTC).isoformat(), header=("own_number", *COPIES_HEADER[1:])
        )
        done = run_import(str(file), *way(SAPPORO), "--system", "tax", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["counts"]["stored"] == 1
