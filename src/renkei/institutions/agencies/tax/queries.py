"""Reads of the tax room."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from renkei.base.time import from_ms, jst_date
from renkei.contracts.exchange import ITEMS_MAX
from renkei.contracts.information import LocalTax
from renkei.contracts.inquiries import Copy, CopyBatch
from renkei.institutions.agencies.tax import store
from renkei.institutions.agencies.tax.model.assessment import Assessment, Relief, Statement, local_tax
from renkei.platform.bulk import select_in

INFORMATION = "local_tax"
STATEMENT_FIELDS = tuple(name for name in Statement.__struct_fields__ if name not in ("own_number", "fiscal_year"))
ASSESSMENT_FIELDS = Assessment.__struct_fields__
_encode = msgspec.json.Encoder().encode


class Held(NamedTuple):
    """One revision of one fiscal year."""

    statement: Statement
    assessment: Assessment
    revision: int

    def __repr__(self) -> str:
        return f"Held(revision {self.revision})"


class Due(NamedTuple):
    """Copies that the gateway has not taken yet, with their times by own number."""

    batch: CopyBatch
    changed_ms: list[int]


def births(conn: Connection, own_numbers: Iterable[str]) -> dict[str, date]:
    """Birth dates of registered taxpayers."""
    table = store.taxpayer
    query = select(table.c.own_number, table.c.birth)
    found = select_in(conn, query, table.c.own_number, set(own_numbers))
    return {row.own_number: date.fromisoformat(row.birth) for row in found}


def assessed(conn: Connection, own_number: str) -> list[Held]:
    """Every revision of every fiscal year of a taxpayer, newest year and revision first."""
    table = store.assessment
    query = (
        select(table)
        .where(table.c.own_number == own_number)
        .order_by(table.c.fiscal_year.desc(), table.c.revision.desc())
    )
    return [_held(row) for row in conn.execute(query)]


def newest(conn: Connection, own_number: str, fiscal_year: int) -> Held | None:
    """The revision in force of one fiscal year."""
    table = store.assessment
    query = select(table).where(
        table.c.own_number == own_number, table.c.fiscal_year == fiscal_year, table.c.newest.is_(True)
    )
    row = conn.execute(query).one_or_none()
    return _held(row) if row is not None else None


def local_taxes(conn: Connection, own_numbers: Iterable[str]) -> dict[str, LocalTax]:
    """The copy of each of these taxpayers who has been assessed."""
    table = store.assessment
    query = select(table).where(table.c.newest.is_(True))
    years: dict[str, list[tuple[int, int, Assessment]]] = {}
    for row in select_in(conn, query, table.c.own_number, own_numbers):
        years.setdefault(row.own_number, []).append((row.fiscal_year, row.dependants, _assessment(row)))
    return {own_number: local_tax(found) for own_number, found in years.items()}


def due_copies(conn: Connection, *, after: str = "", limit: int = ITEMS_MAX) -> Due | None:
    """Copies of taxpayers about whom something changed since the gateway took the last one; None if there are none.

    The batch is named by its content, so that one sent again after an interruption is known for the same.

    Args:
        after: own number up to which this round has come.
    """
    table = store.taxpayer
    query = (
        select(table.c.own_number, table.c.changed_ms)
        .where(table.c.changed_ms > table.c.published_ms, table.c.own_number > after)
        .order_by(table.c.own_number)
        .limit(limit)
    )
    rows = conn.execute(query).all()
    if not rows:
        return None
    bodies = local_taxes(conn, [row.own_number for row in rows])
    copies = [
        Copy(
            address_number=row.own_number,
            information=INFORMATION,
            body=msgspec.Raw(_encode(bodies.get(row.own_number) or LocalTax(years=[]))),
            copied_ms=row.changed_ms,
            valid_from=jst_date(from_ms(row.changed_ms)).isoformat(),
        )
        for row in rows
    ]
    digest = hashlib.sha256(_encode(copies)).hexdigest()[:32]
    return Due(CopyBatch(batch=f"{INFORMATION}-{digest}", copies=copies), [row.changed_ms for row in rows])


def _held(row: Row[Any]) -> Held:
    values = {field: getattr(row, field) for field in STATEMENT_FIELDS if field != "relief"}
    statement = Statement(own_number=row.own_number, fiscal_year=row.fiscal_year, relief=Relief(row.relief), **values)
    return Held(statement, _assessment(row), row.revision)


def _assessment(row: Row[Any]) -> Assessment:
    return Assessment(**{field: getattr(row, field) for field in ASSESSMENT_FIELDS})
