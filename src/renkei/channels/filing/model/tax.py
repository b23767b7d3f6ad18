"""The income tax of an employee with a little side income. Whole yen, pure: values in, values out.

Not covered: deductions other than social insurance and the basic one, tax credits, separate taxation, and the
adjustment of income above 8.5 million yen (租税特別措置法41条の3の11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from renkei.base.encoding import MaskedStruct
from renkei.base.wareki import format_date
from renkei.channels.filing.model.figures import Figures, Table

MILLE = 1000
SATURDAY = 5


class Slip(MaskedStruct, frozen=True, kw_only=True):
    """給与所得の源泉徴収票 (所得税法226条1項), as far as the return needs it."""

    payer: str
    pay_yen: int
    withheld_yen: int
    social_insurance_yen: int


class SideIncome(MaskedStruct, frozen=True, kw_only=True):
    """雑所得 (所得税法35条): what came in, and what it cost."""

    revenue_yen: int = 0
    expense_yen: int = 0


class Computation(MaskedStruct, frozen=True, kw_only=True):
    """Every figure of the return."""

    pay_yen: int
    employment_income_yen: int
    """給与所得 (28条)."""
    side_income_yen: int
    """雑所得 (35条2項)."""
    total_income_yen: int
    """合計所得金額."""
    social_insurance_yen: int
    """社会保険料控除 (74条)."""
    basic_deduction_yen: int
    """基礎控除 (86条)."""
    deductions_yen: int
    taxable_yen: int
    """課税総所得金額, cut to 1,000 yen."""
    income_tax_yen: int
    """所得税 (89条)."""
    reconstruction_tax_yen: int
    """復興特別所得税."""
    total_tax_yen: int
    withheld_yen: int
    """源泉徴収税額."""
    due_yen: int
    """To be paid, cut to 100 yen."""
    refund_yen: int
    """To be paid back."""
    return_required: bool
    """False where no return would be required (121条1項)."""


def employment_income(pay_yen: int, table: Table) -> int:
    """給与所得: the pay less the deduction for employees (28条2項, 3項; below 6.6 million yen by 別表第五, 4項)."""
    row = table.row(pay_yen)
    match row.method:
        case "none":
            return 0
        case "quarter":
            return pay_yen // 4 // 1000 * 1000 * row.per_mille // MILLE - row.yen
        case "share":
            return pay_yen * row.per_mille // MILLE - row.yen
    return pay_yen - row.yen


def progressive(taxable_yen: int, table: Table) -> int:
    """The tax by steps: each rate on what lies above the step before (89条1項)."""
    tax, below = 0, 0
    for row in table.rows:
        top = taxable_yen if row.up_to is None else min(taxable_yen, row.up_to)
        tax += max(0, top - below) * row.per_mille
        below = top
    return tax // MILLE


def compute(slips: Sequence[Slip], side: SideIncome, law: Figures) -> Computation:
    """Work out the return.

    Args:
        slips: of every employer of the year.
        side: a loss from it is not set off against pay (69条1項 does not name 雑所得).
        law: figures of the year.
    """
    pay = sum(slip.pay_yen for slip in slips)
    earned = employment_income(pay, law.employment_income)
    extra = max(0, side.revenue_yen - side.expense_yen)
    total = earned + extra
    insurance = sum(slip.social_insurance_yen for slip in slips)
    basic = law.basic_deduction.row(total).yen
    unit = law.taxable_unit.value
    taxable = max(0, total - insurance - basic) // unit * unit
    tax = progressive(taxable, law.rates)
    reconstruction = tax * law.reconstruction_tax.value // MILLE
    withheld = sum(slip.withheld_yen for slip in slips)
    balance = tax + reconstruction - withheld
    payable = law.payable_unit.value
    small = extra <= law.side_income_free.value and len(slips) == 1 and pay <= law.pay_without_return.value
    return Computation(
        pay_yen=pay, employment_income_yen=earned, side_income_yen=extra, total_income_yen=total,
        social_insurance_yen=insurance, basic_deduction_yen=basic, deductions_yen=insurance + basic,
        taxable_yen=taxable, income_tax_yen=tax, reconstruction_tax_yen=reconstruction,
        total_tax_yen=tax + reconstruction, withheld_yen=withheld, due_yen=max(0, balance) // payable * payable,
        refund_yen=max(0, -balance), return_required=not small,
    )  # fmt: skip


def due_day(year: int) -> date:
    """Last day for filing and paying: 15 March of the year after (所得税法120条1項, 128条); where that is a Saturday or
    a Sunday, the next weekday (国税通則法10条2項, 同法施行令2条2項)."""
    day = date(year + 1, 3, 15)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def is_late(computation: Computation, *, year: int, on: date) -> bool:
    """Whether a return that is required would be late on that day. Who is paid back may file for five years (122条)."""
    return computation.return_required and computation.refund_yen == 0 and on > due_day(year)


def year_name(year: int) -> str:
    """令和7年分."""
    return format_date(date(year, 12, 31)).partition("(")[0] + "分"
