"""The decisions of a sign-in: what is asked, whether the answer fits, whether the ID token may be believed. Pure.

Steps are numbered as in OpenID Connect Core 1.0 §3.1.3.7, FAPI 2.0 Security Profile §5.3.3 and RFC 9207 §2.4.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.platform.openid.errors import (
    IdTokenInvalid,
    LoginDeclined,
    LoginMixedUp,
    LoginNeeded,
    LoginTooWeak,
    LoginUnknown,
    LogoutTokenInvalid,
    ProviderRefused,
)
from renkei.platform.openid.jose import new_scalar
from renkei.platform.openid.messages import LOGIN_LIFE, LOGOUT_EVENT, SKEW, IdClaims, Json, LogoutNotice, Pending

SECRET_BYTES = 32
PARAMETER_MAX = 2_048
LOGOUT_AGE_MAX = timedelta(minutes=5)
_NEEDS_PERSON = frozenset({"login_required", "consent_required", "interaction_required", "account_selection_required"})


def new_pending(*, acr: str, max_age_s: int | None, extra: str, now: datetime) -> Pending:
    """Begin a sign-in: every secret of it is new."""
    return Pending(
        state=secrets.token_urlsafe(SECRET_BYTES), nonce=secrets.token_urlsafe(SECRET_BYTES),
        verifier=secrets.token_urlsafe(SECRET_BYTES), dpop_key=new_scalar(), acr=acr, max_age_s=max_age_s,
        begun_ms=to_ms(now), expires_ms=to_ms(now + LOGIN_LIFE), extra=extra,
    )  # fmt: skip


def challenge_of(verifier: str) -> str:
    """`code_challenge` by S256 (RFC 7636 §4.2)."""
    return to_base64url(hashlib.sha256(verifier.encode()).digest())


def authorization_request(
    pending: Pending, *, client_id: str, redirect_uri: str, scopes: Sequence[str], thumbprint: str, prompt: str,
    claims: Json, details: Sequence[object], sign_transaction_id: str, language: str,
) -> dict[str, str]:  # fmt: skip
    """Parameters of the pushed authorization request; what is empty is left out."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": challenge_of(pending.verifier),
        "code_challenge_method": "S256",
        "dpop_jkt": thumbprint,
        "acr_values": pending.acr,
        "max_age": "" if pending.max_age_s is None else str(pending.max_age_s),
        "prompt": prompt,
        "claims": msgspec.json.encode(claims).decode() if claims else "",
        "authorization_details": msgspec.json.encode(list(details)).decode() if details else "",
        "sign_transaction_id": sign_transaction_id,
        "ui_locales": language,
    }
    return {name: value for name, value in parameters.items() if value}


def code_of(query: Mapping[str, str], pending: Pending, *, issuer: str, now: datetime) -> str:
    """The code of an authorization response that belongs to this sign-in.

    Raises:
        LoginUnknown: another state, or too late.
        LoginMixedUp: another issuer, or none (RFC 9207 §2.4; FAPI 2.0 §5.3.3.1 no. 4).
        LoginDeclined, LoginNeeded, ProviderRefused: the provider answers with an error.
    """
    if not _same(query.get("state", ""), pending.state) or to_ms(now) >= pending.expires_ms:
        raise LoginUnknown(private="state")
    if query.get("iss") != issuer:
        raise LoginMixedUp()
    if error := query.get("error", ""):
        if error == "access_denied":
            raise LoginDeclined()
        raise LoginNeeded(private=error) if error in _NEEDS_PERSON else ProviderRefused(code_there=plain(error))
    code = query.get("code", "")
    if not code or len(code) > PARAMETER_MAX:
        raise LoginUnknown(private="no code")
    return code


def check_id_token(
    claims: IdClaims, pending: Pending, *, issuer: str, client_id: str, access_token: str, acrs: Sequence[str],
    now: datetime,
) -> None:  # fmt: skip
    """Check the claims of an ID token whose signature holds.

    Args:
        acrs: values of `acr`, weakest first.

    Raises:
        IdTokenInvalid: naming the step.
        LoginTooWeak: `acr` or `auth_time` are less than what was asked for (steps 12 and 13).
    """
    check_token(claims, issuer=issuer, client_id=client_id, now=now)
    if not _same(claims.nonce, pending.nonce):  # step 11
        raise IdTokenInvalid(step="nonce")
    if claims.at_hash and not _same(claims.at_hash, half_hash(access_token)):  # §3.1.3.8
        raise IdTokenInvalid(step="at_hash")
    if not claims.sid or not claims.sub:
        raise IdTokenInvalid(step="sid")
    if pending.acr and rank(claims.acr, acrs) < rank(pending.acr, acrs):
        raise LoginTooWeak(private="acr")
    if pending.max_age_s is not None:
        # Counted up to the moment of asking: who reads the page slowly is not asked twice.
        earliest = pending.begun_ms - (pending.max_age_s + SKEW.seconds) * 1000
        if claims.auth_time * 1000 < earliest:
            raise LoginTooWeak(private="auth_time")


def check_token(claims: IdClaims, *, issuer: str, client_id: str, now: datetime) -> None:
    """Issuer, audience and time (steps 2 to 5, 9, 10).

    Raises:
        IdTokenInvalid: naming the step.
    """
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    now_s, skew = to_ms(now) // 1000, SKEW.seconds
    if claims.iss != issuer:
        raise IdTokenInvalid(step="iss")
    if audience != [client_id] or claims.azp not in ("", client_id):
        raise IdTokenInvalid(step="aud")
    if now_s >= claims.exp + skew:
        raise IdTokenInvalid(step="exp")
    if claims.iat > now_s + skew:
        raise IdTokenInvalid(step="iat")


def half_hash(token: str) -> str:
    """`at_hash` of a token under ES256: the left half of its SHA-256 (§3.1.3.6)."""
    return to_base64url(hashlib.sha256(token.encode()).digest()[:16])


def rank(acr: str, acrs: Sequence[str]) -> int:
    """How sure a sign-in is; a value that is not known is worth nothing."""
    return acrs.index(acr) if acr in acrs else -1


class LogoutClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Claims of a logout token (Back-Channel Logout 1.0 §2.4)."""

    iss: str
    aud: str | list[str]
    iat: int
    jti: str
    exp: int = 0
    sub: str = ""
    sid: str = ""
    events: dict[str, dict[str, object]] = {}
    nonce: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def check_logout(claims: LogoutClaims, *, issuer: str, client_id: str, now: datetime) -> LogoutNotice:
    """Whose session ended (§2.6).

    Raises:
        LogoutTokenInvalid: naming the step.
    """
    now_s = to_ms(now) // 1000
    old = claims.iat < now_s - LOGOUT_AGE_MAX.seconds or (claims.exp and now_s >= claims.exp + SKEW.seconds)
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    steps = {
        "iss": claims.iss == issuer,
        "aud": audience == [client_id],
        "iat": not old and claims.iat <= now_s + SKEW.seconds,
        "events": LOGOUT_EVENT in claims.events,
        "nonce": claims.nonce is msgspec.UNSET,  # an ID token must not pass for one
        "sid": bool(claims.sid or claims.sub),
    }
    for step, holds in steps.items():
        if not holds:
            raise LogoutTokenInvalid(step=step)
    return LogoutNotice(sub=claims.sub, sid=claims.sid)


def plain(error: str) -> str:
    """An error code from outside as it may stand in a sentence."""
    return error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 60 else "?"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
