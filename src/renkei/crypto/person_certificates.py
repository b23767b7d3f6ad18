"""Certificates of persons (公的個人認証): their profile, and reading one that is verified.

Two kinds, each under authorities of its own: the *authentication* certificate (利用者証明用) names nobody, its subject
is an opaque id; the *signature* certificate (署名用) holds 基本4情報 and so is disclosed only where the holder agrees.

    subject          C=JP, [L,] CN
    keyUsage         critical: digitalSignature; for signatures also nonRepudiation
    policies         one, `POLICY_OIDS`
    subjectAltName   signature only: six otherNames (UTF8String) below 1.2.392.200149.8.5.5: .1 name, .2 its 代替文字
                     flags, .3 sex, .4 birth `EYYYYMMDD`, .5 address, .6 its flags
    validity, CRL distribution point, OCSP responder

Every generation of an authority bears the same name, so the issuer is chosen by whose key made the signature, and only
among the anchors that the caller brings: never by name, and never from what was read off a card.

The names are synthetic (`O=JPKI-TEST`). The signature policy is the one of the network's test cards; that of the
authentication certificate, `…1.0.30`, is ours by analogy (production: `…1.1.20` and `…1.3.30`).

Source: RFC 5280 (clauses at each check); the profile as public dumps of test cards show it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

from renkei.base.encoding import MaskedStruct
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_errors import (
    AuthorityUnknown,
    CertificateExpired,
    CertificateMalformed,
    CertificateNotYetValid,
    GenerationUnknown,
    WrongProfile,
)
from renkei.crypto.person_items import CertificateItems as CertificateItems
from renkei.crypto.person_items import decode_items
from renkei.crypto.signing_keys import Algorithm, PublicKey, algorithm_of, hash_of

CERTIFICATE_BYTES_MAX: Final = 8_192
_PKCS1: Final = padding.PKCS1v15()


class Use(Enum):
    """What a person certificate is for."""

    AUTHENTICATION = "authentication"  # 利用者証明用電子証明書 (公的個人認証法22条)
    SIGNATURE = "signature"  # 署名用電子証明書 (3条)


POLICY_OIDS: Final = {
    Use.AUTHENTICATION: ObjectIdentifier("1.2.392.200149.8.5.1.0.30"),
    Use.SIGNATURE: ObjectIdentifier("1.2.392.200149.8.5.1.0.20"),
}
ORGANIZATION: Final = "JPKI-TEST"
UNIT: Final = {
    Use.AUTHENTICATION: "JPKI-TEST for user authentication",
    Use.SIGNATURE: "JPKI-TEST for digital signature",
}
OPERATOR_UNIT: Final = "Renkei synthetic authority, no real person"


# An extension that nobody here knows may change what a certificate means (RFC 5280 §4.2).
_KNOWN_EXTENSIONS: Final = frozenset(
    (
        ExtensionOID.KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    )
)


class PersonCertificate(MaskedStruct, frozen=True, kw_only=True):
    """What a verified certificate says. `verify_signature` and `revocation` take it."""

    der: bytes
    serial: int
    issuer_id: str
    """SHA-256 of the issuing authority's SubjectPublicKeyInfo, hexadecimal: names the generation."""
    use: Use
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    """UTC, inclusive (RFC 5280 §4.1.2.5)."""
    common_name: str
    items: CertificateItems | None
    """Of signature certificates only."""

    @property
    def algorithm(self) -> Algorithm:
        """What its key signs with."""
        return algorithm_of(self.public_key)


class KeyHashes(NamedTuple):
    """SHA hashes of an authority's name and key, as OCSP names an issuer (RFC 6960 §4.1.1)."""

    name: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """One generation of an authority, read from its own certificate."""

    der: bytes = field(repr=False)
    issuer_id: str
    use: Use
    certificate: x509.Certificate = field(repr=False)
    subject: x509.Name = field(repr=False)
    name: bytes = field(repr=False)
    """The subject's DER."""
    public_key: PublicKey = field(repr=False)
    key_identifier: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    names: Mapping[str, KeyHashes] = field(repr=False, compare=False)
    """By name of the hash: how OCSP names this authority."""

    def named(self, algorithm: hashes.HashAlgorithm) -> KeyHashes:
        """How OCSP names this authority under a hash.

        Raises:
            ValueError: a hash that nobody uses for it.
        """
        found = self.names.get(algorithm.name)
        if found is None:
            raise ValueError("an authority is named by SHA-1 or SHA-256 (RFC 6960 §4.3, RFC 5019)")
        return found

    def check_signature(self, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm | None) -> None:
        """Check a signature by this authority's key.

        Raises:
            SignatureInvalid: it is not by this key, or of another algorithm than the key's.
        """
        if algorithm is None or algorithm.name != hash_of(algorithm_of(self.public_key)).name:
            raise SignatureInvalid(private="not the hash of the authority's algorithm")
        check(self.public_key, signature, data, algorithm)


class PersonAuthorities:
    """The generations of both kinds of authority that are trusted.

    Args:
        anchors: their certificates, DER. They come from where the operator keeps them, never from a card.

    Raises:
        CertificateMalformed, WrongProfile: one of them is no such authority.
    """

    def __init__(self, anchors: Sequence[bytes]) -> None:
        self._authorities = tuple(read_authority(der) for der in anchors)
        self._by_id = {one.issuer_id: one for one in self._authorities}

    def __len__(self) -> int:
        return len(self._authorities)

    def by_id(self, issuer_id: str) -> Authority:
        """One generation.

        Raises:
            AuthorityUnknown: not among the anchors.
        """
        found = self._by_id.get(issuer_id)
        if found is None:
            raise AuthorityUnknown(private="not among the anchors")
        return found

    def issuer_of(self, certificate: x509.Certificate, der: bytes, hint: bytes) -> Authority:
        """Whose key signed a certificate.

        Args:
            der: the bytes from which `certificate` was read.
            hint: the authority key identifier: says with whom to begin, decides nothing.

        Raises:
            AuthorityUnknown: nobody of that name is trusted.
            GenerationUnknown: somebody of that name is, but none of them signed it.
        """
        signed, issuer = _signed_part(der)
        named = [one for one in self._authorities if one.name == issuer]
        if not named:
            raise AuthorityUnknown(private="no anchor bears the issuer's name")
        named.sort(key=lambda one: one.key_identifier != hint)
        parts = certificate.signature, signed, certificate.signature_hash_algorithm
        for one in named:
            try:
                one.check_signature(*parts)
            except SignatureInvalid:
                continue
            return one
        raise GenerationUnknown(private="no anchor of the issuer's name made the signature")


def issuer_id_of(public_key: PublicKey) -> str:
    """The name of a generation: SHA-256 of its SubjectPublicKeyInfo, hexadecimal."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def authority_name(use: Use) -> x509.Name:
    """The one name of every generation of the authority for a use."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, UNIT[use]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, OPERATOR_UNIT),
        ]
    )


def read_authority(der: bytes) -> Authority:
    """Read an authority's own certificate: self-signed, for one of the two uses.

    Raises:
        CertificateMalformed: not a certificate.
        WrongProfile: not the certificate of such an authority.
    """
    certificate = _parse(der)
    try:
        public_key = certificate.public_key()
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        identifier = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        use = next(use for use in Use if certificate.subject == authority_name(use))
        if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise ValueError("neither RSA nor an elliptic curve")
        _check_key(public_key)
        if not constraints.ca or not usage.key_cert_sign or not usage.crl_sign:  # RFC 5280 §6.1.4 (k), (n)
            raise ValueError("no authority")
        certificate.verify_directly_issued_by(certificate)
    except StopIteration:
        raise WrongProfile(use="CA", private="not the name of an authority") from None
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, *_EXTENSION_FAULTS) as error:
        raise WrongProfile(use="CA", private=str(error)) from error
    return Authority(
        der=der,
        issuer_id=issuer_id_of(public_key),
        use=use,
        certificate=certificate,
        subject=certificate.subject,
        name=certificate.subject.public_bytes(),
        public_key=public_key,
        key_identifier=identifier,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        names=_key_hashes(certificate, public_key),
    )


def read_person_certificate(der: bytes, *, authorities: PersonAuthorities, at: datetime) -> PersonCertificate:
    """Verify a person's certificate and read it, about 0.1 ms. Whether it was revoked is another question.

    Args:
        at: UTC; the periods of the certificate and of its authority are judged at this time.

    Raises:
        CertificateMalformed: not a certificate.
        AuthorityUnknown, GenerationUnknown: nobody whom we trust issued it.
        WrongProfile: issued, but not a person's certificate.
        CertificateNotYetValid, CertificateExpired: `at` lies outside its period, or outside its authority's.

    Source: RFC 5280 §6.1.3 with a path of one certificate.
    """
    certificate = _parse(der)
    try:
        extensions = certificate.extensions
        authority = authorities.issuer_of(certificate, der, _authority_key_identifier(extensions))  # (a)(1), (a)(4)
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm, *_EXTENSION_FAULTS) as error:
        raise CertificateMalformed(private=type(error).__name__) from error
    read = _read_profile(certificate, der, extensions, authority)
    if at < read.not_before or at < authority.not_before:  # (a)(2)
        raise CertificateNotYetValid(private=f"valid from {read.not_before}")
    if at > read.not_after or at > authority.not_after:
        raise CertificateExpired(private=f"valid to {read.not_after}")
    return read


def verify_signature(
    certificate: PersonCertificate,
    *,
    algorithm: str,
    signature: bytes,
    data: bytes | None = None,
    digest: bytes | None = None,
) -> None:
    """Check a signature by the holder's key.

    Args:
        algorithm: as the other side names it; must be the one of the certificate's key (no confusion of algorithms).
        signature: PKCS #1 v1.5, or for an elliptic curve the DER of `Ecdsa-Sig-Value`.
        data: what was signed; or
        digest: its hash by the algorithm. Exactly one of the two.

    Raises:
        SignatureInvalid: the signature does not hold, or is of another algorithm.
    """
    own = certificate.algorithm
    if algorithm != own:
        raise SignatureInvalid(private="not the algorithm of the certificate's key")
    if (data is None) == (digest is None):
        raise TypeError("either data or digest")
    kind = hash_of(own)
    if data is not None:
        check(certificate.public_key, signature, data, kind)
    elif digest is not None:
        if len(digest) != kind.digest_size:
            raise SignatureInvalid(private="a digest of another length")
        check(certificate.public_key, signature, digest, Prehashed(kind))


def check(key: PublicKey, signature: bytes, data: bytes, kind: hashes.HashAlgorithm | Prehashed) -> None:
    """Check a bare signature.

    Raises:
        SignatureInvalid: it does not hold.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _PKCS1, kind)
        else:
            key.verify(signature, data, ec.ECDSA(kind))
    except InvalidSignature as error:
        raise SignatureInvalid() from error


# --- the profile ---

_EXTENSION_FAULTS: Final = (
    x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion,
)  # fmt: skip
_USAGE: Final = {
    use: x509.KeyUsage(
        digital_signature=True, content_commitment=use is Use.SIGNATURE, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False,
        decipher_only=False,
    )
    for use in Use
}  # fmt: skip


def person_key_usage(use: Use) -> x509.KeyUsage:
    """The key usage of a person certificate (RFC 5280 §4.2.1.3)."""
    return _USAGE[use]


def _parse(der: bytes) -> x509.Certificate:
    if len(der) > CERTIFICATE_BYTES_MAX:
        raise CertificateMalformed(private="larger than any certificate here")
    try:
        certificate = x509.load_der_x509_certificate(der)
        positive = certificate.serial_number > 0  # RFC 5280 §4.1.2.2
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise CertificateMalformed(private=type(error).__name__) from error
    if not positive:
        raise CertificateMalformed(private="serial number")
    return certificate


def _authority_key_identifier(extensions: x509.Extensions) -> bytes:
    try:
        return extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""
    except x509.ExtensionNotFound:
        return b""


def _signed_part(der: bytes) -> tuple[bytes, bytes]:
    """The bytes that were signed (tbsCertificate) and the issuer's name in them, both DER.

    Cut out of what has been parsed as DER already: encoding them anew takes longer than the signature's verification.
    """
    begin, _ = _element(der, 0)
    at, end = _element(der, begin)
    signed = der[begin:end]
    for _ in range(3):  # version, serialNumber, signature (RFC 5280 §4.1)
        _, at = _element(der, at)
    return signed, der[at : _element(der, at)[1]]


def _element(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends."""
    length, begin = der[at + 1], at + 2
    if length >= 0x80:
        begin += length & 0x7F
        length = int.from_bytes(der[at + 2 : begin], "big")
    return begin, begin + length


def _read_profile(
    certificate: x509.Certificate, der: bytes, extensions: x509.Extensions, authority: Authority
) -> PersonCertificate:
    """Hold a certificate whose signature is verified against the profile of its authority's use."""
    use = authority.use
    try:
        public_key = certificate.public_key()
        if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise ValueError("neither RSA nor an elliptic curve")
        _check_key(public_key)
        _check_extensions(extensions, use)
        items = None
        if use is Use.SIGNATURE:
            items = decode_items(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if len(names) != 1 or not isinstance(names[0].value, str):
            raise ValueError("not one common name")
        return PersonCertificate(
            der=der,
            serial=certificate.serial_number,
            issuer_id=authority.issuer_id,
            use=use,
            public_key=public_key,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            common_name=names[0].value,
            items=items,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, *_EXTENSION_FAULTS) as error:
        raise WrongProfile(use=use.value, private=type(error).__name__) from error


def _check_key(key: PublicKey) -> None:
    """RSA-2048, or P-384 on the next generation of cards; raises ValueError."""
    if algorithm_of(key) == "ES256":
        raise ValueError("no generation of cards has P-256 keys")


def _check_extensions(extensions: x509.Extensions, use: Use) -> None:
    """RFC 5280 §4.2 with the profile; raises ValueError."""
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    if not usage.critical or usage.value != _USAGE[use]:
        raise ValueError("key usage is not the profile's (§4.2.1.3)")
    [policy, *others] = extensions.get_extension_for_class(x509.CertificatePolicies).value
    if others or policy.policy_identifier != POLICY_OIDS[use]:
        raise ValueError("not the policy of this use (§4.2.1.4)")
    for extension in extensions:
        if extension.critical and extension.oid not in _KNOWN_EXTENSIONS:
            raise ValueError("an unknown critical extension (§4.2)")
        if isinstance(extension.value, x509.BasicConstraints) and extension.value.ca:
            raise ValueError("an authority is no person (§4.2.1.9)")


def _key_hashes(certificate: x509.Certificate, key: PublicKey) -> dict[str, KeyHashes]:
    """RFC 6960 §4.1.1: of the name's DER, and of the key's bit string without tag, length and unused bits."""
    name = certificate.subject.public_bytes()
    if isinstance(key, rsa.RSAPublicKey):
        bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    else:
        bits = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "sha1": KeyHashes(hashlib.sha1(name).digest(), hashlib.sha1(bits).digest()),  # names, no proof
        "sha256": KeyHashes(hashlib.sha256(name).digest(), hashlib.sha256(bits).digest()),
    }
