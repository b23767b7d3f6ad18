"""Registering copies (副本) of the body's own records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, insert, select

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.errors import CopyFromFuture, CopyPeriodInvalid, PersonUnknown, RequestConflict
from renkei.contracts.information import check_body
from renkei.contracts.inquiries import Copy, CopyBatch, CopyProblem, CopyReceipt
from renkei.contracts.sheets import decode, encode
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.events import CopiesRegistered
from renkei.platform.audit_store import audit
from renkei.platform.bulk import select_in, upsert_many

CLOCK_TOLERANCE = timedelta(minutes=5)


def register_copies(conn: Connection, batch: CopyBatch, *, body: bytes, now: datetime) -> CopyReceipt:
    """Register a batch of copies: each good one is taken, each bad one is named with its reason.

    A copy not newer than the one held changes nothing; a repeated batch gets its first receipt again.

    Args:
        body: bytes that the batch was decoded from.

    Raises:
        RequestConflict: the batch id was used for another content.
    """
    digest = hashlib.sha256(body).digest()
    table = store.copy_batch
    kept = conn.execute(select(table).where(table.c.batch == batch.batch)).one_or_none()
    if kept is not None:
        if kept.digest != digest:
            raise RequestConflict()
        return decode(kept.receipt, CopyReceipt)
    good, problems = _sort(conn, batch.copies, now)
    stored = _store(conn, good)
    receipt = CopyReceipt(
        batch=batch.batch, stored=stored, unchanged=len(good) - stored, problems=problems
    )  # fmt: skip
    conn.execute(insert(table).values(batch=batch.batch, digest=digest, receipt=encode(receipt)))
    audit(
        conn,
        store.audit_table,
        CopiesRegistered(
            batch=batch.batch, stored=stored, unchanged=receipt.unchanged, problems=len(problems)
        ),
        now=now,
    )  # fmt: skip
    return receipt


def _sort(conn: Connection, copies: Iterable[Copy], now: datetime) -> tuple[list[Copy], list[CopyProblem]]:
    copies = list(copies)
    known = queries.persons(conn, [copy.address_number for copy in copies])
    latest_ms = to_ms(now + CLOCK_TOLERANCE)
    good, problems = [], []
    for at, copy in enumerate(copies):
        try:
            if copy.address_number not in known:
                raise PersonUnknown()
            if copy.copied_ms > latest_ms:
                raise CopyFromFuture()
            _check_period(copy)
            check_body(copy.information, bytes(copy.body))
        except RenkeiError as error:
            problems.append(CopyProblem(at=at, reason=error.code, facts=error.public))
        else:
            good.append(copy)
    return good, problems


def _check_period(copy: Copy) -> None:
    try:
        if date.fromisoformat(copy.valid_from) <= date.fromisoformat(copy.valid_to):
            return
    except ValueError:
        pass
    raise CopyPeriodInvalid()


def _store(conn: Connection, good: Iterable[Copy]) -> int:
    newest: dict[tuple[str, str], Copy] = {}
    for copy in good:
        key = (copy.address_number, copy.information)
        if key not in newest or newest[key].copied_ms < copy.copied_ms:
            newest[key] = copy
    table = store.copy
    query = select(table.c.address_number, table.c.information, table.c.copied_ms)
    held = {
        (row.address_number, row.information): row.copied_ms
        for row in select_in(conn, query, table.c.address_number, {number for number, _ in newest})
    }
    rows = [
        (*key, bytes(copy.body), copy.copied_ms, copy.valid_from, copy.valid_to)
        for key, copy in newest.items()
        if held.get(key, -1) < copy.copied_ms
    ]
    upsert_many(conn, table, ("address_number", "information"), ("body", "copied_ms", "valid_from", "valid_to"), rows)
    return len(rows)
