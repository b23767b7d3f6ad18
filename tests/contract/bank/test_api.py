"""The bank's interface under attack and under retries: tokens, proofs, consents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.filing.world import OPENING_YEN, World, make_world

from renkei.contracts.identity import Payment
from renkei.platform.database import Database
from renkei.platform.openid.dpop import make_proof
from renkei.platform.openid.jose import software_key
from renkei.platform.openid.messages import Grant

Client = TestClient[Litestar]


class _Request:
    def __init__(self, url: str) -> None:
        self.query_params = dict(parse_qsl(urlsplit(url).query))


@pytest.fixture
def world(open_database: Callable[..., Database]) -> World:
    return make_world(open_database)


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with world.client() as made:
        made.post("/bank/sign-in", data={"back": "/bank"})
        made.cookies.clear()
        yield made


def wanted(world: World, **changes: Any) -> Payment:
    good = Payment(locations=(world.bank_base,), amount_yen=30_700, payee="見本税務署", reference="2025-7")
    return msgspec.structs.replace(good, **changes)


def consent(world: World, *payments: Payment) -> Grant:
    async def agree() -> Grant:
        url, pending = await world.filing_rp.begin(payments=payments)
        back = world.op.approve(_Request(url))  # type: ignore[arg-type]
        return await world.filing_rp.finish(dict(parse_qsl(urlsplit(back).query)), pending)

    return asyncio.run(agree())


def headers(world: World, grant: Grant, url: str, method: str = "POST") -> dict[str, str]:
    proof = make_proof(
        software_key(grant.dpop_key), method=method, url=url, now=world.clock.now(), access_token=grant.access_token
    )
    return {"authorization": f"DPoP {grant.access_token}", "dpop": proof}


def order(world: World, client: Client, grant: Grant, payment: Payment, **more: str) -> Any:
    url = f"{world.bank_base}/payments"
    return client.post(url, content=msgspec.json.encode(payment), headers=headers(world, grant, url) | more)


def test_an_agreed_payment_is_made_once(world: World, client: Client) -> None:
    grant = consent(world, wanted(world))
    first, again = (order(world, client, grant, wanted(world)) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    url = f"{world.bank_base}/payments/2025-7"
    assert client.get(url, headers=headers(world, grant, url, "GET")).json() == first.json()


def test_nothing_but_what_was_agreed(world: World, client: Client) -> None:
    """Another amount, payee or reference than the person saw is refused, whatever the token is good for."""
    grant = consent(world, wanted(world))
    for change in ({"amount_yen": 30_701}, {"payee": "悪者"}, {"reference": "2025-8"}):
        answer = order(world, client, grant, wanted(world, **change))
        assert (answer.status_code, answer.json()["code"]) == (403, "payment_not_agreed")
    answer = order(world, client, consent(world), wanted(world))
    assert (answer.status_code, answer.json()["code"]) == (401, "access_token_invalid")  # not for this bank at all


def test_a_proof_serves_once_and_for_its_own_request(world: World, client: Client) -> None:
    """RFC 9449: a stolen request cannot be sent again, a token without its key is worth nothing."""
    grant, url = consent(world, wanted(world)), f"{world.bank_base}/payments"
    sent, body = headers(world, grant, url), msgspec.json.encode(wanted(world))
    assert client.post(url, content=body, headers=sent).status_code == 200
    assert client.post(url, content=body, headers=sent).json()["code"] == "message_replayed"
    thief = consent(world, wanted(world))
    stolen = headers(world, thief, url) | {"authorization": f"DPoP {grant.access_token}"}
    assert client.post(url, content=body, headers=stolen).json()["code"] == "key_proof_invalid"
    bare = client.post(url, content=body, headers={"authorization": f"Bearer {grant.access_token}"})
    assert (bare.status_code, bare.json()["code"]) == (401, "access_token_missing")
    assert bare.headers["www-authenticate"].startswith("DPoP")


def test_a_token_that_ran_out_or_was_taken_back(world: World, client: Client) -> None:
    grant = consent(world, wanted(world))
    world.op.tokens[grant.access_token]["live"] = False
    assert order(world, client, grant, wanted(world)).json()["code"] == "access_token_invalid"
    late = consent(world, wanted(world))
    world.clock.move(timedelta(minutes=6))
    answer = order(world, client, late, wanted(world))
    assert (answer.status_code, answer.json()["code"]) == (401, "access_token_invalid")


def test_refusals_have_stable_codes(world: World, client: Client) -> None:
    poor = wanted(world, amount_yen=OPENING_YEN + 1)
    assert order(world, client, consent(world, poor), poor).json()["code"] == "funds_insufficient"
    world.op.person = "stranger"
    assert order(world, client, consent(world, wanted(world)), wanted(world)).json()["code"] == "account_not_linked"
    grant = consent(world, wanted(world))
    url = f"{world.bank_base}/payments"
    broken = client.post(url, content=b"{", headers=headers(world, grant, url))
    assert (broken.status_code, broken.json()["code"]) == (400, "payment_malformed")


def test_the_key_of_the_receipts_is_published(world: World, client: Client) -> None:
    assert client.get(f"{world.bank_base}/keys").json()["keys"][0]["kid"] == world.bank.jwk.kid


def test_pages_are_the_holders_alone(client: Client) -> None:
    assert client.get("/bank/receipts/R1").status_code == 403
