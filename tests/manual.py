"""Prints the manual from the specification: folder = chapter, file = section, test = paragraph.

python -m tests.manual docs/manual.md
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

SPEC = Path(__file__).parent / "spec"
_MADE = "<!-- Made by `python -m tests.manual docs/manual.md` from tests/spec; a test compares the two. -->\n"
CHAPTERS = ("law", "numbers", "residents", "addressees", "exchange", "filedrop", "evidence", "agencies")
"""Order of the chapters; others follow by name."""


def render() -> str:
    """The whole manual in Markdown."""
    parts = ["# The manual\n", _MADE, "Each paragraph is a test that runs: what it says is so.\n"]
    for chapter in _chapters():
        parts.append(f"## {_said(chapter / '__init__.py') or chapter.name.capitalize()}\n")
        for section in sorted(chapter.glob("test_*.py")):
            tree = ast.parse(section.read_text("utf-8"))
            title = ast.get_docstring(tree) or section.stem.removeprefix("test_").replace("_", " ")
            parts.append(f"### {title.splitlines()[0].rstrip('.')}\n")
            parts += [f"{paragraph}\n" for paragraph in _paragraphs(tree)]
    return "\n".join(parts)


def _chapters() -> Iterator[Path]:
    folders = {path.name: path for path in SPEC.iterdir() if path.is_dir() and any(path.glob("test_*.py"))}
    yield from (folders.pop(name) for name in CHAPTERS if name in folders)
    yield from (folders[name] for name in sorted(folders))


def _said(path: Path) -> str:
    if not path.exists():
        return ""
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0].rstrip(".")


def _paragraphs(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            said = ast.get_docstring(node)
            yield inspect.cleandoc(said) if said else _sentence(node.name)


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:] + "."


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/manual.md").write_text(render(), encoding="utf-8")
