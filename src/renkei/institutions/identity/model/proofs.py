"""Proofs that a client sends with a request: who it is (`private_key_jwt`) and that it holds a key (DPoP).

Values and `now` in, values out; whether a proof was seen before is the store's to say (`Mark`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.clients import Client

SKEW_S = 30
"""Tolerance of clocks: FAPI 2.0 Security Profile §5.3.2.1 wants 10 s in the future accepted and 60 s refused."""
ASSERTION_LIFE_S = 300
PROOF_AGE_S = 60
JTI_MAX = 200
DPOP_TYPE = "dpop+jwt"
ASSERTION_TYPES = frozenset(("", "JWT", "jwt", "client-authentication+jwt"))


class Mark(NamedTuple):
    """That a proof was used: kept until the proof is worth nothing anyway."""

    digest: bytes
    expires_ms: int


class Proof(NamedTuple):
    """A DPoP proof that holds."""

    thumbprint: str
    mark: Mark


class _AssertionClaims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    # FAPI 2.0 Security Profile §5.3.2.1: one string, so that no assertion made for another server is good here too.
    aud: str
    exp: float
    jti: str
    iat: float | None = None
    nbf: float | None = None


class _ProofClaims(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: float
    ath: str = ""


_read_assertion = msgspec.json.Decoder(_AssertionClaims).decode
_read_proof = msgspec.json.Decoder(_ProofClaims).decode


def claimed_client(assertion: str) -> str:
    """Client that an assertion says it is of; nothing is verified yet.

    Raises:
        jose.Unreadable.
    """
    return _assertion_claims(jose.opened(assertion)).sub


def check_assertion(assertion: str, client: Client, *, issuer: str, now: datetime) -> Mark:
    """Check a client's assertion (RFC 7523 §3, with what FAPI 2.0 narrows).

    Args:
        issuer: the only audience that is accepted. That of an endpoint is not: a client that took the endpoint's
            address from an attacker's metadata would be signing for the attacker (FAPI 2.0 §5.3.2.1).

    Raises:
        jose.Unreadable: its text is the rule that was broken.
    """
    token = jose.opened(assertion)
    claims = _assertion_claims(token)
    if token.header.typ not in ASSERTION_TYPES:
        raise jose.Unreadable("typ")
    jose.verify(token, _key_of(client, token.header))
    if claims.iss != client.client_id or claims.sub != client.client_id:
        raise jose.Unreadable("iss")
    if claims.aud != issuer:
        raise jose.Unreadable("aud")
    seconds = to_ms(now) / 1000
    if claims.exp <= seconds - SKEW_S:
        raise jose.Unreadable("expired")
    if claims.exp > seconds + ASSERTION_LIFE_S + SKEW_S:
        raise jose.Unreadable("exp")
    if any(moment is not None and moment > seconds + SKEW_S for moment in (claims.iat, claims.nbf)):
        raise jose.Unreadable("future")
    return mark("assertion", client.client_id, claims.jti, int((claims.exp + SKEW_S) * 1000))


def check_proof(proof: str, *, method: str, url: str, now: datetime, access_token: str = "") -> Proof:
    """Check a DPoP proof (RFC 9449 §4.3), numbers of that list at each step.

    Args:
        url: of this endpoint as published, without query.
        access_token: presented with it at a resource; `ath` must be its hash.

    Raises:
        jose.Unreadable: its text is the rule that was broken.
    """
    token = jose.opened(proof)  # 2
    if token.header.typ != DPOP_TYPE:  # 4
        raise jose.Unreadable("typ")
    if token.header.jwk is None:
        raise jose.Unreadable("jwk")
    key = jose.public_key(token.header.jwk)  # 5, 7: asymmetric, allowed, no private part
    jose.verify(token, key)  # 6
    try:
        claims = _read_proof(token.payload)  # 3
    except msgspec.DecodeError:
        raise jose.Unreadable("claims") from None
    if claims.htm != method:  # 8
        raise jose.Unreadable("htm")
    if _comparable(claims.htu) != _comparable(url):  # 9
        raise jose.Unreadable("htu")
    seconds = to_ms(now) / 1000
    if not seconds - PROOF_AGE_S - SKEW_S <= claims.iat <= seconds + SKEW_S:  # 11
        raise jose.Unreadable("iat")
    if access_token:  # 12
        wanted = to_base64url(hashlib.sha256(access_token.encode()).digest())
        if not hmac.compare_digest(claims.ath.encode(), wanted.encode()):
            raise jose.Unreadable("ath")
    expires_ms = int((claims.iat + PROOF_AGE_S + SKEW_S) * 1000)
    return Proof(key.thumbprint, mark("proof", key.thumbprint, claims.jti, expires_ms))


def mark(kind: str, signer: str, jti: str, expires_ms: int) -> Mark:
    """The mark of a token that may be used once.

    Raises:
        jose.Unreadable: no usable `jti`.
    """
    if not 1 <= len(jti) <= JTI_MAX:
        raise jose.Unreadable("jti")
    return Mark(hashlib.sha256(f"{kind}\x00{signer}\x00{jti}".encode()).digest(), expires_ms)


def usable_keys(jwks: Sequence[dict[str, str]]) -> list[jose.PublicKey]:
    """The keys of a registration that can verify anything."""
    found = []
    for jwk in jwks:
        try:
            found.append(jose.public_key(msgspec.convert(jwk, jose.Jwk)))
        except ValueError:  # a key of a kind that is not used here hinders no other
            continue
    return found


def _key_of(client: Client, header: jose.Header) -> jose.PublicKey:
    """The key that must have signed: by name, else the only one that there is for the algorithm."""
    fitting = [key for key in usable_keys(client.jwks) if header.alg in key.algorithms]
    if not fitting:
        raise jose.Unreadable("alg")
    if header.kid:
        fitting = [key for key in fitting if header.kid in (key.kid, key.thumbprint)]
    if len(fitting) != 1:
        raise jose.Unreadable("kid")
    return fitting[0]


def _assertion_claims(token: jose.Opened) -> _AssertionClaims:
    try:
        return _read_assertion(token.payload)
    except msgspec.DecodeError:
        raise jose.Unreadable("claims") from None


def _comparable(url: str) -> tuple[str, str, int | None, str]:
    """An address without query and fragment, so that equal ones are equal (RFC 3986 §6.2.2, §6.2.3)."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname or "", port, parts.path or "/"
    except ValueError:
        raise jose.Unreadable("htu") from None
