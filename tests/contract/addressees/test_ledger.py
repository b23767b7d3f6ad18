"""The ledger's store on both databases: enrolling, searching, changing."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest

from renkei.base.personal_number import PersonalNumber
from renkei.contracts.addressees import Enrolment, FourItems
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import (
    AddresseeUnknown,
    OwnNumberTaken,
    PersonalNumberElsewhere,
    SearchTooWide,
)
from renkei.institutions.addressees.model import CodeState, Wanted
from renkei.institutions.addressees.operations import changing, enrolling
from renkei.platform.audit_store import audited

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def number(at: int) -> PersonalNumber:
    return PersonalNumber.from_eleven(f"9999{at:07d}")


def items(at: int, **changes) -> FourItems:
    values = {
        "name": f"見本　太郎{at}", "kana": f"ミホン タロウ{at}",
        "birth": date(1960 + at % 40, 1 + at % 12, 1 + at % 28), "sex": "male",
        "address": f"東京都世田谷区見本町{at}-1",
    }  # fmt: skip
    return FourItems(**{**values, **changes})


def person(at: int, *, with_number: bool = True, own: str | None = None, **changes) -> Enrolment:
    known = number(at) if with_number else None
    return Enrolment(own_number=own or str(at + 1), personal_number=known, items=items(at, **changes))


@pytest.fixture
def db(open_database):
    return open_database(store.metadata)


def enrol(db, system: str, *people: Enrolment) -> int:
    with db.writing() as conn:
        return enrolling.enrol(conn, system, people, now=NOW)


def at(db, system: str, own: str) -> str:
    with db.reading() as conn:
        return queries.address_numbers(conn, system, [own.zfill(15)])[own.zfill(15)]


def test_one_person_of_two_systems_has_one_address_number(db) -> None:
    assert enrol(db, "residents", *(person(k) for k in range(150))) == 150
    assert enrol(db, "tax", *(person(k, own=str(9000 + k)) for k in range(200))) == 50
    assert at(db, "residents", "8") == at(db, "tax", "9007")
    with db.reading() as conn:
        own = queries.own_numbers(conn, at(db, "tax", "9007"))
        assert [(one.system, int(one.own_number)) for one in own] == [("residents", 8), ("tax", 9007)]
        assert queries.counts(conn)["people"] == 200
        rows = audited(conn, store.audit_table, name="addressees.enrolled")
    assert rows[1].fields == {"system": "tax", "known": 0, "by_personal_number": 150, "by_items": 0, "new": 50}


def test_enrolling_again_changes_nothing(db) -> None:
    enrol(db, "residents", person(1), person(2, with_number=False))
    before = at(db, "residents", "2"), at(db, "residents", "3")
    assert enrol(db, "residents", person(1), person(2, with_number=False)) == 0
    assert (at(db, "residents", "2"), at(db, "residents", "3")) == before


def test_address_numbers_count_up_in_fifteen_digits(db) -> None:
    enrol(db, "residents", person(1), person(2))
    assert [at(db, "residents", own) for own in ("2", "3")] == [f"{1:015d}", f"{2:015d}"]


def test_changed_items_replace_the_former_ones(db) -> None:
    enrol(db, "residents", person(1))
    enrol(db, "residents", person(1, address="東京都世田谷区模範町9-9"))
    with db.reading() as conn:
        assert queries.addressee(conn, at(db, "residents", "2")).items.address.endswith("模範町9-9")
        assert queries.search(conn, Wanted(address="模範町９－９"))[0].personal_number == number(1)


def test_an_own_number_of_someone_else_is_refused_with_its_position(db) -> None:
    enrol(db, "residents", person(1), person(2))
    with pytest.raises(OwnNumberTaken) as caught:
        enrol(db, "residents", person(3), person(2, own="2"), person(4, own="2"))
    assert caught.value.public == {"count": "2", "positions": "1,2"}
    with db.reading() as conn:
        assert queries.counts(conn)["people"] == 2  # nothing of the batch was written


def test_one_own_number_for_two_people_of_one_batch_is_refused(db) -> None:
    with pytest.raises(OwnNumberTaken):
        enrol(db, "tax", person(1, own="7"), person(2, own="7"))


def test_a_number_that_comes_to_light_is_entered(db) -> None:
    enrol(db, "tax", person(1, with_number=False))
    assert enrol(db, "tax", person(1)) == 0
    with db.reading() as conn:
        assert queries.addressee(conn, at(db, "tax", "2")).personal_number == number(1)


def test_a_number_that_stands_elsewhere_is_not_joined_by_itself(db) -> None:
    enrol(db, "residents", person(1))
    enrol(db, "tax", person(1, with_number=False, own="70", address="別の住所"))
    with pytest.raises(OwnNumberTaken):
        enrol(db, "tax", person(1, own="70"))


def test_without_a_number_only_four_equal_items_find_someone(db) -> None:
    enrol(db, "residents", person(1))
    half_width = person(1, with_number=False, own="70", name="見本 太郎1", kana="みほん　たろう1")
    assert enrol(db, "loans", half_width) == 0
    other_house = person(1, with_number=False, own="71", address="東京都世田谷区見本町1-2")
    assert enrol(db, "loans", other_house) == 1


def test_two_people_with_equal_items_are_not_guessed_between(db) -> None:
    enrol(db, "residents", person(1), Enrolment(own_number="90", personal_number=number(90), items=items(1)))
    assert enrol(db, "loans", person(1, with_number=False, own="70")) == 1


def test_people_who_may_be_one_are_listed(db) -> None:
    enrol(db, "residents", person(1), person(2))
    enrol(db, "loans", person(1, with_number=False, own="70", address="前の住所"))
    with db.reading() as conn:
        assert queries.doubles(conn) == [(at(db, "residents", "2"), at(db, "loans", "70"))]


def test_outsiders_get_numbers_that_no_registry_gives(db) -> None:
    with db.writing() as conn:
        given = enrolling.number_outsiders(conn, [items(1), items(2), items(1)], now=NOW)
        again = enrolling.number_outsiders(conn, [items(2), items(3)], now=NOW)
    assert given[0] == given[2] != given[1]
    assert again[0] == given[1]
    assert all(len(one) == 15 and one.startswith("9") for one in given + again)
    enrol(db, "residents", person(8, own="1"))
    assert at(db, "residents", "1") != at(db, "outsiders", given[0])


def test_searching(db) -> None:
    enrol(db, "residents", *(person(k) for k in range(30)))
    with db.writing() as conn:
        found = changing.search_by_number(conn, number(5), user="clerk-1", now=NOW)
        assert found is not None
        assert found.items == items(5)
        assert changing.search_by_number(conn, number(99), user="clerk-1", now=NOW) is None
        exact = changing.search_by_exact_items(conn, items(5, name="見本太郎５"), user="clerk-1", now=NOW)
        assert [one.address_number for one in exact] == [found.address_number]
        parts = changing.search_by_parts(conn, Wanted(kana="たろう5", birth=items(5).birth), user="clerk-1", now=NOW)
        assert [one.address_number for one in parts] == [found.address_number]
        assert len(changing.search_by_parts(conn, Wanted(name="見本"), limit=10, user="clerk-1", now=NOW)) == 10
        with pytest.raises(SearchTooWide):
            changing.search_by_parts(conn, Wanted(name=" 　"), user="clerk-1", now=NOW)
        kept = audited(conn, store.audit_table, name="addressees.searched")
    assert [(row.fields["by"], row.fields["found"]) for row in kept][:3] == [
        ("personal_number", 1), ("personal_number", 0), ("items", 1),
    ]  # fmt: skip
    assert number(5).reveal() not in str(kept)


def test_a_clerk_changes_items_and_number(db) -> None:
    enrol(db, "residents", person(1), person(2))
    here = at(db, "residents", "2")
    with db.writing() as conn:
        changing.change_items(conn, here, items(1, name="見本　花子"), user="clerk-1", now=NOW)
        changing.change_personal_number(conn, here, number(77), user="clerk-1", now=NOW)
        found = queries.addressee(conn, here)
        assert (found.items.name, found.personal_number) == ("見本　花子", number(77))
        assert found.code_state is CodeState.NONE
        with pytest.raises(PersonalNumberElsewhere):
            changing.change_personal_number(conn, here, number(2), user="clerk-1", now=NOW)
        with pytest.raises(AddresseeUnknown):
            changing.change_items(conn, "999", items(1), user="clerk-1", now=NOW)


def test_nothing_about_a_person_shows_itself(db) -> None:
    enrol(db, "residents", person(1))
    with db.reading() as conn:
        shown = repr(queries.addressee(conn, at(db, "residents", "2")))
    assert "見本" not in shown
    assert number(1).reveal() not in shown


def test_a_municipality_is_enrolled_quickly(db) -> None:
    people = [person(k) for k in range(4_000)]
    started = time.perf_counter()
    enrol(db, "residents", *people)
    first = time.perf_counter() - started
    started = time.perf_counter()
    enrol(db, "tax", *people)
    again = time.perf_counter() - started
    print(f"new {4_000 / first:,.0f}/s, known by number {4_000 / again:,.0f}/s")
    assert first + again < 5
