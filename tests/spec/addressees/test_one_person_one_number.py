"""One person, one number within one body

Every business system numbers people its own way. The ledger joins them under one integrated address number, the only
one that the body's gateway knows. Joining the wrong people is the mistake it must not make.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from renkei.base.personal_number import PersonalNumber
from renkei.contracts.addressees import Enrolment, FourItems
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import MergeNumbersDiffer, OwnNumberTaken
from renkei.institutions.addressees.operations import codes, relinking
from renkei.institutions.addressees.operations.enrolling import enrol, number_outsiders
from renkei.platform.database import Database

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
NUMBER = PersonalNumber.from_eleven("99990000001")
OTHER = PersonalNumber.from_eleven("99990000002")


def items(name: str = "見本 花子", *, address: str = "見本町1") -> FourItems:
    return FourItems(name=name, kana="ミホン ハナコ", birth=date(1980, 2, 29), sex="female", address=address)


@pytest.fixture
def conn():
    with Database.open("sqlite://", metadata=store.metadata) as db, db.writing() as conn:
        yield conn


def add(conn, system: str, own: str, personal: PersonalNumber | None, who: FourItems) -> str:
    enrol(conn, system, [Enrolment(own_number=own, personal_number=personal, items=who)], now=NOW)
    [found] = queries.address_numbers(conn, system, [own.zfill(15)]).values()
    return found


def test_the_personal_number_joins(conn) -> None:
    """Two systems that know the same personal number know the same person, whatever address each has on file."""
    here = add(conn, "residents", "1", NUMBER, items())
    assert add(conn, "tax", "500", NUMBER, items(address="旧町9")) == here


def test_three_equal_items_do_not_join(conn) -> None:
    """Insurance cards were joined to strangers by name, birth and sex alone (2023). Here all four must be equal."""
    here = add(conn, "residents", "1", NUMBER, items())
    assert add(conn, "library", "7", None, items(address="模範町2")) != here
    assert add(conn, "loans", "8", None, items()) == here


def test_an_own_number_is_not_moved_to_someone_else_silently(conn) -> None:
    """A system that reports another person under an own number that stands is refused; a clerk has to look."""
    add(conn, "tax", "500", NUMBER, items())
    with pytest.raises(OwnNumberTaken):
        add(conn, "tax", "500", OTHER, items("模範 次郎"))


def test_people_with_two_numbers_are_never_merged(conn) -> None:
    """Two personal numbers are two people, or one whose number changed (番号法7条2項): first the former one goes."""
    one, other = add(conn, "tax", "1", NUMBER, items()), add(conn, "tax", "2", OTHER, items())
    with pytest.raises(MergeNumbersDiffer):
        relinking.merge(conn, survivor=one, absorbed=other, user="clerk-1", now=NOW)


def test_a_wrong_merger_is_taken_back(conn) -> None:
    """Merging is a finding of a clerk and may be wrong; everything returns to where it stood."""
    one = add(conn, "residents", "1", NUMBER, items())
    other = add(conn, "library", "7", None, items(address="模範町2"))
    merger = relinking.merge(conn, survivor=one, absorbed=other, user="clerk-1", now=NOW)
    relinking.undo_merge(conn, merger.number, user="clerk-1", now=NOW)
    assert add(conn, "library", "7", None, items(address="模範町2")) == other


def test_a_wrong_link_tells_which_exchanges_to_look_at(conn) -> None:
    """Whatever was asked or given under either number before the split may have been about the wrong person."""
    one = add(conn, "residents", "1", NUMBER, items())
    add(conn, "loans", "8", None, items())
    someone = relinking.NewPerson(items=items("模範 次郎"), personal_number=OTHER)
    parted = relinking.split(conn, one, own_numbers=[("loans", "8")], into=someone, user="clerk-1", now=NOW)
    [listed] = queries.relinkings(conn, address_number=one)
    assert (listed.from_number, listed.to_number, listed.at) == (one, parted.to_number, NOW)


def test_an_address_number_is_never_given_twice(conn) -> None:
    """The number of a merged entry leads to its survivor for ever; the next person gets another."""
    one = add(conn, "residents", "1", NUMBER, items())
    other = add(conn, "library", "7", None, items(address="模範町2"))
    relinking.merge(conn, survivor=one, absorbed=other, user="clerk-1", now=NOW)
    assert add(conn, "tax", "9", OTHER, items("模範 次郎")) not in {one, other}


def test_people_who_are_no_residents_are_numbered_apart(conn) -> None:
    """Their own numbers (住登外者宛名番号) begin with 9, so that no resident ever has the same (機能標準 2.7)."""
    [given] = number_outsiders(conn, [items()], now=NOW)
    assert given.startswith("9")
    assert number_outsiders(conn, [items()], now=NOW) == [given]


def test_an_acquisition_number_is_forgotten_with_its_order(conn) -> None:
    """It may not be kept beyond its purpose (番号法21条の2第3項)."""
    add(conn, "residents", "1", NUMBER, items())
    drawn = codes.draw_acquisitions(conn, draw=lambda count: ["3" * 24] * count, ordered_before=NOW)
    assert codes.open_acquisitions(conn) == drawn
    codes.settle(conn, drawn, now=NOW)
    stored = [str(row) for table in store.metadata.sorted_tables for row in conn.execute(table.select())]
    assert not any("3" * 24 in row for row in stored)


def test_nobody_without_a_personal_number_is_ordered_a_code(conn) -> None:
    """A code is obtained by the personal number (番号法21条の2); the list says who has none, and why."""
    here = add(conn, "library", "7", None, items())
    assert codes.draw_acquisitions(conn, draw=lambda count: [], ordered_before=NOW) == []
    [missing] = queries.uncoded(conn)
    assert (missing.address_number, missing.has_personal_number) == (here, False)
