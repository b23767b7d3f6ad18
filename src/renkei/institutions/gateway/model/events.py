"""Audit events of the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiriesAccepted(AuditEvent):
    """Inquiries of a section were accepted; refusals of our own are counted by reason."""

    name: ClassVar[str] = "gateway.inquiries_accepted"
    batch: str
    section: str
    user: str
    asked: int
    refused: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiriesConcluded(AuditEvent):
    """Outcomes of a dispatch were recorded, counted by outcome."""

    name: ClassVar[str] = "gateway.inquiries_concluded"
    dispatch: str
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiriesInterrupted(AuditEvent):
    """A dispatch could not be finished and stays open, to be continued."""

    name: ClassVar[str] = "gateway.inquiries_interrupted"
    dispatch: str
    peer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRefused(AuditEvent):
    """The core refused a whole dispatch, for instance as this body is stopped."""

    name: ClassVar[str] = "gateway.dispatch_refused"
    dispatch: str
    peer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiriesLapsed(AuditEvent):
    """Inquiries lapsed, as nobody decided or answered in time."""

    name: ClassVar[str] = "gateway.inquiries_lapsed"
    asked: int
    """Those of this body."""
    to_answer: int
    """Those that this body should have answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitsAnswered(AuditEvent):
    """Presented permits were answered, counted by outcome."""

    name: ClassVar[str] = "gateway.permits_answered"
    requester: str
    presentation: str
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRefused(AuditEvent):
    """A presentation, or items of it, were refused."""

    name: ClassVar[str] = "gateway.presentation_refused"
    requester: str
    presentation: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDecided(AuditEvent):
    """A clerk decided a pending inquiry."""

    name: ClassVar[str] = "gateway.pending_decided"
    number: str
    state: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswerTaken(AuditEvent):
    """A late answer arrived and was recorded."""

    name: ClassVar[str] = "gateway.late_answer_taken"
    number: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesRegistered(AuditEvent):
    """Copies were registered."""

    name: ClassVar[str] = "gateway.copies_registered"
    batch: str
    stored: int
    unchanged: int
    problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesTaken(AuditEvent):
    """Linkage codes arrived from the core."""

    name: ClassVar[str] = "gateway.codes_taken"
    taken: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsMarked(AuditEvent):
    """Marks of persons were set."""

    name: ClassVar[str] = "gateway.persons_marked"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesRegistered(AuditEvent):
    """Cases were opened or closed in a section's register."""

    name: ClassVar[str] = "gateway.cases_registered"
    opened: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceExported(AuditEvent):
    """The evidence of one exchange was saved as a file."""

    name: ClassVar[str] = "gateway.evidence_exported"
    number: str
    user: str
