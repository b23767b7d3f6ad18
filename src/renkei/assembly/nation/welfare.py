"""Child allowance, disability books and public assistance of synthetic households."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from renkei.assembly.nation.dice import Dice
from renkei.assembly.nation.drafts import Draft
from renkei.assembly.nation.model import ChildAllowance, DisabilityBook, Municipality
from renkei.base.time import attains_on, fiscal_year_end_after

UNDER_THREE_YEN, OLDER_YEN, THIRD_CHILD_YEN = 15_000, 10_000, 30_000  # 児童手当法6条1項, as of 2024-10-01
CHILD_UNTIL_AGE, COUNTED_UNTIL_AGE = 18, 22  # 児童手当法3条1項: until the 31 March after


def next_month(day: date) -> date:
    """The first day of the month after (児童手当法8条2項: paid from the month after the claim)."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def child_allowance(
    drafts: Sequence[Draft], first_index: int, moved_on: date | None, as_of: date
) -> ChildAllowance | None:
    """The allowance for the children, to the parent who earns more (児童手当法4条3項); None without children."""
    if not any(draft.age <= CHILD_UNTIL_AGE for draft in drafts):
        return None
    counted = sorted(
        (draft for draft in drafts if draft.age <= 22 and (draft.father or draft.mother)), key=lambda draft: draft.birth
    )
    counted = [child for child in counted if as_of <= fiscal_year_end_after(child.birth, COUNTED_UNTIL_AGE)]
    amount, children = 0, []
    for order, child in enumerate(counted, start=1):
        if as_of > fiscal_year_end_after(child.birth, CHILD_UNTIL_AGE):
            continue
        children.append(child)
        under_three = as_of < next_month(attains_on(child.birth, 3))
        amount += THIRD_CHILD_YEN if order >= 3 else UNDER_THREE_YEN if under_three else OLDER_YEN
    if not children:
        return None
    parents = [parent for parent in (children[0].father, children[0].mother) if parent is not None]
    recipient = max(parents, key=lambda parent: (parent.totals[0], -parent.position))
    return ChildAllowance(
        recipient=first_index + recipient.position,
        children=tuple(first_index + child.position for child in children),
        monthly_yen=amount,
        since=next_month(max(moved_on or children[0].birth, children[0].birth)),
    )


def disability_book(dice: Dice, draft: Draft, municipality: Municipality, as_of: date) -> DisabilityBook | None:
    """A book for some: physical (身体障害者福祉法15条), intellectual (療育手帳), mental (精神保健福祉法45条)."""
    if not dice.chance(75 if draft.age >= 65 else 22):
        return None
    lot = dice.below(100)
    if lot < 60 or draft.age >= 80:
        kind, grade = "physical", f"{dice.between(1, 6)}級"
    elif lot < 75 and draft.age < 60:
        kind, grade = "intellectual", dice.pick(("A", "B"))
    else:
        kind, grade = "mental", f"{dice.between(1, 3)}級"
    earliest = max(draft.birth, as_of - timedelta(days=3650))
    return DisabilityBook(
        kind=kind,
        grade=grade,
        issued_on=earliest + timedelta(days=dice.below((as_of - earliest).days + 1)),
        issuer=municipality.body_id if municipality.designated else f"p-{municipality.prefecture_code}",
    )


def assistance_per_mille(drafts: Sequence[Draft]) -> int:
    """How many of a thousand households like this one receive public assistance; invented."""
    if len(drafts) == 1:
        return 45 if drafts[0].age >= 40 else 12
    return 60 if drafts[0].spouse is None else 5
