"""Terminals that many people use, and browsers that two people use

At a counter or in a library, somebody else sits down next. What the person before did must end by itself and leave
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.contract.identity_ways_in.test_accounts import confirm
from tests.contract.identity_ways_in.test_card import sessions_of
from tests.contract.identity_ways_in.test_sessions import signed_in
from tests.contract.identity_ways_in.world import HANAKO, JIRO, PATH, Browser, Person, World, task_on

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


def test_two_minutes_without_use_end_it(world: World, browser: Browser, hanako: Person) -> None:
    """On a shared terminal a session ends after two minutes without use."""
    browser.sign_in(hanako, shared="1")
    world.clock.move(timedelta(minutes=2))
    assert not signed_in(browser)


def test_taking_the_card_ends_it(browser: Browser, hanako: Person) -> None:
    """Taking the card off the reader ends the session at once: nobody has to remember to sign out."""
    task = task_on(browser.begin(shared="1"))
    browser.come_back(task, code=browser.use_card(task, hanako))
    assert signed_in(browser)
    browser.removed(task)
    assert not signed_in(browser)


def test_nothing_is_left(browser: Browser, hanako: Person) -> None:
    """Leaving clears what the browser keeps of this site, and no page was kept to go back to."""
    browser.sign_in(hanako, shared="1")
    confirm(browser, hanako)
    assert browser.get(f"{PATH}/account").headers["cache-control"] == "no-store"
    left = browser.post(f"{PATH}/sign-out").history[0]
    assert "cookies" in left.headers["clear-site-data"]
    assert HANAKO.name not in browser.get(f"{PATH}/account").text


def test_a_library_sets_its_terminals_once(world: World, browser: Browser, hanako: Person) -> None:
    """A terminal that is set up as shared treats every session so, whatever its user ticks."""
    browser.post(f"{PATH}/terminal", {"shared": "1"})
    browser.sign_in(hanako)
    assert [session.shared_terminal for session in sessions_of(world)] == [True]


def test_a_second_person_never_continues_the_first_ones_session(world: World, browser: Browser, hanako: Person) -> None:
    """When somebody else signs in in the same browser, the first session ends before theirs begins, services are told,
    and the page says so."""
    browser.sign_in(hanako)
    [first] = sessions_of(world)
    page = browser.sign_in(world.person("h-2", JIRO), fresh="1")
    assert "The sign-in of the person before was ended" in page.text
    assert world.ended == [first.session_id]


def test_a_session_that_was_not_me(world: World, browser: Browser, hanako: Person) -> None:
    """Every session is listed with its device and never with its place. One that the person does not know is ended by
    them at once, for every service too, and the page tells how to have the card suspended (公的個人認証法9条, 10条)."""
    browser.sign_in(hanako)
    [own] = sessions_of(world)
    stranger = world.browser()
    stranger.sign_in(hanako)
    [other] = [one for one in sessions_of(world) if one.session_id != own.session_id]
    page = browser.post(f"{PATH}/account/sessions/{other.session_id}/end", {"not_me": "1"})
    assert "have the card suspended" in page.text
    assert world.ended == [other.session_id]
    assert not signed_in(stranger)
    assert signed_in(browser)
