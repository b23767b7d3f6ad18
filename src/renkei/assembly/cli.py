"""The command line: `renkei`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from renkei.base.errors import RenkeiError
from renkei.law.cli import law


class Commands(click.Group):
    """Commands whose errors are our own sentences, with our own exit status."""

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run; an error of ours is one plain sentence on standard error, never a traceback."""
        try:
            return super().main(args, **extra)
        except RenkeiError as error:
            console = Console(stderr=True, highlight=False, soft_wrap=True)
            console.print(f"{error.sentence('ja')}\n{error.sentence('en')}  [{error.code}]", markup=False)
            sys.exit(error.status.exit)


@click.group(cls=Commands)
@click.version_option(package_name="renkei")
def main() -> None:
    """Renkei (連携): the number system's information linkage, as one coherent open system."""


main.add_command(law)
