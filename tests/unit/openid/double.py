"""A provider that is not ours: written on joserfc alone, checks what a relying party sends, and can be made to lie."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.crypto.signing_keys import SoftwareKey
from renkei.platform.clock import MovableClock
from renkei.platform.openid import RelyingParty
from renkei.platform.openid.errors import ProviderUnreachable
from renkei.platform.wire import Response

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ISSUER = "https://id.nation.example/identity/realms/main"
REDIRECT = "https://portal.nation.example/portal/return"
CLIENT = "portal"
BANK = "https://bank.example/api"
_registry = jws.JWSRegistry(algorithms=["ES256", "HS256", "none"], strict_check_header=False)


def sign(claims: Mapping[str, Any], key: Any, **header: Any) -> str:
    head = {"alg": "ES256", "kid": key.thumbprint(), **header}
    return jws.serialize_compact(
        {name: value for name, value in head.items() if value is not None}, msgspec.json.encode(claims), key,
        registry=_registry,
    )  # fmt: skip


def opened(token: str, key: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token whose signature holds."""
    found = jws.deserialize_compact(token, key, algorithms=["ES256"], registry=_registry)
    return dict(found.headers()), msgspec.json.decode(found.payload)


def half_hash(token: str) -> str:
    return to_base64url(hashlib.sha256(token.encode()).digest()[:16])


def whole_hash(token: str) -> str:
    return to_base64url(hashlib.sha256(token.encode()).digest())


@dataclass
class Double:
    """The provider. `claims`, `header`, `reply` change what it says; `answers` takes a whole answer's place."""

    clock: MovableClock
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    pushed: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    reply: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Callable[[], Response]] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=lambda: {"sub": "pairwise-1", "name": "見本 花子"})
    clients: dict[str, Any] = field(default_factory=dict)
    signer: Any = None
    down: bool = False
    nonce: str = ""
    seen: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)

    # --- the wire ---

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> Response:
        if self.down:
            raise ProviderUnreachable()
        place = urlsplit(url).path.rpartition("/realms/main")[2]
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        assert len(form) == len(parse_qs(body.decode(), keep_blank_values=True)), "a parameter twice"
        self.asked.append((method, place, form, dict(headers)))
        if place in self.answers:
            return self.answers[place]()
        return getattr(self, "at_" + place.rpartition("/")[2].replace("-", "_"))(url, form, headers)

    def calls(self, place: str) -> int:
        return sum(one[1] == place for one in self.asked)

    # --- endpoints ---

    def at_openid_configuration(self, url: str, form: Any, headers: Any) -> Response:
        base = f"{ISSUER}/protocol/openid-connect"
        return json(
            {
                "issuer": ISSUER, "authorization_endpoint": f"{base}/auth", "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/certs", "pushed_authorization_request_endpoint": f"{base}/par",
                "userinfo_endpoint": f"{base}/userinfo", "end_session_endpoint": f"{base}/logout",
                "introspection_endpoint": f"{base}/introspect", "revocation_endpoint": f"{base}/revoke", "other": [1],
            }
        )  # fmt: skip

    def at_certs(self, url: str, form: Any, headers: Any) -> Response:
        own = {**self.key.as_dict(private=False), "kid": self.key.thumbprint(), "use": "sig", "alg": "ES256"}
        strange = {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "other"}
        return json({"keys": [strange, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "bad"}, own]})

    def at_par(self, url: str, form: dict[str, str], headers: Any) -> Response:
        self._client(form)
        reference = f"urn:ietf:params:oauth:request_uri:{secrets.token_hex(8)}"
        self.pushed[reference] = form
        return json({"request_uri": reference, "expires_in": 90}, 201)

    def at_token(self, url: str, form: dict[str, str], headers: Mapping[str, str]) -> Response:
        self._client(form)
        thumbprint, nonce = self._proof(headers["dpop"], "POST", url)
        if self.nonce and nonce != self.nonce:
            return Response(400, {"dpop-nonce": self.nonce}, b'{"error":"use_dpop_nonce"}')
        if form["grant_type"] == "authorization_code":
            asked = self.codes.pop(form["code"], None)
            if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
                return json({"error": "invalid_grant"}, 400)
            assert whole_hash(form["code_verifier"]) == asked["code_challenge"]
            assert thumbprint == asked["dpop_jkt"]
            return self.tokens_for(asked["scope"], asked["nonce"], thumbprint)
        if form["grant_type"] == "refresh_token":
            return self.tokens_for("openid", "", thumbprint)
        if form["grant_type"].endswith(":token-exchange"):
            assert form["subject_token"] in self.tokens
            return self.tokens_for("openid name", "", thumbprint)
        return self.tokens_for(form["scope"], "", thumbprint)

    def at_userinfo(self, url: str, form: Any, headers: Mapping[str, str]) -> Response:
        token = headers["authorization"].removeprefix("DPoP ")
        self._proof(headers["dpop"], "GET", url, token)
        return json(self.info) if token in self.tokens else json({"error": "invalid_token"}, 401)

    def at_introspect(self, url: str, form: dict[str, str], headers: Any) -> Response:
        self._client(form)
        return json({"active": form["token"] in self.tokens})

    def at_revoke(self, url: str, form: dict[str, str], headers: Any) -> Response:
        self._client(form)
        self.tokens.discard(form["token"])
        return Response(200, {}, b"")

    # --- parts ---

    def tokens_for(self, scope: str, nonce: str, thumbprint: str) -> Response:
        access = self.access_token(thumbprint, scope=scope)
        self.tokens.add(access)
        reply = {
            "access_token": access, "token_type": "DPoP", "expires_in": 300, "scope": scope, "refresh_token": "r-1",
        }  # fmt: skip
        if "openid" in scope.split():
            reply["id_token"] = self.id_token(nonce, access)
        return json({name: value for name, value in {**reply, **self.reply}.items() if value is not None})

    def id_token(self, nonce: str, access: str = "") -> str:
        now = self.seconds
        claims = {
            "iss": ISSUER, "sub": "pairwise-1", "aud": CLIENT, "exp": now + 300, "iat": now, "auth_time": now - 20,
            "acr": "aal3", "amr": ["sc", "pin", "mfa"], "sid": "sid-1", "at_hash": half_hash(access),
        }  # fmt: skip
        if nonce:
            claims["nonce"] = nonce
        said = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        return sign(said, self.signer or self.key, **{"typ": "JWT", "kid": self.key.thumbprint(), **self.header})

    def access_token(self, thumbprint: str, **claims: Any) -> str:
        now = self.seconds
        said = {
            "iss": ISSUER, "sub": "pairwise-1", "aud": [ISSUER, BANK], "exp": now + 300, "iat": now,
            "jti": secrets.token_hex(8), "client_id": CLIENT, "cnf": {"jkt": thumbprint}, "sid": "sid-1",
            "acr": "aal3", **claims,
        }  # fmt: skip
        return sign({k: v for k, v in said.items() if v is not None}, self.key, typ="at+jwt")

    def logout_token(self, *, key: Any = None, typ: str = "logout+jwt", **claims: Any) -> str:
        said = {
            "iss": ISSUER, "aud": CLIENT, "iat": self.seconds, "exp": self.seconds + 120, "jti": secrets.token_hex(8),
            "sid": "sid-1", "sub": "pairwise-1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **claims,
        }  # fmt: skip
        return sign({k: v for k, v in said.items() if v is not None}, key or self.key, typ=typ)

    def agree(self, url: str) -> dict[str, str]:
        """The person at the browser agrees: what the browser brings back."""
        query = dict(parse_qsl(urlsplit(url).query))
        assert query.keys() == {"client_id", "request_uri"}
        asked = self.pushed.pop(query["request_uri"])
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    @property
    def seconds(self) -> int:
        return to_ms(self.clock.now()) // 1000

    def _client(self, form: dict[str, str]) -> None:
        """private_key_jwt, each assertion once."""
        key = self.clients[form["client_id"]]
        header, claims = opened(form["client_assertion"], key)
        assert claims["iss"] == claims["sub"] == form["client_id"]
        assert claims["aud"] == ISSUER
        assert self.seconds < claims["exp"] <= self.seconds + 300
        assert header["kid"] == key.thumbprint()
        self._once(claims["jti"])

    def _proof(self, proof: str, method: str, url: str, token: str = "") -> tuple[str, str]:
        header = dict(jws.extract_compact(proof.encode()).headers())
        key = ECKey.import_key(header["jwk"])
        assert "d" not in header["jwk"]
        assert header["typ"] == "dpop+jwt"
        _, claims = opened(proof, key)
        assert (claims["htm"], claims["htu"]) == (method, url)
        assert claims.get("ath", "") == (whole_hash(token) if token else "")
        self._once(claims["jti"])
        return key.thumbprint(), claims.get("nonce", "")

    def _once(self, jti: str) -> None:
        assert jti not in self.seen
        self.seen.add(jti)


def json(value: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, msgspec.json.encode(value))


def made(clock: MovableClock | None = None, **options: Any) -> tuple[RelyingParty, Double]:
    """A relying party and the provider with which it is registered."""
    clock = clock or MovableClock(NOW)
    provider = Double(clock)
    rp = RelyingParty(
        client_id=CLIENT, issuer=ISSUER, key=SoftwareKey.generate("ES256"), http=provider, clock=clock,
        **{"redirect_uri": REDIRECT, **options},
    )  # fmt: skip
    provider.clients[CLIENT] = ECKey.import_key(rp.public_jwk)
    return rp, provider


def confused(token: str, public: ECKey) -> str:
    """The claims of a token under HS256, with the public key's text as the shared secret: the oldest trick of all."""
    _, payload, _ = token.split(".")
    head = to_base64url(msgspec.json.encode({"alg": "HS256", "typ": "JWT", "kid": public.thumbprint()}))
    mac = hmac.new(public.as_pem(private=False), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    return f"{head}.{payload}.{to_base64url(mac)}"
