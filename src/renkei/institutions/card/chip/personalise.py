"""Making a card: keys, certificates, what its face says, and the PINs that the holder chose at the counter."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from renkei.base.encoding import MaskedStruct
from renkei.institutions.card.chip import contents, keys, pins
from renkei.institutions.card.chip.card import Card, keep_nothing
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.errors import PinFormatWrong
from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.orders import Replace
from renkei.institutions.card.chip.profile import PRESENT, Profile
from renkei.institutions.card.chip.records import RecordIssuer, key_id
from renkei.institutions.card.chip.state import Draw, Keep, Kept


class Pins(MaskedStruct, frozen=True, kw_only=True):
    """What the holder chose. PINs that a generation of cards does not tell apart are not used."""

    authentication: str
    signature: str | None = None
    items: str = ""
    """券面事項入力補助; as `authentication` where empty. So are the next two."""
    common: str = ""
    register: str = ""


class KeyPair(MaskedStruct, frozen=True, kw_only=True):
    """A private key, its certificate and that of the authority, DER."""

    key: PrivateKey
    certificate: bytes
    authority: bytes


class CardKeys(MaskedStruct, frozen=True, kw_only=True):
    """The keys of a card. Of a child under fifteen there is no signature key (公的個人認証法3条)."""

    authentication: KeyPair
    signature: KeyPair | None
    card: PrivateKey
    """Proves that the card is there, as the 券面 applications ask it to."""


class Trust(MaskedStruct, frozen=True, kw_only=True):
    """Whom the card obeys, SubjectPublicKeyInfo DER each; empty bytes for nobody."""

    issuer: bytes = b""
    """The issuer's key for orders at the counter."""
    registry: bytes = b""
    """The registry of own-use areas."""


def generate_key(profile: Profile = PRESENT) -> PrivateKey:
    """A key as this generation of cards has it. RSA takes a good part of a second."""
    if profile.algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP384R1())


def personalise(
    *,
    label: str,
    holder: Holder,
    card_keys: CardKeys,
    chosen: Pins,
    issuer: RecordIssuer,
    trust: Trust | None = None,
    profile: Profile = PRESENT,
    keep: Keep = keep_nothing,
    draw: Draw = os.urandom,
) -> Card:
    """A card ready to be handed over.

    Args:
        label: which card it is to whoever keeps several; no name of a person, it stands in logs.
        keep: as `Card`; not called here, see `Card.to_bytes`.

    Raises:
        PinFormatWrong: a PIN that the card could never be shown.
    """
    trust = trust or Trust()
    filled = fill(holder, card_keys, issuer, profile)
    kept = Kept(
        label=label,
        profile=profile.name,
        contents=filled.contents,
        keys=filled.keys,
        secrets=_sealed(_values(holder, chosen), profile, draw),
        areas={},
        registry_key=trust.registry,
        issuer_key=trust.issuer,
    )
    return Card(kept, keep=keep, draw=draw)


def fill(holder: Holder, card_keys: CardKeys, issuer: RecordIssuer, profile: Profile = PRESENT) -> Replace:
    """Files and keys of a card; also the counter's order that renews a card which keeps its PINs."""
    authentication, signature, own = card_keys.authentication, card_keys.signature, card_keys.card
    files = {
        "authentication_certificate": authentication.certificate,
        "authentication_authority": authentication.authority,
        "signature_certificate": signature.certificate if signature else b"",
        "signature_authority": signature.authority if signature else b"",
        "token_info": contents.token_info(profile.token_label),
        "availability": contents.availability(signature=signature is not None),
        "number": contents.number_file(holder.personal_number),
        "items": contents.items_file(holder),
        "integrity": contents.integrity_file(holder, issuer),
        "record_certificate": issuer.certificate,
        "signed_key": contents.signed_key_file(own, issuer),
        "support_basics": contents.support_basics(),
        "age_record": contents.age_record(holder, own, issuer),
        "face": contents.face_file(holder, own, issuer),
        "face_basics": contents.face_basics(holder),
        "number_image": contents.number_image(holder, own, issuer),
        "card_record": contents.card_record(holder),
        "key_reference": key_id("9000014"),
    }
    private = {"authentication": keys.dump(authentication.key), "card": keys.dump(own)}
    if signature:
        private["signature"] = keys.dump(signature.key)
    return Replace(contents=files, keys=private)


def _values(holder: Holder, chosen: Pins) -> dict[str, str | None]:
    return {
        "authentication": chosen.authentication,
        "signature": chosen.signature,
        "items": chosen.items or chosen.authentication,
        "common": chosen.common or chosen.authentication,
        "register": chosen.register or chosen.authentication,
        "number_a": holder.personal_number.reveal(),
        "number_b": holder.number_b,
        "birth": holder.birth_code,
    }


def _sealed(values: dict[str, str | None], profile: Profile, draw: Draw) -> dict[str, pins.SecretState]:
    found = {}
    for name, rule in profile.secrets.items():
        value = values[name]
        if value is None:
            continue
        try:
            found[name] = pins.seal(value.encode(), rule, salt=draw(pins.SALT_BYTES))
        except ValueError:
            raise PinFormatWrong() from None
    return found
