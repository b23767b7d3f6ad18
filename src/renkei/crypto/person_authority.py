"""One generation of an authority that issues person certificates: its certificate, its key, its statements.

Whoever only verifies needs `person_certificates`, `revocation` and the authority's certificate. What is issued to whom,
and how a certificate stands, is decided in the card's room; here is only how such a decision is written and signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from renkei.crypto import ocsp_answers
from renkei.crypto.ocsp_answers import Named, Responder
from renkei.crypto.person_certificates import (
    POLICY_OIDS,
    Authority,
    CertificateItems,
    Use,
    authority_name,
    person_key_usage,
    read_authority,
)
from renkei.crypto.person_items import encode_items
from renkei.crypto.revocation import FLAG_OF, Reason
from renkei.crypto.signing_keys import PublicKey, SigningKey, as_private_key, hash_of

REQUEST_BYTES_MAX: Final = 4_096
_NO_FLAG: Final = {Reason.UNSPECIFIED, Reason.APPLIED}


class OcspRequestMalformed(ValueError):
    """Not an OCSP request about one certificate."""


class Standing(NamedTuple):
    """How a certificate stands: `since` None is good."""

    since: datetime | None = None
    reason: Reason = Reason.UNSPECIFIED


GOOD: Final = Standing()


class Question(NamedTuple):
    """One OCSP request."""

    serial: int
    name_hash: bytes
    key_hash: bytes
    hash: hashes.HashAlgorithm
    nonce: bytes
    """Empty where none was sent."""


class Addresses(NamedTuple):
    """Where the statements of a generation are found."""

    crl: str
    ocsp: str


@dataclass(frozen=True, slots=True)
class PersonAuthority:
    """A generation with its keys.

    Attributes:
        authority: what its own certificate says.
    """

    authority: Authority
    _key: SigningKey = field(repr=False, compare=False)
    _responder: Responder | None = field(repr=False, compare=False, default=None)

    @classmethod
    def create(cls, use: Use, key: SigningKey, *, not_before: datetime, not_after: datetime) -> PersonAuthority:
        """A new generation with a self-signed certificate. Every generation of a use bears the same name.

        Raises:
            WrongProfile: a key that is neither RSA-2048 nor P-384.
        """
        name, public = authority_name(use), key.public_key
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder(issuer_name=name, subject_name=name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        return cls.open(_signed(builder, key), key)

    @classmethod
    def open(
        cls, der: bytes, key: SigningKey, *, responder: bytes | None = None, responder_key: SigningKey | None = None
    ) -> PersonAuthority:
        """A generation from its certificate and key; with a responder it also answers OCSP.

        Raises:
            ValueError: a key that is not the certificate's.
            CertificateMalformed, WrongProfile: the certificate is no such authority's.
        """
        authority = read_authority(der)
        if authority.public_key != key.public_key:
            raise ValueError("the key is not the authority's")
        if responder is None or responder_key is None:
            return cls(authority, key)
        public = x509.load_der_x509_certificate(responder).public_key()
        if public != responder_key.public_key:
            raise ValueError("the key is not the responder's")
        key_hash = x509.SubjectKeyIdentifier.from_public_key(public).digest  # SHA-1 of the key, RFC 5280 §4.2.1.2 (1)
        return cls(authority, key, Responder(key_hash, responder, responder_key))

    @property
    def issuer_id(self) -> str:
        """Names the generation."""
        return self.authority.issuer_id

    @property
    def certificate(self) -> bytes:
        """Its own certificate, DER."""
        return self.authority.der

    def issue(
        self, public_key: PublicKey, *, serial: int, common_name: str, not_before: datetime, not_after: datetime,
        addresses: Addresses, items: CertificateItems | None = None, locality: str = "",
    ) -> bytes:  # fmt: skip
        """Issue a person's certificate, DER.

        Args:
            serial: positive, 159 bits at most, never used before by this generation.
            items: with the signature authority, and only there.
            locality: L of the subject; signature certificates have one.

        Raises:
            ValueError: items with the wrong authority, or a text that cannot stand in a certificate.
        """
        use = self.authority.use
        if (items is None) == (use is Use.SIGNATURE):
            raise ValueError("a signature certificate has the four items, an authentication certificate none")
        names = [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")]
        if locality:
            names.append(x509.NameAttribute(NameOID.LOCALITY_NAME, locality))
        names.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
        policy = x509.PolicyInformation(POLICY_OIDS[use], None)
        builder = (
            x509.CertificateBuilder(issuer_name=self.authority.subject, subject_name=x509.Name(names))
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(person_key_usage(use), critical=True)
            .add_extension(x509.CertificatePolicies([policy]), critical=True)
        )
        if items is not None:
            builder = builder.add_extension(encode_items(items), critical=False)
        builder = (
            builder.add_extension(_crl_at(addresses.crl), critical=False)
            .add_extension(_ocsp_at(addresses.ocsp), critical=False)
            .add_extension(self._key_identifier(), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )
        return _signed(builder, self._key)

    def delegate(self, public_key: PublicKey, *, not_before: datetime, not_after: datetime) -> bytes:
        """A certificate for a key that answers OCSP for this generation, DER (RFC 6960 §4.2.2.2).

        It is marked as needing no check of its own (§4.2.2.2.1), so it should be short-lived.
        """
        name = x509.Name([*self.authority.subject, x509.NameAttribute(NameOID.COMMON_NAME, "OCSP responder")])
        builder = (
            x509.CertificateBuilder(issuer_name=self.authority.subject, subject_name=name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(person_key_usage(Use.AUTHENTICATION), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
            .add_extension(x509.OCSPNoCheck(), critical=False)
            .add_extension(self._key_identifier(), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )
        return _signed(builder, self._key)

    def answer(self, question: Question, standing: Standing | None, *, now: datetime, good_for: timedelta) -> bytes:
        """Answer an OCSP request about a certificate of this generation, DER.

        Args:
            standing: None where no such certificate was issued.
            good_for: how long the answer may be relied upon.

        Raises:
            ValueError: the generation was opened without a responder.
            KeyError: a hash by which no authority is named; the caller has found this one by it.
        """
        if self._responder is None:
            raise ValueError("this generation has no responder")
        status = ocsp_answers.GOOD
        if standing is None:
            status = ocsp_answers.UNKNOWN
        elif standing.since is not None:
            flag = None if standing.reason in _NO_FLAG else FLAG_OF[standing.reason]
            status = ocsp_answers.revoked_status(standing.since, flag)
        named = Named(question.hash.name, question.name_hash, question.key_hash, question.serial)
        return ocsp_answers.write_answer(
            named, status, this_update=now, next_update=now + good_for, nonce=question.nonce, responder=self._responder
        )

    def revocation_list(
        self, entries: Iterable[tuple[int, Standing]], *, number: int, now: datetime, next_update: datetime
    ) -> bytes:
        """A list of the certificates that no longer stand (CRL), DER.

        Args:
            number: grows with every list (RFC 5280 §5.2.3).
        """
        builder = (
            x509.CertificateRevocationListBuilder(
                issuer_name=self.authority.subject, last_update=now, next_update=next_update
            )
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(self._key_identifier(), critical=False)
        )
        for serial, standing in entries:
            if standing.since is None:
                continue
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(standing.since)
            if standing.reason not in _NO_FLAG:
                entry = entry.add_extension(x509.CRLReason(FLAG_OF[standing.reason]), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(as_private_key(self._key), hash_of(self._key.algorithm)).public_bytes(Encoding.DER)

    def _key_identifier(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier(self.authority.key_identifier, None, None)


def read_ocsp_request(der: bytes) -> Question:
    """Read an OCSP request about one certificate.

    Raises:
        OcspRequestMalformed: otherwise.
    """
    if len(der) > REQUEST_BYTES_MAX:
        raise OcspRequestMalformed("too large")
    try:
        request = ocsp.load_der_ocsp_request(der)
        nonce = b""
        for extension in request.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                nonce = extension.value.nonce
            elif extension.critical:
                raise OcspRequestMalformed("an unknown critical extension")
        if len(nonce) > 128:  # RFC 9654 §2.1: 1 to 128 bytes
            raise OcspRequestMalformed("a nonce that is too long")
        return Question(
            request.serial_number, request.issuer_name_hash, request.issuer_key_hash, request.hash_algorithm, nonce
        )
    except OcspRequestMalformed:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm, NotImplementedError, x509.DuplicateExtension) as error:
        raise OcspRequestMalformed(type(error).__name__) from error


def refuse_ocsp(status: ocsp.OCSPResponseStatus) -> bytes:
    """An answer that says why there is none (RFC 6960 §4.2.1)."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _signed(builder: x509.CertificateBuilder, key: SigningKey) -> bytes:
    return builder.sign(as_private_key(key), hash_of(key.algorithm)).public_bytes(Encoding.DER)


def _crl_at(url: str) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point])


def _ocsp_at(url: str) -> x509.AuthorityInformationAccess:
    where = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)])
