"""The component gallery in a browser: no script, narrow and wide, forced colours, keyboard, both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from litestar import Litestar
from playwright.sync_api import Page, expect

from renkei.platform.web import WebKit
from renkei.platform.web.gallery import PACKAGE, PATH, gallery_handlers
from renkei.platform.web.pages import error_pages, page_router, static_handler

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def site(serve: Callable[[Litestar], str]) -> str:
    kit = WebKit([PACKAGE])
    handlers = [page_router(kit, gallery_handlers(kit)), static_handler(kit)]
    return serve(Litestar(handlers, exception_handlers=error_pages(kit), openapi_config=None))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_gallery_is_accessible(
    site: str, visit: Visit, axe_problems: Callable[[Page], list[str]], width: int, language: str
) -> None:
    page = visit(f"{site}{PATH}", width=width, javascript=True, language=language)
    assert axe_problems(page) == []


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_sideways(
    site: str,
    visit: Visit,
    overflowing: Callable[[Page], list[str]],
    shoot: Callable[[Page, str], None],
    width: int,
    language: str,
) -> None:
    page = visit(f"{site}{PATH}", width=width, language=language)
    shoot(page, f"gallery-{language}-{width}")
    assert overflowing(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_form_with_errors(
    site: str, visit: Visit, axe_problems: Callable[[Page], list[str]], shoot: Callable[[Page, str], None]
) -> None:
    """What is missing is said above the form, in the title, and at the field; what was typed is kept."""
    page = visit(f"{site}{PATH}", width=390)
    page.fill("#field-reason", "入院していた")
    page.get_by_role("button", name="請求する").click()
    shoot(page, "form-errors-390")
    expect(page).to_have_title("エラー：部品の見本 | 連携国")
    expect(page.locator(".problems")).to_be_focused()
    expect(page.locator(".problems a")).to_have_count(2)
    expect(page.locator("#field-holder")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-holder")).to_have_accessible_description(
        "カタカナで入力してください。半角・全角はどちらでもかまいません。 ＊受取口座の名義を入力してください。"
    )
    expect(page.locator("#field-reason")).to_have_value("入院していた")
    page.locator(".problems a").first.click()
    expect(page.locator("#field-holder")).to_be_focused()

    scripted = visit(f"{site}{PATH}", width=1280, javascript=True)
    scripted.get_by_role("button", name="請求する").click()
    shoot(scripted, "form-errors-1280")
    assert axe_problems(scripted) == []


def test_a_filled_form_goes_on(site: str, visit: Visit) -> None:
    page = visit(f"{site}{PATH}")
    page.fill("#field-holder", "ミホン ハナコ")
    page.get_by_label("郵送").check()
    page.get_by_role("button", name="請求する").click()
    expect(page.locator(".problems")).to_have_count(0)


def test_language_link_keeps_page_and_choice(site: str, visit: Visit) -> None:
    page = visit(f"{site}{PATH}?page=3")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.get_by_role("link", name="English").click()
    assert page.url == f"{site}{PATH}?page=3&lang=en"
    expect(page.get_by_role("heading", level=1)).to_have_text("Component gallery")
    page.goto(f"{site}{PATH}")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_keyboard_reaches_the_text_first(site: str, visit: Visit, shoot: Callable[[Page, str], None]) -> None:
    page = visit(f"{site}{PATH}")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="本文へ移動")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.screenshot()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="トップページ")).to_be_focused()
    shoot(page, "focus-1280")


def test_forced_colours(site: str, visit: Visit, shoot: Callable[[Page, str], None]) -> None:
    """Where the reader sets the colours, everything that was told by a ground still has an edge."""
    page = visit(f"{site}{PATH}", forced_colors=True)
    shoot(page, "forced-1280")
    for selector in (".chip", ".button", ".steps__mark", ".pages__here", ".input"):
        width = page.locator(selector).first.evaluate("e => getComputedStyle(e).borderTopWidth")
        assert float(width.removesuffix("px")) >= 1, selector


def test_paper(site: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{site}{PATH}")
    page.emulate_media(media="print")
    expect(page.locator(".languages")).to_be_hidden()
    expect(page.locator(".pages")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_policy_and_cache(site: str, visit: Visit) -> None:
    page = visit(f"{site}{PATH}")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    answer = page.reload()
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert page.locator("script, [style], [onclick]").count() == 0
    sheet = page.request.get(site + str(page.locator("link[rel=stylesheet]").get_attribute("href")))
    assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert complaints == []


def test_unknown_address_is_a_page(site: str, visit: Visit, shoot: Callable[[Page, str], None]) -> None:
    page = visit(f"{site}/nowhere", width=390)
    shoot(page, "not-found-390")
    expect(page.locator("main")).to_contain_text("この住所（URL）のページはありません")
    expect(page.locator("main")).to_contain_text("page_unknown")
