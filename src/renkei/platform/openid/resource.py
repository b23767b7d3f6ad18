"""A service that others call with a person's token: who may do what, from the token and its proof alone."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.base.time import to_ms
from renkei.platform.clock import Clock
from renkei.platform.openid.dpop import AGE_MAX, check_proof
from renkei.platform.openid.errors import AccessTokenInvalid, AccessTokenMissing, KeyProofInvalid, ScopeMissing
from renkei.platform.openid.jose import Unreadable
from renkei.platform.openid.messages import SKEW
from renkei.platform.openid.provider import Provider
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.replay import ReplayWindow

T = TypeVar("T")
TYP = "at+jwt"
SCHEME = "DPoP "


class Confirmation(msgspec.Struct, frozen=True):
    """To whose key a token is bound (RFC 9449 §6.1)."""

    jkt: str


class AccessClaims(MaskedStruct, frozen=True, kw_only=True):
    """Claims of an access token that are checked here (RFC 9068 §2.2)."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int
    jti: str
    client_id: str
    cnf: Confirmation
    scope: str = ""
    sid: str = ""
    acr: str = ""
    authorization_details: msgspec.Raw = msgspec.Raw(b"")
    act: msgspec.Raw = msgspec.Raw(b"")


class Authorized(MaskedStruct, frozen=True, kw_only=True):
    """Who calls, for whom, within which limits."""

    sub: str
    client_id: str
    token_id: str
    """`jti`."""
    sid: str
    acr: str
    scopes: frozenset[str]
    details: bytes
    """`authorization_details` (RFC 9396): JSON."""
    act: bytes
    """`act` (RFC 8693 §4.1): JSON, `null` where nobody acts for the subject."""
    expires_ms: int

    def read_details(self, type_: type[T]) -> T:
        """The `authorization_details` as the contract has them.

        Raises:
            AccessTokenInvalid: they are not of that form.
        """
        return _read(self.details, type_, step="authorization_details")

    def read_act(self, type_: type[T]) -> T | None:
        """Who acts for the subject; None where nobody does.

        Raises:
            AccessTokenInvalid: it is not of that form.
        """
        return None if self.act == b"null" else _read(self.act, type_, step="act")


class _Active(msgspec.Struct, frozen=True):
    active: bool = False


class ResourceServer:
    """Checks access tokens for one audience.

    Args:
        audience: base URL of the resource, as tokens name it.
        client: this service's own registration: asks the provider whether a token is still good, where `live` wants it.
    """

    def __init__(self, *, provider: Provider, audience: str, clock: Clock, client: RelyingParty | None = None) -> None:
        self._provider, self._audience, self._clock, self._client = provider, audience, clock, client
        self._seen = ReplayWindow(tolerance=AGE_MAX + SKEW + timedelta(minutes=1))

    async def authorize(
        self, headers: Mapping[str, str], *, method: str, url: str, scope: str = "", live: bool = False
    ) -> Authorized:
        """Who calls.

        Args:
            headers: of the request, lower-case names.
            url: of the request as its clients know it.
            scope: that the token must carry.
            live: ask the provider besides whether the token was revoked, as befits what cannot be undone.

        Raises:
            AccessTokenMissing, AccessTokenInvalid, KeyProofInvalid, MessageReplayed, ScopeMissing: by what fails.
            ProviderKeyUnknown, ProviderUnreachable: it cannot be checked; nothing is allowed.
        """
        given = headers.get("authorization", "")
        proof = headers.get("dpop", "")
        if given[: len(SCHEME)].lower() != SCHEME.lower() or not proof:
            raise AccessTokenMissing()
        return await self.verify_access_token(
            given[len(SCHEME) :].strip(), proof, method=method, url=url, scope=scope, live=live
        )

    async def verify_access_token(
        self, token: str, proof: str, *, method: str, url: str, scope: str = "", live: bool = False
    ) -> Authorized:
        """Check a token and the proof of its key; see `authorize`."""
        now = self._clock.now()
        claims = await self._claims(token, now)
        key = check_proof(proof, method=method, url=url, access_token=token, seen=self._seen, now=now)
        if not hmac.compare_digest(key.encode(), claims.cnf.jkt.encode()):
            raise KeyProofInvalid(step="cnf")
        if scope and scope not in claims.scope.split():
            raise ScopeMissing(scope=scope)
        if live:
            await self._ask(token)
        return Authorized(
            sub=claims.sub, client_id=claims.client_id, token_id=claims.jti, sid=claims.sid, acr=claims.acr,
            scopes=frozenset(claims.scope.split()), details=bytes(claims.authorization_details) or b"[]",
            act=bytes(claims.act) or b"null", expires_ms=claims.exp * 1000,
        )  # fmt: skip

    async def _claims(self, token: str, now: datetime) -> AccessClaims:
        try:
            payload = await self._provider.verified(token, typ=lambda typ: typ == TYP)
            claims = msgspec.json.decode(payload, type=AccessClaims)
        except Unreadable as error:
            raise AccessTokenInvalid(step=error.step) from None
        except msgspec.DecodeError:
            raise AccessTokenInvalid(step="form") from None
        now_s = to_ms(now) // 1000
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        steps = {
            "iss": claims.iss == self._provider.issuer,
            "aud": self._audience in audience,
            "exp": now_s < claims.exp + SKEW.seconds,
            "iat": claims.iat <= now_s + SKEW.seconds,
        }
        for step, holds in steps.items():
            if not holds:
                raise AccessTokenInvalid(step=step)
        return claims

    async def _ask(self, token: str) -> None:
        if self._client is None:
            raise ValueError("whoever asks whether tokens are live needs a registration")
        if not _read(await self._client.introspect(token), _Active, step="introspection").active:
            raise AccessTokenInvalid(step="revoked")


def _read(body: bytes, type_: type[T], *, step: str) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, RecursionError):
        raise AccessTokenInvalid(step=step) from None
