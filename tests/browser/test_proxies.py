"""A proxy's day in a browser: a mother entrusts her daughter, sees what was done, cuts it. And the clerk's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.contract.identity_proxies.world import World
from tests.contract.proofing.screen import proofing_app

from renkei.institutions.identity import store
from renkei.platform.database import Database

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("proxies")
    with Database.open(f"sqlite:///{folder / 'identity.db'}", metadata=store.metadata) as db:
        made = World(db, folder / "keys")
        made.person("mother", "見本　ウメ")
        made.person("daughter", "見本　花子")
        made.person("child")
        yield made


@pytest.fixture(scope="module")
def site(world: World, serve: Callable[..., str]) -> str:
    return serve(world.app())


@pytest.fixture
def at(site: str, visit: Visit) -> Callable[..., Page]:
    """Open a page as somebody."""

    def open_page(account_id: str, path: str = "/proxies", *, realm: str = "main", **options: object) -> Page:
        address = f"{site}/identity/enter?as={account_id}&realm={realm}&back=/identity{path}"
        return visit(address, **options)

    return open_page


@pytest.fixture
def well(
    axe_problems: Callable[[Page], list[str]], overflowing: Callable[[Page], list[str]],
    shoot: Callable[[Page, str], None],
) -> Callable[..., None]:  # fmt: skip
    """A page that axe finds nothing on and nothing sticks out of."""

    def check(page: Page, name: str) -> None:
        shoot(page, name)
        assert axe_problems(page) == []
        assert overflowing(page) == []

    return check


def entrust(page: Page, *, name: str = "見本花子") -> str:
    """Through the form, the card and the confirmation; the code that the page shows."""
    page.get_by_role("link", name="家族などに任せる").click()
    page.get_by_label("任せる人の氏名").fill(name)
    page.get_by_label("税", exact=True).check()
    page.get_by_label("医療・介護").check()
    page.get_by_label("見る").check()
    page.get_by_label("申請する").check()
    page.get_by_label("終わりの日").fill("２０２７／３／３１")
    page.get_by_role("button", name="カードで確かめる").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("この内容で任せますか")
    page.get_by_role("button", name="任せる").click()
    return str(page.locator(".handed-code").text_content())


@pytest.mark.parametrize("width", [390, 1280])
def test_a_proxys_day(world: World, at: Callable[..., Page], well: Callable[..., None], width: int) -> None:
    mother = at("mother", width=width, javascript=True)
    well(mother, f"proxies-empty-{width}")
    code = entrust(mother)
    well(mother, f"proxies-code-{width}")

    daughter = at("daughter", "/proxies/accept", width=width, javascript=True)
    daughter.get_by_label("番号").fill(code.lower())
    daughter.get_by_role("button", name="内容を見る").click()
    expect(daughter.get_by_role("heading", level=1)).to_have_text("見本　ウメさんからの依頼")
    well(daughter, f"proxies-invitation-{width}")
    daughter.get_by_role("button", name="承諾する").click()
    expect(daughter.locator("#by-1")).to_contain_text("有効")

    mother.goto(mother.url.partition("/identity")[0] + "/identity/proxies")
    proxy_id = str(mother.get_by_role("link", name="詳しく見る").first.get_attribute("href")).rpartition("/")[2]
    token = world.token(world.sign_in("daughter"))
    world.exchange(token, proxy_id, act="apply", affairs="tax")
    mother.reload()
    row = mother.get_by_role("row").filter(has_text="見本申告サービス").first
    expect(row).to_contain_text("税：申請する")
    well(mother, f"proxies-used-{width}")

    mother.locator("article").get_by_role("button", name="取り消す").first.click()
    mother.get_by_text("終わったもの").first.click()
    expect(mother.locator("#for-over-1")).to_contain_text("取り消しました")
    well(mother, f"proxies-cut-{width}")

    daughter.reload()
    expect(daughter.locator("#by-1")).to_have_count(0)
    daughter.get_by_text("終わったもの").first.click()
    expect(daughter.locator("#by-over-1")).to_contain_text("終わりました")
    well(daughter, f"proxies-ended-{width}")


@pytest.mark.parametrize("width", [390, 1280])
def test_forms_with_errors(at: Callable[..., Page], well: Callable[..., None], width: int) -> None:
    """What is missing is said above the form and at each field; what was entered stays."""
    page = at("mother", "/proxies/new/mandate", width=width, javascript=True)
    page.get_by_label("任せる人の氏名").fill("見本花子")
    page.get_by_role("button", name="カードで確かめる").click()
    expect(page.locator(".problems a")).to_have_count(3)
    expect(page.get_by_label("任せる人の氏名")).to_have_value("見本花子")
    well(page, f"proxies-errors-{width}")
    page.goto(page.url.partition("/new")[0] + "/accept")
    page.get_by_label("番号").fill("AAAAA-AAAAA")
    page.get_by_role("button", name="内容を見る").click()
    expect(page.locator("#error-code")).to_be_visible()
    well(page, f"proxies-wrong-code-{width}")


def test_without_javascript_and_in_english(at: Callable[..., Page], shoot: Callable[[Page, str], None]) -> None:
    page = at("mother", width=390, language="en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Proxies and help")
    page.get_by_role("link", name="Entrust a tax accountant").click()
    expect(page.get_by_label("pay")).to_have_count(0)
    shoot(page, "proxies-tax-en-390")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_safety_switch_explains_itself_first(
    world: World, at: Callable[..., Page], well: Callable[..., None], width: int
) -> None:
    account_id = f"protected-{width}"
    world.person(account_id, "見本　ユキ")
    page = at(account_id, width=width, javascript=True)
    page.get_by_role("link", name="安全のための停止について").click()
    expect(page.get_by_text("相手には何も知らされません")).to_be_visible()
    well(page, f"protection-before-{width}")
    page.get_by_role("button", name="すべての代理を止める").click()
    expect(page.get_by_text("停止しました")).to_be_visible()
    well(page, f"protection-after-{width}")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_clerks_pages(world: World, at: Callable[..., Page], well: Callable[..., None], width: int) -> None:
    clerk = at("clerk", "/clerk/proxies", realm="staff", width=width, javascript=True)
    well(clerk, f"clerk-proxies-{width}")
    clerk.get_by_role("button", name="登録する").click()
    expect(clerk.locator(".problems a")).to_have_count(4)
    well(clerk, f"clerk-proxies-errors-{width}")
    clerk.goto(clerk.url.partition("/clerk")[0] + "/clerk/protection")
    well(clerk, f"clerk-protection-{width}")
    child = at("child", width=width, javascript=True)
    child.get_by_role("button", name="番号を出す").click()
    well(child, f"counter-code-{width}")


@pytest.mark.parametrize("width", [390, 1280])
def test_help_at_a_counter(world: World, at: Callable[..., Page], well: Callable[..., None], width: int) -> None:
    """Both sign in at one terminal; the help ends hard, and the page before shows nothing of the person."""
    page = at("mother", "/helpers", width=width, javascript=True)
    well(page, f"help-clerk-first-{width}")
    base = page.url.partition("/identity")[0] + "/identity"
    page.goto(f"{base}/enter?as=clerk&realm=staff&back=/identity/helpers")
    page.get_by_role("button", name="補助を始める").click()
    expect(page.get_by_text("職員が補助しています")).to_be_visible()
    well(page, f"help-on-{width}")
    page.get_by_role("button", name="補助を終わる").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("補助が終わりました")
    well(page, f"help-over-{width}")
    page.go_back()
    page.wait_for_load_state()
    expect(page.get_by_text("ウメ")).to_have_count(0)
    again = at("mother", width=width, javascript=True)
    expect(again.get_by_role("heading", name="窓口で補助を受けた記録")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_clerk_records_a_proofing(
    serve: Callable[..., str], visit: Visit, well: Callable[..., None], tmp_path: Path, width: int
) -> None:
    site = serve(proofing_app(tmp_path))
    page = visit(f"{site}/proofing", width=width, javascript=True)
    well(page, f"proofing-list-{width}")
    page.get_by_role("link", name="法定代理人").click()
    well(page, f"proofing-choose-{width}")
    page.locator("input[name=agent][value=driving_licence]").check()
    page.get_by_role("button", name="次へ").click()
    expect(page.get_by_text("戸籍謄本（全部事項証明書）").first).to_be_visible()
    well(page, f"proofing-missing-{width}")
    page.locator("input[name=agent][value=family_register]").check()
    page.locator("input[name=person][value=personal_number_card]").check()
    page.get_by_role("button", name="次へ").click()
    page.locator("#field-agent-driving_licence-until").fill("2030-04-01")
    page.locator("#field-person-personal_number_card-until").fill("2030-04-01")
    well(page, f"proofing-details-{width}")
    page.get_by_role("button", name="記録する").click()
    expect(page.locator("#error-matched")).to_be_visible()
    page.locator("#field-matched").check()
    page.get_by_role("button", name="記録する").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("確認番号 PF-")
    well(page, f"proofing-record-{width}")
