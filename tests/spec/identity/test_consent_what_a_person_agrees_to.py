"""What a person agrees to

A site gets what its page named and the person left in, each thing by itself, until the person withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.identity_asks.world import World, ask, field_of, make_world

from renkei.contracts.identity import Payment, Scope
from renkei.institutions.identity.model.asks import AskKind
from renkei.institutions.identity.operations.consents import items_given
from renkei.institutions.identity.store import metadata
from renkei.platform.database import Database

Client = TestClient[Litestar]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Database.open(f"sqlite:///{tmp_path / 'identity.db'}", metadata=metadata) as db:
        yield make_world(db)


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with world.client() as made:
        yield made


def agree(client: Client, *items: str, number: int = 1) -> None:
    path = f"/identity/approve/ask-{number}"
    seal = field_of(client.get(path).text, "seal")
    client.post(path, data={"decision": "approve", "seal": seal, "items": list(items)}, follow_redirects=False)


def test_each_item_is_the_persons_choice(world: World, client: Client) -> None:
    """A bank asks for name and address; who unticks the address gives the name alone, and the bank still signs them in.

    A third party gets personal data with the consent of the person (個人情報保護法27条1項); a consent to several things
    at once of which none can be left out would be a weak one.
    """
    world.put(ask())
    agree(client, "name")
    assert world.use("ask-1").scopes == ("openid", "name")


def test_the_values_are_shown_before_they_are_given(world: World, client: Client) -> None:
    """Name, address, birth date and sex appear as the signature certificate states them.

    Where a character stands in for one that the certificate cannot write (代替文字) it is marked, and the mark travels
    with the value.
    """
    world.put(ask())
    shown = client.get("/identity/approve/ask-1").text
    assert "東京都千代田区霞が関1-1" in shown
    assert '<span class="substitute">髙</span>' in shown


def test_a_consent_is_used_again_and_every_use_is_on_record(world: World, client: Client) -> None:
    """Who agreed once is not asked again for the same or for less; the page of consents lists each use."""
    world.put(ask())
    agree(client, "name", "address")
    world.put(ask(ask_id="ask-2", scopes=("openid", "name")))
    assert client.get("/identity/approve/ask-2", follow_redirects=False).status_code == 303
    assert "使われました" in client.get("/identity/consents").text


def test_a_consent_is_withdrawn_as_easily_as_it_was_given(world: World, client: Client) -> None:
    """One button ends one item or everything with a site; its tokens end at the same moment."""
    world.put(ask())
    agree(client, "name", "address")
    client.post("/identity/consents/bank/withdraw", data={"item": "address"})
    with world.means.db.reading() as conn:
        assert items_given(conn, "hanako", "bank") == {Scope.OPENID, Scope.NAME}
    assert world.revoked == [("hanako", "bank")]


def test_a_payment_is_never_covered_by_an_earlier_consent(world: World, client: Client) -> None:
    """Each payment is shown with amount, payee and number, and wants the card used within the last minutes."""
    payment = Payment(amount_yen=500, payee="みほん税務署", reference="0123", locations=("https://bank.example/api",))
    for number in (1, 2):
        world.put(ask(ask_id=f"ask-{number}", scopes=("openid",), payments=(payment,)))
        assert "500円の支払いを承認する" in client.get(f"/identity/approve/ask-{number}").text
        agree(client, number=number)


def test_what_began_on_another_screen_is_always_looked_at(world: World, client: Client) -> None:
    """A television or a counter shows the same words as the phone: whoever is asked to confirm somebody else's screen
    sees that it is not theirs (RFC 8628 §5.4)."""
    world.put(ask())
    agree(client, "name", "address")
    world.put(ask(ask_id="ask-2", kind=AskKind.DEVICE, message="RHGS-TKLM"))
    assert "RHGS-TKLM" in client.get("/identity/approve/ask-2").text


def test_the_first_answer_counts(world: World, client: Client) -> None:
    """A form sent twice, kept open over a change of person, or sent from another site decides nothing."""
    world.put(ask())
    seal = field_of(client.get("/identity/approve/ask-1").text, "seal")
    for decision in ("deny", "approve"):
        client.post("/identity/approve/ask-1", data={"decision": decision, "seal": seal}, follow_redirects=False)
    assert world.refused("ask-1").code == "ask_denied"
