"""One tenant as it runs: its store and keys, the asking side, the reports, the late answers."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import NamedTuple

from renkei.base.errors import Invalid
from renkei.base.time import jst_date
from renkei.contracts.directory import Directory
from renkei.contracts.errors import AnswerInvalid, ExchangeInterrupted, PermitInvalid
from renkei.contracts.exchange import PATH_LATE_ANSWERS, TAG_REPLY, Answer, Outcome, PermitHeader, PermitItem
from renkei.contracts.peers import Peers
from renkei.contracts.sheets import decode
from renkei.crypto.manifest import Manifest, manifest_of
from renkei.crypto.sealing import SealingPrivateKey
from renkei.institutions.gateway import store
from renkei.institutions.gateway.operations.asking import Asking
from renkei.institutions.gateway.operations.lapsing import lapse_overdue, overdue
from renkei.institutions.gateway.operations.late import KIND_LATE_ANSWER, decide
from renkei.institutions.gateway.operations.provisions import Provider, Recheck
from renkei.institutions.gateway.operations.reporting import Reporting
from renkei.law import LawBook
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.logging import get_logger
from renkei.platform.logstore import LogStore
from renkei.platform.outbox import Dispatcher, OutboxMessage

LAPSE_EVERY_S = 60.0
"""How often it is looked whether pending inquiries lapsed; their time is counted in days."""


class Identity(NamedTuple):
    """Who the tenant is."""

    body_id: str
    sealing: SealingPrivateKey


class Tenant:
    """A body's gateway.

    Args:
        directory: what the body knows of the others; tells the capacities of a requester.
        peers: how the core and other gateways are reached.
    """

    def __init__(
        self, identity: Identity, *, db: Database, log: LogStore, book: LawBook, directory: Directory, peers: Peers,
        clock: Clock,
    ) -> None:  # fmt: skip
        self.body_id = identity.body_id
        self.provider = Provider(identity.body_id, identity.sealing)
        self.key = identity.sealing
        self.db, self.log, self.book, self.directory, self.clock = db, log, book, directory, clock
        self.peers = peers
        self.asking = Asking(db, body_id=identity.body_id, key=identity.sealing, peers=peers, log=log, clock=clock)
        self.reporting = Reporting(db, body_id=identity.body_id, peers=peers, log=log)
        self.outbox = Dispatcher(db, store.outbox_table, self._deliver, clock=clock, audit_table=store.audit_table)
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None

    def recheck(self, now: datetime) -> Recheck:
        """The provider's own check of the law: the core's word alone does not open a copy."""
        table = self.book.on(jst_date(now))
        own_kinds = self.directory.entry(self.body_id).kinds

        def check(header: PermitHeader, item: PermitItem) -> None:
            requester = self.directory.active(header.requester)
            permit = table.check(requester.kinds, item.affairs, own_kinds, item.information)
            if permit.row != item.row:
                raise PermitInvalid(private="the permit names another row than the law")

        return check

    async def decide(self, number: str, *, give: bool, user: str) -> Outcome:
        """A clerk's decision on a pending inquiry; the answer is delivered in the background.

        Raises:
            DecisionStale: decided already, past its time, or no such inquiry.
            BodyStopped: the requester was stopped since; nothing may be given while it is.
        """
        now = self.clock.now()
        outcome = await self.db.write(
            lambda conn: decide(
                conn, number, give=give, user=user, body_id=self.body_id, log=self.log, now=now,
                check_requester=self._check_requester,
            )
        )  # fmt: skip
        self.reporting.grown()
        return outcome

    def _check_requester(self, body_id: str) -> None:
        self.directory.active(body_id)

    async def lapse_overdue(self) -> int:
        """Let inquiries lapse that nobody decided or answered in time; returns how many."""
        total, now = 0, self.clock.now()
        while await self.db.read(partial(overdue, now=now)):
            work = partial(lapse_overdue, body_id=self.body_id, log=self.log, now=now)
            total += await self.db.write(work)
        if total:
            self.reporting.grown()
        return total

    async def start(self) -> None:
        """Finish what an earlier process left open, then report and deliver in the background."""
        self._tasks = [asyncio.create_task(self.reporting.run()), asyncio.create_task(self.outbox.run())]
        await self.lapse_overdue()
        await self.asking.recover()
        self._watch = asyncio.create_task(self._watch_time())

    async def stop(self) -> None:
        """Stop in the order of dependence; nothing durable is lost by stopping at any point."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self.asking.close()
        self.reporting.stop()
        await self.outbox.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch_time(self) -> None:
        while True:
            await asyncio.sleep(LAPSE_EVERY_S)
            try:
                await self.lapse_overdue()
            except Exception as error:  # noqa: BLE001  # the next round may fare better
                get_logger("gateway").error("lapse_failed", body_id=self.body_id, exc_info=error)

    async def _deliver(self, message: OutboxMessage) -> None:
        if message.kind != KIND_LATE_ANSWER:
            raise PermitInvalid(private=f"unknown kind of message {message.kind}")
        try:
            await self.peers.body(
                message.destination, PATH_LATE_ANSWERS, message.body,
                request_id=f"late-{self.body_id}-{message.number}", tag=TAG_REPLY, manifest=_manifest(message.body),
            )  # fmt: skip
        except AnswerInvalid:
            raise  # the requester has looked at it
        except Invalid as error:
            # Clocks, certificates, bytes changed on the way: all of that heals, and the answer is owed until then.
            raise ExchangeInterrupted(private=error.code) from error


def _manifest(body: bytes) -> Manifest:
    sheet = decode(body, Answer)
    return manifest_of(bytes(sheet.header), [bytes(item) for item in sheet.items])
