"""The country used as README says, in a browser: by hand, without scripts, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.browser.country import Live, sign_in

from renkei.assembly.trust import TRUST_FILE, read_trust
from renkei.assembly.verify import verify_file
from renkei.law import LawBook

Visit = Callable[..., Page]
CLERK = "jps-clerk-01"
PAGES = ("/", "/pension", "/portal", "/gateway", "/schema")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    running = Live(tmp_path_factory.mktemp("country"))
    yield running
    running.close()


def send(page: Page, form: str) -> None:
    page.locator(f"form[action$='{form}'] button").first.click()


def test_a_claim_needs_no_paper_and_the_claimant_sees_who_asked(site: Live, visit: Visit, tmp_path: Path) -> None:
    """番号法22条2項: what was provided counts as submitted; 23条: the person sees the record."""
    page = visit(f"{site.url}/pension", width=390)
    sign_in(page, "/pension", CLERK)
    page.locator("[name=own_number]").select_option(index=1)
    send(page, "/claims")
    assert page.locator(".compare__side[data-side=before] li").count() == 2
    send(page, "/ask")
    assert page.locator(".compare__side[data-side=after] li").count() == 0
    assert page.locator("article.record").count() == 2
    assert "73の項" in page.locator("article.record").first.inner_text()
    with page.expect_download() as download:
        page.locator("article.record a[href*='evidence']").first.click()
    saved = tmp_path / "evidence.json"
    download.value.save_as(saved)
    verdict = verify_file(saved.read_bytes(), read_trust(site.folder / TRUST_FILE), book=LawBook.load())
    assert "Setagaya-ku" in verdict.as_json()["en"]
    page.locator("input[value=grant]").check()
    send(page, "/decision")
    assert page.locator("input[value=grant]").count() == 0
    site.be(page, "/portal", "claimant")
    page.goto(f"{site.url}/portal/access")
    said = page.locator("main").inner_text()
    assert "日本年金機構" in said
    assert "地方税関係情報" in said
    assert "住民票関係情報" in said


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_on_a_phone(
    site: Live, visit: Visit, axe_problems: Callable[[Page], list[str]], path: str, language: str
) -> None:
    page = visit(f"{site.url}{path}", width=390, javascript=True, language=language)
    assert axe_problems(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_on_the_narrowest_screen(site: Live, visit: Visit, path: str) -> None:
    page = visit(f"{site.url}{path}", width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_console_and_the_access_list_are_accessible_at_a_desk(
    site: Live, visit: Visit, axe_problems: Callable[[Page], list[str]]
) -> None:
    page = visit(f"{site.url}/gateway", javascript=True)
    site.be(page, "/gateway", CLERK)
    assert axe_problems(page) == []
    site.be(page, "/portal", "claimant")
    page.goto(f"{site.url}/portal/access")
    assert axe_problems(page) == []


def test_pages_keep_their_promises_in_headers_and_cookies(site: Live, visit: Visit) -> None:
    """No script runs, nothing is framed, no machine keeps a page; the session's cookie is out of reach of scripts."""
    page = visit(f"{site.url}/portal")
    answer = page.goto(f"{site.url}/portal")
    assert answer is not None
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    site.be(page, "/portal", "claimant")
    [cookie] = [one for one in page.context.cookies() if one["name"] == "renkei_portal"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"


def test_what_is_not_there_is_said_plainly(site: Live, visit: Visit) -> None:
    page = visit(f"{site.url}/pension")
    for path, status in (("/nowhere", 404), ("/pension/claims/2026-999999", 404), ("/portal/access", 404)):
        answer = page.goto(f"{site.url}{path}")
        assert answer is not None
        assert answer.status in (status, 401, 403), path
        said = page.locator("main").inner_text()
        assert "Traceback" not in said
        assert "。" in said
