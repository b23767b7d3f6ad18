"""Kill -9, for real: a process that asks, answers and decides is killed at random moments, then opened again.

What it acknowledged is there, nothing is there by half, and the three parties' records agree once it has recovered.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import create_engine, select, text
from tests.contract.exchange.world import local_tax
from tests.network import JPS, NOW, SAPPORO, SETAGAYA, Network, address, differences
from tests.simulation.kill_child import COPIED, PAUSE, PEOPLE, PROTECTED, RunningClock, Told, opener
from tests.simulation.records import check_log

from renkei.contracts.information import LocalTax
from renkei.contracts.inquiries import PersonMarks, PersonMarksBatch
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.operations.auditing import logged_records as gateway_logged
from renkei.institutions.linkage.operations.auditing import logged_records as core_logged
from renkei.platform.outbox import waiting

ROOT = Path(__file__).resolve().parents[2]
MOMENTS = random.Random(20261123)
OPEN = {"pending", "failed"}


class Country:
    """The files of a network, and what its processes acknowledged in all their lives."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.schemas = f"kill_{os.getpid()}"
        self.told: dict[str, Told] = {}
        self.copies = 0
        self.finished = 0
        """Dispatches that a killed process left open and the next one finished."""

    def open(self, life: int = 0) -> Network:
        """Somewhat after the kill: what the dead process was delivering is nobody's again."""
        clock = RunningClock(NOW + PAUSE * life)
        return Network(self.folder, open_database=opener(self.url, self.schemas), clock=clock)

    async def prepare(self) -> None:
        net = await self.open().start()
        await net.give_codes(JPS, PEOPLE)
        await net.give_codes(SAPPORO, PEOPLE)
        await net.give_codes(SETAGAYA, COPIED)
        await net.give_copies(SAPPORO, "local_tax", PEOPLE[:-2], local_tax())
        await net.open_cases(PEOPLE)
        marks = [PersonMarks(address_number=address(PROTECTED), no_automatic_answer=True, hidden=True)]
        for body_id in (SAPPORO, SETAGAYA):
            await net.system(body_id).mark_persons(PersonMarksBatch(persons=marks))
        await net.stop()

    def live_and_be_killed(self, life: int) -> None:
        """One life of a process."""
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.simulation.kill_child", self.folder, self.url, self.schemas, str(life)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        )
        assert child.stdout is not None
        heard = b"".join(child.stdout.readline() for _ in range(MOMENTS.randint(2, 40)))
        assert heard, "the child did not start"
        time.sleep(MOMENTS.uniform(0.0, 0.05))
        child.send_signal(signal.SIGKILL)
        heard += child.stdout.read()
        assert child.wait() == -signal.SIGKILL
        for line in heard.split(b"\n")[:-1]:
            told = msgspec.json.decode(line, type=Told)
            if told.batch:
                self.told[told.batch] = told
            self.copies = max(self.copies, told.copies)

    async def recover_and_check(self, life: int) -> None:
        net = self.open(life)
        for node in net.gateways.values():
            with node.tenant.db.reading() as conn:
                self.finished += len(queries.open_dispatches(conn))
        await net.start()
        while any(node.tenant.db.read_now(_busy) for node in net.gateways.values()):
            await asyncio.sleep(0.02)
        await net.settle()
        await self._check_results(net)
        assert differences(net.faces()) == []
        self._check_copies(net)
        _check_logs(net)
        await net.stop()

    async def _check_results(self, net: Network) -> None:
        system = net.system(JPS)
        for batch, told in self.told.items():
            found = (await system.result(batch)).results
            assert len(found) == len(told.results)
            for now, (outcome, reason, number) in zip(found, told.results, strict=True):
                assert now.outcome != "failed", "what was left open is finished"
                if outcome in OPEN:
                    assert now.number == number or not number
                else:
                    assert (now.outcome, now.reason, now.number) == (outcome, reason, number)

    def _check_copies(self, net: Network) -> None:
        """The copies of one file are all there or none: the people of Setagaya have the same copy, and the last."""
        with net.gateways[SETAGAYA].tenant.db.reading() as conn:
            bodies = conn.execute(select(store.copy.c.body)).scalars().all()
        incomes = {msgspec.json.decode(bytes(body), type=LocalTax).years[0].total_income_yen for body in bodies}
        assert len(bodies) == len(COPIED)
        assert len(incomes) == 1, "copies of two files stand side by side"
        assert incomes.pop() >= self.copies

    def drop(self) -> None:
        if not self.url:
            return
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            query = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :start)")
            for (schema,) in conn.execute(query, {"start": self.schemas}).all():
                conn.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE')
        engine.dispose()


def _busy(conn) -> bool:  # type: ignore[no-untyped-def]
    return bool(queries.open_dispatches(conn)) or waiting(conn, store.outbox_table) > 0


def _check_logs(net: Network) -> None:
    with net.core.core.db.reading() as conn:
        check_log(net.core.core.log.head(conn), core_logged(conn))
    for body_id, node in net.gateways.items():
        with node.tenant.db.reading() as conn:
            check_log(node.tenant.log.head(conn), gateway_logged(conn, body_id=body_id))


@pytest.mark.parametrize(("dialect", "kills"), [("sqlite", 8), ("postgresql", 4)])
def test_nothing_acknowledged_is_lost(dialect: str, kills: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if dialect == "postgresql" else ""
    country = Country(tmp_path / "country", url)
    country.folder.mkdir()
    asyncio.run(country.prepare())
    for life in range(1, 1 + kills):
        country.live_and_be_killed(life)
        asyncio.run(asyncio.wait_for(country.recover_and_check(life), 60))
    country.drop()
    assert len(country.told) > 3 * kills, "too little was done for the kills to mean anything"
    assert country.copies > 0
    assert country.finished > 0, "no kill ever fell into an exchange"
