"""The provider's own signing keys (ES256): they change by the calendar, and three are published at any time.

Key number N signs during the Nth period since 1970. The next one is published before it signs, so that whoever keeps
the key set knows it already; the one before stays published for another period, which is longer than any token lives.
Nothing has to be remembered: several processes over one key store agree without talking.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.crypto.signing_keys import KeyStore, SigningKey, to_jose
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.tokens import OwnClaims, seconds
from renkei.platform.clock import Clock

ALGORITHM: Final = "ES256"
PERIOD = timedelta(days=30)
_COORDINATE_BYTES = 32

Claims: TypeAlias = msgspec.Struct | dict[str, object]
_encode = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(OwnClaims).decode


class _Own(NamedTuple):
    """One key, ready to sign and to verify."""

    signer: SigningKey
    public: jose.PublicKey
    jwk: jose.Jwk


class ProviderKeys:
    """Signs and verifies as one issuer.

    Args:
        issuer: issuer identifier of the realm.
        store: where keys are kept; made on first need.
        name: of the keys in the store; another name begins a new series (after a compromise).
        period: how long each key signs.
    """

    def __init__(
        self, issuer: str, *, realm: Realm, store: KeyStore, clock: Clock, name: str = "", period: timedelta = PERIOD
    ) -> None:
        self.issuer, self.realm = issuer, realm
        self._store, self._clock, self._name = store, clock, name or f"identity-{realm.value}"
        self._period_ms = period // timedelta(milliseconds=1)
        self._number = -1
        self._published: tuple[_Own, ...] = ()
        self._headers: dict[str, str] = {}

    def sign_jwt(self, claims: Claims, typ: str) -> str:
        """A compact JWS of JSON claims under the current key.

        Raises:
            SigningKeyUnusable: the key does not answer.
        """
        _, current, _ = self._turn()
        head = self._headers.get(typ)
        if head is None:
            header = {"alg": ALGORITHM, "typ": typ, "kid": current.jwk.kid}
            head = self._headers[typ] = to_base64url(_encode(header))
        text = f"{head}.{to_base64url(_encode(claims))}"
        signature = to_jose(ALGORITHM, current.signer.sign(text.encode("ascii")))
        return f"{text}.{to_base64url(signature)}"

    def verify_own(self, jwt: str, typ: str, audience: str, *, expired_ok: bool = False) -> OwnClaims:
        """Claims of a token that this issuer made.

        Args:
            typ: kind of token; one of another kind is refused (RFC 8725 §3.11).
            audience: must be among `aud`.
            expired_ok: an ID token as a hint may be old (OpenID Connect RP-Initiated Logout 1.0 §2).

        Raises:
            jose.Unreadable: anything else than such a token; its text names the rule that it broke.
        """
        token = jose.opened(jwt)
        if token.header.typ != typ:
            raise jose.Unreadable("typ")
        own = next((one for one in self._turn() if one.jwk.kid == token.header.kid), None)
        if own is None:
            raise jose.Unreadable("kid")
        jose.verify(token, own.public)
        try:
            claims = _read(token.payload)
        except msgspec.DecodeError:
            raise jose.Unreadable("claims") from None
        if claims.iss != self.issuer:
            raise jose.Unreadable("iss")
        if audience not in claims.audiences:
            raise jose.Unreadable("aud")
        if not expired_ok and claims.exp <= seconds(to_ms(self._clock.now())):
            raise jose.Unreadable("expired")
        return claims

    def jwks(self) -> bytes:
        """The key set as published (RFC 7517 §5): the previous key, the current one, the next."""
        shown = [
            {"kty": own.jwk.kty, "crv": own.jwk.crv, "x": own.jwk.x, "y": own.jwk.y, "kid": own.jwk.kid,
             "alg": ALGORITHM, "use": "sig"}
            for own in self._turn()
        ]  # fmt: skip
        return _encode({"keys": shown})

    def changes_in(self, now: datetime) -> timedelta:
        """How long the published set stays as it is."""
        return timedelta(milliseconds=self._period_ms - to_ms(now) % self._period_ms)

    def _turn(self) -> Sequence[_Own]:
        """Previous, current and next key."""
        number = to_ms(self._clock.now()) // self._period_ms
        if number != self._number:
            self._published = tuple(self._obtain(number + step) for step in (-1, 0, 1))
            self._headers = {}
            self._number = number
        return self._published

    def _obtain(self, number: int) -> _Own:
        signer = self._store.obtain(f"{self._name}-{number}", ALGORITHM)
        public = signer.public_key
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise TypeError("the key store gave another kind of key than asked for")
        numbers = public.public_numbers()
        x, y = (to_base64url(n.to_bytes(_COORDINATE_BYTES, "big")) for n in (numbers.x, numbers.y))
        bare = jose.public_key(jose.Jwk(kty="EC", crv="P-256", x=x, y=y))
        jwk = jose.Jwk(kty="EC", crv="P-256", x=x, y=y, kid=bare.thumbprint, alg=ALGORITHM)
        return _Own(signer, jose.public_key(jwk), jwk)
