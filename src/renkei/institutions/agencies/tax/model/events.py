"""Audit events of the tax room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAssessed(AuditEvent):
    """Fiscal years of taxpayers were assessed."""

    name: ClassVar[str] = "tax.assessed"
    count: int
    exempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCorrected(AuditEvent):
    """An assessment was corrected (更正); a new copy goes out."""

    name: ClassVar[str] = "tax.corrected"
    fiscal_year: int
    revision: int
    reason: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCopiesPublished(AuditEvent):
    """Copies were handed to the gateway."""

    name: ClassVar[str] = "tax.copies_published"
    batch: str
    sent: int
    problems: int
