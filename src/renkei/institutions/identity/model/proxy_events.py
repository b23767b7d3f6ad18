"""Audit events of proxies, protection and help. Accounts and proxies stand there by their random ids only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyGranted(AuditEvent):
    """A principal confirmed with the card, or a clerk granted on the strength of a proofing."""

    name: ClassVar[str] = "identity.proxy_granted"
    proxy: str
    kind: str
    granted_by: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyDecided(AuditEvent):
    """Whoever is to act accepted or refused."""

    name: ClassVar[str] = "identity.proxy_decided"
    proxy: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCut(AuditEvent):
    """A proxy was ended before its term."""

    name: ClassVar[str] = "identity.proxy_cut"
    proxy: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyUsed(AuditEvent):
    """A proxy was used; `act` is empty where tokens were given and nothing was done yet."""

    name: ClassVar[str] = "identity.proxy_used"
    proxy: str
    client: str
    act: str
    affairs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionSet(AuditEvent):
    """A person came under protection; every proxy to and from them ended."""

    name: ClassVar[str] = "identity.protection_set"
    account: str
    by: str
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionLifted(AuditEvent):
    """A clerk lifted the protection; no proxy comes back by it."""

    name: ClassVar[str] = "identity.protection_lifted"
    account: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpBegun(AuditEvent):
    """A clerk began to help a person at a counter."""

    name: ClassVar[str] = "identity.help_begun"
    help: str
    session: str
    helper: str
    body: str
    terminal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpGiven(AuditEvent):
    """Something was done with help."""

    name: ClassVar[str] = "identity.help_given"
    help: str
    deed: str
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpOver(AuditEvent):
    """The help ended, and with it the person's session."""

    name: ClassVar[str] = "identity.help_over"
    help: str
    why: str
