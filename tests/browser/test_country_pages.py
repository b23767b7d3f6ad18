"""Every page of the country: for whoever hears it, uses a keyboard or a phone, or types what does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.country import Live

Axe = Callable[[Page], list[str]]
Overflowing = Callable[[Page], list[str]]
Visit = Callable[..., Page]
Addresses = dict[str, tuple[str, str, str]]
"""By name: the path, and who opens it (clerk, person)."""
CLERK, DESK = "jps", "m-203211-desk"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    opened = Live(tmp_path_factory.mktemp("country"))
    yield opened
    opened.close()


def sign_in(context: BrowserContext, live: Live, *, clerk: str = "", person: str = "") -> None:
    """Be someone, as the pages themselves remember it."""
    for name, value, path in (("clerk", clerk, "/gateway"), ("persona", person, "/portal")):
        if value:
            context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": path}])


@pytest.fixture(scope="module")
def addresses(live: Live, browser: Browser) -> Addresses:
    """Every page, in every standing that can be had."""
    context = browser.new_context(java_script_enabled=False, locale="ja")
    page = context.new_page()
    found = {
        "front": ("/", "", ""),
        "portal": ("/portal", "", ""),
        "gateway": ("/gateway", "", ""),
        "nobody": ("/portal/access", "", ""),
        "no-clerk": ("/gateway/console", "", ""),
        "missing": ("/nowhere", "", ""),
        "refused": ("/pension/evidence/1.json", "", ""),
        "access": ("/portal/access", "", "protected"),
        "access-many": ("/portal/access", "", "no-copy"),
        "access-no-code": ("/portal/access", "", "no-code"),
        "access-withheld": ("/portal/access", "", "mother"),
    }
    page.goto(f"{live.url}/pension")
    page.select_option("#field-own_number", page.locator("#field-own_number option").nth(1).get_attribute("value"))
    page.get_by_role("button", name="受け付ける").click()
    path = page.url.removeprefix(live.url)
    page.get_by_role("button", name="情報連携で照会する").click()
    found |= {"claims": ("/pension", "", ""), "claim": (path, "", "")}
    sign_in(context, live, clerk=CLERK)
    for name, case, information, provider in (
        ("pending", "sample-1", "resident_record", "m-203211"),
        ("no-data", "sample-2", "local_tax", "m-011002"),
        ("no-code", "sample-2", "local_tax", "m-203211"),
        ("not-permitted", "sample-2", "local_tax", "jhia"),
        ("given", path.rpartition("/")[2], "family_register", "moj"),
    ):
        page.goto(f"{live.url}/gateway/console")
        page.locator(f"input[name=target][value^='{case}/']").check()
        page.select_option("[name=information]", information)
        page.select_option("[name=provider]", provider)
        page.get_by_role("button", name="照会する", exact=True).click()
        found[f"result-{name}"] = (page.url.removeprefix(live.url), CLERK, "")
    found |= {"console": ("/gateway/console", CLERK, ""), "desk": ("/gateway/console", DESK, "")}
    live.ask("no-copy", batch="many", count=60)
    live.ask("mother", batch="shown")
    live.ask("mother", batch="hidden", hidden=True)
    sign_in(context, live, clerk=DESK)
    page.goto(f"{live.url}/gateway/console")
    page.locator("#waiting ~ table a").first.click()
    found["decide"] = (page.url.removeprefix(live.url), DESK, "")
    context.close()
    return found


def opened(browser: Browser, live: Live, addresses: Addresses, **options: Any) -> Iterator[tuple[str, Page]]:
    """Every page, one after the other; then forms that come back with what is wrong."""
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    for name, (path, clerk, person) in addresses.items():
        context.clear_cookies()
        sign_in(context, live, clerk=clerk, person=person)
        page.goto(live.url + path)
        for summary in page.locator("main summary").all()[:3]:
            summary.click()
        yield name, page
    for name, button in (
        ("claims", "form[action$='/claims'] .button"), ("claim", "form[action$='/decision'] .button"),
        ("console", "form[action$='/ask'] .button"), ("decide", "form[action*='/pending/'] .button"),
    ):  # fmt: skip
        path, clerk, person = addresses[name]
        context.clear_cookies()
        sign_in(context, live, clerk=clerk, person=person)
        page.goto(live.url + path)
        page.locator(button).first.click()
        expect(page.locator(".problems")).to_be_visible()
        yield f"{name}-wrong", page
    context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible(
    live: Live, browser: Browser, addresses: Addresses, axe_problems: Axe,
    shoot: Callable[[Page, str], None], width: int, language: str,
) -> None:  # fmt: skip
    """axe-core finds nothing, WCAG 2.2 AA and its best practices."""
    found = {}
    options = {"viewport": {"width": width, "height": 900}, "locale": language, "bypass_csp": True}
    for name, page in opened(browser, live, addresses, **options):
        shoot(page, f"country-{name}-{language}-{width}")
        if problems := axe_problems(page):
            found[name] = problems
    assert found == {}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_sticks_out_on_the_narrowest_phone(
    live: Live, browser: Browser, addresses: Addresses, overflowing: Overflowing,
    shoot: Callable[[Page, str], None], language: str,
) -> None:  # fmt: skip
    """WCAG 2.2 1.4.10: 320 pixels, no scrolling sideways, JavaScript off."""
    found = {}
    options = {"viewport": {"width": 320, "height": 800}, "locale": language, "java_script_enabled": False}
    for name, page in opened(browser, live, addresses, **options):
        shoot(page, f"country-{name}-{language}-320")
        if sticking := overflowing(page):
            found[name] = sticking
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.locator("h1").count() == 1, name
        assert page.locator("script, [style], [onclick]").count() == 0, name
    assert found == {}


def test_forced_colours_and_paper_keep_what_a_standing_says(
    live: Live, visit: Visit, addresses: Addresses, shoot: Callable[[Page, str], None]
) -> None:
    """Where colours go, drawing and words stay; on paper the folded facts are open and the forms are gone."""
    page = visit(live.url, forced_colors=True)
    sign_in(page.context, live, clerk=CLERK, person="no-copy")
    drawings = set()
    for name in ("given", "pending", "no-data", "no-code", "not-permitted"):
        page.goto(live.url + addresses[f"result-{name}"][0])
        chip = page.locator("h1 .chip")
        assert float(str(chip.evaluate("e => getComputedStyle(e).borderTopWidth")).removesuffix("px")) >= 1
        drawings.add((chip.locator("svg").inner_html(), chip.inner_text()))
        shoot(page, f"forced-{name}")
    assert len({drawing for drawing, _ in drawings}) == len({words for _, words in drawings}) == 5
    page.goto(f"{live.url}/portal/access")
    page.emulate_media(media="print", forced_colors="none")
    expect(page.locator(".record .facts").first).to_be_visible()
    shoot(page, "print-access")
    for hidden in (".nav", ".languages", ".header__leave"):
        expect(page.locator(hidden)).to_be_hidden()
    page.goto(live.url + addresses["claim"][0])
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("heading", name="決定", exact=True)).to_be_visible()
    shoot(page, "print-claim")


def press_to(page: Page, selector: str) -> None:
    """Tab until the focus is there."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_a_claim_by_keyboard_alone(live: Live, visit: Visit, addresses: Addresses) -> None:
    page = visit(live.url)
    press_to(page, "a[href='/pension']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pension")
    press_to(page, "#field-own_number")
    page.keyboard.press("ArrowDown")
    assert page.locator("#field-own_number").input_value() != ""
    press_to(page, "form[action$='/claims'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/**")
    press_to(page, "form[action$='/ask'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**#answers")
    press_to(page, "form[action$='/decision'] input")
    page.keyboard.press("ArrowUp")  # around to the last: the claimant withdraws
    press_to(page, "form[action$='/decision'] button")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("請求は取り下げられました")


@pytest.mark.parametrize(
    ("path", "status", "code", "says"),
    [
        ("/nowhere", 404, "page_unknown", "トップページから開き直してください"),
        ("/pension/claims/2026-999999", 404, "claim_unknown", "請求の一覧から開き直してください"),
        ("/pension/claims/%00", 404, "claim_unknown", "請求の一覧から開き直してください"),
        ("/pension/claims/" + "x" * 5_000, 404, "claim_unknown", "請求の一覧から開き直してください"),
        ("/pension/evidence/%22%0d%0a.json", 404, "evidence_missing", "処理通番を確かめてください"),
        ("/portal/sign-in", 405, "page_takes_nothing", "画面のボタンから使うものです"),
        ("/gateway/console/results/none", 403, "", "先に、どの職員として見るかを選んでください"),
    ],
)
def test_an_error_says_what_why_and_what_to_do(
    live: Live, visit: Visit, path: str, status: int, code: str, says: str
) -> None:
    page = visit(live.url, width=390)
    answer = page.goto(live.url + path)
    assert answer is not None
    assert answer.status == status
    expect(page.locator("main")).to_contain_text(says)
    expect(page.locator("main")).to_contain_text(code)
    expect(page.locator("main")).not_to_contain_text(re.compile("Traceback|Exception|Error:"))
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("main")).not_to_contain_text(says)


def test_what_cannot_be_a_form_is_refused_with_a_page(live: Live, visit: Visit) -> None:
    page = visit(live.url)
    sign_in(page.context, live, clerk=CLERK)
    own = {"Origin": live.url}
    form = "application/x-www-form-urlencoded"
    for path, options, status in (
        ("/portal/sign-in", {"form": {"person": "<script>"}}, 404),
        ("/portal/sign-in", {}, 404),
        ("/portal/sign-in", {"data": "person=a&person=b", "headers": {"Content-Type": form}}, 400),
        ("/pension/claims", {"form": {"own_number": "９" * 10_000}}, 422),
        ("/gateway/console/ask", {"form": {"target": "gone/1"}}, 422),
        ("/gateway/console/ask", {"data": "{}", "headers": {"Content-Type": "application/json"}}, 422),
        ("/gateway/console/pending/1", {"form": {"decision": "withhold"}}, 409),
    ):
        headers = own | dict(options.pop("headers", {}))
        answer = page.request.post(live.url + path, headers=headers, **options)
        assert answer.status == status, path
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "<h1" in answer.text(), path
        assert "<script>" not in answer.text(), path


def test_a_form_of_another_site_is_refused(live: Live, visit: Visit) -> None:
    """A page of elsewhere that sends the clerk's decision on the clerk's behalf (CSRF)."""
    page = visit(live.url)
    sign_in(page.context, live, clerk=CLERK, person="mother")
    for path, fields in (
        ("/gateway/console/ask", {"target": "other"}),
        ("/portal/sign-in", {"person": "claimant"}),
        ("/pension/claims", {"own_number": "1"}),
    ):
        page.goto("about:blank")
        inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
        page.set_content(f'<form method="post" action="{live.url}{path}">{inputs}<button>go</button></form>')
        with page.expect_navigation() as arrived:
            page.get_by_role("button", name="go").click()
        assert arrived.value.status == 403
        expect(page.locator("main")).to_contain_text("別のサイトから送信された")
    page.goto(f"{live.url}/portal/access")
    expect(page.locator(".header__reader")).to_contain_text("例示")  # still the one who was chosen


def test_headers_and_cookies(live: Live, visit: Visit) -> None:
    page = visit(f"{live.url}/portal")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.locator("button[value=claimant]").click()
    page.goto(f"{live.url}/gateway?lang=ja")
    page.locator("button[value=jps]").click()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(f"{live.url}/gateway")}
    cookies |= {cookie["name"]: cookie for cookie in page.context.cookies(f"{live.url}/portal")}
    assert set(cookies) == {"persona", "clerk", "lang"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies.values())
    assert cookies["persona"]["path"] == "/portal"
    assert cookies["clerk"]["path"] == "/gateway"
    for path in ("/", "/pension", "/portal/access", "/gateway/console", "/nowhere"):
        answer = page.goto(live.url + path)
        assert answer is not None
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert [said for said in complaints if "404" not in said] == []


def test_the_front_page_tells_where_to_go_and_how_to_check(live: Live, visit: Visit) -> None:
    page = visit(live.url)
    for href in ("/pension", "/portal", "/gateway"):
        expect(page.locator(f".links a[href='{href}']")).to_be_visible()
    expect(page.locator("code").first).to_have_text(f".venv/bin/renkei log verify {live.folder}")
    page.locator("a[href='/schema']").click()
    expect(page.locator("h1")).to_be_visible()
    assert page.request.get(f"{live.url}/schema/openapi.json").ok
