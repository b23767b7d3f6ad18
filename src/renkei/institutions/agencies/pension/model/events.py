"""Audit events of the pension office. A claim number is a pseudonymous reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFiled(AuditEvent):
    """A claim was received."""

    name: ClassVar[str] = "pension.claim_filed"
    claim: str
    papers_before: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAsked(AuditEvent):
    """Questions for a claim were put to the exchange."""

    name: ClassVar[str] = "pension.claim_asked"
    claim: str
    batch: str
    questions: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAnswered(AuditEvent):
    """Results for a claim were taken, counted by outcome."""

    name: ClassVar[str] = "pension.claim_answered"
    claim: str
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimHeld(AuditEvent):
    """A claim was put on hold."""

    name: ClassVar[str] = "pension.claim_held"
    claim: str
    reason: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDecided(AuditEvent):
    """A claim was granted, refused or withdrawn; the copies that it held were erased."""

    name: ClassVar[str] = "pension.claim_decided"
    claim: str
    state: str
    papers_seen: int
    copies_erased: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PensionCopiesPublished(AuditEvent):
    """Copies were handed to the gateway."""

    name: ClassVar[str] = "pension.copies_published"
    batch: str
    sent: int
    problems: int
