"""An account: one person at this provider, for as long as certificates of theirs can be followed from one to the next.

An account knows certificates by issuer and serial, and what the signature certificate last said of the person. It
knows no personal number. The audit events name accounts, sessions and certificates, never persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.contracts.identity import ClaimsOf, Realm
from renkei.crypto.person_certificates import CertificateItems

CHAIN_MAX = 40
"""Certificates followed back at most: a card a year for a lifetime of cards is less."""


class CertificateId(NamedTuple):
    """Which certificate: the issuing generation of the authority, and the serial in it."""

    issuer_id: str
    """SHA-256 of the issuer's SubjectPublicKeyInfo, in hex."""
    serial: int


class Account(MaskedStruct, frozen=True, kw_only=True):
    """An account that is open."""

    account_id: str
    realm: Realm
    opened_ms: int
    test: bool
    """Opened with a test card."""


class BoundCertificate(MaskedStruct, frozen=True, kw_only=True):
    """A certificate of an account."""

    at: CertificateId
    account_id: str
    use: str
    """`authentication` or `signature`."""
    der: bytes
    not_after_ms: int
    bound_ms: int
    seen_ms: int
    """When it was last shown and found good."""


def claims_from(items: CertificateItems, now_ms: int) -> ClaimsOf:
    """What a signature certificate says of its holder, read at `now_ms`."""
    return ClaimsOf(
        name=items.name, name_substitutes=items.name_substitutes, address=items.address,
        address_substitutes=items.address_substitutes, birth=items.birth, sex=items.sex_word, verified_ms=now_ms,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(AuditEvent):
    """A card signed in for the first time."""

    name: ClassVar[str] = "identity.account_opened"
    account: str
    realm: str
    test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(AuditEvent):
    """A person closed their account; certificates, claims and passkeys were forgotten."""

    name: ClassVar[str] = "identity.account_closed"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateBound(AuditEvent):
    """A certificate was taken as the account's. `via`: first, renewed, partner, confirmed."""

    name: ClassVar[str] = "identity.certificate_bound"
    account: str
    issuer: str
    serial: str
    use: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsConfirmed(AuditEvent):
    """The four items were read from the signature certificate."""

    name: ClassVar[str] = "identity.claims_confirmed"
    account: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsStale(AuditEvent):
    """The signature certificate was revoked because the content changed; its items are no longer relied upon."""

    name: ClassVar[str] = "identity.claims_stale"
    account: str
