"""Completing the core's records with what the provider reports (番号法 23条3項)."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from renkei.contracts.errors import CallerMismatch, TooManyItems
from renkei.contracts.exchange import ITEMS_MAX, Outcome, Report, ReportItem
from renkei.contracts.sheets import encode
from renkei.institutions.linkage import store
from renkei.institutions.linkage.model import ReportRefused
from renkei.institutions.linkage.queries import record_leaf
from renkei.platform.audit_store import audit
from renkei.platform.bulk import select_in, update_many
from renkei.platform.logstore import LogStore
from renkei.platform.record_log import log_records

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
    table = store.exchange
    query = select(table).where(table.c.provider == caller)
    kept = {row.number: row for row in select_in(conn, query, table.c.number, [item.number for item in report.items])}
    leaves, changes, waiting, refused = [], [], [], 0
    new: dict[str, ReportItem] = {}
    for item in report.items:
        row = kept.get(item.number)
        if row is None or item.outcome not in (*_FINAL, Outcome.PENDING):
            refused += 1
        elif item.outcome is Outcome.PENDING:
            waiting += [(item.number, True, item.hidden)] if not row.outcome else []
        elif (row.outcome and row.outcome != item.outcome.value) or new.get(item.number, item) != item:
            refused += 1
        elif not row.outcome and item.number not in new:
            new[item.number] = item
            leaves.append(encode(_given_leaf(row, item)))
            changes.append(item)
    update_many(conn, table, ("number",), ("waiting", "given_hidden"), waiting)
    if changes:
        update_many(
            conn, table, ("number",), ("outcome", "given_ms", "given_hidden", "given_salt", "given_index"),
            [
                (item.number, item.outcome.value, item.given_ms, item.hidden, *entry)
                for item, entry in zip(changes, log_records(conn, log, leaves), strict=True)
            ],
        )  # fmt: skip
    if refused:
        audit(conn, store.audit_table, ReportRefused(provider=caller, count=refused), now=now)
    return len(changes)


def _given_leaf(row: object, item: ReportItem) -> msgspec.Struct:
    asked = record_leaf(row, given=False)  # type: ignore[arg-type]
    return msgspec.structs.replace(asked, outcome=item.outcome.value, given_ms=item.given_ms, hidden=item.hidden)
