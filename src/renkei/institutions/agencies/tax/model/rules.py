"""The rules of resident tax by fiscal year, read once from rules.toml beside this file."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from renkei.institutions.agencies.tax.errors import TaxYearUnsupported


class Bracket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Receipts up to and including `to` yen: what is deducted of them, or the income that the Act's table states."""

    to: int
    step: int = 1
    percent: int = 0
    plus: int = 0
    income: int | None = None

    def income_of(self, receipts: int) -> int:
        """Income from these receipts, in whole yen, never negative."""
        if self.income is not None:
            return self.income
        counted = receipts - receipts % self.step
        return max(0, counted - counted * self.percent // 100 - self.plus)


class YearRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes from year to year; in force for fiscal_year_from up to, not including, fiscal_year_to."""

    fiscal_year_from: int
    fiscal_year_to: int
    salary: tuple[Bracket, ...]
    salary_source: str
    per_capita_municipal_yen: int
    per_capita_prefectural_yen: int
    per_capita_source: str


class CommonRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has stood in every year that is kept; see rules.toml for the article of each figure."""

    pension_source: str
    pension_under_65: tuple[Bracket, ...]
    pension_from_65: tuple[Bracket, ...]
    pension_reduction: tuple[tuple[int, int], ...]
    both_adjustment_yen: int
    both_adjustment_source: str
    basic_deduction: tuple[tuple[int, int], ...]
    basic_deduction_source: str
    taxable_floor_yen: int
    levy_floor_yen: int
    floor_source: str
    municipal_percent: int
    prefectural_percent: int
    designated_municipal_percent: int
    designated_prefectural_percent: int
    percent_source: str
    adjustment_municipal_percent: int
    adjustment_prefectural_percent: int
    adjustment_designated_municipal_percent: int
    adjustment_designated_prefectural_percent: int
    adjustment_basic_difference_yen: int
    adjustment_taxable_limit_yen: int
    adjustment_floor_yen: int
    adjustment_income_max_yen: int
    adjustment_source: str
    protected_income_max_yen: int
    protected_source: str
    exempt_per_head_yen: int
    exempt_plus_yen: int
    exempt_family_plus_yen: int
    exempt_source: str
    levy_exempt_family_plus_yen: int
    levy_exempt_source: str


class TaxRules(msgspec.Struct, frozen=True):
    """Everything that one fiscal year's assessment follows."""

    year: YearRules
    common: CommonRules


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[YearRules, ...]
    common: CommonRules


def rules_for(fiscal_year: int) -> TaxRules:
    """The rules of a fiscal year.

    Raises:
        TaxYearUnsupported: none are kept for it. They are not guessed from another year's.
    """
    kept = _kept()
    for year in kept.rules:
        if year.fiscal_year_from <= fiscal_year < year.fiscal_year_to:
            return TaxRules(year, kept.common)
    first = min(year.fiscal_year_from for year in kept.rules)
    last = max(year.fiscal_year_to for year in kept.rules) - 1
    raise TaxYearUnsupported(fiscal_year=fiscal_year, first=first, last=last)


@cache
def _kept() -> _File:
    text = (Path(__file__).parent / "rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File)
