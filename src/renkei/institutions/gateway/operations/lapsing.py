"""Inquiries that nobody decided in time: they lapse, on both sides, and both record it.

The provider's word comes first: what its clerks did not decide before `answer_by` lapses there, and the requester is
told by a signed late answer like any other. Where even that does not arrive for a long time, the requester closes its
own record; the difference between the two is then named by reconciliation.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from renkei.base.time import to_ms
from renkei.contracts.errors import AnswerOverdue
from renkei.contracts.exchange import Outcome
from renkei.contracts.records import Party
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.answering import PendingState, Verdict
from renkei.institutions.gateway.model.events import InquiriesLapsed
from renkei.institutions.gateway.operations.late import complete, settle
from renkei.platform.audit_store import audit
from renkei.platform.logstore import LogStore

GRACE = timedelta(days=7)
"""How long a requester waits for the word of a provider that is out of reach, beyond the time to answer."""
AT_ONCE = 500


def lapse_overdue(conn: Connection, *, body_id: str, log: LogStore, now: datetime) -> int:
    """Let overdue inquiries lapse, as provider and as requester; returns how many (at most `AT_ONCE` of each).

    Call again until it returns 0.
    """
    to_answer = _lapse_as_provider(conn, body_id=body_id, log=log, now=now)
    asked = _lapse_as_requester(conn, body_id=body_id, log=log, now=now)
    if asked or to_answer:
        audit(conn, store.audit_table, InquiriesLapsed(asked=asked, to_answer=to_answer), now=now)
    return asked + to_answer


def overdue(conn: Connection, *, now: datetime) -> bool:
    """Whether `lapse_overdue` would find anything: a look that writes nothing."""
    pending, awaited = store.pending, store.awaited
    waits = (pending.c.state == PendingState.WAITING.value) & (pending.c.answer_by_ms <= to_ms(now))
    owed = awaited.c.answer_by_ms <= to_ms(now - GRACE)
    return any(
        conn.execute(select(table.c.number).where(late).limit(1)).first() is not None
        for table, late in ((pending, waits), (awaited, owed))
    )


def _lapse_as_provider(conn: Connection, *, body_id: str, log: LogStore, now: datetime) -> int:
    table = store.pending
    query = (
        select(table)
        .where(table.c.state == PendingState.WAITING.value, table.c.answer_by_ms <= to_ms(now))
        .order_by(table.c.number)
        .limit(AT_ONCE)
    )
    rows = conn.execute(query).all()
    records = queries.provision_records(conn, [row.number for row in rows])
    verdict = Verdict(Outcome.LAPSED, AnswerOverdue.code, b"", 0)
    for row in rows:
        settle(
            conn, row, records[row.number], verdict, state=PendingState.LAPSED, user="", body_id=body_id, log=log,
            now=now,
        )  # fmt: skip
    return len(rows)


def _lapse_as_requester(conn: Connection, *, body_id: str, log: LogStore, now: datetime) -> int:
    table = store.awaited
    latest_ms = to_ms(now - GRACE)
    query = select(table.c.number).where(table.c.answer_by_ms <= latest_ms).order_by(table.c.number).limit(AT_ONCE)
    numbers = list(conn.execute(query).scalars())
    records = queries.request_records(conn, numbers)
    for number in numbers:
        record = records[number]
        complete(
            conn, store.request_record, record, Outcome.LAPSED, AnswerOverdue.code, to_ms(now),
            hidden=bool(record.hidden), log=log, party=Party.REQUESTER, requester=body_id, provider=record.provider,
        )  # fmt: skip
        conn.execute(delete(table).where(table.c.number == number))
    return len(numbers)
