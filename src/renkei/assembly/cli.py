"""The command line: `renkei`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import uvloop
from rich.console import Console

import renkei
from renkei.assembly import demo as demonstration
from renkei.assembly.cli_card import card
from renkei.assembly.cli_document import document
from renkei.assembly.cli_gateway import copies, in_use, inquire
from renkei.assembly.cli_nation import nation
from renkei.assembly.cli_serve import serve as serve_role
from renkei.assembly.cli_story import story
from renkei.assembly.cli_verify import log, verify
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
@click.version_option(renkei.__version__, prog_name="renkei")
def main() -> None:
    """Renkei (連携): the number system's information linkage, as one coherent open system."""


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port on this machine.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--residents", default=2000, show_default=True, help="Residents of the country, 200 to 1,000,000.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same country.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("var/country"), show_default=True,
    help="Folder of the country; made the first time, opened again later.",
)  # fmt: skip
def demo(port: int, host: str, residents: int, seed: int, data: Path) -> None:
    """A synthetic country in one process, with its pages on one port."""
    console = Console(stderr=True, highlight=False)
    data.mkdir(parents=True, exist_ok=True)
    with in_use(data):
        uvloop.run(demonstration.serve(data, host=host, port=port, seed=seed, residents=residents, say=console.print))


for command in (law, nation, story, verify, log, copies, inquire, card, document, serve_role):
    main.add_command(command)
