"""What the authority says of a certificate decides: expired, revoked, suspended, foreign, or nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.contract.identity_ways_in.test_card import sessions_of
from tests.contract.identity_ways_in.world import JIRO, Browser, Person, World, assertion, task_on

from renkei.contracts.card_agent import Key
from renkei.crypto.person_certificates import read_person_certificate
from renkei.crypto.revocation import Reason, ocsp_request


def tried(browser: Browser, person: Person) -> tuple[int, str]:
    task = task_on(browser.begin())
    answer = browser.deliver(assertion(task, person), task)
    return answer.status_code, answer.json()["code"] if answer.status_code != 200 else ""


def test_an_expired_certificate(world: World, browser: Browser, hanako: Person) -> None:
    world.clock.move(timedelta(days=365 * 5))
    asyncio.run(world.authority.start())
    assert tried(browser, hanako) == (401, "person_certificate_expired")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.KEY_COMPROMISE, "certificate_key_compromised"),
        (Reason.DEATH, "certificate_holder_gone"),
        (Reason.CESSATION, "certificate_holder_gone"),
        (Reason.APPLIED, "certificate_revoked"),
        (Reason.RECORD_ERROR, "certificate_revoked"),
    ],
)
def test_a_revoked_certificate_says_why(
    world: World, browser: Browser, hanako: Person, reason: Reason, code: str
) -> None:
    asyncio.run(world.authority.revoke(hanako.holder, reason, user="clerk-1"))
    assert tried(browser, hanako) == (401, code)


def test_the_certificate_before_the_renewal(world: World, browser: Browser, hanako: Person) -> None:
    old = Person(hanako.holder, hanako.items, hanako.issued, dict(hanako.keys))
    world.issue(hanako, renew=True, generation=2)
    assert tried(browser, old) == (401, "certificate_renewed")
    assert tried(browser, hanako) == (200, "")


def test_a_suspended_card_and_the_same_once_it_was_found(world: World, browser: Browser, hanako: Person) -> None:
    """Only good answers are kept: whoever finds the card again need not wait."""
    asyncio.run(world.authority.suspend(hanako.holder, user="clerk-1"))
    assert tried(browser, hanako) == (401, "certificate_suspended")
    asyncio.run(world.authority.resume(hanako.holder, user="clerk-1"))
    assert tried(browser, hanako) == (200, "")


def test_a_foreign_authority_of_the_same_name(world: World, browser: Browser, make_world: Callable[..., World]) -> None:
    """Every generation bears one name; a self-made one is told apart from none of them by its name."""

    class Other:
        def obtain(self, name, algorithm):
            from tests.contract.identity_ways_in.world import key

            return key(f"foreign-{name}", algorithm)

    from renkei.institutions.card import store as card_store
    from renkei.institutions.card.service import CardAuthority
    from renkei.platform.database import Database

    with Database.open("sqlite://", metadata=card_store.metadata) as db:
        own, world.authority = (
            world.authority,
            CardAuthority(db, keys=Other(), base_url="https://j.example", clock=world.clock),
        )
        asyncio.run(world.authority.start())
        stranger = world.person("h-9", JIRO)
        world.authority = own
    assert tried(browser, stranger) == (401, "person_generation_unknown")


def test_nobody_answers_for_the_status(world: World, browser: Browser, hanako: Person) -> None:
    """OCSP is down: refused, and said so; never waved through."""
    world.status.down = True
    task = task_on(browser.begin())
    answer = browser.deliver(assertion(task, hanako), task)
    assert (answer.status_code, answer.json()["code"]) == (503, "certificate_status_unavailable")
    assert "nobody is signed in" in answer.json()["en"]
    assert not sessions_of(world)
    world.status.down = False
    assert browser.deliver(assertion(task, hanako), task).status_code == 200, "the same round goes on"


def test_an_answer_that_proves_nothing(world: World, browser: Browser, hanako: Person) -> None:
    jiro = world.person("h-2", JIRO)
    authorities = world.ways.trust.authorities
    at = world.clock.now()
    other = read_person_certificate(jiro.certificate(Key.AUTHENTICATION), authorities=authorities, at=at)
    about_another = asyncio.run(world.authority.ocsp(ocsp_request(other, authorities=authorities)))
    own = read_person_certificate(hanako.certificate(Key.AUTHENTICATION), authorities=authorities, at=at)
    for_another_question = asyncio.run(world.authority.ocsp(ocsp_request(own, authorities=authorities)))
    for garbage in (b"", b"\x30\x03\x0a\x01\x00", b"\xff" * 40_000, about_another, for_another_question):
        world.status.answer = garbage
        assert tried(browser, hanako) == (503, "certificate_status_unavailable")
    world.status.answer = None
    assert tried(browser, hanako) == (200, "")


def test_a_good_status_is_kept_for_five_minutes_and_no_longer(world: World, browser: Browser, hanako: Person) -> None:
    for _ in range(3):
        assert tried(browser, hanako) == (200, "")
    assert world.status.asked == 1
    asyncio.run(world.authority.revoke(hanako.holder, Reason.KEY_COMPROMISE, user="clerk-1"))
    world.clock.move(timedelta(minutes=4, seconds=59))
    assert tried(browser, hanako) == (200, "")
    world.clock.move(timedelta(seconds=1))
    assert tried(browser, hanako) == (401, "certificate_key_compromised")
    assert tried(browser, hanako) == (401, "certificate_key_compromised")
    assert world.status.asked == 3


def test_a_new_certificate_needs_the_authority_to_say_whether_its_holder_is_known(
    world: World, browser: Browser, hanako: Person
) -> None:
    """Opening an account while the links cannot be had would split a person in two."""
    world.links.down = True
    page = browser.sign_in(hanako)
    assert page.status_code == 503
    assert "certificate_links_unavailable" in page.text
    assert not sessions_of(world)
    world.links.down = False
    browser.sign_in(hanako)
    world.links.down = True
    world.browser().sign_in(hanako)
    assert len(sessions_of(world)) == 2, "a known certificate needs no links"
