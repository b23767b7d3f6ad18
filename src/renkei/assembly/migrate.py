"""Write the next revision of a room's tables. For developers: `python -m renkei.assembly.migrate ROOM "what changes"`.

What the room's `store.py` says is compared with what its revisions build; the difference becomes a file to be read,
corrected and kept. A renamed table or column shows as one dropped and one added: say by hand what is meant.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import textwrap
from itertools import groupby
from pathlib import Path
from typing import cast

import click
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy import Connection, MetaData

from renkei.assembly.stores import ROOMS, migrations_of
from renkei.platform.database import Database
from renkei.platform.migrations import upgrade_from_nothing

INLINE_LINES_MAX = 60
"""A longer upgrade is cut into one function a table."""
FIRST = "The tables of the first release."

_FILE = '''"""{message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision: str | None = {down_revision}


{functions}
'''
_UPGRADE = 'def upgrade() -> None:\n    """Bring a store here from the revision before."""\n'


def write_revision(room: str, message: str, *, folder: Path | None = None) -> Path | None:
    """Write the revision that brings a room's store to what its metadata says now.

    Args:
        room: one of `ROOMS`.
        message: what changes, one sentence.
        folder: where the revision is written; the room's own package of revisions if None.

    Returns:
        The file, or None where nothing differs.
    """
    metadata: MetaData = ROOMS[room].metadata
    folder = folder or _folder(room)
    written = sorted(folder.glob("r[0-9]*.py"))
    with Database.open("sqlite://", metadata=MetaData()) as db, db.writing() as conn:
        if written:
            upgrade_from_nothing(conn, metadata, migrations=migrations_of(room))
        functions = _functions(conn, metadata)
    if not functions:
        return None
    number = len(written) + 1
    path = folder / f"r{number:04}_{_slug(message)}.py"
    path.write_text(
        _FILE.format(
            message=message.replace('"', "'"), revision=f"{number:04}", down_revision=f'"{number - 1:04}"' if written else None,
            functions=functions,
        ),
        encoding="utf-8",
    )  # fmt: skip
    _tidy(path)
    return path


def write_anew(room: str) -> Path | None:
    """Put one first revision in the place of all: for as long as nobody has a database to keep."""
    folder = _folder(room)
    for path in folder.glob("r[0-9]*.py"):
        path.unlink()
    return write_revision(room, FIRST)


def _folder(room: str) -> Path:
    return Path(next(iter(importlib.import_module(migrations_of(room)).__path__)))


def _functions(conn: Connection, metadata: MetaData) -> str:
    """The code that turns the tables of `conn` into those of `metadata`; empty where nothing is to be done."""
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
    found = produce_migrations(context, metadata).upgrade_ops
    changes = [change for change in found.ops if not _is_version_table(change)] if found else []
    if not changes:
        return ""
    created = {change.table_name for change in changes if isinstance(change, ops.CreateTableOp)}
    parts: list[tuple[str, str]] = []
    for table, group in groupby(changes, key=_table_of):
        container = ops.UpgradeOps(ops=list(group))
        code = render_python_code(container, render_as_batch=table not in created, migration_context=context)
        lines = [line for line in code.splitlines() if not line.lstrip().startswith("#")]
        parts.append((table, textwrap.dedent("\n".join(lines))))
    whole = "\n".join(code for _, code in parts)
    if whole.count("\n") <= INLINE_LINES_MAX:
        return _UPGRADE + textwrap.indent(whole, "    ")
    calls = "\n".join(f"    _{table}()" for table, _ in parts)
    return "\n\n\n".join(
        [_UPGRADE + calls, *(f"def _{table}() -> None:\n{textwrap.indent(code, '    ')}" for table, code in parts)]
    )


def _table_of(change: ops.MigrateOperation) -> str:
    return str(cast("ops.CreateTableOp", change).table_name)


def _is_version_table(change: ops.MigrateOperation) -> bool:
    return isinstance(change, ops.DropTableOp) and change.table_name == "alembic_version"


def _slug(message: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", message.lower())[:40].strip("_")
    return "first" if message == FIRST else words or "change"


def _tidy(path: Path) -> None:
    for command in (["check", "--fix", "--quiet", "--select", "F401"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=False)  # a lint is not our failure


@click.command()
@click.argument("room", type=click.Choice(["all", *sorted(ROOMS)]))
@click.argument("message", default="")
@click.option("--anew", is_flag=True, help="One first revision in the place of all. Only before the first release.")
def main(room: str, message: str, anew: bool) -> None:
    """Write the revision of ROOM that its store's tables now ask for; MESSAGE says in a sentence what changes."""
    if not (anew or message):
        raise click.UsageError("Say in a sentence what changes.")
    for name in sorted(ROOMS) if room == "all" else [room]:
        path = write_anew(name) if anew else write_revision(name, message)
        click.echo(f"{name}: {path.name if path else 'nothing to change'}")


if __name__ == "__main__":
    main()
