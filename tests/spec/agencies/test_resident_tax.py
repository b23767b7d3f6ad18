"""Resident tax

A municipality assesses the income of a year, in the fiscal year after, of everyone who lived there on 1 January.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.institutions.agencies.tax.errors import CorrectionTooLate, StatementNegative, TaxYearUnsupported
from renkei.institutions.agencies.tax.model.assessment import Assessment, Relief, Statement, assess, may_correct
from renkei.institutions.agencies.tax.model.rules import rules_for

BIRTH = date(1980, 5, 9)


def assessed(
    fiscal_year: int = 2026, birth: date = BIRTH, designated_city: bool = False, **statement: object
) -> Assessment:
    declared = Statement(own_number="1", fiscal_year=fiscal_year, **statement)  # type: ignore[arg-type]
    return assess(declared, birth=birth, designated_city=designated_city, rules=rules_for(fiscal_year))


def test_a_salary_earner_without_family() -> None:
    """Salary 4,000,000 yen in 2025, insurance premiums 600,000 yen.

    Income 2,760,000 (所得税法別表第五: 80 % − 440,000); deductions 600,000 + 430,000 (地方税法314条の2); taxable
    1,730,000; of it 6 % are 103,800 and 4 % are 69,200, less 3 % and 2 % of 50,000 (調整控除, 314条の6, 37条); levies
    per head 3,000 and 1,000.
    """
    found = assessed(salary_yen=4_000_000, other_deductions_yen=600_000)
    assert (found.salary_income_yen, found.taxable_yen) == (2_760_000, 1_730_000)
    assert (found.income_levy_municipal_yen, found.income_levy_prefectural_yen) == (102_300, 68_200)
    assert (found.per_capita_municipal_yen, found.per_capita_prefectural_yen) == (3_000, 1_000)
    assert found.due_yen == 174_500


def test_a_designated_city_takes_eight_of_the_ten_per_cent() -> None:
    """The sum stays the same, the city takes 8 per cent and its prefecture 2 (地方税法314条の3, 35条)."""
    found = assessed(salary_yen=4_000_000, other_deductions_yen=600_000, designated_city=True)
    assert (found.income_levy_municipal_yen, found.income_levy_prefectural_yen) == (136_400, 34_100)


def test_a_family_lowers_the_tax_by_the_difference_to_the_national_deductions() -> None:
    """A dependent spouse: 330,000 yen more are deducted, and 調整控除 counts 100,000 yen (地方税法314条の6, 37条)."""
    found = assessed(
        salary_yen=4_000_000, other_deductions_yen=930_000, spouse_deducted=True, difference_yen=50_000
    )  # fmt: skip
    assert found.taxable_yen == 1_400_000
    assert found.income_levy_municipal_yen == 84_000 - 3_000


def test_little_income_is_exempt_from_everything() -> None:
    """One person: income up to 450,000 yen (地方税法295条3項, 施行令47条の3); salary of 2025 up to 1,100,000."""
    assert assessed(salary_yen=1_100_000).exempt
    assert not assessed(salary_yen=1_101_000).exempt
    assert assessed(2025, salary_yen=1_000_000).exempt
    assert not assessed(2025, salary_yen=1_001_000).exempt


def test_between_the_two_limits_only_the_levy_per_head_is_due() -> None:
    """With one dependant: no levy at all up to 1,010,000 yen of income, none on income up to 1,120,000 (附則3条の3)."""
    found = assessed(business_yen=1_100_000, dependants=1)
    assert not found.exempt
    assert found.income_levy_municipal_yen == found.income_levy_prefectural_yen == 0
    assert assessed(business_yen=1_010_000, dependants=1).exempt
    assert assessed(business_yen=1_130_000, dependants=1).income_levy_municipal_yen > 0


@pytest.mark.parametrize(
    ("relief", "income", "exempt"),
    [
        (Relief.ASSISTANCE, 2_000_000, True),
        (Relief.PROTECTED, 1_350_000, True),
        (Relief.PROTECTED, 1_351_000, False),
        (Relief.NONE, 1_350_000, False),
    ],
)
def test_who_is_exempt_for_their_circumstances(relief: Relief, income: int, exempt: bool) -> None:
    """Public assistance; the disabled, minors and single parents up to 1,350,000 yen of income (地方税法295条1項)."""
    assert assessed(business_yen=income, relief=relief).exempt is exempt


def test_a_pensioner_of_65_deducts_more() -> None:
    """Attaining 65 by 31 December counts, on the eve of the birthday (所得税法35条4項, 年齢計算ニ関スル法律).

    Born on 1 January 1961: 65 is attained on 31 December 2025. One day younger: not in that year.
    """
    assert assessed(birth=date(1961, 1, 1), pension_yen=1_800_000).pension_income_yen == 700_000
    assert assessed(birth=date(1961, 1, 2), pension_yen=1_800_000).pension_income_yen == 1_075_000


def test_who_has_salary_and_pension_gets_the_adjustment() -> None:
    """Up to 100,000 yen less of salary income (租税特別措置法41条の3の11第2項)."""
    found = assessed(birth=date(1956, 1, 1), salary_yen=1_000_000, pension_yen=1_500_000)
    assert (found.salary_income_yen, found.pension_income_yen) == (250_000, 400_000)


def test_high_incomes_lose_the_basic_deduction() -> None:
    """430,000 yen up to 24 million of income, then in steps down to nothing (地方税法314条の2第2項)."""
    incomes = (24_000_000, 24_500_000, 25_000_000, 25_001_000)
    taken = [yen - assessed(business_yen=yen).taxable_yen for yen in incomes]
    assert taken == [430_000, 290_000, 150_000, 0]


def test_the_levy_per_head_was_higher_until_fiscal_year_2023() -> None:
    """500 yen more for municipality and prefecture each (平成23年法律118号2条); the forest tax since is national."""
    found = assessed(2023, business_yen=3_000_000)
    assert (found.per_capita_municipal_yen, found.per_capita_prefectural_yen) == (3_500, 1_500)


def test_a_year_without_rules_is_not_guessed() -> None:
    """The figures of fiscal year 2027 depend on a reform whose text is not kept."""
    with pytest.raises(TaxYearUnsupported) as refused:
        rules_for(2027)
    assert refused.value.public == {"fiscal_year": "2027", "first": "2021", "last": "2026"}


def test_losses_are_refused_not_mistaken() -> None:
    """A loss would have to be carried over; it is not taken for an income of zero."""
    with pytest.raises(StatementNegative):
        assessed(business_yen=-1)


def test_raising_a_tax_ends_after_three_years_lowering_after_five() -> None:
    """地方税法17条の5: counted here from 30 June, the day of the first instalment."""
    may_correct(2023, raises=True, on=date(2026, 6, 30))
    with pytest.raises(CorrectionTooLate):
        may_correct(2023, raises=True, on=date(2026, 7, 1))
    may_correct(2021, raises=False, on=date(2026, 6, 30))
    with pytest.raises(CorrectionTooLate):
        may_correct(2021, raises=False, on=date(2026, 7, 1))
