"""Completing the core's records with what the provider reports (番号法 23条3項)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from renkei.contracts.errors import CallerMismatch, TooManyItems
from renkei.contracts.exchange import ITEMS_MAX, Outcome, Report, ReportItem
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.sheets import as_text, b64, encode
from renkei.institutions.linkage import store
from renkei.institutions.linkage.model import ReportRefused
from renkei.platform.audit_store import audit
from renkei.platform.bulk import Lookup, update_many
from renkei.platform.logstore import LogStore
from renkei.platform.record_log import log_records

_exchange = store.exchange.c
# What `_given_leaf` takes; last, what was reported before.
_ASKED = Lookup(
    select(
        _exchange.subject, _exchange.number, _exchange.requester, _exchange.provider, _exchange.section,
        _exchange.affairs, _exchange.information, _exchange.row, _exchange.asked_ms, _exchange.outcome,
    ).where(_exchange.provider == bindparam("provider")),
    _exchange.number,
)  # fmt: skip
_FINAL = (Outcome.GIVEN, Outcome.NONE, Outcome.LAPSED)


def take_report(conn: Connection, report: Report, *, caller: str, log: LogStore, now: datetime) -> int:
    """Complete the records of these permits; returns how many were new.

    A repeated report changes nothing. A record is completed once, by a final outcome; that an inquiry waits for a
    clerk is told for the non-disclosure mark alone. Items about another provider's permits, or that contradict what
    was reported before, are left alone and audited.

    Raises:
        CallerMismatch: the report speaks for another body than the one that signed.
        TooManyItems: more than `ITEMS_MAX`.
    """
    if report.provider != caller:
        raise CallerMismatch()
    if len(report.items) > ITEMS_MAX:
        raise TooManyItems(limit=ITEMS_MAX)
    kept = {row[1]: row for row in _ASKED(conn, [item.number for item in report.items], provider=caller)}
    leaves, changes, waiting, refused = [], [], [], 0
    new: dict[str, ReportItem] = {}
    for item in report.items:
        row = kept.get(item.number)
        if row is None or item.outcome not in (*_FINAL, Outcome.PENDING):
            refused += 1
        elif item.outcome is Outcome.PENDING:
            waiting += [(item.number, True, item.hidden)] if not row[-1] else []
        elif (row[-1] and row[-1] != item.outcome) or new.get(item.number, item) != item:
            refused += 1
        elif not row[-1] and item.number not in new:
            new[item.number] = item
            outcome = as_text(item.outcome)
            leaves.append(_given_leaf(row, item.hidden, outcome, item.given_ms))
            changes.append((item.number, outcome, item.given_ms, item.hidden))
    update_many(conn, store.exchange, ("number",), ("waiting", "given_hidden"), waiting)
    if changes:
        logged = log_records(conn, log, leaves)
        update_many(
            conn, store.exchange, ("number",), ("outcome", "given_ms", "given_hidden", "given_salt", "given_index"),
            [change + entry for change, entry in zip(changes, logged, strict=True)],
        )  # fmt: skip
    if refused:
        audit(conn, store.audit_table, ReportRefused(provider=caller, count=refused), now=now)
    return len(changes)


def _given_leaf(row: tuple[Any, ...], hidden: bool, outcome: str, given_ms: int) -> bytes:
    subject, number, requester, provider, section, affairs, information, rule, asked_ms, _ = row
    leaf = RecordLeaf(
        Party.CORE, b64(subject), number, requester, provider, section, affairs, information, rule, asked_ms, hidden,
        outcome, given_ms,
    )  # fmt: skip
    return encode(leaf)
