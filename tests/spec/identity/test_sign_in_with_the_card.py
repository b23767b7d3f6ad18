"""Signing in with the card

A person proves who they are with the card's authentication certificate, to the provider alone. What the card says goes
from the agent beside the reader straight to the provider; the browser only carries a code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.contract.identity_ways_in.test_accounts import account_of, claims, confirm
from tests.contract.identity_ways_in.test_card import sessions_of
from tests.contract.identity_ways_in.world import HANAKO, MOVED, PATH, Browser, Person, World, assertion, task_on

from renkei.contracts.identity import Acr
from renkei.crypto.revocation import Reason
from renkei.institutions.identity import store
from renkei.platform.database import Database


@pytest.fixture
def world() -> Iterator[World]:
    with Database.open("sqlite://", metadata=store.metadata) as db:
        made = World(db)
        yield made
        made.close()


@pytest.fixture
def hanako(world: World) -> Person:
    return world.person()


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()


def refused(browser: Browser, person: Person) -> str:
    task = task_on(browser.begin())
    answer = browser.deliver(assertion(task, person), task)
    return "" if answer.status_code == 200 else str(answer.json()["code"])


def test_the_card_alone_opens_an_account(world: World, browser: Browser, hanako: Person) -> None:
    """The first sign-in opens an account: nobody registers, and no number is typed. The authentication certificate
    names nobody (公的個人認証法22条), so the provider knows only that the same card came again."""
    browser.sign_in(hanako)
    assert account_of(world)
    assert claims(world) is None


def test_name_and_address_come_from_the_signature_certificate(world: World, browser: Browser, hanako: Person) -> None:
    """Name, address, date of birth and sex are read from the signature certificate once, after a
    page has said so; it says which characters stand in for those of the register (代替文字), and that is kept."""
    browser.sign_in(hanako)
    confirm(browser, hanako)
    known = claims(world)
    assert known is not None
    assert (known.name, known.name_substitutes) == (HANAKO.name, HANAKO.name_substitutes)


def test_a_certificate_that_does_not_stand_signs_nobody_in(world: World, browser: Browser, hanako: Person) -> None:
    """Every sign-in asks the authority how the certificate stands. A card reported lost is
    refused, and so is a revoked one, each with its own sentence. A good answer is relied upon for five minutes."""
    asyncio.run(world.authority.suspend(hanako.holder, user="clerk-1"))
    assert refused(browser, hanako) == "certificate_suspended"
    asyncio.run(world.authority.revoke(hanako.holder, Reason.KEY_COMPROMISE, user="clerk-1"))
    assert refused(browser, hanako) == "certificate_key_compromised"


def test_when_the_authority_does_not_answer_nobody_is_signed_in(world: World, browser: Browser, hanako: Person) -> None:
    """Where the authority cannot be asked, the sign-in is refused and says why; it is never waved through."""
    world.status.down = True
    assert refused(browser, hanako) == "certificate_status_unavailable"


def test_an_account_outlives_its_certificates(world: World, browser: Browser, hanako: Person) -> None:
    """A certificate lasts to the fifth birthday after its issue (公的個人認証法5条). The next one leads to the same
    account, because the authority tells which certificate it replaces, and every service still knows the person."""
    browser.sign_in(hanako)
    before = account_of(world)
    world.issue(hanako, renew=True, generation=2)
    world.browser().sign_in(hanako)
    assert account_of(world) == before


def test_a_move_makes_the_data_stale_and_locks_nobody_out(world: World, browser: Browser, hanako: Person) -> None:
    """A change of name or address revokes the signature certificate (公的個人認証法12条1号), not the authentication
    certificate. The person signs in as before and is led to confirm the new data; the old ones are no longer given as
    certain."""
    browser.sign_in(hanako)
    confirm(browser, hanako)
    asyncio.run(world.authority.four_items_changed(hanako.holder, MOVED, user="clerk-1"))
    world.clock.move(timedelta(minutes=5))
    page = world.browser().sign_in(hanako)
    assert "confirm your new data" in page.text
    known = claims(world)
    assert known is not None
    assert known.stale


def test_how_sure_a_sign_in_is_is_told(world: World, hanako: Person) -> None:
    """Every sign-in says how sure it is: card and PIN, a passkey, or a card without PIN (顔認証マイナンバーカード).
    What is asked for with card and PIN is not given to less."""
    world.browser().sign_in(hanako)
    world.browser().sign_in(hanako, pin=False, acr="aal1")
    assert {session.acr for session in sessions_of(world)} == {Acr.CARD, Acr.CARD_ALONE}
    task = task_on(world.browser().begin(acr="aal3"))
    answer = world.browser().deliver(assertion(task, hanako, pin=False), task)
    assert answer.json()["code"] == "sign_in_too_weak"


def test_what_the_card_said_is_worth_nothing_elsewhere(world: World, browser: Browser, hanako: Person) -> None:
    """The card signs for one site and one sign-in, once, and only the browser in which it began gets in: a link that
    somebody sends, an answer that is sent twice, and one that another site obtained are all refused."""
    task = task_on(browser.begin())
    code = browser.use_card(task, hanako)
    assert "sign_in_other_browser" in world.browser().come_back(task, code=code).text
    assert browser.deliver(assertion(task, hanako), task).json()["code"] == "sign_in_answered"
    assert browser.come_back(task, code=code).status_code == 200


def test_closing_an_account_forgets_the_person(world: World, browser: Browser, hanako: Person) -> None:
    """Whoever closes their account is forgotten: data, certificates, passkeys. The same card opens a new account, which
    no service can link to the one before."""
    browser.sign_in(hanako)
    before = account_of(world)
    browser.post(f"{PATH}/account/close", {"agreed": "1"})
    browser.sign_in(hanako)
    assert account_of(world) != before
