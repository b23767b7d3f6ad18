"""Tidy is a test: sizes, forbidden constructs, walls that name every room, complete catalogues, portable locks.

Import direction and cycles, lazy ones included, are import-linter's (`.importlinter`, run by `make check`).
"""

from __future__ import annotations

import ast
import configparser
import importlib
import io
import pkgutil
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import renkei
from renkei.base import audit, errors

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "renkei"
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
EXCEPTIONS = tomllib.loads((ROOT / "tests" / "tidy_exceptions.toml").read_text("utf-8"))

# Rooms whose business is the personal number itself; every other room stands in the wall of `.importlinter`.
PERSONAL_NUMBER_ROOMS = {"numbers", "residents", "addressees", "card", "agencies"}

# Joined here so that this file does not contain what it looks for.
WORKPLACE = re.compile("|".join(["/wor" + "k/", r"shar" + r"ed/(?:design|reference|data|hooks)", r"\.lib" + "rary/"]))
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bsimplified\b", re.IGNORECASE)


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Qualified name and length in lines (signature and docstring included) of every function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, prefix)


def remarks(source: str) -> Iterator[str]:
    """Comments and docstrings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_functions_are_short() -> None:
    too_long = {
        f"{relative(path)}::{name}": lines
        for path in python_files("src", "tests", "bench")
        for name, lines in functions(ast.parse(path.read_text("utf-8")))
        if lines > FUNCTION_LINES_MAX
    }
    assert too_long == EXCEPTIONS["function"], f"over {FUNCTION_LINES_MAX} lines; cut them, or lower the exception"


def test_files_are_short() -> None:
    lengths = {relative(path): path.read_text("utf-8").count("\n") for path in python_files("src", "tests", "bench")}
    too_long = {path: lines for path, lines in lengths.items() if lines > FILE_LINES_MAX}
    assert too_long == EXCEPTIONS["file"], f"over {FILE_LINES_MAX} lines; cut them, or lower the exception"


def test_no_forbidden_constructs() -> None:
    found = []
    for path in python_files("src"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                found.append(f"{relative(path)}:{node.lineno} bare except")
            prints = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            if prints and path.name != "cli.py":
                found.append(f"{relative(path)}:{node.lineno} print outside the command line")
    assert not found


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{relative(path)}: {match.group()!r}"
        for path in python_files("src")
        for remark in remarks(path.read_text("utf-8"))
        for match in UNFINISHED.finditer(remark)
    ]
    assert not found


def test_every_folder_of_modules_is_a_package() -> None:
    """import-linter does not see modules in a folder without __init__.py, so the walls would not hold there."""
    folders = {path.parent for path in python_files("src/renkei")}
    assert not [relative(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_every_room_is_named_in_the_wall_around_personal_numbers() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter", encoding="utf-8")
    walled = config["importlinter:contract:personal-number"]["source_modules"].split()
    named = {module.rpartition(".")[2] for module in walled}
    rooms = {path.name for path in (SRC / "institutions").iterdir() if (path / "__init__.py").exists()}
    assert "renkei.channels" in walled
    assert rooms <= named | PERSONAL_NUMBER_ROOMS
    assert not named & PERSONAL_NUMBER_ROOMS
    assert not (SRC / "contracts").exists() or (SRC / "base" / "personal_number.py").exists(), "the wall guards nothing"


def test_nothing_names_the_workplace() -> None:
    """What is published must make sense to someone who has only what is published."""
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in {".ci", ".importlinter", ".gitignore"} for part in parts)
        if hidden or {"var", "dist", "__pycache__"} & set(parts) or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{relative(path)}: {match.group()}" for match in WORKPLACE.finditer(text)]
    assert not found


def test_locks_name_no_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        for line in lock.read_text("utf-8").splitlines():
            assert not re.search(r"://|^\s*-[ife]|--(?:extra-)?index|--find-links|--trusted| @ ", line), (
                lock.name,
                line,
            )
            assert "==" in line or line.strip().startswith("--hash=sha256:"), (lock.name, line)


def import_everything() -> None:
    for module in pkgutil.walk_packages(renkei.__path__, "renkei."):
        if not module.name.endswith(("__main__", ".migrations.env")) and ".versions." not in module.name:
            importlib.import_module(module.name)


@pytest.mark.parametrize(("page", "catalogue"), [("errors.md", errors.catalogue), ("events.md", audit.catalogue)])
def test_every_error_and_event_is_documented(page: str, catalogue) -> None:
    document = ROOT / "docs" / page
    if not document.exists():
        pytest.skip(f"docs/{page} is not rendered yet")
    import_everything()
    text = document.read_text("utf-8")
    declared = {name for name, item in catalogue().items() if item.__module__.startswith("renkei.")}
    assert not [name for name in sorted(declared) if f"`{name}`" not in text], "render again: renkei.assembly.docs"
