"""Single inquiries, sixteen at a time, through real HTTP between three role processes."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

import uvloop

from bench.country import ASKING, Country, System, batch, connect
from bench.processes import running
from renkei.contracts.exchange import Outcome

AT_ONCE = 16
WARM_UP = 200


class SinglesRun(NamedTuple):
    """One measured run."""

    per_s: float
    p50_ms: float
    p99_ms: float


def run_singles(country: Country, *, runs: int, inquiries: int) -> list[SinglesRun]:
    """Ask one question a message, `AT_ONCE` under way at any time."""
    with running(country), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_measure(country, "warm", WARM_UP))
        return [runner.run(_measure(country, f"single{number}", inquiries)) for number in range(runs)]


async def _measure(country: Country, name: str, inquiries: int) -> SinglesRun:
    system = connect(country, ASKING, "asking")
    left, took = list(range(inquiries)), []
    start = time.perf_counter()
    await asyncio.gather(*(_ask(system, name, left, took, country.persons) for _ in range(AT_ONCE)))
    spent = time.perf_counter() - start
    await system.wire.close()
    took.sort()
    return SinglesRun(inquiries / spent, took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000)


async def _ask(system: System, name: str, left: list[int], took: list[float], persons: int) -> None:
    while left:
        number = left.pop()
        start = time.perf_counter()
        found = await system.gateway.inquire(batch(f"{name}-{number}", [number * 31 % persons]))
        took.append(time.perf_counter() - start)
        if found.results[0].outcome is not Outcome.GIVEN:
            raise RuntimeError(f"an inquiry was not answered: {found.results[0].reason}")
