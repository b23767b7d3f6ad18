"""Writes of the tax room. Each works on the caller's transaction; values and `now` in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, select, update

from renkei.base.time import Instant, jst_date, to_ms
from renkei.institutions.agencies.tax import queries, store
from renkei.institutions.agencies.tax.errors import AlreadyAssessed, NotAssessed, TaxpayerUnknown
from renkei.institutions.agencies.tax.model.assessment import Assessment, Statement, assess, may_correct
from renkei.institutions.agencies.tax.model.events import TaxAssessed, TaxCopiesPublished, TaxCorrected
from renkei.institutions.agencies.tax.model.rules import rules_for
from renkei.institutions.agencies.tax.queries import ASSESSMENT_FIELDS, STATEMENT_FIELDS, Due
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, select_in, update_many

_COLUMNS = (
    "own_number", "fiscal_year", "revision", "newest", *STATEMENT_FIELDS, *ASSESSMENT_FIELDS, "decided_ms", "reason",
)  # fmt: skip


def register_taxpayers(conn: Connection, taxpayers: Iterable[tuple[str, date]]) -> int:
    """Register taxpayers by own number and birth date; who is there stays as is. Returns how many are new."""
    rows = [(own_number, birth.isoformat(), 0, 0) for own_number, birth in taxpayers]
    columns = ("own_number", "birth", "changed_ms", "published_ms")
    return insert_many(conn, store.taxpayer, columns, rows, ignore_conflicts=True)


def assess_all(
    conn: Connection, statements: Sequence[Statement], *, designated_city: bool, now: Instant
) -> list[Assessment]:
    """Assess fiscal years for the first time (賦課決定), any number at once; a year counts for its 1 January.

    Raises:
        TaxpayerUnknown: someone is not registered; nothing is assessed.
        AlreadyAssessed: a year of someone was assessed before; nothing is assessed.
        TaxYearUnsupported, StatementNegative: see `model`.

    Source: 地方税法39条, 318条 (1 January); 294条1項1号 (taxed where the domicile is).
    """
    births = _births(conn, {statement.own_number for statement in statements})
    _refuse_assessed(conn, statements)
    found = [
        assess(
            statement,
            birth=births[statement.own_number],
            designated_city=designated_city,
            rules=rules_for(statement.fiscal_year),
        )
        for statement in statements
    ]
    now_ms = to_ms(now)
    rows = [_row(statement, result, 1, now_ms, "assessed") for statement, result in zip(statements, found, strict=True)]
    insert_many(conn, store.assessment, _COLUMNS, rows)
    _touch(conn, births, now_ms)
    audit(
        conn, store.audit_table, TaxAssessed(count=len(found), exempt=sum(one.exempt for one in found)), now=now
    )  # fmt: skip
    return found


def correct(
    conn: Connection, statement: Statement, *, reason: str, user: str, designated_city: bool, now: Instant
) -> Assessment:
    """Correct an assessment (賦課決定の変更); the former revision stays readable and a new copy is due.

    Args:
        reason: short code, e.g. `declared_late`, `employer_corrected`.

    Raises:
        TaxpayerUnknown, NotAssessed: there is nothing to correct.
        CorrectionTooLate: the period is over.
    """
    [birth] = _births(conn, {statement.own_number}).values()
    former = queries.newest(conn, statement.own_number, statement.fiscal_year)
    if former is None:
        raise NotAssessed(fiscal_year=statement.fiscal_year)
    rules = rules_for(statement.fiscal_year)
    result = assess(statement, birth=birth, designated_city=designated_city, rules=rules)
    raises = result.due_yen > former.assessment.due_yen
    may_correct(statement.fiscal_year, raises=raises, on=jst_date(now))
    table = store.assessment
    conn.execute(
        update(table)
        .where(table.c.own_number == statement.own_number, table.c.fiscal_year == statement.fiscal_year)
        .values(newest=False)
    )
    revision = former.revision + 1
    insert_many(conn, table, _COLUMNS, [_row(statement, result, revision, to_ms(now), reason)])
    _touch(conn, [statement.own_number], to_ms(now))
    event = TaxCorrected(fiscal_year=statement.fiscal_year, revision=revision, reason=reason, user=user)
    audit(conn, store.audit_table, event, now=now)
    return result


def published(conn: Connection, due: Due, *, refused: frozenset[int], now: Instant) -> None:
    """The gateway took these copies, except at the positions in `refused`, which stay due."""
    rows = [
        (copy.address_number, changed_ms)
        for at, (copy, changed_ms) in enumerate(zip(due.batch.copies, due.changed_ms, strict=True))
        if at not in refused
    ]
    update_many(conn, store.taxpayer, ("own_number",), ("published_ms",), rows)
    event = TaxCopiesPublished(batch=due.batch.batch, sent=len(due.batch.copies), problems=len(refused))
    audit(conn, store.audit_table, event, now=now)


def _births(conn: Connection, own_numbers: set[str]) -> dict[str, date]:
    births = queries.births(conn, own_numbers)
    if missing := len(own_numbers) - len(births):
        raise TaxpayerUnknown(count=missing)
    return births


def _refuse_assessed(conn: Connection, statements: Sequence[Statement]) -> None:
    wanted = {(statement.own_number, statement.fiscal_year) for statement in statements}
    table = store.assessment
    query = select(table.c.own_number, table.c.fiscal_year)
    held = {tuple(row) for row in select_in(conn, query, table.c.own_number, {number for number, _ in wanted})}
    if len(wanted) < len(statements) or wanted & held:
        years = sorted({year for _, year in wanted & held} or {statement.fiscal_year for statement in statements})
        raise AlreadyAssessed(fiscal_year=years[0])


def _row(statement: Statement, result: Assessment, revision: int, now_ms: int, reason: str) -> tuple[object, ...]:
    own_number, fiscal_year, *declared = msgspec.structs.astuple(statement)
    return (
        own_number, fiscal_year, revision, True, *declared[:-1], str(statement.relief),
        *msgspec.structs.astuple(result), now_ms, reason,
    )  # fmt: skip


def _touch(conn: Connection, own_numbers: Iterable[str], now_ms: int) -> None:
    """Make a copy due whose time is later than that of every copy before."""
    table = store.taxpayer
    query = select(table.c.own_number, table.c.changed_ms)
    rows = select_in(conn, query, table.c.own_number, set(own_numbers))
    update_many(
        conn, table, ("own_number",), ("changed_ms",),
        [(row.own_number, max(now_ms, row.changed_ms + 1)) for row in rows],
    )  # fmt: skip
