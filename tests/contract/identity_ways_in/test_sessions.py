"""Sessions: how long they last, who sees and ends them, two people in one browser, terminals that many use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update
from tests.contract.identity_ways_in.test_accounts import account_of, confirm
from tests.contract.identity_ways_in.test_card import COOKIE, sessions_of
from tests.contract.identity_ways_in.world import HANAKO, JIRO, PATH, Browser, Person, World, assertion, task_on

from renkei.contracts.card_agent import Key
from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.errors.signin import WrongRealm
from renkei.institutions.identity.operations import sessions as operations
from renkei.institutions.identity.store.accounts import account as account_table
from renkei.institutions.identity.store.sessions import session as session_table
from renkei.institutions.identity.web.sessions import sign_in_href
from renkei.institutions.identity.web.ways import Entered

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1"


def signed_in(browser: Browser) -> bool:
    return browser.get(f"{PATH}/account", follow_redirects=False).status_code == 200


# --- life ---


def test_a_session_ends_after_half_an_hour_without_use(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    for _ in range(4):
        world.clock.move(timedelta(minutes=29))
        assert signed_in(browser)
    world.clock.move(timedelta(minutes=30))
    assert not signed_in(browser)
    assert "because nothing was done for a while" in browser.get(f"{PATH}/sign-in").text


def test_a_session_ends_after_eight_hours_of_use(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    for _ in range(23):
        world.clock.move(timedelta(minutes=20))
        assert signed_in(browser)
    world.clock.move(timedelta(minutes=20))
    assert not signed_in(browser)


def test_looking_at_pages_rarely_writes(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    seen = world.read(lambda conn: conn.execute(select(session_table.c.seen_ms)).scalar_one())
    world.clock.move(timedelta(seconds=60))
    assert signed_in(browser)
    assert world.read(lambda conn: conn.execute(select(session_table.c.seen_ms)).scalar_one()) == seen
    world.clock.move(timedelta(seconds=30))
    assert signed_in(browser)
    assert world.read(lambda conn: conn.execute(select(session_table.c.seen_ms)).scalar_one()) == seen + 90_000


def test_the_sweep_tells_clients_of_sessions_that_lapsed(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    [session] = sessions_of(world)
    assert world.sweep() == 0
    assert operations.live
    world.clock.move(timedelta(minutes=30))
    assert not world.read(operations.live, session.session_id, world.clock.now())
    assert world.sweep() == 1
    assert world.ended == [session.session_id]
    assert world.sweep() == 0
    world.clock.move(timedelta(days=1, seconds=1))
    world.sweep()
    assert world.read(lambda conn: conn.execute(select(session_table)).all()) == []


@pytest.mark.parametrize("value", ["", "x", "A" * 43, "A" * 5_000, "é"])
def test_a_made_up_cookie_is_nobody(world: World, hanako: Person, value: str) -> None:
    other = world.browser()
    cookie = f"{COOKIE}={value}".encode()
    answer = other.get(f"{PATH}/account", headers={"cookie": cookie}, follow_redirects=False)
    assert answer.status_code == 303


# --- proving again ---


def test_proving_again_keeps_the_session_and_changes_its_cookie(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    [before] = sessions_of(world)
    old = browser.cookies()[COOKIE]
    world.clock.move(timedelta(minutes=20))
    browser.sign_in(hanako, fresh="1")
    [after] = sessions_of(world)
    assert after.session_id == before.session_id
    assert after.auth_ms == before.auth_ms + 20 * 60_000
    assert after.started_ms == before.started_ms
    assert browser.cookies()[COOKIE] != old
    thief = world.browser()
    thief.jar.set(COOKIE, old, domain="id.nation.example", path=PATH)
    assert not signed_in(thief)
    assert world.ended == []


def test_a_page_may_ask_for_one_person_only(world: World, browser: Browser, hanako: Person) -> None:
    """An ask that is meant for somebody is not answered by whoever sits there; who is signed in stays so."""
    jiro = world.person("h-2", JIRO)
    browser.sign_in(hanako)
    account_id = account_of(world)
    href = sign_in_href(
        world.means, realm=Realm.MAIN, back=f"{PATH}/approve/1", acr=Acr.CARD, fresh=True, account_id=account_id
    )
    assert account_id not in href
    page = browser.get(href)
    assert page.status_code == 200
    mark = unescape(page.text).partition('name="for" value="')[2].partition('"')[0]
    task = task_on(browser.begin(fresh="1", **{"for": mark}))
    page = browser.come_back(task, code=browser.use_card(task, jiro))
    assert page.status_code == 403
    assert "sign_in_other_person" in page.text
    assert [one.account_id for one in sessions_of(world)] == [account_id]
    task = task_on(browser.begin(fresh="1", back=f"{PATH}/account", **{"for": mark}))
    assert browser.come_back(task, code=browser.use_card(task, hanako)).url.path == f"{PATH}/account"


def test_being_signed_in_as_another_does_not_suffice(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(world.person("h-2", JIRO))
    href = sign_in_href(world.means, realm=Realm.MAIN, back=f"{PATH}/account", acr=Acr.CARD, account_id="somebody")
    page = browser.get(href)
    assert page.url.path == f"{PATH}/sign-in"
    assert "asked of somebody else" in page.text


# --- two people in one browser ---


def test_signing_in_as_somebody_else_ends_the_first_session_and_says_so(
    world: World, browser: Browser, hanako: Person
) -> None:
    browser.sign_in(hanako)
    confirm(browser, hanako)
    [first] = sessions_of(world)
    page = browser.sign_in(world.person("h-2", JIRO), fresh="1", back=f"{PATH}/approve/5")
    assert page.url.path == f"{PATH}/sign-in/switched"
    assert "The sign-in of the person before was ended" in page.text
    assert HANAKO.name not in page.text
    assert world.ended == [first.session_id]
    [second] = sessions_of(world)
    assert second.account_id != first.account_id
    assert "%2Fidentity%2Fapprove%2F5" in page.text, "on to the data of a newcomer, and from there back"


def test_a_second_session_does_not_touch_another_browser(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    world.browser().sign_in(world.person("h-2", JIRO))
    assert signed_in(browser)
    assert world.ended == []


# --- list, not me, sign out ---


def test_the_list_of_sessions_tells_devices_and_no_places(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    world.browser(PHONE).sign_in(hanako, "test")
    page = browser.get(f"{PATH}/account")
    for shown in ("Chrome, Windows", "Safari, iPhone", "This browser", "TEST"):
        assert shown in page.text
    assert "testclient" not in page.text
    kept = str(world.read(lambda conn: conn.execute(select(session_table)).all()))
    assert "testclient" not in kept
    assert "Version/19.0" not in kept


def test_not_me_ends_the_session_everywhere_and_says_what_to_do(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    stranger = world.browser(PHONE)
    stranger.sign_in(hanako)
    other = next(session for session in sessions_of(world) if session.device == "Safari, iPhone")
    page = browser.post(f"{PATH}/account/sessions/{other.session_id}/end", {"not_me": "1"})
    assert page.url.path == f"{PATH}/account/not-me"
    assert "have the card suspended" in page.text
    assert world.ended == [other.session_id]
    assert not signed_in(stranger)
    assert "reported as “not me”" in stranger.get(f"{PATH}/sign-in").text
    assert signed_in(browser)
    again = browser.post(f"{PATH}/account/sessions/{other.session_id}/end")
    assert again.status_code == 404
    assert "session_unknown" in again.text


def test_nobody_ends_another_persons_session(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    [victim] = sessions_of(world)
    other = world.browser()
    other.sign_in(world.person("h-2", JIRO))
    assert other.post(f"{PATH}/account/sessions/{victim.session_id}/end").status_code == 404
    assert signed_in(browser)


def test_signing_out_here_and_everywhere(world: World, browser: Browser, hanako: Person) -> None:
    elsewhere, third = world.browser(PHONE), world.browser()
    for one in (browser, elsewhere, third):
        one.sign_in(hanako)
    sids = {one.session_id for one in sessions_of(world)}
    page = third.post(f"{PATH}/sign-out")
    assert "You have signed out." in page.text
    assert COOKIE not in third.cookies()
    assert len(world.ended) == 1
    assert "Nobody is signed in" in browser.post(f"{PATH}/sign-out/everywhere").text
    assert set(world.ended) == sids
    assert not signed_in(elsewhere)
    assert "from another browser" in elsewhere.get(f"{PATH}/sign-in").text
    assert third.post(f"{PATH}/sign-out").status_code == 200, "twice is no error"


def test_signing_out_takes_a_form_of_this_site(browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    answer = browser.post(f"{PATH}/sign-out", headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, "form_from_elsewhere" in answer.text) == (403, True)
    assert signed_in(browser)
    assert browser.get(f"{PATH}/sign-out").status_code == 405


# --- terminals that many people use ---


def test_on_a_shared_terminal_two_minutes_are_all(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako, shared="1")
    page = browser.get(f"{PATH}/account")
    assert page.headers["refresh"] == f"121; url={PATH}/signed-out", "the screen itself empties"
    world.clock.move(timedelta(seconds=119))
    assert signed_in(browser)
    world.clock.move(timedelta(minutes=2))
    assert not signed_in(browser)
    page = browser.get(f"{PATH}/sign-in")
    assert page.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert COOKIE not in browser.cookies()


def test_taking_the_card_away_ends_the_session(world: World, browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin(shared="1"))
    assert task.shared_terminal
    browser.come_back(task, code=browser.use_card(task, hanako))
    [session] = sessions_of(world)
    assert browser.removed(task).status_code == 204
    assert not signed_in(browser)
    assert world.ended == [session.session_id]
    page = browser.get(f"{PATH}/signed-out")
    assert "the card was taken away" in unescape(page.text).lower()
    assert page.headers["clear-site-data"]
    assert browser.removed(task).status_code == 204, "twice is no error, and tells nothing"


def test_taking_the_card_away_too_early_lets_nobody_in(world: World, browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin(shared="1"))
    code = browser.use_card(task, hanako)
    browser.removed(task)
    assert "sign_in_used" in browser.come_back(task, code=code).text
    assert not sessions_of(world)


def test_on_ones_own_device_the_card_may_go(world: World, browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    browser.come_back(task, code=browser.use_card(task, hanako))
    browser.removed(task)
    assert signed_in(browser)


def test_an_unreadable_notice_is_a_problem_document(world: World, browser: Browser) -> None:
    for body in (b"", b"[]", b'{"txn": 1}'):
        answer = world.http.post(f"{PATH}/card/assertions/removed", content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "assertion_malformed")


def test_leaving_a_shared_terminal_leaves_nothing(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako, shared="1")
    confirm(browser, hanako)
    answer = browser.post(f"{PATH}/sign-out")
    [redirect] = answer.history
    assert redirect.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert "None of your data were left" in answer.text
    for path in ("/sign-in", "/signed-out", "/account", "/account/confirm", "/account/passkeys"):
        page = browser.get(PATH + path)
        assert HANAKO.name not in page.text
        assert page.headers["cache-control"] == "no-store"


def test_a_terminal_may_be_shared_for_good(world: World, browser: Browser, hanako: Person) -> None:
    """A library sets it once; no reader has to think of it, and clearing the site does not undo it."""
    assert "This device is set as shared" in browser.post(f"{PATH}/terminal", {"shared": "1"}).text
    assert 'name="shared"' not in browser.get(f"{PATH}/sign-in").text, "not left to the choice of whoever comes"
    page = browser.sign_in(hanako)
    assert [one.shared_terminal for one in sessions_of(world)] == [True]
    assert page.headers["refresh"]
    answer = browser.post(f"{PATH}/sign-out")
    assert answer.history[0].headers["clear-site-data"] == '"cache", "storage"'
    assert "renkei_shared" in browser.cookies()
    browser.post(f"{PATH}/terminal")
    assert "renkei_shared" not in browser.cookies()


def test_proving_again_keeps_a_shared_session_short(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako, shared="1")
    task = task_on(browser.begin(fresh="1"))
    browser.come_back(task, code=browser.use_card(task, hanako))
    [session] = sessions_of(world)
    assert session.shared_terminal
    browser.removed(task)
    assert not signed_in(browser)


def test_a_terminal_that_turns_out_to_be_shared_ends_the_long_session(
    world: World, browser: Browser, hanako: Person
) -> None:
    browser.sign_in(hanako)
    [before] = sessions_of(world)
    page = browser.sign_in(hanako, fresh="1", shared="1")
    [after] = sessions_of(world)
    assert after.shared_terminal
    assert after.session_id != before.session_id
    assert world.ended == [before.session_id]
    assert page.url.path != f"{PATH}/sign-in/switched", "it is the same person"


# --- realms ---


def test_nobody_enters_the_staff_realm_by_the_public_door(world: World, browser: Browser, hanako: Person) -> None:
    page = browser.sign_in(hanako, realm="staff")
    assert page.status_code == 403
    assert "sign_in_wrong_realm" in page.text


def test_a_certificate_of_a_staff_account_is_none_for_the_public_realm(
    world: World, browser: Browser, hanako: Person
) -> None:
    browser.sign_in(hanako)
    with world.db.writing() as conn:
        conn.execute(update(account_table).values(realm="staff"))
    task = task_on(world.browser().begin())
    answer = browser.deliver(assertion(task, hanako), task)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_wrong_realm")


class StaffDoor:
    """Knows one certificate, and lets it in at one terminal."""

    def __init__(self) -> None:
        self.known: bytes = b""

    async def admit(self, request, certificate, *, test, now) -> Entered:
        if certificate.der != self.known:
            raise WrongRealm()
        return Entered("staff-1", terminal="terminal-7")


def test_the_staff_realm_has_a_door_and_sessions_of_its_own(make_world: Callable[..., World]) -> None:
    """Route 2: the gateway authenticates terminal and clerk; a clerk is no member of the public there."""
    door = StaffDoor()
    world = make_world(staff=door)
    hanako, browser = world.person(), world.browser()
    assert "sign_in_wrong_realm" in browser.sign_in(hanako, realm="staff").text
    door.known = hanako.certificate(Key.AUTHENTICATION)
    browser.sign_in(hanako, realm="staff")
    [session] = sessions_of(world)
    assert (session.realm, session.account_id, session.terminal) == (Realm.STAFF, "staff-1", "terminal-7")
    assert not signed_in(browser), "not in the public realm"
    assert set(browser.cookies()) == {"renkei_sid_staff"}
    page = browser.post(f"{PATH}/sign-out?realm=staff")
    assert "You have signed out." in page.text
    assert not sessions_of(world)


def test_a_passkey_never_enters_the_staff_realm(world: World, browser: Browser) -> None:
    assert browser.begin("passkey", realm="staff").status_code == 422
    assert browser.begin("passkey", acr="aal3").status_code == 422, "nor where the card is asked for"
