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
from pathlib import Path
from typing import Literal, cast

import click
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy import Connection, DefaultClause, MetaData
from sqlalchemy.sql.elements import False_, True_

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


def change_of(room: str) -> str:
    """The code of the revision that a room's tables ask for now; empty where its revisions build them already."""
    metadata: MetaData = ROOMS[room].metadata
    with Database.open("sqlite://", metadata=MetaData()) as db, db.writing() as conn:
        if _written(room):
            upgrade_from_nothing(conn, metadata, migrations=migrations_of(room))
        return _functions(conn, metadata)


def write_revision(room: str, message: str) -> Path | None:
    """Write the revision that brings a room's store to what its metadata says now.

    Args:
        room: one of `ROOMS`.
        message: what changes, one sentence.

    Returns:
        The file, or None where nothing differs.
    """
    functions = change_of(room)
    if not functions:
        return None
    before = len(_written(room))
    path = _folder(room) / f"r{before + 1:04}_{_slug(message)}.py"
    source = _FILE.format(
        message=message.replace('"', "'"),
        revision=f"{before + 1:04}",
        down_revision=f'"{before:04}"' if before else None,
        functions=functions,
    )
    path.write_text(source, encoding="utf-8")
    _tidy(path)
    return path


def write_anew(room: str) -> Path | None:
    """Put one first revision in the place of all: for as long as nobody has a database to keep."""
    for path in _written(room):
        path.unlink()
    return write_revision(room, FIRST)


def _folder(room: str) -> Path:
    return Path(next(iter(importlib.import_module(migrations_of(room)).__path__)))


def _written(room: str) -> list[Path]:
    return sorted(_folder(room).glob("r[0-9]*.py"))


def _functions(conn: Connection, metadata: MetaData) -> str:
    """The code that turns the tables of `conn` into those of `metadata`; empty where nothing is to be done."""
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": _default_differs})
    found = produce_migrations(context, metadata).upgrade_ops
    changes = [change for change in found.ops if not _is_version_table(change)] if found else []
    if not changes:
        return ""
    created = {change.table_name for change in changes if isinstance(change, ops.CreateTableOp)}
    by_table: dict[str, list[ops.MigrateOperation]] = {}
    for change in changes:
        by_table.setdefault(str(cast("ops.CreateTableOp", change).table_name), []).append(change)
    parts: list[tuple[str, str]] = []
    for table, group in by_table.items():
        container = ops.UpgradeOps(ops=group)
        code = render_python_code(
            container, render_as_batch=table not in created, migration_context=context, render_item=_render
        )
        lines = [line.replace(", schema=None)", ")") for line in code.splitlines() if not line.lstrip().startswith("#")]
        parts.append((table, textwrap.dedent("\n".join(lines))))
    whole = "\n".join(code for _, code in parts)
    if whole.count("\n") <= INLINE_LINES_MAX:
        return _UPGRADE + textwrap.indent(whole, "    ")
    calls = "\n".join(f"    _{table}()" for table, _ in parts)
    return "\n\n\n".join(
        [_UPGRADE + calls, *(f"def _{table}() -> None:\n{textwrap.indent(code, '    ')}" for table, code in parts)]
    )


def _default_differs(
    _context: MigrationContext, _there: object, _wanted: object, default: str | None, _given: object, wanted: str | None
) -> bool | None:
    """Alembic takes an empty text for a difference on SQLite; it decides wherever None is returned."""
    same = default in ("''", "('')") and wanted in ("", "''")
    return False if same else None


def _render(_kind: str, thing: object, _context: AutogenContext) -> str | Literal[False]:
    """A truth value as each database writes it, not as SQLite does; False leaves everything else to Alembic."""
    value = thing.arg if isinstance(thing, DefaultClause) else None
    if isinstance(value, False_ | True_):
        return "sa.false()" if isinstance(value, False_) else "sa.true()"
    return False


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
