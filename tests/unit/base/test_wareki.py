"""Eras (元号): the days of change, and reading and writing dates as Japanese documents do."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.identifier_errors import DateInvalid, DateOutsideEra
from renkei.base.wareki import ERAS, format_date, format_fiscal_year, format_year, from_wareki, parse_date, to_wareki

DAYS = st.dates(date(1873, 1, 1), date(2117, 12, 31))


@pytest.mark.parametrize(
    ("day", "era", "year"),
    [
        (date(1873, 1, 1), "明治", 6),
        (date(1912, 7, 29), "明治", 45),
        (date(1912, 7, 30), "大正", 1),
        (date(1926, 12, 24), "大正", 15),
        (date(1926, 12, 25), "昭和", 1),
        (date(1989, 1, 7), "昭和", 64),
        (date(1989, 1, 8), "平成", 1),
        (date(2019, 4, 30), "平成", 31),
        (date(2019, 5, 1), "令和", 1),
        (date(2026, 11, 23), "令和", 8),
    ],
)
def test_the_days_on_which_eras_change(day: date, era: str, year: int) -> None:
    """昭和64年政令1号: 平成 from 8 January 1989. 平成31年政令143号: 令和 from 1 May 2019."""
    found = to_wareki(day)
    assert (found.era.name, found.year) == (era, year)


@given(DAYS)
def test_a_day_comes_back_from_its_era(day: date) -> None:
    assert from_wareki(*to_wareki(day)) == day
    assert parse_date(format_date(day)) == day
    found = to_wareki(day)
    assert parse_date(f"{found.era.letter}{found.year}.{found.month}.{found.day}") == day
    assert parse_date(day.isoformat()) == parse_date(f"{day:%Y%m%d}") == day


def test_a_date_is_shown_with_both_years() -> None:
    assert format_date(date(2026, 11, 23)) == "令和8年(2026年)11月23日"
    assert format_date(date(2019, 5, 1)) == "令和元年(2019年)5月1日"
    assert format_year(date(1989, 1, 7)) == "昭和64年(1989年)"


def test_a_fiscal_year_is_named_by_its_first_day() -> None:
    assert format_fiscal_year(2026) == "令和8年度(2026年度)"
    assert format_fiscal_year(2019) == "平成31年度(2019年度)"
    assert format_fiscal_year(2020) == "令和2年度(2020年度)"


@pytest.mark.parametrize(
    "text",
    [
        "令和8年11月23日",
        "令和８年１１月２３日",
        "令和8年(2026年)11月23日",
        "令和８年（２０２６年）１１月２３日",
        "R8.11.23",
        "r8/11/23",
        "2026年11月23日",
        "2026-11-23",
        "2026/11/23",
        "20261123",
        "２０２６１１２３",
        " 令和 8年 11月 23日 ",
    ],
)
def test_the_forms_in_which_people_write_a_date(text: str) -> None:
    assert parse_date(text) == date(2026, 11, 23)


def test_the_first_year_may_be_written_gannen() -> None:
    assert parse_date("令和元年5月1日") == parse_date("令和1年5月1日") == date(2019, 5, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "令和8年",
        "令和8年2月29日",
        "2026-13-01",
        "1872-12-31",
        "令和8年(2025年)11月23日",
        "文久3年1月1日",
        "٢٠٢٦-١١-٢٣",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(DateInvalid):
        parse_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "昭和64年1月8日",
        "平成元年1月7日",
        "平成31年5月1日",
        "令和元年4月30日",
        "大正15年12月25日",
        "明治5年12月31日",
        "令和0年5月1日",
    ],
)
def test_a_day_written_with_another_era_is_refused_and_told_why(text: str) -> None:
    with pytest.raises(DateOutsideEra) as caught:
        parse_date(text)
    assert text[:2] in caught.value.sentence("ja")
    assert "(from " in caught.value.sentence("en")


def test_before_the_gregorian_calendar_there_is_no_date() -> None:
    """明治5年太政官布告337号: the day after 2 December of 明治5年 was 1 January 1873."""
    with pytest.raises(DateInvalid):
        to_wareki(date(1872, 12, 31))


def test_each_era_begins_where_the_one_before_ends() -> None:
    assert [era.first_day for era in ERAS] == sorted(era.first_day for era in ERAS)
