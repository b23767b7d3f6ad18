"""Signing for a site

A site has documents signed with the signature certificate of the card: shown first, signed once, fetched once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.identity_asks.cards import NOW, Cards, make_cards
from tests.contract.identity_asks.test_signing import PAGE, PAYMENT, SIGN, agree, deliver, problem, sign, token
from tests.contract.identity_asks.world import World, make_world

from renkei.institutions.identity.store import metadata
from renkei.platform.database import Database

Client = TestClient[Litestar]


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return make_cards(tmp_path_factory.mktemp("cards"))


@pytest.fixture
def world(tmp_path: Path, cards: Cards) -> Iterator[World]:
    with Database.open(f"sqlite:///{tmp_path / 'identity.db'}", metadata=metadata) as db:
        made = make_world(db, now=NOW, status=cards)
        for name in ("hanako", "taro"):
            cards.sign_in(made, name)
        yield made


@pytest.fixture
def client(world: World, cards: Cards) -> Iterator[Client]:
    with world.client(cards.trust()) as made:
        yield made


def test_the_screen_says_what_a_signature_discloses(world: World, client: Client) -> None:
    """The certificate states name, address, birth date and sex, so that whoever gets a signature gets these; the person
    reads that, and which documents are signed, on a page before the card is asked for."""
    agree(world, client)
    assert "氏名・住所・生年月日・性別が相手に伝わります" in client.get(PAGE).text


def test_one_touch_signs_the_documents_and_the_payment(world: World, client: Client, cards: Cards) -> None:
    """A tax return that ends in a payment is one question and one use of the card: the payment order is signed with the
    documents."""
    task = sign(world, client, cards, payments=(PAYMENT,))
    assert [one.name for one in task.documents] == ["口座開設申込書", "支払いの指示"]


def test_the_signatures_are_handed_over_once(world: World, client: Client, cards: Cards) -> None:
    """The site fetches certificate, signatures and the proof that the certificate held; nothing of it is kept here."""
    sign(world, client, cards)
    token(world)
    assert world.token is not None
    assert world.token.grant.approved is not None
    path = f"{SIGN}/{world.token.grant.approved.sign_transaction_id}"
    assert client.get(path).json()["documents"][0]["name"] == "口座開設申込書"
    assert client.get(path).status_code == 404


def test_only_the_persons_own_card_signs(world: World, client: Client, cards: Cards) -> None:
    """A household with two cards: the one that is not of the person signed in is refused, and nothing is disclosed."""
    task = agree(world, client)
    assert problem(deliver(client, cards.answer(task, "taro"))) == "signature_of_other_person"


def test_without_word_of_the_authority_nothing_is_signed(world: World, client: Client, cards: Cards) -> None:
    """Whoever takes a signature asks whether the certificate still holds; while nobody answers, none is taken."""
    task = agree(world, client)
    cards.down = True
    try:
        assert problem(deliver(client, cards.answer(task))) == "signer_status_unavailable"
    finally:
        cards.down = False
