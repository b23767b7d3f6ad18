"""What README tells a newcomer to type, typed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from renkei.assembly.cli import main

ROOT = Path(__file__).resolve().parents[2]
_LINES = [
    line.partition("#")[0].strip().removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
_OURS = [shlex.split(line)[1:] for line in _LINES if line.startswith(".venv/bin/renkei ")]
_NEEDS = {"FILE", "EVIDENCE.json", "var/country"}


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    code = "import sys; from renkei.assembly.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [one for one in _OURS if one[0] == "card"], ids=" ".join)
def test_a_command_that_serves_says_how_to_use_it_and_ends_when_told(arguments: list[str]) -> None:
    code = "import sys; from renkei.assembly.cli import main; main(sys.argv[1:])"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    serving = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=environment, cwd=ROOT,
    )  # fmt: skip
    assert serving.stderr is not None
    try:
        said = ""
        while "127.0.0.1" not in said and "pcscd --foreground" not in said:
            line = serving.stderr.readline()
            assert line, said
            said += line
        time.sleep(0.5)
        assert serving.poll() is None, said
        serving.terminate()
        rest = serving.communicate(timeout=30)[1]
    finally:
        serving.kill()
    assert "Traceback" not in said + rest


@pytest.mark.parametrize(
    "arguments", [one for one in _OURS if not _NEEDS & set(one) and one[0] != "card"], ids=" ".join
)
def test_a_command_of_the_readme_runs_as_it_stands(arguments: list[str]) -> None:
    done = run(arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [one for one in _OURS if _NEEDS & set(one)], ids=" ".join)
def test_a_command_that_needs_a_file_exists_with_these_options(arguments: list[str]) -> None:
    """It fails only because the file is not there, with a plain sentence, and not because it is unknown."""
    done = run(arguments)
    assert done.returncode != 0
    assert "No such command" not in done.stderr
    assert "No such option" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_story_says_as_json_that_everything_held() -> None:
    done = run(["story", "pension", "--json"])
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["held"] is True
    steps = {step["step"] for step in document["steps"]}
    assert {"filed", "answered", "decided", "evidence", "not_permitted", "no_code", "no_data", "protected",
            "access_list", "logs"} <= steps  # fmt: skip
    assert all(step["held"] for step in document["steps"])


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if ":" in line}
    named = set(re.findall(r"`make ([a-z]+)`", (ROOT / "README.md").read_text("utf-8")))
    assert {"demo", "test", "check", "bench"} <= named <= targets


def test_help_names_every_command() -> None:
    assert {"demo", "law", "story", "verify", "log", "copies", "inquire", "serve"} <= set(main.commands)
