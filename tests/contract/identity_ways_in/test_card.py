"""In with the card: from the page to the card and back to the same browser; and every way in which that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select
from tests.contract.identity_ways_in.world import (
    JIRO,
    PATH,
    Browser,
    Person,
    World,
    assertion,
    query_of,
    task_on,
)

from renkei.base.encoding import to_base64url
from renkei.contracts.card_agent import Assertion, Key, Task
from renkei.contracts.identity import Acr
from renkei.institutions.identity.queries import sessions as queries
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.sessions import session as session_table
from renkei.institutions.identity.store.sessions import sign_in_round
from renkei.platform.audit_store import audited

COOKIE = "renkei_sid_main"


def sessions_of(world: World) -> list[queries.Session]:
    def all_of_them(conn) -> list[queries.Session]:
        ids = conn.execute(select(session_table.c.session_id).where(session_table.c.ended_ms.is_(None))).scalars().all()
        return [found for one in ids if (found := queries.get(conn, one, world.clock.now())) is not None]

    return world.read(all_of_them)


def code_of(answer) -> str:
    return answer.json()["code"]


def test_a_card_signs_in_and_the_browser_holds_a_cookie_of_which_only_a_hash_is_kept(
    world: World, browser: Browser, hanako: Person
) -> None:
    page = browser.sign_in(hanako)
    assert page.status_code == 200
    assert query_of(page.url) == {"first": "1", "back": f"{PATH}/account"}
    [session] = sessions_of(world)
    assert (session.acr, session.amr, session.test) == (Acr.CARD, ("sc", "pin", "mfa"), False)
    assert session.device == "Chrome, Windows"
    cookies = browser.cookies()
    assert set(cookies) == {COOKIE}, "the cookie of the round is gone"
    assert len(cookies[COOKIE]) == 43
    kept = world.read(lambda conn: conn.execute(select(session_table)).one())
    assert cookies[COOKIE].encode() not in bytes(kept.secret_hash) + kept.body
    assert session.session_id != cookies[COOKIE]
    names = [row.name for row in world.read(lambda conn: audited(conn, audit_table))]
    assert names == ["identity.account_opened", "identity.certificate_bound", "identity.session_begun"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    code = browser.use_card(task, hanako)
    answer = browser.get(f"{PATH}/card/return", params={"txn": task.txn, "code": code}, follow_redirects=False)
    [begun] = [line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)]
    for part in ("HttpOnly", "SameSite=lax", "Secure", f"Path={PATH}"):
        assert part in begun
    assert "Domain" not in begun
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_may_send_its_form_to_the_agent_and_nowhere_else(browser: Browser) -> None:
    page = browser.begin()
    assert "form-action 'self' http://127.0.0.1:35970;" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "origin", "else the agent would see `Origin: null`"
    assert 'action="http://127.0.0.1:35970/use"' in page.text
    page = browser.begin("test")
    assert "form-action 'self';" in page.headers["content-security-policy"]
    assert "TEST" in page.text
    task = task_on(page)
    assert task.key is Key.AUTHENTICATION
    assert task.documents == ()
    assert task.shared_terminal is False
    assert (task.deliver, task.back) == (
        f"https://id.nation.example{PATH}/card/assertions", f"https://id.nation.example{PATH}/card/return",
    )  # fmt: skip


def test_the_same_card_is_the_same_account(world: World, hanako: Person) -> None:
    for _ in range(2):
        world.browser().sign_in(hanako)
    assert len({session.account_id for session in sessions_of(world)}) == 1
    world.browser().sign_in(world.person("h-2", JIRO))
    assert len({session.account_id for session in sessions_of(world)}) == 2


def test_no_way_chosen_is_said_at_the_field(browser: Browser) -> None:
    for way in ("", "card7", "https://evil.example", "passkey2"):
        page = browser.begin(way)
        assert page.status_code == 422
        assert 'id="error-way"' in page.text


# --- the round: other browser, replay, declined, expired ---


def test_a_return_in_another_browser_signs_nobody_in(world: World, browser: Browser, hanako: Person) -> None:
    """Whoever begins in their own browser and has somebody else use the card gets nothing, and neither does the other:
    the code comes to the browser beside the card, the cookie stays in the one that began."""
    task = task_on(browser.begin())
    code = browser.use_card(task, hanako)
    other = world.browser()
    page = other.come_back(task, code=code)
    assert page.status_code == 403
    assert "sign_in_other_browser" in page.text
    assert COOKIE not in other.cookies()
    assert not sessions_of(world)
    assert browser.come_back(task, code=code).status_code == 200, "the browser that began may still finish"


def test_the_browser_that_began_needs_the_code(browser: Browser, hanako: Person, world: World) -> None:
    task = task_on(browser.begin())
    assert "sign_in_code_wrong" in browser.come_back(task, code="guessed").text, "nothing was answered yet"
    code = browser.use_card(task, hanako)
    for wrong in ({"code": code[:-1]}, {"code": ""}, {}, {"code": code + "A"}):
        page = browser.come_back(task, **wrong)
        assert page.status_code == 403
        assert "sign_in_code_wrong" in page.text
    assert not sessions_of(world)
    assert browser.come_back(task, code=code).status_code == 200


def test_an_assertion_counts_once(browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    given = assertion(task, hanako)
    first = browser.deliver(given, task)
    assert first.status_code == 200
    second = browser.deliver(given, task)
    assert (second.status_code, second.json()["code"]) == (409, "sign_in_answered")
    browser.come_back(task, code=code_of(first))
    third = browser.deliver(given, task)
    assert (third.status_code, third.json()["code"]) == (409, "sign_in_used")


def test_an_assertion_for_one_round_answers_no_other(browser: Browser, hanako: Person) -> None:
    one, other = task_on(browser.begin()), task_on(browser.begin())
    moved = msgspec.structs.replace(assertion(one, hanako), txn=other.txn)
    assert browser.deliver(moved, other).json()["code"] == "assertion_signature_invalid"


def test_a_code_counts_once(world: World, browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    code = browser.use_card(task, hanako)
    cookie = dict(browser.cookies())
    browser.come_back(task, code=code)
    browser.jar.update({name: value for name, value in cookie.items() if name.startswith("renkei_round")})
    page = browser.come_back(task, code=code)
    assert page.status_code == 409
    assert "sign_in_used" in page.text
    assert len(sessions_of(world)) == 1


def test_declining_ends_the_round_and_offers_another_try(browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    page = browser.come_back(task, declined="1")
    assert page.status_code == 200
    assert "You did not sign in" in page.text
    assert f"{PATH}/sign-in?" in page.text
    refused = browser.deliver(assertion(task, hanako), task)
    assert refused.json()["code"] == "sign_in_used"


def test_nobody_else_can_decline(world: World, browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    assert "sign_in_other_browser" in world.browser().come_back(task, declined="1").text
    assert browser.come_back(task, code=browser.use_card(task, hanako)).status_code == 200


def test_a_round_lasts_three_minutes(world: World, browser: Browser, hanako: Person) -> None:
    late, later = task_on(browser.begin()), task_on(browser.begin())
    code = browser.use_card(later, hanako)
    world.clock.move(timedelta(minutes=3))
    refused = browser.deliver(assertion(late, hanako), late)
    assert (refused.status_code, refused.json()["code"]) == (410, "sign_in_expired")
    page = browser.come_back(later, code=code)
    assert page.status_code == 410
    assert "sign_in_expired" in page.text
    world.sweep()
    assert browser.deliver(assertion(late, hanako), late).json()["code"] == "sign_in_unknown"
    assert world.read(lambda conn: conn.execute(select(sign_in_round)).all()) == []


def test_two_pages_of_one_browser_sign_in_side_by_side(browser: Browser, hanako: Person) -> None:
    one, other = task_on(browser.begin()), task_on(browser.begin())
    for task in (one, other):
        assert browser.come_back(task, code=browser.use_card(task, hanako)).status_code == 200


def test_the_page_of_a_round_opens_in_its_own_browser_only(world: World, browser: Browser) -> None:
    task = task_on(browser.begin())
    assert task_on(browser.get(f"{PATH}/sign-in/{task.txn}")) == task, "a reload shows the same task"
    page = world.browser().get(f"{PATH}/sign-in/{task.txn}")
    assert page.status_code == 403
    assert task.challenge not in page.text
    assert browser.get(f"{PATH}/sign-in/unheard-of").status_code == 404


# --- the assertion ---


def test_an_unreadable_answer_is_a_problem_document(browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    good = msgspec.to_builtins(assertion(task, hanako))
    bodies = [
        b"", b"{", b"[]", b"null", b"\xff", b"{}", b"[" * 20_000,
        *[
            msgspec.json.encode({**good, **change})
            for change in (
                {"certificate": "!"}, {"certificate": "A" * 20_000}, {"signature": "é"}, {"signature": "A" * 5_000},
                {"medium": "thought"}, {"documents": ["AAAA"]}, {"extra": 1}, {"txn": ""}, {"txn": "x" * 200},
                {"pin": "yes"}, {"certificate": ""},
            )
        ],
    ]  # fmt: skip
    for body in bodies:
        answer = browser.deliver(body)
        assert answer.status_code in (400, 401), body[:80]
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] in ("assertion_malformed", "person_certificate_malformed")
    assert browser.deliver(b" " * 40_000).json()["code"] == "body_too_large"
    assert browser.deliver(msgspec.json.encode(good)).status_code == 200, "a bad try does not use up the round"


def test_another_site_cannot_use_what_the_card_signed(browser: Browser, hanako: Person) -> None:
    """A site in between shows its own origin to the agent, so the card signs for that one."""
    task = task_on(browser.begin())
    relayed = assertion(msgspec.structs.replace(task, origin="https://evil.example"), hanako)
    assert browser.deliver(relayed, task).json()["code"] == "assertion_signature_invalid"


@pytest.mark.parametrize("algorithm", ["ES384", "ES256", "HS256", "none", "", "RS512"])
def test_the_algorithm_is_the_certificates_own(browser: Browser, hanako: Person, algorithm: str) -> None:
    task = task_on(browser.begin())
    confused = msgspec.structs.replace(assertion(task, hanako), algorithm=algorithm)
    assert browser.deliver(confused, task).status_code in (400, 401)


def test_another_persons_certificate_does_not_fit_the_signature(world: World, browser: Browser, hanako: Person) -> None:
    jiro = world.person("h-2", JIRO)
    task = task_on(browser.begin())
    mixed = msgspec.structs.replace(
        assertion(task, hanako), certificate=to_base64url(jiro.certificate(Key.AUTHENTICATION))
    )
    assert browser.deliver(mixed, task).json()["code"] == "assertion_signature_invalid"


def test_the_signature_certificate_does_not_sign_in(browser: Browser, hanako: Person) -> None:
    """Signing in must never disclose name and address."""
    task = task_on(browser.begin())
    own = msgspec.structs.replace(task, key=Key.SIGNATURE)
    assert browser.deliver(assertion(own, hanako), task).json()["code"] == "certificate_wrong_use"


# --- how sure ---


def test_a_card_without_pin_is_the_weakest_way_in(world: World, browser: Browser, hanako: Person) -> None:
    """顔認証マイナンバーカード: no PIN can be set; a person at the counter looks at the face."""
    task = task_on(browser.begin())
    refused = browser.deliver(assertion(task, hanako, pin=False), task)
    assert (refused.status_code, refused.json()["code"]) == (403, "sign_in_too_weak")
    browser.sign_in(hanako, pin=False, acr="aal1")
    [session] = sessions_of(world)
    assert (session.acr, session.amr) == (Acr.CARD_ALONE, ("sc",))


def test_a_test_card_is_marked_all_the_way(world: World, browser: Browser, hanako: Person) -> None:
    page = browser.sign_in(hanako, "test")
    [session] = sessions_of(world)
    assert session.test
    assert session.amr == ("sc", "pin", "mfa", "swk")
    assert "You are signed in with a test card" in page.text


def test_where_no_test_card_is_offered_none_is_taken(make_world: Callable[..., World]) -> None:
    world = make_world(test_card=False)
    browser, hanako = world.browser(), world.person()
    assert browser.begin("test").status_code == 422
    task = task_on(browser.begin())
    refused = browser.deliver(assertion(task, hanako, software=True), task)
    assert (refused.status_code, refused.json()["code"]) == (403, "test_card_refused")


def test_whoever_is_signed_in_surely_enough_goes_straight_on(browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    query = {"realm": "main", "back": f"{PATH}/account", "acr": "aal3"}
    answer = browser.get(f"{PATH}/sign-in", params=query, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}/account")
    again = browser.get(f"{PATH}/sign-in", params={**query, "fresh": "1"})
    assert "checked once more" in again.text


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/identity/", "//evil.example/identity/", "/portal", "/identity", "/identityx/a",
        "/identity/../portal", "/identity/\\evil", "/identity/a b", "javascript:alert(1)", "/identity/" + "a" * 1001,
        "/identity/\n", "/identity/é",
    ],
)  # fmt: skip
def test_the_way_back_stays_within_the_provider(browser: Browser, back: str) -> None:
    page = browser.get(f"{PATH}/sign-in", params={"back": back})
    assert page.status_code == 400
    assert "sign_in_back_invalid" in page.text
    assert browser.begin(back=back).status_code == 400


def _forged(task: Task, person: Person) -> Assertion:
    return msgspec.structs.replace(assertion(task, person), signature=to_base64url(b"\x00" * 256))


def test_a_forged_signature_does_not_even_ask_the_authority(world: World, browser: Browser, hanako: Person) -> None:
    task = task_on(browser.begin())
    assert browser.deliver(_forged(task, hanako), task).json()["code"] == "assertion_signature_invalid"
    assert world.status.asked == 0
