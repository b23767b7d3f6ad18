"""JSON Web Signatures with ES256 and nothing else (RFC 7515, RFC 7518 §3.4): the one algorithm that both sides use.

The algorithm is fixed by the verifier, never read from the message: a header that names another, or asks for an
extension (`crit`), is refused before any key is looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from renkei.base.encoding import from_base64url, to_base64url
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.signing_keys import SigningKey, SoftwareKey, from_jose, to_jose

ALGORITHM: Final = "ES256"
TOKEN_BYTES_MAX: Final = 8_192
SCALAR_BYTES: Final = 32
_ECDSA: Final = ec.ECDSA(hashes.SHA256())


class Jwk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A public key on P-256 as JSON (RFC 7517, RFC 7518 §6.2). A private one (`d`) is not read."""

    kty: str
    crv: str = ""
    x: str = ""
    y: str = ""
    kid: str = ""
    use: str = ""
    alg: str = ""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """Protected header. Members that are not named here have no meaning for us."""

    alg: str
    typ: str = ""
    kid: str = ""
    jwk: Jwk | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Unreadable(ValueError):
    """Not a JWS that is accepted here; `step` names the check for the caller's own error."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


class Opened(NamedTuple):
    """A JWS taken apart; nothing of it is verified yet."""

    header: Header
    payload: bytes
    signed: bytes
    signature: bytes

    def verify(self, key: ec.EllipticCurvePublicKey) -> bytes:
        """The payload, once the signature holds.

        Raises:
            Unreadable: it does not.
        """
        try:
            key.verify(from_jose(ALGORITHM, self.signature), self.signed, _ECDSA)
        except (InvalidSignature, SignatureInvalid):
            raise Unreadable("signature") from None
        return self.payload


_header = msgspec.json.Decoder(Header).decode
_encode = msgspec.json.Encoder().encode


def open_jws(token: str, *, typ: Callable[[str], bool]) -> Opened:
    """Take a compact JWS apart.

    Args:
        typ: whether a `typ` is one that belongs here (RFC 8725 §3.11), without `application/`, lower case.

    Raises:
        Unreadable: too large, malformed, of another algorithm or type, or with an extension.
    """
    if len(token) > TOKEN_BYTES_MAX:
        raise Unreadable("size")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise Unreadable("form")
    try:
        head, payload, signature = (from_base64url(part) for part in parts)
        header = _header(head)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        raise Unreadable("form") from None
    if header.alg != ALGORITHM:
        raise Unreadable("alg")
    if header.crit is not msgspec.UNSET:
        raise Unreadable("crit")
    if not typ(header.typ.lower().removeprefix("application/")):
        raise Unreadable("typ")
    return Opened(header, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def sign_jws(header: Header, claims: object, key: SigningKey) -> str:
    """Sign claims as a compact JWS; the header must name ES256."""
    signed = f"{to_base64url(_encode(header))}.{to_base64url(_encode(claims))}"
    return f"{signed}.{to_base64url(to_jose(ALGORITHM, key.sign(signed.encode())))}"


def jwk_of(key: ec.EllipticCurvePublicKey, *, kid: bool = True) -> Jwk:
    """A public key on P-256 as a JWK; `kid` is its thumbprint."""
    numbers = key.public_numbers()
    x, y = (to_base64url(one.to_bytes(SCALAR_BYTES, "big")) for one in (numbers.x, numbers.y))
    bare = Jwk(kty="EC", crv="P-256", x=x, y=y)
    return msgspec.structs.replace(bare, kid=thumbprint(bare), use="sig", alg=ALGORITHM) if kid else bare


def thumbprint(jwk: Jwk) -> str:
    """SHA-256 thumbprint of an EC key (RFC 7638 §3.2), base64url."""
    text = f'{{"crv":"{jwk.crv}","kty":"{jwk.kty}","x":"{jwk.x}","y":"{jwk.y}"}}'
    return to_base64url(hashlib.sha256(text.encode()).digest())


def public_key_of(jwk: Jwk) -> ec.EllipticCurvePublicKey:
    """The key that a JWK describes.

    Raises:
        Unreadable: another kind of key, or a point that is not on the curve.
    """
    if (jwk.kty, jwk.crv) != ("EC", "P-256"):
        raise Unreadable("key")
    try:
        x, y = from_base64url(jwk.x), from_base64url(jwk.y)
        if (len(x), len(y)) != (SCALAR_BYTES, SCALAR_BYTES):
            raise Unreadable("key")
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
        ).public_key()
    except ValueError:
        raise Unreadable("key") from None


def software_key(scalar: bytes) -> SoftwareKey:
    """The key of a session, from the 32 bytes that are kept of it."""
    return SoftwareKey(ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1()))


def new_scalar() -> bytes:
    """What is kept of a new key."""
    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(SCALAR_BYTES, "big")


def ec_public(key: SigningKey) -> ec.EllipticCurvePublicKey:
    """The public half of a P-256 key.

    Raises:
        ValueError: another kind of key.
    """
    public = key.public_key
    if key.algorithm != ALGORITHM or not isinstance(public, ec.EllipticCurvePublicKey):
        raise ValueError("a relying party signs with a P-256 key")
    return public
