"""Certificates of the bodies under one network authority, and the identity that a verified one proves.

The profile is fixed and one step deep: the network authority (P-256, self-signed, path length 0) signs each body's
certificate. A body's certificate holds

    subject          C=JP, O = name of the body, serialNumber and CN = body id
    subjectAltName   URI urn:renkei:body:BODY_ID (exactly one name)
    keyUsage         digitalSignature only, critical
    extKeyUsage      exactly one purpose under Renkei's arc, critical
    sealing key      the body's public sealing key (private extension, optional), so that whoever verifies a
                     message by this body can also seal to it without asking anyone

OIDs: the arc is 2.25.UUID (ITU-T X.667: an arc that needs no registration), UUID e390bf25-e47e-430b-8eea-cb71ff51f212.
ARC.1.1 gateway of a body, ARC.1.2 core, ARC.1.3 business system, ARC.1.4 terminal; ARC.2.1 sealing key extension.

Source: RFC 5280 (clauses at each check), RFC 5480 (P-256), RFC 8141 (URN).
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID, ObjectIdentifier

from renkei.crypto.errors import CertificateExpired, CertificateInvalid

ARC: Final = f"2.25.{0xE390BF25_E47E_430B_8EEA_CB71FF51F212}"
SEALING_KEY_OID: Final = ObjectIdentifier(f"{ARC}.2.1")
BODY_URN: Final = "urn:renkei:body:"
_BODY_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_BODY_ID_CHARS_MAX: Final = 40


class Purpose(Enum):
    """What a body's certificate may sign; the value is its extended key usage."""

    GATEWAY = f"{ARC}.1.1"
    CORE = f"{ARC}.1.2"
    BUSINESS = f"{ARC}.1.3"
    TERMINAL = f"{ARC}.1.4"

    @property
    def oid(self) -> ObjectIdentifier:
        """The extended key usage of this purpose."""
        return ObjectIdentifier(self.value)


_PURPOSE_BY_OID: Final = {purpose.value: purpose for purpose in Purpose}
_LEAF_POLICY: Final = verification.ExtensionPolicy.permit_all()


@dataclass(frozen=True, slots=True)
class BodyIdentity:
    """What a verified certificate proves: which body, for what, with which keys.

    Attributes:
        key_id: lowercase hexadecimal SHA-256 of the certificate's DER; names the key on the wire.
        sealing_key: encoded public sealing key (see `sealing`), or None.
        not_before, not_after: period of validity, UTC, both inclusive (RFC 5280 §4.1.2.5).
    """

    body_id: str
    name: str
    purpose: Purpose
    key_id: str
    public_key: ec.EllipticCurvePublicKey = field(repr=False, compare=False)
    sealing_key: bytes | None = field(repr=False)
    serial: int
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Revocations:
    """A verified list of the revoked certificates of one authority.

    Attributes:
        issuer: SHA-256 of the authority's certificate (DER), hexadecimal.
        revoked_at: time of revocation by serial number.
        next_update: past this time the list is too old to trust.
    """

    issuer: str
    revoked_at: Mapping[int, datetime]
    issued_at: datetime
    next_update: datetime


def key_id_of(cert_der: bytes) -> str:
    """The key id of a certificate: lowercase hexadecimal SHA-256 of its DER, 64 characters."""
    return hashlib.sha256(cert_der).hexdigest()


def check_body_id(body_id: str) -> str:
    """A body id as it stands in certificates, authorities of URLs and keys.

    Raises:
        ValueError: not lowercase letters, digits and single inner hyphens, 40 characters at most.
    """
    if len(body_id) > _BODY_ID_CHARS_MAX or _BODY_ID.fullmatch(body_id) is None:
        raise ValueError("a body id is lowercase letters, digits and inner hyphens, 40 characters at most")
    return body_id


# --- verification ---


def verify_chain(
    cert_der: bytes,
    *,
    anchors: Sequence[bytes],
    at: datetime,
    purpose: Purpose | None,
    revocations: Iterable[Revocations] = (),
) -> BodyIdentity:
    """Verify a body's certificate against the network's authorities, about 0.2 ms.

    Args:
        anchors: authority certificates (DER) that are trusted.
        at: UTC; validity and revocation are judged at this time (past times serve the checking of old evidence).
        purpose: what the certificate must be for; None accepts any of `Purpose`.
        revocations: from `read_revocations`; those of other authorities are ignored.

    Raises:
        CertificateExpired: `at` lies outside the certificate's period of validity.
        CertificateInvalid: every other fault.

    Source: RFC 5280 §6.1.3 (basic processing), done by `cryptography`; the checks here are the profile's own.
    """
    try:
        certificate = x509.load_der_x509_certificate(cert_der)
        identity = _read_identity(certificate, cert_der)
        trusted = verification.Store([x509.load_der_x509_certificate(anchor) for anchor in anchors])
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise CertificateInvalid(private=f"outside the profile, or no authority is trusted: {error}") from error
    check_period(identity, at)
    _check_purpose(identity, purpose)
    # Unknown critical extensions are refused by the verifier (RFC 5280 §4.2); the rest of the extensions
    # has been held against the profile in `_read_identity`.
    verifier = (
        verification.PolicyBuilder()
        .store(trusted)
        .time(at)
        .max_chain_depth(0)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=_LEAF_POLICY,
        )
        .build_client_verifier()
    )
    try:
        chain = verifier.verify(certificate, []).chain
    except verification.VerificationError as error:
        raise CertificateInvalid(private=f"{identity.key_id}: {error}") from error
    # A body's certificate must not outlive its authority, so that a cache need not look at the authority again.
    if identity.not_after > chain[-1].not_valid_after_utc or identity.not_before < chain[-1].not_valid_before_utc:
        raise CertificateInvalid(private=f"{identity.key_id} is valid for longer than its authority")
    _check_not_revoked(identity, key_id_of(chain[-1].public_bytes(Encoding.DER)), at, revocations)
    return identity


def check_period(identity: BodyIdentity, at: datetime) -> None:
    """Check the period of validity (RFC 5280 §6.1.3 (a)(2)).

    Raises:
        CertificateExpired: `at` lies outside it.
    """
    if not identity.not_before <= at <= identity.not_after:
        raise CertificateExpired(private=f"{identity.key_id} is valid {identity.not_before}..{identity.not_after}")


def read_revocations(crl_der: bytes, *, anchors: Sequence[bytes]) -> Revocations:
    """Read and verify a list of revoked certificates.

    Raises:
        CertificateInvalid: malformed, without a next update, or not signed by one of the authorities.

    Source: RFC 5280 §5.1.2, §6.3.3 (f), (g).
    """
    try:
        crl = x509.load_der_x509_crl(crl_der)
        for anchor in anchors:
            authority = x509.load_der_x509_certificate(anchor)
            key = authority.public_key()
            if authority.subject != crl.issuer or not isinstance(key, ec.EllipticCurvePublicKey):
                continue
            if crl.next_update_utc is None or not crl.is_signature_valid(key):
                continue
            revoked = {entry.serial_number: entry.revocation_date_utc for entry in crl}
            return Revocations(key_id_of(anchor), MappingProxyType(revoked), crl.last_update_utc, crl.next_update_utc)
    except (ValueError, InvalidSignature) as error:
        raise CertificateInvalid(private=f"malformed revocation list: {error}") from error
    raise CertificateInvalid(private="the revocation list is not signed by a known authority")


class IdentityCache:
    """Verified identities by key id: the chain is checked once, period and revocation on every use.

    Bounded: past `entries_max` the identity unused for longest is forgotten and must be added again.

    Args:
        anchors: authority certificates (DER).
    """

    def __init__(self, anchors: Sequence[bytes], *, entries_max: int = 10_000) -> None:
        self._anchors = tuple(anchors)
        self._entries_max = entries_max
        self._verified: OrderedDict[str, tuple[BodyIdentity, str]] = OrderedDict()
        self._revocations: dict[str, Revocations] = {}

    def add(self, cert_der: bytes, *, at: datetime, purpose: Purpose | None = None) -> BodyIdentity:
        """Verify a certificate, or find it verified already.

        Raises:
            CertificateInvalid, CertificateExpired: as `verify_chain`.
        """
        key_id = key_id_of(cert_der)
        if key_id not in self._verified:
            identity, issuer = self._verify(cert_der, at)
            _check_purpose(identity, purpose)
            self._verified[key_id] = (identity, issuer)
            while len(self._verified) > self._entries_max:
                self._verified.popitem(last=False)
        return self.lookup(key_id, at=at, purpose=purpose)

    def lookup(self, key_id: str, *, at: datetime, purpose: Purpose | None = None) -> BodyIdentity:
        """The identity of a key named in a signature, about 1 µs.

        Raises:
            CertificateInvalid: not known here, revoked, or for another purpose.
            CertificateExpired: outside its period of validity.
        """
        found = self._verified.get(key_id)
        if found is None:
            raise CertificateInvalid(private=f"no verified certificate has key id {key_id[:64]}")
        identity, issuer = found
        check_period(identity, at)
        _check_purpose(identity, purpose)
        if issuer in self._revocations:
            _check_not_revoked(identity, issuer, at, (self._revocations[issuer],))
        self._verified.move_to_end(key_id)
        return identity

    def revoke(self, crl_der: bytes) -> Revocations:
        """Take a newer list of revoked certificates into use; an older one than held changes nothing.

        Raises:
            CertificateInvalid: as `read_revocations`.
        """
        read = read_revocations(crl_der, anchors=self._anchors)
        held = self._revocations.get(read.issuer)
        if held is None or held.issued_at < read.issued_at:
            self._revocations[read.issuer] = held = read
        return held

    def _verify(self, cert_der: bytes, at: datetime) -> tuple[BodyIdentity, str]:
        """The identity, and which authority vouches for it."""
        failed: CertificateInvalid | None = None
        for anchor in self._anchors:
            try:
                return verify_chain(cert_der, anchors=(anchor,), at=at, purpose=None), key_id_of(anchor)
            except CertificateInvalid as error:
                failed = error
        raise failed or CertificateInvalid(private="no authority is trusted")


# --- the profile ---


def _read_identity(certificate: x509.Certificate, cert_der: bytes) -> BodyIdentity:
    """Hold a certificate against the profile and read it; the signature is not checked here."""
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise ValueError("the key is not P-256 (RFC 5480 §2.1.1.1)")
    check_curve(public_key)
    extensions = certificate.extensions
    if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise ValueError("an authority is no body (RFC 5280 §4.2.1.9)")
    if extensions.get_extension_for_class(x509.KeyUsage).value != key_usage(authority=False):
        raise ValueError("key usage is not digitalSignature alone (RFC 5280 §4.2.1.3)")
    usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    if len(usages) != 1 or usages[0].dotted_string not in _PURPOSE_BY_OID:
        raise ValueError("extended key usage is not one purpose of this network (RFC 5280 §4.2.1.12)")
    body_id = _only(certificate.subject, NameOID.SERIAL_NUMBER)
    name = _only(certificate.subject, NameOID.ORGANIZATION_NAME)
    if certificate.subject != subject_name(body_id, name):
        raise ValueError("the subject is not the profile's (RFC 5280 §4.1.2.6)")
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if list(names) != [body_urn(body_id)]:
        raise ValueError("subjectAltName is not the subject's URN (RFC 5280 §4.2.1.6)")
    return BodyIdentity(
        body_id=body_id,
        name=name,
        purpose=_PURPOSE_BY_OID[usages[0].dotted_string],
        key_id=key_id_of(cert_der),
        public_key=public_key,
        sealing_key=_sealing_key(extensions),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def check_curve(key: ec.EllipticCurvePublicKey) -> None:
    """Check that a key is P-256.

    Raises:
        ValueError: another curve.
    """
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the key is not P-256 (RFC 5480 §2.1.1.1)")


def _check_purpose(identity: BodyIdentity, purpose: Purpose | None) -> None:
    if purpose is not None and identity.purpose is not purpose:
        raise CertificateInvalid(private=f"{identity.key_id} is for {identity.purpose.name}, not {purpose.name}")


def _check_not_revoked(identity: BodyIdentity, issuer: str, at: datetime, lists: Iterable[Revocations]) -> None:
    for revocations in lists:
        if revocations.issuer != issuer:
            continue
        if at > revocations.next_update:  # RFC 5280 §6.3.3 (a): a list past its next update decides nothing
            raise CertificateInvalid(private=f"the revocation list is older than {revocations.next_update}")
        revoked_at = revocations.revoked_at.get(identity.serial)
        if revoked_at is not None and revoked_at <= at:
            raise CertificateInvalid(private=f"{identity.key_id} was revoked at {revoked_at}")


def subject_name(body_id: str, name: str) -> x509.Name:
    """A body's subject in the profile's order.

    Raises:
        ValueError: malformed body id.
    """
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, check_body_id(body_id)),
            x509.NameAttribute(NameOID.COMMON_NAME, body_id),
        ]
    )


def body_urn(body_id: str) -> x509.UniformResourceIdentifier:
    """The body's one alternative name."""
    return x509.UniformResourceIdentifier(BODY_URN + body_id)


def _only(name: x509.Name, oid: ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    if len(values) != 1 or not isinstance(values[0].value, str):
        raise ValueError("the subject is not the profile's (RFC 5280 §4.1.2.6)")
    return values[0].value


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """Signing certificates and lists for the authority, messages for a body; nothing else."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _sealing_key(extensions: x509.Extensions) -> bytes | None:
    try:
        value = extensions.get_extension_for_oid(SEALING_KEY_OID).value
    except x509.ExtensionNotFound:
        return None
    if not isinstance(value, x509.UnrecognizedExtension):
        raise ValueError("the sealing key is malformed")
    header = 4 if len(value.value) > 0x102 else 3 if len(value.value) > 0x81 else 2
    key = value.value[header:]
    if octet_string(key) != value.value:
        raise ValueError("the sealing key is not a DER OCTET STRING")
    return key


def octet_string(content: bytes) -> bytes:
    """DER OCTET STRING (X.690 §8.7, §10.1), up to 65,535 bytes."""
    size = len(content)
    if size < 0x80:
        return bytes((0x04, size)) + content
    if size < 0x100:
        return bytes((0x04, 0x81, size)) + content
    return b"\x04\x82" + size.to_bytes(2, "big") + content
