"""Audit events of the welfare office. A claim number is a pseudonymous reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceClaimFiled(AuditEvent):
    """A claim for the child allowance was received."""

    name: ClassVar[str] = "welfare.claim_filed"
    claim: str
    children: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceClaimAsked(AuditEvent):
    """Questions for a claim were put to the exchange."""

    name: ClassVar[str] = "welfare.claim_asked"
    claim: str
    batch: str
    questions: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceClaimAnswered(AuditEvent):
    """Results for a claim were taken, counted by outcome."""

    name: ClassVar[str] = "welfare.claim_answered"
    claim: str
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceClaimDecided(AuditEvent):
    """A claim was granted, refused or withdrawn; the copies that it held were erased."""

    name: ClassVar[str] = "welfare.claim_decided"
    claim: str
    state: str
    papers_seen: int
    copies_erased: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowancesPaid(AuditEvent):
    """The allowances of a payment month were paid."""

    name: ClassVar[str] = "welfare.allowances_paid"
    month: str
    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceEnded(AuditEvent):
    """An allowance ended."""

    name: ClassVar[str] = "welfare.allowance_ended"
    last_month: str
    reason: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WelfareCopiesPublished(AuditEvent):
    """Copies were handed to the gateway."""

    name: ClassVar[str] = "welfare.copies_published"
    batch: str
    sent: int
    problems: int
