"""Municipalities and prefectures, and the kinds of body that the head of each is."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache

import msgspec

from renkei.law.data import read_csv

_HIROSHIMA, _NAGASAKI = "341002", "422011"


class MunicipalityKind(StrEnum):
    """What a municipality is; a ward of a designated city is a part of it and no body of its own."""

    CITY = "city"
    SPECIAL_WARD = "special_ward"
    TOWN = "town"
    VILLAGE = "village"
    WARD = "ward"


class Municipality(msgspec.Struct, frozen=True):
    """One entry of the list.

    `code`: six-digit 全国地方公共団体コード; `city_code`: of a ward, its city's; `valid_to`: the first day on which
    the entry no longer exists.
    """

    code: str
    prefecture: str
    name: str
    kana: str
    kind: MunicipalityKind
    city_code: str = ""
    valid_to: date | None = None


class Prefecture(msgspec.Struct, frozen=True):
    """One prefecture, with its six-digit code."""

    code: str
    name: str
    kana: str
    en: str
    iso_3166_2: str


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Every entry of the list, wards included, in the order of the source."""
    rows = [{**row, "valid_to": row["valid_to"] or None} for row in read_csv("bodies", "municipalities.csv")]
    return msgspec.convert(rows, tuple[Municipality, ...])


@cache
def prefectures() -> tuple[Prefecture, ...]:
    """The 47 prefectures, from north to south."""
    return msgspec.convert(read_csv("bodies", "prefectures.csv"), tuple[Prefecture, ...])


def municipality_kinds(
    municipality: Municipality, *, welfare_office: bool = False, health_centre: bool = False
) -> frozenset[str]:
    """The kinds of body that the mayor is, as the tables name them.

    Args:
        welfare_office: a town or village runs a welfare office (the list does not tell).
        health_centre: the city runs a public health centre (the list does not tell; a special ward always does).

    Raises:
        ValueError: a ward of a designated city, which acts through its city.
    """
    if municipality.kind is MunicipalityKind.WARD:
        raise ValueError("a ward of a designated city is no body of its own; ask its city")
    kinds = {"municipality_mayor", "local_body_organ"}
    if municipality.kind in (MunicipalityKind.CITY, MunicipalityKind.SPECIAL_WARD):
        kinds.add("city_mayor")
        if health_centre or municipality.kind is MunicipalityKind.SPECIAL_WARD:
            kinds.add("health_centre_city_mayor")
        if municipality.code == _HIROSHIMA:
            kinds.add("hiroshima_mayor")
        if municipality.code == _NAGASAKI:
            kinds.add("nagasaki_mayor")
    elif welfare_office:
        kinds.add("welfare_town_mayor")
    return frozenset(kinds)


def prefecture_kinds() -> frozenset[str]:
    """The kinds of body that a governor is."""
    return frozenset(("prefecture_governor", "local_body_organ"))
