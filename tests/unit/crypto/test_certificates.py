"""Body certificates: who may speak for which body, and until when. Faulty certificates are declared, not stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.vectors_messages import END, NOW, START, Pki, p256_key, two_gateways

from renkei.crypto.authority import NetworkAuthority
from renkei.crypto.certificates import (
    BODY_URN,
    SEALING_KEY_OID,
    IdentityCache,
    Purpose,
    body_urn,
    check_body_id,
    key_id_of,
    key_usage,
    octet_string,
    read_revocations,
    subject_name,
    verify_chain,
)
from renkei.crypto.errors import CertificateExpired, CertificateInvalid
from renkei.crypto.sealing import SealingPublicKey

PKI = two_gateways()
ANCHORS = [PKI.authority.cert_der]
SECOND = timedelta(seconds=1)
Builder = x509.CertificateBuilder


def verify(certificate: bytes, at: datetime = NOW, purpose: Purpose | None = Purpose.GATEWAY) -> None:
    verify_chain(certificate, anchors=ANCHORS, at=at, purpose=purpose)


def faulty(change: Callable[[dict[str, object]], None] = lambda _: None, signer: str = "network") -> bytes:
    """A certificate as the profile wants it, but for one declared change of its parts."""
    key = p256_key("faulty")
    issuer = x509.load_der_x509_certificate(PKI.authority.cert_der).subject
    parts: dict[str, object] = {
        "subject": subject_name("m-131121", "世田谷区"),
        "key": key.public_key(),
        "basic": (x509.BasicConstraints(ca=False, path_length=None), True),
        "usage": (key_usage(authority=False), True),
        "purpose": (x509.ExtendedKeyUsage([Purpose.GATEWAY.oid]), True),
        "name": (x509.SubjectAlternativeName([body_urn("m-131121")]), False),
        "authority": (x509.AuthorityKeyIdentifier.from_issuer_public_key(p256_key(signer).public_key()), False),
        "from": START,
        "until": END,
    }
    change(parts)
    builder = Builder(issuer_name=issuer, serial_number=99, subject_name=parts.pop("subject"))  # type: ignore[arg-type]
    builder = builder.not_valid_before(parts.pop("from")).not_valid_after(parts.pop("until"))  # type: ignore[arg-type]
    builder = builder.public_key(parts.pop("key"))  # type: ignore[arg-type]
    for extension, critical in parts.values():  # type: ignore[attr-defined]
        builder = builder.add_extension(extension, critical)
    return builder.sign(p256_key(signer), hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_verified_certificate_names_body_purpose_and_keys() -> None:
    certificate = PKI.certificates["m-131121"]
    identity = verify_chain(certificate, anchors=ANCHORS, at=NOW, purpose=Purpose.GATEWAY)
    assert (identity.body_id, identity.name, identity.purpose) == ("m-131121", "世田谷区", Purpose.GATEWAY)
    assert identity.key_id == key_id_of(certificate)
    assert identity.public_key == PKI.keys["m-131121"].public_key()
    assert identity.sealing_key is not None
    assert SealingPublicKey.from_bytes(identity.sealing_key) == PKI.sealing["m-131121"].public


@pytest.mark.parametrize("purpose", Purpose)
def test_a_certificate_serves_its_own_purpose_only(purpose: Purpose) -> None:
    """A business system's or a terminal's key cannot speak as its body's gateway, nor any body as the core."""
    pki = Pki(("jps", "日本年金機構", purpose))
    for wanted in Purpose:
        if wanted is purpose:
            continue
        with pytest.raises(CertificateInvalid):
            verify_chain(pki.certificates["jps"], anchors=ANCHORS, at=NOW, purpose=wanted)
    assert verify_chain(pki.certificates["jps"], anchors=ANCHORS, at=NOW, purpose=None).purpose is purpose


@pytest.mark.parametrize("at", [START, END])
def test_both_ends_of_the_period_are_inside_it(at: datetime) -> None:
    verify(PKI.certificates["jps"], at)


@pytest.mark.parametrize("at", [START - SECOND, END + SECOND])
def test_outside_its_period_a_certificate_is_expired(at: datetime) -> None:
    with pytest.raises(CertificateExpired):
        verify(PKI.certificates["jps"], at)


def test_another_network_s_certificate_is_refused() -> None:
    """Same names, another authority."""
    other = Pki(("m-131121", "世田谷区", Purpose.GATEWAY), label="other network")
    with pytest.raises(CertificateInvalid):
        verify(other.certificates["m-131121"])
    with pytest.raises(CertificateInvalid):
        verify_chain(PKI.certificates["jps"], anchors=[], at=NOW, purpose=None)


def test_an_authority_s_own_certificate_is_no_body() -> None:
    with pytest.raises(CertificateInvalid):
        verify(PKI.authority.cert_der, purpose=None)


def test_the_declared_certificate_itself_is_good() -> None:
    """So that each fault below is the only reason for its refusal."""
    verify(faulty())


FAULTS: dict[str, Callable[[dict[str, object]], None]] = {
    "no basic constraints": lambda parts: parts.pop("basic"),
    "an authority": lambda parts: parts.update(basic=(x509.BasicConstraints(ca=True, path_length=0), True)),
    "no key usage": lambda parts: parts.pop("usage"),
    "signs certificates": lambda parts: parts.update(usage=(key_usage(authority=True), True)),
    "no purpose": lambda parts: parts.pop("purpose"),
    "two purposes": lambda parts: parts.update(
        purpose=(x509.ExtendedKeyUsage([Purpose.GATEWAY.oid, Purpose.CORE.oid]), True)
    ),
    "a web server's purpose": lambda parts: parts.update(
        purpose=(x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")]), True)
    ),
    "any purpose": lambda parts: parts.update(
        purpose=(x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.5.29.37.0")]), True)
    ),
    "no name": lambda parts: parts.pop("name"),
    "another body's name": lambda parts: parts.update(name=(x509.SubjectAlternativeName([body_urn("jps")]), False)),
    "two names": lambda parts: parts.update(
        name=(x509.SubjectAlternativeName([body_urn("m-131121"), x509.DNSName("example.jp")]), False)
    ),
    "a foreign subject": lambda parts: parts.update(
        subject=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "m-131121")])
    ),
    "a subject with more": lambda parts: parts.update(
        subject=x509.Name([*subject_name("m-131121", "世田谷区"), x509.NameAttribute(NameOID.TITLE, "x")])
    ),
    "another curve": lambda parts: parts.update(key=ec.generate_private_key(ec.SECP384R1()).public_key()),
    "an unknown critical extension": lambda parts: parts.update(
        more=(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
    ),
    "a malformed sealing key": lambda parts: parts.update(
        more=(x509.UnrecognizedExtension(SEALING_KEY_OID, b"\x04\x05abc"), False)
    ),
    "outlives its authority": lambda parts: parts.update(until=END + timedelta(days=1)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_certificate_outside_the_profile_is_refused(fault: str) -> None:
    with pytest.raises(CertificateInvalid):
        verify(faulty(FAULTS[fault]))


def test_a_certificate_by_another_key_under_the_authority_s_name_is_refused() -> None:
    with pytest.raises(CertificateInvalid):
        verify(faulty(signer="someone"))


@pytest.mark.parametrize("position", [20, 120, 400, -10])
def test_an_altered_certificate_is_refused(position: int) -> None:
    altered = bytearray(PKI.certificates["jps"])
    altered[position] ^= 1
    with pytest.raises((CertificateInvalid, CertificateExpired)):
        verify(bytes(altered))


@pytest.mark.parametrize("junk", [b"", b"0", b"-----BEGIN CERTIFICATE-----"])
def test_other_bytes_are_no_certificate(junk: bytes) -> None:
    with pytest.raises(CertificateInvalid):
        verify(junk)
    with pytest.raises(CertificateInvalid):
        read_revocations(junk, anchors=ANCHORS)


def test_a_revoked_certificate_is_refused_from_its_revocation_on() -> None:
    """What the body signed before stays evidence; what is signed after is refused."""
    serial = PKI.identities["jps"].serial
    revoked_at = NOW - timedelta(hours=1)
    der = PKI.authority.revocation_list({serial: revoked_at}, issued_at=NOW, next_update=NOW + timedelta(days=7))
    lists = [read_revocations(der, anchors=ANCHORS)]
    jps, city = PKI.certificates["jps"], PKI.certificates["m-131121"]
    verify_chain(city, anchors=ANCHORS, at=NOW, purpose=None, revocations=lists)
    verify_chain(jps, anchors=ANCHORS, at=revoked_at - SECOND, purpose=None, revocations=lists)
    with pytest.raises(CertificateInvalid):
        verify_chain(jps, anchors=ANCHORS, at=revoked_at, purpose=None, revocations=lists)
    with pytest.raises(CertificateInvalid):
        verify_chain(city, anchors=ANCHORS, at=NOW + timedelta(days=8), purpose=None, revocations=lists)
    foreign = [replace(lists[0], issuer="0" * 64)]
    verify_chain(jps, anchors=ANCHORS, at=NOW, purpose=None, revocations=foreign)


def test_a_revocation_list_by_someone_else_is_refused() -> None:
    other = NetworkAuthority.create(
        name="連携ネットワーク認証局（試験用）", key=p256_key("someone"), not_before=START, not_after=END
    )
    der = other.revocation_list({}, issued_at=NOW, next_update=NOW + timedelta(days=7))
    with pytest.raises(CertificateInvalid):
        read_revocations(der, anchors=ANCHORS)


def test_the_cache_judges_period_purpose_and_revocation_on_every_use() -> None:
    cache = IdentityCache(ANCHORS)
    identity = cache.add(PKI.certificates["jps"], at=NOW, purpose=Purpose.GATEWAY)
    assert cache.lookup(identity.key_id, at=NOW) is identity
    assert cache.add(PKI.certificates["jps"], at=NOW) is identity
    with pytest.raises(CertificateExpired):
        cache.lookup(identity.key_id, at=END + SECOND)
    with pytest.raises(CertificateInvalid):
        cache.lookup(identity.key_id, at=NOW, purpose=Purpose.CORE)
    with pytest.raises(CertificateInvalid):
        cache.lookup("0" * 64, at=NOW)
    week = NOW + timedelta(days=7)
    cache.revoke(PKI.authority.revocation_list({identity.serial: NOW}, issued_at=NOW, next_update=week))
    older = PKI.authority.revocation_list({}, issued_at=NOW - timedelta(days=1), next_update=week)
    assert cache.revoke(older).issued_at == NOW, "an older list does not undo a newer one"
    with pytest.raises(CertificateInvalid):
        cache.lookup(identity.key_id, at=NOW)
    with pytest.raises(CertificateInvalid):
        cache.add(PKI.certificates["jps"], at=NOW)


def test_the_cache_never_holds_what_did_not_verify() -> None:
    cache = IdentityCache(ANCHORS)
    for certificate in (faulty(signer="someone"), faulty(FAULTS["no purpose"])):
        with pytest.raises(CertificateInvalid):
            cache.add(certificate, at=NOW)
        with pytest.raises(CertificateInvalid):
            cache.lookup(key_id_of(certificate), at=NOW)


def test_the_cache_is_bounded_and_forgets_the_longest_unused() -> None:
    pki = Pki(*((f"m-{number}", "村", Purpose.GATEWAY) for number in range(3)))
    cache = IdentityCache(ANCHORS, entries_max=2)
    first, second = (cache.add(pki.certificates[f"m-{number}"], at=NOW) for number in range(2))
    cache.lookup(first.key_id, at=NOW)
    cache.add(pki.certificates["m-2"], at=NOW)
    assert cache.lookup(first.key_id, at=NOW).body_id == "m-0"
    with pytest.raises(CertificateInvalid):
        cache.lookup(second.key_id, at=NOW)


def test_two_authorities_serve_side_by_side() -> None:
    """At a change of the authority's key both are trusted for a while."""
    other = Pki(("moj", "法務省", Purpose.GATEWAY), label="next network")
    cache = IdentityCache([*ANCHORS, other.authority.cert_der])
    assert cache.add(other.certificates["moj"], at=NOW).body_id == "moj"
    assert cache.add(PKI.certificates["jps"], at=NOW).body_id == "jps"


@pytest.mark.parametrize("body_id", ["m-131121", "jps", "a" * 40])
def test_body_ids(body_id: str) -> None:
    assert check_body_id(body_id) == body_id


@pytest.mark.parametrize("body_id", ["", "M-1", "1a", "a--b", "a-", "-a", "a.b", "a" * 41, "機関", "a\n"])
def test_other_texts_are_no_body_ids(body_id: str) -> None:
    with pytest.raises(ValueError, match="body id"):
        check_body_id(body_id)


@pytest.mark.parametrize("size", [0, 33, 127, 128, 255, 256, 1217])
def test_octet_strings_are_der(size: int) -> None:
    encoded = octet_string(bytes(size))
    header = len(encoded) - size
    assert header == (2 if size < 128 else 3 if size < 256 else 4)
    assert int.from_bytes(encoded[2 if size >= 128 else 1 : header]) == size


def test_issuing_is_deterministic_and_refuses_other_curves() -> None:
    assert two_gateways().certificates == PKI.certificates
    key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(ValueError, match="P-256"):
        PKI.authority.issue(
            body_id="jps",
            name="日本年金機構",
            purpose=Purpose.GATEWAY,
            public_key=key.public_key(),
            not_before=START,
            not_after=END,
        )
    with pytest.raises(ValueError, match="P-256"):
        NetworkAuthority.create(name="x", key=key, not_before=START, not_after=END)


def test_the_urn_is_the_documented_one() -> None:
    assert body_urn("jps").value == BODY_URN + "jps" == "urn:renkei:body:jps"
    assert datetime(2026, 4, 1, tzinfo=UTC) == START
