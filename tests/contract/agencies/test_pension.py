"""The pension office on both databases: claims from filing to decision, with a gateway that answers in every way."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec
import pytest
from tests.contract.agencies.doubles import NOW, given, without

from renkei.contracts.addressees import Enrolment, FourItems
from renkei.contracts.errors import ExchangeInterrupted
from renkei.contracts.exchange import Outcome
from renkei.contracts.information import LocalTax, LocalTaxYear, PensionBenefit, ResidentRecord, read_body
from renkei.institutions.agencies.pension import queries, store
from renkei.institutions.agencies.pension.errors import (
    AnswersContradict,
    AnswersOutstanding,
    ClaimOpen,
    ClaimStepRefused,
    ClaimTooEarly,
    ClaimUnknown,
    InsuredUnknown,
    PapersMissing,
    PensionPaidAlready,
)
from renkei.institutions.agencies.pension.model.amount import Months
from renkei.institutions.agencies.pension.model.claims import AFFAIRS, Insured, InsuredKind, Need, Residence, State
from renkei.institutions.agencies.pension.operations import register
from renkei.institutions.agencies.pension.service import PensionOffice
from renkei.platform.audit_store import audited

CLAIMANT = Insured(
    own_number="7", name="見本　和子", kana="ミホン カズコ", birth=date(1961, 11, 2),
    months=Months(paid=60, employed=300, dependant=47), kind=InsuredKind.THIRD,
)  # fmt: skip
YOUNG = Insured(own_number="8", name="例示 彩", kana="レイジ アヤ", birth=date(1992, 5, 9), months=Months(paid=120))
RECORD = ResidentRecord(
    name="見本 和子", kana="ミホン カズコ", address="見本町1-1", birth=date(1961, 11, 2), sex="female",
    resident_since=date(2026, 2, 14), moved_from="m-011002", household="1", relation="妻", household_size=2,
)  # fmt: skip
TAX = LocalTax(
    years=[
        LocalTaxYear(
            fiscal_year=2026, income_year=2025, salary_income_yen=370_000, pension_income_yen=0,
            business_income_yen=0, total_income_yen=370_000, dependants=0, income_levy_yen=0,
            per_capita_levy_yen=0, exempt=True,
        )
    ]
)  # fmt: skip


@pytest.fixture
def office(open_database, gateway, ledger, clock):
    db = open_database(store.metadata)
    with db.writing() as conn:
        register.enter_insured(conn, [CLAIMANT, YOUNG], now=NOW)
        homes = [Residence(date(1999, 4, 1), "m-011002"), Residence(date(2026, 2, 14), "m-131121")]
        register.set_residences(conn, [("7", home) for home in homes])
    gateway.responses = {
        "resident_record": lambda inquiry: given(inquiry, RECORD),
        "local_tax": lambda inquiry: given(inquiry, TAX, number="20261123000000000002"),
    }
    return PensionOffice(db, gateway=gateway, addressees=ledger, clock=clock)


def run(work):
    return asyncio.run(work)


def filed(office) -> str:
    return run(office.file("7", user="clerk-1")).claim_id


def asked(office) -> str:
    claim_id = filed(office)
    run(office.ask_for_claim(claim_id, user="clerk-1"))
    return claim_id


def read(office, query, *args):
    return office.db.read_now(lambda conn: query(conn, *args))


def events(office, name: str):
    return [row.fields for row in read(office, lambda conn: audited(conn, store.audit_table, name=name))]


def test_a_claim_is_decided_without_paper(office, gateway) -> None:
    claim_id = filed(office)
    assert gateway.cases[claim_id].affairs == AFFAIRS
    claim = run(office.ask_for_claim(claim_id, user="clerk-1"))
    assert claim.state is State.READY
    [batch] = gateway.sent
    assert [(one.information, one.provider) for one in batch.inquiries] == [
        ("resident_record", "m-131121"),
        ("local_tax", "m-011002"),
    ]
    decided = run(office.grant(claim_id, user="clerk-2"))
    assert (decided.state, decided.yearly_yen, decided.from_month) == (State.GRANTED, 718_440, "2026-12")
    assert gateway.cases[claim_id].closed_ms == decided.decided_ms
    assert events(office, "pension.claim_decided") == [
        {"claim": claim_id, "state": "granted", "papers_seen": 0, "copies_erased": 2, "user": "clerk-2"}
    ]


def test_the_decision_keeps_facts_and_numbers_and_no_copy(office) -> None:
    claim_id = asked(office)
    run(office.grant(claim_id, user="clerk-1"))
    answers = read(office, queries.answers, claim_id)
    assert [answer.body for answer in answers.values()] == [None, None]
    grounds = read(office, queries.grounds, claim_id)
    assert grounds[Need.INCOME].facts == {"fiscal_year": "2026", "total_income_yen": "370000"}
    assert grounds[Need.RESIDENCE].facts == {"birth": "1961-11-02", "resident_since": "2026-02-14"}
    assert [ground.number[-1] for ground in grounds.values()] == ["1", "2"]


def test_a_grant_is_provided_to_others(office, gateway) -> None:
    run(office.publish_copies())
    run(office.grant(asked(office), user="clerk-1"))
    assert run(office.publish_copies()) == (1, 0, 0)
    body = read_body("pension_benefit", bytes(gateway.copies["7", "pension_benefit"].body))
    assert isinstance(body, PensionBenefit)
    assert (body.contribution_months, body.employees_months, body.insured_kind) == (407, 300, "third")
    assert [(one.kind, one.from_month, one.yearly_yen) for one in body.payments] == [
        ("old_age_basic", "2026-12", 718_440)
    ]


def test_asking_again_makes_no_second_record(office, gateway) -> None:
    claim_id = asked(office)
    assert run(office.ask_for_claim(claim_id, user="clerk-1")).state is State.READY
    assert len(gateway.sent) == 1


def test_an_interrupted_inquiry_is_continued_under_its_id(office, gateway) -> None:
    """The line broke after the questions were written down: the same bytes go out again."""
    claim_id = filed(office)
    gateway.broken = True
    with pytest.raises(ExchangeInterrupted):
        run(office.ask_for_claim(claim_id, user="clerk-1"))
    waiting = read(office, queries.claim, claim_id)
    before = read(office, queries.round_batch, claim_id, 1)
    assert (waiting.state, waiting.round) == (State.WAITING, 1)
    gateway.broken = False
    office.clock.move(timedelta(days=40))  # the answer to "whom" must not change under the same id
    assert run(office.ask_for_claim(claim_id, user="clerk-2")).state is State.READY
    assert gateway.sent == [before]


def test_a_case_that_could_not_be_opened_is_opened_later(office, gateway) -> None:
    gateway.broken = True
    with pytest.raises(ExchangeInterrupted):
        filed(office)
    gateway.broken = False
    [listed] = read(office, queries.claims)
    assert run(office.ask_for_claim(listed.claim.claim_id, user="clerk-1")).state is State.READY


def test_while_a_clerk_of_the_provider_decides_the_claim_waits(office, gateway) -> None:
    gateway.responses["resident_record"] = lambda inquiry: without(inquiry, Outcome.PENDING, "waiting_for_clerk")
    claim_id = asked(office)
    with pytest.raises(AnswersOutstanding) as refused:
        run(office.grant(claim_id, user="clerk-1"))
    assert refused.value.public == {"count": "1"}
    assert run(office.hold(claim_id, reason="waiting_for_answer", user="clerk-1")).state is State.HELD
    gateway.responses["resident_record"] = lambda inquiry: given(inquiry, RECORD)
    assert run(office.refresh(claim_id)).state is State.HELD
    assert run(office.grant(claim_id, user="clerk-1")).state is State.GRANTED


@pytest.mark.parametrize("outcome", [Outcome.NONE, Outcome.REFUSED, Outcome.LAPSED])
def test_where_nothing_was_given_the_paper_is_seen_instead(office, gateway, outcome: Outcome) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, outcome, "no_copy")
    claim_id = asked(office)
    assert read(office, queries.claim, claim_id).state is State.READY
    with pytest.raises(PapersMissing):
        run(office.grant(claim_id, user="clerk-1"))
    run(office.grant(claim_id, papers_seen=frozenset({Need.INCOME}), user="clerk-1"))
    assert read(office, queries.grounds, claim_id)[Need.INCOME].by_paper


def test_what_was_not_given_can_be_asked_anew(office, gateway) -> None:
    """The provider had no copy yet; a new round asks for that item alone."""
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, Outcome.NONE, "no_copy")
    claim_id = asked(office)
    gateway.responses["local_tax"] = lambda inquiry: given(inquiry, TAX)
    run(office.ask_for_claim(claim_id, user="clerk-1"))
    assert [(batch.batch[-1], len(batch.inquiries)) for batch in gateway.sent] == [("1", 2), ("2", 1)]
    assert run(office.grant(claim_id, user="clerk-1")).state is State.GRANTED


@pytest.mark.parametrize(
    ("record", "fact"),
    [({"birth": date(1961, 11, 3)}, "birth_agrees"), ({"left_on": date(2026, 11, 1)}, "resident_now")],
)
def test_an_answer_against_the_own_record_stops_the_grant(office, gateway, record, fact: str) -> None:
    changed = msgspec.structs.replace(RECORD, **record)
    gateway.responses["resident_record"] = lambda inquiry: given(inquiry, changed)
    claim_id = asked(office)
    with pytest.raises(AnswersContradict) as refused:
        run(office.grant(claim_id, user="clerk-1"))
    assert refused.value.public == {"fact": fact}
    assert read(office, queries.claim, claim_id).state is State.READY


@pytest.mark.parametrize("how", ["refuse", "withdraw"])
def test_a_claim_that_is_not_granted_is_closed_and_its_copies_erased(office, gateway, how: str) -> None:
    claim_id = asked(office)
    if how == "refuse":
        closed = run(office.refuse(claim_id, reason="too_few_months", user="clerk-1"))
    else:
        closed = run(office.withdraw(claim_id, user="clerk-1"))
    assert gateway.cases[claim_id].closed_ms == closed.decided_ms > 0
    assert all(answer.body is None for answer in read(office, queries.answers, claim_id).values())
    for step in (office.grant, office.ask_for_claim, office.withdraw):
        with pytest.raises(ClaimStepRefused):
            run(step(claim_id, user="clerk-1"))
    assert run(office.file("7", user="clerk-1")).claim_id == "2026-000002"


def test_a_late_answer_to_a_decided_claim_is_not_kept(office, gateway) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, Outcome.PENDING, "waiting_for_clerk")
    claim_id = asked(office)
    run(office.withdraw(claim_id, user="clerk-1"))
    gateway.responses["local_tax"] = lambda inquiry: given(inquiry, TAX)
    run(office.refresh(claim_id))
    assert read(office, queries.answers, claim_id)[Need.INCOME].body is None


def test_who_may_not_claim_is_told_why(office) -> None:
    with pytest.raises(InsuredUnknown):
        run(office.file("99", user="clerk-1"))
    with pytest.raises(ClaimTooEarly) as early:
        run(office.file("8", user="clerk-1"))
    assert early.value.public == {"on": "2057-05-08"}
    claim_id = asked(office)
    with pytest.raises(ClaimOpen):
        filed(office)
    run(office.grant(claim_id, user="clerk-1"))
    with pytest.raises(PensionPaidAlready):
        filed(office)
    with pytest.raises(ClaimUnknown):
        run(office.refresh("2026-999999"))


def test_the_office_knows_who_may_claim(office) -> None:
    def able():
        return [
            one.own_number
            for one in office.db.read_now(lambda conn: queries.may_claim(conn, born_by=date(1961, 11, 24)))
        ]

    assert able() == ["7"]
    claim_id = filed(office)
    assert able() == []
    run(office.withdraw(claim_id, user="clerk-1"))
    assert able() == ["7"]


def test_personal_numbers_only_pass_through(office, ledger) -> None:
    items = FourItems(name="見本 和子", kana="ミホン カズコ", birth=CLAIMANT.birth, sex="female", address="見本町1-1")
    run(office.enrol([Enrolment(own_number="7", personal_number=None, items=items)]))
    assert [(system, one.own_number) for system, one in ledger.enrolled] == [("pension", "7")]
    assert ledger.acquired == 1
    assert not [column for table in store.metadata.tables.values() for column in table.c if "personal" in column.name]
