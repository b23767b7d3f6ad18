"""Deciding in a browser: approval, payment, signature by card, a television's code, consents. No script on any page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import pytest
from litestar import Litestar, Response, get, post
from litestar.enums import MediaType, RequestEncodingType
from litestar.params import Body, FromPath
from playwright.sync_api import Page, expect
from tests.contract.identity_asks.cards import NOW, Cards, make_cards
from tests.contract.identity_asks.test_signing import DOCUMENTS
from tests.contract.identity_asks.world import World, ask, make_world, session

from renkei.base.encoding import from_base64url
from renkei.contracts.card_agent import Receipt, Task
from renkei.contracts.identity import Payment
from renkei.institutions.identity.model.asks import AskKind
from renkei.institutions.identity.store import metadata
from renkei.platform.database import Database
from renkei.platform.web.pages import static_handler

Visit = Callable[..., Page]
Problems = Callable[[Page], list[str]]
Shoot = Callable[[Page, str], None]
PAYMENT = Payment(
    amount_yen=123_456, payee="みほん税務署", reference="0123-4567", purpose="令和8年分の所得税",
    locations=("https://bank.example/api",),
)  # fmt: skip


class Site:
    """The provider, the client's site on another origin, and a card agent on a third."""

    def __init__(self, serve: Callable[[Litestar], str], folder: Path) -> None:
        self.cards: Cards = make_cards(folder)
        db = Database.open(f"sqlite:///{folder / 'identity.db'}", metadata=metadata)
        self.world: World = make_world(db, now=NOW, status=self.cards)
        self.cards.sign_in(self.world, "hanako")
        self.client = serve(Litestar([_arrived], openapi_config=None))
        self.agent = serve(Litestar([self._use(), self._done()], openapi_config=None))
        app = self.world.app(self.cards.trust())
        app.register(self._finish())
        app.register(static_handler(self.world.means.kit))
        self.origin = serve(app)
        settings = msgspec.structs.replace(
            self.world.means.settings, base_url=f"{self.origin}/identity", agents=(self.agent,),
            test_card=f"{self.agent}",
        )  # fmt: skip
        object.__setattr__(self.world.means, "settings", settings)
        self.made = 0

    def ask(self, **changes: object) -> str:
        """Address of the page of a new ask."""
        self.made += 1
        one = self.world.put(ask(now=NOW, ask_id=f"ask-{self.made}", **changes))
        return f"{self.origin}/identity/approve/{one.ask_id}"

    def transaction(self) -> str:
        answer = httpx.post(
            f"{self.origin}/identity/realms/main/protocol/openid-connect/ext/sign/transactions",
            data={"documents": msgspec.json.encode(DOCUMENTS).decode(), "purpose": "口座開設のため"},
        )
        return str(answer.json()["sign_transaction_id"])

    def _finish(self):
        @get("/identity/finish/{ask_id:str}")
        async def finish(ask_id: FromPath[str]) -> Response[str]:
            return Response("", status_code=303, headers={"Location": f"{self.client}/arrived"})

        return finish

    def _use(self):
        @post("/use", status_code=200)
        async def use(
            data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
        ) -> Response[str]:
            field = f'<input name="task" value="{data["task"]}">'
            html = f'<form method="post" action="/done">{field}<button>ok</button></form>'
            headers = {"Content-Security-Policy": f"default-src 'none'; form-action 'self' {self.origin}"}
            return Response(html, media_type=MediaType.HTML, headers=headers)

        return use

    def _done(self):
        @post("/done")
        async def done(
            data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
        ) -> Response[str]:
            task = msgspec.json.decode(from_base64url(data["task"]), type=Task)
            async with httpx.AsyncClient() as http:
                sent = await http.post(task.deliver, content=msgspec.json.encode(self.cards.answer(task)))
            code = msgspec.json.decode(sent.content, type=Receipt).code
            return Response("", status_code=303, headers={"Location": f"{task.back}?txn={task.txn}&code={code}"})

        return done


@get("/arrived", media_type=MediaType.HTML)
async def _arrived() -> str:
    return "<h1>arrived</h1>"


@pytest.fixture(scope="module")
def site(serve: Callable[[Litestar], str], tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(serve, tmp_path_factory.mktemp("asks"))


@pytest.fixture(autouse=True)
def signed_in(site: Site) -> None:
    site.world.session = session(now=NOW)


def pages(site: Site) -> dict[str, str]:
    """Every page, in the state that shows most of it."""
    return {
        "give": site.ask(scopes=("openid", "name", "address", "proxies", "offline_access"), purpose="口座開設のため"),
        "essential": site.ask(scopes=("openid", "birthdate"), claims=("name",), essential=("name",)),
        "pay": site.ask(scopes=("openid",), payments=(PAYMENT,)),
        "sign": site.ask(scopes=("openid", "sign"), payments=(PAYMENT,), sign_transaction_id=site.transaction()),
        "device-ask": site.ask(kind=AskKind.DEVICE, message="RHGS-TKLM", device="居間のテレビ"),
        "backchannel": site.ask(kind=AskKind.BACKCHANNEL, message="窓口3 赤い鳥", account_id="hanako"),
        "waiting": f"{site.origin}/identity/asks",
        "device": f"{site.origin}/identity/device?user_code=rhgstklm",
        "consents": f"{site.origin}/identity/consents",
    }


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible_and_fits(
    site: Site, visit: Visit, axe_problems: Problems, overflowing: Problems, shoot: Shoot, width: int
) -> None:
    for name, address in pages(site).items():
        for language in ("ja", "en") if width > 390 else ("ja",):
            page = visit(address, width=width, javascript=True, language=language)
            shoot(page, f"asks-{name}-{language}-{width}")
            assert axe_problems(page) == [], name
            assert overflowing(page) == [], name


def test_from_the_question_to_the_clients_own_site(site: Site, visit: Visit) -> None:
    """The client's site is another origin: the browser gets there although the page lets no form lead there."""
    page = visit(site.ask())
    page.get_by_label("住所").uncheck()
    page.get_by_role("button", name="渡す", exact=True).click()
    page.wait_for_url(f"{site.client}/arrived")
    assert site.world.use(f"ask-{site.made}").scopes == ("openid", "name")


def test_declining_leads_back_too(site: Site, visit: Visit) -> None:
    page = visit(site.ask(scopes=("openid", "birthdate")))
    page.get_by_role("button", name="渡さない").click()
    page.wait_for_url(f"{site.client}/arrived")
    assert site.world.refused(f"ask-{site.made}").code == "ask_denied"


def test_a_payment_is_read_in_large_figures(site: Site, visit: Visit) -> None:
    page = visit(site.ask(scopes=("openid",), payments=(PAYMENT,)), width=390)
    amount = page.get_by_text("123,456円", exact=True)
    assert float(amount.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 24
    page.get_by_role("button", name="123,456円の支払いを承認する").click()
    page.wait_for_url(f"{site.client}/arrived")


def test_signing_goes_over_the_card_and_back(site: Site, visit: Visit, axe_problems: Problems, shoot: Shoot) -> None:
    address = site.ask(scopes=("openid", "sign"), sign_transaction_id=site.transaction())
    page = visit(address, width=390)
    expect(page.get_by_text("氏名・住所・生年月日・性別が相手に伝わります")).to_be_visible()
    page.get_by_role("button", name="カードでの署名に進む").click()
    shoot(page, "asks-card-390")
    scripted = visit(page.url, width=1280, javascript=True)
    assert axe_problems(scripted) == []
    page.get_by_role("button", name="カードで署名する", exact=True).click()
    page.get_by_role("button", name="ok").click()
    page.wait_for_url(f"{site.client}/arrived")
    assert site.world.use(f"ask-{site.made}").sign_transaction_id


def test_a_television_is_connected_by_typing_its_code(site: Site, visit: Visit, shoot: Shoot) -> None:
    begun = httpx.post(
        f"{site.origin}/identity/realms/main/protocol/openid-connect/auth/device",
        data={"scope": "openid", "device": "居間のテレビ"},
    ).json()
    page = visit(f"{site.origin}/identity/device", width=390)
    page.get_by_label("機器の画面の番号").fill("BBBB BBBB")
    page.get_by_role("button", name="次へ").click()
    expect(page.locator(".problems")).to_be_focused()
    shoot(page, "asks-device-wrong-390")
    page.get_by_label("機器の画面の番号").fill(begun["user_code"].lower())
    page.get_by_role("button", name="次へ").click()
    expect(page.get_by_text(begun["user_code"])).to_be_visible()
    page.get_by_role("button", name="渡す", exact=True).click()
    expect(page.get_by_role("heading", name="確認しました", level=1)).to_be_visible()
    shoot(page, "asks-done-390")


def test_a_consent_is_seen_and_ended(site: Site, visit: Visit, axe_problems: Problems, shoot: Shoot) -> None:
    page = visit(site.ask(scopes=("openid", "gender"), prompt=("consent",)))
    page.get_by_role("button", name="渡す", exact=True).click()
    page.wait_for_url(f"{site.client}/arrived")
    page.goto(f"{site.origin}/identity/consents")
    expect(page.get_by_role("heading", name="みほん銀行")).to_be_visible()
    scripted = visit(page.url, width=390, javascript=True)
    shoot(scripted, "asks-consents-390")
    assert axe_problems(scripted) == []
    page.get_by_role("button", name="みほん銀行への同意をすべて取り消す").click()
    expect(page.get_by_text("同意を取り消しました")).to_be_visible()
    shoot(page, "asks-consents-ended-1280")
    assert site.world.revoked == [("hanako", "bank")]
