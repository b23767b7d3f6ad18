"""The welfare office on both databases: claims for the child allowance, payments, registers, copies."""

from __future__ import annotations

import asyncio
import time
from datetime import date

import pytest
from tests.contract.agencies.doubles import NOW, given, without

from renkei.contracts.exchange import Outcome
from renkei.contracts.information import (
    ChildAllowance,
    Disability,
    LocalTax,
    LocalTaxYear,
    PensionBenefit,
    PublicAssistance,
    read_body,
)
from renkei.institutions.agencies.welfare import queries, store
from renkei.institutions.agencies.welfare.errors import (
    AllowanceAnswersOutstanding,
    AllowanceClaimOpen,
    AllowancePaidAlready,
    AllowancePapersMissing,
    AllowanceStepRefused,
    AllowanceUnknown,
    NoChild,
)
from renkei.institutions.agencies.welfare.model.allowance import Child, month_from, month_text
from renkei.institutions.agencies.welfare.model.claims import Need, State
from renkei.institutions.agencies.welfare.model.registers import Assistance, Certificate
from renkei.institutions.agencies.welfare.operations import allowances, registers
from renkei.institutions.agencies.welfare.operations.allowances import Entry
from renkei.institutions.agencies.welfare.service import WelfareOffice

MOVED = date(2026, 11, 11)
CHILD = Child(own_number="8", birth=date(2022, 1, 20))
TAX = LocalTax(
    years=[
        LocalTaxYear(
            fiscal_year=2026, income_year=2025, salary_income_yen=1_760_000, pension_income_yen=0,
            business_income_yen=0, total_income_yen=1_760_000, dependants=1, income_levy_yen=40_000,
            per_capita_levy_yen=3_000, exempt=False,
        )
    ]
)  # fmt: skip
PENSION = PensionBenefit(
    contribution_months=150, employees_months=150, exempt_months=0, insured_kind="second", payments=[]
)  # fmt: skip


@pytest.fixture
def office(open_database, gateway, ledger, clock):
    gateway.responses = {
        "local_tax": lambda inquiry: given(inquiry, TAX),
        "pension_benefit": lambda inquiry: given(inquiry, PENSION),
    }
    db = open_database(store.metadata)
    return WelfareOffice(db, body_id="m-131121", gateway=gateway, addressees=ledger, clock=clock)


def run(work):
    return asyncio.run(work)


def read(office, query, *args):
    return office.db.read_now(lambda conn: query(conn, *args))


def filed(office) -> str:
    claim = run(office.file("7", children=[CHILD], moved_in_on=MOVED, moved_from="m-203211", user="clerk-1"))
    return claim.claim_id


def asked(office) -> str:
    claim_id = filed(office)
    run(office.ask_for_claim(claim_id, user="clerk-1"))
    return claim_id


def copied(gateway, own_number: str, information: str):
    return read_body(information, bytes(gateway.copies[own_number, information].body))


def test_a_mother_who_moved_in_is_granted_the_allowance(office, gateway) -> None:
    claim_id = asked(office)
    assert {case.affairs for case in gateway.cases.values()} == {"106.1", "107.1"}
    decided = run(office.grant(claim_id, user="clerk-1"))
    assert (decided.state, month_text(decided.since)) == (State.GRANTED, "2026-12")
    assert all(case.closed_ms == decided.decided_ms for case in gateway.cases.values())
    answers = read(office, queries.answers, claim_id)
    assert [answer.body for answer in answers.values()] == [None, None]
    assert answers[Need.PENSION].rests_on == {"employed": "yes"}
    assert answers[Need.INCOME].rests_on == {"fiscal_year": "2026", "total_income_yen": "1760000"}
    [child] = read(office, queries.allowance, "7").children
    assert (child.birth, month_text(child.since)) == (CHILD.birth, "2026-12")


def test_a_claim_waits_for_its_answers(office, gateway) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, Outcome.PENDING, "waiting_for_clerk")
    claim_id = asked(office)
    with pytest.raises(AllowanceAnswersOutstanding):
        run(office.grant(claim_id, user="clerk-1"))
    gateway.responses["local_tax"] = lambda inquiry: given(inquiry, TAX)
    assert run(office.refresh(claim_id)).state is State.READY


def test_a_claim_cannot_be_granted_before_anyone_was_asked(office) -> None:
    with pytest.raises(AllowanceStepRefused):
        run(office.grant(filed(office), user="clerk-1"))


def test_a_paper_is_seen_where_nothing_was_given(office, gateway) -> None:
    gateway.responses["pension_benefit"] = lambda inquiry: without(inquiry, Outcome.REFUSED, "no_code")
    claim_id = asked(office)
    with pytest.raises(AllowancePapersMissing):
        run(office.grant(claim_id, user="clerk-1"))
    run(office.ask_for_claim(claim_id, user="clerk-1"))
    assert [len(batch.inquiries) for batch in gateway.sent] == [2, 1]
    run(office.grant(claim_id, papers_seen=frozenset({Need.PENSION}), user="clerk-1"))


def test_who_may_not_claim_is_told_why(office) -> None:
    grown = Child(own_number="9", birth=date(2004, 2, 10))
    with pytest.raises(NoChild):
        run(office.file("7", children=[grown], user="clerk-1"))
    claim_id = asked(office)
    with pytest.raises(AllowanceClaimOpen):
        filed(office)
    run(office.grant(claim_id, user="clerk-1"))
    with pytest.raises(AllowancePaidAlready):
        filed(office)


def test_allowances_are_paid_once_in_every_payment_month(office, gateway) -> None:
    run(office.grant(asked(office), user="clerk-1"))
    with office.db.writing() as conn:
        assert allowances.pay(conn, month_from("2026-12"), now=NOW) == 0
        assert allowances.pay(conn, month_from("2027-02"), now=NOW) == 1
        assert allowances.pay(conn, month_from("2027-02"), now=NOW) == 0
    run(office.publish_copies())
    body = copied(gateway, "7", "child_allowance")
    assert isinstance(body, ChildAllowance)
    assert body.recipient
    assert body.paid_until_month == "2027-01"
    assert [(one.from_month, one.to_month, one.children, one.paid_yen) for one in body.payments] == [
        ("2026-12", "2027-01", 1, 20_000)
    ]


def test_what_is_left_is_paid_when_the_family_moves_away(office, gateway) -> None:
    """Paid at once, also in an odd month; the next municipality pays from the month after (児童手当法8条)."""
    with office.db.writing() as conn:
        entry = Entry(
            "7", month_from("2024-10"), (Child(own_number="8", birth=CHILD.birth, since=month_from("2024-10")),)
        )
        allowances.enter_allowances(conn, [entry], paid_through=month_from("2026-10"), now=NOW)
        allowances.end(conn, "7", last_month=month_from("2026-11"), reason="moved_out", user="clerk-1", now=NOW)
        assert allowances.pay(conn, month_from("2026-12"), now=NOW) == 0
        with pytest.raises(AllowanceUnknown):
            allowances.end(conn, "99", last_month=month_from("2026-11"), reason="moved_out", user="clerk-1", now=NOW)
    run(office.publish_copies())
    body = copied(gateway, "7", "child_allowance")
    assert (body.recipient, body.paid_until_month, len(body.payments)) == (False, "2026-11", 13)
    assert sum(one.paid_yen for one in body.payments) == 26 * 10_000 + 4 * 5_000  # under three until January 2025


def test_a_family_that_comes_back_starts_anew(office) -> None:
    run(office.grant(asked(office), user="clerk-1"))
    with office.db.writing() as conn:
        allowances.end(conn, "7", last_month=month_from("2026-12"), reason="moved_out", user="clerk-1", now=NOW)
    run(office.grant(asked(office), user="clerk-1"))
    assert read(office, queries.allowance, "7").until is None


def test_a_third_child_raises_the_allowance_from_its_month(office) -> None:
    first = [Child(own_number=str(at), birth=date(2012 + at, 1, 5), since=month_from("2026-04")) for at in (1, 2)]
    with office.db.writing() as conn:
        allowances.enter_allowances(conn, [Entry("7", month_from("2026-04"), tuple(first))], paid_through=None, now=NOW)
        born = Child(own_number="3", birth=date(2026, 9, 30), since=month_from("2026-11"))
        allowances.add_child(conn, "7", born, now=NOW)
        allowances.pay(conn, month_from("2026-12"), now=NOW)
    [paid] = read(office, queries.payments, ["7"])["7"]
    assert (paid.children, paid.paid_yen) == (3, 8 * 20_000 + 30_000)


def test_public_assistance_and_certificates_are_provided(office, gateway) -> None:
    aid = Assistance(own_number="1", started_on=date(2024, 5, 1), kinds=("living", "housing"), monthly_yen=121_000)
    held = [
        Certificate(own_number="2", kind="physical", grade="2級", issued_on=date(2020, 4, 1)),
        Certificate(
            own_number="2", kind="mental", grade="3級", issued_on=date(2025, 4, 1), review_on=date(2027, 3, 31)
        ),
    ]
    with office.db.writing() as conn:
        registers.enter_assistance(conn, [aid], now=NOW)
        registers.enter_certificates(conn, held, now=NOW)
    assert run(office.publish_copies()) == (2, 0, 0)
    assert run(office.publish_copies()) == (0, 0, 0)
    assistance, disability = copied(gateway, "1", "public_assistance"), copied(gateway, "2", "disability")
    assert isinstance(assistance, PublicAssistance)
    assert isinstance(disability, Disability)
    assert (assistance.kinds, assistance.ended_on) == (["living", "housing"], None)
    assert [one.kind for one in disability.certificates] == ["mental", "physical"]


def test_an_office_is_loaded_quickly(office) -> None:
    since = month_from("2025-04")
    entries = [
        Entry(str(at), since, (Child(own_number=str(90_000 + at), birth=date(2015, 1, 5), since=since),))
        for at in range(1, 501)
    ]
    started = time.perf_counter()
    with office.db.writing() as conn:
        allowances.enter_allowances(conn, entries, paid_through=month_from("2026-10"), now=NOW)
    assert time.perf_counter() - started < 3
