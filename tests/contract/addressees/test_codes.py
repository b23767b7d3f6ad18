"""Ordering linkage codes: the service, its interruptions, and the port, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from renkei.base.errors import Failed, Refused, from_code
from renkei.base.personal_number import PersonalNumber
from renkei.contracts.addressees import AddresseePort, Enrolment, FourItems
from renkei.contracts.errors import ExchangeInterrupted
from renkei.contracts.number_orders import CodeOrder
from renkei.contracts.numbering import AcquisitionBatch
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import DrawRepeats, OwnNumberTaken
from renkei.institutions.addressees.model import CodeState
from renkei.institutions.addressees.operations import changing, codes
from renkei.institutions.addressees.service import Addressees, draw_acquisition_numbers
from renkei.institutions.numbers import errors as _numbers_errors  # noqa: F401  # declares what `numbers` answers
from renkei.platform.clock import MovableClock

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def number(at: int) -> PersonalNumber:
    return PersonalNumber.from_eleven(f"9999{at:07d}")


def people(count: int, *, first: int = 1) -> list[Enrolment]:
    return [
        Enrolment(
            own_number=str(at),
            personal_number=number(at),
            items=FourItems(
                name=f"見本 {at}", kana=f"ミホン {at}", birth=date(1990, 1, 1), sex="female", address=f"町{at}"
            ),
        )
        for at in range(first, first + count)
    ]


class Numbers:
    """Stands for `numbers`: knows some numbers, and can be made to fail."""

    def __init__(self, *, unknown: tuple[PersonalNumber, ...] = ()) -> None:
        self.orders: list[CodeOrder] = []
        self.failures = 0
        self.unknown = {one.reveal() for one in unknown}

    async def order_codes(self, order: CodeOrder) -> int:
        if self.failures:
            self.failures -= 1
            raise ExchangeInterrupted()
        missing = [str(at) for at, item in enumerate(order.items) if item.personal_number in self.unknown]
        if missing:
            public = {"count": str(len(missing)), "positions": ",".join(missing)}
            raise from_code("personal_number_unknown", public=public)
        self.orders.append(order)
        return len(order.items)


class Body:
    """A ledger between a gateway that notes what it hears and a `numbers` that can fail."""

    def __init__(self, db, **numbers) -> None:
        self.db = db
        self.heard: list[AcquisitionBatch] = []
        self.numbers = Numbers(**numbers)
        self.clock = MovableClock(NOW)
        counted = itertools.count(1)
        self.ledger = Addressees(
            db, body_id="m-131121", gateway=self.hear, numbers=self.numbers, clock=self.clock,
            draw=lambda count: [f"{next(counted):024d}" for _ in range(count)],
        )  # fmt: skip

    async def hear(self, batch: AcquisitionBatch) -> None:
        self.heard.append(batch)

    def enrol(self, enrolments) -> int:
        return asyncio.run(self.ledger.enrol("residents", enrolments))

    def acquire(self) -> int:
        return asyncio.run(self.ledger.acquire_codes())

    def count(self, state: CodeState) -> int:
        with self.db.reading() as conn:
            return queries.counts(conn)[f"code_{state.value}"]

    def pending(self) -> int:
        with self.db.reading() as conn:
            return len(codes.open_acquisitions(conn))


@pytest.fixture
def db(open_database):
    return open_database(store.metadata)


def test_everyone_is_ordered_once_in_batches(db) -> None:
    body = Body(db)
    port: AddresseePort = body.ledger
    assert asyncio.run(port.enrol("residents", people(4_500))) == 4_500
    assert body.acquire() == 4_500
    assert [len(order.items) for order in body.numbers.orders] == [2_000, 2_000, 500]
    ordered = {item.personal_number for order in body.numbers.orders for item in order.items}
    assert len(ordered) == 4_500
    heard = {item.acquisition_number for batch in body.heard for item in batch.items}
    assert heard == {item.acquisition_number for order in body.numbers.orders for item in order.items}
    assert body.acquire() == 0


def test_no_acquisition_number_outlives_its_order(db) -> None:
    body = Body(db)
    body.enrol(people(3))
    body.acquire()
    assert body.pending() == 0


def test_after_an_interruption_the_same_numbers_are_sent_again(db) -> None:
    body = Body(db)
    body.enrol(people(3))
    body.numbers.failures = 1
    with pytest.raises(Failed):
        body.acquire()
    assert body.pending() == 3
    assert body.acquire() == 3
    assert body.heard[0] == body.heard[1]


def test_a_number_never_assigned_does_not_hold_up_the_others(db) -> None:
    body = Body(db, unknown=(number(2), number(4)))
    body.enrol(people(5))
    assert body.acquire() == 3
    assert body.count(CodeState.REFUSED) == 2
    assert body.pending() == 0
    with db.reading() as conn:
        assert [one.state for one in queries.uncoded(conn)] == ["ordered", "refused", "ordered", "refused", "ordered"]


def test_another_refusal_is_not_swallowed(db) -> None:
    body = Body(db)

    async def stopped(order: CodeOrder) -> int:
        raise from_code("body_stopped", public={"body": "m-131121"})

    body.numbers.order_codes = stopped  # type: ignore[method-assign]
    body.enrol(people(1))
    with pytest.raises(Refused):
        body.acquire()


def test_a_corrected_number_is_ordered_anew(db) -> None:
    body = Body(db, unknown=(number(1),))
    body.enrol(people(1))
    assert body.acquire() == 0
    with db.writing() as conn:
        changing.change_personal_number(conn, "1", number(8), user="clerk-1", now=NOW)
    assert body.acquire() == 1
    assert body.numbers.orders[-1].items[0].personal_number == number(8).reveal()


def test_codes_that_came_are_noted_and_those_that_did_not_are_ordered_again(db) -> None:
    body = Body(db)
    body.enrol(people(3))
    body.acquire()
    assert asyncio.run(body.ledger.codes_came([f"{1:015d}", f"{2:015d}", f"{99:015d}"])) == 2
    assert (body.count(CodeState.HELD), body.count(CodeState.ORDERED)) == (2, 1)
    assert body.acquire() == 0
    body.clock.move(timedelta(days=1, seconds=1))
    assert body.acquire() == 1
    with db.reading() as conn:
        [missing] = queries.uncoded(conn)
    assert missing == (f"{3:015d}", CodeState.ORDERED, True)


def test_people_without_a_number_are_listed_and_never_ordered(db) -> None:
    body = Body(db)
    [one] = people(1)
    body.enrol([Enrolment(own_number="1", personal_number=None, items=one.items)])
    assert body.acquire() == 0
    with db.reading() as conn:
        assert queries.uncoded(conn) == [(f"{1:015d}", CodeState.NONE, False)]


def test_large_enrolments_are_written_in_parts(db) -> None:
    body = Body(db)
    assert body.enrol(people(5_001)) == 5_001
    wrong = [*people(1), *people(1, first=7_001)]
    wrong[1] = Enrolment(own_number="1", personal_number=number(7_001), items=wrong[1].items)
    with pytest.raises(OwnNumberTaken):
        body.enrol(wrong)


def test_a_source_that_repeats_is_given_up(db) -> None:
    body = Body(db)
    body.enrol(people(2))
    with db.writing() as conn, pytest.raises(DrawRepeats):
        codes.draw_acquisitions(conn, draw=lambda count: ["3" * 24] * count, ordered_before=NOW)


def test_the_source_for_production_gives_24_digits() -> None:
    drawn = draw_acquisition_numbers(100)
    assert {len(one) for one in drawn} == {24}
    assert len(set(drawn)) == 100
