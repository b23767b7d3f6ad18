"""The approval page: what is shown, what a decision gives, and what cannot happen twice or elsewhere."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.identity_asks.world import BROWSER, CLAIMS, World, ask, field_of, session

from renkei.contracts.identity import Acr, Payment
from renkei.institutions.identity.model.asks import AskKind, Outcome
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.web.decisions import sweep
from renkei.platform.audit_store import audited

PAGE = "/identity/approve/ask-1"
FINISH = "/identity/finish/ask-1"
PAYMENT = Payment(
    amount_yen=123_456, payee="みほん税務署", reference="0123-4567", locations=("https://bank.example/api",)
)


def decide(client: TestClient[Litestar], decision: str = "approve", *, items: list[str] | None = None, seal: str = ""):
    page = client.get(PAGE)
    assert page.status_code == 200, page.text
    data = {"decision": decision, "seal": seal or field_of(page.text, "seal"), "items": items or []}
    return client.post(PAGE, data=data, follow_redirects=False)


def test_shows_who_asks_and_every_value_that_would_be_given(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(purpose="口座開設のため"))
    text = client.get(PAGE).text
    for shown in ("みほん銀行", "民間の事業者", "bank.example", "口座開設のため", "東京都千代田区霞が関1-1"):
        assert shown in text
    assert '<span class="substitute">髙</span>橋花子' in text
    assert "代替文字" in text
    assert "昭和35年" not in text
    assert "form-action 'self';" in client.get(PAGE).headers["content-security-policy"]


def test_a_decision_leads_to_finish_with_what_was_left_in(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    answer = decide(client, items=["name"])
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    onward = client.get(PAGE, follow_redirects=False)
    assert (onward.status_code, onward.headers["location"]) == (303, FINISH)
    approved = world.use("ask-1")
    assert approved.scopes == ("openid", "name")
    assert approved.claims == ()
    assert (approved.account_id, approved.session_id, approved.nonce) == ("hanako", "sid-hanako", "n")
    assert world.refused("ask-1").code == "ask_used"


def test_a_browser_leaves_by_a_page_not_by_a_redirect_after_a_form(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    decide(client)
    page = client.get(PAGE, headers=BROWSER)
    assert page.status_code == 200
    assert f'<meta http-equiv="refresh" content="0; url={FINISH}">' in page.text


def test_declining_gives_nothing_and_says_so(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    assert decide(client, "deny").status_code == 303
    assert client.get(PAGE, follow_redirects=False).headers["location"] == FINISH
    for _ in range(2):
        error = world.refused("ask-1")
        assert (error.code, error.public["reason"]) == ("ask_denied", "access_denied")


def test_the_first_decision_counts(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    seal = field_of(client.get(PAGE).text, "seal")
    first = client.post(PAGE, data={"decision": "deny", "seal": seal}, follow_redirects=False)
    second = client.post(PAGE, data={"decision": "approve", "seal": seal, "items": "name"}, follow_redirects=False)
    assert (first.status_code, second.status_code) == (303, 303)
    assert world.refused("ask-1").code == "ask_denied"


def test_somebody_else_learns_nothing_of_a_decision(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    decide(client)
    world.session = session("taro")
    answer = client.get(PAGE)
    assert answer.status_code == 409
    assert "ask_decided" in answer.text
    world.session = None
    assert client.get(PAGE).status_code == 409


@pytest.mark.parametrize("change", ["session", "claims", "seal"])
def test_a_form_that_no_longer_fits_is_stale(world: World, client: TestClient[Litestar], change: str) -> None:
    """Two people in one browser: what was shown to one cannot be agreed to by the other."""
    world.put(ask())
    seal = field_of(client.get(PAGE).text, "seal")
    if change == "session":
        world.session = session("taro")
        world.claims["taro"] = CLAIMS
    elif change == "claims":
        world.claims["hanako"] = msgspec.structs.replace(CLAIMS, address="大阪府大阪市北区1-1")
    else:
        seal = "é"
    answer = client.post(PAGE, data={"decision": "approve", "seal": seal, "items": ["address"]})
    assert (answer.status_code, "ask_form_stale" in answer.text) == (409, True)
    assert world.refused("ask-1").code == "ask_pending"


def test_nobody_decides_without_signing_in(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(account_id="hanako"))
    world.session = None
    for answer in (
        client.get(PAGE, follow_redirects=False),
        client.post(PAGE, data={"decision": "approve"}, follow_redirects=False),
    ):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/identity/sign-in?realm=main&back={PAGE}&acr=aal3&fresh=0&for=hanako"


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, {"acr": Acr.PHONE}),
        ({"max_age_s": 300}, {"age": 301}),
        ({"max_age_s": 0}, {"age": 1}),
        ({"prompt": ("login",)}, {"age": 1}),
        ({"prompt": ("select_account",)}, {"age": 1}),
        ({"payments": (PAYMENT,)}, {"age": 61}),
        ({}, {"age": 61, "helper": "clerk"}),
    ],
)
def test_a_proof_that_is_too_weak_or_too_old_is_renewed(
    world: World, client: TestClient[Litestar], changes: dict, held: dict
) -> None:
    one = world.put(ask(**changes))
    means = {name: value for name, value in held.items() if name != "age"}
    world.session = session(auth_ms=one.made_ms - held.get("age", 0) * 1000, **means)
    answer = client.get(PAGE, follow_redirects=False)
    assert (answer.status_code, "fresh=1" in answer.headers["location"]) == (303, True)
    world.session = session(auth_ms=one.made_ms + 1)
    assert client.get(PAGE).status_code == 200


def test_a_payment_wants_the_card_again_after_five_minutes(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(payments=(PAYMENT,)))
    assert client.get(PAGE).status_code == 200
    world.clock.move(timedelta(minutes=5, seconds=1))
    assert "/sign-in" in client.get(PAGE, follow_redirects=False).headers["location"]


def test_a_payment_is_shown_with_its_amount_and_asked_every_time(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(scopes=("openid",), payments=(PAYMENT,)))
    text = client.get(PAGE).text
    for shown in ("123,456円", "みほん税務署", "0123-4567", "123,456円の支払いを承認する", "一度しか行われません"):
        assert shown in text
    decide(client)
    assert "支払いを承認しました" in client.get("/identity/consents").text
    assert world.use("ask-1").payments == (PAYMENT,)
    world.put(ask(ask_id="ask-2", scopes=("openid",), payments=(PAYMENT,)))
    assert client.get("/identity/approve/ask-2", follow_redirects=False).status_code == 200


def test_an_ask_is_only_for_whom_it_is_meant(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(account_id="taro"))
    answer = client.get(PAGE)
    assert (answer.status_code, "ask_of_another" in answer.text) == (403, True)
    assert client.post(PAGE, data={"decision": "approve"}).status_code == 403


def test_what_was_agreed_to_is_not_asked_again(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    decide(client, items=["name", "address"])
    world.put(ask(ask_id="ask-2", scopes=("openid", "address")))
    answer = client.get("/identity/approve/ask-2", follow_redirects=False)
    assert answer.headers["location"] == "/identity/finish/ask-2"
    assert world.use("ask-2").scopes == ("openid", "address")
    for number, changes in enumerate(({"prompt": ("consent",)}, {"scopes": ("openid", "birthdate")}), 3):
        world.put(ask(ask_id=f"ask-{number}", **changes))
        assert client.get(f"/identity/approve/ask-{number}", follow_redirects=False).status_code == 200


def test_the_house_itself_asks_nothing_for_the_sign_in_alone(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(client_id="portal", scopes=("openid",)))
    assert client.get(PAGE, follow_redirects=False).headers["location"] == FINISH
    with world.means.db.reading() as conn:
        names = [row.name for row in audited(conn, audit_table)]
    assert names == ["identity.consent_used"]
    world.put(ask(ask_id="ask-2", client_id="portal", scopes=("openid", "name")))
    assert client.get("/identity/approve/ask-2", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    ("changes", "signed_in", "reason"),
    [
        ({}, False, Outcome.LOGIN),
        ({"max_age_s": 0}, True, Outcome.LOGIN),
        ({"account_id": "taro"}, True, Outcome.LOGIN),
        ({}, True, Outcome.CONSENT),
        ({"payments": (PAYMENT,)}, True, Outcome.INTERACTION),
    ],
)
def test_prompt_none_is_answered_without_a_page(
    world: World, client: TestClient[Litestar], changes: dict, signed_in: bool, reason: Outcome
) -> None:
    """OpenID Connect Core 1.0 §3.1.2.6."""
    one = world.put(ask(prompt=("none",), **changes))
    world.session = session(auth_ms=one.made_ms - 1000) if signed_in else None
    for _ in range(2):
        answer = client.get(PAGE, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, FINISH)
    assert world.refused("ask-1").public["reason"] == reason.value


def test_data_to_be_confirmed_is_not_given(world: World, client: TestClient[Litestar]) -> None:
    """The certificate was revoked since name or address changed: the sign-in goes on, the old data stay here."""
    world.claims["hanako"] = msgspec.structs.replace(CLAIMS, stale=True)
    world.put(ask(essential=("name",)))
    text = client.get(PAGE).text
    assert "新しい内容を確かめるまで渡しません" in text
    assert "手続に必要なものが" in text
    assert "霞が関" not in text
    decide(client, items=["name", "address"])
    assert world.use("ask-1").scopes == ("openid",)


def test_what_a_client_cannot_do_without_cannot_be_unticked(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(scopes=("openid",), claims=("name", "address"), essential=("name",)))
    assert 'value="name"' not in client.get(PAGE).text
    decide(client, items=[])
    approved = world.use("ask-1")
    assert (approved.scopes, approved.claims) == (("openid",), ("name",))


@pytest.mark.parametrize("kind", [AskKind.BACKCHANNEL, AskKind.DEVICE])
def test_an_answer_for_another_screen_ends_here(world: World, client: TestClient[Litestar], kind: AskKind) -> None:
    world.put(ask(kind=kind, message="RHGS-TKLM", account_id="hanako", device="居間のテレビ"))
    assert "RHGS-TKLM" in client.get(PAGE).text
    decide(client)
    page = client.get(PAGE)
    assert (page.status_code, "確認しました" in page.text) == (200, True)
    world.use("ask-1")
    assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize("kind", [AskKind.BACKCHANNEL, AskKind.DEVICE])
def test_what_began_on_another_screen_is_always_asked(
    world: World, client: TestClient[Litestar], kind: AskKind
) -> None:
    """Whoever is sent a link to a code of somebody else's device must see it, however much they agreed to before."""
    world.put(ask())
    decide(client, items=["name", "address"])
    world.put(ask(ask_id="ask-2", kind=kind, account_id="hanako", message="RHGS-TKLM"))
    page = client.get("/identity/approve/ask-2", follow_redirects=False)
    assert (page.status_code, "RHGS-TKLM" in page.text) == (200, True)
    world.put(ask(ask_id="ask-3", kind=kind, client_id="portal", scopes=("openid",)))
    assert client.get("/identity/approve/ask-3", follow_redirects=False).status_code == 200


def test_an_ask_does_not_wait_for_ever(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    seal = field_of(client.get(PAGE).text, "seal")
    world.clock.move(timedelta(minutes=10))
    for answer in (client.get(PAGE), client.post(PAGE, data={"decision": "approve", "seal": seal})):
        assert (answer.status_code, "ask_expired" in answer.text) == (410, True)
    assert world.refused("ask-1").code == "ask_expired"
    world.clock.move(timedelta(hours=1, seconds=1))
    assert asyncio.run(sweep(world.means)) == 1
    assert client.get(PAGE).status_code == 404


def test_a_stopped_client_asks_nobody(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask(client_id="stopped"))
    assert "ask_client_stopped" in client.get(PAGE).text


def test_a_decision_without_a_button_asks_again(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    assert decide(client, "").status_code == 200
    assert world.refused("ask-1").code == "ask_pending"


def test_a_form_from_another_site_decides_nothing(world: World, client: TestClient[Litestar]) -> None:
    world.put(ask())
    seal = field_of(client.get(PAGE).text, "seal")
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://bank.example"}
    assert client.post(PAGE, data={"decision": "approve", "seal": seal}, headers=headers).status_code == 403
    assert world.refused("ask-1").code == "ask_pending"
