"""What runs in the process that `test_kill` kills: a whole network that asks, answers, decides and registers copies.

    python -m tests.simulation.kill_child FOLDER POSTGRES_URL SCHEMAS LIFE

Whatever was acknowledged is told to the parent, a line of JSON each, after it was acknowledged.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import MetaData
from tests.contract.exchange.world import local_tax
from tests.network import JPS, NOW, SAPPORO, SETAGAYA, Network, address, ask

from renkei.base.time import to_ms
from renkei.contracts.inquiries import Copy, CopyBatch
from renkei.contracts.sheets import encode
from renkei.institutions.gateway import queries
from renkei.platform.database import Database

PEOPLE = range(1, 13)
PROTECTED = 12
PAUSE = timedelta(minutes=3)
"""Between one process and the next."""
COPIED = range(1, 41)
"""People of Setagaya whose copies are always registered together."""


class RunningClock:
    """A clock that runs from a given moment on: what is tried again later has its turn."""

    def __init__(self, start: datetime) -> None:
        self._start, self._since_s = start, time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._since_s)


class Told(msgspec.Struct):
    """One acknowledgement: results of a batch, a decision, or copies of one kind."""

    batch: str = ""
    results: list[tuple[str, str, str]] = []
    """Of each inquiry: outcome, reason, number."""
    copies: int = 0


def opener(url: str, schemas: str) -> Callable[[str, MetaData], Database] | None:
    """Opens schemas of the PostgreSQL server at `url`; None for SQLite files."""
    if not url:
        return None

    def open_database(name: str, metadata: MetaData) -> Database:
        return Database.open(url, metadata=metadata, schema=f"{schemas}_{name.replace('-', '_')}")

    return open_database


def tell(told: Told) -> None:
    os.write(1, msgspec.json.encode(told) + b"\n")


async def sections(net: Network, life: int, worker: int) -> None:
    dice = random.Random(f"{life}-{worker}")
    system = net.system(JPS)
    for turn in itertools.count():
        people = [dice.choice(PEOPLE) for _ in range(dice.randint(1, 6))]
        batch = ask(*people, batch=f"life-{life}-{worker}-{turn}", provider=dice.choice((SAPPORO, SETAGAYA)))
        results = (await system.inquire(batch)).results
        tell(
            Told(batch=batch.batch, results=[(one.outcome.value, one.reason, one.number) for one in results])
        )  # fmt: skip


async def clerks(net: Network) -> None:
    dice = random.Random()
    while True:
        await asyncio.sleep(0.01)
        for body_id in (SAPPORO, SETAGAYA):
            tenant = net.gateways[body_id].tenant
            rows = await tenant.db.read(lambda conn: queries.waiting(conn, now_ms=to_ms(NOW)))
            for row in rows[:3]:
                await tenant.decide(row.number, give=dice.random() < 0.5, user="clerk")


async def copies(net: Network, life: int) -> None:
    system = net.system(SETAGAYA)
    before_ms = to_ms(NOW) - 10**9
    for turn in itertools.count(1):
        income = life * 1_000_000 + turn
        raw = msgspec.Raw(encode(local_tax(income)))
        entries = [
            Copy(
                address_number=address(person), information="local_tax", body=raw,
                copied_ms=before_ms + income, valid_from="2026-04-01",
            )
            for person in COPIED
        ]  # fmt: skip
        receipt = await system.register_copies(CopyBatch(batch=f"copies-{life}-{turn}", copies=entries))
        assert receipt.stored == len(entries)
        tell(Told(copies=income))
        await asyncio.sleep(0.005)


async def live(folder: Path, url: str, schemas: str, life: int) -> None:
    clock = RunningClock(NOW + PAUSE * (life - 1))
    net = await Network(folder, open_database=opener(url, schemas), clock=clock).start()
    os.write(1, b"{}\n")  # it runs: the parent may kill it any time now
    await asyncio.gather(*(sections(net, life, worker) for worker in range(6)), clerks(net), copies(net, life))


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
