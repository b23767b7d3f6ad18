"""The ways in behind a real port, with test cards on the same site and a card agent at another one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from litestar import Litestar
from tests.contract.identity_ways_in.world import HANAKO, JIRO, PATH, Person, World, key
from tests.unit.card_chip.cards import HOLDER, made

from renkei.base.personal_number import PersonalNumber
from renkei.contracts.card_agent import Key
from renkei.institutions.card.agent.agent import CardAgent
from renkei.institutions.card.agent.delivery import HttpDelivery
from renkei.institutions.card.agent.software_cards import SoftwareCard, SoftwareCards
from renkei.institutions.card.agent.web import PACKAGE as AGENT_PACKAGE
from renkei.institutions.card.agent.web.pages import handlers as agent_handlers
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.personalise import CardKeys, KeyPair, Pins, personalise
from renkei.institutions.identity import store
from renkei.institutions.identity.web import PACKAGE
from renkei.institutions.identity.web.ways_in import handlers
from renkei.platform.database import Database
from renkei.platform.http_server import HttpServer
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import error_pages, static_handler
from renkei.platform.wire import Response

T = TypeVar("T")
PIN, PASSWORD = "1234", "HANAKO2026"


class Site:
    """The provider at `http://localhost:…/identity`, test cards at `/test-card`, an agent at `http://127.0.0.1:…`.

    A name and a number for the same machine are two sites to a browser, as the agent and the provider are in life.
    """

    def __init__(self, folder: Path) -> None:
        self._worker = ThreadPoolExecutor(1)  # the browser's driver keeps an event loop in the test's own thread
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        port, agent_port = _free_port(), _free_port()
        self.origin, self.agent = f"http://localhost:{port}", f"http://127.0.0.1:{agent_port}"
        self.db = Database.open(f"sqlite:///{folder}/identity.db", metadata=store.metadata)
        self.world: World = self.do(lambda: World(self.db, origin=self.origin, agents=(self.agent,)))
        self.people: dict[str, Person] = {
            "hanako": self.do(lambda: self.world.person("h-1", HANAKO)),
            "jiro": self.do(lambda: self.world.person("h-2", JIRO)),
        }
        self.cards = SoftwareCards()
        self.deal()
        self._servers = [
            self._serve(self._site(), port),
            self._serve(self._agent_alone(), agent_port),
        ]

    def do(self, work: Callable[[], T]) -> T:
        """Do something that may run an event loop of its own."""
        return self._worker.submit(work).result(60)

    def deal(self) -> None:
        """Lay down everybody's card as the authority issued it."""
        for slug, person in self.people.items():
            pins = {Key.AUTHENTICATION: PIN, Key.SIGNATURE: PASSWORD}
            name = person.items.name
            self.cards.put(SoftwareCard(slug=slug, ja=name, en=slug.title(), chip=self._chip(person), pins=pins))

    def close(self) -> None:
        for server in self._servers:
            self._run(server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self.do(self.world.close)
        self.db.close()
        self._worker.shutdown()

    # --- parts ---

    def _site(self) -> Litestar:
        kit = WebKit([PACKAGE, AGENT_PACKAGE])
        return Litestar(
            [*handlers(self.world.ways), *agent_handlers(kit, self._card_agent("/test-card")), static_handler(kit)],
            exception_handlers=error_pages(kit), openapi_config=None, logging_config=None,
        )  # fmt: skip

    def _agent_alone(self) -> Litestar:
        kit = WebKit([AGENT_PACKAGE])
        return Litestar(
            [*agent_handlers(kit, self._card_agent("")), static_handler(kit)], exception_handlers=error_pages(kit),
            openapi_config=None, logging_config=None,
        )  # fmt: skip

    def _card_agent(self, path: str) -> CardAgent:
        delivery: list[HttpDelivery] = []  # made in the server's own event loop

        async def deliver(url: str, body: bytes) -> Response:
            if not delivery:
                delivery.append(HttpDelivery([self.origin]))
            return await delivery[0](url, body)

        return CardAgent(source=self.cards, origins=[self.origin], clock=self.world.clock, deliver=deliver, path=path)

    def _chip(self, person: Person) -> Any:
        authority = self.world.authority.anchors[0]
        pairs = {
            which: KeyPair(key=held.private_key, certificate=person.certificate(which), authority=authority)
            for which, held in person.keys.items()
        }
        own = CardKeys(
            authentication=pairs[Key.AUTHENTICATION], signature=pairs[Key.SIGNATURE],
            card=key("card", "RS256").private_key,
        )  # fmt: skip
        birth = person.items.birth
        assert birth is not None
        holder = Holder(
            name=person.items.name, address=person.items.address, birth=birth, sex=person.items.sex,
            personal_number=PersonalNumber.from_eleven("12345678901"), expiry=HOLDER.expiry,
            security_code=HOLDER.security_code, municipality=HOLDER.municipality, serial=HOLDER.serial,
        )  # fmt: skip
        return personalise(
            label=person.holder, holder=holder, card_keys=own, issuer=made().records,
            chosen=Pins(authentication=PIN, signature=PASSWORD),
        )  # fmt: skip

    def _serve(self, app: Litestar, port: int) -> HttpServer:
        async def start() -> HttpServer:
            server = HttpServer(app, port=port)
            await server.start()
            return server

        return self._run(start())

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


__all__ = ["PASSWORD", "PATH", "PIN", "Site"]
