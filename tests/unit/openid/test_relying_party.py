"""Signing in through a provider: what is sent, and every way in which an answer can be wrong (FAPI 2.0 conditions)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from joserfc.jwk import ECKey
from tests.unit.openid.double import CLIENT, ISSUER, REDIRECT, Double, confused, json, made

from renkei.base.encoding import to_base64url
from renkei.base.errors import RenkeiError
from renkei.platform.openid import Grant, RelyingParty
from renkei.platform.openid.errors import (
    IdTokenInvalid,
    LoginDeclined,
    LoginMixedUp,
    LoginNeeded,
    LoginTooWeak,
    LoginUnknown,
    ProviderGarbled,
    ProviderKeyUnknown,
    ProviderRefused,
    ProviderUnreachable,
)
from renkei.platform.openid.messages import verified_claims_request
from renkei.platform.wire import Response

T = TypeVar("T")


def run(work: Awaitable[T]) -> T:
    async def wait() -> T:
        return await work

    return asyncio.run(wait())


@pytest.fixture
def world() -> tuple[RelyingParty, Double]:
    return made()


async def signed_in(rp: RelyingParty, provider: Double, **options: Any) -> Grant:
    url, pending = await rp.begin(**options)
    return await rp.finish(provider.agree(url), pending)


def test_a_sign_in_gives_who_it_is(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    grant = run(signed_in(rp, provider))
    assert (grant.sub, grant.sid, grant.acr) == ("pairwise-1", "sid-1", "aal3")
    assert grant.amr == ("sc", "pin", "mfa")
    assert grant.scopes == ("openid",)
    assert grant.read(dict[str, Any])["auth_time"] == provider.seconds - 20


def test_everything_asked_for_is_pushed_and_nothing_of_it_is_in_the_address(world: tuple[RelyingParty, Double]) -> None:
    """RFC 9126: the browser carries a reference; what is asked for cannot be read or changed on the way."""
    rp, provider = world
    payment = {"type": "payment_initiation", "amount_yen": 1200}
    url, pending = run(
        rp.begin(
            scopes=("openid", "name"), acr="aal2", prompt="consent", max_age=60, payments=[payment],
            claims=verified_claims_request(["name", "address"], essential=["name"], purpose="本人確認"),
            sign_transaction_id="tx-1", language="ja", state_extra="/portal/access",
        )
    )  # fmt: skip
    [(reference, sent)] = provider.pushed.items()
    assert (
        url == f"{ISSUER}/protocol/openid-connect/auth?client_id={CLIENT}&request_uri={reference.replace(':', '%3A')}"
    )
    assert (sent["response_type"], sent["redirect_uri"]) == ("code", REDIRECT)
    assert (sent["scope"], sent["acr_values"], sent["prompt"], sent["max_age"]) == (
        "openid name", "aal2", "consent", "60",
    )  # fmt: skip
    assert sent["code_challenge_method"] == "S256"
    assert pending.verifier not in str(sent)
    assert msgspec.json.decode(sent["authorization_details"]) == [payment]
    wanted = msgspec.json.decode(sent["claims"])["userinfo"]["verified_claims"]["claims"]
    assert wanted == {"name": {"essential": True, "purpose": "本人確認"}, "address": {"purpose": "本人確認"}}
    assert (sent["sign_transaction_id"], sent["ui_locales"]) == ("tx-1", "ja")
    assert pending.extra == "/portal/access"


def test_every_sign_in_has_secrets_and_a_key_of_its_own(world: tuple[RelyingParty, Double]) -> None:
    rp, _ = world
    one, other = run(rp.begin())[1], run(rp.begin())[1]
    for name in ("state", "nonce", "verifier", "dpop_key"):
        assert getattr(one, name) != getattr(other, name), name
    assert one.state not in repr(one)


def test_the_provider_describes_itself_once(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def twice() -> None:
        for _ in range(3):
            await signed_in(rp, provider)

    run(twice())
    assert provider.calls("/.well-known/openid-configuration") == 1
    assert provider.calls("/protocol/openid-connect/certs") == 1


Change = Callable[[dict[str, str]], dict[str, str]]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda query: query | {"state": "other"}, LoginUnknown),
        (lambda query: {"code": query["code"], "iss": ISSUER}, LoginUnknown),
        (lambda query: query | {"iss": "https://evil.example"}, LoginMixedUp),  # mix-up (RFC 9207 §2.4)
        (lambda query: {"code": query["code"], "state": query["state"]}, LoginMixedUp),
        (lambda query: query | {"code": ""}, LoginUnknown),
        (lambda query: query | {"code": "x" * 3000}, LoginUnknown),
        (lambda query: query | {"code": "injected"}, LoginUnknown),
        (lambda query: query | {"error": "access_denied"}, LoginDeclined),
        (lambda query: query | {"error": "login_required"}, LoginNeeded),
        (lambda query: query | {"error": "consent_required"}, LoginNeeded),
        (lambda query: query | {"error": "server_error"}, ProviderRefused),
        (lambda query: query | {"error": "<script>"}, ProviderRefused),
    ],
)
def test_an_answer_that_does_not_belong_to_the_sign_in_is_refused(
    world: tuple[RelyingParty, Double], change: Change, error: type[RenkeiError]
) -> None:
    rp, provider = world

    async def work() -> None:
        url, pending = await rp.begin()
        await rp.finish(change(provider.agree(url)), pending)

    with pytest.raises(error) as caught:
        run(work())
    assert "<" not in caught.value.sentence("ja")


def test_a_code_serves_once(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> None:
        url, pending = await rp.begin()
        query = provider.agree(url)
        await rp.finish(query, pending)
        await rp.finish(query, pending)

    with pytest.raises(LoginUnknown):
        run(work())


def test_a_sign_in_that_took_too_long_is_over(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> None:
        url, pending = await rp.begin()
        query = provider.agree(url)
        provider.clock.move(timedelta(minutes=15))
        await rp.finish(query, pending)

    with pytest.raises(LoginUnknown):
        run(work())


# --- the ID token (OpenID Connect Core 1.0 §3.1.3.7) ---


@pytest.mark.parametrize(
    ("claims", "step"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "bank"}, "aud"),
        ({"aud": [CLIENT, "bank"]}, "aud"),
        ({"azp": "bank"}, "aud"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": 1}, "exp"),
        ({"iat": 4_000_000_000}, "iat"),
        ({"at_hash": "AAAA"}, "at_hash"),
        ({"sid": None}, "sid"),
        ({"sub": ""}, "sid"),
        ({"exp": "soon"}, "form"),
    ],
)
def test_an_id_token_with_a_wrong_claim_signs_nobody_in(
    world: tuple[RelyingParty, Double], claims: dict[str, Any], step: str
) -> None:
    rp, provider = world
    provider.claims = claims
    with pytest.raises(IdTokenInvalid) as caught:
        run(signed_in(rp, provider))
    assert caught.value.public["step"] == step


@pytest.mark.parametrize("acr", ["aal2", "aal1", "", "aal9", None])
def test_a_weaker_sign_in_than_asked_for_is_refused(world: tuple[RelyingParty, Double], acr: str | None) -> None:
    rp, provider = world
    provider.claims = {"acr": acr}
    with pytest.raises(LoginTooWeak):
        run(signed_in(rp, provider))


def test_an_older_sign_in_than_asked_for_is_refused(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    provider.claims = {"auth_time": provider.seconds - 71}
    with pytest.raises(LoginTooWeak):
        run(signed_in(rp, provider, max_age=60))


def test_age_counts_up_to_the_moment_of_asking(world: tuple[RelyingParty, Double]) -> None:
    """Who takes five minutes to read the page is not asked for the card again."""
    rp, provider = world
    provider.claims = {"auth_time": provider.seconds - 20}

    async def work() -> Grant:
        url, pending = await rp.begin(max_age=60)
        provider.clock.move(timedelta(minutes=5))
        return await rp.finish(provider.agree(url), pending)

    assert run(work()).auth_ms


@pytest.mark.parametrize(
    ("header", "step"),
    [
        ({"alg": "none"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"typ": "at+jwt"}, "typ"),
        ({"typ": "logout+jwt"}, "typ"),
        ({"kid": None}, "kid"),
        ({"crit": ["exp"]}, "crit"),
    ],
)
def test_an_id_token_with_a_wrong_header_signs_nobody_in(
    world: tuple[RelyingParty, Double], header: dict[str, Any], step: str
) -> None:
    """Algorithm confusion and token confusion (RFC 8725 §2.1, §3.11): the header never chooses how it is judged."""
    rp, provider = world
    token = provider.id_token

    def forged(nonce: str, access: str = "") -> str:
        good = token(nonce, access)
        _, payload, signature = good.split(".")
        head = {"alg": "ES256", "typ": "JWT", "kid": provider.key.thumbprint(), **header}
        kept = {name: value for name, value in head.items() if value is not None}
        return f"{to_base64url(msgspec.json.encode(kept))}.{payload}.{signature}"

    provider.id_token = forged  # type: ignore[method-assign]
    with pytest.raises(IdTokenInvalid) as caught:
        run(signed_in(rp, provider))
    assert caught.value.public["step"] == step


def test_the_public_key_as_a_shared_secret_is_refused(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    good = provider.id_token
    provider.id_token = lambda nonce, access="": confused(good(nonce, access), provider.key)  # type: ignore[method-assign]
    with pytest.raises(IdTokenInvalid):
        run(signed_in(rp, provider))


def test_a_signature_by_another_key_under_the_providers_name_is_refused(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    provider.signer = ECKey.generate_key("P-256")
    with pytest.raises(IdTokenInvalid) as caught:
        run(signed_in(rp, provider))
    assert caught.value.public["step"] == "signature"


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "a.b.", "....", "é.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.AA", "x" * 9000]
)
def test_what_is_no_token_at_all_is_refused(world: tuple[RelyingParty, Double], text: str) -> None:
    rp, provider = world
    provider.reply = {"id_token": text}
    with pytest.raises(IdTokenInvalid):
        run(signed_in(rp, provider))


# --- keys of the provider ---


def test_a_new_key_is_fetched_when_it_signs(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> None:
        await signed_in(rp, provider)
        provider.key = ECKey.generate_key("P-256")
        provider.clock.move(timedelta(seconds=2))
        await signed_in(rp, provider)

    run(work())
    assert provider.calls("/protocol/openid-connect/certs") == 2


def test_unknown_keys_do_not_make_us_knock_at_the_provider_without_end(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> None:
        await signed_in(rp, provider)
        provider.clock.move(timedelta(seconds=2))
        provider.header = {"kid": "unknown"}
        for _ in range(20):
            with pytest.raises(ProviderKeyUnknown):
                await signed_in(rp, provider)

    run(work())
    assert provider.calls("/protocol/openid-connect/certs") == 2


def test_known_keys_serve_while_the_provider_cannot_be_asked_for_them(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work(after: timedelta) -> None:
        await signed_in(rp, provider)
        provider.clock.move(after)
        provider.answers["/protocol/openid-connect/certs"] = lambda: Response(503, {}, b"")
        await signed_in(rp, provider)

    run(work(timedelta(minutes=30)))
    rp, provider = made()
    with pytest.raises(ProviderUnreachable):
        run(work(timedelta(hours=3)))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"issuer": "https://evil.example"}, "issuer"),
        ({"issuer": ISSUER + "/"}, "issuer"),
        ({"token_endpoint": "https://evil.example/token"}, "endpoint"),
        ({"jwks_uri": "http://id.nation.example/certs"}, "endpoint"),
        ({"userinfo_endpoint": "https://id.nation.example:444/x"}, "endpoint"),
        ({"end_session_endpoint": "https://id.nation.example/x\r\nrefresh: 0"}, "endpoint"),
        ({"token_endpoint": None}, "metadata"),
    ],
)
def test_a_provider_that_points_elsewhere_is_not_followed(
    world: tuple[RelyingParty, Double], change: dict[str, Any], what: str
) -> None:
    """Only the configured issuer is ever called, whatever a document says."""
    rp, provider = world
    good = msgspec.json.decode(provider.at_openid_configuration("", {}, {}).body)
    told = {name: value for name, value in {**good, **change}.items() if value is not None}
    provider.answers["/.well-known/openid-configuration"] = lambda: json(told)
    with pytest.raises(ProviderGarbled) as caught:
        run(rp.begin())
    assert caught.value.public["what"] == what


# --- failures of the provider ---


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(500, {}, b""), ProviderUnreachable),
        (Response(429, {}, b""), ProviderUnreachable),
        (Response(401, {}, b'{"error":"invalid_client"}'), ProviderRefused),
        (Response(400, {}, b"<html>"), ProviderRefused),
        (Response(302, {}, b""), ProviderRefused),
        (Response(201, {}, b"[]"), ProviderGarbled),
        (Response(201, {}, b"[" * 5000), ProviderGarbled),
    ],
)
def test_a_provider_that_fails_is_told_apart(
    world: tuple[RelyingParty, Double], answer: Response, error: type[RenkeiError]
) -> None:
    rp, provider = world
    provider.answers["/protocol/openid-connect/par"] = lambda: answer
    with pytest.raises(error):
        run(rp.begin())


def test_nobody_is_signed_in_while_the_provider_is_down(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    provider.down = True
    with pytest.raises(ProviderUnreachable) as caught:
        run(rp.begin())
    assert "もう一度" in caught.value.sentence("ja")


@pytest.mark.parametrize("reply", [{"token_type": "Bearer"}, {"expires_in": 0}, {"access_token": None}])
def test_a_token_without_a_key_is_not_taken(world: tuple[RelyingParty, Double], reply: dict[str, Any]) -> None:
    rp, provider = world
    provider.reply = reply
    with pytest.raises(ProviderGarbled):
        run(signed_in(rp, provider))


def test_a_nonce_for_proofs_is_given_back(world: tuple[RelyingParty, Double]) -> None:
    """RFC 9449 §8."""
    rp, provider = world
    provider.nonce = "n-1"
    assert run(signed_in(rp, provider)).sub
    assert provider.calls("/protocol/openid-connect/token") == 2
