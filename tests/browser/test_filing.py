"""The filing service and the bank in a browser: from the slip to two receipts, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send
from playwright.sync_api import Page, expect
from tests.contract.filing.world import World

from renkei.channels.bank import store as bank_store
from renkei.channels.filing import store as filing_store
from renkei.platform.database import Database

Visit = Callable[..., Page]
Check = Callable[[Page], list[str]]
Shoot = Callable[[Page, str], None]


@dataclass
class Site:
    """The address at which whatever world a test makes is served."""

    origin: str = ""
    app: Litestar | None = None


@pytest.fixture(scope="module")
def site(serve: Callable[[Litestar], str]) -> Site:
    held = Site()

    @asgi("/", is_mount=True, copy_scope=True)
    async def forward(scope: Scope, receive: Receive, send: Send) -> None:
        assert held.app is not None
        await held.app(scope, receive, send)

    held.origin = serve(Litestar([forward], openapi_config=None))
    return held


@pytest.fixture
def world(site: Site, tmp_path: Path) -> World:
    bank = Database.open(f"sqlite:///{tmp_path}/bank.db", metadata=bank_store.metadata)
    filing = Database.open(f"sqlite:///{tmp_path}/filing.db", metadata=filing_store.metadata)
    made = World(bank, filing, origin=site.origin)
    site.app = made.app
    return made


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize(("width", "javascript"), [(390, False), (1280, False)])
def test_a_return_is_filed_and_paid(world: World, visit: Visit, width: int, javascript: bool) -> None:
    page = visit(f"{world.origin}/bank", width=width, javascript=javascript)
    press(page, "サインイン")
    expect(page.get_by_text("500,000円").first).to_be_visible()
    page.goto(f"{world.origin}/filing")
    press(page, "サインイン")
    expect(page.get_by_role("heading", level=1)).to_have_text("令和7年分 所得税の確定申告")
    page.get_by_label("収入金額（円）").fill("350,000")
    page.get_by_label("必要経費（円）").fill("50,000")
    press(page, "内容を確認する")
    expect(page.get_by_text("30,700円").first).to_be_visible()
    press(page, "署名して納税する")
    expect(page.get_by_role("heading", name="提出と納税が終わりました")).to_be_visible()
    page.go_back()
    page.goto(f"{world.origin}/filing/2025/review")
    expect(page.get_by_role("heading", name="提出と納税が終わりました")).to_be_visible()
    page.get_by_role("link", name="銀行のページで確かめる").click()
    page.get_by_role("link", name="見本税務署").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("領収書")
    with page.expect_download() as saved:
        page.get_by_role("link", name="署名付きの領収書を保存する").click()
    assert saved.value.suggested_filename.endswith(".jwt")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_is_sound(
    world: World, visit: Visit, axe_problems: Check, overflowing: Check, shoot: Shoot, width: int, language: str
) -> None:
    """No rule of accessibility is broken, and nothing sticks out of a phone's window, in any state of a return."""
    page = visit(f"{world.origin}/filing?lang={language}", width=width, javascript=True, language=language)
    sign_in, pay = ("サインイン", "支払う") if language == "ja" else ("Sign in", "Pay")

    def sound(name: str) -> None:
        shoot(page, f"filing-{name}-{language}-{width}")
        assert axe_problems(page) == [], name
        assert overflowing(page) == [], name

    def submit(path: str) -> None:
        page.locator(f"form[action='{path}'] button").click()

    sound("enter")
    press(page, sign_in)
    sound("draft")
    page.locator("#field-revenue").fill("abc")
    submit("/filing/2025")
    sound("draft-error")
    page.locator("#field-revenue").fill("350000")
    submit("/filing/2025")
    sound("review")
    world.op.deny = True
    submit("/filing/2025/sign")
    sound("declined")
    world.op.deny, world.stamps_down = False, True
    submit("/filing/2025/sign")
    sound("signed")
    world.stamps_down = False
    submit("/filing/2025/continue")
    submit("/filing/2025/pay")
    sound("unpaid")
    page.goto(f"{world.origin}/bank")
    sound("bank-enter")
    press(page, sign_in)
    page.goto(f"{world.origin}/filing/2025")
    press(page, pay)
    sound("paid")
    page.goto(f"{world.origin}/bank")
    sound("bank")
    page.get_by_role("link", name="見本税務署").click()
    sound("bank-receipt")
