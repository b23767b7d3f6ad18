"""Personal numbers

One party in the country assigns personal numbers. It knows which number stands for which resident record code, and
nothing else about anyone.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from renkei.base.identifiers import ResidentRecordCode
from renkei.contracts.number_orders import CodeOrder, CodeOrderItem
from renkei.institutions.numbers import operations, queries, store
from renkei.institutions.numbers.model import ChangeReason
from renkei.platform.database import Database

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
CODE = ResidentRecordCode("99000000017")


def draw_with(seed: int):
    source = random.Random(seed)
    return lambda count: [f"9999{source.randrange(10**7):07d}" for _ in range(count)]


@pytest.fixture
def conn():
    with Database.open("sqlite://", metadata=store.metadata) as db, db.writing() as conn:
        yield conn


def test_a_number_does_not_follow_from_the_resident_record_code(conn) -> None:
    """No rule may lead from the number back to the resident record code (番号法8条2項3号).

    The number is drawn, not computed: the same code gets another number where the draw is another.
    """
    [number] = operations.assign_numbers(conn, [CODE], draw=draw_with(1), now=NOW)
    with Database.open("sqlite://", metadata=store.metadata) as elsewhere, elsewhere.writing() as other:
        [drawn_again] = operations.assign_numbers(other, [CODE], draw=draw_with(2), now=NOW)
    assert number != drawn_again


def test_a_leaked_number_is_replaced(conn) -> None:
    """Who fears misuse of a leaked number gets another (番号法7条2項)."""
    [leaked] = operations.assign_numbers(conn, [CODE], draw=draw_with(1), now=NOW)
    new = operations.change_number(conn, leaked, reason=ChangeReason.REQUESTED, draw=draw_with(2), now=NOW)
    assert queries.personal_number_of(conn, CODE) == new


def test_a_replaced_number_is_never_assigned_again(conn) -> None:
    """A number differs from every other, former numbers included (番号法8条2項1号)."""
    [leaked] = operations.assign_numbers(conn, [CODE], draw=draw_with(1), now=NOW)
    operations.change_number(conn, leaked, reason=ChangeReason.REQUESTED, draw=draw_with(2), now=NOW)
    draws = iter([[leaked.reveal()[:11]], ["99990000001"]])
    stranger = ResidentRecordCode("99000000018")
    [number] = operations.assign_numbers(conn, [stranger], draw=lambda count: next(draws), now=NOW)
    assert number != leaked


def test_acquisition_numbers_pass_through(conn) -> None:
    """An acquisition number may not be kept beyond its purpose (番号法21条の2第3項): here it is never written."""
    [number] = operations.assign_numbers(conn, [CODE], draw=draw_with(1), now=NOW)
    one_off = "3" * 24
    order = CodeOrder("m-131121", [CodeOrderItem(one_off, number.reveal())])
    request = operations.take_order(conn, order, now=NOW)
    assert request.items[0].acquisition_number == one_off
    stored = [str(row) for table in store.metadata.sorted_tables for row in conn.execute(table.select())]
    assert stored
    assert not any(one_off in row for row in stored)


def test_the_core_learns_no_personal_number(conn) -> None:
    """What goes to the core names a resident record code, never a personal number (施行令27条)."""
    [number] = operations.assign_numbers(conn, [CODE], draw=draw_with(1), now=NOW)
    order = CodeOrder("m-131121", [CodeOrderItem("3" * 24, number.reveal())])
    request = operations.take_order(conn, order, now=NOW)
    assert request.items[0].resident_record_code == CODE.reveal()
    assert number.reveal() not in str(request)
