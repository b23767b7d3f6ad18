"""A provider with two people, a bank, a portal and a television; who is signed in is set by the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from renkei.base.errors import RenkeiError
from renkei.contracts.identity import BACKCHANNEL_GRANT, DEVICE_GRANT, Acr, ClaimsOf, Realm, Scope
from renkei.institutions.identity.errors.protocol import ClientUnknown
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved, Ask, AskKind, Return
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.tokens import TokenAnswer
from renkei.institutions.identity.operations import asks
from renkei.institutions.identity.web import PACKAGE, approve, backchannel, consents, device, signing
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.clients import Presented
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BASE = "http://nation.example/identity"
ISSUER = "/identity/realms/main"
CLAIMS = ClaimsOf(
    name="髙橋花子", name_substitutes="1000", address="東京都千代田区霞が関1-1", address_substitutes="0" * 13,
    birth=date(1960, 4, 1), sex="female", verified_ms=0,
)  # fmt: skip
BANK = Client(
    client_id="bank", name_ja="みほん銀行", name_en="Mihon Bank", sector="bank.example",
    redirect_uris=("https://bank.example/cb",), scopes=frozenset(one.value for one in Scope),
    grants=frozenset(("authorization_code", BACKCHANNEL_GRANT, DEVICE_GRANT)),
    payment_locations=frozenset(("https://bank.example/api",)),
)  # fmt: skip
PORTAL = Client(
    client_id="portal", name_ja="マイポータル", name_en="My Portal", sector="portal", public_body=True,
    redirect_uris=("http://nation.example/portal/return",), scopes=frozenset(("openid", "name")), first_party=True,
)  # fmt: skip
STOPPED = msgspec.structs.replace(BANK, client_id="stopped", stopped=True)
BROWSER = {"Sec-Fetch-Mode": "navigate"}


class Nobody:
    """A status source that never answers."""

    async def ask(self, request_der: bytes) -> bytes:
        raise AssertionError("not asked here")


def session(account_id: str = "hanako", *, now: datetime = NOW, **changes: Any) -> Session:
    """Signed in just now with a card."""
    now_ms = int(now.timestamp() * 1000)
    made: dict[str, Any] = {
        "session_id": f"sid-{account_id}", "realm": Realm.MAIN, "account_id": account_id, "acr": Acr.CARD,
        "amr": ("sc", "pin", "mfa"), "auth_ms": now_ms, "started_ms": now_ms, "seen_ms": now_ms, "device": "Chrome",
    }  # fmt: skip
    return Session(**(made | changes))


@dataclass
class World:
    """What a test sets and looks at."""

    means: Means
    clock: MovableClock
    session: Session | None = field(default_factory=session)
    clients: dict[str, Client] = field(default_factory=lambda: {one.client_id: one for one in (BANK, PORTAL, STOPPED)})
    claims: dict[str, ClaimsOf] = field(default_factory=lambda: {"hanako": CLAIMS})
    caller: str = "bank"
    token: Presented | None = None
    revoked: list[tuple[str, str]] = field(default_factory=list)
    issued: list[Approved] = field(default_factory=list)

    async def current(self, request: AnyRequest, realm: Realm) -> Session | None:
        return self.session if self.session is not None and self.session.realm is realm else None

    def sign_in_href(self, *, realm: Realm, back: str, acr: Acr, fresh: bool, account_id: str) -> str:
        return f"/identity/sign-in?realm={realm}&back={back}&acr={acr}&fresh={int(fresh)}&for={account_id}"

    def client_of(self, _conn: object, client_id: str) -> Client:
        if client_id not in self.clients:
            raise ClientUnknown()
        return self.clients[client_id]

    async def revoke(self, account_id: str, client_id: str) -> None:
        self.revoked.append((account_id, client_id))

    async def authenticated(self, request: AnyRequest) -> tuple[Client, dict[str, str]]:
        form = await request.form()
        return self.clients[self.caller], {name: str(form[name]) for name in form}

    async def token_of(self, request: AnyRequest) -> Presented:
        assert self.token is not None
        return self.token

    async def issue(self, approved: Approved, client: Client, key_thumbprint: str) -> TokenAnswer:
        self.issued.append(approved)
        return TokenAnswer(access_token="at", expires_in=300, scope=" ".join(approved.scopes))

    @property
    def people(self) -> People:
        return People(
            current=self.current, sign_in_href=self.sign_in_href,
            claims_of=lambda _conn, account_id: self.claims.get(account_id), name_of=lambda _conn, account_id: "花子",
            client_of=self.client_of, revoked=self.revoke, account_href="/identity/account",
        )  # fmt: skip

    def app(self, trust: Any = None) -> Litestar:
        pages = signing.SignPages(self.means, self.people, trust)
        handlers = [
            *approve.handlers(self.means, self.people, set_task=pages.set_task),
            *consents.handlers(self.means, self.people),
            *backchannel.handlers(self.means, self.people, authenticated=self.authenticated),
            *device.handlers(self.means, self.people, authenticated=self.authenticated),
            *signing.handlers(self.means, pages, authenticated=self.authenticated, token_of=self.token_of),
        ]
        return Litestar(handlers, exception_handlers=error_pages(self.means.kit), openapi_config=None)

    def client(self, trust: Any = None) -> TestClient[Litestar]:
        return TestClient(self.app(trust), base_url="http://nation.example")

    def put(self, ask: Ask) -> Ask:
        with self.means.db.writing() as conn:
            asks.put(conn, ask, self.clock.now())
        return ask

    def use(self, ask_id: str) -> Approved:
        with self.means.db.writing() as conn:
            return asks.use(conn, ask_id, self.clock.now())

    def refused(self, ask_id: str) -> RenkeiError:
        try:
            self.use(ask_id)
        except RenkeiError as error:
            return error
        raise AssertionError("the ask was approved")


KIT = WebKit([PACKAGE])


def make_world(db: Database, *, now: datetime = NOW, **changes: Any) -> World:
    clock = MovableClock(now)
    settings = Settings(base_url=BASE, agents=("http://127.0.0.1:35970",), test_card="http://nation.example/test-card")
    means = Means(
        db=db, clock=clock, settings=settings, kit=KIT, status=changes.pop("status", Nobody()), pairwise_key=b"p" * 32,
        session_key=b"s" * 32,
    )  # fmt: skip
    return World(means=means, clock=clock, session=session(now=now), **changes)


def ask(*, now: datetime = NOW, life: timedelta = timedelta(minutes=10), **changes: Any) -> Ask:
    """A bank asks for name and address."""
    now_ms = int(now.timestamp() * 1000)
    made: dict[str, Any] = {
        "ask_id": "ask-1", "realm": Realm.MAIN, "kind": AskKind.CODE, "client_id": "bank",
        "scopes": ("openid", "name", "address"), "made_ms": now_ms,
        "expires_ms": now_ms + life // timedelta(milliseconds=1),
        "returns": Return(redirect_uri="https://bank.example/cb", state="s", nonce="n", code_challenge="c"),
    }  # fmt: skip
    made |= changes
    if made["kind"] is not AskKind.CODE:
        made["returns"] = None
    return Ask(**made)


def field_of(html: str, name: str) -> str:
    """Value of a hidden field."""
    return html.partition(f'name="{name}" value="')[2].partition('"')[0]
