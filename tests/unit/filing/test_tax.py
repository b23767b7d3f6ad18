"""The figures of an employee's return for 2025, at every edge of every table."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.channels.filing.errors import AmountMalformed, IncomeYearUnknown
from renkei.channels.filing.model.figures import figures
from renkei.channels.filing.model.returns import amount
from renkei.channels.filing.model.tax import (
    SideIncome,
    Slip,
    compute,
    due_day,
    employment_income,
    is_late,
    progressive,
    year_name,
)  # fmt: skip

LAW = figures(2025)
SLIP = Slip(payer="x", pay_yen=5_000_000, withheld_yen=120_900, social_insurance_yen=720_000)
NOTHING = SideIncome()


@pytest.mark.parametrize(
    ("pay", "income"),
    [
        (0, 0), (650_999, 0), (651_000, 1_000), (1_899_999, 1_249_999), (1_900_000, 1_250_000),
        (1_903_999, 1_250_000), (1_904_000, 1_252_800), (3_599_999, 2_437_200), (3_600_000, 2_440_000),
        (5_000_000, 3_560_000), (6_599_999, 4_836_800), (6_600_000, 4_840_000), (8_499_999, 6_549_999),
        (8_500_000, 6_550_000), (20_000_000, 18_050_000),
    ],
)  # fmt: skip
def test_employment_income(pay: int, income: int) -> None:
    """所得税法28条: continuous where the tables meet, in steps of 4,000 yen of pay between (別表第五)."""
    assert employment_income(pay, LAW.employment_income) == income


@pytest.mark.parametrize(
    ("taxable", "tax"),
    [
        (0, 0), (1_000, 50), (1_950_000, 97_500), (3_300_000, 232_500), (6_950_000, 962_500), (7_000_000, 974_000),
        (9_000_000, 1_434_000), (18_000_000, 4_404_000), (40_000_000, 13_204_000), (41_000_000, 13_654_000),
    ],
)  # fmt: skip
def test_rates(taxable: int, tax: int) -> None:
    """所得税法89条1項; seven million yen give 974,000, as in the tax agency's own example (No.2260)."""
    assert progressive(taxable, LAW.rates) == tax


@pytest.mark.parametrize(
    ("total", "deduction"),
    [
        (0, 950_000), (1_320_000, 950_000), (1_320_001, 880_000), (3_360_000, 880_000), (3_360_001, 680_000),
        (4_890_000, 680_000), (4_890_001, 630_000), (6_550_000, 630_000), (6_550_001, 580_000),
        (23_500_000, 580_000), (23_500_001, 480_000), (24_000_001, 320_000), (24_500_001, 160_000), (25_000_001, 0),
    ],
)  # fmt: skip
def test_basic_deduction(total: int, deduction: int) -> None:
    """所得税法86条, 租税特別措置法41条の16の2, for 2025."""
    assert LAW.basic_deduction.row(total).yen == deduction


def test_a_whole_return() -> None:
    """By hand: 3,560,000 + 300,000 = 3,860,000; less 720,000 and 680,000: 2,460,000; by 89条 148,500; 2.1% 3,118;
    151,618 less 120,900 withheld: 30,718, cut to 30,700."""
    found = compute([SLIP], SideIncome(revenue_yen=350_000, expense_yen=50_000), LAW)
    assert (found.total_income_yen, found.deductions_yen, found.taxable_yen) == (3_860_000, 1_400_000, 2_460_000)
    assert (found.income_tax_yen, found.reconstruction_tax_yen) == (148_500, 3_118)
    assert (found.due_yen, found.refund_yen, found.return_required) == (30_700, 0, True)


def test_year_end_adjustment_comes_out_even() -> None:
    """Without side income what the employer withheld after its year-end adjustment settles the tax (所得税法190条)."""
    found = compute([SLIP], NOTHING, LAW)
    assert (found.total_tax_yen, found.due_yen, found.refund_yen) == (120_988, 0, 0)
    assert not found.return_required


def test_a_refund_is_not_cut() -> None:
    found = compute([msgspec.structs.replace(SLIP, withheld_yen=150_001)], NOTHING, LAW)
    assert (found.due_yen, found.refund_yen) == (0, 29_013)


def test_a_loss_from_the_side_is_not_set_off() -> None:
    """所得税法69条1項 does not name 雑所得."""
    assert compute([SLIP], SideIncome(revenue_yen=1, expense_yen=500_000), LAW).side_income_yen == 0


@pytest.mark.parametrize(("extra", "required"), [(200_000, False), (200_001, True)])
def test_when_a_return_is_required(extra: int, required: bool) -> None:
    """所得税法121条1項1号: one employer, other income of no more than 200,000 yen."""
    assert compute([SLIP], SideIncome(revenue_yen=extra), LAW).return_required is required


def test_two_employers_are_added_up() -> None:
    found = compute([SLIP, SLIP], NOTHING, LAW)
    assert (found.pay_yen, found.withheld_yen, found.return_required) == (10_000_000, 241_800, True)


@given(st.integers(0, 30_000_000), st.integers(0, 5_000_000), st.integers(0, 3_000_000))
def test_earning_more_never_leaves_less_to_tax(pay: int, extra: int, more: int) -> None:
    """More side income never lowers the tax, and what is due is in whole hundreds."""
    slip = Slip(payer="x", pay_yen=pay, withheld_yen=0, social_insurance_yen=0)
    low = compute([slip], SideIncome(revenue_yen=extra), LAW)
    high = compute([slip], SideIncome(revenue_yen=extra + more), LAW)
    assert low.total_tax_yen <= high.total_tax_yen
    assert low.due_yen % 100 == 0
    assert 0 <= low.total_tax_yen - low.due_yen < 100
    assert low.taxable_yen % 1000 == 0


def test_the_day_moves_past_a_weekend() -> None:
    """15 March 2026 is a Sunday (国税通則法10条2項); 15 March 2025 a Saturday; 15 March 2027 a Monday."""
    assert (due_day(2025), due_day(2024)) == (date(2026, 3, 16), date(2025, 3, 17))
    assert due_day(2026) == date(2027, 3, 15)


def test_who_is_paid_back_is_not_late() -> None:
    """A return for a refund may be filed for five years (所得税法122条, 国税通則法74条)."""
    owed = compute([SLIP], SideIncome(revenue_yen=300_000), LAW)
    back = compute([msgspec.structs.replace(SLIP, withheld_yen=200_000)], SideIncome(revenue_yen=300_000), LAW)
    assert is_late(owed, year=2025, on=date(2026, 3, 17))
    assert not is_late(owed, year=2025, on=date(2026, 3, 16))
    assert not is_late(back, year=2025, on=date(2026, 3, 17))


def test_no_year_is_guessed() -> None:
    for year in (2024, 2026):
        with pytest.raises(IncomeYearUnknown):
            figures(year)


def test_names_of_years() -> None:
    assert year_name(2025) == "令和7年分"


@pytest.mark.parametrize(
    ("typed", "yen"), [("", 0), ("350,000", 350_000), ("３５００００円", 350_000), (" 1 000 ", 1000), ("0", 0)]
)  # fmt: skip
def test_amounts_as_people_type_them(typed: str, yen: int) -> None:
    assert amount(typed) == yen


@pytest.mark.parametrize("typed", ["-1", "1.5", "たくさん", "1e9", "1000000000", "٣"])
def test_what_is_no_amount(typed: str) -> None:
    with pytest.raises(AmountMalformed):
        amount(typed)
