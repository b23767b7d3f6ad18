"""The tax room on both databases: assessing in bulk, correcting, copies for the gateway."""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta

import pytest
from tests.contract.agencies.doubles import NOW

from renkei.contracts.information import LocalTax, read_body
from renkei.institutions.agencies.tax import operations, queries, store
from renkei.institutions.agencies.tax.errors import AlreadyAssessed, CorrectionTooLate, NotAssessed, TaxpayerUnknown
from renkei.institutions.agencies.tax.model.assessment import Statement
from renkei.institutions.agencies.tax.service import TaxOffice
from renkei.platform.audit_store import audited

BIRTH = date(1980, 5, 9)


def statement(own_number: str = "7", fiscal_year: int = 2026, salary_yen: int = 4_000_000) -> Statement:
    return Statement(
        own_number=own_number, fiscal_year=fiscal_year, salary_yen=salary_yen, other_deductions_yen=600_000
    )  # fmt: skip


@pytest.fixture
def db(open_database):
    return open_database(store.metadata)


@pytest.fixture
def assessed(db):
    with db.writing() as conn:
        operations.register_taxpayers(conn, [("7", BIRTH), ("8", BIRTH)])
        statements = [statement(), statement(fiscal_year=2025), statement("8", salary_yen=900_000)]
        return operations.assess_all(conn, statements, designated_city=False, now=NOW)


def correct(db, declared: Statement, *, now=NOW):
    with db.writing() as conn:
        return operations.correct(
            conn, declared, reason="declared_late", user="clerk-1", designated_city=False, now=now
        )  # fmt: skip


def test_what_was_assessed_is_read_back(db, assessed) -> None:
    with db.reading() as conn:
        held = queries.assessed(conn, "7")
        copy = queries.local_taxes(conn, ["7"])["7"]
    assert [(one.statement.fiscal_year, one.revision) for one in held] == [(2026, 1), (2025, 1)]
    assert [one.assessment for one in held] == assessed[:2]
    assert [(year.fiscal_year, year.income_year, year.income_levy_yen) for year in copy.years] == [
        (2026, 2025, 102_300),
        (2025, 2024, 102_300),
    ]


def test_a_year_is_assessed_once(db, assessed) -> None:
    with db.writing() as conn:
        with pytest.raises(AlreadyAssessed):
            operations.assess_all(conn, [statement()], designated_city=False, now=NOW)
        with pytest.raises(AlreadyAssessed):
            operations.assess_all(conn, [statement("8", 2024)] * 2, designated_city=False, now=NOW)


def test_only_registered_taxpayers_are_assessed(db) -> None:
    with db.writing() as conn, pytest.raises(TaxpayerUnknown) as refused:
        operations.assess_all(conn, [statement()], designated_city=False, now=NOW)
    assert refused.value.public == {"count": "1"}


def test_a_correction_stands_beside_what_it_corrects(db, assessed) -> None:
    result = correct(db, statement(salary_yen=5_000_000))
    with db.reading() as conn:
        held = [one for one in queries.assessed(conn, "7") if one.statement.fiscal_year == 2026]
        events = audited(conn, store.audit_table, name="tax.corrected")
    assert [(one.revision, one.assessment.total_income_yen) for one in held] == [(2, 3_560_000), (1, 2_760_000)]
    assert held[0].assessment == result
    assert events[0].fields == {"fiscal_year": 2026, "revision": 2, "reason": "declared_late", "user": "clerk-1"}


def test_what_was_never_assessed_cannot_be_corrected(db, assessed) -> None:
    with pytest.raises(NotAssessed):
        correct(db, statement("8", 2024))


def test_raising_a_tax_after_three_years_is_refused_and_changes_nothing(db, assessed) -> None:
    with pytest.raises(CorrectionTooLate):
        correct(db, statement(salary_yen=5_000_000), now=NOW + timedelta(days=3 * 366))
    with db.reading() as conn:
        assert queries.newest(conn, "7", 2026).revision == 1


def test_copies_go_out_once_and_again_after_a_correction(db, assessed, gateway, clock) -> None:
    office = TaxOffice(db, gateway=gateway, clock=clock)
    assert asyncio.run(office.publish_copies()) == (2, 0, 0)
    assert asyncio.run(office.publish_copies()) == (0, 0, 0)
    first = gateway.copies["7", "local_tax"]
    correct(db, statement(salary_yen=5_000_000))  # in the same millisecond
    assert asyncio.run(office.publish_copies()) == (1, 0, 0)
    second = gateway.copies["7", "local_tax"]
    assert second.copied_ms > first.copied_ms
    body = read_body("local_tax", bytes(second.body))
    assert isinstance(body, LocalTax)
    assert body.years[0].total_income_yen == 3_560_000


def test_copies_whose_acknowledgement_was_lost_go_out_under_the_same_id(db, assessed, gateway) -> None:
    """Killed between the gateway's receipt and our note of it: the repetition is the same batch."""
    with db.reading() as conn:
        batches = {queries.due_copies(conn).batch.batch for _ in range(2)}
    assert len(batches) == 1


def test_a_person_whom_the_ledger_does_not_know_stays_due(db, assessed, gateway, clock) -> None:
    office = TaxOffice(db, gateway=gateway, clock=clock)
    gateway.unknown = {"8"}
    assert asyncio.run(office.publish_copies()) == (1, 0, 1)
    gateway.unknown = set()
    assert asyncio.run(office.publish_copies()) == (1, 0, 0)


def test_a_municipality_is_loaded_quickly(db) -> None:
    people = [(str(number), BIRTH) for number in range(1, 2001)]
    started = time.perf_counter()
    with db.writing() as conn:
        operations.register_taxpayers(conn, people)
        operations.assess_all(
            conn, [statement(number, year) for number, _ in people for year in (2024, 2025, 2026)],
            designated_city=False, now=NOW,
        )  # fmt: skip
    assert time.perf_counter() - started < 3  # about half a second; the rest is for a busy machine
