"""Municipalities of the country: real names and codes, and how many of them a nation of a given size has.

Wards of designated cities (指定都市の区) are no bodies of their own: the city's code is asked. They stay as places in
addresses. Inside a municipality every town is invented; no block of that name is meant.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import accumulate, pairwise

from renkei.assembly.nation.dice import Dice, key_of
from renkei.assembly.nation.model import Address, Municipality
from renkei.assembly.nation.romaji import municipality_name
from renkei.base.identifiers import BodyCode
from renkei.law.data import read_csv

ANCHORS = ("131121", "011002", "203211")
"""In every country, since the personas live there: a special ward, a designated city, a town."""

# Residents and municipalities; between two lines the number grows in proportion.
_SIZES = (
    (0, 3),
    (200, 3),
    (500, 4),
    (1_000, 6),
    (2_000, 8),
    (5_000, 16),
    (10_000, 30),
    (20_000, 60),
    (50_000, 140),
    (100_000, 270),
    (200_000, 500),
    (500_000, 1_000),
    (1_000_000, 1_741),
)

# How many residents a municipality of each kind gets, relative to each other: invented, not the census.
_WEIGHTS = {"designated": 300, "special_ward": 120, "city": 40, "town": 6, "village": 3}

_TOWN_NAMES = """
見本町 例示町 架空町 仮名町 想定町 標本町 模擬町 雛形町 作例町 試作町 練習町 手本町 下書町
予行町 空想町 図解町 例題町 設問町 演習町 模型町 複製町 仮想町 仮設町 試行町 創作町
"""
_TOWNS = _TOWN_NAMES.split()
_KANJI_NUMBERS = ("一", "二", "三", "四", "五", "六")


def load(on: date) -> tuple[Municipality, ...]:
    """Every municipality, in the order of the codes, with the wards in force on a day.

    Source: law/bodies/municipalities.csv, prefectures.csv.
    """
    prefectures = {row["name"]: row["code"] for row in read_csv("bodies", "prefectures.csv")}
    wards: dict[str, list[tuple[str, str]]] = {}
    designated: set[str] = set()
    rows = read_csv("bodies", "municipalities.csv")
    for row in rows:
        if row["kind"] == "ward":
            designated.add(row["city_code"])
            if not row["valid_to"] or on.isoformat() < row["valid_to"]:
                wards.setdefault(row["city_code"], []).append((row["code"], row["name"].split(" ")[-1]))
    return tuple(
        Municipality(
            code=BodyCode(row["code"]).digits,
            prefecture_code=prefectures[row["prefecture"]],
            prefecture=row["prefecture"],
            name=row["name"],
            name_en=municipality_name(row["kana"], row["kind"]),
            kind=row["kind"],
            wards=tuple(wards.get(row["code"], ())),
            designated=row["code"] in designated,
        )
        for row in sorted(rows, key=lambda row: row["code"])
        if row["kind"] != "ward"
    )


def count_for(residents: int, available: int) -> int:
    """How many municipalities a country of `residents` has."""
    for (low, fewest), (high, most) in pairwise(_SIZES):
        if residents <= high:
            return min(available, fewest + (most - fewest) * (residents - low) // (high - low))
    return available


def _weight(municipality: Municipality) -> int:
    return _WEIGHTS["designated" if municipality.designated else municipality.kind]


def choose(municipalities: Sequence[Municipality], count: int, seed: int) -> tuple[Municipality, ...]:
    """The anchors and so many others that there are `count`, likelier the larger, in the order of the codes."""
    chosen = {municipality.code: municipality for municipality in municipalities if municipality.code in ANCHORS}
    dice = Dice(key_of(seed, "municipalities"), 0)
    if count >= len(municipalities):
        return tuple(municipalities)
    bounds = list(accumulate(_weight(municipality) for municipality in municipalities))
    while len(chosen) < count:
        drawn = municipalities[bisect_right(bounds, dice.wide(bounds[-1]))]
        chosen[drawn.code] = drawn
    return tuple(sorted(chosen.values(), key=lambda municipality: municipality.code))


class Places:
    """The chosen municipalities, drawn by weight."""

    def __init__(self, municipalities: Sequence[Municipality]) -> None:
        self.municipalities = tuple(municipalities)
        self.by_code = {municipality.code: municipality for municipality in self.municipalities}
        self._bounds = list(accumulate(_weight(municipality) for municipality in self.municipalities))

    def draw(self, dice: Dice) -> Municipality:
        """One municipality, likelier the larger."""
        return self.municipalities[bisect_right(self._bounds, dice.wide(self._bounds[-1]))]

    def draw_other(self, dice: Dice, than: Municipality) -> Municipality:
        """A municipality other than the given one; a country has three at least."""
        while (drawn := self.draw(dice)) is than:
            pass
        return drawn


def draw_address(dice: Dice, municipality: Municipality) -> Address:
    """An address in an invented town."""
    area_code, area = municipality.code, ""
    if municipality.wards:
        area_code, area = dice.pick(municipality.wards)
    block = f"{dice.pick(_TOWNS)}{dice.pick(_KANJI_NUMBERS)}丁目{dice.between(1, 40)}番{dice.between(1, 30)}号"
    return Address(
        body_id=municipality.body_id,
        area_code=area_code,
        text=f"{municipality.prefecture}{municipality.name}{area}{block}",
    )


def draw_domicile(dice: Dice, municipality: Municipality) -> str:
    """A place where a family register is kept (本籍): without a house number."""
    area = dice.pick(municipality.wards)[1] if municipality.wards else ""
    town = f"{dice.pick(_TOWNS)}{dice.pick(_KANJI_NUMBERS)}丁目{dice.between(1, 40)}番"
    return f"{municipality.prefecture}{municipality.name}{area}{town}"
