"""`renkei nation`: writes a synthetic country as a stream, one household a line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from rich.console import Console

from renkei.assembly.nation import BodyPlan, Household, Nation, with_progress
from renkei.assembly.nation.model import Persona


class Heading(msgspec.Struct, frozen=True):
    """First line of the stream: how the country was made, and that nobody in it exists."""

    synthetic: bool
    seed: int
    residents: int
    households: int
    as_of: str
    bodies: tuple[BodyPlan, ...]
    personas: dict[str, int]
    """Household of each persona, by slug."""


def heading(nation: Nation) -> Heading:
    """The first line for a nation."""
    personas: Iterable[Persona] = nation.personas()
    return Heading(
        synthetic=True, seed=nation.seed, residents=nation.residents, households=nation.household_count,
        as_of=nation.as_of.isoformat(), bodies=nation.bodies(),
        personas={persona.slug: persona.household.index for persona in personas},
    )  # fmt: skip


def write_nation(nation: Nation, out: BinaryIO, *, households: Iterable[Household]) -> int:
    """Write the heading and the households as JSON lines; returns how many lines. Memory stays flat."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    out.write(encode(heading(nation)) + b"\n")
    lines = 1
    for household in households:
        out.write(encode(household) + b"\n")
        lines += 1
    return lines


@click.command()
@click.option("--residents", default=2000, show_default=True, help="Residents, 200 to 1,000,000.")
@click.option("--seed", default=1, show_default=True, help="The same seed and size give the same bytes.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File of JSON lines to write."
)
def nation(residents: int, seed: int, out: Path) -> None:
    """Write a synthetic country as JSON lines: bodies first, then one household a line; no one in it exists."""
    made = Nation(seed, residents)
    console = Console(stderr=True)
    temporary = out.with_name(out.name + ".part")
    with temporary.open("wb") as file:
        households = with_progress(made.households(), residents=residents, text="households", console=console)
        lines = write_nation(made, file, households=households)
    temporary.replace(out)
    click.echo(f"{lines:,} lines, {residents:,} synthetic residents: {out}", file=sys.stderr)
