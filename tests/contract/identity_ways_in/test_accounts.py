"""Accounts: opened by a first card, kept through renewals, filled by the signature certificate, closed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.contract.identity_ways_in.test_card import sessions_of
from tests.contract.identity_ways_in.world import (
    HANAKO,
    JIRO,
    MOVED,
    PATH,
    Browser,
    Person,
    World,
    assertion,
    query_of,
    task_on,
)

from renkei.base.encoding import from_base64url
from renkei.contracts.card_agent import Key
from renkei.crypto.person_certificates import read_person_certificate
from renkei.institutions.identity.operations import accounts
from renkei.institutions.identity.queries import accounts as queries
from renkei.institutions.identity.store import accounts as store
from renkei.institutions.identity.store import audit_table
from renkei.platform.audit_store import audited


def confirm(browser: Browser, person: Person, *, back: str = ""):
    """Read the signature certificate; the page that follows."""
    task = task_on(browser.post(f"{PATH}/account/confirm", {"way": "card0", "back": back}))
    assert task.key is Key.SIGNATURE
    return browser.come_back(task, code=browser.use_card(task, person))


def account_of(world: World) -> str:
    [account_id] = {session.account_id for session in sessions_of(world)}
    return account_id


def claims(world: World):
    return world.read(queries.claims_of, account_of(world))


# --- renewal ---


def test_an_account_survives_the_renewal_of_the_card(world: World, hanako: Person) -> None:
    """Relying parties know the person by what the account says: five years on, it must still be the same account."""
    world.browser().sign_in(hanako)
    before = account_of(world)
    world.issue(hanako, renew=True, generation=2)
    page = world.browser().sign_in(hanako)
    assert account_of(world) == before
    assert "first" not in query_of(page.url)
    vias = [
        row.fields["via"]
        for row in world.read(lambda conn: audited(conn, audit_table, name="identity.certificate_bound"))
    ]
    assert vias == ["first", "renewed"]


def test_cards_in_between_need_not_have_been_used_here(world: World, hanako: Person) -> None:
    world.browser().sign_in(hanako)
    before = account_of(world)
    for generation in (2, 3, 4):
        world.issue(hanako, renew=True, generation=generation)
    world.browser().sign_in(hanako)
    assert account_of(world) == before


def test_the_graph_is_followed_over_generations_of_the_authority(world: World, hanako: Person) -> None:
    world.browser().sign_in(hanako)
    before = account_of(world)
    from renkei.crypto.person_certificates import PersonAuthorities, Use
    from renkei.institutions.identity.operations.card_signin import CardTrust, Statuses
    from renkei.institutions.identity.web.ways import Ways

    asyncio.run(world.authority.open_generation(Use.AUTHENTICATION))
    world.issue(hanako, renew=True, generation=2)
    refused = task_on(world.browser().begin())
    assert world.browser().deliver(assertion(refused, hanako), refused).json()["code"] == "person_generation_unknown"
    authorities = PersonAuthorities(world.authority.anchors)
    trust = CardTrust(authorities, Statuses(world.status, authorities), world.links)
    assert Ways(world.means, trust).trust is trust
    certificate = read_person_certificate(
        hanako.certificate(Key.AUTHENTICATION), authorities=authorities, at=world.clock.now()
    )
    found = asyncio.run(accounts.holder_of(world.db, world.links, certificate))
    assert found is not None
    assert found.account_id == before


def test_the_signature_certificate_leads_to_its_holders_account(world: World, hanako: Person) -> None:
    """Whoever signs is the person who is signed in: told by the link between the two certificates of one holder."""
    world.browser().sign_in(hanako)
    jiro = world.person("h-2", JIRO)
    authorities = world.ways.trust.authorities
    found = []
    for person in (hanako, jiro):
        der = person.certificate(Key.SIGNATURE)
        signature = read_person_certificate(der, authorities=authorities, at=world.clock.now())
        found.append(asyncio.run(accounts.holder_of(world.db, world.links, signature)))
    assert found[0] is not None
    assert found[0].account_id == account_of(world)
    assert found[1] is None


def test_a_new_signature_certificate_is_the_persons_although_its_partner_was_never_shown(
    world: World, browser: Browser, hanako: Person
) -> None:
    """Signed in, then a new card at the counter, then confirming with that: the graph is followed on both sides."""
    browser.sign_in(hanako)
    world.issue(hanako, renew=True, generation=2)
    assert confirm(browser, hanako).status_code == 200
    assert claims(world) is not None


# --- the four items ---


def test_the_first_sign_in_leads_to_the_signature_certificate_and_past_it(
    world: World, browser: Browser, hanako: Person
) -> None:
    page = browser.sign_in(hanako, back=f"{PATH}/approve/7")
    assert "Four things that stand in the signature certificate" in page.text
    assert f'href="{PATH}/approve/7"' in page.text, "a child has no such certificate"
    assert claims(world) is None
    page = confirm(browser, hanako)
    assert "見本　花子" in page.text.replace('<span class="substitute">本</span>', "本")
    known = claims(world)
    assert known is not None
    assert (known.name, known.name_substitutes, known.birth) == (HANAKO.name, "01000", HANAKO.birth)
    assert (known.address, known.sex, known.stale) == (HANAKO.address, "female", False)
    assert world.read(queries.name_of, account_of(world)) == HANAKO.name
    assert '<span class="substitute">本</span>' in page.text, "a character that stands in for another is marked"


def test_what_is_read_goes_back_to_the_page_that_asked(browser: Browser, hanako: Person, world: World) -> None:
    browser.sign_in(hanako)
    task = task_on(browser.post(f"{PATH}/account/confirm", {"way": "card0", "back": f"{PATH}/approve/7"}))
    code = browser.use_card(task, hanako)
    answer = browser.get(f"{PATH}/card/return", params={"txn": task.txn, "code": code}, follow_redirects=False)
    assert answer.headers["location"] == f"{PATH}/approve/7"
    assert claims(world) is not None


def test_another_persons_signature_certificate_is_refused(world: World, browser: Browser, hanako: Person) -> None:
    jiro = world.person("h-2", JIRO)
    browser.sign_in(hanako)
    page = confirm(browser, jiro)
    assert page.status_code == 403
    assert "signature_of_other_person" in page.text
    assert claims(world) is None


def test_the_authentication_certificate_tells_no_items(browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    task = task_on(browser.post(f"{PATH}/account/confirm", {"way": "card0"}))
    import msgspec

    own = msgspec.structs.replace(task, key=Key.AUTHENTICATION)
    assert browser.deliver(assertion(own, hanako), task).json()["code"] == "certificate_wrong_use"


def test_nothing_is_read_for_a_session_that_ended_meanwhile(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    task = task_on(browser.post(f"{PATH}/account/confirm", {"way": "card0"}))
    code = browser.use_card(task, hanako)
    browser.post(f"{PATH}/sign-out")
    assert browser.come_back(task, code=code).status_code == 403
    assert world.read(lambda conn: conn.execute(select(store.claims)).all()) == []


def test_whoever_moved_is_led_to_their_new_data_and_not_locked_out(
    world: World, browser: Browser, hanako: Person
) -> None:
    """公的個人認証法12条1号: a change of name or address ends the signature certificate, not the authentication one."""
    browser.sign_in(hanako)
    confirm(browser, hanako)
    asyncio.run(world.authority.four_items_changed(hanako.holder, MOVED, user="clerk-1"))
    world.clock.move(timedelta(minutes=5))
    later = world.browser()
    page = later.sign_in(hanako, back=f"{PATH}/approve/7")
    assert query_of(page.url) == {"back": f"{PATH}/approve/7"}
    assert "Please confirm your new data" in page.text
    assert f'href="{PATH}/approve/7"' in page.text, "one may go on"
    known = claims(world)
    assert known is not None
    assert known.stale
    assert "These data are out of date" in later.get(f"{PATH}/account").text
    hanako.items = MOVED
    world.issue(hanako, renew=True, generation=2)
    page = confirm(later, hanako)
    assert "out of date" not in page.text
    known = claims(world)
    assert known is not None
    assert (known.address, known.stale) == (MOVED.address, False)
    events = world.read(lambda conn: audited(conn, audit_table, name="identity.claims_confirmed"))
    assert [row.fields["changed"] for row in events] == [False, True]


def test_a_signature_certificate_revoked_otherwise_leaves_the_items_as_they_were(
    world: World, browser: Browser, hanako: Person
) -> None:
    """Renewal says nothing of name and address."""
    browser.sign_in(hanako)
    confirm(browser, hanako)
    world.issue(hanako, renew=True, generation=2)
    world.clock.move(timedelta(minutes=6))
    world.browser().sign_in(hanako)
    known = claims(world)
    assert known is not None
    assert not known.stale


def test_the_status_of_the_items_being_unknown_locks_nobody_out(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    confirm(browser, hanako)
    world.clock.move(timedelta(minutes=6))
    world.status.down = True
    assert browser.get(f"{PATH}/account").status_code == 200


def test_an_outdated_signature_certificate_confirms_nothing(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    asyncio.run(world.authority.four_items_changed(hanako.holder, MOVED, user="clerk-1"))
    task = task_on(browser.post(f"{PATH}/account/confirm", {"way": "card0"}))
    assert browser.deliver(assertion(task, hanako), task).json()["code"] == "certificate_content_changed"


def test_confirming_needs_a_session_and_a_way(browser: Browser, hanako: Person) -> None:
    for page in (browser.get(f"{PATH}/account/confirm"), browser.post(f"{PATH}/account/confirm", {"way": "card0"})):
        assert page.url.path == f"{PATH}/sign-in"
    browser.sign_in(hanako)
    page = browser.post(f"{PATH}/account/confirm", {"way": "card9"})
    assert page.status_code == 422
    assert 'id="error-way"' in page.text


# --- closing ---


def test_closing_forgets_everything_and_the_card_opens_another_account(
    world: World, browser: Browser, hanako: Person
) -> None:
    browser.sign_in(hanako)
    confirm(browser, hanako)
    elsewhere = world.browser()
    elsewhere.sign_in(hanako)
    before = account_of(world)
    both = {session.session_id for session in sessions_of(world)}
    page = browser.post(f"{PATH}/account/close")
    assert page.status_code == 422
    assert "close_not_confirmed" not in page.text
    assert 'id="error-agreed"' in page.text
    page = browser.post(f"{PATH}/account/close", {"agreed": "1"})
    assert "Nobody is signed in" in page.text
    assert set(world.ended) == both
    assert world.closed == [before]
    for table in (store.certificate, store.claims, store.passkey):
        assert world.read(lambda conn, table=table: conn.execute(select(table)).all()) == []
    assert elsewhere.get(f"{PATH}/account").url.path == f"{PATH}/sign-in"
    browser.sign_in(hanako)
    assert account_of(world) != before
    assert claims(world) is None


def test_closing_needs_the_card_shortly_before(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    world.clock.move(timedelta(minutes=11))
    page = browser.post(f"{PATH}/account/close", {"agreed": "1"})
    assert "Use the card once more" in page.text
    assert world.closed == []


# --- what stands where ---


def test_audit_events_name_nobody(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    confirm(browser, hanako)
    kept = str([row.fields for row in world.read(lambda conn: audited(conn, audit_table))])
    for word in (HANAKO.name, "花子", HANAKO.address, "1980"):
        assert word not in kept


@pytest.mark.parametrize("path", ["/account", "/account/confirm", "/account/close", "/account/not-me"])
def test_every_page_of_the_account_needs_a_session(browser: Browser, path: str) -> None:
    answer = browser.get(PATH + path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{PATH}/sign-in?")


def test_reprs_show_no_person(world: World, browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    confirm(browser, hanako)
    task = task_on(browser.begin(fresh="1"))
    given = assertion(task, hanako)
    [session] = sessions_of(world)
    held = world.read(queries.certificates, session.account_id)
    for shown in (given, claims(world), session, held[0]):
        assert HANAKO.name not in repr(shown)
        assert given.signature not in repr(shown)
    assert len(from_base64url(task.challenge)) == 32
