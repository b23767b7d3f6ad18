"""Merging, taking back and splitting, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from renkei.base.personal_number import PersonalNumber
from renkei.contracts.addressees import Enrolment, FourItems
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import (
    AddresseeMerged,
    MergeNumbersDiffer,
    MergeWithItself,
    PersonalNumberElsewhere,
    RelinkingUndone,
    RelinkingUnknown,
    SplitIncomplete,
)
from renkei.institutions.addressees.model import Own, RelinkingKind
from renkei.institutions.addressees.operations import changing, relinking
from renkei.institutions.addressees.operations.enrolling import enrol
from renkei.institutions.addressees.operations.relinking import NewPerson

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
HANAKO = FourItems(name="見本 花子", kana="ミホン ハナコ", birth=date(1980, 2, 29), sex="female", address="見本町1")
JIRO = FourItems(name="模範 次郎", kana="モハン ジロウ", birth=date(1975, 5, 5), sex="male", address="模範町2")
NUMBER = PersonalNumber.from_eleven("99990000001")
OTHER = PersonalNumber.from_eleven("99990000002")
FIRST, SECOND, THIRD = (f"{n:015d}" for n in (1, 2, 3))
TAX = Own("tax", SECOND)  # type: ignore[arg-type]


@pytest.fixture
def conn(open_database):
    """花子 is known to the registry by her number, and to tax, without it, at another address; 次郎 to both."""
    with open_database(store.metadata).writing() as conn:
        moved = FourItems(**{name: getattr(HANAKO, name) for name in HANAKO.__struct_fields__} | {"address": "旧町9"})
        enrol(conn, "residents", [Enrolment(own_number="1", personal_number=NUMBER, items=HANAKO)], now=NOW)
        enrol(conn, "tax", [Enrolment(own_number="2", personal_number=None, items=moved)], now=NOW)
        enrol(conn, "residents", [Enrolment(own_number="3", personal_number=OTHER, items=JIRO)], now=NOW)
        yield conn


def test_a_merger_moves_own_numbers_and_is_kept(conn) -> None:
    merger = relinking.merge(conn, survivor=FIRST, absorbed=SECOND, user="clerk-1", now=NOW)
    assert (merger.kind, merger.from_number, merger.to_number) == (RelinkingKind.MERGE, SECOND, FIRST)
    assert merger.moved == (TAX,)
    assert not merger.number_moved
    assert queries.address_numbers(conn, "tax", [SECOND]) == {SECOND: FIRST}
    assert queries.addressee(conn, SECOND).merged_into == FIRST
    with pytest.raises(AddresseeMerged):
        changing.change_items(conn, SECOND, HANAKO, user="clerk-1", now=NOW)


def test_the_personal_number_goes_along_to_a_survivor_without_one(conn) -> None:
    merger = relinking.merge(conn, survivor=SECOND, absorbed=FIRST, user="clerk-1", now=NOW)
    assert merger.number_moved
    assert queries.addressee(conn, SECOND).personal_number == NUMBER
    assert queries.addressee(conn, FIRST).personal_number is None


@pytest.mark.parametrize(("survivor", "absorbed"), [(FIRST, SECOND), (SECOND, FIRST)])
def test_a_merger_is_taken_back_whole(conn, survivor, absorbed) -> None:
    before = [(queries.addressee(conn, one), queries.own_numbers(conn, one)) for one in (FIRST, SECOND)]
    merger = relinking.merge(conn, survivor=survivor, absorbed=absorbed, user="clerk-1", now=NOW)
    undone = relinking.undo_merge(conn, merger.number, user="clerk-1", now=NOW)
    assert undone.kind is RelinkingKind.UNDONE_MERGE
    assert undone.moved == merger.moved
    after = [(queries.addressee(conn, one), queries.own_numbers(conn, one)) for one in (FIRST, SECOND)]
    assert after == before
    with pytest.raises(RelinkingUndone):
        relinking.undo_merge(conn, merger.number, user="clerk-1", now=NOW)


def test_a_merger_that_something_was_built_on_is_not_taken_back(conn) -> None:
    merger = relinking.merge(conn, survivor=FIRST, absorbed=SECOND, user="clerk-1", now=NOW)
    relinking.split(conn, FIRST, own_numbers=[("tax", "2")], into=THIRD, user="clerk-1", now=NOW)
    with pytest.raises(RelinkingUndone):
        relinking.undo_merge(conn, merger.number, user="clerk-1", now=NOW)
    with pytest.raises(RelinkingUnknown):
        relinking.undo_merge(conn, 999, user="clerk-1", now=NOW)


def test_what_cannot_be_merged(conn) -> None:
    with pytest.raises(MergeNumbersDiffer):
        relinking.merge(conn, survivor=FIRST, absorbed=THIRD, user="clerk-1", now=NOW)
    with pytest.raises(MergeWithItself):
        relinking.merge(conn, survivor=FIRST, absorbed="1", user="clerk-1", now=NOW)


def test_a_split_to_someone_who_is_there(conn) -> None:
    """Tax had linked its number 2 to 花子; it was 次郎."""
    relinking.merge(conn, survivor=FIRST, absorbed=SECOND, user="clerk-1", now=NOW)
    parted = relinking.split(conn, FIRST, own_numbers=[("tax", "2")], into=THIRD, user="clerk-1", now=NOW)
    assert (parted.from_number, parted.to_number, parted.moved) == (FIRST, THIRD, (TAX,))
    assert queries.address_numbers(conn, "tax", [SECOND]) == {SECOND: THIRD}


def test_a_split_to_a_new_person_takes_a_new_address_number(conn) -> None:
    stranger = NewPerson(items=JIRO, personal_number=PersonalNumber.from_eleven("99990000009"))
    parted = relinking.split(conn, SECOND, own_numbers=[("tax", "2")], into=stranger, user="clerk-1", now=NOW)
    assert parted.to_number not in {FIRST, SECOND, THIRD}
    assert queries.addressee(conn, parted.to_number).personal_number == stranger.personal_number
    assert not parted.number_moved


def test_the_number_goes_with_whom_it_belongs_to(conn) -> None:
    parted = relinking.split(
        conn, FIRST, own_numbers=[("residents", "1")], into=NewPerson(JIRO, NUMBER), user="clerk-1", now=NOW
    )
    assert parted.number_moved
    assert queries.addressee(conn, FIRST).personal_number is None
    assert queries.addressee(conn, parted.to_number).personal_number == NUMBER


@pytest.mark.parametrize("own", [[], [("tax", "3")], [("residents", "1"), ("tax", "2")]])
def test_only_what_stands_with_the_person_is_split(conn, own) -> None:
    with pytest.raises(SplitIncomplete):
        relinking.split(conn, SECOND, own_numbers=own, into=THIRD, user="clerk-1", now=NOW)


def test_a_split_does_not_take_a_third_persons_number(conn) -> None:
    with pytest.raises(PersonalNumberElsewhere):
        relinking.split(conn, SECOND, own_numbers=[("tax", "2")], into=NewPerson(JIRO, OTHER), user="clerk-1", now=NOW)


def test_what_changed_when_is_listed(conn) -> None:
    later = NOW + timedelta(days=1)
    merger = relinking.merge(conn, survivor=FIRST, absorbed=SECOND, user="clerk-1", now=NOW)
    undone = relinking.undo_merge(conn, merger.number, user="clerk-1", now=later)
    assert queries.relinkings(conn) == [merger, undone]
    assert queries.relinkings(conn, since=later) == [undone]
    assert queries.relinkings(conn, address_number=SECOND) == [merger, undone]
    assert queries.relinkings(conn, address_number=THIRD) == []
