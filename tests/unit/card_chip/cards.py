"""Cards for tests: a small authority of our own, few keys made once, one adult, one child, one of the coming kind."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from renkei.base.personal_number import PersonalNumber
from renkei.crypto.signing_keys import SoftwareKey
from renkei.institutions.card.chip.card import Card, keep_nothing
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.orders import Replace
from renkei.institutions.card.chip.personalise import CardKeys, KeyPair, Pins, Trust, fill, generate_key, personalise
from renkei.institutions.card.chip.profile import NEXT, PRESENT, Profile
from renkei.institutions.card.chip.records import RecordIssuer
from renkei.institutions.card.chip.state import Keep

AUTHENTICATION_PIN, ITEMS_PIN, PASSWORD = "1234", "5678", "HANAKO2026"
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)

HOLDER = Holder(
    name="見本　花子",
    address="東京都千代田区見本町１－２－３",
    birth=date(1980, 2, 17),
    sex="2",
    personal_number=PersonalNumber.from_eleven("12345678901"),
    expiry=date(2035, 2, 17),
    security_code="2285",
    municipality="13101",
    serial="900000000000001",
)


class Made(NamedTuple):
    """Keys and certificates that the cards of one generation share in tests."""

    authority: PrivateKey
    keys: CardKeys
    records: RecordIssuer


def made(profile: Profile = PRESENT) -> Made:
    """Made once for each generation: RSA keys take their time."""
    return _made(profile)


@cache
def _made(profile: Profile) -> Made:
    authority, authentication, signature, own, records = (generate_key(profile) for _ in range(5))
    pairs = [
        _pair(authority, key, use, common_name)
        for key, use, common_name in (
            (authentication, "user authentication", "synthetic-0001"),
            (signature, "digital signature", "synthetic-0002"),
        )
    ]
    keys = CardKeys(authentication=pairs[0], signature=pairs[1], card=own)
    return Made(authority, keys, RecordIssuer.certified_by(authority, records, municipality=HOLDER.municipality))


@cache
def issuer_key() -> SoftwareKey:
    """Of the card's issuer, for orders at the counter."""
    return SoftwareKey.generate("ES256")


@cache
def registry_key() -> SoftwareKey:
    """Of the registry of own-use areas."""
    return SoftwareKey.generate("ES256")


def public_der(key: SoftwareKey) -> bytes:
    return key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def make_card(
    *, profile: Profile = PRESENT, child: bool = False, keep: Keep = keep_nothing, label: str = "citizen"
) -> Card:
    """A fresh card with the PINs above."""
    keys = made(profile).keys
    return personalise(
        label=label,
        holder=HOLDER,
        card_keys=CardKeys(authentication=keys.authentication, signature=None, card=keys.card) if child else keys,
        chosen=Pins(authentication=AUTHENTICATION_PIN, signature=None if child else PASSWORD, items=ITEMS_PIN),
        issuer=made(profile).records,
        trust=Trust(issuer=public_der(issuer_key()), registry=public_der(registry_key())),
        profile=profile,
        keep=keep,
    )


def refill(holder: Holder, profile: Profile = PRESENT) -> Replace:
    """The counter's order that writes another holder's data into a card."""
    return fill(holder, made(profile).keys, made(profile).records, profile)


def coming_card() -> Card:
    return make_card(profile=NEXT)


def _pair(authority: PrivateKey, key: PrivateKey, use: str, common_name: str) -> KeyPair:
    own = _certificate(authority, authority, use, "")
    return KeyPair(key=key, certificate=_certificate(authority, key, use, common_name), authority=own)


def _certificate(authority: PrivateKey, key: PrivateKey, use: str, common_name: str) -> bytes:
    country, organization, unit = NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME
    names = [(country, "JP"), (organization, "JPKI-TEST"), (unit, use)]
    issuer = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]) if common_name else issuer
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), BEGIN, END)
    signs = not common_name
    usage = x509.KeyUsage(
        digital_signature=not signs, content_commitment=use == "digital signature", key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=signs, path_length=None), critical=True)
    digest = hashes.SHA256() if made_for_rsa(authority) else hashes.SHA384()
    return builder.sign(authority, digest).public_bytes(Encoding.DER)


def made_for_rsa(key: PrivateKey) -> bool:
    return key.key_size >= 2048
