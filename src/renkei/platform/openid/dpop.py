"""Proofs of a key (DPoP, RFC 9449): a token is worth nothing without them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from renkei.base.encoding import to_base64url
from renkei.base.time import EPOCH, to_ms
from renkei.crypto.signing_keys import SoftwareKey
from renkei.platform.openid.errors import KeyProofInvalid
from renkei.platform.openid.jose import (
    ALGORITHM,
    Header,
    Unreadable,
    ec_public,
    jwk_of,
    open_jws,
    public_key_of,
    sign_jws,
    thumbprint,
)  # fmt: skip
from renkei.platform.openid.messages import SKEW
from renkei.platform.replay import ReplayWindow

TYP = "dpop+jwt"
AGE_MAX = timedelta(seconds=60)
JTI_MAX = 128


class ProofClaims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Payload of a proof (§4.2)."""

    jti: str
    htm: str
    htu: str
    iat: int
    ath: str = ""
    nonce: str = ""


def make_proof(
    key: SoftwareKey, *, method: str, url: str, now: datetime, access_token: str = "", nonce: str = ""
) -> str:
    """A proof for one request."""
    claims = ProofClaims(
        jti=secrets.token_urlsafe(16), htm=method, htu=target_of(url), iat=to_ms(now) // 1000,
        ath=token_hash(access_token) if access_token else "", nonce=nonce,
    )  # fmt: skip
    return sign_jws(Header(alg=ALGORITHM, typ=TYP, jwk=jwk_of(ec_public(key), kid=False)), claims, key)


def check_proof(proof: str, *, method: str, url: str, access_token: str, seen: ReplayWindow, now: datetime) -> str:
    """Check a proof that came with an access token; gives the thumbprint of its key (§4.3).

    Args:
        url: of the request, as the resource server is known to its clients.
        seen: remembers proofs, so that none serves twice.

    Raises:
        KeyProofInvalid: naming the step.
        MessageReplayed: this proof served before.
    """
    try:
        opened = open_jws(proof, typ=lambda typ: typ == TYP)
        jwk = opened.header.jwk
        if jwk is None:
            raise KeyProofInvalid(step="jwk")
        claims = msgspec.json.decode(opened.verify(public_key_of(jwk)), type=ProofClaims)
    except Unreadable as error:
        raise KeyProofInvalid(step=error.step) from None
    except msgspec.DecodeError:
        raise KeyProofInvalid(step="form") from None
    now_s = to_ms(now) // 1000
    steps = {
        "htm": claims.htm == method,
        "htu": target_of(claims.htu) == target_of(url),
        "iat": now_s - AGE_MAX.seconds <= claims.iat <= now_s + SKEW.seconds,
        "ath": hmac.compare_digest(claims.ath.encode(), token_hash(access_token).encode()),
        "jti": 0 < len(claims.jti) <= JTI_MAX,
    }
    for step, holds in steps.items():
        if not holds:
            raise KeyProofInvalid(step=step)
    key = thumbprint(jwk)
    seen.admit(key_id=key, nonce=claims.jti, created=EPOCH + timedelta(seconds=claims.iat), now=now)
    return key


def token_hash(token: str) -> str:
    """`ath` of an access token (§4.2)."""
    return to_base64url(hashlib.sha256(token.encode()).digest())


def target_of(url: str) -> str:
    """A URL as `htu` names it: without query and fragment, scheme and host in lower case (§4.3 no. 9)."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path or '/'}"
