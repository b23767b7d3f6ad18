"""A provider with people who have cards, browsers, an agent that answers by hand, the real authority behind OCSP."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from httpx import Cookies
from litestar import Litestar
from litestar.testing import TestClient

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import Assertion, Key, Receipt, Task, challenge_bytes
from renkei.crypto.person_certificates import CertificateItems
from renkei.crypto.signing_keys import Algorithm, SoftwareKey
from renkei.institutions.card import store as card_store
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.model.standing import Issued
from renkei.institutions.card.service import CardAuthority
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.accounts import CertificateId
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.operations.card_signin import CardTrust, Statuses
from renkei.institutions.identity.web import PACKAGE
from renkei.institutions.identity.web.ways import Door, Ways
from renkei.institutions.identity.web.ways_in import handlers, sweep
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.errors import PeerUnreachable
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import error_pages, static_handler

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
ORIGIN = "https://id.nation.example"
PATH = "/identity"
CHROME = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"
AGENT = "http://127.0.0.1:35970"
HANAKO = CertificateItems.of(
    name="見本　花子", sex="female", birth=date(1980, 2, 17), address="東京都千代田区見本町１－２－３",
    name_substitutes="01000",
)  # fmt: skip
JIRO = CertificateItems.of(name="架空　次郎", sex="male", birth=date(1975, 5, 5), address="見本県架空市４－５")
MOVED = CertificateItems.of(name="見本　花子", sex="female", birth=date(1980, 2, 17), address="見本県模範市９－９")


class Keys:
    """Keys in memory, made once for all tests of a process: RSA takes its time."""

    def obtain(self, name: str, algorithm: Algorithm) -> SoftwareKey:
        return key(name, algorithm)


@cache
def key(name: str, algorithm: Algorithm = "RS256") -> SoftwareKey:
    return SoftwareKey.generate(algorithm)


@dataclass
class Person:
    """Somebody with a card in the hand."""

    holder: str
    items: CertificateItems
    issued: Issued | None = None
    keys: dict[Key, SoftwareKey] = field(default_factory=dict)

    def certificate(self, which: Key) -> bytes:
        assert self.issued is not None
        held = self.issued.authentication if which is Key.AUTHENTICATION else self.issued.signature
        assert held is not None
        return held.der


class Status:
    """The way to the authority's OCSP responder; may be cut."""

    def __init__(self, authority: CardAuthority) -> None:
        self.authority = authority
        self.down = False
        self.asked = 0
        self.answer: bytes | None = None

    async def ask(self, request_der: bytes) -> bytes:
        self.asked += 1
        if self.down:
            raise PeerUnreachable(authority="jpki")
        return self.answer if self.answer is not None else await self.authority.ocsp(request_der)


class Links:
    """What the authority tells of a holder's certificates; may be cut."""

    def __init__(self, authority: CardAuthority) -> None:
        self.authority = authority
        self.down = False

    async def replaced(self, at: CertificateId) -> CertificateId | None:
        if self.down:
            raise PeerUnreachable(authority="jpki")
        found = await self.authority.replaced(at.serial)
        return None if found is None else CertificateId(*found)

    async def partner(self, at: CertificateId) -> CertificateId | None:
        if self.down:
            raise PeerUnreachable(authority="jpki")
        found = await self.authority.partner(at.serial)
        return None if found is None else CertificateId(*found)


class World:
    """One provider."""

    def __init__(
        self, db: Database, *, test_card: bool = True, staff: Door | None = None, origin: str = ORIGIN,
        agents: tuple[str, ...] = (AGENT,),
    ) -> None:  # fmt: skip
        self.db, self.clock = db, MovableClock(NOW)
        self.card_db = Database.open("sqlite://", metadata=card_store.metadata)
        self.authority = CardAuthority(self.card_db, keys=Keys(), base_url="https://jpki.example", clock=self.clock)
        asyncio.run(self.authority.start())
        self.status, self.links = Status(self.authority), Links(self.authority)
        self.settings = Settings(
            base_url=origin + PATH, agents=agents, test_card=origin + "/test-card" if test_card else ""
        )
        self.kit = kit()
        self.origin = origin
        self.means = Means(
            db=db, clock=self.clock, settings=self.settings, kit=self.kit, status=self.status, pairwise_key=b"p" * 32,
            session_key=b"s" * 32,
        )  # fmt: skip
        self.ended: list[str] = []
        self.closed: list[str] = []
        authorities = self.authority.authorities()
        trust = CardTrust(authorities, Statuses(self.status, authorities), self.links)
        self.ways = Ways(self.means, trust, ended=self._ended, closed=self._closed, staff=staff)
        self.app = Litestar(
            [*handlers(self.ways), static_handler(self.kit)], exception_handlers=error_pages(self.kit),
            openapi_config=None, logging_config=None,
        )  # fmt: skip
        self._http: TestClient[Litestar] | None = None

    def browser(self, agent: str = CHROME) -> Browser:
        return Browser(self, agent)

    @property
    def http(self) -> TestClient[Litestar]:
        """One connection for all browsers: several event loops of one application would get in each other's way."""
        if self._http is None:
            self._http = TestClient(self.app, base_url=self.origin)
            self._http.__enter__()
        return self._http

    def close(self) -> None:
        if self._http is not None:
            self._http.__exit__(None, None, None)
        self.card_db.close()

    def person(self, holder: str = "h-1", items: CertificateItems = HANAKO, *, generation: int = 1) -> Person:
        made = Person(holder, items)
        self.issue(made, generation=generation)
        return made

    def issue(self, person: Person, *, renew: bool = False, generation: int = 1) -> None:
        """A new card with new keys."""
        person.keys = {one: key(f"{person.holder}-{one}-{generation}") for one in Key}
        application = Application(
            holder=person.holder, items=person.items, card_expires=date(2035, 2, 17),
            authentication_key=person.keys[Key.AUTHENTICATION].public_key,
            signature_key=person.keys[Key.SIGNATURE].public_key,
        )  # fmt: skip
        work = self.authority.renew if renew else self.authority.issue
        person.issued = asyncio.run(work(application, user="clerk-1"))

    def sweep(self) -> int:
        return asyncio.run(sweep(self.ways))

    def read(self, work: Any, *args: object) -> Any:
        return self.db.read_now(lambda conn: work(conn, *args))

    async def _ended(self, session_id: str) -> None:
        self.ended.append(session_id)

    async def _closed(self, account_id: str) -> None:
        self.closed.append(account_id)


@cache
def kit() -> WebKit:
    return WebKit([PACKAGE])


class Browser:
    """A browser without scripts, and beside it the agent that has the card."""

    def __init__(self, world: World, user_agent: str) -> None:
        self.world = world
        self.jar = Cookies()
        self.headers = {"accept-language": "en", "user-agent": user_agent, "sec-fetch-site": "same-origin"}

    def get(self, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        return self._send("GET", path, headers, more)

    def post(self, path: str, data: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Any:
        return self._send("POST", path, headers, {"data": data or {}})

    def _send(self, method: str, path: str, headers: dict[str, str] | None, more: dict[str, Any]) -> Any:
        """All browsers share one connection to the server; each has its own cookies."""
        client = self.world.http
        client.cookies = self.jar
        answer = client.request(method, path, headers=self.headers | (headers or {}), **more)
        self.jar = Cookies(client.cookies)
        client.cookies = Cookies()
        return answer

    def begin(self, way: str = "card0", *, back: str = f"{PATH}/account", **fields: str) -> Any:
        """Choose a way in; the page of the round, or the choice again."""
        form = {"way": way, "realm": "main", "back": back, "acr": "aal2", **fields}
        return self.post(f"{PATH}/sign-in", form)

    def sign_in(
        self, person: Person, way: str = "card0", *, back: str = f"{PATH}/account", pin: bool = True, **fields: str
    ) -> Any:
        """All the way in; the page after the return from the agent, redirects followed."""
        task = task_on(self.begin(way, back=back, **fields))
        return self.come_back(task, code=self.use_card(task, person, software=way == "test", pin=pin))

    def use_card(self, task: Task, person: Person, *, software: bool = False, pin: bool = True) -> str:
        """What the agent does with the card: the return code."""
        answer = self.deliver(assertion(task, person, software=software, pin=pin), task)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Receipt).code

    def deliver(self, given: Assertion | bytes, task: Task | None = None) -> Any:
        """From the agent, which is no browser and has no cookie."""
        path = urlsplit(task.deliver).path if task else f"{PATH}/card/assertions"
        body = given if isinstance(given, bytes) else msgspec.json.encode(given)
        return self.world.http.post(path, content=body, headers={"content-type": "application/json"})

    def removed(self, task: Task) -> Any:
        path = urlsplit(task.deliver).path
        return self.world.http.post(f"{path}/removed", json={"txn": task.txn, "removed": True})

    def come_back(self, task: Task, **query: str) -> Any:
        headers = {"sec-fetch-site": "cross-site"}
        return self.get(urlsplit(task.back).path, params={"txn": task.txn, **query}, headers=headers)

    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.jar.jar}


def assertion(task: Task, person: Person, *, software: bool = False, pin: bool = True) -> Assertion:
    own = person.keys[task.key]
    message = challenge_bytes(task.origin, task.txn, from_base64url(task.challenge))
    return Assertion(
        txn=task.txn, certificate=to_base64url(person.certificate(task.key)), algorithm=own.algorithm,
        signature=to_base64url(own.sign(message)), medium="software" if software else "card", pin=pin,
    )  # fmt: skip


def task_on(page: Any) -> Task:
    """The task that a page carries to the agent."""
    found = re.search(r'name="task" value="([^"]+)"', page.text)
    assert found, page.text[:2000]
    return msgspec.json.decode(from_base64url(unescape(found[1])), type=Task)


def query_of(url: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(str(url)).query).items()}


__all__ = [
    "HANAKO", "JIRO", "MOVED", "NOW", "ORIGIN", "PATH", "Browser", "Person", "RenkeiError", "World", "assertion",
    "query_of", "task_on",
]  # fmt: skip
