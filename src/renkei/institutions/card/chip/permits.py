"""What the card demands before it writes into an own-use area (空き領域): a permit of the registry, for this moment.

A permit carries the registry's entry for the applet, what is to be done, the digest of what is written, and the
challenge that the card gave a moment ago; the registry signs all of it. So nothing is written without an entry, nothing
else than was permitted, on no other card, and never twice. The card has no clock: that an entry is in force is found by
the registry when it signs. The challenge is random, so the registry does not learn which card it was.

This exchange is ours: how the real card's spare areas are written is not public.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

CHALLENGE_BYTES = 16
AREA_BYTES_MAX = 8_192
"""Of all own-use areas of a card together."""
APPLETS_MAX = 16

MANAGER_AID = b"\xf0RENKEI\x00\x00\x00"
"""The directory of own-use areas, and where permits are shown. A proprietary name (ISO/IEC 7816-4 §8.2.1.2)."""

_PERMIT_DOMAIN = b"renkei own-use permit v1\x00"
_ORDER_DOMAIN = b"renkei card counter order v1\x00"


class Basis(StrEnum):
    """By what right something is kept on the card (番号法18条)."""

    ORDINANCE = "ordinance"  # 1号: a municipality, by its ordinance
    PERMIT = "permit"  # 2号: others, by permit of the minister


class ReadRule(StrEnum):
    """Who may read an own-use area."""

    OPEN = "open"  # any reader
    PIN = "pin"  # after the holder's PIN
    PERMIT = "permit"  # only with a permit of the registry


class Act(StrEnum):
    """What a permit is for."""

    WRITE = "write"
    READ = "read"
    REMOVE = "remove"


Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of the registry, as it stands on the card for everyone to read. No personal data."""

    number: Annotated[int, msgspec.Meta(ge=1, le=0xFFFFFF)]
    body_id: Text
    basis: Basis
    citation: Text
    """The ordinance and its article, or the permit's number and date."""
    data_class: Text
    read: ReadRule
    bytes_max: Annotated[int, msgspec.Meta(ge=1, le=AREA_BYTES_MAX)]
    last_day: Text
    """Last day on which it may be written, ISO 8601."""


class Permit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act on one card at one moment."""

    entry: Entry
    act: Act
    challenge: bytes
    digest: bytes
    """SHA-256 of what is written; of nothing where nothing is."""


class Signed(msgspec.Struct, frozen=True):
    """A permit or an order with its signature, over exactly these bytes."""

    body: bytes
    signature: bytes


def aid_of(number: int) -> bytes:
    """Name of the applet of an entry."""
    return MANAGER_AID[:-3] + number.to_bytes(3, "big")


def permit_to_sign(permit: Permit) -> tuple[bytes, bytes]:
    """The permit's bytes as carried, and the bytes that the registry signs for them."""
    body = msgspec.json.encode(permit)
    return body, _PERMIT_DOMAIN + body


def read_permit(signed: Signed, *, registry_key: bytes) -> Permit:
    """The permit, once its signature was found right.

    Args:
        registry_key: SubjectPublicKeyInfo, DER.

    Raises:
        InvalidSignature: not signed by the registry.
        msgspec.DecodeError: signed, but no permit.
    """
    check_signature(registry_key, signed.signature, _PERMIT_DOMAIN + signed.body)
    return msgspec.json.decode(signed.body, type=Permit)


def order_to_sign(body: bytes) -> bytes:
    """The bytes that the issuer signs for a counter order."""
    return _ORDER_DOMAIN + body


def digest_of(content: bytes) -> bytes:
    """What a permit says about what is written."""
    return hashlib.sha256(content).digest()


def check_signature(key_der: bytes, signature: bytes, data: bytes) -> None:
    """Verify RS256, ES256 or ES384 by the kind of key, ECDSA signatures in DER.

    Raises:
        InvalidSignature: the signature is not of this key, or the key is of no such kind.
    """
    key = load_der_public_key(key_der) if key_der else None
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(hashes.SHA256() if key.key_size == 256 else hashes.SHA384()))
    else:
        raise InvalidSignature("no key for this")
