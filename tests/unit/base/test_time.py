"""Instants, Japanese days, fiscal years, periods and ages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.identifier_errors import PeriodInvalid
from renkei.base.time import (
    Period,
    add_years,
    age_on,
    attains_on,
    fiscal_year,
    fiscal_year_end_after,
    fiscal_year_period,
    from_ms,
    instant,
    jst_date,
    jst_midnight,
    to_ms,
)

DAYS = st.dates(date(1900, 1, 1), date(2150, 12, 31))


@given(st.integers(-(10**12), 10**13))
def test_milliseconds_come_back(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_milliseconds_round_down_and_are_utc() -> None:
    assert to_ms(datetime(2026, 11, 23, 0, 0, 0, 999_999, tzinfo=UTC)) % 1000 == 999
    assert to_ms(from_ms(-1) + timedelta(microseconds=1)) == -1
    assert from_ms(0).tzinfo is UTC


def test_a_naive_datetime_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 11, 23))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        jst_date(datetime(2026, 11, 23))  # noqa: DTZ001


def test_the_day_changes_at_midnight_in_japan() -> None:
    """A record written at 15:00 UTC belongs to the next Japanese day."""
    assert jst_date(datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)) == date(2026, 3, 31)
    assert jst_date(datetime(2026, 3, 31, 15, 0, 0, tzinfo=UTC)) == date(2026, 4, 1)


@given(DAYS)
def test_a_day_begins_at_its_midnight(day: date) -> None:
    assert jst_date(jst_midnight(day)) == day
    assert jst_date(jst_midnight(day) - timedelta(milliseconds=1)) == day - timedelta(days=1)


def test_a_fiscal_year_runs_from_april_to_march() -> None:
    """地方自治法208条1項."""
    assert fiscal_year(date(2026, 4, 1)) == 2026
    assert fiscal_year(date(2027, 3, 31)) == 2026
    assert fiscal_year_period(2026).last_day == date(2027, 3, 31)


@given(DAYS)
def test_every_day_is_in_its_own_fiscal_year_only(day: date) -> None:
    year = fiscal_year(day)
    assert day in fiscal_year_period(year)
    assert day not in fiscal_year_period(year - 1)
    assert day not in fiscal_year_period(year + 1)


@given(DAYS, st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_periods_overlap_when_they_share_a_day(day: date, length: int, shift: int, other: int) -> None:
    first = Period(day, day + timedelta(days=length))
    second = Period(day + timedelta(days=shift), day + timedelta(days=shift + other))
    shared = any(
        day + timedelta(days=n) in first and day + timedelta(days=n) in second
        for n in range(max(length, shift + other))
    )
    assert first.overlaps(second) is shared
    assert second.overlaps(first) is shared


def test_one_edition_ends_where_the_next_begins() -> None:
    """別表第二 was repealed on the day on which the order came into force: each day has one edition."""
    old, new = Period(date(2015, 10, 5), date(2024, 5, 27)), Period(date(2024, 5, 27))
    assert date(2024, 5, 26) in old
    assert date(2024, 5, 27) not in old
    assert date(2024, 5, 27) in new
    assert not old.overlaps(new)
    assert new.last_day is None
    assert date(9999, 12, 31) in new
    assert new.overlaps(Period(date(2030, 1, 1)))


def test_a_period_through_a_day_includes_it() -> None:
    period = Period.through(date(2026, 4, 1), date(2027, 3, 31))
    assert date(2027, 3, 31) in period
    assert period.last_day == date(2027, 3, 31)


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(PeriodInvalid):
        Period(date(2026, 4, 1), date(2026, 3, 31))


def test_an_age_is_attained_at_the_end_of_the_day_before_the_birthday() -> None:
    """年齢計算ニ関スル法律, 民法143条: who is born on 1 April attains 6 on 31 March and enters school the next day."""
    assert attains_on(date(2020, 4, 1), 6) == date(2026, 3, 31)
    assert attains_on(date(2020, 4, 2), 6) == date(2026, 4, 1)
    assert age_on(date(2020, 4, 1), date(2026, 3, 31)) == 5
    assert age_on(date(2020, 4, 1), date(2026, 4, 1)) == 6


def test_a_pension_at_65_begins_with_the_day_before_the_birthday() -> None:
    assert attains_on(date(1961, 12, 1), 65) == date(2026, 11, 30)


def test_a_person_born_on_29_february_grows_older_every_year() -> None:
    assert attains_on(date(2004, 2, 29), 18) == date(2022, 2, 28)
    assert attains_on(date(2004, 2, 29), 20) == date(2024, 2, 28)
    assert age_on(date(2004, 2, 29), date(2022, 2, 28)) == 17
    assert age_on(date(2004, 2, 29), date(2022, 3, 1)) == 18
    assert age_on(date(2004, 2, 29), date(2024, 2, 29)) == 20


@given(DAYS, st.integers(0, 60), st.integers(0, 366))
def test_the_day_after_an_age_is_attained_is_the_first_of_that_age(birth: date, age: int, later: int) -> None:
    attained = attains_on(birth, age)
    assert age_on(birth, attained + timedelta(days=1)) == age
    assert age_on(birth, attained) == age - 1
    assert age_on(birth, birth) == 0
    assert age_on(birth, attained + timedelta(days=1 + later)) in {age, age + 1}


def test_a_child_is_one_until_the_31st_of_march_after_attaining_18() -> None:
    """児童手当法3条1項. Who is born on 1 April attains 18 on 31 March, and it ends that very day."""
    assert fiscal_year_end_after(date(2008, 4, 1), 18) == date(2026, 3, 31)
    assert fiscal_year_end_after(date(2008, 4, 2), 18) == date(2027, 3, 31)


def test_a_day_without_a_counterpart_becomes_the_months_last() -> None:
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert add_years(date(2024, 3, 1), -2) == date(2022, 3, 1)
