"""`renkei nation` writes the same bytes for the same seed, a line a household, and says that all of it is synthetic."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from renkei.assembly.cli import main


def write(folder: Path, name: str, *options: str) -> Path:
    path = folder / name
    done = CliRunner().invoke(main, ["nation", "--residents", "200", "--out", str(path), *options])
    assert done.exit_code == 0, done.output
    return path


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = write(tmp_path, "a.jsonl", "--seed", "7").read_bytes()
    assert write(tmp_path, "b.jsonl", "--seed", "7").read_bytes() == first
    assert write(tmp_path, "c.jsonl", "--seed", "8").read_bytes() != first


def test_every_resident_stands_in_one_household_and_the_heading_says_synthetic(tmp_path: Path) -> None:
    heading, *households = [json.loads(line) for line in write(tmp_path, "n.jsonl").read_text("utf-8").splitlines()]
    assert heading["synthetic"] is True
    assert heading["households"] == len(households)
    assert sum(len(household["members"]) for household in households) == heading["residents"] == 200
    codes = [member["resident_record_code"] for household in households for member in household["members"]]
    assert len(set(codes)) == 200
    assert all(code.startswith("99") for code in codes)


def test_no_personal_number_stands_in_the_stream(tmp_path: Path) -> None:
    text = write(tmp_path, "n.jsonl").read_text("utf-8")
    assert "personal_number" not in text


def test_a_size_out_of_range_is_refused_in_a_plain_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["nation", "--residents", "5", "--out", str(tmp_path / "x.jsonl")])
    assert done.exit_code == 2
    assert not (tmp_path / "x.jsonl").exists()
    assert "Traceback" not in done.output
