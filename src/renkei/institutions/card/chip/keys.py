"""The private keys of a card and how COMPUTE DIGITAL SIGNATURE uses them.

P1 names the scheme. For RSA: 00 pads what it is given (PKCS #1 v1.5, so a DigestInfo has to be supplied), 01 pads the
bare SHA-256 of it, 02 takes a SHA-256 and wraps it in a DigestInfo, 03 hashes as well, 04 and 05 are PSS over a digest
and over a message (soltia48/myna-card 3.3, found out on a card). For P-384, whose command is not public: 00 and 02 take
a SHA-384 digest, 03 hashes; the signature is the DER form (RFC 3279), as X.509 and CMS use it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)  # fmt: skip

from renkei.institutions.card.chip.words import Refusal, Sw

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_SHA256, _SHA384 = hashes.SHA256(), hashes.SHA384()
_PKCS1 = padding.PKCS1v15()
_PSS = padding.PSS(mgf=padding.MGF1(_SHA256), salt_length=padding.PSS.DIGEST_LENGTH)
_PADDING_BYTES = 11
_ECDSA_DIGEST, _ECDSA_MESSAGE = ec.ECDSA(Prehashed(_SHA384)), ec.ECDSA(_SHA384)


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise Refusal(Sw.WRONG_LENGTH)
    return data


def _verbatim(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    if len(data) > key.key_size // 8 - _PADDING_BYTES:
        raise Refusal(Sw.WRONG_LENGTH)
    return key.sign(data, _PKCS1, NoDigestInfo())


_RSA: Mapping[int, Callable[[rsa.RSAPrivateKey, bytes], bytes]] = {
    0: _verbatim,
    1: lambda key, data: key.sign(hashlib.sha256(data).digest(), _PKCS1, NoDigestInfo()),
    2: lambda key, data: key.sign(_exactly(data, 32), _PKCS1, Prehashed(_SHA256)),
    3: lambda key, data: key.sign(data, _PKCS1, _SHA256),
    4: lambda key, data: key.sign(_exactly(data, 32), _PSS, Prehashed(_SHA256)),
    5: lambda key, data: key.sign(data, _PSS, _SHA256),
}
_EC: Mapping[int, Callable[[ec.EllipticCurvePrivateKey, bytes], bytes]] = {
    0: lambda key, data: key.sign(_exactly(data, 48), _ECDSA_DIGEST),
    2: lambda key, data: key.sign(_exactly(data, 48), _ECDSA_DIGEST),
    3: lambda key, data: key.sign(data, _ECDSA_MESSAGE),
}


def sign(key: PrivateKey, scheme: int, data: bytes) -> bytes:
    """Sign `data` as P1 says.

    Raises:
        Refusal: 6A86, no such scheme for this kind of key; 6700, data of a length that the scheme does not take.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        with_rsa = _RSA.get(scheme)
        if with_rsa is None:
            raise Refusal(Sw.PARAMETERS_WRONG)
        return with_rsa(key, data)
    with_ec = _EC.get(scheme)
    if with_ec is None:
        raise Refusal(Sw.PARAMETERS_WRONG)
    return with_ec(key, data)


def load(der: bytes) -> PrivateKey:
    """A key from PKCS #8 DER.

    Raises:
        ValueError: no RSA key and no P-384 key.
    """
    key = load_der_private_key(der, None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return key
    raise ValueError("a card has RSA or P-384 keys")


def dump(key: PrivateKey) -> bytes:
    """PKCS #8 DER."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
