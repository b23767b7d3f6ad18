"""Signing keys that stay in a hardware security module, over PKCS#11.

The module's own PIN comes from a file that only its owner can read, never from an argument or an environment variable.
Tested on SoftHSM 2.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Final

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from renkei.crypto.signing_keys import (
    RSA_BITS,
    Algorithm,
    PublicKey,
    SigningKeyExposed,
    SigningKeyUnusable,
    algorithm_of,
)  # fmt: skip

_CURVES: Final = {"ES256": "secp256r1", "ES384": "secp384r1"}
_HASHES: Final = {"ES256": "sha256", "ES384": "sha384"}


class Pkcs11Key:
    """A key in a module. Made by `Pkcs11Keys`."""

    def __init__(self, key: pkcs11.SignMixin, public_key: PublicKey, lock: threading.Lock, name: str) -> None:
        self._key, self._public_key, self._lock, self._name = key, public_key, lock, name
        self._algorithm = algorithm_of(public_key)

    @property
    def algorithm(self) -> Algorithm:
        """As `SigningKey`."""
        return self._algorithm

    @property
    def public_key(self) -> PublicKey:
        """As `SigningKey`."""
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """As `SigningKey`; one signature at a time, for a PKCS#11 session does one thing at a time."""
        try:
            with self._lock:
                if self._algorithm == "RS256":
                    return bytes(self._key.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
                # Hashed here: many modules offer ECDSA over a digest only.
                digest = hashlib.new(_HASHES[self._algorithm], data).digest()
                raw = bytes(self._key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        except pkcs11.PKCS11Error as error:
            raise SigningKeyUnusable(name=self._name, private=type(error).__name__) from error
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


class Pkcs11Keys:
    """Keys in one token of a module, each by its label.

    Args:
        module: shared library of the module, for instance `/usr/lib/softhsm/libsofthsm2.so`.
        token: label of the token.
        pin_file: file with the user PIN, mode 0600; read once, here.

    Raises:
        SigningKeyUnusable: no such module or token, or the PIN is wrong.
        SigningKeyExposed: others than its owner may read the file.
    """

    def __init__(self, module: Path, *, token: str, pin_file: Path) -> None:
        self._lock, self._token = threading.Lock(), token
        try:
            self._session = pkcs11.lib(str(module)).get_token(token_label=token).open(user_pin=_pin(pin_file), rw=True)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise SigningKeyUnusable(name=token, private=type(error).__name__) from error

    def close(self) -> None:
        """End the session; keys obtained from it stop working."""
        with self._lock:
            self._session.close()

    def obtain(self, name: str, algorithm: Algorithm) -> Pkcs11Key:
        """As `KeyStore`; a new key is made inside the module and can never be read out of it."""
        try:
            with self._lock:
                try:
                    private = self._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=name)
                    public = self._session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=name)
                except pkcs11.NoSuchKey:
                    public, private = self._make(name, algorithm)
                read = _read_public(public)
        except pkcs11.PKCS11Error as error:
            raise SigningKeyUnusable(name=name, private=type(error).__name__) from error
        if not isinstance(private, pkcs11.SignMixin):
            raise SigningKeyUnusable(name=name, private="the module does not let this key sign")
        key = Pkcs11Key(private, read, self._lock, name)
        if key.algorithm != algorithm:
            raise SigningKeyUnusable(name=name, private=f"made for {key.algorithm}, wanted for {algorithm}")
        return key

    def _make(self, name: str, algorithm: Algorithm) -> tuple[pkcs11.PublicKey, pkcs11.PrivateKey]:
        sealed = {
            pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.SIGN: True,
            pkcs11.Attribute.DECRYPT: False, pkcs11.Attribute.UNWRAP: False,
        }  # fmt: skip
        if algorithm == "RS256":
            return self._session.generate_keypair(
                pkcs11.KeyType.RSA, RSA_BITS, label=name, store=True, private_template=sealed
            )
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(_CURVES[algorithm])}
        parameters = self._session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        sealed = {kind: value for kind, value in sealed.items() if kind is not pkcs11.Attribute.UNWRAP}
        return parameters.generate_keypair(label=name, store=True, private_template=sealed)


def _pin(path: Path) -> str:
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
            raise SigningKeyExposed(name=path.name, private=str(path))
        return file.read(256).decode("ascii").strip()


def _read_public(key: pkcs11.Key) -> PublicKey:
    if not isinstance(key, pkcs11.PublicKey):
        raise SigningKeyUnusable(name=str(key.label), private="no public key")
    der = encode_rsa_public_key(key) if key.key_type is pkcs11.KeyType.RSA else encode_ec_public_key(key)
    public = load_der_public_key(der)
    if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise SigningKeyUnusable(name=str(key.label), private="neither RSA nor an elliptic curve")
    return public
