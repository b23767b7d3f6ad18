"""The child allowance (児童手当) by month. A month is a number, 12 × year + month − 1; its text is YYYY-MM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from renkei.base.encoding import MaskedStruct
from renkei.base.time import fiscal_year_end_after
from renkei.contracts.information import ChildAllowance, ChildAllowanceMonth
from renkei.institutions.agencies.welfare.errors import PaymentMonthOdd
from renkei.institutions.agencies.welfare.model.parameters import figure

THIRD = 3
UNDER_THREE_MONTHS = 36


def month_of(day: date) -> int:
    """The month in which a day lies."""
    return day.year * 12 + day.month - 1


def month_text(month: int) -> str:
    """YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_from(text: str) -> int:
    """The inverse of `month_text`."""
    year, month = text.split("-")
    return int(year) * 12 + int(month) - 1


def first_day(month: int) -> date:
    """The first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


class Child(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """A child, or an older one who is still supported and only counts for the order (児童手当法6条2項2号)."""

    own_number: str
    birth: date
    since: int = 0
    """First month for which this child belongs to the allowance."""


def is_paid_for(child: Child, month: int) -> bool:
    """A child up to the 31 March after attaining 18, that March included (児童手当法3条1項, 9条3項)."""
    age = figure("child_until_age", first_day(month))
    return child.since <= month <= month_of(fiscal_year_end_after(child.birth, age))


def is_counted(child: Child, month: int) -> bool:
    """Whoever counts for the order of children: up to the 31 March after attaining 22 (児童手当法6条2項2号)."""
    age = figure("counted_until_age", first_day(month))
    return child.since <= month <= month_of(fiscal_year_end_after(child.birth, age))


def is_under_three(child: Child, month: int) -> bool:
    """Paid as under three through the month of the third birthday.

    Three is attained at the end of the day before the birthday, and a lower amount begins in the month after that
    (9条3項). For a child born on the first of a month it would begin a month too early, which the Act sets right: such
    a child is under three until three years from the birth have passed (6条2項4号, 5号). So the rule is one for all.
    """
    return month <= month_of(child.birth) + UNDER_THREE_MONTHS


def monthly_yen(children: Iterable[Child], month: int) -> int:
    """The allowance of one month: older first, the third and every later one at the highest rate (児童手当法6条)."""
    day = first_day(month)
    counted = sorted((child for child in children if is_counted(child, month)), key=lambda child: child.birth)
    total = 0
    for order, child in enumerate(counted, start=1):
        if not is_paid_for(child, month):
            continue
        if order >= THIRD:
            total += figure("third_child", day)
        else:
            total += figure("under_three" if is_under_three(child, month) else "from_three", day)
    return total


def start_month(claimed_on: date, changed_on: date | None = None) -> int:
    """First month paid: the one after the claim; after the move, where the claim came within fifteen days of it.

    Args:
        changed_on: day on which the claimant became a resident, if this is why they claim.

    Source: 児童手当法8条2項, 3項.
    """
    if changed_on is not None:
        within = figure("claim_after_move_within", claimed_on)
        if 0 <= (claimed_on - changed_on).days <= within:
            return month_of(changed_on) + 1
    return month_of(claimed_on) + 1


class Payment(NamedTuple):
    """What is paid in one payment month, for the months up to the one before."""

    from_month: int
    to_month: int
    children: int
    paid_yen: int


def payment_due(
    children: Sequence[Child], *, since: int, paid_until: int, until: int | None, in_month: int
) -> Payment | None:
    """The payment of a payment month; None where nothing is due.

    Args:
        since: first month of the allowance.
        paid_until: last month that was paid; 0 if none.
        until: last month of the allowance; None while it goes on.
        in_month: an even month.

    Raises:
        PaymentMonthOdd: not one of the six payment months.

    Source: 児童手当法8条4項 (February, April, … for the months up to the one before).
    """
    if (in_month + 1) % 2:
        raise PaymentMonthOdd(month=month_text(in_month))
    last = in_month - 1 if until is None else min(in_month - 1, until)
    return payment_for(children, first=max(since, paid_until + 1), last=last)


def payment_for(children: Sequence[Child], *, first: int, last: int) -> Payment | None:
    """The payment for the months from one to another; None where nothing is due.

    Paid at once, in any month, when an allowance ends (児童手当法8条4項ただし書).
    """
    if first > last:
        return None
    paid_yen = sum(monthly_yen(children, month) for month in range(first, last + 1))
    paid_for = sum(1 for child in children if is_paid_for(child, last))
    return Payment(first, last, paid_for, paid_yen) if paid_yen else None


def payment_months(first: int, last: int) -> Iterator[int]:
    """The payment months from one month to another."""
    return (month for month in range(first, last + 1) if (month + 1) % 2 == 0)


def child_allowance(*, receives: bool, payments: Sequence[Payment]) -> ChildAllowance:
    """The copy of a recipient; newest payment first."""
    newest_first = sorted(payments, key=lambda payment: payment.to_month, reverse=True)
    return ChildAllowance(
        recipient=receives,
        paid_until_month=month_text(newest_first[0].to_month) if newest_first else "",
        payments=[
            ChildAllowanceMonth(
                from_month=month_text(payment.from_month),
                to_month=month_text(payment.to_month),
                children=payment.children,
                paid_yen=payment.paid_yen,
            )
            for payment in newest_first
        ],
    )
