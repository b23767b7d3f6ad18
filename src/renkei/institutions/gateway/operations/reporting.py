"""Telling the core what was provided (番号法 23条3項), in the order of the provider's own log.

What is still to be told is not kept item by item: everything beyond a place in the log is. Each final record has
its log entry, so a report that was lost with the process is made again, and one that is made twice changes nothing.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from renkei.base.errors import Failed, RenkeiError
from renkei.contracts.exchange import ITEMS_MAX, PATH_REPORTS, TAG_REPLY, Outcome, Report, ReportItem
from renkei.contracts.peers import Peers
from renkei.contracts.sheets import encode
from renkei.institutions.gateway import store
from renkei.platform.bulk import Lookup, Prepared, upsert_many
from renkei.platform.database import Database
from renkei.platform.logging import get_logger
from renkei.platform.logstore import LogStore

_PROGRESS = "reported"
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_record = store.provision_record.c
_TOLD = Lookup(select(store.progress.c.value), store.progress.c.name)
_LOGGED_BETWEEN = Prepared(
    select(_record.number, _record.outcome, _record.given_ms, _record.hidden).where(
        or_(
            _record.leaf_index.between(bindparam("first"), bindparam("last")),
            _record.late_index.between(bindparam("first"), bindparam("last")),
        )
    )
)
GATHER_S = 0.05
"""How long reports gather before one is sent: many exchanges then share a message."""
RETRY_S = 2.0


class Due(NamedTuple):
    """The next report, and the place in the log that it reaches."""

    report: Report
    upto: int


def due(conn: Connection, *, body_id: str, log: LogStore) -> Due | None:
    """The next report that is due; None if the core knows everything."""
    size = log.head(conn).size
    found = _TOLD(conn, [_PROGRESS])
    told = found[0][0] if found else 0
    if told >= size:
        return None
    upto = min(size, told + ITEMS_MAX)
    items = [
        ReportItem(number, _OUTCOMES[outcome], given_ms, bool(hidden))
        for number, outcome, given_ms, hidden in _LOGGED_BETWEEN(conn, first=told, last=upto - 1)
        # A pending one is told for its non-disclosure mark; the core completes its record by the later entry.
    ]
    return Due(Report(provider=body_id, items=items), upto)


def told(conn: Connection, upto: int) -> None:
    """Note that the core knows everything before this place in the log."""
    upsert_many(conn, store.progress, ("name",), ("value",), [(_PROGRESS, upto)])


class Reporting:
    """Sends reports whenever the log has grown, until stopped."""

    def __init__(self, db: Database, *, body_id: str, peers: Peers, log: LogStore) -> None:
        self._db, self._body_id, self._peers, self._log = db, body_id, peers, log
        self._wake = asyncio.Event()
        self._stopping = False

    def grown(self) -> None:
        """Say that the log has grown; called from the event loop after an answer was recorded."""
        self._wake.set()

    async def run(self) -> None:
        """Report until stopped; what is left over from an earlier process goes first."""
        self._wake.set()
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(GATHER_S)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001  # whatever it is, what is due stays due
                self._failed(error)
                asyncio.get_running_loop().call_later(RETRY_S, self._wake.set)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Failed):
            get_logger("gateway").info("report_failed", body_id=self._body_id, code=error.code)
            return
        code = error.code if isinstance(error, RenkeiError) else type(error).__name__
        get_logger("gateway").error("report_failed", body_id=self._body_id, code=code, exc_info=error)

    async def flush(self) -> None:
        """Send everything that is due now.

        Raises:
            RenkeiError: the core cannot be reached, or refused; nothing is lost.
        """
        while (found := await self._db.read(lambda conn: due(conn, body_id=self._body_id, log=self._log))) is not None:
            if found.report.items:
                request_id = f"report-{self._body_id}-{found.upto}"
                await self._peers.core(PATH_REPORTS, encode(found.report), request_id=request_id, tag=TAG_REPLY)
            await self._db.write(partial(told, upto=found.upto), brief=True)

    def stop(self) -> None:
        """Stop after the report under way."""
        self._stopping = True
        self._wake.set()
