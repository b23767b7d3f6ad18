"""The person's own page of consents."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.identity_asks.test_approval import decide
from tests.contract.identity_asks.world import BANK, World, ask, session

from renkei.contracts.identity import Scope
from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.operations import consents
from renkei.institutions.identity.queries import consents as queries

Client = TestClient[Litestar]
PAGE = "/identity/consents"
SUB = pairwise_subject(b"p" * 32, sector="bank.example", account_id="hanako")


@pytest.fixture
def given(world: World, client: Client) -> None:
    world.put(ask())
    decide(client, items=["name", "address"])


def held(world: World, account_id: str = "hanako") -> set[Scope]:
    with world.means.db.reading() as conn:
        return set(consents.items_given(conn, account_id, "bank"))


@pytest.mark.usefixtures("given")
def test_every_item_and_every_use_is_shown(world: World, client: Client) -> None:
    world.clock.move(timedelta(minutes=1))
    with world.means.db.writing() as conn:
        consents.used(conn, "hanako", "bank", (Scope.NAME,), world.clock.now())
    text = client.get(PAGE).text
    for shown in ("みほん銀行", "氏名", "住所", "同意しました", "使われました", "12:01"):
        assert shown in text
    assert "霞が関" not in text


@pytest.mark.usefixtures("given")
def test_one_item_is_ended_and_the_tokens_with_it(world: World, client: Client) -> None:
    answer = client.post(f"{PAGE}/bank/withdraw", data={"item": "address"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?ended=1")
    assert held(world) == {Scope.OPENID, Scope.NAME}
    assert world.revoked == [("hanako", "bank")]
    assert "取り消しました" in client.get(f"{PAGE}?ended=1").text
    again = client.post(f"{PAGE}/bank/withdraw", data={"item": "address"})
    assert (again.status_code, "consent_unknown" in again.text) == (404, True)


@pytest.mark.usefixtures("given")
def test_everything_is_ended_and_the_next_sign_in_asks_anew(world: World, client: Client) -> None:
    client.post(f"{PAGE}/bank/withdraw", data={})
    assert held(world) == set()
    with world.means.db.reading() as conn:
        assert queries.of(conn, "hanako") == ()
        assert queries.account_named(conn, "bank", SUB) == ""
        assert [one.kind.value for one in queries.events(conn, "hanako")] == ["withdrawn", "given"]
    world.put(ask(ask_id="ask-2"))
    assert client.get("/identity/approve/ask-2", follow_redirects=False).status_code == 200


@pytest.mark.usefixtures("given")
def test_consents_are_each_persons_own(world: World, client: Client) -> None:
    world.session = session("taro")
    assert "みほん銀行" not in client.get(PAGE).text
    assert client.post(f"{PAGE}/bank/withdraw", data={}).status_code == 404
    assert client.get(f"{PAGE}/bank/receipt.json").status_code == 404
    world.session = None
    assert "/sign-in" in client.get(PAGE, follow_redirects=False).headers["location"]
    assert held(world) == {Scope.OPENID, Scope.NAME, Scope.ADDRESS}


@pytest.mark.usefixtures("given")
def test_the_receipt_says_what_was_agreed_to_and_no_value(world: World, client: Client) -> None:
    answer = client.get(f"{PAGE}/bank/receipt.json")
    assert "attachment" in answer.headers["content-disposition"]
    receipt = json.loads(answer.content)
    assert receipt["party"] == "みほん銀行"
    assert [one["item"] for one in receipt["items"]] == ["address", "name", "openid"]
    assert receipt["items"][0]["since"] == "2026-11-24T03:00:00+00:00"
    assert "霞が関" not in answer.text
    assert receipt["withdraw_at"] == "http://nation.example/identity/consents"


@pytest.mark.usefixtures("given")
def test_a_party_that_is_gone_can_still_be_ended(world: World, client: Client) -> None:
    del world.clients["bank"]
    assert "登録が終わった相手（bank）" in client.get(PAGE).text
    client.post(f"{PAGE}/bank/withdraw", data={})
    assert held(world) == set()
    world.clients["bank"] = BANK
