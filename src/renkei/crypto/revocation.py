"""Whether a person's certificate still stands: OCSP (RFC 6960) and CRL (RFC 5280 §5), read into evidence.

    request = ocsp_request(certificate, authorities=authorities)
    evidence = read_ocsp(answer, certificate=certificate, authorities=authorities, at=now, request=request)
    check_good(evidence, now)

The responder must be the very generation that issued the certificate, or one whom that generation delegated: another
generation has the same name and proves nothing. Nothing here says "valid" without such a statement.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from renkei.base.encoding import MaskedStruct
from renkei.base.time import from_ms, to_ms
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_certificates import Authority, PersonAuthorities, PersonCertificate, check
from renkei.crypto.person_errors import (
    CertificateSuspended,
    StatusInvalid,
    StatusRefused,
    StatusStale,
    StatusUnknown,
    revoked,
)
from renkei.crypto.person_errors import Reason as Reason
from renkei.crypto.signing_keys import algorithm_of, hash_of

RESPONSE_BYTES_MAX: Final = 16_384
CRL_BYTES_MAX: Final = 32 * 1024 * 1024
NONCE_BYTES: Final = 32  # RFC 9654 §2.1
SKEW: Final = timedelta(minutes=5)
"""How far the responder's clock may be ahead of ours."""


class StatusKind(Enum):
    """How a certificate stands."""

    GOOD = "good"
    REVOKED = "revoked"
    SUSPENDED = "suspended"


class StatusEvidence(MaskedStruct, frozen=True, kw_only=True):
    """A verified statement about one certificate, with the bytes that prove it."""

    kind: StatusKind
    reason: Reason | None
    """None where it is good."""
    revoked_ms: int | None
    """Since when it is revoked or suspended."""
    this_update_ms: int
    """As of when this is known."""
    next_update_ms: int
    """Until when it may be relied upon."""
    source: Literal["ocsp", "crl"]
    der: bytes


FLAG_OF: Final = {
    # A verifier need not learn of a death, nor that the holder wished it.
    Reason.UNSPECIFIED: x509.ReasonFlags.unspecified,
    Reason.APPLIED: x509.ReasonFlags.unspecified,
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.CONTENT_CHANGED: x509.ReasonFlags.affiliation_changed,
    Reason.CESSATION: x509.ReasonFlags.cessation_of_operation,
    Reason.DEATH: x509.ReasonFlags.cessation_of_operation,
    Reason.RECORD_ERROR: x509.ReasonFlags.privilege_withdrawn,
    Reason.RENEWED: x509.ReasonFlags.superseded,
    Reason.AUTHORITY_COMPROMISE: x509.ReasonFlags.ca_compromise,
    Reason.SUSPENDED: x509.ReasonFlags.certificate_hold,
}
"""How a reason stands in OCSP and CRL (RFC 5280 §5.3.1)."""

_REASON_OF: Final = {
    x509.ReasonFlags.key_compromise: Reason.KEY_COMPROMISE,
    x509.ReasonFlags.affiliation_changed: Reason.CONTENT_CHANGED,
    x509.ReasonFlags.cessation_of_operation: Reason.CESSATION,
    x509.ReasonFlags.privilege_withdrawn: Reason.RECORD_ERROR,
    x509.ReasonFlags.superseded: Reason.RENEWED,
    x509.ReasonFlags.ca_compromise: Reason.AUTHORITY_COMPROMISE,
    x509.ReasonFlags.certificate_hold: Reason.SUSPENDED,
}
_FAULTS: Final = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.ExtensionNotFound, x509.InvalidVersion,
)  # fmt: skip


def check_good(evidence: StatusEvidence, at: datetime) -> None:
    """Check that the certificate stood at that moment.

    Args:
        at: UTC; for a sign-in now, for a document the proved time of its signing.

    Raises:
        CertificateRevoked, or the class of its reason: revoked at that time already.
        CertificateSuspended: on hold at that time already.
        StatusStale: good, but known from a statement whose time has run out by then.
    """
    since = evidence.revoked_ms
    if evidence.kind is not StatusKind.GOOD and (since is None or since <= to_ms(at)):
        if evidence.kind is StatusKind.SUSPENDED:
            raise CertificateSuspended()
        raise revoked(evidence.reason or Reason.UNSPECIFIED)
    if at > from_ms(evidence.next_update_ms):
        raise StatusStale(private=f"next update was due at {from_ms(evidence.next_update_ms)}")


# --- OCSP ---


def ocsp_request(
    certificate: PersonCertificate, *, authorities: PersonAuthorities, nonce: bool | bytes = True
) -> bytes:
    """Ask for the status of a certificate, DER.

    Args:
        nonce: True draws one, so that the answer is made for this question; without one an answer may be some minutes
            old, and cheaper for the responder.

    Raises:
        AuthorityUnknown: the issuer is not among the authorities.
    """
    named = authorities.by_id(certificate.issuer_id).named(hashes.SHA256())
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        named.name, named.key, certificate.serial, hashes.SHA256()
    )
    if nonce:
        drawn = nonce if isinstance(nonce, bytes) else secrets.token_bytes(NONCE_BYTES)
        builder = builder.add_extension(x509.OCSPNonce(drawn), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def read_ocsp(
    der: bytes, *, certificate: PersonCertificate, authorities: PersonAuthorities, at: datetime | None,
    request: bytes | None = None,
) -> StatusEvidence:  # fmt: skip
    """Verify an answer about a certificate (RFC 6960 §3.2).

    Args:
        at: now, UTC: the answer must be current. None for kept evidence, whose time its reader judges.
        request: the question; where it has a nonce, the answer must repeat it.

    Raises:
        StatusInvalid: malformed, about another certificate, not signed by whom it must be, or for another question.
        StatusRefused: the responder could not answer.
        StatusUnknown: the authority does not know the certificate.
        StatusStale: not current at `at`.
    """
    response = _load_response(der)
    authority = authorities.by_id(certificate.issuer_id)
    try:
        single = _single_of(response, certificate, authority)  # §3.2 1
        _check_responder(response, authority, single.this_update_utc)  # §3.2 2 to 4
        _check_nonce(response, request)
        this_update, next_update = single.this_update_utc, single.next_update_utc
        if next_update is None:
            raise StatusInvalid(step="next update")
        if at is not None and not this_update - SKEW <= at <= next_update:  # §3.2 5, 6
            raise StatusStale(private=f"current from {this_update} to {next_update}")
        if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            raise StatusUnknown()
        good = single.certificate_status is ocsp.OCSPCertStatus.GOOD
        return _evidence(
            None if good else single.revocation_time_utc,
            single.revocation_reason,
            this_update,
            next_update,
            "ocsp",
            der,
        )
    except _FAULTS as error:
        raise StatusInvalid(step="form", private=type(error).__name__) from error


def _load_response(der: bytes) -> ocsp.OCSPResponse:
    if len(der) > RESPONSE_BYTES_MAX:
        raise StatusInvalid(step="size")
    try:
        response = ocsp.load_der_ocsp_response(der)
        status = response.response_status
    except _FAULTS as error:
        raise StatusInvalid(step="form", private=type(error).__name__) from error
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise StatusRefused(status=status.name.lower())
    return response


def _single_of(
    response: ocsp.OCSPResponse, certificate: PersonCertificate, authority: Authority
) -> ocsp.OCSPSingleResponse:
    """The part of the answer that is about this certificate of this generation."""
    for single in response.responses:
        if single.serial_number != certificate.serial:
            continue
        named = authority.named(single.hash_algorithm)
        if (single.issuer_name_hash, single.issuer_key_hash) == (named.name, named.key):
            return single
    raise StatusInvalid(step="certificate")


def _check_responder(response: ocsp.OCSPResponse, authority: Authority, moment: datetime) -> None:
    """The authority itself, or whom it had delegated at the moment of which the answer speaks (RFC 6960 §4.2.2.2)."""
    key = authority.public_key
    if response.certificates:
        [responder, *others] = response.certificates
        if others:
            raise StatusInvalid(step="responder")
        key = _delegate_key(responder, authority, moment)
        if response.responder_name is not None and response.responder_name != responder.subject:
            raise StatusInvalid(step="responder")
    kind = response.signature_hash_algorithm
    if kind is None or kind.name != hash_of(algorithm_of(key)).name:
        raise StatusInvalid(step="algorithm")
    try:
        check(key, response.signature, response.tbs_response_bytes, kind)
    except SignatureInvalid as error:
        raise StatusInvalid(step="signature") from error


def _delegate_key(
    responder: x509.Certificate, authority: Authority, moment: datetime
) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    try:
        authority.check_signature(
            responder.signature, responder.tbs_certificate_bytes, responder.signature_hash_algorithm
        )
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (SignatureInvalid, InvalidSignature, x509.ExtensionNotFound) as error:
        raise StatusInvalid(step="responder") from error
    if list(usage) != [ExtendedKeyUsageOID.OCSP_SIGNING] or responder.issuer != authority.subject:
        raise StatusInvalid(step="responder")
    if not responder.not_valid_before_utc <= moment <= responder.not_valid_after_utc:
        raise StatusInvalid(step="responder period")
    key = responder.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise StatusInvalid(step="responder")
    return key


def _check_nonce(response: ocsp.OCSPResponse, request: bytes | None) -> None:
    if request is None:
        return
    asked, given = _nonce(ocsp.load_der_ocsp_request(request).extensions), _nonce(response.extensions)
    if asked and not hmac.compare_digest(asked, given):
        raise StatusInvalid(step="nonce")


def _nonce(extensions: x509.Extensions) -> bytes:
    try:
        return extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return b""


# --- CRL ---


def read_crl(
    der: bytes, *, certificate: PersonCertificate, authorities: PersonAuthorities, at: datetime | None
) -> StatusEvidence:
    """Verify a list of revoked certificates and find a certificate in it (RFC 5280 §6.3.3).

    Args:
        at: now, UTC: the list must be current. None for kept evidence.

    Raises:
        StatusInvalid: malformed, or not by the generation that issued the certificate.
        StatusStale: not current at `at`.
    """
    if len(der) > CRL_BYTES_MAX:
        raise StatusInvalid(step="size")
    authority = authorities.by_id(certificate.issuer_id)
    try:
        crl = x509.load_der_x509_crl(der)
        if crl.issuer != authority.subject:
            raise StatusInvalid(step="issuer")
        authority.check_signature(crl.signature, crl.tbs_certlist_bytes, crl.signature_hash_algorithm)  # (f), (g)
        _check_critical(crl.extensions)
        next_update = crl.next_update_utc
        if next_update is None:
            raise StatusInvalid(step="next update")
        if at is not None and not crl.last_update_utc - SKEW <= at <= next_update:  # (a)
            raise StatusStale(private=f"current from {crl.last_update_utc} to {next_update}")
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial)
        since = entry.revocation_date_utc if entry is not None else None
        flag = _flag(entry.extensions) if entry is not None else None
        return _evidence(since, flag, crl.last_update_utc, next_update, "crl", der)
    except SignatureInvalid as error:
        raise StatusInvalid(step="signature") from error
    except _FAULTS as error:
        raise StatusInvalid(step="form", private=type(error).__name__) from error


def _check_critical(extensions: x509.Extensions) -> None:
    """A list for some certificates only, or a delta, would say nothing of the others (§5.2.4, §5.2.5)."""
    if any(one.critical for one in extensions):
        raise StatusInvalid(step="scope")


def _flag(extensions: x509.Extensions) -> x509.ReasonFlags | None:
    try:
        return extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def _evidence(
    since: datetime | None, flag: x509.ReasonFlags | None, this_update: datetime, next_update: datetime,
    source: Literal["ocsp", "crl"], der: bytes,
) -> StatusEvidence:  # fmt: skip
    reason = None if since is None else Reason.UNSPECIFIED if flag is None else _REASON_OF.get(flag, Reason.UNSPECIFIED)
    kind = StatusKind.GOOD if since is None else StatusKind.REVOKED
    return StatusEvidence(
        kind=StatusKind.SUSPENDED if reason is Reason.SUSPENDED else kind,
        reason=reason,
        revoked_ms=None if since is None else to_ms(since),
        this_update_ms=to_ms(this_update),
        next_update_ms=to_ms(next_update),
        source=source,
        der=der,
    )
