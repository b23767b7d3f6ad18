"""`renkei story pension`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
import msgspec
import uvloop
from rich.console import Console

from renkei.assembly.story import Told, tell_pension


@click.group()
def story() -> None:
    """Whole stories, headless, in a temporary country."""


@story.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--seed", default=1, show_default=True, help="Seed of the country.")
@click.option("--residents", default=300, show_default=True, help="Residents of the country.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep the evidence files and the trust file in (default: a temporary folder, kept).",
)  # fmt: skip
def pension(as_json: bool, seed: int, residents: int, out: Path | None) -> None:
    """A pension claim without a paper, and everything that is checked about it; exit 0 only if all of it held."""
    console = Console(highlight=False, soft_wrap=True)
    steps: list[Told] = []

    def tell(told: Told) -> None:
        steps.append(told)
        if not as_json:
            console.print(f"{'✓' if told.held else '✗'} {told.step:16} {told.said}", markup=False)

    kept = out or Path(tempfile.mkdtemp(prefix="renkei-story-"))
    with tempfile.TemporaryDirectory(prefix="renkei-country-") as folder:
        held = uvloop.run(tell_pension(Path(folder), evidence=kept, seed=seed, residents=residents, tell=tell))
        (kept / "trust.json").write_bytes((Path(folder) / "trust.json").read_bytes())
    if as_json:
        document = {"held": held, "evidence": str(kept), "steps": [told._asdict() for told in steps]}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=1))
    else:
        console.print(f"\nevidence and trust file: {kept}", markup=False)
    sys.exit(0 if held else 1)
