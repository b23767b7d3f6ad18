"""The relay between one business system and the gateway, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import msgspec
import pytest

from renkei.contracts.addressees import Enrolment, FourItems
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import (
    Case,
    CaseBatch,
    Copy,
    CopyBatch,
    CopyProblem,
    CopyReceipt,
    Inquiry,
    InquiryBatch,
    InquiryPort,
    InquiryResult,
    InquiryResults,
    PersonMarks,
    PersonMarksBatch,
)
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import OwnNumberUnknown
from renkei.institutions.addressees.operations.enrolling import enrol
from renkei.institutions.addressees.relay import Relay

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


class Gateway:
    """Notes what reaches it; gives everything, refuses copies of the second position."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.batches: dict[str, InquiryBatch] = {}

    async def inquire(self, batch: InquiryBatch) -> InquiryResults:
        self.seen.append(batch)
        assert self.batches.setdefault(batch.batch, batch) == batch, "one id, two contents"
        return await self.result(batch.batch)

    async def result(self, batch: str) -> InquiryResults:
        inquiries = self.batches[batch].inquiries
        return InquiryResults(
            batch=batch, results=[InquiryResult(ref=one.ref, outcome=Outcome.GIVEN) for one in inquiries]
        )

    async def register_copies(self, batch: CopyBatch) -> CopyReceipt:
        self.seen.append(batch)
        problems = [CopyProblem(at=1, reason="copy_body_invalid")] if len(batch.copies) > 1 else []
        return CopyReceipt(batch=batch.batch, stored=len(batch.copies) - len(problems), unchanged=0, problems=problems)

    async def register_cases(self, batch: CaseBatch) -> None:
        self.seen.append(batch)

    async def mark_persons(self, batch: PersonMarksBatch) -> None:
        self.seen.append(batch)


@pytest.fixture
def db(open_database):
    db = open_database(store.metadata)
    add(db, 101, 102)
    return db


def add(db, *own: int) -> None:
    people = [
        Enrolment(
            own_number=str(one), personal_number=None,
            items=FourItems(name=f"見本{one}", kana="ミホン", birth=date(1990, 1, 1), sex="male", address="町"),
        )
        for one in own
    ]  # fmt: skip
    with db.writing() as conn:
        enrol(conn, "tax", people, now=NOW)


def batch_of(*own: str, batch: str = "b-1") -> InquiryBatch:
    inquiries = [
        Inquiry(ref=f"r{at}", address_number=one, case="c-1", affairs="1.1", information="local_tax", provider="m-1")
        for at, one in enumerate(own)
    ]
    return InquiryBatch(batch=batch, section="s", user="clerk-1", purpose=Purpose.APPLICATION, inquiries=inquiries)


def test_own_numbers_become_address_numbers(db) -> None:
    gateway = Gateway()
    port: InquiryPort = Relay(db, "tax", gateway)
    results = asyncio.run(port.inquire(batch_of("101", "102", f"{101:015d}")))
    assert [one.ref for one in results.results] == ["r0", "r1", "r2"]
    with db.reading() as conn:
        known = queries.address_numbers(conn, "tax", [f"{101:015d}", f"{102:015d}"])
    [passed] = gateway.seen
    expected = [known[f"{101:015d}"], known[f"{102:015d}"], known[f"{101:015d}"]]
    assert [one.address_number for one in passed.inquiries] == expected


def test_an_unknown_own_number_is_refused_alone_and_in_its_place(db) -> None:
    gateway = Gateway()
    relay = Relay(db, "tax", gateway)
    results = asyncio.run(relay.inquire(batch_of("999", "101", "no number", "102")))
    assert [one.outcome for one in results.results] == ["refused", "given", "refused", "given"]
    assert [one.ref for one in results.results] == ["r0", "r1", "r2", "r3"]
    refused = results.results[2]
    assert refused.reason == "own_number_unknown"
    assert "2" in OwnNumberUnknown(**refused.facts).sentence("en")
    assert asyncio.run(relay.result("b-1")) == results


def test_a_batch_sent_again_stays_what_it_was(db) -> None:
    """Someone was enrolled in between: asking again would change what the gateway has on record under this id."""
    gateway = Gateway()
    relay = Relay(db, "tax", gateway)
    first = asyncio.run(relay.inquire(batch_of("101", "103")))
    add(db, 103)
    assert asyncio.run(relay.inquire(batch_of("101", "103"))) == first
    fresh = asyncio.run(relay.inquire(batch_of("101", "103", batch="b-2")))
    assert [one.outcome for one in fresh.results] == ["given", "given"]


def test_where_nobody_is_known_the_gateway_hears_nothing(db) -> None:
    gateway = Gateway()
    relay = Relay(db, "tax", gateway)
    results = asyncio.run(relay.inquire(batch_of("998", "999")))
    assert [one.outcome for one in results.results] == ["refused", "refused"]
    assert asyncio.run(relay.result("b-1")) == results
    assert gateway.seen == []


def test_another_systems_own_numbers_are_not_taken_for_ours(db) -> None:
    results = asyncio.run(Relay(db, "welfare", Gateway()).inquire(batch_of("101")))
    assert results.results[0].reason == "own_number_unknown"


def copies_of(*own: str) -> CopyBatch:
    return CopyBatch(
        batch="copies-1",
        copies=[
            Copy(
                address_number=one, information="local_tax", body=msgspec.Raw(b"{}"), copied_ms=1,
                valid_from="2026-11-23",
            )
            for one in own
        ],
    )  # fmt: skip


def test_copies_keep_their_positions(db) -> None:
    gateway = Gateway()
    receipt = asyncio.run(Relay(db, "tax", gateway).register_copies(copies_of("999", "101", "102")))
    assert (receipt.batch, receipt.stored) == ("copies-1", 1)
    assert [(one.at, one.reason) for one in receipt.problems] == [(0, "own_number_unknown"), (2, "copy_body_invalid")]


def test_copies_may_be_sent_again_once_the_missing_are_enrolled(db) -> None:
    gateway = Gateway()
    relay = Relay(db, "tax", gateway)
    asyncio.run(relay.register_copies(copies_of("101", "103")))
    add(db, 103)
    asyncio.run(relay.register_copies(copies_of("101", "103")))
    part, whole = (batch.batch for batch in gateway.seen)
    assert whole == "copies-1" != part
    assert len(part) <= 64
    nobody = asyncio.run(relay.register_copies(copies_of("999")))
    assert (nobody.stored, len(nobody.problems)) == (0, 1)
    assert len(gateway.seen) == 2


def test_cases_and_marks_go_on_and_the_unknown_are_named(db) -> None:
    gateway = Gateway()
    relay = Relay(db, "tax", gateway)
    cases = [
        Case(case=f"c{own}", section="s", address_number=own, affairs="1.1", opened_ms=1) for own in ("101", "999")
    ]
    with pytest.raises(OwnNumberUnknown) as caught:
        asyncio.run(relay.register_cases(CaseBatch(cases=cases)))
    assert caught.value.public == {"count": "1", "positions": "1"}
    marks = [PersonMarks(address_number=own, no_automatic_answer=True, hidden=False) for own in ("999", "102")]
    with pytest.raises(OwnNumberUnknown):
        asyncio.run(relay.mark_persons(PersonMarksBatch(persons=marks)))
    assert [len(gateway.seen[0].cases), len(gateway.seen[1].persons)] == [1, 1]
    asyncio.run(relay.register_cases(CaseBatch(cases=cases[:1])))
    asyncio.run(relay.mark_persons(PersonMarksBatch(persons=marks[1:])))
