"""The card agent in a browser: a site sends its form, the holder sees who asks, enters the PIN, comes back with a code.

No page needs a script. The agent and the site are of different origins, as on a person's own machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from litestar import Litestar
from playwright.sync_api import Page, expect
from tests.contract.card_agent.site_double import Site, check, documents, make_task, problem
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, PASSWORD, make_card

from renkei.contracts.card_agent import Key
from renkei.institutions.card.agent.agent import CardAgent
from renkei.institutions.card.agent.delivery import HttpDelivery
from renkei.institutions.card.agent.software_cards import SoftwareCard, SoftwareCards
from renkei.institutions.card.agent.web import PACKAGE
from renkei.institutions.card.agent.web.pages import handlers
from renkei.platform.clock import SystemClock
from renkei.platform.web import WebKit
from renkei.platform.web.pages import error_pages, static_handler
from renkei.platform.wire import Response

Visit = Callable[..., Page]
Serve = Callable[[Litestar], str]
PINS = {Key.AUTHENTICATION: AUTHENTICATION_PIN, Key.SIGNATURE: PASSWORD}


@dataclass
class Stage:
    """One site, one agent."""

    site: Site
    cards: SoftwareCards
    agent: str

    def ask(self, **changes: object) -> str:
        self.site.task = make_task(self.site.origin, **changes)
        return self.site.origin

    def deal(self) -> None:
        """Put new cards where the old ones lay: an adult's, and a child's without signature certificate."""
        for slug, ja, en, child in (
            ("hanako", "見本　花子", "MIHON Hanako", False),
            ("taro", "見本　太郎", "MIHON Taro", True),
        ):
            pins = {Key.AUTHENTICATION: AUTHENTICATION_PIN} if child else PINS
            self.cards.put(SoftwareCard(slug=slug, ja=ja, en=en, chip=make_card(child=child), pins=pins))


@pytest.fixture(scope="module")
def served(serve: Serve) -> Stage:
    site = Site()
    site.origin = serve(Litestar(site.handlers(), openapi_config=None))
    cards = SoftwareCards()
    kit = WebKit([PACKAGE])

    delivery: list[HttpDelivery] = []  # made in the server's own event loop

    async def deliver(url: str, body: bytes) -> Response:
        if not delivery:
            delivery.append(HttpDelivery([site.origin]))
        return await delivery[0](url, body)

    agent = CardAgent(source=cards, origins=[site.origin], clock=SystemClock(), deliver=deliver, path="/card")
    app = Litestar(
        [*handlers(kit, agent), static_handler(kit)], exception_handlers=error_pages(kit), openapi_config=None,
        on_shutdown=[agent.close],
    )  # fmt: skip
    # Another host name, so that the two are of different sites, as they are for a person.
    site.agent = serve(app).replace("127.0.0.1", "localhost") + "/card"
    return Stage(site, cards, site.agent)


@pytest.fixture
def stage(served: Stage) -> Stage:
    served.deal()
    served.site.assertions.clear()
    served.site.removed.clear()
    served.site.problem = None
    served.site.referrer_policy = "origin"
    return served


def use(page: Page, card: str = "見本　花子") -> None:
    page.get_by_role("button", name="カードを使う").click()
    page.get_by_label(card).check()
    page.get_by_role("button", name="このカードを使う").click()


def enter(page: Page, pin: str, button: str = "カードで本人確認をする") -> None:
    page.locator("#field-pin").fill(pin)
    page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.parametrize("width", [390, 1280])
def test_sign_in_with_the_card(stage: Stage, visit: Visit, shoot: Callable[[Page, str], None], width: int) -> None:
    page = visit(stage.ask(), width=width)
    page.get_by_role("button", name="カードを使う").click()
    shoot(page, f"card-choose-{width}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("試験用・見本（TEST）")
    page.get_by_label("見本　花子").check()
    page.get_by_role("button", name="このカードを使う").click()
    shoot(page, f"card-pin-{width}")
    main = page.locator("main")
    expect(main).to_contain_text("見本市オンライン窓口")
    expect(main).to_contain_text(stage.site.origin)
    expect(main).to_contain_text("残り3回")
    field = page.locator("#field-pin")
    assert field.get_attribute("autocomplete") == "off"
    assert field.get_attribute("inputmode") == "numeric"
    enter(page, "1234")
    assert stage.site.task is not None
    assert page.url == f"{stage.site.origin}/back?txn={stage.site.task.txn}&code=one-time"
    (assertion,) = stage.site.assertions
    check(stage.site.task, assertion)
    assert (assertion.medium, assertion.pin, assertion.documents) == ("software", True, ())


@pytest.mark.parametrize("width", [390, 1280])
def test_a_wrong_pin_is_said_at_the_field_with_the_tries_left_until_the_card_locks(
    stage: Stage, visit: Visit, shoot: Callable[[Page, str], None], width: int
) -> None:
    page = visit(stage.ask(), width=width)
    use(page)
    enter(page, "12")
    expect(page.locator("#error-pin")).to_contain_text("4桁の数字です")
    expect(page.locator("main")).to_contain_text("残り3回")
    enter(page, "9999")
    expect(page).to_have_title("エラー：カードで本人確認をする | 連携国")
    expect(page.locator("#error-pin")).to_contain_text("あと2回")
    expect(page.locator("main")).to_contain_text("残り2回")
    expect(page.locator("#field-pin")).to_have_value("")
    enter(page, "9999")
    expect(page.locator("main")).to_contain_text("あと1回間違えるとロックされます")
    shoot(page, f"card-last-try-{width}")
    enter(page, "9999")
    shoot(page, f"card-locked-{width}")
    expect(page.locator("main")).to_contain_text("ロックされています")
    expect(page.locator("main")).to_contain_text("市区町村の窓口")
    expect(page.locator("#field-pin")).to_have_count(0)
    page.get_by_role("link", name="English").click()
    expect(page.locator("main")).to_contain_text("The authentication PIN is locked")
    assert stage.site.assertions == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_signature_discloses_the_four_items_only_after_a_screen_says_so(
    stage: Stage, visit: Visit, shoot: Callable[[Page, str], None], width: int
) -> None:
    """The signature certificate names its holder: the person sees this, by item, before the password is asked for."""
    page = visit(stage.ask(key=Key.SIGNATURE, documents=documents("確定申告書.pdf", "委任状.pdf")), width=width)
    use(page)
    shoot(page, f"card-agree-{width}")
    for told in ("氏名", "住所", "生年月日", "性別", "確定申告書.pdf", "委任状.pdf"):
        expect(page.get_by_role("listitem").filter(has_text=told)).to_have_count(1)
    expect(page.locator("#field-pin")).to_have_count(0)
    page.get_by_role("button", name="同意して進む").click()
    shoot(page, f"card-password-{width}")
    expect(page.locator("main")).to_contain_text("残り5回")
    assert stage.site.assertions == []
    enter(page, PASSWORD.lower(), "カードで署名する")
    assert "code=one-time" in page.url
    assert stage.site.task is not None
    check(stage.site.task, stage.site.assertions[0])
    assert len(stage.site.assertions[0].documents) == 2


def test_declining_goes_back_without_an_answer(stage: Stage, visit: Visit) -> None:
    page = visit(stage.ask())
    page.get_by_role("button", name="カードを使う").click()
    page.get_by_role("button", name="やめる").click()
    assert stage.site.task is not None
    assert page.url == f"{stage.site.origin}/back?txn={stage.site.task.txn}&declined=1"
    assert stage.site.assertions == []


def test_a_finished_task_is_not_taken_again(stage: Stage, visit: Visit, shoot: Callable[[Page, str], None]) -> None:
    page = visit(stage.ask())
    use(page)
    enter(page, "1234")
    page.goto(stage.site.origin)
    page.get_by_role("button", name="カードを使う").click()
    shoot(page, "card-replayed-1280")
    expect(page.locator("main")).to_contain_text("card_task_used")
    assert len(stage.site.assertions) == 1


def test_a_task_open_in_one_browser_is_not_known_in_another(stage: Stage, visit: Visit) -> None:
    first = visit(stage.ask())
    first.get_by_role("button", name="カードを使う").click()
    other = visit(first.url)
    expect(other.locator("main")).to_contain_text("card_task_unknown")
    other.goto(stage.site.origin)
    other.get_by_role("button", name="カードを使う").click()
    expect(other.locator("main")).to_contain_text("card_task_unknown")


def test_the_same_form_twice_opens_the_same_task(stage: Stage, visit: Visit) -> None:
    page = visit(stage.ask())
    page.get_by_role("button", name="カードを使う").click()
    opened = page.url
    page.goto(stage.site.origin)
    page.get_by_role("button", name="カードを使う").click()
    assert page.url == opened


def test_another_site_is_refused_by_what_the_browser_says_of_it(
    stage: Stage, serve: Serve, visit: Visit, shoot: Callable[[Page, str], None]
) -> None:
    """A page elsewhere holds a task of the real site; the browser's Origin header gives it away."""
    evil = Site(agent=stage.agent)
    stage.ask()
    evil.task = stage.site.task
    page = visit(serve(Litestar(evil.handlers(), openapi_config=None)), width=390)
    page.get_by_role("button", name="カードを使う").click()
    shoot(page, "card-forged-origin-390")
    expect(page.locator("main")).to_contain_text("card_task_from_elsewhere")


@pytest.mark.parametrize("policy", ["same-origin", "no-referrer"])
def test_a_site_that_hides_its_origin_is_refused(stage: Stage, visit: Visit, policy: str) -> None:
    """Under these policies a browser sends `Origin: null`: the page with the form needs `Referrer-Policy: origin`."""
    stage.site.referrer_policy = policy
    page = visit(stage.ask())
    page.get_by_role("button", name="カードを使う").click()
    expect(page.locator("main")).to_contain_text("card_task_from_elsewhere")


def test_the_sites_refusal_is_shown_in_its_own_words(
    stage: Stage, visit: Visit, shoot: Callable[[Page, str], None]
) -> None:
    stage.site.problem = problem(403, "この電子証明書は失効しています。", "This certificate has been revoked.")
    page = visit(stage.ask(), width=390)
    use(page)
    enter(page, "1234")
    shoot(page, "card-refused-390")
    expect(page.locator("main")).to_contain_text("この電子証明書は失効しています。")
    expect(page.locator("main")).to_contain_text("certificate_revoked")
    page.get_by_role("button", name="依頼元のサイトに戻る").click()
    assert "declined=1" in page.url


def test_a_site_in_trouble_can_be_tried_again(stage: Stage, visit: Visit) -> None:
    stage.site.problem = problem(
        503, "失効情報を確かめられません。", "The status can't be checked.", "status_unavailable"
    )
    page = visit(stage.ask())
    use(page)
    enter(page, "1234")
    expect(page.locator("main")).to_contain_text("失効情報を確かめられません。")
    stage.site.problem = None
    page.get_by_role("link", name="もう一度試す").click()
    enter(page, "1234")
    assert "code=one-time" in page.url


def test_a_child_is_told_that_the_card_has_no_signature_certificate(stage: Stage, visit: Visit) -> None:
    page = visit(stage.ask(key=Key.SIGNATURE))
    use(page, "見本　太郎")
    expect(page.locator("main")).to_contain_text("署名用電子証明書がありません（15歳未満")
    page.get_by_role("link", name="カード").click()  # another card may be chosen
    page.get_by_label("見本　花子").check()
    page.get_by_role("button", name="このカードを使う").click()
    expect(page.get_by_role("button", name="同意して進む")).to_be_visible()


def test_on_a_shared_terminal_the_site_hears_of_the_card_being_taken(
    stage: Stage, visit: Visit, shoot: Callable[[Page, str], None]
) -> None:
    page = visit(stage.ask(shared_terminal=True))
    use(page)
    expect(page.locator("main")).to_contain_text("ほかの人も使う端末")
    enter(page, "1234")
    assert stage.site.task is not None
    assert stage.site.removed == []
    page.goto(stage.agent)
    shoot(page, "card-list-1280")
    page.get_by_role("button", name="カードを取る").first.click()
    expect(page.locator("main")).to_contain_text("カードを取りました")
    for _ in range(50):
        if stage.site.removed:
            break
        page.wait_for_timeout(50)
    assert stage.site.removed == [stage.site.task.txn]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_pages_are_accessible_and_nothing_sticks_out(
    stage: Stage, visit: Visit, axe_problems: Callable[[Page], list[str]],
    overflowing: Callable[[Page], list[str]], shoot: Callable[[Page, str], None], width: int, language: str,
) -> None:  # fmt: skip
    page = visit(stage.agent, width=width, javascript=True, language=language)
    assert (axe_problems(page), overflowing(page)) == ([], [])
    shoot(page, f"card-list-{language}-{width}")
    page.goto(stage.ask(key=Key.SIGNATURE, documents=documents("とても長い名前の申請書類_" * 8)))
    page.get_by_role("button").click()
    for button in (0, 0, 0):
        assert (axe_problems(page), overflowing(page)) == ([], [])
        shoot(page, f"card-task-{language}-{width}-{page.locator('.steps [data-state=done]').count()}")
        if page.locator("[name=card]").count():
            page.locator("[name=card]").first.check()
        page.locator("main form").first.get_by_role("button").nth(button).click()
    assert page.locator("#error-pin").count() == 1
    assert (axe_problems(page), overflowing(page)) == ([], [])


def test_no_secret_in_addresses_cookies_or_pages(stage: Stage, visit: Visit) -> None:
    page = visit(stage.ask())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + str(request.headers.get("referer", ""))))
    use(page)
    enter(page, "9876")
    assert "9876" not in page.content()
    assert not [url for url in sent if "9876" in url]
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "renkei_card_agent"]
    assert cookie["httpOnly"] is True
    assert cookie["sameSite"] == "Lax"
    assert page.url.endswith(cookie["path"] + "/pin")
    answer = page.request.get(page.url.removesuffix("/pin"))
    policy = answer.headers["content-security-policy"]
    assert f"form-action 'self' {stage.site.origin};" in policy
    assert "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store"
