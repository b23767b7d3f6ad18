"""The register of insured persons, and the copies of it that the gateway took."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from renkei.base.time import Instant, to_ms
from renkei.institutions.agencies.pension import store
from renkei.institutions.agencies.pension.errors import InsuredUnknown
from renkei.institutions.agencies.pension.model.claims import Insured, Residence
from renkei.institutions.agencies.pension.model.copies import Pension
from renkei.institutions.agencies.pension.model.events import PensionCopiesPublished
from renkei.institutions.agencies.pension.queries import MONTH_FIELDS, Due
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, select_in, update_many, upsert_many

_COLUMNS = ("own_number", "name", "kana", "birth", "kind", *MONTH_FIELDS, "changed_ms", "published_ms")


def enter_insured(conn: Connection, people: Iterable[Insured], *, now: Instant) -> int:
    """Enter insured persons in bulk; a copy of each is due. Returns how many."""
    now_ms = to_ms(now)
    rows = [
        (
            one.own_number, one.name, one.kana, one.birth.isoformat(), str(one.kind),
            *msgspec.structs.astuple(one.months), now_ms, 0,
        )
        for one in people
    ]  # fmt: skip
    return insert_many(conn, store.insured, _COLUMNS, rows)


def change_months(conn: Connection, one: Insured, *, now: Instant) -> None:
    """Correct the contribution months and the kind of an insured person (国民年金法14条の4).

    Raises:
        InsuredUnknown: nobody of that number.
    """
    columns = ("kind", *MONTH_FIELDS)
    row = (one.own_number, str(one.kind), *msgspec.structs.astuple(one.months))
    if not update_many(conn, store.insured, ("own_number",), columns, [row]):
        raise InsuredUnknown()
    touch(conn, [one.own_number], now=now)


def set_residences(conn: Connection, residences: Iterable[tuple[str, Residence]]) -> int:
    """Enter since when people lived where, in bulk; the same day again replaces it."""
    rows = {(own_number, at.since.isoformat()): at.body_id for own_number, at in residences}
    return upsert_many(
        conn, store.residence, ("own_number", "since"), ("body_id",),
        [(*key, body_id) for key, body_id in rows.items()],
    )  # fmt: skip


def move(conn: Connection, own_number: str, *, body_id: str, since: date) -> None:
    """An insured person moved to another municipality (国民年金法12条)."""
    set_residences(conn, [(own_number, Residence(since, body_id))])


def enter_pensions(conn: Connection, pensions: Iterable[Pension], *, now: Instant) -> int:
    """Enter pensions in payment, or replace them; a copy of each person is due."""
    found = [msgspec.structs.astuple(pension) for pension in pensions]
    keys, values = ("own_number", "kind", "from_month"), ("to_month", "yearly_yen")
    upsert_many(conn, store.pension, keys, values, found)
    touch(conn, {row[0] for row in found}, now=now)
    return len(found)


def touch(conn: Connection, own_numbers: Iterable[str], *, now: Instant) -> None:
    """Make a copy due whose time is later than that of every copy before."""
    table = store.insured
    rows = select_in(
        conn, select(table.c.own_number, table.c.changed_ms), table.c.own_number, set(own_numbers)
    )  # fmt: skip
    update_many(
        conn, table, ("own_number",), ("changed_ms",),
        [(row.own_number, max(to_ms(now), row.changed_ms + 1)) for row in rows],
    )  # fmt: skip


def published(conn: Connection, due: Due, *, refused: frozenset[int], now: Instant) -> None:
    """The gateway took these copies, except at the positions in `refused`, which stay due."""
    rows = [
        (copy.address_number, changed_ms)
        for at, (copy, changed_ms) in enumerate(zip(due.batch.copies, due.changed_ms, strict=True))
        if at not in refused
    ]
    update_many(conn, store.insured, ("own_number",), ("published_ms",), rows)
    event = PensionCopiesPublished(batch=due.batch.batch, sent=len(due.batch.copies), problems=len(refused))
    audit(conn, store.audit_table, event, now=now)
