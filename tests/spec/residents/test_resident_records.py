"""Resident records

A municipality keeps its residents, their households and addresses. What changes there decides who may claim what
elsewhere, so every change gives new copies to the municipality's gateway.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from renkei.base.identifiers import BodyCode, ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.contracts.information import ResidentRecord, read_body
from renkei.institutions.residents import copies, queries, store
from renkei.institutions.residents.errors import DayAhead, ResidentGone, ResidentPresent
from renkei.institutions.residents.model import HEAD, Entry, Mover, Person
from renkei.institutions.residents.operations import households, loading, moves, persons
from renkei.platform.database import Database

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
TODAY = date(2026, 11, 23)
BY = {"user": "clerk-1", "now": NOW}
FATHER, MOTHER, CHILD = "1", "2", "3"


def person(at: int, name: str, kana: str, birth: date) -> Person:
    return Person(
        name=name, kana=kana, birth=birth, sex="not_known", resident_record_code=ResidentRecordCode(f"99{at:09d}"),
        personal_number=PersonalNumber.from_eleven(f"9999{at:07d}"),
    )  # fmt: skip


FAMILY = (
    (person(1, "見本 太郎", "ミホン タロウ", date(1985, 3, 1)), HEAD),
    (person(2, "見本 花子", "ミホン ハナコ", date(1986, 4, 2)), "妻"),
    (person(3, "見本 桜", "ミホン サクラ", date(2015, 5, 3)), "子"),
)


@pytest.fixture
def conn():
    with Database.open("sqlite://", metadata=store.metadata) as db, db.writing() as conn:
        family = [
            Entry(person=who, relation=relation, address="見本市見本町1", resident_since=date(2020, 4, 1))
            for who, relation in FAMILY
        ]
        loading.enter_households(conn, [family], now=NOW)
        yield conn


def copy_of(conn, own_number: str) -> ResidentRecord:
    [page] = copies.copy_pages(conn)
    [found] = [copy for copy in page.batch.copies if int(copy.address_number) == int(own_number)]
    body = read_body("resident_record", bytes(found.body))
    assert isinstance(body, ResidentRecord)
    return body


def test_a_household_and_its_head_stand_in_the_record(conn) -> None:
    """The record says who is head and how each member is related to the head (住民基本台帳法7条4号)."""
    assert (copy_of(conn, FATHER).relation, copy_of(conn, CHILD).relation) == (HEAD, "子")
    assert copy_of(conn, CHILD).household_size == 3


def test_who_moved_in_names_the_former_municipality(conn) -> None:
    """A notice of moving in names the former address (住民基本台帳法22条): there last year's taxes are asked for."""
    newcomer = Mover(person=person(9, "模範 次郎", "モハン ジロウ", date(1961, 8, 8)), relation=HEAD)
    [event] = moves.move_in(
        conn, [newcomer], address="見本市新町3", moved_from=BodyCode("131121"), on=date(2026, 11, 10), **BY
    )
    assert copy_of(conn, event.own_numbers[0]).moved_from == "131121"


def test_a_move_is_entered_once_it_happened(conn) -> None:
    """Moving in and within is notified within 14 days after the day (22条, 23条); only moving out beforehand (24条)."""
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(DayAhead):
        households.move_within(conn, [FATHER, MOTHER, CHILD], address="見本市新町3", on=tomorrow, **BY)
    moves.move_out(conn, [FATHER, MOTHER, CHILD], moved_to=BodyCode("131121"), on=tomorrow, **BY)
    assert copy_of(conn, FATHER).left_on == tomorrow


def test_someone_who_is_gone_does_not_move_out_again(conn) -> None:
    """Who moved away has no record that could be moved; the error names the day on which they left."""
    moves.move_out(conn, [FATHER], moved_to=None, on=TODAY, **BY)
    with pytest.raises(ResidentGone, match="2026-11-23"):
        moves.move_out(conn, [FATHER], moved_to=None, on=TODAY, **BY)


def test_a_child_is_entered_once(conn) -> None:
    """A birth that was notified at two offices must not make two children."""
    child = person(10, "見本 光", "ミホン ヒカル", TODAY)
    home = queries.resident(conn, MOTHER).household
    moves.born(conn, child, household=home, relation="子", **BY)
    with pytest.raises(ResidentPresent):
        moves.born(conn, child, household=home, relation="子", **BY)


def test_a_birth_changes_the_copies_of_the_whole_household(conn) -> None:
    """Benefits depend on the size of the household, so its other members' copies are made anew too."""
    home = queries.resident(conn, MOTHER).household
    moves.born(conn, person(10, "見本 光", "ミホン ヒカル", TODAY), household=home, relation="子", **BY)
    assert copy_of(conn, FATHER).household_size == 4


def test_after_the_heads_death_the_others_notify_a_new_one(conn) -> None:
    """A change of head is notified by the household (25条); until then the registry does not guess one."""
    home = queries.resident(conn, FATHER).household
    moves.died(conn, FATHER, on=TODAY, **BY)
    assert queries.headless_households(conn) == [home]
    households.change_head(conn, home, head=MOTHER, relations={CHILD: "子"}, on=TODAY, **BY)
    assert copy_of(conn, MOTHER).relation == HEAD


def test_where_someone_lived_on_new_years_day_is_known(conn) -> None:
    """Resident tax is levied where one lives on 1 January (地方税法318条, 39条)."""
    households.move_within(conn, [FATHER, MOTHER, CHILD], address="見本市新町3", on=TODAY, **BY)
    assert queries.address_on(conn, FATHER, date(2026, 1, 1)) == "見本市見本町1"
    assert queries.address_on(conn, FATHER, date(2027, 1, 1)) == "見本市新町3"


def test_a_leaked_number_is_replaced_in_the_record(conn) -> None:
    """The mayor designates the new number in place of the leaked one (番号法7条2項); the event does not say it."""
    new = PersonalNumber.from_eleven("99998888888")
    [event] = persons.designate_number(conn, MOTHER, personal_number=new, on=TODAY, **BY)
    assert event.changed
    assert queries.resident(conn, MOTHER).personal_number == new
    [past] = queries.history(conn, MOTHER)
    assert past.event == event


def test_victims_are_never_answered_about_automatically(conn) -> None:
    """Support measures (支援措置) for victims become a mark: staff decide about every inquiry."""
    events = persons.set_support_measures(conn, [MOTHER, CHILD], until=date(2027, 11, 22), **BY)
    assert all(mark.no_automatic_answer for mark in copies.marks_of(events).persons)


def test_protection_does_not_end_by_itself(conn) -> None:
    """A term that ran out unnoticed must not give an address away: it is listed, and a clerk lifts it."""
    persons.set_support_measures(conn, [MOTHER], until=TODAY, **BY)
    assert [one.own_number for one in queries.protection_ends(conn, by=date(2027, 1, 1))] == [f"{2:015d}"]
    assert len(copies.marks_now(conn).persons) == 1
    persons.lift_support_measures(conn, [MOTHER], **BY)
    assert copies.marks_now(conn).persons == []
