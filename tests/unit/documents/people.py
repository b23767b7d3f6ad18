"""A small authority, a person with a signature certificate, a stamping authority: declared, made once a run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from renkei.crypto.person_certificates import (
    POLICY_OIDS,
    PersonAuthorities,
    Use,
    authority_name,
    person_key_usage,
)  # fmt: skip
from renkei.crypto.person_items import CertificateItems, encode_items
from renkei.crypto.signing_keys import SigningKey, SoftwareKey
from renkei.crypto.timestamps import StampingAuthority, make_request, make_response, read_request, token_of

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ITEMS = CertificateItems.of(
    name="模範健太", sex="male", birth=date(1993, 3, 14), address="東京都世田谷区見本一丁目１番１号"
)


class Generation(NamedTuple):
    """One generation of the authority for signatures."""

    der: bytes
    key: SoftwareKey


class Signer(NamedTuple):
    """A person who signs."""

    certificate: x509.Certificate
    key: SigningKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@cache
def _generation(number: int) -> Generation:
    key = SoftwareKey.generate("ES384")
    name = authority_name(Use.SIGNATURE)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key)
        .serial_number(number)
        .not_valid_before(NOW - timedelta(days=1000))
        .not_valid_after(NOW + timedelta(days=2650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key), critical=False)
        .sign(key.private_key, hashes.SHA384())
    )
    return Generation(certificate.public_bytes(Encoding.DER), key)


def generation(number: int = 1) -> Generation:
    """A generation; all bear one name."""
    return _generation(number)


@cache
def _signer(algorithm: str, *, number: int = 1, since: datetime = NOW - timedelta(days=400)) -> Signer:
    by, key = generation(number), SoftwareKey.generate(algorithm)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(
            x509.Name(
                [
                    x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                    x509.NameAttribute(NameOID.LOCALITY_NAME, "Setagaya-ku"),
                    x509.NameAttribute(NameOID.COMMON_NAME, "20260000001311213000012"),
                ]
            )
        )
        .issuer_name(authority_name(Use.SIGNATURE))
        .public_key(key.public_key)
        .serial_number(4711)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=5 * 365))
        .add_extension(person_key_usage(Use.SIGNATURE), critical=True)
        .add_extension(_policy(), critical=True)
        .add_extension(encode_items(ITEMS), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key), critical=False)
        .add_extension(_responder(), critical=False)
        .sign(by.key.private_key, hashes.SHA384())
    )
    return Signer(certificate, key)


def signer(algorithm: str = "RS256") -> Signer:
    """A person with a card of that kind."""
    return _signer(algorithm)


def _policy() -> x509.CertificatePolicies:
    oid = POLICY_OIDS[Use.SIGNATURE]
    oid = oid if isinstance(oid, ObjectIdentifier) else ObjectIdentifier(oid)
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None)])


def _responder() -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier("http://ocsp.example/jpki")
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)])


@cache
def authorities(*numbers: int) -> PersonAuthorities:
    return PersonAuthorities([generation(number).der for number in numbers or (1,)])


def status(
    of: Signer, *, at: datetime = NOW, revoked: datetime | None = None, hold: bool = False, number: int = 1
) -> bytes:
    """What the authority's responder says."""
    by = generation(number)
    reason = x509.ReasonFlags.certificate_hold if hold else x509.ReasonFlags.affiliation_changed
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=of.certificate, issuer=x509.load_der_x509_certificate(by.der), algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=at, next_update=at + timedelta(minutes=10), revocation_time=revoked,
            revocation_reason=reason if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, x509.load_der_x509_certificate(by.der))
        .sign(by.key.private_key, hashes.SHA384())
    )  # fmt: skip
    return response.public_bytes(Encoding.DER)


@cache
def stamping() -> tuple[StampingAuthority, bytes]:
    """A stamping authority, and the certificate that vouches for it."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _plain("Stamp root (synthetic)", root_key, "Stamp root (synthetic)", root_key, ca=True)
    leaf = _plain("Stamps (synthetic)", key, "Stamp root (synthetic)", root_key, ca=False)
    return StampingAuthority(leaf, SoftwareKey(key)), root


def _plain(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey, *, ca: bool
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=900))
        .not_valid_after(NOW + timedelta(days=2_000))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.KeyUsage(not ca, not ca, False, False, False, ca, ca, False, False), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(by, hashes.SHA256()).public_bytes(Encoding.DER)


def answer(request_der: bytes, *, at: datetime = NOW) -> bytes:
    """The stamping authority answers a request."""
    return make_response(read_request(request_der), authority=stamping()[0], serial=7, now=at)


def token(digest: bytes, *, at: datetime = NOW) -> bytes:
    """A token over a digest."""

    return token_of(answer(make_request(digest), at=at))
