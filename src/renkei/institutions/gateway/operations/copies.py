"""Registering copies (副本) of the body's own records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import ARRAY, Connection, String, cast, func, insert, select

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.errors import CopyFromFuture, CopyPeriodInvalid, PersonUnknown, RequestConflict
from renkei.contracts.information import check_body
from renkei.contracts.inquiries import CopyBatch, CopyProblem, CopyReceipt
from renkei.contracts.sheets import decode, encode
from renkei.institutions.gateway import store
from renkei.institutions.gateway.model.events import CopiesRegistered
from renkei.platform.audit_store import audit
from renkei.platform.bulk import upsert_many

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
    known, held = _registered(conn, {row[0] for row in rows})
    good, problems = _sort(rows, known, now)
    stored = _store(conn, good, held)
    receipt = CopyReceipt(batch=batch, stored=stored, unchanged=len(good) - stored, problems=problems)
    conn.execute(insert(table).values(batch=batch, digest=digest, receipt=encode(receipt)))
    event = CopiesRegistered(batch=batch, stored=stored, unchanged=receipt.unchanged, problems=len(problems))
    audit(conn, store.audit_table, event, now=now)
    return receipt


Held = dict[tuple[str, str], int]
"""Time of each registered copy, by person and item."""


def _registered(conn: Connection, address_numbers: Iterable[str]) -> tuple[set[str], Held]:
    """Which of these persons are registered here, and what copies there are of them: one question to the store."""
    person, copy = store.person.c, store.copy.c
    if conn.dialect.name == "sqlite":
        text = msgspec.json.encode(sorted(address_numbers)).decode()
        wanted = select(func.json_each(text).table_valued("value").c.value)
    else:
        wanted = select(func.unnest(cast(sorted(address_numbers), ARRAY(String))).column_valued())
    query = (
        select(person.address_number, copy.information, copy.copied_ms)
        .outerjoin_from(store.person, store.copy, person.address_number == copy.address_number)
        .where(person.address_number.in_(wanted))
    )
    known: set[str] = set()
    held: Held = {}
    for number, information, copied_ms in conn.execute(query).all():
        known.add(number)
        if information is not None:
            held[number, information] = copied_ms
    return known, held


def _sort(rows: Sequence[CopyFields], known: set[str], now: datetime) -> tuple[list[CopyFields], list[CopyProblem]]:
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


def _store(conn: Connection, good: Sequence[CopyFields], held: Held) -> int:
    newest: dict[tuple[str, str], CopyFields] = {}
    for row in good:
        key = row[:2]
        other = newest.get(key)
        if other is None or other[3] < row[3]:
            newest[key] = row
    table = store.copy
    fresh = [row for key, row in newest.items() if held.get(key, -1) < row[3]]
    upsert_many(conn, table, ("address_number", "information"), ("body", "copied_ms", "valid_from", "valid_to"), fresh)
    return len(fresh)
