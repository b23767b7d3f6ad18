"""Who signs what is written on the card's face and into it (券面事項): the municipality's key, certified for cards.

A terminal checks in two steps: the record's signature with the key of the certificate in EF 0004, then a challenge
that the card answers with the key whose public half stands in the record. Certificates here are card-verifiable ones
(`7F21`); key identifiers beginning with 9 belong to no published hierarchy, so nobody takes ours for a real one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.tlv import tlv

EXPONENT, MODULUS, POINT = 0x90, 0x91, 0x86
_CERTIFICATE, _BODY, _SIGNATURE = 0x7F21, 0x5F4E, 0x5F37
_PKCS1, _SHA256 = padding.PKCS1v15(), hashes.SHA256()
_ECDSA = ec.ECDSA(hashes.SHA384())


class RecordIssuer:
    """Signs the records of cards.

    Args:
        key: RSA-2048 or P-384, of the cards' generation.
        certificate: EF 0004.
    """

    def __init__(self, key: PrivateKey, certificate: bytes) -> None:
        self._key = key
        self.certificate = certificate

    @classmethod
    def certified_by(cls, authority: PrivateKey, key: PrivateKey, *, municipality: str) -> RecordIssuer:
        """An issuer whose key `authority` certifies.

        Args:
            municipality: five digits of the local government code.
        """
        body = key_id("9000023") + key_id(f"90{municipality}") + public_key(key)
        certificate = tlv(_CERTIFICATE, tlv(_BODY, body) + tlv(_SIGNATURE, _sign(authority, body)))
        return cls(key, certificate)

    def sign(self, data: bytes) -> bytes:
        """A signature over a record's fields as written."""
        return _sign(self._key, data)

    def sign_groups(self, groups: Sequence[bytes]) -> bytes:
        """The face's signature: over the digests of its groups, so that it is checked without the photograph.

        With RSA the digests stand one after the other in one DigestInfo, as on the card.
        """
        if isinstance(self._key, rsa.RSAPrivateKey):
            digests = b"".join(hashlib.sha256(group).digest() for group in groups)
            return self._key.sign(digest_info(digests), _PKCS1, NoDigestInfo())
        return _sign(self._key, b"".join(hashlib.sha384(group).digest() for group in groups))


def key_id(number: str) -> bytes:
    """A key identifier of sixteen bytes: seven digits that name the key, and a group."""
    return number.encode("ascii") + b"\x08\x05001" + bytes(4)


def public_key(key: PrivateKey) -> bytes:
    """The public half as the card's files write it; of an elliptic curve as `86`, a form of our own."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        exponent = numbers.e.to_bytes(3, "big")
        return tlv(EXPONENT, exponent) + tlv(MODULUS, numbers.n.to_bytes(public.key_size // 8, "big"))
    return tlv(POINT, public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def digest_info(digest: bytes) -> bytes:
    """DigestInfo of SHA-256 with its NULL parameter (RFC 8017 §9.2), around one digest or several."""
    algorithm = bytes.fromhex("300d06096086480165030402010500")
    return tlv(0x30, algorithm + tlv(0x04, digest))


def _sign(key: PrivateKey, data: bytes) -> bytes:
    return key.sign(data, _PKCS1, _SHA256) if isinstance(key, rsa.RSAPrivateKey) else key.sign(data, _ECDSA)
