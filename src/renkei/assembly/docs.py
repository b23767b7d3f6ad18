"""Renders the reference pages that come from the code itself: errors, audit events, commands.

python -m renkei.assembly.docs docs        writes docs/errors.md, docs/events.md, docs/commands.md
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from dataclasses import fields
from pathlib import Path

import click

import renkei
from renkei.base import audit, errors

_MADE = "<!-- Made by `python -m renkei.assembly.docs docs`; a test compares it with the code. -->\n"
_FAMILIES = {
    errors.Family.REFUSED: "Refused: the law, the person or a policy says no",
    errors.Family.INVALID: "Invalid: the other side sent something wrong",
    errors.Family.FAILED: "Failed: we failed, nothing is lost",
}


def load_everything() -> None:
    """Import every module, so that every error and event is declared."""
    for module in pkgutil.walk_packages(renkei.__path__, "renkei."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _ours(declared: type) -> bool:
    """Declared by the software itself, not by a test that runs in the same process."""
    return declared.__module__.startswith("renkei.")


def errors_page() -> str:
    """Every error by family: code, HTTP and exit status, both sentences."""
    parts = ["# Errors\n", _MADE]
    for family, title in _FAMILIES.items():
        parts.append(f"## {title}\n")
        for code, error in errors.catalogue().items():
            if error.family is family and _ours(error):
                status = errors.FAMILY_STATUS[family]
                http = error.http or status.http
                parts.append(f"### `{code}`\n\nHTTP {http}, exit {status.exit}\n\n- {error.ja}\n- {error.en}\n")
    return "\n".join(parts)


def events_page() -> str:
    """Every audit event: name, what it means, its fields."""
    parts = ["# Audit events\n", _MADE]
    for name, event in audit.catalogue().items():
        if not _ours(event):
            continue
        said = inspect.cleandoc(event.__doc__ or "").splitlines()[0]
        kept = ", ".join(f"`{field.name}`" for field in fields(event))
        parts.append(f"### `{name}`\n\n{said}\n\nFields: {kept}\n")
    return "\n".join(parts)


def commands_page() -> str:
    """Every command with its own help text."""
    from renkei.assembly.cli import main

    parts = ["# Commands\n", _MADE]
    _describe(main, click.Context(main, info_name="renkei"), parts)
    return "\n".join(parts)


def _describe(command: click.Command, context: click.Context, parts: list[str]) -> None:
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            found = command.get_command(context, name)
            if found is not None:
                _describe(found, click.Context(found, info_name=name, parent=context), parts)
        return
    context.terminal_width = context.max_content_width = 100
    parts.append(f"### `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```\n")


PAGES = {"errors.md": errors_page, "events.md": events_page, "commands.md": commands_page}


def main(folder: Path) -> None:
    """Write every page below `folder`."""
    load_everything()
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
