"""What people live on: work, salary, business, pensions and medical insurance. All shares and amounts are invented."""

from __future__ import annotations

from datetime import date

from renkei.assembly.nation.dice import Dice
from renkei.assembly.nation.drafts import Draft
from renkei.assembly.nation.model import FEMALE, MALE, PensionBenefit, PensionRecord, Work
from renkei.base.time import attains_on

# Yearly salary in 10,000 yen by age from 15, five years a step.
_SALARIES = (150, 280, 350, 400, 440, 470, 500, 530, 540, 400, 260, 200, 180, 160, 150, 150, 150)

BASIC_PENSION_YEN = 780_900
"""Full old-age basic pension before indexation (国民年金法27条); the yearly rate of revision is left at 1."""

FULL_MONTHS = 480  # 国民年金法27条
PENSION_RATE_PER_MILLION = 5_481  # 厚生年金保険法43条1項: 5.481 per mille of the average, for each month
REMUNERATION_YEN = (88_000, 650_000)  # 厚生年金保険法20条, the lowest and the highest grade


def choose_work(dice: Dice, draft: Draft) -> None:
    """What one mainly lives on, by age and family."""
    age, lot = draft.age, dice.below(100)
    if age < 18 or (age < 22 and lot < 55):
        draft.work = Work.LEARNING
    elif age < 65:
        employed = 82 if draft.sex == MALE else 72
        draft.work = Work.EMPLOYED if lot < employed else Work.SELF_EMPLOYED if lot < employed + 9 else Work.HOME
        married_woman = draft.sex == FEMALE and draft.spouse is not None
        draft.part_time = draft.work is Work.EMPLOYED and married_woman and dice.below(100) < 45
    else:
        working = 40 if age < 70 else 12 if age < 80 else 2
        draft.work = Work.RETIRED if lot >= working else Work.EMPLOYED if lot % 3 else Work.SELF_EMPLOYED


def choose_earnings(dice: Dice, draft: Draft) -> None:
    """Salary or business income of the last three calendar years, newest first, in thousands of yen rounded."""
    if draft.work not in (Work.EMPLOYED, Work.SELF_EMPLOYED):
        return
    base = (
        _SALARIES[min((draft.age - 15) // 5, len(_SALARIES) - 1)] * 10 * (60 + dice.below(41) + dice.below(41)) // 100
    )
    if draft.part_time:
        base = dice.between(700, 1_300)
    elif draft.sex == FEMALE:
        base = base * 3 // 4
    newest = base * 1000
    before = newest * dice.between(950, 1_005) // 1_000_000 * 1000
    earliest = before * dice.between(950, 1_005) // 1_000_000 * 1000
    years = tuple(amount if draft.age - back >= 18 else 0 for back, amount in ((1, newest), (2, before), (3, earliest)))
    if draft.work is Work.EMPLOYED:
        draft.salary = years
    else:
        draft.business = years


def _months(start: date, end: date) -> int:
    return max(0, (end.year - start.year) * 12 + end.month - start.month)


def pension_record(dice: Dice, draft: Draft, number: str, as_of: date) -> PensionRecord | None:
    """Insured months since twenty (国民年金法7条1項), employed until seventy (厚生年金保険法9条, 14条5号)."""
    if draft.age < 20:
        return None
    start = attains_on(draft.birth, 20)
    until_sixty = min(FULL_MONTHS, _months(start, as_of))
    share = dice.between(70, 100) if draft.sex == MALE else dice.between(25, 80)
    if draft.work in (Work.SELF_EMPLOYED, Work.HOME, Work.LEARNING):
        share //= 3
    employed = until_sixty * share // 100
    rest = until_sixty - employed
    as_spouse = rest * dice.between(30, 80) // 100 if draft.sex == FEMALE and draft.spouse is not None else 0
    rest -= as_spouse
    exempt = rest * dice.below(15) // 100
    unpaid = rest * dice.below(10) // 100
    if draft.age >= 60 and draft.work is Work.EMPLOYED and not draft.part_time:
        employed += _months(attains_on(draft.birth, 60), min(as_of, attains_on(draft.birth, 70)))
    if draft.salary[0] and draft.age < 65:
        average = draft.salary[0] // 12
    else:
        average = dice.between(240, 420) * 1000 if draft.sex == MALE else dice.between(150, 280) * 1000
    low, high = REMUNERATION_YEN
    return PensionRecord(
        basic_pension_number=number,
        paid_months=rest - exempt - unpaid,
        exempt_months=exempt,
        unpaid_months=unpaid,
        employed_months=employed,
        spouse_months=as_spouse,
        average_remuneration_yen=min(high, max(low, average)) if employed else 0,
    )


def pension_benefit(record: PensionRecord, birth: date) -> PensionBenefit:
    """The old-age pensions that follow from a record, from the month after 65 is attained (国民年金法18条1項, 26条).

    Every month from twenty to sixty is in the record, so what is neither unpaid nor exempt counts in full for the
    basic pension; a month of full exemption counts as a half (27条). Employment after sixty raises the other one only.
    """
    attained = attains_on(birth, 65)
    since = date(attained.year + attained.month // 12, attained.month % 12 + 1, 1)
    counted = FULL_MONTHS - record.unpaid_months - record.exempt_months + record.exempt_months // 2
    basic = BASIC_PENSION_YEN * counted // FULL_MONTHS
    employees = record.average_remuneration_yen * record.employed_months * PENSION_RATE_PER_MILLION // 1_000_000
    return PensionBenefit(since=since, basic_yen=basic, employees_yen=employees)


def pension_in(benefit: PensionBenefit | None, calendar_year: int) -> int:
    """What of the pension falls into a calendar year, in yen."""
    if benefit is None or benefit.since.year > calendar_year:
        return 0
    months = 12 if benefit.since.year < calendar_year else 13 - benefit.since.month
    return (benefit.basic_yen + benefit.employees_yen) * months // 12
