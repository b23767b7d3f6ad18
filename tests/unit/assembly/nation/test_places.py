"""Municipalities and bodies: real codes, no wards of designated cities, every capacity known to the law room."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from renkei.assembly.nation import Nation
from renkei.assembly.nation.bodies import municipal_kinds, plan
from renkei.assembly.nation.dice import Dice, key_of
from renkei.assembly.nation.places import ANCHORS, choose, count_for, draw_address, load
from renkei.assembly.nation.romaji import municipality_name
from renkei.base.identifiers import BodyCode, parse_institution_code
from renkei.law.data import data_dir

EVERYWHERE = load(date(2026, 11, 23))
BY_CODE = {municipality.code: municipality for municipality in EVERYWHERE}


def test_there_are_1741_municipalities_and_no_wards_among_them() -> None:
    """指定都市の区 are no bodies of their own; the 23 special wards of Tokyo are."""
    assert len(EVERYWHERE) == 1_741
    assert sum(municipality.designated for municipality in EVERYWHERE) == 20
    assert sum(municipality.kind == "special_ward" for municipality in EVERYWHERE) == 23
    assert all(BodyCode(municipality.code).digits == municipality.code for municipality in EVERYWHERE)
    assert not {code for municipality in EVERYWHERE for code, _ in municipality.wards} & set(BY_CODE)


def test_wards_are_places_in_the_city_that_is_asked() -> None:
    """A ward of a designated city is asked by the city's code."""
    sapporo = BY_CODE["011002"]
    addresses = [draw_address(Dice(key_of(1, "test"), number), sapporo) for number in range(40)]
    assert {address.body_id for address in addresses} == {"m-011002"}
    assert len({address.area_code for address in addresses}) > 5
    for address in addresses:
        ward = dict(sapporo.wards)[address.area_code]
        assert address.text.startswith(f"北海道札幌市{ward}")


def test_wards_abolished_in_2024_are_no_addresses_now() -> None:
    """Hamamatsu went from seven wards to three on 2024-01-01; the list does not have the new ones."""
    assert BY_CODE["221309"].wards == ()
    assert BY_CODE["221309"].designated
    before = {municipality.code: municipality for municipality in load(date(2023, 12, 31))}
    assert len(before["221309"].wards) == 7


@pytest.mark.parametrize(("residents", "count"), [(200, 3), (2_000, 8), (10_000, 30), (1_000_000, 1_741)])
def test_a_larger_country_has_more_municipalities(residents: int, count: int) -> None:
    assert count_for(residents, 1_741) == count
    chosen = choose(EVERYWHERE, count, seed=5)
    assert len(chosen) == count
    assert set(ANCHORS) <= {municipality.code for municipality in chosen}
    assert list(chosen) == sorted(chosen, key=lambda municipality: municipality.code)


def test_the_number_of_municipalities_never_falls() -> None:
    counts = [count_for(residents, 1_741) for residents in range(200, 1_000_001, 1_733)]
    assert counts == sorted(counts)


def test_every_body_is_planned_once_with_codes_and_capacities() -> None:
    bodies = Nation(seed=5, residents=20_000).bodies()
    assert len({body.body_id for body in bodies}) == len({body.institution_code for body in bodies}) == len(bodies)
    lexicon = tomllib.loads((data_dir() / "lexicon" / "kinds.toml").read_text("utf-8"))["kind"]
    for body in bodies:
        assert parse_institution_code(body.institution_code) == body.institution_code
        assert body.kinds
        assert body.kinds <= set(lexicon)
        assert body.name_ja
        assert body.name_en.isascii()
    ids = {body.body_id for body in bodies}
    assert {"mhlw", "jps", "moj", "digital", "m-131121", "p-130001", "lu-130001"} <= ids


def test_the_whole_country_has_distinct_institution_codes() -> None:
    bodies = plan(EVERYWHERE)
    assert len({body.institution_code for body in bodies}) == len(bodies) == 8 + 47 * 2 + 1_741
    setagaya = next(body for body in bodies if body.body_id == "m-131121")
    assert setagaya.institution_code == "0220113112101700"


def test_capacities_follow_the_kind_of_municipality() -> None:
    assert municipal_kinds(BY_CODE["203211"]) == {"municipality_mayor"}
    assert municipal_kinds(BY_CODE["131121"]) == {"municipality_mayor", "city_mayor", "health_centre_city_mayor"}
    assert "hiroshima_mayor" in municipal_kinds(BY_CODE["341002"])
    assert "nagasaki_mayor" in municipal_kinds(BY_CODE["422011"])
    assert BY_CODE["341002"].name == "広島市"
    assert BY_CODE["422011"].name == "長崎市"


@pytest.mark.parametrize(
    ("kana", "kind", "name"),
    [
        ("せたがやく", "special_ward", "Setagaya-ku"),
        ("さっぽろし", "city", "Sapporo-shi"),
        ("おおさかし", "city", "Osaka-shi"),
        ("かるいざわまち", "town", "Karuizawa-machi"),
        ("いっとうちょう", "town", "Itto-cho"),
        ("ちょうふし", "city", "Chofu-shi"),
        ("はっちょうむら", "village", "Hatcho-mura"),
    ],
)
def test_a_name_in_latin_letters_follows_the_reading(kana: str, kind: str, name: str) -> None:
    assert municipality_name(kana, kind) == name


def test_every_municipality_has_a_latin_name() -> None:
    assert all(municipality.name_en.isascii() for municipality in EVERYWHERE)
