"""Tokens: what a client sends for one, what it gets, what stands in one, and the grant behind it.

Access tokens are `at+jwt` (RFC 9068), bound to a DPoP key (RFC 9449 §6), good for minutes. Behind each stands a grant,
which can end at any time: `userinfo`, introspection and every exchange ask whether it still stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import Connection

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct, to_base64url
from renkei.contracts.identity import Payment, Realm
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client

ACCESS_TYPE = "at+jwt"
ID_TYPE = "JWT"
LOGOUT_TYPE = "logout+jwt"
TOKEN_TYPE = "DPoP"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A request at the token endpoint: the client has proved who it is, and holds the DPoP key."""

    client: Client
    parameters: Mapping[str, str] = field(repr=False)
    """Form parameters, each once, without the client's assertion."""
    key_thumbprint: str
    """Of the DPoP key (RFC 7638), to which every token is bound."""


class TokenAnswer(MaskedStruct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3)."""

    access_token: str
    token_type: str = msgspec.field(default_factory=lambda: TOKEN_TYPE)  # a factory, so that it is always sent
    expires_in: int
    scope: str
    id_token: str = ""
    refresh_token: str = ""
    authorization_details: tuple[Payment, ...] = ()
    issued_token_type: str = ""
    """RFC 8693 §2.2.1; token exchange only."""


GrantHandler: TypeAlias = Callable[[GrantRequest], Awaitable[TokenAnswer]]
"""Answers one `grant_type`. Raises errors that carry an `oauth` code."""

IdClaims: TypeAlias = Callable[[Connection, Approved], Mapping[str, object]]
"""Further claims of an ID token (the staff realm says body, section and roles)."""


class KeyBinding(msgspec.Struct, frozen=True):
    """`cnf`: the DPoP key to which a token is bound."""

    jkt: str


class Actor(MaskedStruct, frozen=True, kw_only=True, omit_defaults=True):
    """`act`: who acts for the subject, and within which limits (RFC 8693 §4.1)."""

    sub: str
    """Pairwise, as the subject is."""
    name: str = ""
    """ID token only."""
    proxy_id: str = ""
    kind: str = ""
    affairs: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    until: str = ""


class OwnClaims(MaskedStruct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a token that this provider made: access token or ID token."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    iat: int
    exp: int
    jti: str = ""
    client_id: str = ""
    scope: str = ""
    sid: str = ""
    acr: str = ""
    amr: tuple[str, ...] = ()
    auth_time: int = 0
    nonce: str = ""
    at_hash: str = ""
    cnf: KeyBinding | None = None
    act: Actor | None = None
    authorization_details: tuple[Payment, ...] = ()
    principal: str = ""
    """Name of the person acted for, on the actor's screen; ID token only."""
    test: bool = False
    """The person signed in with a test card."""
    shared_terminal: bool = False

    @property
    def audiences(self) -> tuple[str, ...]:
        """For whom the token is."""
        return (self.aud,) if isinstance(self.aud, str) else self.aud

    @property
    def grant_id(self) -> str:
        """The grant behind an access token: the first part of its `jti`."""
        return self.jti.partition(".")[0]


class Grant(MaskedStruct, frozen=True, kw_only=True):
    """What stands behind tokens: one answer of a person to one client, or a client on its own."""

    grant_id: str
    realm: Realm
    client_id: str
    account_id: str
    """Of the subject; empty where a client acts on its own."""
    session_id: str
    key_thumbprint: str
    approved: Approved | None
    """None where a client acts on its own."""
    scopes: tuple[str, ...]
    expires_ms: int


class Spent(StrEnum):
    """Why a code or a refresh token is worth nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"  # a second time: whatever the first time gave ends (RFC 9700 §2.1.1)
    CLIENT = "client"  # it was given to another client
    REDIRECT = "redirect_uri"
    VERIFIER = "code_verifier"
    KEY = "dpop_key"
    ENDED = "ended"  # signed out, withdrawn, revoked


class Redeemed(NamedTuple):
    """What came of a code or refresh token. Not raised inside the transaction: that it was tried has to be kept."""

    grant: Grant | None
    spent: Spent | None = None


def at_hash(access_token: str) -> str:
    """`at_hash` of an ES256 ID token (OpenID Connect Core 1.0 §3.1.3.6)."""
    return to_base64url(hashlib.sha256(access_token.encode("ascii")).digest()[:16])


def seconds(ms: int) -> int:
    """NumericDate (RFC 7519 §2) of milliseconds."""
    return ms // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensIssued(AuditEvent):
    """A client was given tokens."""

    name: ClassVar[str] = "identity.tokens_issued"
    grant: str
    client: str
    account: str
    session: str
    how: str
    scopes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantsEnded(AuditEvent):
    """Grants ended, and every token made from them. `why`: code_reuse, client, session, consent, proxy."""

    name: ClassVar[str] = "identity.grants_ended"
    why: str
    reference: str
    """Grant, session, proxy or account that ended them."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(AuditEvent):
    """A relying party was registered, or its registration changed."""

    name: ClassVar[str] = "identity.client_registered"
    client: str
    stopped: bool
