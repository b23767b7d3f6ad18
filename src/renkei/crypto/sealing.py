"""Sealing: payloads that only the receiving body can read, one key encapsulation per batch.

    wrap = HPKE base mode (RFC 9180) to the receiver's sealing key, of a fresh 32-byte content key;
           `info` names the purpose, both parties and the batch, so a wrap opens in its own exchange only
    item = AES-256-GCM(content key, nonce = index of the item as 12 bytes big-endian, the item's own
           associated data), ciphertext and 16-byte tag

These data must stay secret for a lifetime, so the default suite is the hybrid MLKEM768-X25519 (X-Wing): it holds
while either of its halves holds. X25519 alone is the alternative for a receiver without ML-KEM. The suite travels
as the first byte of a public key and of a wrap.

Sealing hides from everyone else, it does not authenticate: the sender is known by the message signature, and the
payload itself is bound by a salted commitment (AES-GCM alone does not commit to its key).

Source: RFC 9180 §5.1.1, §6.1; draft-ietf-hpke-pq (KEM 0x647a); draft-connolly-cfrg-xwing-kem §5 (key formats);
NIST SP 800-38D §8.2.1 (deterministic nonce).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from renkei.crypto.errors import DigestMismatch, SealBroken

SEED_BYTES: Final = 32
SALT_BYTES: Final = 16
COMMITMENT_BYTES: Final = 32
TAG_BYTES: Final = 16
_CONTENT_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MLKEM_PUBLIC_BYTES: Final = 1184
_INFO_LABEL: Final = "renkei seal v1"
_PAYLOAD_LABEL: Final = b"renkei payload v1"


class SealingSuite(IntEnum):
    """How a content key is wrapped; the value is the first byte of keys and wraps."""

    MLKEM768_X25519 = 1  # HPKE KEM 0x647a, HKDF-SHA-256, AES-256-GCM
    X25519 = 2  # HPKE KEM 0x0020, HKDF-SHA-256, AES-256-GCM


_HpkePrivate: TypeAlias = MLKEM768X25519PrivateKey | X25519PrivateKey
_HpkePublic: TypeAlias = MLKEM768X25519PublicKey | X25519PublicKey

_SUITES: Final = {
    SealingSuite.MLKEM768_X25519: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    SealingSuite.X25519: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}
_PUBLIC_BYTES: Final = {SealingSuite.MLKEM768_X25519: _MLKEM_PUBLIC_BYTES + 32, SealingSuite.X25519: 32}
_WRAP_BYTES: Final = {SealingSuite.MLKEM768_X25519: 1120 + 48, SealingSuite.X25519: 32 + 48}


@dataclass(frozen=True, slots=True)
class SealingPublicKey:
    """A body's public sealing key.

    Attributes:
        encoded: suite byte, then the raw key (ML-KEM-768 key || X25519 key: 1,216 bytes; or X25519 key: 32 bytes).
    """

    encoded: bytes = field(repr=False)
    _key: _HpkePublic = field(repr=False, compare=False)

    @property
    def suite(self) -> SealingSuite:
        """The suite this key is made for."""
        return SealingSuite(self.encoded[0])

    @classmethod
    def from_bytes(cls, encoded: bytes) -> SealingPublicKey:
        """Read a key as it stands in a body's certificate.

        Raises:
            SealBroken: not a key of a known suite.
        """
        try:
            suite, raw = SealingSuite(encoded[0]), encoded[1:]
            if len(raw) != _PUBLIC_BYTES[suite]:
                raise ValueError("wrong length")
            if suite is SealingSuite.X25519:
                return cls(encoded, X25519PublicKey.from_public_bytes(raw))
            mlkem = MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES])
            x25519 = X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:])
            return cls(encoded, MLKEM768X25519PublicKey(mlkem, x25519))
        except (ValueError, IndexError) as error:
            raise SealBroken(private="not a public sealing key") from error


@dataclass(frozen=True, slots=True)
class SealingPrivateKey:
    """A body's private sealing key, kept as a 32-byte seed.

    The hybrid's seed is expanded as X-Wing says: SHAKE256(seed), 96 bytes = ML-KEM seed (64) || X25519 key (32).
    """

    suite: SealingSuite
    seed: bytes = field(repr=False)
    public: SealingPublicKey
    _key: _HpkePrivate = field(repr=False, compare=False)

    @classmethod
    def from_seed(cls, seed: bytes, suite: SealingSuite = SealingSuite.MLKEM768_X25519) -> SealingPrivateKey:
        """The key of a 32-byte seed.

        Raises:
            ValueError: the seed has another size.
        """
        if len(seed) != SEED_BYTES:
            raise ValueError("a sealing seed has 32 bytes")
        prefix = bytes((suite,))
        if suite is SealingSuite.X25519:
            alone = X25519PrivateKey.from_private_bytes(seed)
            public = alone.public_key()
            return cls(suite, seed, SealingPublicKey(prefix + public.public_bytes_raw(), public), alone)
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        key = MLKEM768X25519PrivateKey(mlkem, x25519)
        raw = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        return cls(suite, seed, SealingPublicKey(prefix + raw, key.public_key()), key)

    @classmethod
    def generate(cls, suite: SealingSuite = SealingSuite.MLKEM768_X25519) -> SealingPrivateKey:
        """A fresh key from the operating system's random source."""
        return cls.from_seed(secrets.token_bytes(SEED_BYTES), suite)


def seal_info(purpose: str, *, sender: str, recipient: str, batch_id: str) -> bytes:
    """What a wrap is bound to: purpose (for example "answer" or "permit"), both bodies and the batch.

    Raises:
        ValueError: a part is empty or holds NUL, which separates the parts.
    """
    parts = (_INFO_LABEL, purpose, sender, recipient, batch_id)
    if not all(parts) or any("\0" in part for part in parts):
        raise ValueError("the parts of a seal's info are not empty and hold no NUL")
    return "\0".join(parts).encode("utf-8")


class Sealer:
    """Seals the items of one batch for one receiver under a fresh content key.

    Args:
        recipient: the receiver's public sealing key, from its verified certificate.
        info: from `seal_info`; the opener must give the same.

    Attributes:
        wrap: suite byte and wrapped content key, sent once with the batch (1,169 or 81 bytes).
    """

    __slots__ = ("_encrypt", "_next", "wrap")

    def __init__(self, recipient: SealingPublicKey, info: bytes) -> None:
        content_key = secrets.token_bytes(_CONTENT_KEY_BYTES)
        self.wrap: Final = recipient.encoded[:1] + _SUITES[recipient.suite].encrypt(content_key, recipient._key, info)
        self._encrypt = AESGCM(content_key).encrypt
        self._next = 0

    def seal(self, index: int, plaintext: bytes, aad: bytes) -> bytes:
        """Seal one item; 16 bytes longer than `plaintext`.

        Args:
            index: the item's place in its batch; must grow from call to call.

        Raises:
            ValueError: the index was passed already (a nonce used twice would open the whole batch).
        """
        if index < self._next:
            raise ValueError("items are sealed in the order of their indexes, each index once")
        self._next = index + 1
        return self._encrypt(index.to_bytes(_NONCE_BYTES, "big"), plaintext, aad)

    def seal_many(self, indexes: Sequence[int], plaintexts: Sequence[bytes], aads: Sequence[bytes]) -> list[bytes]:
        """`seal` for many items, in the order of their indexes (gaps allowed)."""
        seal = self.seal
        return [seal(*item) for item in zip(indexes, plaintexts, aads, strict=True)]


class Opener:
    """Opens the items of one batch.

    Args:
        private: the receiver's own sealing key.
        wrap: as sent with the batch.
        info: rebuilt by the receiver from what it asked and whom, never taken from the sender.

    Raises:
        SealBroken: made for another key, suite, party or batch, or altered.
    """

    __slots__ = ("_decrypt",)

    def __init__(self, private: SealingPrivateKey, wrap: bytes, info: bytes) -> None:
        if wrap[:1] != private.public.encoded[:1] or len(wrap) != 1 + _WRAP_BYTES[private.suite]:
            raise SealBroken(private="the wrap is of another suite or length")
        try:
            content_key = _SUITES[private.suite].decrypt(wrap[1:], private._key, info)
            self._decrypt = AESGCM(content_key).decrypt
        except (InvalidTag, ValueError) as error:
            raise SealBroken(private="the wrap does not open") from error

    def open(self, index: int, sealed: bytes, aad: bytes) -> bytes:
        """Open one item.

        Raises:
            SealBroken: altered, or at another index or with other associated data than it was sealed with.
        """
        try:
            return self._decrypt(index.to_bytes(_NONCE_BYTES, "big"), sealed, aad)
        except (InvalidTag, ValueError, OverflowError) as error:
            raise SealBroken(private=f"item {index} does not open") from error

    def open_many(self, indexes: Sequence[int], sealed: Sequence[bytes], aads: Sequence[bytes]) -> list[bytes]:
        """`open` for many items; one broken item raises for the batch.

        Raises:
            SealBroken: as `open`.
        """
        opened = self.open
        return [opened(*item) for item in zip(indexes, sealed, aads, strict=True)]


def commit_payload(salt: bytes, plaintext: bytes) -> bytes:
    """Commitment to a payload: 32 bytes that bind it and, while the 16-byte random salt is unknown, hide it.

    It stands in the signed item beside the sealed payload, so that the receiver can later show payload and salt
    to a third party, and so that an erased payload leaves nothing to guess at.

    Raises:
        ValueError: the salt has not 16 bytes (a free split between salt and payload would not bind).
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 16 bytes")
    return hashlib.sha256(_PAYLOAD_LABEL + salt + plaintext).digest()


def commit_payloads(salts: Iterable[bytes], plaintexts: Iterable[bytes]) -> list[bytes]:
    """`commit_payload` for many payloads, in order."""
    return [commit_payload(salt, plaintext) for salt, plaintext in zip(salts, plaintexts, strict=True)]


def check_payload(commitment: bytes, salt: bytes, plaintext: bytes) -> None:
    """Check an opened payload against the commitment that its provider signed.

    Raises:
        DigestMismatch: another payload, salt or commitment.
    """
    if len(salt) != SALT_BYTES or not hmac.compare_digest(commit_payload(salt, plaintext), commitment):
        raise DigestMismatch(private="the payload is not the one committed to")
