"""Registering copies (副本) of the body's own records."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, insert, select

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.errors import CopyFromFuture, CopyPeriodInvalid, PersonUnknown, RequestConflict
from renkei.contracts.information import check_body
from renkei.contracts.inquiries import CopyBatch, CopyProblem, CopyReceipt
from renkei.contracts.sheets import decode, encode
from renkei.institutions.gateway import store
from renkei.institutions.gateway.model.events import CopiesRegistered
from renkei.platform.audit_store import audit
from renkei.platform.bulk import select_in, upsert_many

CLOCK_TOLERANCE = timedelta(minutes=5)

CopyFields = tuple[str, str, bytes, int, str, str]
"""One copy as its table holds it: address number, information, body, copied_ms, valid_from, valid_to."""


def register_copies(conn: Connection, batch: CopyBatch, *, body: bytes, now: datetime) -> CopyReceipt:
    """Register a batch of copies; see `register_rows`.

    Args:
        body: bytes that the batch was decoded from.

    Raises:
        RequestConflict: the batch id was used for another content.
    """
    rows: list[CopyFields] = [
        (copy.address_number, copy.information, bytes(copy.body), copy.copied_ms, copy.valid_from, copy.valid_to)
        for copy in batch.copies
    ]
    return register_rows(conn, rows, batch=batch.batch, digest=hashlib.sha256(body).digest(), now=now)


def register_rows(
    conn: Connection, rows: Sequence[CopyFields], *, batch: str, digest: bytes, now: datetime
) -> CopyReceipt:
    """Register many copies at once: each good one is taken, each bad one is named with its reason.

    A copy not newer than the one held changes nothing; a repeated batch gets its first receipt again.

    Args:
        batch: id of the batch, unique in this tenant.
        digest: SHA-256 of what the batch was read from.

    Raises:
        RequestConflict: the batch id was used for another content.
    """
    table = store.copy_batch
    kept = conn.execute(select(table).where(table.c.batch == batch)).one_or_none()
    if kept is not None:
        if kept.digest != digest:
            raise RequestConflict()
        return decode(kept.receipt, CopyReceipt)
    good, problems = _sort(conn, rows, now)
    stored = _store(conn, good)
    receipt = CopyReceipt(batch=batch, stored=stored, unchanged=len(good) - stored, problems=problems)
    conn.execute(insert(table).values(batch=batch, digest=digest, receipt=encode(receipt)))
    event = CopiesRegistered(batch=batch, stored=stored, unchanged=receipt.unchanged, problems=len(problems))
    audit(conn, store.audit_table, event, now=now)
    return receipt


def _sort(conn: Connection, rows: Sequence[CopyFields], now: datetime) -> tuple[list[CopyFields], list[CopyProblem]]:
    column = store.person.c.address_number
    known = {row[0] for row in select_in(conn, select(column), column, {row[0] for row in rows})}
    latest_ms = to_ms(now + CLOCK_TOLERANCE)
    sound_periods: set[tuple[str, str]] = set()
    good, problems = [], []
    for at, row in enumerate(rows):
        try:
            if row[0] not in known:
                raise PersonUnknown()
            if row[3] > latest_ms:
                raise CopyFromFuture()
            if row[4:] not in sound_periods:
                sound_periods.add(_period(row))
            check_body(row[1], row[2])
        except RenkeiError as error:
            problems.append(CopyProblem(at=at, reason=error.code, facts=error.public))
        else:
            good.append(row)
    return good, problems


def _period(row: CopyFields) -> tuple[str, str]:
    """The period of a copy; days are compared as text later, so they have to be of one form.

    Raises:
        CopyPeriodInvalid: not two days of the form YYYY-MM-DD in their order.
    """
    valid_from, valid_to = row[4:]
    try:
        days = date.fromisoformat(valid_from), date.fromisoformat(valid_to)
    except ValueError as error:
        raise CopyPeriodInvalid() from error
    if days[0] > days[1] or (valid_from, valid_to) != (days[0].isoformat(), days[1].isoformat()):
        raise CopyPeriodInvalid()
    return valid_from, valid_to


def _store(conn: Connection, good: Sequence[CopyFields]) -> int:
    newest: dict[tuple[str, str], CopyFields] = {}
    for row in good:
        key = row[:2]
        other = newest.get(key)
        if other is None or other[3] < row[3]:
            newest[key] = row
    table = store.copy
    query = select(table.c.address_number, table.c.information, table.c.copied_ms)
    held = {
        (number, information): copied_ms
        for number, information, copied_ms in select_in(
            conn, query, table.c.address_number, {number for number, _ in newest}
        )
    }
    fresh = [row for key, row in newest.items() if held.get(key, -1) < row[3]]
    upsert_many(conn, table, ("address_number", "information"), ("body", "copied_ms", "valid_from", "valid_to"), fresh)
    return len(fresh)
