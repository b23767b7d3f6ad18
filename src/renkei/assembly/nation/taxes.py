"""Local tax (住民税) of synthetic people: plausible figures by the main rules, not an assessment.

Each rule names its article. Left out, since no synthetic person needs it: the phase-outs of high incomes, donations,
insurance premiums for life and earthquake, losses, separate taxation, ordinances that differ from the standard rates.
The share of social insurance premiums is invented.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

Brackets: TypeAlias = tuple[tuple[int, int, int], ...]
"""Up to so many yen: per cent of the amount, plus yen."""

_NO_LIMIT = 10**12


class TaxRules(NamedTuple):
    """Figures that change from year to year, by the first fiscal year to which they apply."""

    fiscal_year_from: int
    salary_deduction: Brackets
    """給与所得控除 (所得税法28条3項)."""
    dependant_income_max_yen: int
    """扶養親族・同一生計配偶者の合計所得金額 (地方税法292条1項7号, 9号)."""


_SALARY_ABOVE: Brackets = (
    (3_600_000, 30, 80_000),
    (6_600_000, 20, 440_000),
    (8_500_000, 10, 1_100_000),
    (_NO_LIMIT, 0, 1_950_000),
)

RULES = (
    TaxRules(2021, ((1_625_000, 0, 550_000), (1_800_000, 40, -100_000), *_SALARY_ABOVE), 480_000),
    TaxRules(2026, ((1_900_000, 0, 650_000), *_SALARY_ABOVE), 580_000),  # the reform of 令和7年, incomes of 2025 on
)

# 公的年金等控除 (所得税法35条4項), other income of at most 10 million yen.
_PENSION_ABOVE: Brackets = (
    (4_100_000, 25, 275_000),
    (7_700_000, 15, 685_000),
    (10_000_000, 5, 1_455_000),
    (_NO_LIMIT, 0, 1_955_000),
)
_PENSION_DEDUCTION: dict[bool, Brackets] = {
    False: ((1_300_000, 0, 600_000), *_PENSION_ABOVE),
    True: ((3_300_000, 0, 1_100_000), *_PENSION_ABOVE),
}

BASIC_YEN = 430_000  # 地方税法314条の2第2項
SPOUSE_YEN, OLD_SPOUSE_YEN = 330_000, 380_000  # 同条1項10号
DEPENDANT_YEN, STUDENT_YEN, OLD_PARENT_YEN = 330_000, 450_000, 450_000  # 同条1項11号, 4項
SINGLE_PARENT_YEN = 300_000  # 同条1項8号の2
DISABLED_YEN, SEVERELY_DISABLED_YEN = 260_000, 300_000  # 同条1項6号
PER_CAPITA_MUNICIPAL_YEN, PER_CAPITA_PREFECTURAL_YEN = 3_000, 1_000  # 310条, 38条
PROTECTED_INCOME_YEN = 1_350_000  # 295条1項2号: the disabled, minors, single parents


class Circumstances(NamedTuple):
    """What of a person and family the tax of one year depends on."""

    designated_city: bool
    salary_yen: int
    pension_yen: int
    business_yen: int
    total_income_yen: int
    protected: bool
    """Disabled, minor or single parent."""
    public_assistance: bool
    deductions_yen: int
    """Everything beyond the basic deduction and social insurance."""
    spouse_deducted: bool
    dependants: int


class Assessment(NamedTuple):
    """The figures of one assessment, in yen."""

    total_income: int
    deductions: int
    taxable: int
    income_levy_municipal: int
    income_levy_prefectural: int
    per_capita_municipal: int
    per_capita_prefectural: int


def rules_for(fiscal_year: int) -> TaxRules:
    """The rules in force for a fiscal year."""
    return next((rules for rules in reversed(RULES) if rules.fiscal_year_from <= fiscal_year), RULES[0])


def _after(amount: int, brackets: Brackets) -> int:
    for limit, percent, plus in brackets:
        if amount <= limit:
            return max(0, amount - amount * percent // 100 - plus)
    raise AssertionError("the last bracket has no limit")


def total_income(rules: TaxRules, salary: int, pension: int, business: int, past_65: bool) -> int:
    """合計所得金額: income from salary, pension and business after their own deductions, in yen."""
    income = business
    if salary:
        income += _after(salary, rules.salary_deduction)
    if pension:
        income += _after(pension, _PENSION_DEDUCTION[past_65])
    return income


def assess(who: Circumstances) -> Assessment:
    """The local tax of one person for one fiscal year."""
    income = who.total_income_yen
    family = who.dependants + who.spouse_deducted
    insurance = who.salary_yen * 15 // 100 + (who.pension_yen + who.business_yen) * 8 // 100
    deductions = BASIC_YEN + who.deductions_yen + insurance
    if who.public_assistance or (who.protected and income <= PROTECTED_INCOME_YEN):  # 295条1項
        return Assessment(income, deductions, 0, 0, 0, 0, 0)
    exempt = 350_000 * (1 + family) + 100_000
    if income <= exempt + (210_000 if family else 0):  # 295条3項, 施行令47条の3; the standard, ordinances may differ
        return Assessment(income, deductions, 0, 0, 0, 0, 0)
    taxable = max(0, income - deductions) // 1000 * 1000  # 20条の4の2第1項
    municipal = prefectural = 0
    if income > exempt + (320_000 if family else 0) and taxable:  # 附則3条の3
        share = 8 if who.designated_city else 6  # 314条の3, 35条: 8 and 2 in a designated city, else 6 and 4 per cent
        credit = _adjustment(taxable, family)
        municipal = max(0, taxable * share // 100 - credit * share // 10) // 100 * 100
        prefectural = max(0, taxable * (10 - share) // 100 - credit * (10 - share) // 10) // 100 * 100
    return Assessment(
        income, deductions, taxable, municipal, prefectural, PER_CAPITA_MUNICIPAL_YEN, PER_CAPITA_PREFECTURAL_YEN
    )


def _adjustment(taxable: int, family: int) -> int:
    """調整控除 (314条の6, 37条): personal deductions are smaller than the national tax's, by 50,000 yen a head."""
    differences = 50_000 * (1 + family)
    if taxable <= 2_000_000:
        return min(differences, taxable) * 5 // 100
    return max(2_500, (differences - (taxable - 2_000_000)) * 5 // 100)
