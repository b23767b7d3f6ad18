"""Sign transactions: from the client's documents through the card to the signatures, and everything that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import text
from tests.contract.identity_asks.cards import DIGEST, NOW, Cards, make_cards
from tests.contract.identity_asks.world import ISSUER, World, ask, field_of, make_world, session

from renkei.base.encoding import from_base64url, to_base64url
from renkei.contracts.card_agent import Task, ToSign
from renkei.contracts.identity import Payment, Realm
from renkei.crypto.person_certificates import Use, read_person_certificate, verify_signature
from renkei.crypto.revocation import Reason, read_ocsp
from renkei.institutions.identity.model.signing import PAYMENT_DOCUMENT, payment_digest
from renkei.institutions.identity.model.tokens import Grant, OwnClaims
from renkei.institutions.identity.store import metadata
from renkei.institutions.identity.web.clients import Presented
from renkei.platform.database import Database

SIGN = f"{ISSUER}/protocol/openid-connect/ext/sign/transactions"
PAGE = "/identity/approve/ask-1"
PAYMENT = Payment(amount_yen=9800, payee="みほん税務署", reference="0123", locations=("https://bank.example/api",))
DOCUMENTS = [{"name": "口座開設申込書", "digest": DIGEST}]
Client = TestClient[Litestar]


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return make_cards(tmp_path_factory.mktemp("cards"))


@pytest.fixture
def cards(issued: Cards) -> Iterator[Cards]:
    issued.down = False
    yield issued
    issued.down = False


@pytest.fixture
def world(open_database: Callable[..., Database], cards: Cards) -> World:
    made = make_world(open_database(metadata), now=NOW, status=cards)
    for name in ("hanako", "taro"):
        cards.sign_in(made, name)
    return made


@pytest.fixture
def client(world: World, cards: Cards) -> Iterator[Client]:
    with world.client(cards.trust()) as made:
        yield made


def want(client: Client, documents: list[dict[str, str]] | None = None, **parameters: str) -> Any:
    form = {"documents": json.dumps(DOCUMENTS if documents is None else documents), "purpose": "口座開設のため"}
    return client.post(SIGN, data=form | parameters)


def agree(world: World, client: Client, **changes: Any) -> Task:
    """Up to the page from which the card is used."""
    wanted = want(client)
    assert wanted.status_code == 201, wanted.text
    transaction_id = wanted.json()["sign_transaction_id"]
    world.put(ask(now=NOW, scopes=("openid", "sign"), sign_transaction_id=transaction_id, **changes))
    page = client.get(PAGE)
    assert page.status_code == 200, page.text
    answer = client.post(
        PAGE, data={"decision": "approve", "seal": field_of(page.text, "seal")}, follow_redirects=False
    )
    assert answer.status_code == 303
    shown = client.get(answer.headers["location"])
    policy = shown.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:35970 http://nation.example;" in policy
    return msgspec.json.decode(from_base64url(field_of(shown.text, "task")), type=Task)


def deliver(client: Client, assertion: Any) -> Any:
    return client.post("/identity/sign/assertions", content=msgspec.json.encode(assertion))


def come_back(client: Client, task: Task, code: str) -> Any:
    return client.get("/identity/sign/return", params={"txn": task.txn, "code": code}, follow_redirects=False)


def sign(world: World, client: Client, cards: Cards, **changes: Any) -> Task:
    task = agree(world, client, **changes)
    code = deliver(client, cards.answer(task)).json()["code"]
    assert come_back(client, task, code).headers["location"] == PAGE
    return task


def token(world: World, **changes: Any) -> None:
    """The client has exchanged its code for an access token."""
    approved = world.use("ask-1")
    claims = OwnClaims(iss="i", sub="s", aud="a", iat=0, exp=0, client_id="bank", scope="openid sign")
    made = Grant(
        grant_id="g", realm=Realm.MAIN, client_id="bank", account_id="hanako", session_id="sid-hanako",
        key_thumbprint="t", approved=approved, scopes=("openid", "sign"), expires_ms=0,
    )  # fmt: skip
    world.token = Presented(claims, msgspec.structs.replace(made, **changes))


def problem(answer: Any) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["code"])


def test_documents_are_signed_with_one_card_touch(world: World, client: Client, cards: Cards) -> None:
    task = sign(world, client, cards)
    assert (task.key.value, task.asks_ja, task.purpose_ja) == ("signature", "みほん銀行", "口座開設のため")
    assert task.documents == (ToSign(name="口座開設申込書", digest=DIGEST),)
    assert client.get(PAGE, follow_redirects=False).headers["location"] == "/identity/finish/ask-1"
    token(world)
    assert world.token is not None
    assert world.token.grant.approved is not None
    transaction_id = world.token.grant.approved.sign_transaction_id
    answer = client.get(f"{SIGN}/{transaction_id}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    result = answer.json()
    authorities = cards.authority.authorities()
    certificate = read_person_certificate(from_base64url(result["certificate"]), authorities=authorities, at=NOW)
    (document,) = result["documents"]
    verify_signature(
        certificate, algorithm=result["algorithm"], signature=from_base64url(document["signature"]),
        digest=from_base64url(DIGEST),
    )  # fmt: skip
    read_ocsp(from_base64url(result["status"]), certificate=certificate, authorities=authorities, at=NOW)
    assert client.get(f"{SIGN}/{transaction_id}").status_code == 404
    with world.means.db.reading() as conn:
        for table in ("sign_transaction", "sign_task"):
            assert [row.result for row in conn.execute(text(f"SELECT result FROM {table}"))] == [None]


def test_the_page_says_what_a_signature_discloses(world: World, client: Client) -> None:
    """The signature certificate carries name, address, birth date and sex; the screen says so first."""
    world.put(ask(now=NOW, scopes=("openid", "sign"), sign_transaction_id=want(client).json()["sign_transaction_id"]))
    shown = client.get(PAGE).text
    for said in (
        "氏名・住所・生年月日・性別が相手に伝わります",
        "霞が関",
        "女",
        "昭和35年",
        "口座開設申込書",
        "口座開設のため",
    ):
        assert said in shown


def test_a_payment_travels_with_the_signature(world: World, client: Client, cards: Cards) -> None:
    """One touch, one consent: the digest of the payment order is one of the documents."""
    task = sign(world, client, cards, payments=(PAYMENT,))
    assert task.documents[1] == ToSign(name=PAYMENT_DOCUMENT, digest=payment_digest(PAYMENT))
    approved = world.use("ask-1")
    assert approved.payments == (PAYMENT,)
    assert approved.sign_transaction_id


WRONG_ANSWERS: list[tuple[dict[str, Any], str]] = [
        ({"name": "taro"}, "signature_of_other_person"),
        ({"use": Use.AUTHENTICATION}, "certificate_wrong_use"),
        ({"pin": False}, "signature_wrong"),
        ({"algorithm": "ES384"}, "signature_wrong"),
        ({"algorithm": "none"}, "signature_wrong"),
        ({"documents": ()}, "signature_wrong"),
        ({"documents": ("AAAA",)}, "signature_wrong"),
        ({"documents": ("%%%",)}, "signature_wrong"),
        ({"documents": ("A" * 5000,)}, "signature_wrong"),
        ({"signature": to_base64url(bytes(256))}, "signature_wrong"),
        ({"certificate": "AAAA"}, "person_certificate_malformed"),
        ({"certificate": "A" * 20_000}, "signature_wrong"),
        ({"txn": "another"}, "sign_task_unknown"),
        ({"medium": "paper"}, "signature_wrong"),
]  # fmt: skip


def test_an_answer_that_does_not_hold_is_refused(world: World, client: Client, cards: Cards) -> None:
    task = agree(world, client)
    for changes, code in WRONG_ANSWERS:
        assert problem(deliver(client, cards.answer(task, **changes))) == code, changes
    assert deliver(client, cards.answer(task)).status_code == 200, "the task is still open for the right card"


def test_documents_cannot_be_exchanged_under_way(world: World, client: Client, cards: Cards) -> None:
    task = agree(world, client)
    other = msgspec.structs.replace(task, documents=(ToSign(name="借用書", digest=to_base64url(b"x" * 32)),))
    assert problem(deliver(client, cards.answer(other))) == "signature_wrong"


def test_nobody_vouches_nobody_signs(world: World, client: Client, cards: Cards) -> None:
    """Without an answer about the certificate nothing is taken, however good the signature is."""
    task = agree(world, client)
    cards.down = True
    answer = deliver(client, cards.answer(task))
    assert (answer.status_code, problem(answer)) == (503, "signer_status_unavailable")


def test_a_software_card_needs_a_demonstration(world: World, client: Client, cards: Cards) -> None:
    task = agree(world, client)
    settings = msgspec.structs.replace(world.means.settings, test_card="")
    object.__setattr__(world.means, "settings", settings)
    assert problem(deliver(client, cards.answer(task, medium="software"))) == "test_card_refused"


def test_a_malformed_answer_is_refused_with_a_code(client: Client) -> None:
    for body in (b"", b"{", b"[]", b'{"txn":1}', b"[" * 60_000, b"x" * 70_000):
        answer = client.post("/identity/sign/assertions", content=body)
        assert answer.status_code in {400, 413}
        assert b"Traceback" not in answer.content


def test_an_answer_counts_once_and_only_for_the_browser_that_began(world: World, client: Client, cards: Cards) -> None:
    task = agree(world, client)
    assertion = cards.answer(task)
    code = deliver(client, assertion).json()["code"]
    assert problem(deliver(client, assertion)) == "sign_task_unknown"
    assert "sign_task_elsewhere" in come_back(client, task, "guessed").text
    world.session = session("taro", now=NOW)
    assert "sign_task_elsewhere" in come_back(client, task, code).text
    world.session = None
    assert "sign_task_elsewhere" in come_back(client, task, code).text
    world.session = session("hanako", now=NOW)
    assert come_back(client, task, code).status_code == 303
    assert come_back(client, task, code).status_code == 410
    assert "sign_task_unknown" in client.get("/identity/sign/return").text


def test_declining_at_the_card_gives_nothing_and_leaves_the_question_open(
    world: World, client: Client, cards: Cards
) -> None:
    task = agree(world, client)
    back = client.get("/identity/sign/return", params={"txn": task.txn, "declined": "1"}, follow_redirects=False)
    assert back.headers["location"] == f"{PAGE}?declined=1"
    assert "署名は行われていません" in client.get(back.headers["location"]).text
    assert world.refused("ask-1").code == "ask_pending"
    assert problem(deliver(client, cards.answer(task))) == "sign_task_unknown"


def test_the_card_is_not_waited_for_for_ever(world: World, client: Client, cards: Cards) -> None:
    task = agree(world, client)
    code = deliver(client, cards.answer(task)).json()["code"]
    world.clock.move(timedelta(minutes=3))
    assert come_back(client, task, code).status_code == 410
    assert client.get(f"/identity/sign/task/{task.txn}").status_code == 410
    assert world.refused("ask-1").code == "ask_pending"


def test_signatures_go_to_nobody_else(world: World, client: Client, cards: Cards) -> None:
    sign(world, client, cards)
    token(world)
    assert world.token is not None
    right = world.token
    assert right.grant.approved is not None
    path = f"{SIGN}/{right.grant.approved.sign_transaction_id}"
    for changes in (
        {"client_id": "other"},
        {"approved": None},
        {"approved": msgspec.structs.replace(right.grant.approved, sign_transaction_id="another")},
    ):
        world.token = Presented(right.claims, msgspec.structs.replace(right.grant, **changes))
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "sign_transaction_unknown")
    world.token = Presented(right.claims, msgspec.structs.replace(right.grant, scopes=("openid",)))
    assert client.get(path).json()["error"] == "insufficient_scope"
    world.token = right
    assert client.get(path).status_code == 200


def test_a_result_that_nobody_fetches_is_forgotten(world: World, client: Client, cards: Cards) -> None:
    sign(world, client, cards)
    token(world)
    assert world.token is not None
    assert world.token.grant.approved is not None
    world.clock.move(timedelta(minutes=31))
    assert client.get(f"{SIGN}/{world.token.grant.approved.sign_transaction_id}").status_code == 404


def test_documents_that_no_screen_can_show_are_refused(client: Client) -> None:
    for documents in ([], [{"name": PAYMENT_DOCUMENT, "digest": DIGEST}], [{"name": "a", "digest": "AAAA"}]):
        answer = want(client, documents)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_client_without_the_scope_cannot_have_anything_signed(world: World, client: Client) -> None:
    world.caller = "portal"
    assert want(client).json()["error"] == "invalid_scope"
    world.caller = "stopped"
    assert want(client).json()["error"] == "unauthorized_client"


def test_a_transaction_of_another_client_is_not_shown(world: World, client: Client) -> None:
    world.clients["other"] = msgspec.structs.replace(world.clients["bank"], client_id="other")
    transaction_id = want(client).json()["sign_transaction_id"]
    world.put(ask(now=NOW, client_id="other", scopes=("openid", "sign"), sign_transaction_id=transaction_id))
    assert "sign_transaction_unknown" in client.get(PAGE).text


def test_a_certificate_that_was_revoked_signs_nothing(open_database: Callable[..., Database], tmp_path: Path) -> None:
    """The address changed (公的個人認証法12条1号): the signature certificate is revoked, its key still signs."""
    cards = make_cards(tmp_path)
    world = make_world(open_database(metadata), now=NOW, status=cards)
    cards.sign_in(world, "hanako")
    with world.client(cards.trust()) as client:
        task = agree(world, client)
        cards.revoke("hanako", Reason.CONTENT_CHANGED)
        assert problem(deliver(client, cards.answer(task))) == "certificate_content_changed"
