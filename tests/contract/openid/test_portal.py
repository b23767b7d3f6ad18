"""The portal and the provider together: a card, a browser, and what each of them gets to see."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from sqlalchemy import func, select
from tests.contract.identity_ways_in.world import JIRO
from tests.contract.openid.world import ORIGIN, PATH, Browser, Person, World

from renkei.base.time import to_ms
from renkei.contracts.identity import Act, ClaimsOf, ProxyKind, Realm
from renkei.institutions.identity.model import proxy_codes
from renkei.institutions.identity.model.proxies import chosen_limits
from renkei.institutions.identity.model.subjects import pairwise_session
from renkei.institutions.identity.operations import proxies
from renkei.institutions.identity.queries import sessions as session_queries
from renkei.institutions.identity.store.accounts import claims
from renkei.institutions.identity.store.proxies import use as proxy_use
from renkei.institutions.identity.store.sessions import session as session_table


def sign_in(browser: Browser, person: Person, *, back: str = "/portal", **fields: str) -> Any:
    """From the portal's button to the portal's page, by card."""
    page = browser.post("/portal/sign-in", {"back": back})
    assert "/identity/sign-in" in str(page.url), page.text[:3000]
    return agree(browser, browser.show_card(page, person, **fields))


def agree(browser: Browser, page: Any, *, decision: str = "approve", onward: bool = True) -> Any:
    """Past whatever the provider puts before the way back: confirming data, and the approval."""
    if "/account/confirm" in str(page.url):
        back = parse_qs(urlsplit(str(page.url)).query)["back"][0]
        page = browser.get(back)
    if "/approve/" not in str(page.url):
        return page
    form: dict[str, Any] = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    for box in re.findall(r'<input[^>]*type="checkbox"[^>]*>', page.text):
        name, value = (re.search(rf'{part}="([^"]*)"', box)[1] for part in ("name", "value"))  # type: ignore[index]
        form.setdefault(name, []).append(value)
    return browser.post(urlsplit(str(page.url)).path, {**form, "decision": decision}, onward=onward)


@pytest.fixture
def hanako(world: World) -> Person:
    return world.person()


def test_a_person_signs_in_with_the_card_and_out_again(world: World, browser: Browser, hanako: Person) -> None:
    page = browser.get("/portal")
    assert "Sign in" in page.text
    page = sign_in(browser, hanako)
    assert str(page.url) == f"{ORIGIN}/portal", page.text[:3000]
    assert "signed in" in page.text
    assert len(world.portal.come) == 1
    page = browser.post("/portal/sign-out")
    assert str(page.url) == f"{ORIGIN}/portal?left=1"
    assert "You are signed out" in page.text
    assert browser.get("/portal/access").status_code == 403
    again = browser.post("/portal/sign-in", {"back": "/portal"})
    assert "/identity/sign-in" in str(again.url)  # at the provider, too


def test_the_account_is_the_pairwise_subject(world: World, browser: Browser, hanako: Person) -> None:
    """The portal knows the person by a name that no other service knows."""
    sign_in(browser, hanako)
    page = browser.get("/portal/access")
    assert page.status_code == 200
    [person] = world.portal.come
    assert world.quiet.asked == [(person.sub, "")]
    assert len(person.sub) == 43
    assert account_of(world, 0) != person.sub


def test_a_page_that_needs_a_person_leads_back_to_itself(world: World, browser: Browser, hanako: Person) -> None:
    page = browser.get("/portal/access?older=5")
    assert page.status_code == 403
    assert 'value="/portal/access?older=5"' in page.text
    assert str(sign_in(browser, hanako, back="/portal/access?older=5").url) == f"{ORIGIN}/portal/access?older=5"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/portal/../gateway", "/gateway", "/portal\\evil", "x" * 600]
)
def test_nobody_is_led_elsewhere_after_signing_in(world: World, browser: Browser, hanako: Person, back: str) -> None:
    """Open redirect."""
    assert str(sign_in(browser, hanako, back=back).url) == f"{ORIGIN}/portal"


def test_a_second_person_in_the_browser_sees_nothing_of_the_first(
    world: World, browser: Browser, hanako: Person
) -> None:
    sign_in(browser, hanako)
    cookie = browser.cookie("portal_session")
    jiro = world.person("h-2", JIRO)
    browser.forget("renkei_sid_main")
    sign_in(browser, jiro)
    first, second = world.portal.come
    assert first.sub != second.sub
    assert browser.cookie("portal_session") != cookie
    browser.forget("portal_session")
    browser.jar.set("portal_session", cookie, domain="id.nation.example", path="/portal")
    assert browser.get("/portal/access").status_code == 403


def test_signing_out_at_the_provider_signs_out_here(world: World, browser: Browser, hanako: Person) -> None:
    """OpenID Connect Back-Channel Logout 1.0."""
    sign_in(browser, hanako)
    assert browser.get("/portal/access").status_code == 200
    browser.post(f"{PATH}/sign-out?realm=main")
    assert f"{ORIGIN}/portal/backchannel-logout" in world.told
    assert browser.get("/portal/access").status_code == 403


def test_a_forged_logout_notice_ends_nothing(world: World, browser: Browser, hanako: Person) -> None:
    sign_in(browser, hanako)
    stranger = world.browser()
    for token in ("", "x.y.z", "x" * 20_000):
        answer = stranger.post("/portal/backchannel-logout", {"logout_token": token})
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_request"
    assert browser.get("/portal/access").status_code == 200


def test_the_answer_of_a_sign_in_brought_to_another_browser_signs_nobody_in(
    world: World, browser: Browser, hanako: Person
) -> None:
    """Login CSRF and code injection: the attacker's own answer, in the victim's browser."""
    page = browser.show_card(browser.post("/portal/sign-in", {"back": "/portal"}), hanako)
    page = agree(browser, page, onward=False)
    brought = page.headers["location"]
    while "/portal/return?" not in brought:
        brought = browser.get(brought, onward=False).headers["location"]
    victim = world.browser()
    page = victim.get(brought, elsewhere=True)
    assert page.status_code == 400
    assert "This browser knows nothing of this sign-in" in page.text
    assert victim.get("/portal/access").status_code == 403
    assert browser.get(brought, elsewhere=True).status_code == 400  # and it is lost to the attacker


def test_declining_is_said_and_signs_nobody_in(world: World, browser: Browser, hanako: Person) -> None:
    page = browser.show_card(browser.post("/portal/sign-in", {"back": "/portal"}), hanako)
    page = agree(browser, page, decision="deny")
    assert urlsplit(str(page.url)).path == "/portal/return"
    assert page.status_code == 403
    assert "You declined" in page.text
    assert "Sign in" in page.text
    assert browser.get("/portal/access").status_code == 403


def test_the_provider_down_is_said_and_nothing_breaks(world: World, browser: Browser, hanako: Person) -> None:
    world.calls.down = True
    page = browser.post("/portal/sign-in", {"back": "/portal"})
    assert page.status_code == 502
    assert "The sign-in service cannot be reached" in page.text
    world.calls.down = False
    sign_in(browser, hanako)
    world.calls.down = True
    world.portal.rp.provider._metadata = None
    page = browser.post("/portal/sign-out")
    assert "could not be reached" in page.text
    assert browser.get("/portal").status_code == 200
    assert browser.get("/portal/access").status_code == 403


def test_on_a_shared_terminal_the_session_is_short_and_leaves_nothing(
    world: World, browser: Browser, hanako: Person
) -> None:
    sign_in(browser, hanako, shared="1")
    [person] = world.portal.come
    assert person.shared_terminal
    page = browser.get("/portal/access")
    assert page.headers["refresh"] == "121; url=/portal?left=time"
    assert page.headers["cache-control"] == "no-store"
    world.clock.move(timedelta(minutes=2))
    assert browser.get("/portal/access").status_code == 403
    assert "signed out because nothing was done" in browser.get("/portal?left=time").text


# --- acting for somebody ---


def account_of(world: World, at: int) -> str:
    """The account behind a sign-in at the portal, which the provider alone can tell."""
    with world.db.reading() as conn:
        for row in conn.execute(select(session_table.c.session_id, session_table.c.account_id)):
            known = pairwise_session(
                world.means.pairwise_key, sector="portal.nation.example", session_id=row.session_id
            )
            if known == world.portal.come[at].sid:
                return str(row.account_id)
    raise AssertionError("no such session")


@pytest.fixture
def proxy(world: World, hanako: Person) -> str:
    """Hanako may act for her mother: look at the access list and at taxes."""
    mother = world.person("h-mother", JIRO)
    for person in (mother, hanako):
        sign_in(world.browser(), person)
    accounts = account_of(world, 0), account_of(world, 1)
    limits = chosen_limits(
        ProxyKind.MANDATE, affairs=["access-list", "tax"], acts=[Act.VIEW], from_day=None, until=date(2027, 3, 31),
        today=date(2026, 11, 23),
    )  # fmt: skip
    now, key = world.clock.now(), world.means.session_key
    with world.db.writing() as conn:
        of = [session_queries.of_account(conn, account, now)[0] for account in accounts]
        proxies.draft(
            conn, of[0], proxy_id="x-1", kind=ProxyKind.MANDATE, limits=limits, actor_name="見本　花子", now=now
        )
        proxies.confirm(conn, of[0], "x-1", key=key, now=now)
        name_known(world, conn, accounts[1])
        code = proxy_codes.code_of(key, proxy_codes.INVITATION, "x-1")
        assert proxies.claim(conn, of[1], code, key=key, now=now) is not None
        proxies.decide(conn, of[1], "x-1", accept=True, now=now)
    return "x-1"


def name_known(world: World, conn: Any, account_id: str) -> None:
    """The signature certificate was read."""
    body = ClaimsOf(
        name="見本　花子", name_substitutes="00000", address="見本", address_substitutes="00", birth=date(1980, 2, 17),
        sex="female", verified_ms=to_ms(world.clock.now()),
    )  # fmt: skip
    conn.execute(
        claims.insert().values(
            account_id=account_id, body=msgspec.json.encode(body), stale=False, issuer_id="i", serial="1"
        )
    )


def uses(world: World) -> int:
    with world.db.reading() as conn:
        return int(conn.execute(select(func.count()).select_from(proxy_use)).scalar_one())


def test_a_daughter_acts_for_her_mother_and_every_use_is_recorded(
    world: World, browser: Browser, hanako: Person, proxy: str
) -> None:
    """代理: the mother's list is shown to the daughter, under a band that says so, and the mother can see each look."""
    sign_in(browser, hanako)
    mother = world.portal.come[0]
    page = browser.get("/portal/acting")
    assert f'value="{proxy}"' in page.text, page.text
    page = browser.post("/portal/acting", {"proxy": proxy})
    assert str(page.url) == f"{ORIGIN}/portal"
    assert "Acting for" in page.text
    before = uses(world)
    page = browser.get("/portal/access")
    assert page.status_code == 200, page.text
    assert "Acting for" in page.text
    assert world.quiet.asked[-1] == (mother.sub, world.portal.come[-1].sub)
    assert uses(world) == before + 1
    page = browser.post("/portal/acting", {"proxy": ""})
    assert "Acting for" not in page.text
    browser.get("/portal/access")
    assert world.quiet.asked[-1] == (world.portal.come[-1].sub, "")
    assert uses(world) == before + 1


def test_a_proxy_that_was_cut_ends_at_the_next_click(
    world: World, browser: Browser, hanako: Person, proxy: str
) -> None:
    sign_in(browser, hanako)
    browser.post("/portal/acting", {"proxy": proxy})
    assert browser.get("/portal/access").status_code == 200
    mother = account_of(world, 0)
    now = world.clock.now()
    with world.db.writing() as conn:
        proxies.cut(conn, proxy, mother, now)
    page = browser.get("/portal/access")
    assert page.status_code == 403
    assert "You are no longer acting for anybody" in page.text
    assert "Acting for" not in browser.get("/portal").text
    assert browser.get("/portal/access").status_code == 200
    assert world.quiet.asked[-1][1] == ""


def test_a_strangers_proxy_is_worth_nothing(world: World, browser: Browser, proxy: str) -> None:
    stranger = world.person("h-3", JIRO)
    sign_in(browser, stranger)
    page = browser.post("/portal/acting", {"proxy": proxy})
    assert page.status_code == 403
    page = browser.post("/portal/acting", {"proxy": "x" * 500})
    assert page.status_code == 403
    assert browser.get("/portal/access").status_code == 200
    assert world.quiet.asked[-1][0] == world.portal.come[-1].sub


def test_an_access_token_that_ran_out_is_renewed_behind_the_scenes(
    world: World, browser: Browser, hanako: Person, proxy: str
) -> None:
    sign_in(browser, hanako)
    for _ in range(3):
        world.clock.move(timedelta(minutes=9))
        assert browser.get("/portal/acting").status_code == 200
    assert world.keys[Realm.MAIN].issuer in str(world.portal.rp.issuer)
