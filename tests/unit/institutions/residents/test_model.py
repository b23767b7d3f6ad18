"""Residents without a store: checks, names, events."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.identifiers import OwnNumber, ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.institutions.residents.errors import (
    DayAhead,
    DayTooEarly,
    EntryTwice,
    NobodyNamed,
    ResidentDead,
    ResidentGone,
)
from renkei.institutions.residents.model import (
    Event,
    MovedWithin,
    NameChanged,
    Person,
    Resident,
    State,
    SupportMeasuresSet,
    check_day,
    check_distinct,
    check_named,
    check_present,
    name_key,
    resident_copy,
)

TODAY = date(2026, 11, 23)


def resident(**changes) -> Resident:
    values = {
        "own_number": OwnNumber("000000000000001"), "name": "見本 花子", "kana": "ミホン ハナコ",
        "birth": date(1980, 2, 29), "sex": "female", "resident_record_code": ResidentRecordCode("99000000001"),
        "personal_number": PersonalNumber.from_eleven("99990000001"), "household": "000000000000001",
        "relation": "世帯主", "address": "見本町1", "resident_since": date(2020, 4, 1), "moved_from": "",
        "state": State.PRESENT, "left_on": None, "moved_to": "", "protected_until": None, "hidden": False,
    }  # fmt: skip
    return Resident(**{**values, **changes})


def test_only_who_is_present_is_changed() -> None:
    check_present([resident()])
    with pytest.raises(ResidentGone) as caught:
        check_present([resident(), resident(state=State.GONE, left_on=date(2026, 10, 1))])
    assert caught.value.public == {"on": "2026-10-01"}
    with pytest.raises(ResidentDead):
        check_present([resident(state=State.DEAD, left_on=date(2026, 10, 1))])


def test_the_day_of_a_change() -> None:
    check_day([resident()], TODAY, today=TODAY)
    check_day([resident()], date(2026, 12, 1), today=TODAY, ahead=True)
    with pytest.raises(DayAhead):
        check_day([resident()], date(2026, 12, 1), today=TODAY)
    with pytest.raises(DayTooEarly):
        check_day([resident()], date(2020, 3, 31), today=TODAY)


def test_somebody_is_named_once() -> None:
    check_named(["1", "2"])
    for wrong in ([], ["1", "1"]):
        with pytest.raises(NobodyNamed):
            check_named(wrong)


def test_people_entered_share_no_number() -> None:
    one = Person(
        name="甲", kana="コウ", birth=TODAY, sex="male", resident_record_code=ResidentRecordCode("99000000001")
    )
    with pytest.raises(EntryTwice):
        check_distinct([one, one])
    check_distinct([one])


def test_a_copy_says_no_number() -> None:
    """A copy never carries a personal number or a resident record code."""
    text = msgspec.json.encode(resident_copy(resident(), 3)).decode()
    assert "99990000001" not in text
    assert "99000000001" not in text
    assert '"household_size":3' in text


def test_nothing_about_a_person_shows_itself() -> None:
    renamed = NameChanged(own_numbers=(OwnNumber("1"),), on=TODAY, former_name="見本 花子", former_kana="ミホン ハナコ")
    assert "見本" not in repr(resident()) + repr(renamed)


@pytest.mark.parametrize(
    "event",
    [
        MovedWithin(own_numbers=(OwnNumber("1"),), on=TODAY, former_addresses=("見本町1",)),
        SupportMeasuresSet(own_numbers=(OwnNumber("1"),), on=TODAY, until=TODAY, hidden=True),
    ],
)
def test_events_are_read_back_from_history_as_written(event) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


@given(st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3096), max_size=20))
def test_hiragana_and_katakana_are_the_same(text: str) -> None:
    assert name_key("".join(chr(ord(letter) + 0x60) for letter in text)) == name_key(text)
