"""Assessing resident tax: a statement of one calendar year's income in, the levies of the next fiscal year out.

Left out (see DIVERGENCES.md): separate taxation, losses, credits for donations, housing and dividends, the one-off
credit of fiscal year 2024, ordinances that differ from the standard rates, and the national forest environment tax
that is collected beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from renkei.base.encoding import MaskedStruct
from renkei.base.time import attains_on
from renkei.contracts.information import LocalTax, LocalTaxYear
from renkei.institutions.agencies.tax.errors import CorrectionTooLate, StatementNegative
from renkei.institutions.agencies.tax.model.rules import Bracket, CommonRules, TaxRules

RAISE_WITHIN_YEARS, LOWER_WITHIN_YEARS = 3, 5  # 地方税法17条の5


class Relief(StrEnum):
    """Circumstances on 1 January for which the Act exempts altogether (地方税法295条1項)."""

    NONE = "none"
    ASSISTANCE = "assistance"  # 生活扶助 (1号)
    PROTECTED = "protected"  # 障害者, 未成年者, 寡婦, ひとり親 up to an income (2号)


class Statement(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """What was declared or reported about one person's income of the year before (申告, 給与支払報告, 年金支払報告)."""

    own_number: str
    fiscal_year: int
    salary_yen: int = 0
    """Receipts (収入金額)."""
    pension_yen: int = 0
    """Receipts (公的年金等の収入金額)."""
    business_yen: int = 0
    """Income after expenses (事業所得)."""
    other_deductions_yen: int = 0
    """所得控除 except the basic deduction: insurance premiums, spouse, dependants, disability, …"""
    spouse_deducted: bool = False
    """同一生計配偶者: counts as a head where the limits of exemption grow with the family."""
    dependants: int = 0
    """扶養親族, those under 16 included."""
    difference_yen: int = 0
    """人的控除の差 beyond the basic 50,000: how much more the national tax allows for family and disability."""
    relief: Relief = Relief.NONE


class Assessment(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """The levies of one fiscal year, in whole yen."""

    salary_income_yen: int
    pension_income_yen: int
    business_income_yen: int
    total_income_yen: int
    """合計所得金額."""
    taxable_yen: int
    """課税標準額."""
    income_levy_municipal_yen: int = 0
    income_levy_prefectural_yen: int = 0
    per_capita_municipal_yen: int = 0
    per_capita_prefectural_yen: int = 0

    @property
    def exempt(self) -> bool:
        """Neither levy is due (非課税)."""
        return self.per_capita_municipal_yen == 0

    @property
    def due_yen(self) -> int:
        """All four levies together."""
        return (
            self.income_levy_municipal_yen
            + self.income_levy_prefectural_yen
            + self.per_capita_municipal_yen
            + self.per_capita_prefectural_yen
        )


def assess(statement: Statement, *, birth: date, designated_city: bool, rules: TaxRules) -> Assessment:
    """The assessment that follows from a statement.

    Args:
        birth: decides whether the deduction for pensions is the one from 65 on.
        designated_city: a designated city takes eight of the ten per cent, its prefecture two.
        rules: those of `statement.fiscal_year`.

    Raises:
        StatementNegative: an amount or count below zero.

    Source: 地方税法 32条, 34条, 35条, 37条, 38条, 310条, 313条, 314条の2, 314条の3, 314条の6, 附則3条の3.
    """
    _refuse_negative(statement)
    common = rules.common
    salary, pension = _incomes(statement, birth, rules)
    total = salary + pension + statement.business_yen
    heads = statement.dependants + statement.spouse_deducted
    incomes = {
        "salary_income_yen": salary,
        "pension_income_yen": pension,
        "business_income_yen": statement.business_yen,
        "total_income_yen": total,
    }
    if _exempt(statement.relief, total, heads, common):
        return Assessment(**incomes, taxable_yen=0)
    deductions = statement.other_deductions_yen + _basic_deduction(total, common)
    taxable = _floored(max(0, total - deductions), common.taxable_floor_yen)
    municipal = prefectural = 0
    if total > _limit(heads, common, common.levy_exempt_family_plus_yen) and taxable:
        municipal, prefectural = _income_levies(taxable, total, statement.difference_yen, designated_city, common)
    return Assessment(
        **incomes,
        taxable_yen=taxable,
        income_levy_municipal_yen=municipal,
        income_levy_prefectural_yen=prefectural,
        per_capita_municipal_yen=rules.year.per_capita_municipal_yen,
        per_capita_prefectural_yen=rules.year.per_capita_prefectural_yen,
    )


def may_correct(fiscal_year: int, *, raises: bool, on: date) -> None:
    """Whether a year's tax may still be changed; counted from the first instalment's day, 30 June.

    Raises:
        CorrectionTooLate: the period is over.

    Source: 地方税法17条の5 (three years to raise, five to lower); the instalments are the ordinance's (320条),
    June being the first.
    """
    years = RAISE_WITHIN_YEARS if raises else LOWER_WITHIN_YEARS
    if on > date(fiscal_year + years, 6, 30):
        raise CorrectionTooLate(fiscal_year=fiscal_year)


def local_tax(years: Sequence[tuple[int, int, Assessment]]) -> LocalTax:
    """The copy of a taxpayer: the municipality's own levies, which are what every affairs item may receive.

    Args:
        years: fiscal year, number of dependants, assessment.
    """
    newest_first = sorted(years, key=lambda year: year[0], reverse=True)
    return LocalTax(years=[_copy_year(fiscal_year, heads, found) for fiscal_year, heads, found in newest_first])


def _copy_year(fiscal_year: int, dependants: int, found: Assessment) -> LocalTaxYear:
    return LocalTaxYear(
        fiscal_year=fiscal_year,
        income_year=fiscal_year - 1,
        salary_income_yen=found.salary_income_yen,
        pension_income_yen=found.pension_income_yen,
        business_income_yen=found.business_income_yen,
        total_income_yen=found.total_income_yen,
        dependants=dependants,
        income_levy_yen=found.income_levy_municipal_yen,
        per_capita_levy_yen=found.per_capita_municipal_yen,
        exempt=found.exempt,
    )


def _incomes(statement: Statement, birth: date, rules: TaxRules) -> tuple[int, int]:
    """Income from salary and from pensions, after the adjustment for those who have both."""
    common = rules.common
    salary = _after(statement.salary_yen, rules.year.salary) if statement.salary_yen else 0
    pension = 0
    if statement.pension_yen:
        # 65 on 31 December: the age is attained at the end of the day before the birthday (年齢計算ニ関スル法律).
        from_65 = attains_on(birth, 65) <= date(statement.fiscal_year - 1, 12, 31)
        brackets = common.pension_from_65 if from_65 else common.pension_under_65
        others = salary + statement.business_yen
        lowered = next((less for above, less in common.pension_reduction if others > above), 0)
        pension = min(statement.pension_yen, _after(statement.pension_yen, brackets) + lowered)
    limit = common.both_adjustment_yen
    return salary - max(0, min(salary, limit) + min(pension, limit) - limit), pension


def _after(receipts: int, brackets: Sequence[Bracket]) -> int:
    return next(bracket for bracket in brackets if receipts <= bracket.to).income_of(receipts)


def _exempt(relief: Relief, total: int, heads: int, common: CommonRules) -> bool:
    if relief is Relief.ASSISTANCE or (relief is Relief.PROTECTED and total <= common.protected_income_max_yen):
        return True
    return total <= _limit(heads, common, common.exempt_family_plus_yen)


def _limit(heads: int, common: CommonRules, family_plus: int) -> int:
    base = common.exempt_per_head_yen * (1 + heads) + common.exempt_plus_yen
    return base + (family_plus if heads else 0)


def _basic_deduction(total: int, common: CommonRules) -> int:
    return next((yen for up_to, yen in common.basic_deduction if total <= up_to), 0)


def _income_levies(taxable: int, total: int, difference: int, designated: bool, common: CommonRules) -> tuple[int, int]:
    basis = _adjustment_basis(taxable, total, difference, common)
    if designated:
        shares = (common.designated_municipal_percent, common.adjustment_designated_municipal_percent)
        others = (common.designated_prefectural_percent, common.adjustment_designated_prefectural_percent)
    else:
        shares = (common.municipal_percent, common.adjustment_municipal_percent)
        others = (common.prefectural_percent, common.adjustment_prefectural_percent)
    floor = common.levy_floor_yen
    return _levy(taxable, basis, *shares, floor), _levy(taxable, basis, *others, floor)


def _levy(taxable: int, basis: int, percent: int, adjustment_percent: int, floor: int) -> int:
    return _floored(max(0, taxable * percent // 100 - basis * adjustment_percent // 100), floor)


def _adjustment_basis(taxable: int, total: int, difference: int, common: CommonRules) -> int:
    """What the 調整控除 is a share of (地方税法314条の6第1項1号, 2号)."""
    if total > common.adjustment_income_max_yen:
        return 0
    differences = common.adjustment_basic_difference_yen + difference
    limit = common.adjustment_taxable_limit_yen
    if taxable <= limit:
        return min(differences, taxable)
    return max(common.adjustment_floor_yen, differences - (taxable - limit))


def _floored(amount: int, unit: int) -> int:
    return amount - amount % unit


def _refuse_negative(statement: Statement) -> None:
    for field in ("salary_yen", "pension_yen", "business_yen", "other_deductions_yen", "dependants", "difference_yen"):
        if getattr(statement, field) < 0:
            raise StatementNegative(field=field)
