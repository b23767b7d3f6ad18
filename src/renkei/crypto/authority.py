"""The network's certificate authority: issues the certificates of the bodies and lists the revoked ones.

The profile is in `certificates`; whoever only verifies needs that module and the authority's certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from renkei.crypto.certificates import (
    SEALING_KEY_OID,
    Purpose,
    body_urn,
    check_curve,
    key_usage,
    octet_string,
    subject_name,
)


@dataclass(frozen=True, slots=True)
class NetworkAuthority:
    """The network's certificate authority with its private key. Issues; verification needs only `cert_der`.

    Its signatures are deterministic (RFC 6979), so that the same content gives the same certificate.
    """

    cert_der: bytes = field(repr=False)
    _key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @classmethod
    def create(
        cls,
        *,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        not_before: datetime,
        not_after: datetime,
        serial: int | None = None,
    ) -> NetworkAuthority:
        """A new authority with a self-signed certificate (RFC 5280 §4.2.1.9, §4.2.1.3 for a CA).

        Args:
            key: P-256.
            serial: chosen at random where None.

        Raises:
            ValueError: a key that is not P-256.
        """
        check_curve(key.public_key())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        certificate = (
            x509.CertificateBuilder(issuer_name=subject, subject_name=subject)
            .public_key(key.public_key())
            .serial_number(serial if serial is not None else x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(authority=True), critical=True)
            .add_extension(identifier, critical=False)
            .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
        )
        return cls(certificate.public_bytes(Encoding.DER), key)

    def issue(
        self,
        *,
        body_id: str,
        name: str,
        purpose: Purpose,
        public_key: ec.EllipticCurvePublicKey,
        not_before: datetime,
        not_after: datetime,
        sealing_key: bytes | None = None,
        serial: int | None = None,
    ) -> bytes:
        """Issue a body's certificate.

        Args:
            name: name of the body, any script.
            public_key: P-256.
            sealing_key: `SealingPublicKey.encoded`.
            serial: chosen at random where None.

        Returns:
            The certificate's DER.

        Raises:
            ValueError: malformed body id, or a key that is not P-256.
        """
        check_curve(public_key)
        builder = (
            x509.CertificateBuilder(issuer_name=self._certificate.subject, subject_name=subject_name(body_id, name))
            .public_key(public_key)
            .serial_number(serial if serial is not None else x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose.oid]), critical=True)
            .add_extension(x509.SubjectAlternativeName([body_urn(body_id)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if sealing_key is not None:
            extension = x509.UnrecognizedExtension(SEALING_KEY_OID, octet_string(sealing_key))
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)

    def revocation_list(
        self, revoked_at: Mapping[int, datetime], *, issued_at: datetime, next_update: datetime
    ) -> bytes:
        """A signed list of revoked serial numbers (CRL, RFC 5280 §5), DER."""
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self._certificate.subject, last_update=issued_at, next_update=next_update
        )
        for serial, when in sorted(revoked_at.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)

    @property
    def _certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.cert_der)
