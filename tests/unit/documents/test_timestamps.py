"""Timestamps (RFC 3161): made here, read by two programs that we did not write, refused where they prove nothing."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.base.errors import RenkeiError
from renkei.crypto.document_errors import TimestampAlgorithmRefused, TimestampInvalid, TimestampRequestMalformed
from renkei.crypto.signing_keys import SoftwareKey
from renkei.crypto.timestamps import (
    StampingAuthority,
    make_request,
    make_response,
    read_request,
    refuse,
    token_of,
    verify_token,
)  # fmt: skip

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DOCUMENT = "確定申告書（見本）".encode()
DIGEST = hashlib.sha256(DOCUMENT).digest()


def certificate(
    key: ec.EllipticCurvePrivateKey, name: str, issuer: tuple[str, ec.EllipticCurvePrivateKey], *,
    usage: list[x509.ObjectIdentifier] | None, critical: bool = True, since: datetime = NOW - timedelta(days=1),
) -> bytes:  # fmt: skip
    def names(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(names(name))
        .issuer_name(names(issuer[0]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
        builder = builder.add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
    return builder.sign(issuer[1], hashes.SHA256()).public_bytes(Encoding.DER)


@cache
def keys() -> tuple[ec.EllipticCurvePrivateKey, ec.EllipticCurvePrivateKey]:
    return ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


@cache
def root() -> bytes:
    return certificate(keys()[0], "Stamp root (synthetic)", ("Stamp root (synthetic)", keys()[0]), usage=None)


def authority(
    usage: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,), **changes: object
) -> StampingAuthority:
    der = certificate(
        keys()[1], "Stamps (synthetic)", ("Stamp root (synthetic)", keys()[0]), usage=list(usage), **changes
    )
    return StampingAuthority(der, SoftwareKey(keys()[1]))


def stamp(by: StampingAuthority | None = None, *, nonce: int | None = 77, at: datetime = NOW) -> bytes:
    request = read_request(make_request(DIGEST, nonce=nonce))
    return make_response(request, authority=by or authority(), serial=41, now=at)


def test_a_token_tells_the_moment_and_the_serial_number() -> None:
    found = verify_token(token_of(stamp()), digest=DIGEST, anchors=[root()], nonce=77)
    assert (found.moment, found.serial, found.authority) == (NOW, 41, "Stamps (synthetic)")


def test_openssl_verifies_it(tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(DOCUMENT)
    (tmp_path / "answer").write_bytes(stamp())
    (tmp_path / "root.pem").write_bytes(x509.load_der_x509_certificate(root()).public_bytes(Encoding.PEM))
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "document", "-in", "answer", "-CAfile", "root.pem"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_request_by_openssl_is_read(tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(DOCUMENT)
    subprocess.run(
        ["openssl", "ts", "-query", "-data", "document", "-sha256", "-cert", "-out", "ask"],
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    request = read_request((tmp_path / "ask").read_bytes())
    assert (request.digest, request.hash_name, request.certificate_wanted) == (DIGEST, "sha256", True)
    assert request.nonce is not None


def test_a_client_of_another_house_verifies_it() -> None:
    request = rfc3161_client.TimestampRequestBuilder().data(DOCUMENT).build()
    by = authority()
    answer = make_response(read_request(request.as_bytes()), authority=by, serial=5, now=NOW)
    read = rfc3161_client.decode_timestamp_response(answer)
    verifier = (
        rfc3161_client.VerifierBuilder()
        .tsa_certificate(x509.load_der_x509_certificate(by.certificate))
        .add_root_certificate(x509.load_der_x509_certificate(root()))
        .build()
    )
    assert verifier.verify_message(read, DOCUMENT)


def wrong_cases() -> dict[str, tuple[bytes, str]]:
    good = authority()
    alone = certificate(
        keys()[1], "Stamps (synthetic)", ("Nobody", keys()[1]), usage=[ExtendedKeyUsageOID.TIME_STAMPING]
    )
    both = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)
    return {
        "authority": (stamp(StampingAuthority(alone, good.key)), "authority"),
        "two usages": (stamp(authority(usage=both)), "usage"),
        "usage not critical": (stamp(authority(critical=False)), "usage"),
        "expired": (stamp(at=NOW + timedelta(days=400)), "period"),
        "not yet": (stamp(at=NOW - timedelta(days=2)), "period"),
        "another key": (stamp(StampingAuthority(good.certificate, SoftwareKey(keys()[0]))), "signature"),
        "refused": (refuse(), "refused"),
    }


@pytest.mark.parametrize("case", list(wrong_cases()))
def test_a_token_that_proves_nothing_is_refused(case: str) -> None:
    answer, step = wrong_cases()[case]
    with pytest.raises(TimestampInvalid) as caught:
        verify_token(token_of(answer), digest=DIGEST, anchors=[root()])
    assert caught.value.public["step"] == step


def test_a_token_over_another_document_or_another_request_is_refused() -> None:
    token = token_of(stamp())
    for digest, nonce in ((hashlib.sha256(b"another").digest(), 77), (DIGEST, 78)):
        with pytest.raises(TimestampInvalid) as caught:
            verify_token(token, digest=digest, anchors=[root()], nonce=nonce)
        assert caught.value.public["step"] == "imprint"


def test_weak_hashes_and_odd_requests_are_refused() -> None:
    with pytest.raises(TimestampAlgorithmRefused):
        read_request(make_request(hashlib.sha1(DOCUMENT).digest(), hash_name="sha1"))
    for odd in (
        b"",
        b"\x30\x00",
        make_request(DIGEST[:-1]),
        make_request(DIGEST) + b"\x00",
        b"\x30\x82\xff\xff" * 2_000,
    ):
        with pytest.raises(TimestampRequestMalformed):
            read_request(odd)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_changed_byte_never_passes_unseen(at: int, flip: int) -> None:
    """Whatever byte changes, the moment and the serial number that are read are the ones that were signed."""
    token = bytearray(token_of(stamp()))
    token[at % len(token)] ^= flip
    try:
        found = verify_token(bytes(token), digest=DIGEST, anchors=[root()])
    except RenkeiError:
        return
    assert (found.moment, found.serial) == (NOW, 41)
