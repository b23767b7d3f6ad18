"""`renkei log verify`: whole logs, records beside them, and every kind of tampering."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from tests.unit.assembly.verify import samples
from tests.unit.assembly.verify.samples import country

from renkei.assembly.cli_verify import log, verify
from renkei.assembly.trust import find_trust, read_trust
from renkei.assembly.verify_logs import CheckedLog, Findings, LogsMissing, check_folder
from renkei.contracts.evidence import TrustInvalid, TrustMissing
from renkei.crypto.notes import NoteSigner
from renkei.institutions.gateway import store as gateway_store
from renkei.platform.database import Database
from renkei.platform.logstore import LogStore

JPS, SAPPORO, CORE = "gateway-jps.db", "gateway-m-011002.db", "core.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the country's data folder, to be tampered with."""
    target = tmp_path / "data"
    shutil.copytree(country().folder, target)
    return target


def tamper(folder: Path, file: str, statement: str) -> None:
    with sqlite3.connect(folder / file) as conn:
        assert conn.execute(statement).rowcount > 0


def checked(folder: Path, name: str = "jps") -> tuple[Findings, CheckedLog]:
    findings = check_folder(folder, country().trust)
    return findings, next(one for one in findings.logs if one.origin == name)


def test_a_country_that_is_whole(folder: Path) -> None:
    findings, jps = checked(folder)
    assert findings.hold
    # Eight inquiries were permitted or refused by the core; seven were recorded, three of them a second time.
    assert (jps.size, jps.records, jps.erased) == (11, 11, 0)
    assert findings.reconciled is not None
    assert findings.reconciled.exchanges == 7
    assert {name: count for name, count in findings.reconciled.states.items() if count} == {
        "settled": 6,
        "unanswered": 1,
    }


def test_nothing_is_written(folder: Path) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.glob("*.db")}

    before = contents()
    check_folder(folder, country().trust)
    assert contents() == before


@pytest.mark.parametrize(
    ("file", "statement", "name", "fault"),
    [
        (JPS, "UPDATE request_record SET information = 'x' WHERE number LIKE '%1'", "jps", "record_altered"),
        (JPS, "UPDATE request_record SET salt = zeroblob(16)", "jps", "record_altered"),
        (JPS, "UPDATE request_record SET leaf_index = leaf_index + 1", "jps", "record_altered"),
        (JPS, "UPDATE request_record SET leaf_index = 99999", "jps", "record_altered"),
        (SAPPORO, "UPDATE provision_record SET outcome = 'none', given_ms = 0", "m-011002", "record_altered"),
        (CORE, "UPDATE exchange SET asked_ms = asked_ms - 1", "core", "record_altered"),
        (CORE, "UPDATE exchange SET given_ms = given_ms - 1 WHERE given_ms > 0", "core", "record_altered"),
        (CORE, "UPDATE log_tile SET data = zeroblob(length(data)) WHERE level = 0", "core", "log_damaged (tile/0/"),
        (CORE, "UPDATE log_tile SET data = zeroblob(length(data)) WHERE level = -1", "core", "log_damaged"),
        (CORE, "DELETE FROM log_tile WHERE level = -1", "core", "log_damaged (tile/entries/"),
        (CORE, "DELETE FROM log_checkpoint", "core", "log_empty"),
        (CORE, "UPDATE log_checkpoint SET note = replace(note, 'core', 'bore')", "core", "log_damaged"),
        (CORE, "UPDATE log_head SET size = size - 1", "core", "log_damaged"),
    ],
)  # fmt: skip
def test_tampering_is_found(folder: Path, file: str, statement: str, name: str, fault: str) -> None:
    tamper(folder, file, statement)
    findings, log_checked = checked(folder, name)
    assert not findings.hold
    assert log_checked.fault.startswith(fault)
    assert not log_checked.holds


def test_a_record_altered_by_one_party_is_named_twice(folder: Path) -> None:
    """It no longer fits the party's own log, and it differs from the other two parties' records."""
    tamper(folder, "gateway-m-011002.db", "UPDATE provision_record SET section = 'other' WHERE number LIKE '%01'")
    findings, provider = checked(folder, "m-011002")
    number = provider.altered[0]
    assert findings.reconciled is not None
    [difference] = findings.reconciled.differences
    assert (difference.number, difference.field, difference.values["provider"]) == (number, "section", "other")


def test_an_erased_record_leaves_the_log_verifiable(folder: Path) -> None:
    """Seven years on a record is erased with its salt (施行令 30条). The log still verifies; the entry says nothing."""
    for file, table in (("core.db", "exchange"), (JPS, "request_record"),
                        (SAPPORO, "provision_record")):  # fmt: skip
        tamper(folder, file, f"DELETE FROM {table} WHERE number LIKE '%01'")
    findings, jps = checked(folder)
    assert findings.hold
    assert (jps.records, jps.erased) == (10, 1)


def test_a_record_that_one_party_lost_is_named(folder: Path) -> None:
    tamper(folder, "gateway-jps.db", "DELETE FROM request_record WHERE number LIKE '%01'")
    findings, jps = checked(folder)
    assert jps.holds  # the log alone cannot tell losing from erasing; the other parties can
    assert findings.reconciled is not None
    assert findings.reconciled.differences[0].values["requester"] == "missing"
    assert not findings.hold


def test_a_log_signed_with_another_key_is_refused(folder: Path) -> None:
    register = country().trust.register
    swapped = [msgspec.structs.replace(entry, log_key=register.core_log_key) for entry in register.bodies]
    trust = msgspec.structs.replace(
        country().trust, register=msgspec.structs.replace(register, bodies=swapped)
    )  # fmt: skip
    faults = {one.origin: one.fault for one in check_folder(folder, trust).logs if one.size}
    assert faults == {"core": "", "jps": "log_damaged (checkpoint)", "m-011002": "log_damaged (checkpoint)"}


def exported(folder: Path, target: Path, *, signer: NoteSigner | None = None) -> Path:
    db = Database.open(f"sqlite:///{folder / 'gateway-jps.db'}", metadata=gateway_store.metadata)
    with db.reading() as conn:
        assert LogStore(gateway_store.log_tables, signer=signer).export(conn, target) > 2
    db.close()
    return target


def test_an_exported_log_is_checked_without_records(folder: Path, tmp_path: Path) -> None:
    files = exported(folder, tmp_path / "export" / "jps")
    for place in (files, files.parent):
        findings = check_folder(place, country().trust)
        assert findings.hold
        assert findings.reconciled is None
        assert [(one.origin, one.size) for one in findings.logs] == [("renkei.invalid/log/jps", 11)]
    bundle = next(files.glob("tile/entries/*.p/*"))
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"\0")
    assert not check_folder(files, country().trust).hold


def test_a_folder_without_logs(tmp_path: Path) -> None:
    with pytest.raises(LogsMissing):
        check_folder(tmp_path, country().trust)


# --- the command line ---


def invoke(command, *args: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, args)
    return result.exit_code, result.output


def test_log_verify_on_the_command_line(folder: Path) -> None:
    status, text = invoke(log, "verify", str(folder))
    assert status == 0
    assert "All of it holds." in text
    status, text = invoke(log, "verify", str(folder), "--json")
    assert (status, msgspec.json.decode(text)["holds"]) == (0, True)
    tamper(folder, "core.db", "UPDATE exchange SET row = '1' WHERE number LIKE '%01'")
    status, text = invoke(log, "verify", str(folder))
    assert status == 2
    assert "core=1, requester=73, provider=73" in text
    status, text = invoke(log, "verify", str(folder), "--json")
    found = msgspec.json.decode(text)
    assert (status, found["holds"], found["reconciled"]["differences"][0]["field"]) == (2, False, "row")


def saved(folder: Path, change: Callable[[bytes], bytes] = lambda data: data) -> str:
    file = folder / "evidence.json"
    file.write_bytes(change(country().files[samples.GIVEN]))
    return str(file)


def test_verify_on_the_command_line(folder: Path) -> None:
    status, text = invoke(verify, saved(folder))
    assert status == 0
    assert all(word in text for word in ("✓ 12", "札幌市", "synthetic", "trust.json"))
    status, text = invoke(verify, saved(folder), "--json")
    found = msgspec.json.decode(text)
    assert (status, found["holds"], found["outcome"], set(found["steps"].values())) == (0, True, "given", {"held"})


def test_verify_names_the_step_that_fails(folder: Path) -> None:
    altered = saved(folder, lambda data: data.replace(b"2090000", b"1090000", 1))
    status, text = invoke(verify, altered)
    assert status == 2
    assert "✗ 11" in text
    assert "step 11, what was provided" in text
    status, text = invoke(verify, altered, "--json", "--trust", str(folder / "trust.json"))
    found = msgspec.json.decode(text)
    assert (status, found["holds"], found["step_id"], found["code"]) == (2, False, "payload", "digest_mismatch")


def test_without_a_trust_file_it_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    (folder / "trust.json").unlink()
    with pytest.raises(TrustMissing):
        find_trust(folder)
    result = CliRunner().invoke(verify, [saved(folder)])
    assert isinstance(result.exception, TrustMissing)
    assert "--trust" in result.exception.sentence("ja")
    for content in (b"", b"{}", b"[]", b"\xff", b'{"v":"renkei-trust/1"}'):
        (folder / "trust.json").write_bytes(content)
        with pytest.raises(TrustInvalid):
            read_trust(folder / "trust.json")
