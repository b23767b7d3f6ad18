"""docs/connect.md: its example programs run as they stand there, and its tables say what the code says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.contract.filedrop.country import country
from tests.network import JPS

from renkei.assembly.cli_gateway import copies, inquire
from renkei.institutions.gateway.files.codes import affairs_codes
from renkei.institutions.gateway.files.copies_file import inspect, read_chunks
from renkei.institutions.gateway.files.request_file import COLUMNS
from renkei.institutions.gateway.files.result_file import ITEM_STATUS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "connect.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return found[0]


def test_the_program_of_a_vendor_asks_and_verifies(tmp_path: Path) -> None:
    program = tmp_path / "connect.py"
    program.write_text(block("python"))
    with country(tmp_path / "country", http=True) as way:
        options = way(JPS)

        def call(path: str, body: str) -> tuple[int, dict]:
            done = subprocess.run(
                [sys.executable, str(program), options[1], options[3], str(tmp_path / "country" / "trust.json"), path],
                input=body, capture_output=True, text=True, timeout=30,
            )  # fmt: skip
            assert done.stdout, done.stderr
            return done.returncode, json.loads(done.stdout)

        status, answer = call("/inquiries", block("json"))
        assert (status, answer["results"][0]["outcome"]) == (0, "given")
        assert call("/inquiries/claims-2026-11-23-001", "") == (0, answer)
        status, problem = call("/inquiries", block("json").replace("case-1", "case-2"))
        assert (status, problem["code"]) == (1, "request_conflict")


@pytest.mark.parametrize("line", [line for line in block("console").splitlines() if line.startswith("$ ")])
def test_the_commands_know_their_options(line: str) -> None:
    words = line.removeprefix("$ renkei ").split()
    command, arguments = (inquire, words[1:]) if words[0] == "inquire" else (copies, words[1:])
    options = [word for word in arguments if word.startswith("--")]
    helped = CliRunner().invoke(command, ["--help"] if command is inquire else ["import", "--help"]).stdout
    assert all(option in helped for option in options)


def test_the_tables_are_those_of_the_code(tmp_path: Path) -> None:
    for number, column in enumerate(COLUMNS[:16], start=1):
        assert f"| {number} | {column.name} | {column.width} |" in PAGE
    assert affairs_codes("73.2").procedure in PAGE
    assert all(f"`{status}`" in PAGE for status in ITEM_STATUS.values())
    sample = tmp_path / "copies.csv"
    sample.write_text(block("csv"))
    [chunk] = read_chunks(inspect(sample))
    assert len(chunk.rows) == 1
    assert not chunk.problems
