"""What the pension office provides: contributions and pensions (年金給付関係情報)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from renkei.base.encoding import MaskedStruct
from renkei.contracts.information import PensionBenefit, PensionPayment
from renkei.institutions.agencies.pension.model.claims import Insured

Kind = Literal["old_age_basic", "old_age_employees", "disability_basic", "disability_employees", "survivors"]
NO_END = "9999-12"


class Pension(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """A pension in payment or ended."""

    own_number: str
    kind: Kind
    from_month: str
    to_month: str = NO_END
    yearly_yen: int


def pension_benefit(insured: Insured, pensions: Sequence[Pension]) -> PensionBenefit:
    """The copy of an insured person; newest pension first."""
    newest_first = sorted(pensions, key=lambda pension: (pension.from_month, pension.kind), reverse=True)
    return PensionBenefit(
        contribution_months=insured.months.contributed,
        employees_months=insured.months.employed,
        exempt_months=insured.months.exempt,
        insured_kind=insured.kind.value,
        payments=[
            PensionPayment(
                kind=pension.kind,
                from_month=pension.from_month,
                to_month=pension.to_month,
                yearly_yen=pension.yearly_yen,
            )
            for pension in newest_first
        ],
    )
