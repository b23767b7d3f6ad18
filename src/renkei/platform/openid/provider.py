"""What is known of a provider: its endpoints and its keys, fetched from itself and kept for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from renkei.platform.clock import Clock
from renkei.platform.openid.errors import ProviderGarbled, ProviderKeyUnknown, ProviderUnreachable
from renkei.platform.openid.jose import Jwk, Opened, Unreadable, open_jws, public_key_of
from renkei.platform.openid.messages import Metadata, decoded
from renkei.platform.openid.transport import Http, origin_of

METADATA_LIFE = timedelta(hours=1)
KEYS_LIFE = timedelta(minutes=15)
KEYS_LIFE_MAX = timedelta(hours=2)
"""How long known keys serve while the provider does not answer."""
REFRESH_EVERY = timedelta(seconds=1)
"""An unknown `kid` fetches the keys anew at most this often: nobody makes us knock at the provider by forged tokens."""
_CONFIGURATION = "/.well-known/openid-configuration"
_LONG_AGO = timedelta(days=36_500)


class _KeySet(msgspec.Struct, frozen=True):
    """JWK set (RFC 7517 §5). Keys of other kinds than ours are passed over."""

    keys: tuple[msgspec.Raw, ...]


class Provider:
    """An issuer, as seen from outside.

    Args:
        issuer: its identifier, as configured; nothing else is believed about who it is.
        http: reaches the issuer's origin and no other.
    """

    def __init__(self, issuer: str, *, http: Http, clock: Clock) -> None:
        self.issuer, self.http, self._clock = issuer, http, clock
        self._metadata: Metadata | None = None
        self._keys: dict[str, ec.EllipticCurvePublicKey] = {}
        long_ago = clock.now() - _LONG_AGO
        self._metadata_at = self._keys_at = self._tried_at = long_ago
        self._lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """The provider's endpoints.

        Raises:
            ProviderUnreachable: it does not answer.
            ProviderGarbled: it calls itself otherwise, or an endpoint is not of its own origin.
        """
        now = self._clock.now()
        if self._metadata is not None and now - self._metadata_at < METADATA_LIFE:
            return self._metadata
        found = decoded(await self._fetch(self.issuer + _CONFIGURATION), Metadata, what="metadata")
        origin = origin_of(self.issuer)
        if found.issuer != self.issuer:  # Discovery 1.0 §4.3: exactly, else somebody else answers in its name
            raise ProviderGarbled(what="issuer")
        if any(origin_of(at) != origin or not at.isascii() or not at.isprintable() for at in found.addresses()):
            raise ProviderGarbled(what="endpoint")
        self._metadata, self._metadata_at = found, now
        return found

    async def verified(self, token: str, *, typ: Callable[[str], bool]) -> bytes:
        """Payload of a JWS that the provider signed.

        Raises:
            Unreadable: no such JWS, or its signature does not hold.
            ProviderKeyUnknown: a key that the provider does not publish.
            ProviderUnreachable, ProviderGarbled: its keys cannot be had.
        """
        opened = open_jws(token, typ=typ)
        return opened.verify(await self._key(opened))

    async def _key(self, opened: Opened) -> ec.EllipticCurvePublicKey:
        kid, now = opened.header.kid, self._clock.now()
        if not kid:
            raise Unreadable("kid")
        if now - self._keys_at >= KEYS_LIFE or kid not in self._keys:
            await self._refresh(kid, now)
        key = self._keys.get(kid)
        if key is None:
            raise ProviderKeyUnknown()
        return key

    async def _refresh(self, kid: str, now: datetime) -> None:
        async with self._lock:
            fresh = now - self._keys_at < KEYS_LIFE
            if (fresh and kid in self._keys) or now - self._tried_at < REFRESH_EVERY:
                return
            self._tried_at = now
            try:
                address = (await self.metadata()).jwks_uri
                found = decoded(await self._fetch(address), _KeySet, what="keys")
            except (ProviderUnreachable, ProviderGarbled):
                if kid in self._keys and now - self._keys_at < KEYS_LIFE_MAX:
                    return
                raise
            self._keys, self._keys_at = _usable(found), now

    async def _fetch(self, url: str) -> bytes:
        answer = await self.http.send("GET", url, headers={"accept": "application/json"})
        if answer.status >= 500:
            raise ProviderUnreachable(private=f"status {answer.status}")
        if answer.status != 200:
            raise ProviderGarbled(what=f"status {answer.status}")
        return answer.body


def _usable(found: _KeySet) -> dict[str, ec.EllipticCurvePublicKey]:
    keys: dict[str, ec.EllipticCurvePublicKey] = {}
    for raw in found.keys[:50]:
        try:
            jwk = msgspec.json.decode(raw, type=Jwk)
            if jwk.kid and jwk.use in ("", "sig") and jwk.alg in ("", "ES256"):
                keys[jwk.kid] = public_key_of(jwk)
        except ValueError:  # another kind of key, or none: not for us (RFC 7517 §5)
            continue
    return keys
