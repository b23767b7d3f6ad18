"""The old-age basic pension (老齢基礎年金): who is entitled, from which month, to how much."""

from __future__ import annotations

from datetime import date

from renkei.base.encoding import MaskedStruct
from renkei.base.time import attains_on
from renkei.institutions.agencies.pension.errors import MonthsInvalid, NotEntitledToPension
from renkei.institutions.agencies.pension.model.parameters import figure

BORN_BY = date(1956, 4, 1)
_EIGHTHS = 8


class Months(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """Contribution months of the national pension, those from twenty to sixty (国民年金法5条, 7条).

    Exempt months are those from April 2009 on: earlier ones count less (平成16年法律104号附則), which is left out.
    """

    paid: int = 0
    """第1号, paid."""
    employed: int = 0
    """第2号 (厚生年金); months before twenty and after sixty do not count here."""
    dependant: int = 0
    """第3号."""
    exempt_quarter: int = 0
    exempt_half: int = 0
    exempt_three_quarters: int = 0
    exempt_full: int = 0
    """Exempt in full, deferred payment (90条の3) not included."""

    @property
    def contributed(self) -> int:
        """保険料納付済期間."""
        return self.paid + self.employed + self.dependant

    @property
    def exempt(self) -> int:
        """保険料免除期間."""
        return self.exempt_quarter + self.exempt_half + self.exempt_three_quarters + self.exempt_full

    @property
    def qualifying(self) -> int:
        """受給資格期間 without 合算対象期間, which is not kept here."""
        return self.contributed + self.exempt


class Entitlement(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """What a claimant is entitled to."""

    from_month: str
    """First month paid, YYYY-MM."""
    full_yen: int
    """Full amount of the fiscal year, a year."""
    yearly_yen: int
    counted_eighths: int
    """Months that count, in eighths of a month."""


def entitlement(months: Months, *, birth: date, on: date) -> Entitlement:
    """The pension that follows from the months, at the figures of the day.

    Raises:
        NotEntitledToPension: fewer than ten years of contributions and exemptions.
        MonthsInvalid: a negative number of months.

    Source: 国民年金法 17条1項, 18条1項, 26条, 27条.
    """
    for field in Months.__struct_fields__:
        if getattr(months, field) < 0:
            raise MonthsInvalid(field=field)
    required = figure("qualifying_months", on)
    if months.qualifying < required:
        raise NotEntitledToPension(months=months.qualifying, required=required)
    full_months = figure("full_months", on)
    eighths = min(_counted_eighths(months, full_months), full_months * _EIGHTHS)
    full_yen = full_amount(birth=birth, on=on)
    whole = full_months * _EIGHTHS
    # 17条1項: less than half a yen is dropped, half a yen or more becomes one.
    yearly = full_yen if months.contributed >= full_months else (2 * full_yen * eighths + whole) // (2 * whole)
    return Entitlement(from_month=first_month(birth, on), full_yen=full_yen, yearly_yen=yearly, counted_eighths=eighths)


def full_amount(*, birth: date, on: date) -> int:
    """The full yearly amount: 780,900 yen times the rate, to the nearest hundred (国民年金法27条)."""
    rate = figure("revision_rate_born_by_1956" if birth <= BORN_BY else "revision_rate", on)
    thousandths = figure("full_pension_before_revision", on) * rate
    return (thousandths + 50_000) // 100_000 * 100


def pensionable_from(birth: date, on: date) -> date:
    """The day on which the pensionable age is attained, by the rule of the day `on`."""
    return attains_on(birth, figure("pensionable_age", on))


def first_month(birth: date, on: date) -> str:
    """The month after the one in which the age is attained (国民年金法18条1項), YYYY-MM."""
    attained = pensionable_from(birth, on)
    return f"{attained.year + attained.month // 12:04d}-{attained.month % 12 + 1:02d}"


def _counted_eighths(months: Months, full_months: int) -> int:
    """Items 1 to 8 of art. 27: what fits into 480 months counts more, what is beyond only what the person paid."""
    counted = months.contributed * _EIGHTHS
    room = max(0, full_months - months.contributed)
    for exempt, within, beyond in (
        (months.exempt_quarter, 7, 3),
        (months.exempt_half, 6, 2),
        (months.exempt_three_quarters, 5, 1),
        (months.exempt_full, 4, 0),
    ):
        fits = min(exempt, room)
        counted += fits * within + (exempt - fits) * beyond
        room -= fits
    return counted
