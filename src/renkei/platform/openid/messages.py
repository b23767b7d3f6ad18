"""What goes between a relying party and its provider, read once at the edge into frozen types."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.platform.openid.errors import ProviderGarbled

T = TypeVar("T")
Json = Any
"""A JSON value, sent as it is."""

CLIENT_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
SIGN_PATH: Final = "/protocol/openid-connect/ext/sign/transactions"
"""Below the issuer, after デジタル認証アプリ; discovery has no standard name for it."""

LOGIN_LIFE: Final = timedelta(minutes=15)
"""How long a sign-in may take from the button to the return."""
SKEW: Final = timedelta(seconds=10)
"""Tolerance of the two clocks (FAPI 2.0 Security Profile §5.3.2.1)."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of itself (RFC 8414, OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    pushed_authorization_request_endpoint: str
    userinfo_endpoint: str = ""
    introspection_endpoint: str = ""
    revocation_endpoint: str = ""
    end_session_endpoint: str = ""
    sign_transactions_endpoint: str = ""

    def addresses(self) -> list[str]:
        """Every endpoint that is there."""
        found = (getattr(self, name) for name in self.__struct_fields__ if name != "issuer")
        return [address for address in found if address]


class OAuthError(msgspec.Struct, frozen=True):
    """How an endpoint refuses (RFC 6749 §5.2)."""

    error: str = ""


class PushedAnswer(msgspec.Struct, frozen=True):
    """Answer of the PAR endpoint (RFC 9126 §2.2)."""

    request_uri: str
    expires_in: int


class TokenReply(MaskedStruct, frozen=True, kw_only=True):
    """Answer of the token endpoint (RFC 6749 §5.1, RFC 9396 §7)."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str = ""
    id_token: str = ""
    scope: str | None = None
    authorization_details: msgspec.Raw = msgspec.Raw(b"")


class IdClaims(MaskedStruct, frozen=True, kw_only=True):
    """Claims of an ID token that are checked here (OpenID Connect Core 1.0 §2)."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int
    azp: str = ""
    nonce: str = ""
    auth_time: int = 0
    acr: str = ""
    amr: tuple[str, ...] = ()
    sid: str = ""
    at_hash: str = ""


class Pending(MaskedStruct, frozen=True, kw_only=True):
    """A sign-in that was begun: kept by the relying party until the browser comes back."""

    state: str
    nonce: str
    verifier: str
    """`code_verifier` (RFC 7636)."""
    dpop_key: bytes
    """Private scalar of the session's DPoP key."""
    acr: str
    max_age_s: int | None
    begun_ms: int
    expires_ms: int
    extra: str = ""
    """The relying party's own, such as the page to go back to."""


class Grant(MaskedStruct, frozen=True, kw_only=True):
    """What a sign-in, or an exchange, gave."""

    sub: str
    """Pairwise: the person as this relying party's sector knows them."""
    sid: str
    acr: str
    amr: tuple[str, ...] = ()
    auth_ms: int
    access_token: str
    refresh_token: str = ""
    id_token: str = ""
    expires_ms: int
    """Of the access token."""
    scopes: tuple[str, ...] = ()
    dpop_key: bytes
    claims: bytes = b"{}"
    """Payload of the ID token, verified: JSON."""
    details: bytes = b"[]"
    """`authorization_details` as granted (RFC 9396): JSON."""

    def read(self, type_: type[T]) -> T:
        """The claims as the contract between the provider and its clients has them.

        Raises:
            ProviderGarbled: they are not of that form.
        """
        return decoded(self.claims, type_, what="claims")


class LogoutNotice(MaskedStruct, frozen=True, kw_only=True):
    """Whose session ended at the provider: of `sid`, or all of `sub` where that is empty."""

    sub: str
    sid: str


def decoded(body: bytes, type_: type[T], *, what: str) -> T:
    """JSON from the provider.

    Raises:
        ProviderGarbled: not of that form; `what` names the message.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, RecursionError):
        raise ProviderGarbled(what=what) from None


def verified_claims_request(
    wanted: Sequence[str], *, essential: Collection[str] = (), purpose: str = "", trust_framework: str = ""
) -> Json:
    """`claims` parameter that asks for verified claims at the userinfo endpoint (OpenID Connect for Identity Assurance
    1.0 §6).

    Args:
        wanted: names of claims.
        essential: those of them without which the service cannot go on.
        purpose: what for, shown to the person.
        trust_framework: the one that is wanted; any where empty.
    """
    claims: dict[str, Json] = {}
    for name in wanted:
        member: dict[str, Json] = {}
        if name in essential:
            member["essential"] = True
        if purpose:
            member["purpose"] = purpose
        claims[name] = member or None
    framework = {"value": trust_framework} if trust_framework else None
    return {"userinfo": {"verified_claims": {"verification": {"trust_framework": framework}, "claims": claims}}}
