"""The stamping authority of a demonstration: its key and certificates, made once and kept with the country's keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from renkei.crypto.codes import KeyUse
from renkei.crypto.signing_keys import SigningKey, SoftwareKeys, as_private_key
from renkei.crypto.timestamps import StampingAuthority

ROOT_NAME, NAME = "Renkei demonstration time root (synthetic)", "Renkei demonstration time stamps (synthetic)"
VALIDITY = timedelta(days=10 * 365)


def open_stamping(folder: Path, *, now: datetime) -> tuple[StampingAuthority, bytes]:
    """Who stamps, and the certificate (DER) of the root that vouches for it.

    Args:
        folder: for keys and certificates; made where missing.
        now: when certificates made now begin to be valid.
    """
    keys = SoftwareKeys(folder, use=KeyUse.DEMONSTRATION)
    root_key, key = keys.obtain("time-root", "ES256"), keys.obtain("time-stamps", "ES256")
    root_file, file = folder / "time-root.cer", folder / "time-stamps.cer"
    if not file.exists():
        root_file.write_bytes(_certificate(ROOT_NAME, root_key, ROOT_NAME, root_key, authority=True, now=now))
        file.write_bytes(_certificate(NAME, key, ROOT_NAME, root_key, authority=False, now=now))
    return StampingAuthority(file.read_bytes(), key), root_file.read_bytes()


def _certificate(name: str, key: SigningKey, issuer: str, by: SigningKey, *, authority: bool, now: datetime) -> bytes:
    usage = x509.KeyUsage(
        digital_signature=not authority, content_commitment=not authority, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=authority, crl_sign=authority,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key), critical=False)
    )
    if not authority:
        # RFC 3161 §2.3: the key stamps and does nothing else.
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(as_private_key(by), hashes.SHA256()).public_bytes(Encoding.DER)
