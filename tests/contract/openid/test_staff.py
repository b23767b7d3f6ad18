"""Staff sign-in: card, PIN and a registered terminal; what a console is told; the administrator's pages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.contract.identity_ways_in.world import JIRO
from tests.contract.openid.world import BODY, ORIGIN, PATH, Browser, Person, World

from renkei.contracts.identity import Realm
from renkei.contracts.staff import Role
from renkei.institutions.identity.operations import staff, terminals
from renkei.institutions.identity.queries import staff as queries

STAFF = f"{PATH}/staff"


def sign_in(browser: Browser, person: Person, **fields: Any) -> Any:
    page = browser.post("/desk/sign-in", {"back": "/desk"})
    assert "/identity/sign-in" in str(page.url), page.text[:2000]
    return browser.show_card(page, person, **fields)


@pytest.fixture
def taro(world: World) -> Person:
    return world.person("s-1")


@pytest.fixture
def admin(world: World) -> tuple[Person, Browser]:
    """An administrator at a registered terminal."""
    person, browser = world.person("s-admin", JIRO), world.browser()
    world.clerk(person, staff_id="admin-01", roles=(Role.ADMINISTRATOR,), affairs=(), name="管理 者")
    world.terminal(browser)
    page = browser.get(STAFF)
    browser.show_card(page, person)
    return person, browser


def test_a_clerk_at_a_registered_terminal_comes_in(world: World, browser: Browser, taro: Person) -> None:
    """Route 2: the gateway authenticates terminal and clerk."""
    world.clerk(taro)
    terminal = world.terminal(browser)
    page = sign_in(browser, taro)
    assert str(page.url) == f"{ORIGIN}/desk", page.text[:3000]
    assert page.text == f"setagaya-01 {BODY} child-allowance 107 asker {terminal}"
    browser.post("/desk/sign-out")
    assert browser.get("/desk").text == "nobody"


def test_an_unregistered_terminal_is_refused_with_a_sentence(world: World, browser: Browser, taro: Person) -> None:
    world.clerk(taro)
    page = sign_in(browser, taro)
    assert page.status_code == 403
    assert "This terminal is not registered" in page.text
    assert browser.get("/desk").text == "nobody"


def test_another_bodys_terminal_is_refused(world: World, browser: Browser, taro: Person) -> None:
    world.clerk(taro)
    world.terminal(browser, "jps")
    page = sign_in(browser, taro)
    assert page.status_code == 403
    assert "registered to another body" in page.text


def test_a_test_card_needs_a_terminal_too_unless_the_demonstration_says_otherwise(
    make_world: Any, taro: Person, world: World, browser: Browser
) -> None:
    world.clerk(taro)
    assert sign_in(browser, taro, software=True).status_code == 403
    lenient = make_world(test_terminals=True)
    person = lenient.person("s-1")
    lenient.clerk(person)
    page = sign_in(lenient.browser(), person, software=True)
    assert page.text.endswith("asker test"), page.text
    assert sign_in(lenient.browser(), person).status_code == 403  # a real card stands nowhere else


def test_somebodys_own_card_opens_no_console(world: World, browser: Browser) -> None:
    world.terminal(browser)
    page = sign_in(browser, world.person("h-9"))
    assert page.status_code == 403
    assert "not registered as a clerk" in page.text


def test_a_clerk_who_left_is_out_everywhere_at_once(
    world: World, browser: Browser, taro: Person, admin: tuple[Person, Browser]
) -> None:
    world.clerk(taro)
    world.terminal(browser)
    sign_in(browser, taro)
    assert browser.get("/desk").text != "nobody"
    page = admin[1].post(f"{STAFF}/people/setagaya-01/end")
    assert "ended" in page.text
    assert f"{ORIGIN}/desk/backchannel-logout" in world.told
    assert browser.get("/desk").text == "nobody"
    page = sign_in(browser, taro)
    assert page.status_code == 403


def test_a_terminal_taken_out_of_use_gives_no_more_tokens(
    world: World, browser: Browser, taro: Person, admin: tuple[Person, Browser]
) -> None:
    """The session at the provider is still on, but says nobody is at a terminal."""
    world.clerk(taro)
    terminal = world.terminal(browser)
    sign_in(browser, taro)
    admin[1].post(f"{STAFF}/terminals/{terminal}/end")
    browser.forget("desk_session")
    page = browser.post("/desk/sign-in", {"back": "/desk"})
    assert browser.get("/desk").text == "nobody"
    assert page.status_code >= 400


# --- the administrator ---


def test_a_new_clerk_from_the_administrators_page_to_the_console(
    world: World, browser: Browser, taro: Person, admin: tuple[Person, Browser]
) -> None:
    """登録: the administrator enrols, hands over the code; the clerk enters it at the terminal and shows the card."""
    form = {
        "staff_id": "setagaya-77", "name": "新人 太郎", "section": "child-allowance", "roles": ["asker", "decider"],
        "affairs": "106.1、107",
    }  # fmt: skip
    page = admin[1].post(f"{STAFF}/people", form)
    assert urlsplit(str(page.url)).path == f"{STAFF}/people/setagaya-77", page.text[:2000]
    code = re.search(r'class="code">([^<]+)<', page.text)[1]  # type: ignore[index]
    terminal = world.terminal(browser)
    page = browser.post(f"{STAFF}/enrol", {"code": code.lower()})
    page = browser.show_card(page, taro)
    assert "You are enrolled" in page.text
    assert browser.cookie("renkei_staff_code") == ""
    page = (
        sign_in(browser, taro)
        if "/desk" not in str(browser.post("/desk/sign-in", {"back": "/desk"}).url)
        else (browser.get("/desk"))
    )
    assert page.text == f"setagaya-77 {BODY} child-allowance 106.1 107 asker decider {terminal}"
    page = admin[1].get(f"{STAFF}/people/setagaya-77")
    assert 'class="code"' not in page.text  # used


def test_a_terminal_from_the_administrators_page_to_the_machine(
    world: World, browser: Browser, taro: Person, admin: tuple[Person, Browser]
) -> None:
    page = admin[1].post(f"{STAFF}/terminals", {"place": "2階 相談室"})
    code = re.search(r'class="code">([^<]+)<', page.text)[1]  # type: ignore[index]
    page = browser.post(f"{STAFF}/terminal", {"code": code})
    assert "This terminal is registered" in page.text
    world.clerk(taro)
    assert "setagaya-01" in sign_in(browser, taro).text
    assert "2階 相談室" in admin[1].get(STAFF).text
    assert "2階 相談室" in browser.get(f"{STAFF}/terminal").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"staff_id": ""}, "Enter a staff id"),
        ({"name": ""}, "Enter a name"),
        ({"section": ""}, "Choose the section"),
        ({"roles": []}, "Choose at least one role"),
        ({"roles": ["administrator", "asker"]}, "Nobody is both"),
        ({"affairs": "all"}, "Enter affairs"),
        ({"staff_id": "admin-01"}, "in use already"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_at_the_field(
    admin: tuple[Person, Browser], changes: dict[str, Any], said: str
) -> None:
    good = {"staff_id": "s-77", "name": "新人", "section": "desk", "roles": ["asker"], "affairs": "107"}
    page = admin[1].post(f"{STAFF}/people", good | changes)
    assert page.status_code in (409, 422)
    assert page.text.count(said) >= 2  # above the form, and at the field
    assert 'value="新人"' in page.text or changes.get("name") == ""


def test_only_an_administrator_sees_the_pages(world: World, browser: Browser, taro: Person) -> None:
    world.clerk(taro)
    world.terminal(browser)
    page = browser.get(STAFF)
    assert "/sign-in" in str(page.url)
    page = browser.show_card(page, taro)
    assert page.status_code == 403
    assert "Only an administrator" in page.text
    for path in ("/people/setagaya-01", "/terminals/x"):
        assert browser.get(STAFF + path).status_code == 403
    for path in ("/people", "/terminals", "/people/setagaya-01/code", "/people/setagaya-01/end"):
        assert browser.post(STAFF + path).status_code == 403


def test_an_administrator_rules_in_their_own_body_only(
    world: World, taro: Person, admin: tuple[Person, Browser]
) -> None:
    world.clerk(taro, staff_id="jps-01", body="jps")
    other = world.browser()
    terminal = world.terminal(other, "jps")
    assert "jps-01" not in admin[1].get(STAFF).text
    for path in ("/people/jps-01", f"/terminals/{terminal}"):
        assert admin[1].get(STAFF + path).status_code == 404
    for path in ("/people/jps-01/end", "/people/jps-01/code", f"/terminals/{terminal}/end"):
        assert admin[1].post(STAFF + path).status_code == 404
    with world.db.reading() as conn:
        assert not queries.staff_in(conn, "jps", "jps-01").ended_ms
        assert not queries.terminal_in(conn, "jps", terminal).ended_ms


def test_nobody_ends_themselves(admin: tuple[Person, Browser]) -> None:
    page = admin[1].get(f"{STAFF}/people/admin-01")
    assert "/end" not in page.text
    assert admin[1].post(f"{STAFF}/people/admin-01/end").status_code == 409


@pytest.mark.parametrize("path", ["terminal", "enrol"])
@pytest.mark.parametrize("code", ["", "BCDF-GHJK-LMNP", "<script>", "x" * 5000])
def test_a_wrong_code_is_said_and_changes_nothing(world: World, browser: Browser, path: str, code: str) -> None:
    page = browser.post(f"{STAFF}/{path}", {"code": code})
    assert page.status_code == 422
    assert "This code cannot be used" in page.text
    assert "<script>" not in page.text
    assert browser.cookie("renkei_terminal") == browser.cookie("renkei_staff_code") == ""


def test_the_code_of_a_clerk_is_no_code_of_a_terminal(world: World, browser: Browser, taro: Person) -> None:
    now, key = world.clock.now(), world.means.session_key
    with world.db.writing() as conn:
        made = terminals.prepare(conn, body_id=BODY, place="窓口", by="x", key=key, now=now)
    code = terminals.code_for(made, key)
    assert staff.code_hash_of(key, code) != terminals.code_hash_of(key, code)
    assert browser.post(f"{STAFF}/enrol", {"code": code}).status_code == 422
    assert world.keys[Realm.STAFF].issuer.endswith("/realms/staff")
