"""Child allowance

A municipality pays whoever brings up children, by the month, in the even months.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.institutions.agencies.welfare.errors import PaymentMonthOdd
from renkei.institutions.agencies.welfare.model.allowance import (
    Child,
    Payment,
    is_counted,
    is_paid_for,
    is_under_three,
    month_from,
    month_of,
    month_text,
    monthly_yen,
    payment_due,
    start_month,
)
from renkei.law.errors import ParameterMissing


def born(*days: str) -> list[Child]:
    return [Child(own_number=str(at), birth=date.fromisoformat(day)) for at, day in enumerate(days)]


def amount(month: str, *days: str) -> int:
    return monthly_yen(born(*days), month_from(month))


def test_one_child_by_age() -> None:
    """15,000 yen under three, 10,000 from three to the 31 March after turning 18 (児童手当法3条1項, 6条)."""
    assert amount("2026-11", "2025-06-10") == 15_000
    assert amount("2026-11", "2015-06-10") == 10_000
    assert amount("2027-03", "2008-06-10") == 10_000
    assert amount("2027-04", "2008-06-10") == 0


def test_the_third_child_and_every_later_one() -> None:
    """30,000 yen, whatever their age (児童手当法6条3項)."""
    assert amount("2026-11", "2012-01-05", "2015-01-05", "2025-01-05") == 10_000 + 10_000 + 30_000
    assert amount("2026-11", "2012-01-05", "2024-01-05", "2025-01-05", "2026-01-05") == 10_000 + 15_000 + 2 * 30_000


def test_an_older_child_counts_until_the_march_after_turning_22() -> None:
    """Born in February 2004: counted up to March 2026, and in November no longer (児童手当法6条2項2号)."""
    family = ("2004-02-10", "2012-06-01", "2015-06-01")
    assert amount("2026-03", *family) == 10_000 + 30_000
    assert amount("2026-11", *family) == 20_000


def test_the_higher_rate_is_paid_through_the_month_of_the_third_birthday() -> None:
    """Born on 10 November 2023: three on 9 November 2026, the lower amount from December (児童手当法9条3項)."""
    assert [amount(month, "2023-11-10") for month in ("2026-11", "2026-12")] == [15_000, 10_000]


def test_who_is_born_on_the_first_keeps_the_rate_as_long() -> None:
    """Three is attained the month before; the Act counts three years from the birth (児童手当法6条2項4号, 5号)."""
    assert [amount(month, "2023-11-01") for month in ("2026-11", "2026-12")] == [15_000, 10_000]


def test_who_is_born_on_the_second_of_april_is_paid_for_a_year_longer() -> None:
    """18 is attained on the eve of the birthday: on 1 April, so that the next 31 March is meant (民法143条)."""
    assert amount("2026-04", "2008-04-01") == 0
    assert amount("2026-04", "2008-04-02") == 10_000


@given(st.lists(st.dates(date(2000, 1, 1), date(2026, 11, 1)), max_size=7), st.integers(0, 40))
def test_the_amount_agrees_with_the_table_of_the_act(births: list[date], later: int) -> None:
    """The table of art. 6(1)(i) tells apart by how many older ones count and how many children are three or older."""
    children = [Child(own_number=str(at), birth=birth) for at, birth in enumerate(births)]
    month = month_from("2026-11") + later
    paid = [child for child in children if is_paid_for(child, month)]
    older = sum(1 for child in children if is_counted(child, month) and not is_paid_for(child, month))
    young = sum(1 for child in paid if is_under_three(child, month))
    grown = len(paid) - young
    if older >= 2:
        expected = 30_000 * len(paid)
    elif older == 1 and grown == 0:
        expected = 15_000 * min(young, 1) + 30_000 * max(0, young - 1)
    elif older == 1:
        expected = 10_000 + 30_000 * (grown - 1) + 30_000 * young
    elif grown == 0:
        expected = 15_000 * min(young, 2) + 30_000 * max(0, young - 2)
    elif grown == 1:
        expected = 10_000 + 15_000 * min(young, 1) + 30_000 * max(0, young - 1)
    else:
        expected = 2 * 10_000 + 30_000 * (grown - 2) + 30_000 * young
    assert monthly_yen(children, month) == expected


def test_it_begins_with_the_month_after_the_claim() -> None:
    """児童手当法8条2項."""
    assert month_text(start_month(date(2026, 11, 23))) == "2026-12"
    assert month_text(start_month(date(2026, 12, 1))) == "2027-01"


def test_who_claims_within_fifteen_days_of_a_move_loses_no_month() -> None:
    """Moved on 30 October: a claim up to 14 November counts from November (児童手当法8条3項)."""
    moved = date(2026, 10, 30)
    assert month_text(start_month(date(2026, 11, 14), moved)) == "2026-11"
    assert month_text(start_month(date(2026, 11, 15), moved)) == "2026-12"


def test_it_is_paid_in_even_months_up_to_the_month_before() -> None:
    """Six times a year, two months each (児童手当法8条4項)."""
    children = born("2015-06-10")
    since = month_from("2026-11")

    def due(month: str, paid_until: int = 0, until: int | None = None) -> Payment | None:
        return payment_due(children, since=since, paid_until=paid_until, until=until, in_month=month_from(month))

    assert due("2026-12") == (since, since, 1, 10_000)
    assert due("2027-02", paid_until=since) == (since + 1, since + 2, 1, 20_000)
    assert due("2026-12", paid_until=since) is None
    assert due("2027-02", paid_until=since, until=since + 1) == (since + 1, since + 1, 1, 10_000)
    with pytest.raises(PaymentMonthOdd):
        due("2027-01")


def test_nothing_is_guessed_for_the_time_before_the_reform() -> None:
    """Other amounts and limits of income stood before October 2024."""
    with pytest.raises(ParameterMissing):
        amount("2024-09", "2015-06-10")


def test_months_are_numbers_in_order() -> None:
    """A month and its text name each other, across the turn of the year."""
    texts = ["2025-12", "2026-01", "2026-02"]
    assert [month_text(month_from(text)) for text in texts] == texts
    assert all(later - earlier == 1 for earlier, later in pairwise(month_from(text) for text in texts))
    assert month_of(date(2026, 1, 31)) == month_from("2026-01")
