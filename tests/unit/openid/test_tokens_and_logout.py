"""What a relying party does with its tokens, and how a session ends: refresh, exchange, introspection, logout."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from tests.unit.openid.double import CLIENT, ISSUER, Double, json, made

from renkei.platform.openid import Grant, Pending, RelyingParty
from renkei.platform.openid.errors import (
    ActingEnded,
    IdTokenInvalid,
    LoginEnded,
    LoginNeeded,
    LogoutTokenInvalid,
    ProviderGarbled,
    ProviderRefused,
)
from renkei.platform.openid.relying_party import Documents

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


# --- what tokens are for ---


def test_userinfo_of_somebody_else_is_refused(world: tuple[RelyingParty, Double]) -> None:
    """OpenID Connect Core 1.0 §5.3.2: token substitution."""
    rp, provider = world

    async def work() -> Any:
        grant = await signed_in(rp, provider)
        found = await rp.userinfo(grant, dict[str, str])
        provider.info = {"sub": "pairwise-2"}
        with pytest.raises(ProviderGarbled):
            await rp.userinfo(grant, dict[str, str])
        provider.tokens.clear()
        with pytest.raises(LoginEnded):
            await rp.userinfo(grant, dict[str, str])
        return found

    assert run(work())["name"] == "見本 花子"


def test_refreshing_keeps_who_it_is(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> None:
        grant = await signed_in(rp, provider)
        provider.clock.move(timedelta(minutes=6))
        renewed = await rp.refresh(grant)
        assert renewed.access_token != grant.access_token
        assert renewed.expires_ms > grant.expires_ms
        assert (renewed.sub, renewed.claims) == (grant.sub, grant.claims)
        provider.claims = {"sub": "pairwise-2"}
        with pytest.raises(IdTokenInvalid):
            await rp.refresh(grant)
        provider.answers["/protocol/openid-connect/token"] = lambda: json({"error": "invalid_grant"}, 400)
        with pytest.raises(LoginEnded):
            await rp.refresh(grant)
        with pytest.raises(LoginEnded):
            await rp.refresh(msgspec.structs.replace(grant, refresh_token=""))

    run(work())


def test_acting_for_somebody_is_an_exchange_under_the_same_key(world: tuple[RelyingParty, Double]) -> None:
    """RFC 8693: the answer's subject is the person acted for, `act` names who acts."""
    rp, provider = world

    async def work() -> None:
        grant = await signed_in(rp, provider)
        provider.claims = {"sub": "mother", "act": {"sub": "pairwise-1"}}
        detail = {"type": "urn:renkei:proxy", "proxy_id": "p-1"}
        acting = await rp.exchange(grant, details=[detail])
        form = provider.asked[-1][2]
        assert msgspec.json.decode(form["authorization_details"]) == [detail]
        assert (acting.sub, acting.dpop_key) == ("mother", grant.dpop_key)
        assert acting.read(dict[str, Any])["act"] == {"sub": "pairwise-1"}
        for error, raised in (
            ("invalid_target", ActingEnded), ("access_denied", ActingEnded), ("invalid_token", LoginEnded),
            ("invalid_grant", LoginEnded), ("login_required", LoginNeeded), ("invalid_request", ProviderRefused),
        ):  # fmt: skip
            provider.answers["/protocol/openid-connect/token"] = lambda error=error: json({"error": error}, 400)  # type: ignore[misc]
            with pytest.raises(raised):
                await rp.exchange(grant, details=[detail])

    run(work())


def test_the_service_itself_gets_a_token_and_announces_documents(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    token = run(rp.client_credentials(["sign"]))
    assert token.access_token in provider.tokens
    provider.answers["/protocol/openid-connect/ext/sign/transactions"] = lambda: json(
        {"sign_transaction_id": "tx-1"}, 201
    )
    assert run(rp.sign_transaction(Documents("申告", [{"name": "申告書", "digest": "AA"}]))) == "tx-1"
    assert msgspec.json.decode(provider.asked[-1][2]["documents"]) == [{"name": "申告書", "digest": "AA"}]


def test_introspection_and_revocation(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> None:
        grant = msgspec.structs.replace(await signed_in(rp, provider), refresh_token="")
        assert msgspec.json.decode(await rp.introspect(grant.access_token)) == {"active": True}
        await rp.revoke(grant)
        assert msgspec.json.decode(await rp.introspect(grant.access_token)) == {"active": False}

    run(work())


# --- signing out ---


def test_signing_out_names_the_session_that_ends(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world

    async def work() -> str:
        return await rp.logout_url(await signed_in(rp, provider), back="https://portal.nation.example/bye", state="s")

    url = run(work())
    assert url.startswith(f"{ISSUER}/protocol/openid-connect/logout?client_id={CLIENT}&id_token_hint=")
    assert url.endswith("&post_logout_redirect_uri=https%3A%2F%2Fportal.nation.example%2Fbye&state=s")


def test_a_logout_notice_is_believed_when_it_verifies(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    notice = run(rp.verify_logout_token(provider.logout_token()))
    assert (notice.sub, notice.sid) == ("pairwise-1", "sid-1")


@pytest.mark.parametrize(
    ("claims", "step"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "bank"}, "aud"),
        ({"iat": 1}, "iat"),
        ({"exp": 1}, "iat"),
        ({"iat": 4_000_000_000}, "iat"),
        ({"events": {}}, "events"),
        ({"nonce": "n"}, "nonce"),
        ({"sid": None, "sub": None}, "sid"),
        ({"jti": None}, "form"),
    ],
)
def test_a_logout_notice_that_does_not_verify_ends_nothing(
    world: tuple[RelyingParty, Double], claims: dict[str, Any], step: str
) -> None:
    rp, provider = world
    with pytest.raises(LogoutTokenInvalid) as caught:
        run(rp.verify_logout_token(provider.logout_token(**claims)))
    assert caught.value.public["step"] == step


def test_an_id_token_is_no_logout_notice(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    with pytest.raises(LogoutTokenInvalid):
        run(rp.verify_logout_token(provider.id_token("n")))


def test_nothing_secret_shows_in_a_repr(world: tuple[RelyingParty, Double]) -> None:
    rp, provider = world
    grant = run(signed_in(rp, provider))
    pending: Pending = run(rp.begin())[1]
    for shown in (repr(grant), str(pending), repr(rp)):
        assert grant.access_token not in shown
        assert "pairwise-1" not in shown
