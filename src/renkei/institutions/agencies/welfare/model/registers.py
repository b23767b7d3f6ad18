"""Public assistance and disability certificates: simple records of the office, and the copies made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from renkei.base.encoding import MaskedStruct
from renkei.contracts.information import Disability, DisabilityCertificate, PublicAssistance

AidKind = Literal["living", "education", "housing", "medical", "care", "maternity", "occupation", "funeral"]
CertificateKind = Literal["physical", "mental", "intellectual"]


class Assistance(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """Public assistance of one person (生活保護法11条: eight kinds)."""

    own_number: str
    started_on: date
    kinds: tuple[AidKind, ...]
    monthly_yen: int
    ended_on: date | None = None


class Certificate(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """A certificate (身体障害者福祉法15条, 精神保健及び精神障害者福祉に関する法律45条, 療育手帳)."""

    own_number: str
    kind: CertificateKind
    grade: str
    issued_on: date
    review_on: date | None = None


def public_assistance(found: Assistance) -> PublicAssistance:
    """The copy of a recipient."""
    return PublicAssistance(
        started_on=found.started_on, kinds=list(found.kinds), monthly_yen=found.monthly_yen, ended_on=found.ended_on
    )


def disability(certificates: Sequence[Certificate]) -> Disability:
    """The copy of a holder; newest certificate first."""
    newest_first = sorted(certificates, key=lambda one: (one.issued_on, one.kind), reverse=True)
    return Disability(
        certificates=[
            DisabilityCertificate(
                kind=one.kind, grade=one.grade, issued_on=one.issued_on, review_on=one.review_on
            )
            for one in newest_first
        ]
    )  # fmt: skip
