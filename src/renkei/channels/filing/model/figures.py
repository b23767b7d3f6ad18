"""The law's figures for a year of income, read once from income_tax.toml."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

import msgspec

from renkei.channels.filing.errors import IncomeYearUnknown
from renkei.law import LawBook, Parameter, lexicon
from renkei.law.data import read_toml
from renkei.law.errors import ParameterMissing


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of a table; the last has no limit."""

    below: int | None = None
    up_to: int | None = None
    method: Literal["", "none", "minus", "quarter", "share"] = ""
    per_mille: int = 0
    yen: int = 0

    def covers(self, amount: int) -> bool:
        """Whether an amount falls into this row, or into one before it."""
        return (self.below is None or amount < self.below) and (self.up_to is None or amount <= self.up_to)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table of the law."""

    name: str
    valid_from: date
    valid_to: date
    edition: str
    source: str
    rows: tuple[Row, ...]

    def row(self, amount: int) -> Row:
        """The row into which an amount falls."""
        return next(row for row in self.rows if row.covers(amount))


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a year's return needs."""

    year: int
    employment_income: Table
    basic_deduction: Table
    rates: Table
    reconstruction_tax: Parameter
    taxable_unit: Parameter
    payable_unit: Parameter
    side_income_free: Parameter
    pay_without_return: Parameter


@cache
def figures(year: int) -> Figures:
    """The figures of a year of income, as they stand on its last day (the income tax is a tax of the calendar year).

    Raises:
        IncomeYearUnknown: they are not kept.
    """
    on = date(year, 12, 31)
    data = read_toml("income_tax.toml")
    tables = msgspec.convert(data["table"], tuple[Table, ...])
    found = {table.name: table for table in tables if table.valid_from <= on < table.valid_to}
    book = LawBook((), msgspec.convert(data["parameter"], tuple[Parameter, ...]), lexicon())
    names = ("reconstruction_tax", "taxable_unit", "payable_unit", "side_income_free", "pay_without_return")
    try:
        values = {name: book.parameter(name, on) for name in names}
        return Figures(
            year=year, employment_income=found["employment_income"], basic_deduction=found["basic_deduction"],
            rates=found["rates"], **values,
        )  # fmt: skip
    except (KeyError, ParameterMissing):
        raise IncomeYearUnknown(year=year) from None
