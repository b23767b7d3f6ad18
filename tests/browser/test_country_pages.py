"""Every page of the country: for whoever hears it, uses a keyboard or a phone, or types what does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.country import Live, sign_in

Axe = Callable[[Page], list[str]]
Overflowing = Callable[[Page], list[str]]
Visit = Callable[..., Page]
CLERK, DESK, ADMIN = "jps-clerk-01", "m-203211-desk-01", "jps-admin-01"


class At(NamedTuple):
    """A page, and who opens it where."""

    path: str
    place: str = ""
    slug: str = ""


Addresses = dict[str, At]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    opened = Live(tmp_path_factory.mktemp("country"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def addresses(live: Live, browser: Browser) -> Addresses:
    """Every page, in every standing that can be had."""
    context = browser.new_context(java_script_enabled=False, locale="ja")
    page = context.new_page()
    context.set_default_timeout(10_000)
    found = {
        "front": At("/"),
        "portal": At("/portal"),
        "portal-left": At("/portal?left=time"),
        "gateway": At("/gateway"),
        "pension": At("/pension"),
        "nobody": At("/portal/access"),
        "no-clerk": At("/gateway/console"),
        "missing": At("/nowhere"),
        "refused": At("/pension/evidence/1.json"),
        "declined": At("/portal/return?error=access_denied"),
        "enrol": At("/identity/staff/enrol"),
        "terminal": At("/identity/staff/terminal"),
        "home": At("/portal", "/portal", "protected"),
        "acting": At("/portal/acting", "/portal", "protected"),
        "access": At("/portal/access", "/portal", "protected"),
        "access-many": At("/portal/access", "/portal", "no-copy"),
        "access-no-code": At("/portal/access", "/portal", "no-code"),
        "access-withheld": At("/portal/access", "/portal", "mother"),
        "elsewhere": At("/pension", "/pension", DESK),
    }
    live.be(page, "/pension", CLERK)
    page.select_option("#field-own_number", page.locator("#field-own_number option").nth(1).get_attribute("value"))
    page.get_by_role("button", name="受け付ける").click()
    path = page.url.removeprefix(live.url)
    page.get_by_role("button", name="情報連携で照会する").click()
    found |= {"claims": At("/pension", "/pension", CLERK), "claim": At(path, "/pension", CLERK)}
    for name, case, information, provider in (
        ("pending", "sample-1", "resident_record", "m-203211"),
        ("no-data", "sample-2", "local_tax", "m-011002"),
        ("no-code", "sample-2", "local_tax", "m-203211"),
        ("not-permitted", "sample-2", "local_tax", "jhia"),
        ("given", path.rpartition("/")[2], "family_register", "moj"),
    ):
        live.be(page, "/gateway", CLERK)
        page.locator(f"input[name=target][value^='{case}/']").check()
        page.select_option("[name=information]", information)
        page.select_option("[name=provider]", provider)
        page.get_by_role("button", name="照会する", exact=True).click()
        found[f"result-{name}"] = At(page.url.removeprefix(live.url), "/gateway", CLERK)
    console = "/gateway/console"
    found |= {"console": At(console, "/gateway", CLERK), "desk": At(console, "/gateway", DESK)}
    found["no-role"] = At(found["result-given"].path, "/gateway", DESK)
    live.ask("no-copy", batch="many", count=60)
    live.ask("mother", batch="shown")
    live.ask("mother", batch="hidden", hidden=True)
    live.be(page, "/gateway", DESK)
    page.locator("#waiting ~ table a").first.click()
    found["decide"] = At(page.url.removeprefix(live.url), "/gateway", DESK)
    context.close()
    return found


def go(page: Page, live: Live, at: At) -> None:
    """Open a page as whoever is to open it."""
    page.context.clear_cookies()
    if at.slug:
        live.enter(page.context, at.place, at.slug)
    page.goto(live.url + at.path)


def opened(browser: Browser, live: Live, addresses: Addresses, **options: Any) -> Iterator[tuple[str, Page]]:
    """Every page, one after the other; then forms that come back with what is wrong."""
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    for name, at in addresses.items():
        go(page, live, at)
        for summary in page.locator("main summary").all()[:3]:
            summary.click()
        yield name, page
    for name, button in (
        ("claims", "form[action$='/claims'] .button"), ("claim", "form[action$='/decision'] .button"),
        ("console", "form[action$='/ask'] .button"), ("decide", "form[action*='/pending/'] .button"),
    ):  # fmt: skip
        go(page, live, addresses[name])
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
    for place, slug in (("/gateway", CLERK), ("/portal", "no-copy"), ("/pension", CLERK)):
        live.enter(page.context, place, slug)
    drawings = set()
    for name in ("given", "pending", "no-data", "no-code", "not-permitted"):
        page.goto(live.url + addresses[f"result-{name}"].path)
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
    page.goto(live.url + addresses["claim"].path)
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
    press_to(page, "form[action='/pension/sign-in'] button")
    live.enter(page.context, "/pension", CLERK)  # how the card is used is the sign-in's own test
    page.reload()
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
        ("/portal/sign-out", 405, "page_takes_nothing", "画面のボタンから使うものです"),
        ("/gateway/console/results/none", 403, "", "先に職員としてサインインしてください"),
        ("/portal/return?state=x&code=y", 400, "", "このサインインの途中経過が、このブラウザーに残っていません"),
    ],
)
def test_an_error_says_what_why_and_what_to_do(
    live: Live, visit: Visit, path: str, status: int, code: str, says: str
) -> None:
    page = visit(live.url, width=390)
    live.enter(page.context, "/pension", CLERK)
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
    for place in ("/gateway", "/pension"):
        live.enter(page.context, place, CLERK)
    own = {"Origin": live.url}
    form = "application/x-www-form-urlencoded"
    for path, options, status in (
        ("/portal/acting", {"form": {"proxy": "<script>"}}, 403),
        ("/portal/sign-in", {"data": "back=a&back=b", "headers": {"Content-Type": form}}, 400),
        ("/identity/staff/enrol", {"form": {"code": "<script>"}}, 422),
        ("/identity/staff/terminal", {"form": {"code": "x" * 10_000}}, 422),
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
    for place, slug in (("/gateway", CLERK), ("/portal", "mother"), ("/pension", CLERK)):
        live.enter(page.context, place, slug)
    for path, fields in (
        ("/gateway/console/ask", {"target": "other"}),
        ("/portal/sign-in", {"back": "/portal"}),
        ("/portal/sign-out", {}),
        ("/portal/acting", {"proxy": "x"}),
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
    expect(page.locator(".header__reader")).to_contain_text("サインイン中")  # nobody was signed out


def test_headers_and_cookies(live: Live, visit: Visit) -> None:
    page = visit(f"{live.url}/portal")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    live.be(page, "/portal", "claimant")
    page.goto(f"{live.url}/portal?lang=ja")
    live.be(page, "/gateway", CLERK)
    cookies = {
        cookie["name"]: cookie for cookie in page.context.cookies() if cookie["path"] in ("/", "/portal", "/gateway")
    }
    assert set(cookies) >= {"renkei_portal", "renkei_console", "lang"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies.values())
    assert cookies["renkei_portal"]["path"] == "/portal"
    assert cookies["renkei_console"]["path"] == "/gateway"
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


def test_an_administrator_enrols_a_clerk(
    live: Live, visit: Visit, axe_problems: Axe, overflowing: Overflowing, shoot: Callable[[Page, str], None]
) -> None:
    """番号法12条: staff and terminals of a body, entered by its own administrator."""
    for width in (390, 1280):
        page = visit(f"{live.url}/gateway", width=width, javascript=True)
        sign_in(page, "/gateway", ADMIN)
        page.goto(f"{live.url}/identity/staff")
        expect(page.get_by_role("heading", level=1)).to_have_text("職員と端末")
        page.get_by_role("button", name="登録して、登録コードを作る").click()
        expect(page.locator(".problems")).to_be_visible()
        shoot(page, f"staff-admin-{width}")
        assert axe_problems(page) == []
        assert overflowing(page) == []
        page.fill("#field-staff_id", f"jps-new-{width}")
        page.fill("#field-name", "記入例　新人")
        page.select_option("#field-section", index=1)
        page.get_by_label("照会・事務の担当").check()
        page.fill("#field-affairs", "７３、106.1")
        page.get_by_role("button", name="登録して、登録コードを作る").click()
        expect(page.locator(".code").first).to_have_text(re.compile(r"^[A-Z]{4}-[A-Z]{4}-[A-Z]{4}$"))
        shoot(page, f"staff-one-{width}")
        assert axe_problems(page) == []
        assert overflowing(page) == []
