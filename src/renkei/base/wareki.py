"""Japanese eras (元号), both ways: 令和8年11月23日 is 2026-11-23.

From 1873-01-01, the first day of the Gregorian calendar in Japan (明治5年太政官布告337号). The day of a change belongs
to the new era for 大正 and 昭和 (their edicts: "from this day on") and by the orders under 元号法 for 平成 and 令和.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from renkei.base.identifier_errors import DateInvalid, DateOutsideEra


class Era(NamedTuple):
    """An era; `first_year` is the Western year of its year 1, which may lie before `first_day` is in our calendar."""

    name: str
    letter: str
    romaji: str
    first_day: date
    first_year: int


ERAS: tuple[Era, ...] = (
    Era("明治", "M", "Meiji", date(1873, 1, 1), 1868),
    Era("大正", "T", "Taisho", date(1912, 7, 30), 1912),  # 大正改元の詔書
    Era("昭和", "S", "Showa", date(1926, 12, 25), 1926),  # 昭和改元の詔書
    Era("平成", "H", "Heisei", date(1989, 1, 8), 1989),  # 昭和64年政令1号, in force the day after 7 January
    Era("令和", "R", "Reiwa", date(2019, 5, 1), 2019),  # 平成31年政令143号
)


class Wareki(NamedTuple):
    """A day in its era; `year` counts from 1."""

    era: Era
    year: int
    month: int
    day: int


def to_wareki(day: date) -> Wareki:
    """The era, year, month and day of a date.

    Raises:
        DateInvalid: before 1873-01-01.
    """
    for era in reversed(ERAS):
        if day >= era.first_day:
            return Wareki(era, day.year - era.first_year + 1, day.month, day.day)
    raise DateInvalid()


def from_wareki(era: Era, year: int, month: int, day: int) -> date:
    """The date of a day in an era.

    Raises:
        DateInvalid: no such day in the calendar.
        DateOutsideEra: the day exists but is in another era (昭和64年1月8日).
    """
    try:
        found = date(era.first_year + year - 1, month, day)
    except (ValueError, OverflowError):
        raise DateInvalid() from None
    later = ERAS[ERAS.index(era) + 1 :]
    last = later[0].first_day - timedelta(days=1) if later else date.max
    if year < 1 or not era.first_day <= found <= last:
        shown = "…" if last == date.max else last.isoformat()
        raise DateOutsideEra(era=era.name, first=era.first_day.isoformat(), last=shown)
    return found


def format_year(day: date) -> str:
    """令和8年(2026年); the first year of an era is 元年."""
    era, year, _, _ = to_wareki(day)
    return f"{era.name}{'元' if year == 1 else year}年({day.year}年)"


def format_date(day: date) -> str:
    """令和8年(2026年)11月23日, the form in which screens show a date."""
    return f"{format_year(day)}{day.month}月{day.day}日"


def format_fiscal_year(year: int) -> str:
    """令和8年度(2026年度), named by the day on which it begins (so that April 2019 began 平成31年度)."""
    era, era_year, _, _ = to_wareki(date(year, 4, 1))
    return f"{era.name}{'元' if era_year == 1 else era_year}年度({year}年度)"


_WIDE = str.maketrans("０１２３４５６７８９．／－（）　", "0123456789./-() ")
_WESTERN = re.compile(r"(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_ERA_YEAR = r"(\d{1,2}|元)"
_KANJI = re.compile(rf"(明治|大正|昭和|平成|令和){_ERA_YEAR}年(?:\(\d{{4}}年\))?(\d{{1,2}})月(\d{{1,2}})日", re.ASCII)
_LETTER = re.compile(rf"([MTSHR]){_ERA_YEAR}[-/.](\d{{1,2}})[-/.](\d{{1,2}})", re.ASCII)


def parse_date(text: str) -> date:
    """Read a date as people and forms write it.

    Accepts 令和8年11月23日, 令和8年(2026年)11月23日, 令和元年5月1日, R8.11.23, 2026年11月23日, 2026-11-23, 2026/11/23,
    20261123, in full-width characters too.

    Raises:
        DateInvalid: another form, no such day, before 1873, or a Western year that contradicts the era's.
        DateOutsideEra: the day exists but is in another era.
    """
    folded = text.translate(_WIDE).replace(" ", "").upper()
    for pattern in (_KANJI, _LETTER):
        if found := pattern.fullmatch(folded):
            name, year, month, day = found.groups()
            era = next(era for era in ERAS if name in (era.name, era.letter))
            parsed = from_wareki(era, 1 if year == "元" else int(year), int(month), int(day))
            if "(" in folded and f"({parsed.year}年)" not in folded:
                raise DateInvalid()
            return parsed
    for pattern in (_WESTERN, _COMPACT):
        if found := pattern.fullmatch(folded):
            try:
                parsed = date(*(int(part) for part in found.groups()))
            except ValueError:
                raise DateInvalid() from None
            to_wareki(parsed)
            return parsed
    raise DateInvalid()
