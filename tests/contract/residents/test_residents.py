"""A registry on both databases: loading, moves, households, persons, copies."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from renkei.base.identifiers import BodyCode, ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.contracts.information import ResidentRecord, read_body
from renkei.institutions.residents import copies, queries, store
from renkei.institutions.residents.errors import (
    DayAhead,
    DayTooEarly,
    EntryTwice,
    HeadOutside,
    HouseholdUnknown,
    NobodyNamed,
    NumberStands,
    RelationsIncomplete,
    ResidentDead,
    ResidentGone,
    ResidentPresent,
    ResidentUnknown,
    SearchEmpty,
)
from renkei.institutions.residents.model import HEAD, Entry, Mover, Person, State
from renkei.institutions.residents.operations import entering, households, loading, moves, persons
from renkei.platform.audit_store import audited

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ELSEWHERE = BodyCode("131121")
BY = {"user": "clerk-1", "now": NOW}


def person(at: int, *, with_number: bool = True, **changes) -> Person:
    values = {
        "name": f"見本　太郎{at}", "kana": f"ミホン タロウ{at}", "birth": date(1960 + at % 40, 1, 1 + at % 28),
        "sex": "male", "resident_record_code": ResidentRecordCode(f"99{at:09d}"),
        "personal_number": PersonalNumber.from_eleven(f"9999{at:07d}") if with_number else None,
    }  # fmt: skip
    return Person(**{**values, **changes})


def entry(at: int, relation: str = HEAD, **changes) -> Entry:
    values = {"address": "見本市見本町1-1", "resident_since": date(2020, 4, 1), "moved_from": "011002"}
    return Entry(person=person(at), relation=relation, **{**values, **changes})


def own(at: int) -> str:
    return f"{at:015d}"


@pytest.fixture
def conn(open_database):
    """A family of three (1 head, 2 wife, 3 child) and a person alone (4)."""
    with open_database(store.metadata).writing() as conn:
        family = [entry(1), entry(2, "妻"), entry(3, "子")]
        given = loading.enter_households(conn, [family, [entry(4, address="見本市模範町2")]], now=NOW)
        assert given == [own(at) for at in (1, 2, 3, 4)]
        yield conn


def home(conn, at: int) -> str:
    return queries.resident(conn, own(at)).household


def record(conn, at: int) -> ResidentRecord:
    found = [
        copy for page in copies.copy_pages(conn) for copy in page.batch.copies if copy.address_number == own(at)
    ]  # fmt: skip
    body = read_body("resident_record", bytes(found[-1].body))
    assert isinstance(body, ResidentRecord)
    return body


def test_a_loaded_registry(conn) -> None:
    assert queries.counts(conn) == {"residents": 4, "households": 2}
    found = queries.resident(conn, "2")
    assert (found.name, found.relation, found.state) == ("見本　太郎2", "妻", State.PRESENT)
    assert found.personal_number == person(2).personal_number
    assert queries.household(conn, home(conn, 1)).members == (own(1), own(2), own(3))
    assert queries.address_on(conn, "1", date(2026, 1, 1)) == "見本市見本町1-1"
    assert queries.address_on(conn, "1", date(2020, 3, 31)) is None
    [row] = audited(conn, store.audit_table, name="residents.entered")
    assert row.fields == {"residents": 4, "households": 2}


def test_own_numbers_given_before_are_kept_and_not_given_again(conn) -> None:
    kept = loading.enter_households(conn, [[entry(50, own_number="700")], [entry(51)]], now=NOW)
    assert kept == [own(700), own(701)]


def test_what_cannot_be_loaded(conn) -> None:
    for members in ([], [entry(9, "妻")]):
        with pytest.raises(HeadOutside):
            loading.enter_households(conn, [members], now=NOW)
    with pytest.raises(EntryTwice):
        loading.enter_households(conn, [[entry(9)], [entry(9)]], now=NOW)
    with pytest.raises(EntryTwice):
        loading.enter_households(conn, [[entry(8, own_number="90")], [entry(9, own_number="90")]], now=NOW)
    for twice in (entry(1), entry(9, own_number="1")):
        with pytest.raises(ResidentPresent):
            loading.enter_households(conn, [[twice]], now=NOW)


def test_a_birth(conn) -> None:
    child = person(5, with_number=False, birth=TODAY)
    [event] = moves.born(conn, child, household=home(conn, 1), relation="子", **BY)
    [number] = event.own_numbers
    assert record(conn, int(number)).household_size == 4
    assert record(conn, 1).household_size == 4
    with pytest.raises(ResidentPresent):
        moves.born(conn, child, household=home(conn, 1), relation="子", **BY)
    twin = person(6, birth=TODAY, personal_number=person(1).personal_number)
    with pytest.raises(NumberStands):
        moves.born(conn, twin, household=home(conn, 1), relation="子", **BY)
    with pytest.raises(DayAhead):
        moves.born(conn, person(7, birth=TODAY + timedelta(1)), household=home(conn, 1), relation="子", **BY)
    with pytest.raises(HouseholdUnknown):
        moves.born(conn, person(7, birth=TODAY), household=own(99), relation="子", **BY)


def test_a_death_of_the_head_leaves_a_household_without_one(conn) -> None:
    events = moves.died(conn, "1", on=TODAY, **BY)
    assert [type(event).__name__ for event in events] == ["Died"]
    assert queries.headless_households(conn) == [home(conn, 2)]
    assert record(conn, 2).household_size == 2
    assert record(conn, 1).left_on == TODAY
    assert record(conn, 1).household_size == 3
    with pytest.raises(ResidentDead):
        moves.died(conn, "1", on=TODAY, **BY)


def test_the_last_one_left_becomes_the_head(conn) -> None:
    moves.died(conn, "1", on=TODAY, **BY)
    [_, head] = moves.move_out(conn, ["3"], moved_to=ELSEWHERE, on=TODAY, **BY)
    assert head.own_numbers == (own(2),)
    assert queries.resident(conn, "2").relation == HEAD
    assert queries.headless_households(conn) == []


def test_moving_out_may_lie_ahead_and_happens_once(conn) -> None:
    ahead = TODAY + timedelta(days=9)
    [event] = moves.move_out(conn, ["1", "2", "3"], moved_to=ELSEWHERE, on=ahead, **BY)
    assert (event.moved_to, event.on) == ("131121", ahead)
    assert queries.address_on(conn, "1", TODAY) == "見本市見本町1-1"
    assert queries.address_on(conn, "1", ahead) is None
    assert queries.counts(conn) == {"residents": 1, "households": 1}
    with pytest.raises(ResidentGone):
        moves.move_out(conn, ["1"], moved_to=ELSEWHERE, on=ahead, **BY)
    with pytest.raises(ResidentGone):
        moves.died(conn, "2", on=TODAY, **BY)


@pytest.mark.parametrize(
    ("numbers", "on", "error"),
    [
        ([], TODAY, NobodyNamed),
        (["1", "1"], TODAY, NobodyNamed),
        (["99"], TODAY, ResidentUnknown),
        (["1"], date(2020, 3, 31), DayTooEarly),
    ],
)
def test_what_cannot_move_out(conn, numbers, on, error) -> None:
    with pytest.raises(error):
        moves.move_out(conn, numbers, moved_to=None, on=on, **BY)


def test_moving_in_as_a_household_or_into_one(conn) -> None:
    newcomers = [Mover(person=person(20), relation=HEAD), Mover(person=person(21), relation="妻")]
    [event] = moves.move_in(conn, newcomers, address="見本市新町3", moved_from=ELSEWHERE, on=TODAY, **BY)
    first, second = event.own_numbers
    assert (record(conn, int(first)).moved_from, record(conn, int(second)).household_size) == ("131121", 2)
    mother = [Mover(person=person(22), relation="母")]
    [event] = moves.move_in(
        conn, mother, address="", moved_from=None, on=TODAY, household=home(conn, 4), **BY
    )  # fmt: skip
    assert queries.resident(conn, event.own_numbers[0]).address == "見本市模範町2"
    assert record(conn, 4).household_size == 2


def test_what_cannot_move_in(conn) -> None:
    def come(*movers: Mover, household: str | None = None, on: date = TODAY) -> None:
        moves.move_in(conn, movers, address="x", moved_from=None, on=on, household=household, **BY)

    stranger = Mover(person=person(20), relation=HEAD)
    with pytest.raises(NobodyNamed):
        come()
    with pytest.raises(ResidentPresent):
        come(Mover(person=person(1), relation=HEAD))
    with pytest.raises(HeadOutside):
        come(Mover(person=person(20), relation="妻"))
    with pytest.raises(HeadOutside):
        come(stranger, household=home(conn, 4))
    with pytest.raises(DayAhead):
        come(stranger, on=TODAY + timedelta(1))
    with pytest.raises(NumberStands):
        come(Mover(person=person(20, personal_number=person(1).personal_number), relation=HEAD))
    with pytest.raises(EntryTwice):
        come(stranger, Mover(person=person(20), relation="妻"))
    moves.died(conn, "4", on=TODAY, **BY)
    with pytest.raises(ResidentDead):
        come(Mover(person=person(4), relation=HEAD))


def test_who_comes_back_has_the_own_number_of_that_time(conn) -> None:
    moves.move_out(conn, ["4"], moved_to=ELSEWHERE, on=date(2026, 10, 1), **BY)
    back = Mover(person=person(4, with_number=False), relation=HEAD)
    with pytest.raises(DayTooEarly):
        moves.move_in(conn, [back], address="x", moved_from=ELSEWHERE, on=date(2026, 9, 1), **BY)
    [event] = moves.move_in(conn, [back], address="見本市新町3", moved_from=ELSEWHERE, on=TODAY, **BY)
    assert event.own_numbers == (own(4),)
    found = queries.resident(conn, "4")
    assert (found.left_on, found.address, found.personal_number) == (None, "見本市新町3", person(4).personal_number)
    assert queries.address_on(conn, "4", date(2026, 10, 15)) is None


def test_a_whole_household_moves_within(conn) -> None:
    [event] = households.move_within(conn, ["1", "2", "3"], address="見本市新町3", on=TODAY, **BY)
    assert set(event.former_addresses) == {"見本市見本町1-1"}
    assert record(conn, 3).address == "見本市新町3"
    assert record(conn, 3).household_size == 3
    assert queries.address_on(conn, "3", TODAY - timedelta(1)) == "見本市見本町1-1"
    with pytest.raises(DayTooEarly):
        households.move_within(conn, ["1", "2", "3"], address="x", on=TODAY - timedelta(5), **BY)


def test_part_of_a_household_moves_within_and_forms_its_own(conn) -> None:
    with pytest.raises(RelationsIncomplete):
        households.move_within(conn, ["2", "3"], address="見本市新町3", on=TODAY, **BY)
    households.move_within(
        conn, ["2", "3"], address="見本市新町3", on=TODAY, relations={"2": HEAD, "3": "子"}, **BY
    )  # fmt: skip
    assert home(conn, 2) == home(conn, 3) != home(conn, 1)
    assert queries.household(conn, home(conn, 2)).head == own(2)
    assert record(conn, 1).household_size == 1


def test_households_join_and_part(conn) -> None:
    events = households.change_household(
        conn, ["4"], household=home(conn, 1), relations={"4": "母"}, on=TODAY, **BY
    )  # fmt: skip
    assert [type(event).__name__ for event in events] == ["HouseholdChanged", "MovedWithin"]
    assert (record(conn, 4).address, record(conn, 4).household_size) == ("見本市見本町1-1", 4)
    households.change_household(conn, ["4"], household=None, relations={"4": HEAD}, on=TODAY, **BY)
    assert (record(conn, 4).household_size, record(conn, 1).household_size) == (1, 3)
    with pytest.raises(HeadOutside):
        households.change_household(conn, ["4"], household=home(conn, 1), relations={"4": HEAD}, on=TODAY, **BY)
    with pytest.raises(HeadOutside):
        households.change_household(conn, ["2"], household=None, relations={"2": "妻"}, on=TODAY, **BY)


def test_another_head(conn) -> None:
    given = {"1": "夫", "3": "子"}
    [event] = households.change_head(conn, home(conn, 1), head="2", relations=given, on=TODAY, **BY)
    assert event.former_head == own(1)
    assert [queries.resident(conn, str(at)).relation for at in (1, 2, 3)] == ["夫", HEAD, "子"]
    with pytest.raises(HeadOutside):
        households.change_head(conn, home(conn, 1), head="4", relations=given, on=TODAY, **BY)
    with pytest.raises(RelationsIncomplete):
        households.change_head(conn, home(conn, 1), head="1", relations={"2": "妻"}, on=TODAY, **BY)


def test_a_name_changes(conn) -> None:
    persons.change_name(conn, "2", name="模範　花子", kana="モハン ハナコ", on=TODAY, **BY)
    assert record(conn, 2).name == "模範　花子"
    [past] = queries.history(conn, "2")
    assert (past.entered, past.event.former_name) == (NOW, "見本　太郎2")
    assert [one.own_number for one in queries.search(conn, name="模範花子")] == [own(2)]


def test_a_number_is_designated(conn) -> None:
    [event] = moves.born(conn, person(5, with_number=False, birth=TODAY), household=home(conn, 1), relation="子", **BY)
    [number] = event.own_numbers
    [event] = persons.designate_number(
        conn, number, personal_number=person(5).personal_number, on=TODAY, **BY
    )  # fmt: skip
    assert not event.changed
    with pytest.raises(NumberStands):
        persons.designate_number(conn, "2", personal_number=person(1).personal_number, on=TODAY, **BY)


def test_support_measures_become_marks(conn) -> None:
    until = date(2027, 11, 22)
    events = persons.set_support_measures(conn, ["2", "3"], until=until, hidden=True, **BY)
    marks = copies.marks_of(events).persons
    assert [(one.address_number, one.no_automatic_answer, one.hidden) for one in marks] == [
        (own(2), True, True), (own(3), True, True),
    ]  # fmt: skip
    assert copies.marks_now(conn).persons == marks
    assert [one.own_number for one in queries.protection_ends(conn, by=until)] == [own(2), own(3)]
    lifted = persons.lift_support_measures(conn, ["3"], **BY)
    assert copies.marks_of(events + lifted).persons[1].no_automatic_answer is False
    assert len(copies.marks_now(conn).persons) == 1
    with pytest.raises(DayTooEarly):
        persons.set_support_measures(conn, ["2"], until=TODAY - timedelta(1), **BY)
    moves.died(conn, "2", on=TODAY, **BY)
    with pytest.raises(ResidentDead):
        persons.set_support_measures(conn, ["2"], until=until, **BY)


def test_a_wrong_death_is_taken_back(conn) -> None:
    moves.died(conn, "4", on=TODAY, **BY)
    [event] = moves.restore(conn, "4", **BY)
    assert event.former_state is State.DEAD
    assert (record(conn, 4).left_on, record(conn, 4).household_size) == (None, 1)
    assert queries.household(conn, home(conn, 4)).head == own(4)
    assert queries.address_on(conn, "4", TODAY) == "見本市模範町2"
    with pytest.raises(ResidentPresent):
        moves.restore(conn, "4", **BY)


def test_a_restored_head_whose_place_was_taken_is_no_head(conn) -> None:
    moves.died(conn, "1", on=TODAY, **BY)
    households.change_head(conn, home(conn, 2), head="2", relations={"3": "子"}, on=TODAY, **BY)
    moves.restore(conn, "1", **BY)
    assert queries.household(conn, home(conn, 1)).head == own(2)
    assert queries.resident(conn, "1").relation != HEAD


def test_the_feed_gives_what_changed_since(conn) -> None:
    pages = list(copies.copy_pages(conn, size=3))
    assert [len(page.batch.copies) for page in pages] == [3, 1]
    entering.note_fed(conn, "copies", upto=pages[-1].upto)
    assert queries.fed(conn, "copies") == pages[-1].upto
    assert list(copies.copy_pages(conn, after=queries.fed(conn, "copies"))) == []
    moves.died(conn, "3", on=TODAY, **BY)
    [page] = copies.copy_pages(conn, after=queries.fed(conn, "copies"))
    assert sorted(copy.address_number for copy in page.batch.copies) == [own(1), own(2), own(3)]
    assert queries.fed(conn, "enrolments") == 0


def test_a_page_read_twice_is_the_same_batch(conn) -> None:
    [first], [second] = copies.copy_pages(conn), copies.copy_pages(conn)
    assert msgspec.json.encode(first.batch) == msgspec.json.encode(second.batch)


def test_a_second_change_in_the_same_millisecond_has_a_later_copy(conn) -> None:
    [before] = copies.copies_of(conn, persons.change_name(conn, "2", name="甲", kana="コウ", on=TODAY, **BY))
    [after] = copies.copies_of(conn, persons.change_name(conn, "2", name="乙", kana="オツ", on=TODAY, **BY))
    assert before.copies[0].copied_ms < after.copies[0].copied_ms


def test_enrolments_name_number_and_items(conn) -> None:
    [page] = copies.enrolment_pages(conn)
    first = page.enrolments[0]
    assert (first.own_number, first.personal_number) == (own(1), person(1).personal_number)
    assert first.items.address == "見本市見本町1-1"


def test_searching(conn) -> None:
    assert [one.own_number for one in queries.search(conn, kana="みほん ﾀﾛｳ3")] == [own(3)]
    assert len(queries.search(conn, name="見本")) == 4
    assert [one.own_number for one in queries.search(conn, birth=person(4).birth)] == [own(4)]
    moves.died(conn, "4", on=TODAY, **BY)
    assert queries.search(conn, birth=person(4).birth) == []
    assert len(persons.clerk_search(conn, birth=person(4).birth, gone_too=True, **BY)) == 1
    [row] = audited(conn, store.audit_table, name="residents.searched")
    assert row.fields == {"by": "birth", "found": 1, "user": "clerk-1"}
    with pytest.raises(SearchEmpty):
        queries.search(conn, name="　")


def test_a_town_is_loaded_quickly(open_database) -> None:
    homes = [[entry(4 * at + k, HEAD if k == 0 else "子") for k in range(4)] for at in range(1_000)]
    with open_database(store.metadata, name="town").writing() as conn:
        started = time.perf_counter()
        loading.enter_households(conn, homes, now=NOW)
        loaded = time.perf_counter()
        made = sum(len(page.batch.copies) for page in copies.copy_pages(conn))
        copied = time.perf_counter()
    print(f"load {4_000 / (loaded - started):,.0f}/s, copies {made / (copied - loaded):,.0f}/s")
    assert made == 4_000
    assert copied - started < 5
