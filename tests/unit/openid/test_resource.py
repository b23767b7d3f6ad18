"""A service that is called with a person's token (RFC 9068, RFC 9449): the negatives of both."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey
from tests.unit.openid.double import BANK, ISSUER, Double, made, opened, sign

from renkei.base.encoding import to_base64url
from renkei.base.errors import RenkeiError
from renkei.crypto.signing_keys import SoftwareKey
from renkei.platform.errors import MessageReplayed
from renkei.platform.openid import RelyingParty, ResourceServer
from renkei.platform.openid.dpop import make_proof
from renkei.platform.openid.errors import (
    AccessTokenInvalid,
    AccessTokenMissing,
    KeyProofInvalid,
    ProviderKeyUnknown,
    ScopeMissing,
)
from renkei.platform.openid.jose import ec_public, jwk_of, new_scalar, software_key, thumbprint

URL = f"{BANK}/payments"


class World:
    def __init__(self) -> None:
        self.rp: RelyingParty
        self.provider: Double
        self.rp, self.provider = made()
        self.server = ResourceServer(
            provider=self.rp.provider, audience=BANK, clock=self.provider.clock, client=self.rp
        )
        self.key = software_key(new_scalar())

    @property
    def jkt(self) -> str:
        return thumbprint(jwk_of(ec_public(self.key), kid=False))

    def token(self, **claims: Any) -> str:
        return self.provider.access_token(self.jkt, **{"scope": "openid pay", **claims})

    def proof(self, token: str, *, method: str = "POST", url: str = URL) -> str:
        return make_proof(self.key, method=method, url=url, now=self.provider.clock.now(), access_token=token)

    def call(self, token: str, proof: str | None = None, **options: Any) -> Any:
        headers = {"authorization": f"DPoP {token}", "dpop": self.proof(token) if proof is None else proof}
        return asyncio.run(self.server.authorize(headers, method="POST", url=URL, **options))


@pytest.fixture
def world() -> World:
    return World()


def test_a_good_token_says_who_and_within_which_limits(world: World) -> None:
    """RFC 9396: the payment agreed to is in the token; RFC 8693: so is who acts for the payer."""
    details = [{"type": "payment_initiation", "amount_yen": 1200}]
    found = world.call(world.token(authorization_details=details, act={"sub": "daughter"}), scope="pay")
    assert (found.sub, found.client_id, found.sid) == ("pairwise-1", "portal", "sid-1")
    assert found.scopes == {"openid", "pay"}
    assert found.read_details(list[dict[str, Any]]) == details
    assert found.read_act(dict[str, str]) == {"sub": "daughter"}
    assert world.call(world.token()).read_act(dict[str, str]) is None
    with pytest.raises(AccessTokenInvalid):
        found.read_details(list[int])


@pytest.mark.parametrize(
    ("claims", "step"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": ISSUER}, "aud"),
        ({"aud": [ISSUER, "https://otherbank.example/api"]}, "aud"),
        ({"exp": 1}, "exp"),
        ({"iat": 4_000_000_000}, "iat"),
        ({"cnf": None}, "form"),
        ({"jti": None}, "form"),
        ({"client_id": 5}, "form"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(world: World, claims: dict[str, Any], step: str) -> None:
    with pytest.raises(AccessTokenInvalid) as caught:
        world.call(world.token(**claims))
    assert caught.value.public["step"] == step


def test_an_id_token_is_no_access_token(world: World) -> None:
    with pytest.raises(AccessTokenInvalid) as caught:
        world.call(world.provider.id_token("n"))
    assert caught.value.public["step"] == "typ"


def test_a_token_of_another_signer_is_refused(world: World) -> None:
    token = sign({"iss": ISSUER}, ECKey.generate_key("P-256"), typ="at+jwt")
    with pytest.raises(ProviderKeyUnknown):
        world.call(token)


def test_a_token_without_its_key_is_worth_nothing(world: World) -> None:
    """A stolen token, shown with a proof by the thief's own key."""
    token = world.token()
    world.key = SoftwareKey.generate("ES256")
    with pytest.raises(KeyProofInvalid) as caught:
        world.call(token)
    assert caught.value.public["step"] == "cnf"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x", "dpop": "y"}, {"authorization": "DPoP x"}])
def test_a_bearer_token_is_not_even_read(world: World, headers: dict[str, str]) -> None:
    with pytest.raises(AccessTokenMissing):
        asyncio.run(world.server.authorize(headers, method="POST", url=URL))


def test_a_proof_serves_once(world: World) -> None:
    token = world.token()
    proof = world.proof(token)
    world.call(token, proof)
    with pytest.raises(MessageReplayed):
        world.call(token, proof)


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"htm": "GET"}, "htm"),
        ({"htu": f"{BANK}/balance"}, "htu"),
        ({"htu": "http://bank.example/api/payments"}, "htu"),
        ({"iat": -61}, "iat"),
        ({"iat": +11}, "iat"),
        ({"ath": "AAAA"}, "ath"),
        ({"ath": None}, "ath"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 129}, "jti"),
        ({"jti": None}, "form"),
    ],
)
def test_a_proof_for_another_request_is_refused(world: World, change: dict[str, Any], step: str) -> None:
    """RFC 9449 §4.3."""
    token = world.token()
    key = ECKey.generate_key("P-256")
    token = world.provider.access_token(key.thumbprint(), scope="pay")
    now = world.provider.seconds
    _, good = opened(world.proof(token), ECKey.import_key(msgspec.to_builtins(jwk_of(ec_public(world.key), kid=False))))
    if "iat" in change:
        change = {"iat": now + change["iat"]}
    claims = {name: value for name, value in {**good, **change}.items() if value is not None}
    proof = sign(claims, key, typ="dpop+jwt", kid=None, jwk=key.as_dict(private=False))
    with pytest.raises(KeyProofInvalid) as caught:
        world.call(token, proof)
    assert caught.value.public["step"] == step


def test_the_target_is_compared_as_a_url(world: World) -> None:
    """Query, fragment and case of the host do not count (RFC 9449 §4.3 no. 9)."""
    token = world.token()
    world.call(token, world.proof(token, url="https://BANK.example/api/payments?x=1#y"))


@pytest.mark.parametrize(
    ("header", "step"),
    [
        ({"typ": "JWT"}, "typ"),
        ({"jwk": None}, "jwk"),
        ({"jwk": {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}}, "key"),
        ({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, "key"),
        ({"jwk": {"kty": "oct", "k": "AA"}}, "key"),
        ({"jwk": "AA"}, "form"),
        ({"alg": "none"}, "alg"),
        ({"crit": ["x"]}, "crit"),
    ],
)
def test_a_proof_with_a_wrong_header_is_refused(world: World, header: dict[str, Any], step: str) -> None:
    token = world.token()
    _, payload, signature = world.proof(token).split(".")
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": msgspec.to_builtins(jwk_of(ec_public(world.key))), **header}
    kept = {name: value for name, value in head.items() if value is not None}
    with pytest.raises(KeyProofInvalid) as caught:
        world.call(token, f"{to_base64url(msgspec.json.encode(kept))}.{payload}.{signature}")
    assert caught.value.public["step"] == step


def test_a_point_that_is_not_on_the_curve_is_refused(world: World) -> None:
    """Invalid-curve attack."""
    token = world.token()
    jwk = msgspec.to_builtins(jwk_of(ec_public(world.key)))
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk | {"y": jwk["x"]}}
    _, payload, signature = world.proof(token).split(".")
    with pytest.raises(KeyProofInvalid) as caught:
        world.call(token, f"{to_base64url(msgspec.json.encode(head))}.{payload}.{signature}")
    assert caught.value.public["step"] == "key"


def test_a_scope_that_is_missing_is_said(world: World) -> None:
    with pytest.raises(ScopeMissing) as caught:
        world.call(world.token(scope="openid payment"), scope="pay")
    assert caught.value.public == {"scope": "pay"}


def test_a_token_that_was_taken_back_is_found_out_where_it_matters(world: World) -> None:
    token = world.token()
    world.provider.tokens.add(token)
    assert world.call(token, live=True).sub
    world.provider.tokens.discard(token)
    with pytest.raises(AccessTokenInvalid) as caught:
        world.call(token, live=True)
    assert caught.value.public["step"] == "revoked"


def test_proofs_are_forgotten_once_they_could_not_serve_any_more(world: World) -> None:
    token = world.token()
    for _ in range(3):
        world.call(token)
        world.provider.clock.move(timedelta(minutes=1))
    late = world.proof(token)
    world.provider.clock.move(timedelta(minutes=2))
    with pytest.raises(RenkeiError):
        world.call(token, late)
