"""A provider with its ways in, its protocol, its approval page, its proxies and its staff realm, and two services that
rely on it: the portal, and a console of staff. One application; the services call the provider by HTTP messages.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from httpx import Cookies
from litestar import Litestar, Response, get
from litestar.testing import TestClient
from sqlalchemy import MetaData
from tests.contract.identity_ways_in.world import (
    HANAKO,
    NOW,
    ORIGIN,
    PATH,
    Links,
    Person,
    Status,
    assertion,
    task_on,
)
from tests.contract.identity_ways_in.world import key as card_key

from renkei.channels.portal.operations import AccessView
from renkei.channels.portal.web import PACKAGE as PORTAL
from renkei.channels.portal.web.pages import portal_handlers
from renkei.contracts.card_agent import Key, Receipt
from renkei.contracts.directory import Directory
from renkei.contracts.identity import EXCHANGE_GRANT, Realm, SignedIn, StaffUser
from renkei.contracts.identity_tokens import StaffClaims, staff_user
from renkei.contracts.staff import Role
from renkei.contracts.words import Words
from renkei.crypto.person_certificates import CertificateItems, PersonCertificate, read_person_certificate
from renkei.crypto.signing_keys import SoftwareKey
from renkei.institutions.card import store as card_store
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.service import CardAuthority
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.staff import Enrolment, Staff
from renkei.institutions.identity.operations import clients, terminals
from renkei.institutions.identity.operations import staff as staff_operations
from renkei.institutions.identity.operations.card_signin import CardTrust, Statuses
from renkei.institutions.identity.operations.exchange import exchange_grant
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.logout import SessionEnds
from renkei.institutions.identity.operations.proxies import offers
from renkei.institutions.identity.queries import accounts
from renkei.institutions.identity.queries.staff import staff_claims
from renkei.institutions.identity.web import PACKAGE, approve, finish, signing_out, staff
from renkei.institutions.identity.web.asks.people import people_of
from renkei.institutions.identity.web.endpoints import endpoints
from renkei.institutions.identity.web.staff_enter import TERMINAL_COOKIE, StaffDoor
from renkei.institutions.identity.web.ways import Ways
from renkei.institutions.identity.web.ways_in import handlers as ways_in
from renkei.law import LawBook
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.openid import RelyingParty
from renkei.platform.openid.errors import ProviderUnreachable
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages, page_router, static_handler
from renkei.platform.web.rp_door import Door, arrival_as
from renkei.platform.web.rp_sessions import RpSessions, define_rp_session_table
from renkei.platform.wire import Response as WireResponse

BODY, SECTION = "m-131121", "child-allowance"
METADATA = MetaData()
PORTAL_TABLE = define_rp_session_table(METADATA, "portal_session")
DESK_TABLE = define_rp_session_table(METADATA, "desk_session")
__all__ = ["BODY", "ORIGIN", "PATH", "SECTION", "Browser", "Person", "Site", "World"]


@cache
def whole_kit() -> WebKit:
    return WebKit([PACKAGE, PORTAL])


class AsgiHttp:
    """HTTP to an application of this process; belongs to whoever runs it."""

    def __init__(self) -> None:
        self.app: Any = None
        self.down = False
        self.asked: list[str] = []

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> WireResponse:
        if self.down:
            raise ProviderUnreachable()
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == ORIGIN
        self.asked.append(parts.path)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": parts.scheme,
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in {"host": parts.netloc, **headers}.items()],
            "server": (parts.netloc, 443), "client": ("127.0.0.1", 1), "root_path": "", "extensions": {}, "state": {},
        }  # fmt: skip
        sent: list[Any] = []
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            return next(given)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return WireResponse(sent[0]["status"], answered, b"".join(one.get("body", b"") for one in sent[1:]))


class QuietPortal:
    """The portal, with nothing to tell yet: who asked for whose list."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, str]] = []

    async def access(self, account_id: str, *, older_than: str = "", actor: str = "") -> AccessView:
        self.asked.append((account_id, actor))
        return AccessView([], 0)


@dataclass
class Site:
    """A service, as the test looks into it."""

    rp: RelyingParty
    sessions: RpSessions
    come: list[SignedIn] = field(default_factory=list)


class World:
    """The provider and its services."""

    def __init__(self, db: Database, *, test_terminals: bool = False) -> None:
        self.db, self.clock = db, MovableClock(NOW)
        self.card_db = Database.open("sqlite://", metadata=card_store.metadata)
        self.authority = CardAuthority(self.card_db, keys=Keys(), base_url="https://jpki.example", clock=self.clock)
        asyncio.run(self.authority.start())
        self.services_db = Database.open("sqlite://", metadata=METADATA)
        self.settings = Settings(
            base_url=ORIGIN + PATH, agents=("http://127.0.0.1:35970",), test_card=f"{ORIGIN}/test-card"
        )
        self.kit, status = whole_kit(), Status(self.authority)
        self.means = Means(
            db=db, clock=self.clock, settings=self.settings, kit=self.kit, status=status, pairwise_key=b"p" * 32,
            session_key=b"s" * 32,
        )  # fmt: skip
        self.staff_door = StaffDoor(self.means, test_terminals=test_terminals)
        self.keys = {
            realm: ProviderKeys(self.settings.issuer(realm), realm=realm, store=Keys(), clock=self.clock)
            for realm in Realm
        }
        self.calls = AsgiHttp()
        self.told: list[str] = []
        self.ends = SessionEnds(self.means, self.keys, self._post)
        authorities = self.authority.authorities()
        trust = CardTrust(authorities, Statuses(status, authorities), Links(self.authority))
        self.ways = Ways(self.means, trust, ended=self.ends.ended, closed=self.ends.closed, staff=self.staff_door)
        self.portal = self._site("portal", PORTAL_TABLE, Realm.MAIN, ("openid", "name", "proxies"))
        self.desk = self._site("desk", DESK_TABLE, Realm.STAFF, ("openid",))
        self.quiet = QuietPortal(self.clock)
        self.app = self.calls.app = Litestar(
            [*self._provider(), *self._services(), static_handler(self.kit)],
            exception_handlers=error_pages(self.kit), openapi_config=None,
        )  # fmt: skip

        self.http = TestClient(self.app, base_url=ORIGIN)
        self.http.__enter__()

    def close(self) -> None:
        self.http.__exit__(None, None, None)
        self.services_db.close()
        self.card_db.close()

    def browser(self, agent: str = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0") -> Browser:
        return Browser(self, agent)

    # --- people and clerks ---

    def person(self, holder: str = "h-1", items: CertificateItems = HANAKO) -> Person:
        """Somebody with a new card."""
        made = Person(holder, items)
        made.keys = {one: card_key(f"{holder}-{one}") for one in Key}
        application = Application(
            holder=holder, items=items, card_expires=date(2035, 2, 17),
            authentication_key=made.keys[Key.AUTHENTICATION].public_key,
            signature_key=made.keys[Key.SIGNATURE].public_key,
        )  # fmt: skip
        made.issued = asyncio.run(self.authority.issue(application, user="clerk-1"))
        return made

    def certificate(self, person: Person) -> PersonCertificate:
        assert person.issued is not None
        return read_person_certificate(
            person.issued.authentication.der, authorities=self.ways.trust.authorities, at=self.clock.now()
        )

    def clerk(
        self, person: Person, *, staff_id: str = "setagaya-01", body: str = BODY, section: str = SECTION,
        roles: tuple[Role, ...] = (Role.ASKER,), affairs: tuple[str, ...] = ("107",), name: str = "見本 職員",
    ) -> Staff:  # fmt: skip
        """Enrol a clerk and bind the card at once."""
        wanted = Enrolment(staff_id, section, name, frozenset(roles), frozenset(affairs))
        now, key = self.clock.now(), self.means.session_key
        with self.db.writing() as conn:
            made = staff_operations.enrol(conn, wanted, body_id=body, by="test", key=key, now=now)
            shown = self.certificate(person)
            return staff_operations.bind_card(
                conn, made, shown, test=False, new_account_id=secrets.token_urlsafe(32), now=now
            )

    def terminal(self, browser: Browser, body: str = BODY) -> str:
        """Make this browser a registered terminal of a body."""
        now, key, secret = self.clock.now(), self.means.session_key, secrets.token_urlsafe(32)
        with self.db.writing() as conn:
            made = terminals.prepare(conn, body_id=body, place="窓口", by="test", key=key, now=now)
            terminals.register(
                conn, code_hash=terminals.code_hash_of(key, terminals.code_for(made, key)),
                secret_hash=terminals.secret_hash_of(key, secret), now=now,
            )  # fmt: skip
        browser.jar.set(TERMINAL_COOKIE, secret, domain="id.nation.example", path=PATH)
        return made.terminal_id

    # --- services ---

    def _site(self, name: str, table: Any, realm: Realm, scopes: tuple[str, ...]) -> Site:
        rp = RelyingParty(
            client_id=name, issuer=self.settings.issuer(realm), key=card_key(f"client-{name}", "ES256"),
            redirect_uri=f"{ORIGIN}/{name}/return", http=self.calls, clock=self.clock, scopes=scopes,
        )  # fmt: skip
        sessions = RpSessions(
            self.services_db, table, key=b"r" * 32, clock=self.clock, path=f"/{name}", cookie=f"{name}_session"
        )
        client = Client(
            client_id=name, realm=realm, name_ja="マイポータル", name_en="My Portal", sector=f"{name}.nation.example",
            public_body=True, redirect_uris=(rp.redirect_uri,), logout_uris=(f"{ORIGIN}/{name}/signed-out",),
            backchannel_logout_uri=f"{ORIGIN}/{name}/backchannel-logout", jwks=(rp.public_jwk,),
            scopes=frozenset(scopes), grants=frozenset(("authorization_code", "refresh_token", EXCHANGE_GRANT)),
            first_party=True,
        )  # fmt: skip
        with self.db.writing() as conn:
            clients.register(conn, client, self.clock.now())
        return Site(rp, sessions)

    def _provider(self) -> list[Any]:
        async def set_task(*_: Any) -> str:
            raise AssertionError("nothing is signed here")

        people = people_of(self.means, client_of=clients.get, revoked=self.ends.revoked)
        made: list[Any] = [*ways_in(self.ways), *approve.handlers(self.means, people, set_task=set_task)]
        made += signing_out.handlers(self.means, self.keys, self.ends)
        made.append(page_router(self.kit, finish.handlers(self.means)))
        exchange = {EXCHANGE_GRANT: exchange_grant(self.means, self.keys[Realm.MAIN])}
        made += endpoints(
            self.means, self.keys[Realm.MAIN], extra_grants=exchange, claims_of=accounts.claims_of, offers=offers
        )
        made += endpoints(self.means, self.keys[Realm.STAFF], id_claims=staff_claims)
        names = [staff.SectionName(SECTION, "子ども家庭課"), staff.SectionName("desk", "住民課")]
        made += staff.handlers(
            self.means, self.staff_door, sections_of=lambda body, language: names, ended=self.ends.ended
        )
        return made

    def _services(self) -> list[Any]:
        async def welcome(person: SignedIn) -> None:
            self.portal.come.append(person)

        portal = portal_handlers(
            kit=self.kit, portal=self.quiet, words=Words(Directory([]), LawBook.load()), rp=self.portal.rp,  # type: ignore[arg-type]
            sessions=self.portal.sessions, welcome=welcome, manage_href=f"{PATH}/proxies",
        )  # fmt: skip
        door = Door(
            kit=self.kit, rp=self.desk.rp, sessions=self.desk.sessions, clock=self.clock, home="/desk",
            arrive=arrival_as(lambda grant: staff_user(grant.read(StaffClaims))),
        )  # fmt: skip

        @get("/desk")
        async def home(request: AnyRequest) -> Response[str]:
            session = await door.current(request)
            if session is None:
                return Response("nobody", media_type="text/plain")
            user = session.read(StaffUser)
            said = [user.staff_id, user.body_id, user.section, *sorted(user.roles | user.affairs), user.terminal]
            return Response(" ".join(said), media_type="text/plain")

        return [page_router(self.kit, [*portal, *door.handlers(), home])]

    async def _post(self, url: str, form: Mapping[str, str]) -> None:
        self.told.append(url)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await self.calls.send("POST", url, headers=headers, body=urlencode(form).encode())
        assert answer.status == 200, answer.body


class Browser:
    """A browser without scripts, and beside it a card agent that has whatever card it is handed."""

    def __init__(self, world: World, agent: str) -> None:
        self.world, self.jar = world, Cookies()
        self.headers = {"accept-language": "en", "user-agent": agent, "sec-fetch-site": "same-origin"}

    def get(self, path: str, *, onward: bool = True, elsewhere: bool = False, **query: str) -> Any:
        """Open an address.

        Args:
            onward: follow redirects.
            elsewhere: from a link of another site.
        """
        return self._send("GET", path, onward, elsewhere, params=query or None)

    def post(self, path: str, data: Mapping[str, str] | None = None, *, onward: bool = True) -> Any:
        return self._send("POST", path, onward, elsewhere=False, data=dict(data or {}))

    def show_card(
        self, page: Any, person: Person, *, onward: bool = True, software: bool = False, **fields: str
    ) -> Any:
        """On the provider's page of ways in: choose the card, use it, come back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(page.url)).query).items()}
        form = {"way": "test" if software else "card0", **query, **fields}
        task = task_on(self.post(f"{PATH}/sign-in", form))
        answer = self.world.http.post(
            urlsplit(task.deliver).path, content=msgspec.json.encode(assertion(task, person, software=software)),
            headers={"content-type": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        code = msgspec.json.decode(answer.content, type=Receipt).code
        return self.get(urlsplit(task.back).path, onward=onward, elsewhere=True, txn=task.txn, code=code)

    def cookie(self, name: str) -> str:
        return next((cookie.value or "" for cookie in self.jar.jar if cookie.name == name), "")

    def forget(self, name: str) -> None:
        kept = Cookies()
        for cookie in self.jar.jar:
            if cookie.name != name:
                kept.jar.set_cookie(cookie)
        self.jar = kept

    def _send(self, method: str, path: str, onward: bool, elsewhere: bool, **more: Any) -> Any:
        client = self.world.http
        client.cookies = self.jar
        headers = self.headers | ({"sec-fetch-site": "cross-site"} if elsewhere else {})
        answer = client.request(method, path, headers=headers, follow_redirects=onward, **more)
        self.jar = Cookies(client.cookies)
        client.cookies = Cookies()
        return answer


class Keys:
    """Signing keys in memory."""

    def obtain(self, name: str, algorithm: Any) -> SoftwareKey:
        return card_key(name, algorithm)
