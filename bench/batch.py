"""Batch inquiries through real HTTP between three role processes, driven as a business system would."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from typing import NamedTuple

import uvloop

from bench.country import ASKING, System, batch, connect
from bench.processes import Country, Used, running, used_by
from renkei.contracts.exchange import ITEMS_MAX, Outcome


class BatchRun(NamedTuple):
    """One measured run."""

    items: int
    answered_s: float
    """Until the last answer was in the driver's hands."""
    complete_s: float
    """Until the core's records were complete too."""
    used: dict[str, Used]


def run_batches(
    country: Country, *, runs: int, items: int, in_flight: int = 4, size: int = ITEMS_MAX
) -> list[BatchRun]:
    """Ask about `items` persons, `runs` times over, in batches of `size`, `in_flight` at a time."""
    measured = []
    with running(country) as processes:
        for number in range(runs):
            before = {role: used_by(process.pid) for role, process in processes.items()} | {"driver": used_by("self")}
            done = _count_complete(country)
            start = time.perf_counter()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_drive(country, f"run{number}", items, in_flight, size))
            answered = time.perf_counter() - start
            while _count_complete(country) < done + items:
                time.sleep(0.01)
            complete = time.perf_counter() - start
            after = {role: used_by(process.pid) for role, process in processes.items()} | {"driver": used_by("self")}
            used = {role: Used(after[role].cpu_s - before[role].cpu_s, after[role].rss_max_mb) for role in after}
            measured.append(BatchRun(items, answered, complete, used))
    return measured


async def _drive(country: Country, name: str, items: int, in_flight: int, size: int) -> None:
    system = connect(country, ASKING, "asking")
    left = [range(start, min(start + size, items)) for start in range(0, items, size)]
    left.reverse()
    await asyncio.gather(*(_ask(system, name, left) for _ in range(in_flight)))
    await system.wire.close()


async def _ask(system: System, name: str, left: list[Sequence[int]]) -> None:
    while left:
        persons = left.pop()
        found = await system.gateway.inquire(batch(f"{name}-{persons[0]}", persons))
        given = sum(result.outcome is Outcome.GIVEN for result in found.results)
        if given != len(persons):
            raise RuntimeError(f"{len(persons) - given} of {len(persons)} inquiries were not answered")


def _count_complete(country: Country) -> int:
    """Completed records of the core, read beside it: the length of its log less the records still open."""
    with sqlite3.connect(f"file:{country.folder}/data/core.db?mode=ro", uri=True) as conn:
        size = conn.execute("SELECT size FROM log_head").fetchone()
        asked = conn.execute("SELECT next FROM counter").fetchone()
    return (size[0] if size else 0) - (asked[0] - 1 if asked else 0)
