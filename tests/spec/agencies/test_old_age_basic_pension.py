"""The old-age basic pension

Who is 65 and has ten years of contributions receives a pension whose full amount stands for forty years.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.institutions.agencies.pension.errors import MonthsInvalid, NotEntitledToPension
from renkei.institutions.agencies.pension.model.amount import (
    Months,
    entitlement,
    first_month,
    full_amount,
    pensionable_from,
)
from renkei.law.errors import ParameterMissing

BIRTH, TODAY = date(1961, 11, 2), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("on", "younger", "older"),
    [
        (date(2024, 4, 1), 816_000, 813_700),
        (date(2025, 4, 1), 831_700, 829_300),
        (date(2026, 4, 1), 847_300, 844_900),
    ],
)
def test_the_full_amount_of_each_fiscal_year(on: date, younger: int, older: int) -> None:
    """780,900 yen times the year's rate, to the nearest hundred (国民年金法27条); a rate of its own for the oldest."""
    assert full_amount(birth=date(1956, 4, 2), on=on) == younger
    assert full_amount(birth=date(1956, 4, 1), on=on) == older


def test_forty_years_give_the_full_amount() -> None:
    """480 months paid, employed, or as a dependent spouse (国民年金法5条, 27条)."""
    months = Months(paid=120, employed=240, dependant=120)
    assert entitlement(months, birth=BIRTH, on=TODAY).yearly_yen == 847_300


def test_fewer_months_give_their_share() -> None:
    """407 of 480 months: 718,439.79 yen, and half a yen or more becomes one (国民年金法17条1項, 27条)."""
    assert entitlement(Months(paid=407), birth=BIRTH, on=TODAY).yearly_yen == 718_440


def test_exempt_months_count_in_part() -> None:
    """A quarter exempt counts 7/8, half 3/4, three quarters 5/8, all 1/2 (国民年金法27条2号, 4号, 6号, 8号)."""
    months = Months(paid=240, exempt_quarter=8, exempt_half=8, exempt_three_quarters=8, exempt_full=8)
    assert entitlement(months, birth=BIRTH, on=TODAY).counted_eighths == 8 * (240 + 7 + 6 + 5 + 4)


def test_exempt_months_beyond_forty_years_count_only_what_was_paid() -> None:
    """470 months paid leave room for ten: what is beyond counts without the state's half (27条3号, 5号)."""
    months = Months(paid=470, exempt_quarter=4, exempt_half=10)
    counted = entitlement(months, birth=BIRTH, on=TODAY).counted_eighths
    assert counted == 470 * 8 + 4 * 7 + 6 * 6 + 4 * 2
    beyond = Months(paid=470, exempt_quarter=14)
    assert entitlement(beyond, birth=BIRTH, on=TODAY).counted_eighths == min(3840, 470 * 8 + 10 * 7 + 4 * 3)


def test_ten_years_are_required() -> None:
    """Contributions and exemptions together, 120 months (国民年金法26条ただし書)."""
    assert entitlement(Months(paid=100, exempt_full=20), birth=BIRTH, on=TODAY).yearly_yen > 0
    with pytest.raises(NotEntitledToPension) as refused:
        entitlement(Months(paid=100, exempt_full=19), birth=BIRTH, on=TODAY)
    assert refused.value.public == {"months": "119", "required": "120"}


def test_it_is_paid_from_the_month_after_65_is_attained() -> None:
    """Attained on the eve of the birthday: who is born on the first of a month is paid a month earlier (18条1項)."""
    assert pensionable_from(date(1961, 11, 2), TODAY) == date(2026, 11, 1)
    assert first_month(date(1961, 11, 2), TODAY) == "2026-12"
    assert first_month(date(1961, 11, 1), TODAY) == "2026-11"
    assert first_month(date(1961, 12, 2), TODAY) == "2027-01"


def test_a_year_without_a_rate_is_not_guessed() -> None:
    """The rate of fiscal year 2027 is set in that year."""
    with pytest.raises(ParameterMissing):
        full_amount(birth=BIRTH, on=date(2027, 4, 1))


def test_negative_months_are_refused() -> None:
    """A record that cannot be is not counted."""
    with pytest.raises(MonthsInvalid):
        entitlement(Months(paid=-1), birth=BIRTH, on=TODAY)
