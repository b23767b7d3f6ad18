"""The store of `numbers` on both databases, and its service."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime

import pytest

from renkei.base.identifier_errors import AcquisitionNumberFormat
from renkei.base.identifiers import ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.contracts.errors import TooManyItems
from renkei.contracts.number_orders import CodeOrder, CodeOrderItem
from renkei.contracts.numbering import CodeIssueItem, CodeIssueRequest
from renkei.institutions.numbers import operations, queries, store
from renkei.institutions.numbers.errors import (
    DrawExhausted,
    PersonalNumberReplaced,
    PersonalNumberTaken,
    PersonalNumberUnknown,
    RecordCodeNumbered,
    RecordCodeUnnumbered,
    RequestedTwice,
)
from renkei.institutions.numbers.model import Assignment, ChangeReason
from renkei.institutions.numbers.service import Numbers
from renkei.platform.audit_store import audited
from renkei.platform.clock import MovableClock

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def codes(count: int, first: int = 1) -> list[ResidentRecordCode]:
    return [ResidentRecordCode(f"99{at:09d}") for at in range(first, first + count)]


def seeded(seed: int = 1):
    source = random.Random(seed)
    return lambda count: [f"9999{source.randrange(10**7):07d}" for _ in range(count)]


@pytest.fixture
def db(open_database):
    return open_database(store.metadata)


@pytest.fixture
def ten(db):
    with db.writing() as conn:
        return operations.assign_numbers(conn, codes(10), draw=seeded(), now=NOW)


def test_numbers_are_different_and_found_again(db, ten) -> None:
    assert len(set(ten)) == 10
    with db.reading() as conn:
        assert queries.personal_number_of(conn, codes(10)[3]) == ten[3]
        assert queries.record_code_of(conn, ten[3]) == codes(10)[3]


def test_assigning_again_gives_the_same_numbers(db, ten) -> None:
    with db.writing() as conn:
        again = operations.assign_numbers(conn, codes(12), draw=seeded(2), now=NOW)
        assert again[:10] == ten
        assert queries.counts(conn) == {"standing": 12, "replaced": 0}
        [first, second] = audited(conn, store.audit_table, name="numbers.assigned")
    assert (first.fields["assigned"], second.fields["assigned"], second.fields["stood_already"]) == (10, 2, 10)


def test_one_code_twice_is_refused(db) -> None:
    with pytest.raises(RequestedTwice), db.writing() as conn:
        operations.assign_numbers(conn, codes(1) + codes(1), draw=seeded(), now=NOW)


def test_a_number_already_used_is_drawn_anew(db, ten) -> None:
    used, free = ten[0].reveal()[:11], "99999999999"
    answers = iter([[used], [free]])
    with db.writing() as conn:
        [number] = operations.assign_numbers(conn, codes(1, 50), draw=lambda count: next(answers), now=NOW)
    assert number == PersonalNumber.from_eleven(free)


def test_a_source_that_never_gives_a_free_number_is_given_up(db, ten) -> None:
    with pytest.raises(DrawExhausted), db.writing() as conn:
        operations.assign_numbers(conn, codes(1, 50), draw=lambda count: [ten[0].reveal()[:11]], now=NOW)


def test_a_changed_number_is_replaced_and_stays_on_record(db, ten) -> None:
    with db.writing() as conn:
        new = operations.change_number(conn, ten[0], reason=ChangeReason.REQUESTED, draw=seeded(3), now=NOW)
        assert queries.personal_number_of(conn, codes(1)[0]) == new != ten[0]
        assert queries.counts(conn) == {"standing": 10, "replaced": 1}
        with pytest.raises(PersonalNumberReplaced):
            queries.record_code_of(conn, ten[0])
        with pytest.raises(PersonalNumberReplaced):
            operations.change_number(conn, ten[0], reason=ChangeReason.EX_OFFICIO, draw=seeded(4), now=NOW)


def test_looking_up_what_is_not_there(db) -> None:
    with db.reading() as conn:
        with pytest.raises(RecordCodeUnnumbered):
            queries.personal_number_of(conn, codes(1)[0])
        with pytest.raises(PersonalNumberUnknown):
            queries.record_code_of(conn, PersonalNumber.from_eleven("99990000001"))


def test_numbers_assigned_elsewhere_are_taken_over_once(db) -> None:
    given = [Assignment(code, PersonalNumber.from_eleven(f"9999{at:07d}")) for at, code in enumerate(codes(300))]
    with db.writing() as conn:
        assert operations.take_over(conn, given, now=NOW) == 300
        assert operations.take_over(conn, given, now=NOW) == 0
        with pytest.raises(PersonalNumberTaken):
            operations.take_over(conn, [Assignment(codes(1, 900)[0], given[0].personal_number)], now=NOW)
        other = PersonalNumber.from_eleven("99998888888")
        with pytest.raises(RecordCodeNumbered):
            operations.take_over(conn, [Assignment(codes(1)[0], other)], now=NOW)
        with pytest.raises(RequestedTwice):
            operations.take_over(conn, given[:1] * 2, now=NOW)


def order_of(numbers, *, first: int = 0) -> CodeOrder:
    return CodeOrder("m-131121", [CodeOrderItem(f"{first + at:024d}", one.reveal()) for at, one in enumerate(numbers)])


def place(db, order: CodeOrder, sent: list[CodeIssueRequest]) -> int:
    async def send(request: CodeIssueRequest) -> None:
        sent.append(request)

    return asyncio.run(Numbers(db, send=send, clock=MovableClock(NOW)).order_codes(order))


def test_an_order_goes_on_with_resident_record_codes_only(db, ten) -> None:
    sent: list[CodeIssueRequest] = []
    assert place(db, order_of(ten), sent) == 10
    [request] = sent
    assert request.body_id == "m-131121"
    assert request.items[9] == CodeIssueItem(f"{9:024d}", codes(10)[9].reveal())


def test_a_former_number_leads_to_the_same_person(db, ten) -> None:
    with db.writing() as conn:
        operations.change_number(conn, ten[0], reason=ChangeReason.REQUESTED, draw=seeded(3), now=NOW)
    sent: list[CodeIssueRequest] = []
    place(db, order_of(ten[:1]), sent)
    assert sent[0].items[0].resident_record_code == codes(1)[0].reveal()
    with db.reading() as conn:
        [row] = audited(conn, store.audit_table, name="numbers.codes_ordered")
    assert row.fields == {"body": "m-131121", "ordered": 1, "replaced": 1}


def test_an_order_with_an_unknown_number_is_refused_whole_and_audited(db, ten) -> None:
    never = PersonalNumber.from_eleven("99998888888")
    sent: list[CodeIssueRequest] = []
    with pytest.raises(PersonalNumberUnknown) as caught:
        place(db, order_of([ten[0], never, ten[1], never]), sent)
    assert caught.value.public == {"count": "2", "positions": "1,3"}
    assert sent == []
    with db.reading() as conn:
        [row] = audited(conn, store.audit_table, name="numbers.order_refused")
    assert row.fields == {"body": "m-131121", "reason": "personal_number_unknown", "items": 4}


def test_malformed_orders_are_refused(db, ten) -> None:
    twice = order_of(ten[:1]).items + order_of(ten[1:2]).items
    short = CodeOrderItem("12", ten[0].reveal())
    with db.writing() as conn:
        with pytest.raises(RequestedTwice):
            operations.take_order(conn, CodeOrder("m-131121", twice), now=NOW)
        with pytest.raises(AcquisitionNumberFormat):
            operations.take_order(conn, CodeOrder("m-131121", [short]), now=NOW)
        with pytest.raises(TooManyItems):
            operations.take_order(conn, order_of(ten[:1] * 5001), now=NOW)


def test_an_empty_order_disturbs_nobody(db) -> None:
    sent: list[CodeIssueRequest] = []
    assert place(db, order_of([]), sent) == 0
    assert sent == []


def test_a_city_is_numbered_in_seconds(db) -> None:
    """20,000 here, so that the tests stay quick; the time grows in proportion."""
    started = time.perf_counter()
    with db.writing() as conn:
        operations.assign_numbers(conn, codes(20_000), draw=seeded(), now=NOW)
    took = time.perf_counter() - started
    print(f"{20_000 / took:,.0f} numbers/s")
    assert took < 10
