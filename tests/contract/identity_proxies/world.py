"""A provider with people who are signed in, for tests of proxies: real store, sessions, keys and pages."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from litestar import Litestar, Response, get, post
from litestar.testing import TestClient

from renkei.base.time import to_ms
from renkei.contracts.identity import EXCHANGE_GRANT, Acr, Act, ClaimsOf, ProxyKind, Realm, Scope, StaffUser
from renkei.contracts.proofing import ProofingUnknown, ProvenIdentity
from renkei.crypto.signing_keys import SoftwareKeys
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model import proxy_codes
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.proxies import chosen_limits
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.tokens import GrantRequest
from renkei.institutions.identity.operations import exchange, proxies, sessions, tokens
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.queries.sessions import by_secret
from renkei.institutions.identity.queries.sessions import get as session_named
from renkei.institutions.identity.store.accounts import account, claims
from renkei.institutions.identity.web import PACKAGE, helpers, proxy_clerk
from renkei.institutions.identity.web import proxies as pages
from renkei.institutions.identity.web.sessions import cookie_name, new_secret, secret_hash
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages, page_router, see_other, session_cookie, static_handler

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
TODAY = date(2026, 11, 23)
BASE = "http://testserver.local/identity"
THUMBPRINT = "k" * 43
CLIENT = Client(
    client_id="filing", name_ja="見本申告サービス", name_en="Sample Filing", sector="filing.example",
    grants=frozenset(("authorization_code", EXCHANGE_GRANT)),
)  # fmt: skip
PORTAL = Client(
    client_id="portal", name_ja="マイポータル", name_en="My Portal", sector="portal.example", first_party=True,
    grants=frozenset(("authorization_code", EXCHANGE_GRANT)),
)  # fmt: skip
CLIENTS = {one.client_id: one for one in (CLIENT, PORTAL)}


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, also where this thread has a loop of its own, as under a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@cache
def kit() -> WebKit:
    """Made once for all tests of this folder."""
    return WebKit([PACKAGE])


class NoStatus:
    async def ask(self, request_der: bytes) -> bytes:
        raise AssertionError("no certificate is looked at here")


class Proofings:
    """Records of proofing, made up."""

    def __init__(self) -> None:
        self.kept: dict[str, ProvenIdentity] = {}

    def add(self, number: str = "PF-AAAA-BBBB-CCCC", **changes: object) -> ProvenIdentity:
        values: dict[str, Any] = {
            "evidence_id": number, "case": "statutory_agent_counter", "edition": "test", "body_id": "m-131121",
            "measures": ("statutory_authority", "agent_photo", "persons_number_paper"), "clerk": "s-1",
            "at_ms": to_ms(NOW),
        }  # fmt: skip
        self.kept[number] = ProvenIdentity(**{**values, **changes})
        return self.kept[number]

    async def evidence(self, evidence_id: str) -> ProvenIdentity:
        if evidence_id not in self.kept:
            raise ProofingUnknown()
        return self.kept[evidence_id]


def staff(body_id: str = "m-131121") -> StaffUser:
    return StaffUser(
        staff_id="s-1", name="見本職員", body_id=body_id, section="residents", affairs=frozenset(), roles=frozenset(),
        terminal="t-1", sid="sid-staff", acr=Acr.CARD, auth_ms=to_ms(NOW),
    )  # fmt: skip


class World:
    """The provider."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.clock = db, MovableClock(NOW)
        self.kit = kit()
        self.means = Means(
            db=db, clock=self.clock, settings=Settings(base_url=BASE), kit=self.kit, status=NoStatus(),
            pairwise_key=b"p" * 32, session_key=b"s" * 32,
        )  # fmt: skip
        self.keys = ProviderKeys(
            self.means.settings.issuer(Realm.MAIN), realm=Realm.MAIN, store=SoftwareKeys(folder), clock=self.clock
        )
        self.proofings = Proofings()
        self.staff: StaffUser | None = staff()
        self.tax_accountants: set[str] = set()
        self.told: list[str] = []
        self.sessions_over: list[str] = []

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # --- people ---

    def person(self, account_id: str, name: str = "", *, birth: date | None = date(1980, 1, 1)) -> str:
        """An account; with a name where the signature certificate was read."""
        with self.db.writing() as conn:
            conn.execute(
                account.insert().values(
                    account_id=account_id, realm="main", opened_ms=to_ms(NOW), closed_ms=None, test=False
                )
            )
            if name:
                body = ClaimsOf(
                    name=name, name_substitutes="0" * len(name), address="見本市見本町1", address_substitutes="0" * 7,
                    birth=birth, sex="female", verified_ms=to_ms(NOW),
                )  # fmt: skip
                conn.execute(
                    claims.insert().values(
                        account_id=account_id, body=msgspec.json.encode(body), stale=False, issuer_id="i", serial="1"
                    )
                )
        return account_id

    def sign_in(
        self, account_id: str, *, acr: Acr = Acr.CARD, realm: Realm = Realm.MAIN, secret: str = "", **more: object
    ) -> Session:
        """A session that began now."""
        at = to_ms(self.now)
        begun = Session(
            session_id=f"sid-{secrets.token_hex(6)}", realm=realm, account_id=account_id, acr=acr, amr=("sc", "pin"),
            auth_ms=at, started_ms=at, seen_ms=at, device="?", **more,
        )  # fmt: skip
        with self.db.writing() as conn:
            sessions.begin(
                conn, begun, secret_hash=secret_hash(self.means, secret or new_secret()), settings=self.means.settings,
                now=self.now,
            )  # fmt: skip
        return begun

    def sign_in_not_kept(self) -> Session:
        """A session that is over."""
        at = to_ms(self.now)
        return Session(
            session_id="sid-over", realm=Realm.STAFF, account_id="clerk-account", acr=Acr.CARD, amr=(), auth_ms=at,
            started_ms=at, seen_ms=at, device="?",
        )  # fmt: skip

    # --- proxies ---

    def entrust(
        self, principal: str, actor: str, name: str, *, until: date = date(2027, 3, 31), **choice: object
    ) -> str:
        """A mandate from draft to acceptance."""
        picked: dict[str, Any] = {
            "affairs": ["tax", "residence"],
            "acts": ["view", "apply"],
            "from_day": None,
            **choice,
        }
        mine, theirs = self.sign_in(principal), self.sign_in(actor)
        proxy_id = f"x-{secrets.token_hex(8)}"
        limits = chosen_limits(ProxyKind.MANDATE, until=until, today=TODAY, **picked)
        with self.db.writing() as conn:
            proxies.draft(
                conn, mine, proxy_id=proxy_id, kind=ProxyKind.MANDATE, limits=limits, actor_name=name, now=self.now
            )
            proxies.confirm(conn, mine, proxy_id, key=b"s" * 32, now=self.now)
            assert proxies.claim(conn, theirs, self.code(proxy_id), key=b"s" * 32, now=self.now) is not None
            proxies.decide(conn, theirs, proxy_id, accept=True, now=self.now)
        return proxy_id

    def code(self, proxy_id: str) -> str:
        return proxy_codes.code_of(b"s" * 32, proxy_codes.INVITATION, proxy_id)

    # --- tokens ---

    def token(self, session: Session, client: Client = CLIENT, scopes: tuple[str, ...] = ()) -> str:
        """An access token of somebody who is signed in at a client."""
        four = (Scope.OPENID, Scope.NAME, Scope.ADDRESS, Scope.PROXIES, Scope.OFFLINE)
        approved = Approved(
            ask_id="a", realm=Realm.MAIN, client_id=client.client_id, account_id=session.account_id,
            session_id=session.session_id, acr=session.acr, amr=session.amr, auth_ms=session.auth_ms,
            scopes=scopes or tuple(scope.value for scope in four), nonce="n",
        )  # fmt: skip
        answer = run(tokens.issue(self.means, self.keys, approved, client, key_thumbprint=THUMBPRINT))
        return answer.access_token

    def exchange(
        self, token: str, proxy_id: str, *, client: Client = CLIENT, thumbprint: str = THUMBPRINT,
        act: Act | None = None, affairs: str = "", **parameters: str | None,
    ):  # fmt: skip
        """Ask for a token to act."""
        detail: dict[str, object] = {"type": "urn:renkei:proxy", "proxy_id": proxy_id}
        if act is not None:
            detail |= {"act": act, "affairs": affairs}
        sent = {
            "grant_type": EXCHANGE_GRANT, "subject_token": token, "subject_token_type": exchange.ACCESS_TOKEN,
            "authorization_details": msgspec.json.encode([detail]).decode(), **parameters,
        }  # fmt: skip
        handle = exchange.exchange_grant(self.means, self.keys)
        given = {name: value for name, value in sent.items() if value is not None}
        return run(handle(GrantRequest(client, given, thumbprint)))

    # --- pages ---

    def app(self) -> Litestar:
        """Every page of this area, and a stand-in for the sign-in's own pages."""

        async def registered(account_id: str) -> bool:
            return account_id in self.tax_accountants

        async def staff_of(request: AnyRequest) -> StaffUser | None:
            session = session_cookie_of(request, Realm.STAFF)
            return self.staff if session else None

        async def session_ended(session_id: str) -> None:
            self.sessions_over.append(session_id)

        parts = pages.Parts(
            means=self.means, client_of=lambda conn, name: CLIENTS.get(name), registered=registered
        )  # fmt: skip
        routes = [
            *pages.handlers(parts),
            *proxy_clerk.handlers(parts, staff_of=staff_of, proofing=self.proofings),
            *helpers.handlers(parts, staff_of=staff_of, session_ended=session_ended),
            page_router(self.kit, self._doors()),
            static_handler(self.kit),
        ]
        return Litestar(routes, exception_handlers=error_pages(self.kit), openapi_config=None)

    def _doors(self) -> list[Any]:
        """Sign-in without a card: `?as=` names the account. A fresh one renews the session that is there."""

        @get("/identity/enter")
        async def enter(request: AnyRequest) -> Response[str]:
            realm = Realm(request.query_params.get("realm", "main"))
            secret = new_secret()
            self.sign_in(request.query_params["as"], realm=realm, secret=secret)
            cookie = session_cookie(request, cookie_name(realm), secret, path="/identity")
            return see_other(request.query_params.get("back", "/identity/proxies"), cookies=[cookie])

        @get("/identity/sign-in")
        async def sign_in(request: AnyRequest) -> Response[str]:
            realm = Realm(request.query_params.get("realm", "main"))
            secret = session_cookie_of(request, realm)
            if secret and "fresh" in request.query_params:
                self.prove_again(secret)
                return see_other(request.query_params["back"])
            return see_other("/identity/signed-out")

        @get("/identity/signed-out")
        async def signed_out(request: AnyRequest) -> Response[str]:
            return Response("signed out", media_type="text/plain")

        @post("/identity/sign-out", status_code=200)
        async def sign_out(request: AnyRequest) -> Response[str]:
            return see_other("/identity/signed-out")

        return [enter, sign_in, signed_out, sign_out]

    def prove_again(self, secret: str) -> None:
        """The card was shown again in this browser."""
        hashed = secret_hash(self.means, secret)
        with self.db.writing() as conn:
            found = by_secret(conn, hashed, self.now)
            assert found is not None
            sessions.prove_again(
                conn, found.session, secret_hash=hashed, acr=Acr.CARD, amr=("sc", "pin"), test=False, now=self.now
            )

    def browser(self, account_id: str = "", *, realm: Realm = Realm.MAIN, **more: object) -> Browser:
        """A browser, signed in where an account is given."""
        made = Browser(self)
        if account_id:
            made.enter(account_id, realm=realm, **more)
        return made

    def session(self, session_id: str) -> Session | None:
        with self.db.reading() as conn:
            return session_named(conn, session_id, self.now)


def session_cookie_of(request: AnyRequest, realm: Realm) -> str:
    return str(request.cookies.get(cookie_name(realm), ""))


class Browser:
    """One person's browser: keeps cookies, follows no redirect by itself."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = TestClient(world.app(), base_url="http://testserver.local")

    def enter(self, account_id: str, *, realm: Realm = Realm.MAIN, **more: object) -> Session:
        secret = new_secret()
        begun = self.world.sign_in(account_id, realm=realm, secret=secret, **more)
        self.client.cookies.set(cookie_name(realm), secret, path="/identity")
        return begun

    def get(self, path: str):
        return self.client.get(f"/identity{path}", follow_redirects=False)

    def post(self, path: str, **data: object):
        return self.client.post(
            f"/identity{path}", data=data, follow_redirects=False, headers={"Sec-Fetch-Site": "same-origin"}
        )

    def follow(self, response) -> Any:
        """Go where a redirect leads, to the end."""
        for _ in range(6):
            if response.status_code != 303:
                return response
            response = self.client.get(response.headers["location"], follow_redirects=False)
        raise AssertionError("a redirect without end")
