"""`renkei document verify`: the three formats, exit statuses, and no name in what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.documents.people import generation, stamping
from tests.unit.documents.test_signing import sign

from renkei.assembly.cli import main


@pytest.fixture
def run(tmp_path: Path):
    (tmp_path / "ca.cer").write_bytes(generation().der)
    (tmp_path / "other.cer").write_bytes(generation(2).der)
    (tmp_path / "tsa.cer").write_bytes(stamping()[1])

    def call(content: bytes, *options: str, authority: str = "ca.cer"):
        (tmp_path / "document").write_bytes(content)
        given = ["--authority", str(tmp_path / authority), "--stamper", str(tmp_path / "tsa.cer"), *options]
        return CliRunner().invoke(main, ["document", "verify", str(tmp_path / "document"), *given])

    return call


@pytest.mark.parametrize("form", ["jws", "xades", "pades"])
def test_a_valid_document(run, form: str) -> None:
    done = run(sign(form))
    assert done.exit_code == 0
    assert done.output.count("✓") == 4
    assert "有効な署名です。" in done.output


def test_what_a_machine_reads_names_nobody(run) -> None:
    done = run(sign("jws"), "--json")
    (found,) = json.loads(done.output)
    assert found["conclusion"] == "valid"
    assert sorted(found["evidence"]) == ["certificate", "ocsp", "timestamp"]
    assert "模範" not in done.output


def test_lacking_evidence_and_a_wrong_authority_have_their_own_exit_status(run) -> None:
    lacking = run(sign("xades", known=False))
    assert lacking.exit_code == 3
    assert "status_missing" in lacking.output
    wrong = run(sign("jws"), authority="other.cer")
    assert wrong.exit_code == 2
    assert "有効な署名ではありません" in wrong.output


def test_something_else_is_told_in_a_sentence(run) -> None:
    done = run(b"PK\x03\x04")
    assert done.exit_code == 2
    assert "document_unreadable" in done.stderr
