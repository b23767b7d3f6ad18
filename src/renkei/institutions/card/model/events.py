"""Audit events of the authority. A serial number is a pseudonymous reference; whose it is stands in the room alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOpened(AuditEvent):
    """A generation of the authority was opened."""

    name: ClassVar[str] = "card.generation_opened"
    issuer_id: str
    use: str
    profile: str
    key: str
    """Name of its key in the key store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderDelegated(AuditEvent):
    """A generation certified the key that answers OCSP for it."""

    name: ClassVar[str] = "card.responder_delegated"
    issuer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIssued(AuditEvent):
    """A certificate was issued; `replaces` is the serial of the one before, or empty."""

    name: ClassVar[str] = "card.certificate_issued"
    serial: str
    use: str
    replaces: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateHeld(AuditEvent):
    """A certificate was put on hold: the card was reported lost."""

    name: ClassVar[str] = "card.certificate_held"
    serial: str
    use: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(AuditEvent):
    """A certificate stands again: the card was found."""

    name: ClassVar[str] = "card.hold_lifted"
    serial: str
    use: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEnded(AuditEvent):
    """A certificate was revoked."""

    name: ClassVar[str] = "card.certificate_ended"
    serial: str
    use: str
    reason: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationListMade(AuditEvent):
    """A generation made a new list of revoked certificates."""

    name: ClassVar[str] = "card.revocation_list_made"
    issuer_id: str
    number: int
    entries: int
