"""Signed tokens that others bring (JWS, RFC 7515): read strictly, verified with one key and its one algorithm.

The key decides the algorithm, never the token: a token that names another is refused before anything is computed
(RFC 8725 §3.1). Sizes are bounded, `crit` and embedded private keys are refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from renkei.base.encoding import from_base64url

TOKEN_BYTES_MAX = 8192
HEADER_BYTES_MAX = 3072
RSA_BITS_MIN, RSA_BITS_MAX = 2048, 4096
ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")
"""What clients may sign with (FAPI 2.0 Security Profile §5.4.1); `EdDSA` is the older name of `Ed25519` (RFC 9864)."""

_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
_REGISTRY.max_header_length = 4 * (HEADER_BYTES_MAX + 2) // 3

JoseKey: TypeAlias = ECKey | RSAKey | OKPKey


class Unreadable(ValueError):
    """A token that is not what it should be; its text is a fixed word that says which rule it broke."""


class Jwk(msgspec.Struct, frozen=True):
    """A public key (RFC 7517). Members that only private keys have are read in order to be refused."""

    kty: str
    crv: str = ""
    x: str = ""
    y: str = ""
    n: str = ""
    e: str = ""
    alg: str = ""
    kid: str = ""
    use: str = ""
    d: str = ""
    k: str = ""
    p: str = ""
    q: str = ""


class Header(msgspec.Struct, frozen=True):
    """Protected header of a JWS."""

    alg: str
    typ: str = ""
    kid: str = ""
    jwk: Jwk | None = None
    crit: msgspec.Raw = msgspec.Raw(b"")
    b64: bool = True


class Opened(NamedTuple):
    """A token that is read and not verified yet."""

    text: str
    header: Header
    payload: bytes


class PublicKey(NamedTuple):
    """A key, what it may be used with, and its name."""

    key: JoseKey
    algorithms: tuple[str, ...]
    kid: str
    thumbprint: str
    """RFC 7638, SHA-256."""


_read_header = msgspec.json.Decoder(Header).decode


def opened(token: str) -> Opened:
    """The parts of a compact JWS.

    Raises:
        Unreadable: too large, not three parts, not base64url, a header that is no JSON or names extensions.
    """
    if len(token) > TOKEN_BYTES_MAX:
        raise Unreadable("size")
    parts = token.split(".")
    if len(parts) != 3:
        raise Unreadable("form")
    try:
        raw, payload = from_base64url(parts[0]), from_base64url(parts[1])
        header = _read_header(raw)
    except (ValueError, RecursionError):
        raise Unreadable("form") from None
    if len(raw) > HEADER_BYTES_MAX:
        raise Unreadable("size")
    if header.crit or not header.b64:
        raise Unreadable("crit")
    return Opened(token, header, payload)


@lru_cache(maxsize=4096)
def public_key(jwk: Jwk) -> PublicKey:
    """A key out of its JWK.

    Raises:
        Unreadable: a private or symmetric key, another kind or size, a point that is not on its curve.
    """
    if jwk.d or jwk.k or jwk.p or jwk.q or jwk.kty == "oct":
        raise Unreadable("key")
    try:
        found, algorithms = _imported(jwk)
    except (JoseError, ValueError, TypeError):
        raise Unreadable("key") from None
    if jwk.alg:
        algorithms = tuple(name for name in algorithms if name == jwk.alg)
    if not algorithms or jwk.use not in ("", "sig"):
        raise Unreadable("alg")
    return PublicKey(found, algorithms, jwk.kid, found.thumbprint())


def verify(token: Opened, key: PublicKey) -> None:
    """Check the signature.

    Raises:
        Unreadable: another algorithm than the key's, or the signature does not hold.
    """
    if token.header.alg not in key.algorithms:
        raise Unreadable("alg")
    try:
        jws.deserialize_compact(token.text, key.key, algorithms=[token.header.alg], registry=_REGISTRY)
    except (JoseError, ValueError):
        raise Unreadable("signature") from None


def _imported(jwk: Jwk) -> tuple[JoseKey, tuple[str, ...]]:
    match jwk.kty, jwk.crv:
        case "EC", "P-256":
            return ECKey.import_key({"kty": "EC", "crv": jwk.crv, "x": jwk.x, "y": jwk.y}), ("ES256",)
        case "OKP", "Ed25519":
            return OKPKey.import_key({"kty": "OKP", "crv": jwk.crv, "x": jwk.x}), ("Ed25519", "EdDSA")
        case "RSA", "":
            if jwk.e != "AQAB" or not RSA_BITS_MIN <= 8 * len(from_base64url(jwk.n)) <= RSA_BITS_MAX:
                raise Unreadable("key")
            return RSAKey.import_key({"kty": "RSA", "n": jwk.n, "e": jwk.e}), ("PS256",)
    raise Unreadable("key")


class _Audience(msgspec.Struct, frozen=True):
    aud: str


_read_audience = msgspec.json.Decoder(_Audience).decode


def claimed_audience(token: str) -> str:
    """For whom a token says that it is; nothing is verified yet.

    Raises:
        Unreadable: no token, or one for several.
    """
    try:
        return _read_audience(opened(token).payload).aud
    except msgspec.DecodeError:
        raise Unreadable("claims") from None
