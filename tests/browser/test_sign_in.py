"""Signing in as people do: test card, card agent, passkey; a shared terminal; a second person in the same browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.sign_in_site import PASSWORD, PATH, PIN, Site
from tests.contract.identity_ways_in.world import HANAKO, JIRO, MOVED

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]
AGENT, TEST = "マイナンバーカード", "試験用カード（TEST）"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def fresh(site: Site) -> None:
    """Cards as new, and nobody signed in."""
    site.deal()
    site.world.clock.move(timedelta(hours=9))
    site.do(lambda: asyncio.run(site.world.authority.start()))
    site.do(site.world.sweep)


def choose(page: Page, way: str, *, shared: bool = False) -> None:
    page.get_by_label(way).check()
    if shared:
        page.get_by_label("この端末はほかの人も使います").check()
    page.get_by_role("button", name="次へ進む").click()


def to_card(page: Page) -> None:
    page.get_by_role("button", name=re.compile("画面へ")).click()


def use_card(page: Page, name: str, pin: str = PIN) -> None:
    """On the agent's pages."""
    page.get_by_label(name).check()
    page.get_by_role("button", name="このカードを使う").click()
    if pin == PASSWORD:
        page.get_by_role("button", name=re.compile("同意|進む")).click()
    page.locator("#field-pin").fill(pin)
    page.locator("form:has(#field-pin) button").click()


def sign_in(page: Page, site: Site, name: str = HANAKO.name, *, way: str = TEST, shared: bool = False) -> None:
    page.goto(f"{site.origin}{PATH}/sign-in?back={PATH}/account&acr=aal2")
    choose(page, way, shared=shared)
    to_card(page)
    use_card(page, name)


def past_first(page: Page) -> None:
    if "/account/confirm" in page.url:
        page.get_by_role("link", name="あとにする").click()


@pytest.mark.parametrize("way", [TEST, AGENT])
@pytest.mark.parametrize("width", [390, 1280])
def test_in_with_the_card_and_out_again(site: Site, visit: Visit, shoot: Shoot, width: int, way: str) -> None:
    """Without a script, over two sites: the form leads to the agent, which leads back."""
    page = visit(f"{site.origin}{PATH}/account", width=width)
    shoot(page, f"sign-in-{width}")
    choose(page, way)
    shoot(page, f"sign-in-card-{'test' if way == TEST else 'agent'}-{width}")
    to_card(page)
    expect(page).to_have_url(re.compile(f"^{re.escape(site.agent if way == AGENT else site.origin)}/"))
    use_card(page, HANAKO.name)
    past_first(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("わたしのサインイン")
    expect(page.get_by_role("complementary")).to_contain_text("試験用カードでサインインしています")
    shoot(page, f"account-{width}")
    page.locator(".header__leave button").click()
    expect(page.locator("main")).to_contain_text("サインアウトしました")
    shoot(page, f"signed-out-{width}")
    page.goto(f"{site.origin}{PATH}/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("サインイン")


def test_the_four_items_are_read_and_shown(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit(f"{site.origin}{PATH}/sign-in", width=390)
    sign_in(page, site)
    page.goto(f"{site.origin}{PATH}/account/confirm")
    shoot(page, "confirm-390")
    choose(page, TEST)
    shoot(page, "confirm-card-390")
    to_card(page)
    use_card(page, HANAKO.name, PASSWORD)
    expect(page.locator("main")).to_contain_text(HANAKO.address)
    expect(page.locator(".substitute").first).to_have_text("本")
    shoot(page, "account-known-390")


def test_whoever_moved_confirms_the_new_data(site: Site, visit: Visit, shoot: Shoot) -> None:
    """Signed in with a test card, moved meanwhile: said, not locked out."""
    page = visit(f"{site.origin}{PATH}/sign-in", width=390)
    sign_in(page, site)
    page.goto(f"{site.origin}{PATH}/account/confirm")
    choose(page, TEST)
    to_card(page)
    use_card(page, HANAKO.name, PASSWORD)
    person = site.people["hanako"]
    site.do(lambda: asyncio.run(site.world.authority.four_items_changed(person.holder, MOVED, user="c")))
    site.world.clock.move(timedelta(minutes=6))
    sign_in(visit(f"{site.origin}{PATH}/sign-in"), site)
    other = visit(f"{site.origin}{PATH}/sign-in", width=390)
    sign_in(other, site)
    expect(other.get_by_role("heading", level=1)).to_have_text("新しい情報を確かめてください")
    shoot(other, "stale-390")
    other.get_by_role("link", name="あとにする").click()
    expect(other.locator("main")).to_contain_text("この内容は古くなっています")
    shoot(other, "account-stale-390")
    site.do(lambda: site.world.issue(person, renew=True, generation=2))


def test_declining_leads_back(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit(f"{site.origin}{PATH}/sign-in", width=390)
    choose(page, AGENT)
    to_card(page)
    page.get_by_label(HANAKO.name).check()
    page.get_by_role("button", name="このカードを使う").click()
    page.get_by_role("button", name=re.compile("やめる|使わない|取りやめ")).click()
    expect(page.locator("main")).to_contain_text("カードの操作が取りやめられました")
    shoot(page, "declined-390")
    page.get_by_role("link", name="最初からやり直す").click()
    expect(page.get_by_label(AGENT)).to_be_visible()


def test_a_link_sent_by_somebody_signs_nobody_in(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit(f"{site.origin}{PATH}/sign-in", width=390)
    choose(page, TEST)
    txn = page.url.rpartition("/")[2]
    other = visit(f"{site.origin}{PATH}/card/return?txn={txn}&code=sent", width=390)
    expect(other.locator("main")).to_contain_text("別のブラウザー")
    shoot(other, "other-browser-390")
    other.goto(f"{site.origin}{PATH}/account")
    expect(other.get_by_role("heading", level=1)).to_have_text("サインイン")


def test_on_a_shared_terminal_the_second_person_sees_nothing(site: Site, visit: Visit, shoot: Shoot) -> None:
    """図書館の端末: the first leaves; who comes next and presses Back, Forward and Reload finds a sign-in page."""
    page = visit(f"{site.origin}{PATH}/sign-in", width=1280)
    sign_in(page, site, shared=True)
    past_first(page)
    page.goto(f"{site.origin}{PATH}/account/confirm")
    choose(page, TEST)
    to_card(page)
    use_card(page, HANAKO.name, PASSWORD)
    expect(page.locator("main")).to_contain_text(HANAKO.address)
    page.locator(".header__leave button").click()
    expect(page.locator("main")).to_contain_text("この端末には、あなたの情報を残していません")
    shoot(page, "shared-out-1280")
    assert page.context.cookies() == []
    for _ in range(6):
        page.go_back()
        assert HANAKO.name not in page.content()
        assert HANAKO.address not in page.content()
    page.goto(f"{site.origin}{PATH}/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("サインイン")
    sign_in(page, site, JIRO.name, shared=True)
    assert HANAKO.name not in page.content()


def test_taking_the_card_away_ends_it_hard(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit(f"{site.origin}{PATH}/sign-in", width=390)
    sign_in(page, site, shared=True)
    past_first(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("わたしのサインイン")
    site.cards.take_away("hanako")
    for _ in range(50):
        page.goto(f"{site.origin}{PATH}/account")
        if page.get_by_role("heading", level=1).inner_text() == "サインイン":
            break
        page.wait_for_timeout(100)
    expect(page.locator("main")).to_contain_text("カードが外されたため")
    shoot(page, "card-removed-390")


def test_a_second_person_in_the_same_browser(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit(f"{site.origin}{PATH}/sign-in", width=390)
    sign_in(page, site)
    page.goto(f"{site.origin}{PATH}/sign-in?back={PATH}/account&fresh=1")
    choose(page, TEST)
    to_card(page)
    use_card(page, JIRO.name)
    expect(page.get_by_role("heading", level=1)).to_have_text("別の方でサインインしました")
    expect(page.locator("main")).to_contain_text("前の方のサインインを終えました")
    shoot(page, "switched-390")


# --- passkeys ---


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="ja")
    context.set_default_timeout(10_000)
    yield context
    context.close()


def authenticator(page: Page) -> str:
    """A device that checks its user, for this page's browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return str(session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])


def test_a_passkey_from_enrolment_to_removal(site: Site, phone: BrowserContext, shoot: Shoot) -> None:
    page = phone.new_page()
    authenticator(page)
    sign_in(page, site)
    past_first(page)
    page.get_by_role("link", name="パスキー", exact=True).click()
    shoot(page, "passkeys-none-390")
    page.get_by_label("パスキーの名前").fill("自分のスマートフォン")
    page.get_by_role("button", name="登録へ進む").click()
    shoot(page, "passkey-new-390")
    page.get_by_role("button", name="パスキーを作る").click()
    expect(page.get_by_role("heading", name="自分のスマートフォン")).to_be_visible()
    shoot(page, "passkeys-390")
    page.locator(".header__leave button").click()
    page.goto(f"{site.origin}{PATH}/sign-in?back={PATH}/account&acr=aal2")
    expect(page.get_by_label("パスキー")).to_be_checked()
    shoot(page, "sign-in-passkey-offered-390")
    page.get_by_role("button", name="次へ進む").click()
    shoot(page, "sign-in-passkey-390")
    page.get_by_role("button", name="パスキーを使う").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("わたしのサインイン")
    page.goto(f"{site.origin}{PATH}/account/passkeys")
    page.get_by_text("削除する", exact=True).first.click()
    page.get_by_role("button", name="削除する").click()
    expect(page.locator("main")).to_contain_text("パスキーは登録されていません")


def test_without_a_passkey_the_page_says_what_to_do(site: Site, phone: BrowserContext, shoot: Shoot) -> None:
    page = phone.new_page()
    authenticator(page)
    page.goto(f"{site.origin}{PATH}/sign-in?back={PATH}/account&acr=aal2")
    page.get_by_label("パスキー").check()
    page.get_by_role("button", name="次へ進む").click()
    page.get_by_role("button", name="パスキーを使う").click()
    expect(page.get_by_role("alert")).to_contain_text("カードでサインインしてください")
    shoot(page, "passkey-stopped-390")


def test_without_script_the_passkey_page_says_so(site: Site, visit: Visit) -> None:
    page = visit(f"{site.origin}{PATH}/sign-in?back={PATH}/account&acr=aal2", width=390)
    choose(page, "パスキー")
    expect(page.locator("main")).to_contain_text("JavaScriptを有効に")
    expect(page.get_by_role("button", name="パスキーを使う")).to_be_hidden()


# --- for everybody ---


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_pages_are_accessible_and_fit(
    site: Site, visit: Visit, axe_problems: Callable[[Page], list[str]], overflowing: Callable[[Page], list[str]],
    shoot: Shoot, width: int, language: str,
) -> None:  # fmt: skip
    page = visit(f"{site.origin}{PATH}/sign-in", width=width)
    sign_in(page, site)
    cookies = page.context.cookies()
    reader = visit(f"{site.origin}{PATH}/sign-in", width=width, javascript=True, language=language)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        shoot(reader, f"all-{name}-{language}-{width}")
        found[name] = axe_problems(reader) + overflowing(reader)

    look("sign-in")
    reader.locator("form .button").last.click()
    look("card")
    for name in ("signed-out", "terminal"):
        reader.goto(f"{site.origin}{PATH}/{name}")
        look(name)
    reader.context.add_cookies(cookies)  # type: ignore[arg-type]
    for name in ("", "/confirm", "/passkeys", "/close", "/not-me"):
        reader.goto(f"{site.origin}{PATH}/account{name}")
        look(f"account{name}".replace("/", "-"))
    assert {name: problems for name, problems in found.items() if problems} == {}
