"""Municipalities, prefectures and dated parameters; and that every datum names its source."""

from __future__ import annotations

from datetime import date

import pytest

from renkei.law import LawBook
from renkei.law.bodies import MunicipalityKind, municipalities, municipality_kinds, prefecture_kinds, prefectures
from renkei.law.errors import ParameterMissing
from renkei.law.lexicon import lexicon

BOOK = LawBook.load()
ON = date(2026, 11, 23)


def check_digit(code: str) -> int:
    total = sum(int(digit) * weight for digit, weight in zip(code[:5], (6, 5, 4, 3, 2), strict=True))
    return (11 - total % 11) % 10


def test_every_code_has_its_check_digit() -> None:
    for entry in (*municipalities(), *prefectures()):
        assert len(entry.code) == 6
        assert int(entry.code[5]) == check_digit(entry.code), entry.code


def test_the_list_is_complete() -> None:
    kinds = [municipality.kind for municipality in municipalities()]
    assert len(kinds) == 1916
    assert kinds.count(MunicipalityKind.WARD) == 175
    assert kinds.count(MunicipalityKind.SPECIAL_WARD) == 23
    assert len(prefectures()) == 47
    assert [prefecture.code for prefecture in prefectures()][:1] == ["010006"]
    names = {prefecture.name for prefecture in prefectures()}
    assert {municipality.prefecture for municipality in municipalities()} == names


def test_wards_belong_to_their_city_and_are_no_bodies() -> None:
    by_code = {municipality.code: municipality for municipality in municipalities()}
    for ward in municipalities():
        if ward.kind is MunicipalityKind.WARD:
            assert by_code[ward.city_code].kind is MunicipalityKind.CITY
            with pytest.raises(ValueError, match="ask its city"):
                municipality_kinds(ward)


def test_the_wards_of_hamamatsu_ended_with_2023() -> None:
    ended = [m for m in municipalities() if m.valid_to]
    assert {m.valid_to for m in ended} == {date(2024, 1, 1)}
    assert len(ended) == 7
    assert {m.city_code for m in ended} == {"221309"}


def test_kinds_of_local_bodies_are_kinds_of_the_table() -> None:
    by_code = {municipality.code: municipality for municipality in municipalities()}
    assert municipality_kinds(by_code["131121"]) == {
        "municipality_mayor",
        "local_body_organ",
        "city_mayor",
        "health_centre_city_mayor",
    }
    assert "hiroshima_mayor" in municipality_kinds(by_code["341002"])
    assert "nagasaki_mayor" in municipality_kinds(by_code["422011"])
    town = next(m for m in municipalities() if m.kind is MunicipalityKind.TOWN)
    assert municipality_kinds(town) == {"municipality_mayor", "local_body_organ"}
    assert "welfare_town_mayor" in municipality_kinds(town, welfare_office=True)
    everything = frozenset().union(*(municipality_kinds(m) for m in municipalities() if not m.city_code))
    assert everything | prefecture_kinds() <= set(lexicon().kinds)


def test_parameters() -> None:
    retention = BOOK.parameter("record_retention", ON)
    assert (retention.value, retention.unit) == (7, "years")
    assert "30条" in retention.source
    validity = BOOK.parameter("permit_validity", ON)
    assert validity.ours
    assert validity.unit == "seconds"
    assert BOOK.parameter("clock_tolerance", ON).value == 300
    assert BOOK.parameter("pia_priority_below", ON).value == 300_000
    with pytest.raises(ParameterMissing):
        BOOK.parameter("pia_priority_below", date(2018, 12, 31))
    with pytest.raises(ParameterMissing):
        BOOK.parameter("phase_of_the_moon", ON)


def test_every_value_names_its_source_and_edition() -> None:
    for parameter in BOOK.parameters:
        assert parameter.source
        assert parameter.edition
        assert parameter.unit
    for edition in BOOK.editions:
        assert edition.source.name
        assert edition.source.licence


def test_editions_do_not_overlap() -> None:
    first, second = BOOK.editions
    assert first.valid_to == second.valid_from
    assert second.valid_to is None
