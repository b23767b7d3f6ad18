"""One interface for every key that signs: a file in the embedded shape, a hardware module in production.

`SoftwareKey` and `pkcs11_keys.Pkcs11Key` are two implementations of `SigningKey`; `SoftwareKeys` and
`pkcs11_keys.Pkcs11Keys` keep named keys. `as_private_key` lets the builders of X.509 sign with either.

A signature by an elliptic-curve key is the DER of `Ecdsa-Sig-Value` (RFC 3279 §2.2.3), as X.509 and CMS want it;
`to_jose` and `from_jose` turn it into the fixed-length form of JWS (RFC 7518 §3.4) and back.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)  # fmt: skip

from renkei.base.errors import Failed
from renkei.crypto.codes import KeyUse
from renkei.crypto.errors import SignatureInvalid

Algorithm: TypeAlias = Literal["RS256", "ES256", "ES384"]
"""RSASSA-PKCS1-v1_5 with SHA-256; ECDSA P-256 with SHA-256; ECDSA P-384 with SHA-384 (names of RFC 7518 §3.1)."""

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

RSA_BITS: Final = 2048
_FORMAT: Final = "renkei signing key v1"
_PKCS1: Final = padding.PKCS1v15()
_SHA256: Final = hashes.SHA256()
_ECDSA: Final = {"ES256": ec.ECDSA(_SHA256), "ES384": ec.ECDSA(hashes.SHA384())}
_SCALAR_BYTES: Final = {"ES256": 32, "ES384": 48}


class SigningKeyUnusable(Failed):
    """A key that is missing, malformed, of another algorithm, or in the way of a new one."""

    code = "signing_key_unusable"
    ja = "署名鍵（{name}）を使えません。鍵の置き場所と種類を確かめて、やり直してください。"
    en = "The signing key ({name}) cannot be used. Check where it is kept and of what kind it is, then try again."


class SigningKeyExposed(Failed):
    """A key file that others than its owner may read."""

    code = "signing_key_exposed"
    ja = "署名鍵のファイル（{name}）を所有者以外も読めるため使いません。権限を0600にしてやり直してください。"
    en = "The file of the signing key ({name}) is open to others than its owner and is not used. Set its mode to 0600."


class SigningKeyUseMismatch(Failed):
    """A key made for another use than this process."""

    code = "signing_key_use_mismatch"
    ja = "署名鍵（{name}）の用途（{found}）がこの起動（{wanted}）と違います。正しい鍵を指定してください。"
    en = "The signing key {name} is made for {found}, but this process runs for {wanted}. Name the right key."


class SigningKey(Protocol):
    """A key that signs and never shows itself."""

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm that the key is used with."""

    @property
    def public_key(self) -> PublicKey:
        """Its public half."""

    def sign(self, data: bytes) -> bytes:
        """Hash and sign `data`; safe from several threads.

        Raises:
            SigningKeyUnusable: the key does not answer.
        """


class KeyStore(Protocol):
    """Keeps keys by name."""

    def obtain(self, name: str, algorithm: Algorithm) -> SigningKey:
        """The key of this name, made on the first call.

        Raises:
            SigningKeyUnusable: it is of another algorithm, or cannot be read or made.
        """


class SoftwareKey:
    """A key in this process's memory.

    Args:
        key: RSA of 2048 bits or more, P-256 or P-384.

    Raises:
        ValueError: another kind of key.
    """

    __slots__ = ("_algorithm", "_key", "_public")

    def __init__(self, key: PrivateKey) -> None:
        self._key = key
        self._public: PublicKey = key.public_key()
        self._algorithm = algorithm_of(self._public)

    @classmethod
    def generate(cls, algorithm: Algorithm) -> SoftwareKey:
        """A new key; RSA takes a good part of a second."""
        if algorithm == "RS256":
            return cls(rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))
        return cls(ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1()))

    @property
    def algorithm(self) -> Algorithm:
        """As `SigningKey`."""
        return self._algorithm

    @property
    def public_key(self) -> PublicKey:
        """As `SigningKey`."""
        return self._public

    @property
    def private_key(self) -> PrivateKey:
        """The key itself, for a software card and the builders of X.509."""
        return self._key

    def sign(self, data: bytes) -> bytes:
        """As `SigningKey`."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, _PKCS1, _SHA256)
        return self._key.sign(data, _ECDSA[self._algorithm])

    def save(self, path: Path, *, use: KeyUse) -> None:
        """Write the key to a new file that only its owner can read (mode 0600).

        Raises:
            SigningKeyUnusable: the file exists already (keys are never overwritten) or cannot be written.
        """
        der = self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        content = _KeyFile(format=_FORMAT, use=use, algorithm=self._algorithm, key=der)
        try:
            # Made apart (0600 from the start) and then given its name, so that nobody ever reads half of a key.
            descriptor, apart = tempfile.mkstemp(prefix=".key-", dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(msgspec.json.encode(content) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.link(apart, path)
            finally:
                os.unlink(apart)
        except OSError as error:
            raise SigningKeyUnusable(name=path.name, private=str(error)) from error

    @classmethod
    def load(cls, path: Path, *, use: KeyUse) -> SoftwareKey:
        """Read a key from a file made by `save`.

        Args:
            use: what this process runs as; a key made for another use is refused.

        Raises:
            SigningKeyUnusable: missing or malformed.
            SigningKeyExposed: others than its owner may read it.
            SigningKeyUseMismatch: made for another use.
        """
        try:
            with path.open("rb") as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                    raise SigningKeyExposed(name=path.name, private=str(path))
                content = msgspec.json.decode(file.read(), type=_KeyFile)
            if content.use is not use:
                raise SigningKeyUseMismatch(name=path.name, found=content.use.value, wanted=use.value)
            key = load_der_private_key(content.key, None)
            if content.format != _FORMAT or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
                raise SigningKeyUnusable(name=path.name, private="unknown format")
            return cls(key)
        except OSError as error:
            raise SigningKeyUnusable(name=path.name, private=str(error)) from error
        except ValueError as error:  # msgspec's errors are ValueErrors, and so are those of a malformed key
            raise SigningKeyUnusable(name=path.name, private=f"malformed: {type(error).__name__}") from None


class SoftwareKeys:
    """Keys in files of one folder, for the embedded shape.

    Args:
        folder: created where missing, for its owner alone.
        use: mark that new keys get and kept ones must bear.
    """

    stand_in: ClassVar[str] = "a hardware security module"

    def __init__(self, folder: Path, *, use: KeyUse = KeyUse.DEMONSTRATION) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._use = folder, use

    def obtain(self, name: str, algorithm: Algorithm) -> SoftwareKey:
        """As `KeyStore`; raises also as `SoftwareKey.load`."""
        path = self._folder / f"{name}.json"
        if not path.exists():
            try:
                SoftwareKey.generate(algorithm).save(path, use=self._use)
            except SigningKeyUnusable:
                if not path.exists():  # else another process made it meanwhile, and it is that one
                    raise
        key = SoftwareKey.load(path, use=self._use)
        if key.algorithm != algorithm:
            raise SigningKeyUnusable(name=name, private=f"made for {key.algorithm}, wanted for {algorithm}")
        return key


class _KeyFile(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    use: KeyUse
    algorithm: str
    key: bytes

    def __repr__(self) -> str:
        return "_KeyFile(…)"


# --- algorithms and forms of signatures ---


def algorithm_of(key: PublicKey) -> Algorithm:
    """The algorithm that a key is used with here.

    Raises:
        ValueError: RSA of fewer than 2048 bits, another curve, another kind.
    """
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS:
        return "RS256"
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, ec.SECP256R1):
            return "ES256"
        if isinstance(key.curve, ec.SECP384R1):
            return "ES384"
    raise ValueError("keys here are RSA of 2048 bits or more, P-256 or P-384")


def hash_of(algorithm: Algorithm) -> hashes.SHA256 | hashes.SHA384:
    """The hash of an algorithm."""
    return hashes.SHA384() if algorithm == "ES384" else _SHA256


def to_jose(algorithm: Algorithm, signature: bytes) -> bytes:
    """A signature in the form of JWS: r and s of fixed length (RFC 7518 §3.4); RSA as it is.

    Raises:
        SignatureInvalid: not the DER of an ECDSA signature by such a key.
    """
    if algorithm == "RS256":
        return signature
    try:
        r, s = decode_dss_signature(signature)
        size = _SCALAR_BYTES[algorithm]
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    except (ValueError, OverflowError) as error:
        raise SignatureInvalid(private="not the DER of an ECDSA signature") from error


def from_jose(algorithm: Algorithm, signature: bytes) -> bytes:
    """The inverse of `to_jose`.

    Raises:
        SignatureInvalid: of another length than the algorithm's.
    """
    if algorithm == "RS256":
        return signature
    size = _SCALAR_BYTES[algorithm]
    if len(signature) != 2 * size:
        raise SignatureInvalid(private="a JOSE signature of the wrong length")
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


# --- the builders of X.509 sign with any signing key ---


def as_private_key(key: SigningKey) -> PrivateKey:
    """A private key for `x509.CertificateBuilder.sign` and its like: the builders take any `RSAPrivateKey` or
    `EllipticCurvePrivateKey`, hand it the bytes to be signed, and ask nothing else of it."""
    if isinstance(key, SoftwareKey):
        return key.private_key
    return _RemoteRsa(key) if key.algorithm == "RS256" else _RemoteEc(key)


class _Remote:
    """What a key elsewhere cannot do."""

    def __init__(self, key: SigningKey) -> None:
        self._remote = key

    def private_bytes(self, *_: object, **__: object) -> bytes:
        raise TypeError("this key never leaves where it is kept")

    def private_numbers(self) -> Any:
        raise TypeError("this key never leaves where it is kept")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Any:
        return self


class _RemoteRsa(_Remote, rsa.RSAPrivateKey):
    def public_key(self) -> rsa.RSAPublicKey:
        public = self._remote.public_key
        if not isinstance(public, rsa.RSAPublicKey):
            raise TypeError("not an RSA key")
        return public

    @property
    def key_size(self) -> int:
        return self._remote.public_key.key_size

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        if not isinstance(algorithm, hashes.SHA256):
            raise TypeError("this key signs with SHA-256 alone")
        return self._remote.sign(bytes(data))

    def decrypt(self, ciphertext: Any, padding: Any) -> bytes:
        raise TypeError("a signing key does not decrypt")


class _RemoteEc(_Remote, ec.EllipticCurvePrivateKey):
    def public_key(self) -> ec.EllipticCurvePublicKey:
        public = self._remote.public_key
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise TypeError("not an elliptic-curve key")
        return public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self.public_key().curve

    @property
    def key_size(self) -> int:
        return self._remote.public_key.key_size

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        if not isinstance(signature_algorithm.algorithm, type(hash_of(self._remote.algorithm))):
            raise TypeError(f"this key signs as {self._remote.algorithm} alone")
        return self._remote.sign(bytes(data))

    def exchange(self, algorithm: Any, peer_public_key: Any) -> bytes:
        raise TypeError("a signing key agrees on nothing")
