"""A return from the draft to the receipts: one consent, one card touch, no retyping, and nothing paid twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.filing.world import OPENING_YEN, SLIP, World, make_world
from tests.unit.documents import people

from renkei.base.encoding import from_base64url
from renkei.channels.bank import queries as bank_queries
from renkei.channels.filing.model.states import State
from renkei.contracts.identity import Payment
from renkei.crypto.documents import jws
from renkei.crypto.documents.verdict import Conclusion
from renkei.platform.database import Database

Client = TestClient[Litestar]
YEAR = "/filing/2025"


@pytest.fixture
def world(open_database: Callable[..., Database]) -> World:
    return make_world(open_database)


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with world.client() as made:
        yield made


def sign_in(client: Client, where: str) -> None:
    assert client.post(f"{where}/sign-in", data={"back": where}).status_code == 200


def draft(client: Client, *, revenue: str = "350,000", expense: str = "５００００") -> Any:
    sign_in(client, "/filing")
    return client.post(YEAR, data={"revenue": revenue, "expense": expense})


def balance(world: World) -> int:
    return world.bank.db.read_now(lambda conn: bank_queries.account_of(conn, "bank-hanako")).balance_yen


def test_one_touch_files_and_pays(world: World, client: Client) -> None:
    """The return ends in a payment at the bank: one consent, one card touch, receipts on both sides."""
    sign_in(client, "/bank")
    review = draft(client)
    assert str(review.url.path) == f"{YEAR}/review"
    due = world.payment().amount_yen
    assert f"{due:,}円" in review.text
    page = client.post(f"{YEAR}/sign")
    assert page.status_code == 200
    assert "提出と納税が終わりました" in page.text
    found = world.found()
    assert found.state is State.PAID
    assert found.filed is not None
    assert found.paid is not None
    assert world.op.touches == 1
    assert found.filed.number in page.text
    assert found.paid.number in page.text
    assert balance(world) == OPENING_YEN - due
    assert found.paid.number in client.get("/bank").text
    receipt = client.get(f"/bank/receipts/{found.paid.number}")
    assert found.reference in receipt.text


def test_what_is_saved_proves_itself(world: World, client: Client) -> None:
    """The signed return verifies for anybody, with its certificate, its status and its timestamp in it."""
    sign_in(client, "/bank")
    draft(client)
    client.post(f"{YEAR}/sign")
    saved = client.get(f"{YEAR}/return.json").content
    verdict = jws.verify(
        saved, authorities=people.authorities(), stampers=[people.stamping()[1]], now=world.clock.now()
    )
    assert verdict.conclusion is Conclusion.VALID
    content = json.loads(jws.payload_of(saved))
    assert content["figures"]["due_yen"] == world.payment().amount_yen
    assert content["slips"][0]["pay_yen"] == 5_000_000
    payment, bank_side = client.get(f"{YEAR}/payment.jwt").text, world.found().paid
    assert bank_side is not None
    assert client.get(f"/bank/receipts/{bank_side.number}/receipt.jwt").text == payment
    said = json.loads(from_base64url(client.get(f"{YEAR}/receipt.jwt").text.split(".")[1]))
    assert said["number"] == world.found().filed.number  # type: ignore[union-attr]


def test_a_filed_return_is_not_changed_signed_or_paid_again(world: World, client: Client) -> None:
    """Double submit, the back button and a second window lead to the page that says where the return stands."""
    sign_in(client, "/bank")
    draft(client)
    client.post(f"{YEAR}/sign")
    before, spent = world.found(), balance(world)
    for path, form in (("", {"revenue": "9", "expense": ""}), ("/sign", {}), ("/pay", {}), ("/continue", {})):
        again = client.post(YEAR + path, data=form)
        assert "提出と納税が終わりました" in again.text
    assert client.get(f"{YEAR}/review").url.path == YEAR
    assert (world.found(), balance(world), world.op.touches) == (before, spent, 1)


def test_the_bank_is_down_after_the_signature(world: World, client: Client) -> None:
    """The return is filed; the payment waits for the person's button, and needs no second signature."""
    sign_in(client, "/bank")
    draft(client)
    world.wire.down = True
    page = client.post(f"{YEAR}/sign")
    assert "提出しました。納税はまだです" in page.text
    assert "銀行につながらないため" in page.text
    filed = world.found().filed
    assert "銀行につながらないため" in client.post(f"{YEAR}/pay").text
    world.wire.down = False
    assert "提出と納税が終わりました" in client.post(f"{YEAR}/pay").text
    assert world.found().filed == filed
    assert world.op.touches == 1


def test_the_answer_of_the_bank_is_lost(world: World, client: Client) -> None:
    """The bank paid but nobody heard it: asked again it gives the same receipt, and nothing is paid twice."""
    sign_in(client, "/bank")
    draft(client)
    world.wire.loses_answers = True
    client.post(f"{YEAR}/sign")
    assert world.found().state is State.FILED
    spent = balance(world)
    assert spent == OPENING_YEN - world.payment().amount_yen
    world.wire.loses_answers = False
    client.post(f"{YEAR}/pay")
    assert world.found().state is State.PAID
    assert (balance(world), world.wire.orders) == (spent, 2)


def test_a_consent_that_ran_out_is_asked_for_again(world: World, client: Client) -> None:
    """Paying a day later takes a new consent to the same payment, without signing the return again."""
    sign_in(client, "/bank")
    draft(client)
    world.wire.down = True
    client.post(f"{YEAR}/sign")
    world.wire.down = False
    world.clock.move(timedelta(minutes=10))
    assert "提出と納税が終わりました" in client.post(f"{YEAR}/pay").text
    assert world.op.touches == 1


def test_who_has_no_account_is_told(world: World, client: Client) -> None:
    """The account is opened at the first sign-in at the bank; until then the return is filed and unpaid."""
    draft(client)
    page = client.post(f"{YEAR}/sign")
    assert "見本銀行に口座がないため" in page.text
    sign_in(client, "/bank")
    sign_in(client, "/filing")
    assert "提出と納税が終わりました" in client.post(f"{YEAR}/pay").text


def test_the_stamping_authority_is_down(world: World, client: Client) -> None:
    """The signature is kept; "continue" files it, and the payment follows without another touch."""
    sign_in(client, "/bank")
    draft(client)
    world.stamps_down = True
    page = client.post(f"{YEAR}/sign")
    assert world.found().state is State.SIGNED
    assert "時刻認証局につながりません" in page.text
    world.stamps_down = False
    assert "提出しました。納税はまだです" in client.post(f"{YEAR}/continue").text
    assert "提出と納税が終わりました" in client.post(f"{YEAR}/pay").text
    assert world.op.touches == 1


def test_a_signature_that_was_lost_is_made_again(world: World, client: Client) -> None:
    """The provider gives signatures once; where its answer is lost nothing is filed, and the person signs again."""
    sign_in(client, "/bank")
    draft(client)
    world.op.forget_signatures = True
    page = client.post(f"{YEAR}/sign")
    assert world.found().state is State.ASKED
    assert "いまの内容への署名を受け取れなかった" in page.text
    world.op.forget_signatures = False
    assert "提出と納税が終わりました" in client.post(f"{YEAR}/sign").text
    assert balance(world) == OPENING_YEN - world.payment().amount_yen


def test_what_does_not_verify_is_not_filed(world: World, client: Client) -> None:
    """A status older than the signature proves nothing: no receipt number, no payment, and the person is told."""
    sign_in(client, "/bank")
    draft(client)
    world.op.status_at = world.clock.now() - timedelta(days=1)
    page = client.post(f"{YEAR}/sign")
    assert "まだ提出していません" in page.text
    found = world.found()
    assert (found.state, found.filed, world.wire.orders) == (State.DRAFT, None, 0)
    world.op.status_at = None
    assert "提出と納税が終わりました" in client.post(f"{YEAR}/sign").text


def test_figures_changed_in_another_window(world: World, client: Client) -> None:
    """What was signed is not what the return says now: it is not filed."""
    draft(client)
    client.follow_redirects = False
    to_provider = client.post(f"{YEAR}/sign").headers["location"]
    client.post(YEAR, data={"revenue": "900000", "expense": ""})
    client.follow_redirects = True
    page = client.get(to_provider)
    found = world.found()
    assert (found.state, found.filed, found.side.revenue_yen) == (State.DRAFT, None, 900_000)
    assert page.status_code == 200
    assert world.wire.orders == 0


def test_two_windows_sign_the_same_return(world: World, client: Client) -> None:
    """Whichever comes first files and pays; the other finds it done."""
    sign_in(client, "/bank")
    draft(client)
    client.follow_redirects = False
    first, second = (client.post(f"{YEAR}/sign").headers["location"] for _ in range(2))
    client.follow_redirects = True
    assert "提出と納税が終わりました" in client.get(first).text
    filed = world.found()
    assert "提出と納税が終わりました" in client.get(second).text
    assert world.found() == filed
    assert balance(world) == OPENING_YEN - world.payment().amount_yen


def test_the_person_declines(world: World, client: Client) -> None:
    draft(client)
    world.op.deny = True
    page = client.post(f"{YEAR}/sign")
    assert page.status_code == 403
    assert "まだ提出していません" in page.text
    assert world.found().state is State.ASKED


def test_the_provider_is_down(world: World, client: Client) -> None:
    draft(client)
    world.op.down = True
    page = client.post(f"{YEAR}/sign")
    assert page.status_code == 502
    assert world.found().state is State.DRAFT


def test_an_amount_that_is_none_is_said_at_its_field(client: Client) -> None:
    page = draft(client, revenue="たくさん", expense="12")
    assert page.status_code == 422
    assert 'id="error-revenue"' in page.text
    assert 'id="error-expense"' not in page.text


def test_who_is_not_signed_in_sees_nothing(client: Client) -> None:
    for path in ("", "/review", "/return.json", "/payment.jwt"):
        assert client.get(YEAR + path).status_code == 403


def test_a_refund_is_filed_without_a_payment(world: World, client: Client) -> None:
    """More was withheld than is owed (所得税法122条): signed and filed, nothing to pay, no account needed."""
    world.slips = (msgspec.structs.replace(SLIP, withheld_yen=150_000),)
    draft(client, revenue="", expense="")
    assert world.filing.payment_of(world.found()) is None
    page = client.post(f"{YEAR}/sign")
    assert "納めすぎの税金は" in page.text
    assert world.found().state is State.FILED
    assert world.wire.orders == 0


def test_late_filing_is_said(client: Client) -> None:
    """The day for 2025 was Monday 16 March 2026 (所得税法120条1項, 国税通則法10条2項); lateness is said."""
    page = draft(client)
    assert "申告と納税の期限を過ぎています" in page.text
    assert "令和8年(2026年)3月16日" in page.text


def test_somebody_else_does_not_see_it(world: World, client: Client) -> None:
    draft(client)
    world.op.person = "taro"
    sign_in(client, "/filing")
    client.get(YEAR)
    assert world.found("taro").side.revenue_yen == 0
    assert world.found("hanako").side.revenue_yen == 350_000


def test_what_is_paid_is_what_was_agreed(world: World, client: Client) -> None:
    sign_in(client, "/bank")
    draft(client)
    client.post(f"{YEAR}/sign")
    found = world.found()
    assert world.payment() == Payment(
        locations=(world.bank_base,), amount_yen=found.filed.due_yen, payee="見本税務署",  # type: ignore[union-attr]
        reference=found.reference, purpose="令和7年分 所得税及び復興特別所得税",
    )  # fmt: skip
