"""A small nation under fault injection: processes that are killed, a network that loses, doubles and delays messages.

Everything is decided by one seed: faults, moments, what is asked. The parties are the real ones, over SQLite files;
only time and the wire are simulated. A process that is killed loses what it had in memory between two transactions
and is opened again from its files. (What a kill does inside a transaction is the matter of `test_kill`.)
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import MetaData
from tests.network import JPS, NOW, SAPPORO, SETAGAYA
from tests.simulation.virtual_time import OWNER, VirtualTimeLoop

from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import CoreNode, GatewayNode, Means, open_core, open_gateway
from renkei.assembly.peers import CORE_AUTHORITY, GatewayClient, gateway_authority
from renkei.base.errors import RenkeiError
from renkei.contracts.directory import Directory
from renkei.contracts.exchange import PATH_LATE_ANSWERS
from renkei.contracts.sheets import CORE
from renkei.crypto.certificates import Purpose
from renkei.institutions.gateway import queries, store
from renkei.law import LawBook
from renkei.platform.database import Database
from renkei.platform.errors import PeerTimeout, PeerUnreachable
from renkei.platform.outbox import waiting
from renkei.platform.wire import Request, Response

T = TypeVar("T")
PARTIES = (CORE, JPS, SAPPORO, SETAGAYA)
BOOK = LawBook.load()
TIMEOUT_S = 30.0


@dataclass
class SimClock:
    """Virtual time as one process reads it."""

    loop: VirtualTimeLoop
    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.loop.time()) + self.offset


@dataclass
class Odds:
    """How likely faults are, each for one message; all 0 once the nation has healed."""

    lost_before: float = 0.0
    lost_after: float = 0.0
    doubled: float = 0.0
    slow: float = 0.0
    killed_after: float = 0.0

    @classmethod
    def drawn(cls, dice: random.Random) -> Odds:
        """A climate of faults: some nations have none of a kind, some a lot."""
        return cls(*(dice.choice((0.0, 0.05, 0.2)) for _ in range(4)), dice.choice((0.0, 0.03, 0.1)))


class Process:
    """One party, as a process: what runs in it ends when it is killed, its files stay."""

    def __init__(self, sim: Nation, name: str) -> None:
        self.sim, self.name = sim, name
        self.clock = SimClock(sim.loop)
        self.node: CoreNode | GatewayNode | None = None
        self.dead = True
        self.tasks: dict[asyncio.Task[Any], None] = {}

    @property
    def authority(self) -> str:
        return CORE_AUTHORITY if self.name == CORE else gateway_authority(self.name)

    @property
    def db(self) -> Database:
        assert self.node is not None
        return self.node.core.db if isinstance(self.node, CoreNode) else self.node.tenant.db

    @property
    def tenant(self) -> Any:
        assert isinstance(self.node, GatewayNode)
        return self.node.tenant

    def open(self) -> None:
        """Open the party from its files and let it recover in the background."""
        if self.node is not None:
            return
        means = self.sim.means._replace(clock=self.clock, open_database=self._database)
        self.node = open_core(means) if self.name == CORE else open_gateway(means, self.name, name=self.name)
        self.tasks, self.dead = {}, False
        if isinstance(self.node, GatewayNode):
            self.spawn(self.node.tenant.start())

    def kill(self) -> None:
        """End everything at once. The store is closed before any task could still write."""
        if self.node is None:
            return
        self.dead = True
        self.db.close()
        self.node = None
        for task in list(self.tasks):
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something inside this process."""
        context = contextvars.copy_context()
        context.run(OWNER.set, self)
        return self.sim.loop.create_task(work, context=context)

    def _database(self, name: str, metadata: MetaData) -> Database:
        db = Database.open(f"sqlite:///{self.sim.folder / name}.db", metadata=metadata)
        db._memory = True  # no threads: the order of everything is the loop's
        assert db._writer is not None
        db._writer.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # these kills spare the machine
        write, dice = db.write, self.sim.dice

        async def slow_write(work: Callable[[Any], T], *, brief: bool = False) -> T:
            """Let others run before and after the commit, as the writer's thread does."""
            await asyncio.sleep(dice.uniform(0, 0.002))
            result = await write(work)
            await asyncio.sleep(dice.uniform(0, 0.002))
            return result

        db.write = slow_write  # type: ignore[method-assign]
        return db


class Nation:
    """The parties, the wire between them and what goes wrong.

    Args:
        folder: a copy of the prepared files; see `prepared`.
    """

    def __init__(self, seed: int, folder: Path, loop: VirtualTimeLoop) -> None:
        self.seed, self.folder, self.loop = seed, folder, loop
        self.dice = random.Random(seed)
        self.odds = Odds()
        self.trace: list[str] = []
        keyring = KeyRing(folder / "keys", now=NOW)
        self.means = Means(keyring, None, self, SimClock(loop), BOOK, Directory([keyring.anchor]))  # type: ignore[arg-type]
        self.processes = {name: Process(self, name) for name in PARTIES}
        self._by_authority = {process.authority: process for process in self.processes.values()}

    def note(self, what: str) -> None:
        self.trace.append(f"{self.loop.time():10.3f} {what}")

    def open(self) -> None:
        for process in self.processes.values():
            process.open()

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()

    def system(self) -> GatewayClient:
        """The pension business system, whose own clock is right."""
        party = self.means.keyring.party(JPS, Purpose.BUSINESS, name="business system")
        self.means.directory.trust(party.certificate, at=NOW)
        return GatewayClient(self.means.client(party), JPS)

    # --- the wire ---

    async def send(self, request: Request) -> Response:
        """Carry a message as this network does."""
        odds, dice = self.odds, self.dice
        label = f"{request.path} to {request.authority.partition('.')[0]}"
        delay_s = dice.uniform(0.001, 0.02)
        if dice.random() < odds.slow:
            delay_s = dice.choice((1.0, 5.0, TIMEOUT_S + 5.0))
        await asyncio.sleep(delay_s)
        if dice.random() < odds.lost_before:
            self.note(f"lost before {label}")
            raise PeerUnreachable(authority=request.authority)
        handled = self._handle(request, label)
        doubled = self._handle(replace(request), label) if dice.random() < odds.doubled else None
        if doubled is not None:
            self.note(f"doubled {label}")
        remaining_s = max(0.1, TIMEOUT_S - delay_s)
        done, _ = await asyncio.wait({handled}, timeout=remaining_s)
        if not done or delay_s > TIMEOUT_S:
            self.note(f"timeout {label}")
            raise PeerTimeout(authority=request.authority)
        if handled.cancelled():
            raise PeerUnreachable(authority=request.authority)
        response = handled.result()
        if dice.random() < odds.lost_after:
            self.note(f"lost after {label} ({response.status})")
            raise PeerTimeout(authority=request.authority)
        await asyncio.sleep(dice.uniform(0.001, 0.02))
        return response

    def _handle(self, request: Request, label: str) -> asyncio.Task[Response]:
        """Hand over to the receiver, as a task of the receiver: it goes on though the sender be killed."""
        process = self._by_authority[request.authority]
        if process.node is None:
            raise PeerUnreachable(authority=request.authority)
        app = process.node.app

        async def handle() -> Response:
            await asyncio.sleep(self.dice.uniform(0, 0.01))  # messages overtake each other
            response = await app(request)
            self.note(f"{label} {response.status}")
            if self.dice.random() < self.odds.killed_after:
                self.kill(process)
                await asyncio.sleep(0)
            return response

        return process.spawn(handle())

    # --- what goes wrong ---

    def kill(self, process: Process) -> None:
        """Kill a process; somebody starts it again a little later."""
        if process.node is None:
            return
        self.note(f"killed {process.name}")
        process.kill()
        self.loop.call_later(self.dice.uniform(0.05, 8.0), process.open)

    async def go_wrong(self) -> None:
        """Kill processes and move their clocks at random moments."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.5, 12.0))
            process = self.processes[self.dice.choice(PARTIES)]
            if self.dice.random() < 0.6:
                self.kill(process)
            else:
                minutes = self.dice.choice((-8, -2, 0, 0, 2, 8))
                self.note(f"clock of {process.name} {minutes:+} minutes")
                process.clock.offset = timedelta(minutes=minutes)

    async def clerks(self, body_id: str) -> None:
        """Clerks of a provider decide what waits, in their own time, some of it never."""
        while True:
            await asyncio.sleep(self.dice.uniform(1.0, 20.0))
            await self.decide(body_id)

    async def decide(self, body_id: str) -> None:
        """One look at what waits."""
        process = self.processes[body_id]
        if process.node is None:
            return
        now_ms = int(process.clock.now().timestamp() * 1000)
        with process.db.reading() as conn:
            rows = queries.waiting(conn, now_ms=now_ms)
        for row in rows:
            if self.dice.random() < 0.7:
                give = self.dice.random() < 0.7
                await self.in_process(process, lambda row=row, give=give: process.tenant.decide(
                    row.number, give=give, user="clerk"))  # fmt: skip
                self.note(f"decided {give}")

    async def in_process(self, process: Process, work: Callable[[], Awaitable[Any]]) -> None:
        """Do something inside a process that may be killed meanwhile."""
        if process.node is None:
            return

        async def run() -> None:
            with contextlib.suppress(RenkeiError):
                await work()

        await asyncio.wait({process.spawn(run())})

    # --- healing ---

    def heal(self) -> None:
        """Nothing goes wrong from here on: all processes run, all clocks are right."""
        self.note("healed")
        self.odds = Odds()
        for process in self.processes.values():
            process.clock.offset = timedelta(0)
            process.open()

    async def quiet(self) -> None:
        """Wait until nothing is under way any more.

        Raises:
            AssertionError: that takes longer than any retry does.
        """
        for _ in range(400):
            await asyncio.sleep(10.0)
            if not self.under_way():
                return
        raise AssertionError(f"still under way after an hour: {self.under_way()}")

    def under_way(self) -> list[str]:
        """What is still to be done, by whom."""
        found = []
        for name, process in self.processes.items():
            if name == CORE:
                continue
            with process.db.reading() as conn:
                found += [f"{name}: dispatch" for _ in queries.open_dispatches(conn)]
                found += [f"{name}: outbox"] * bool(waiting(conn, store.outbox_table))
                found += [f"{name}: parked {PATH_LATE_ANSWERS}"] * bool(
                    waiting(conn, store.outbox_table, parked=True)
                )  # fmt: skip
        return found

    async def report(self) -> None:
        """Send what reports are due."""
        for name in PARTIES[1:]:
            await self.processes[name].tenant.reporting.flush()
