"""A whole country behind a real port, in a thread of its own, for the tests that use it as a visitor does."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, Page

from renkei.assembly.agencies import PENSION_SECTION
from renkei.assembly.cards import PIN
from renkei.assembly.demo import CHILD_SECTION, Demonstration, Served, open_demonstration, open_site
from renkei.assembly.loading import own_number
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import Inquiry, InquiryBatch, InquiryResult
from renkei.platform.http_server import HttpServer

T = TypeVar("T")
RESIDENTS = 200
HOMES = {"/portal": "/portal", "/pension": "/pension", "/gateway": "/gateway/console"}
"""Where one is after signing in, by the place at which one signed in."""


class Live:
    """The demonstration as `renkei demo` serves it.

    Example:
        live = Live(folder); live.url; live.run(live.demonstration.country.settle()); live.close()
    """

    served: Served

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[tuple[str, str], list[Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = self.run(self._open())

    @property
    def demonstration(self) -> Demonstration:
        """The country, and what a visitor is told of it."""
        return self.served.demonstration

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float = 60) -> T:
        """Do something inside the country's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        """Stop serving and close every store."""
        self.run(self._server.stop())
        self.run(self.served.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def persona(self, slug: str) -> Any:
        """One of the people whom a visitor may be."""
        return next(persona for persona in self.demonstration.nation.personas() if persona.slug == slug)

    def ask(self, slug: str, *, batch: str, count: int = 1, hidden: bool = False) -> list[InquiryResult]:
        """Inquiries about a persona for whom a case is prepared, by the body whose case it is."""
        persona = self.persona(slug)
        home = persona.household.municipality.body_id
        if slug == "mother":
            body, system, section, case, affairs = home, "residents", CHILD_SECTION, "sample-3", "107.1"
            information, provider = "pension_benefit", "jps"
        else:
            body, system, section, case, affairs = "jps", "pension", PENSION_SECTION, "sample-2", "73.2"
            information, provider = "local_tax", home
        inquiries = [
            Inquiry(
                ref=str(at), address_number=own_number(persona.person), case=case, affairs=affairs,
                information=information, provider=provider, hidden=hidden,
            )
            for at in range(count)
        ]  # fmt: skip
        asked = InquiryBatch(batch=batch, section=section, user="test", purpose=Purpose.REVIEW, inquiries=inquiries)
        country = self.demonstration.country
        found = self.run(country.bodies[body].relay(system).inquire(asked)).results
        self.run(country.settle())
        assert all(result.outcome in (Outcome.GIVEN, Outcome.NONE) for result in found)
        return found

    def be(self, page: Page, place: str, slug: str) -> None:
        """Sign in at a place with a test card, or go on with a session that this card began there before."""
        self.known(page.context, place, slug)
        page.goto(self.url + place)
        if page.locator(f"form[action='{place}/sign-in']").count():
            sign_in(page, place, slug)
            page.wait_for_url(f"{self.url}{HOMES[place]}*")
            self._known[place, slug] = [one for one in page.context.cookies() if one["path"] == place]
        page.goto(self.url + HOMES[place])

    def known(self, context: BrowserContext, place: str, slug: str) -> None:
        """Give a browser the session that a card began at a place before, and no other."""
        for path in (place, "/identity"):
            for cookie in context.cookies():
                if cookie["path"] == path:
                    context.clear_cookies(name=cookie["name"], path=path)
        if found := self._known.get((place, slug)):
            context.add_cookies(found)

    def enter(self, context: BrowserContext, place: str, slug: str) -> None:
        """Let a browser be signed in at a place, without going there."""
        if (place, slug) not in self._known:
            assert context.browser is not None
            own = context.browser.new_context(java_script_enabled=False, locale="ja")
            self.be(own.new_page(), place, slug)
            own.close()
        self.known(context, place, slug)

    async def _open(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        demonstration = await open_demonstration(self.folder, seed=1, residents=RESIDENTS)
        self.served = await open_site(demonstration, base_url=f"http://127.0.0.1:{port}")
        self._server = HttpServer(self.served.app, port=port)
        await self._server.start()
        self.served.services.serve()
        return self._server.url


def sign_in(page: Page, place: str, slug: str, *, pin: str = PIN) -> None:
    """From the page of a place through provider and test card, in whichever language, without scripts."""
    page.locator(f"form[action='{place}/sign-in'] button").click()
    page.locator("form[action='/identity/sign-in'] button").click()
    page.locator("form[action*='/test-card/'] button").click()
    page.locator(f"input[value='{slug}']").check()
    page.locator("form[action$='/card'] button").first.click()
    page.locator("input[type=password]").fill(pin)
    page.locator("form[action$='/pin'] button").first.click()
    page.wait_for_url(lambda url: "/test-card/" not in url and "/identity/card/" not in url)
    page.wait_for_load_state()
    # By what is on the page, not by its address, which runs ahead of it while redirects follow one another.
    later, agree = page.locator("main a[href*='/identity/approve/']"), page.locator("button[value=approve]")
    if later.count():
        later.first.click()
        page.wait_for_load_state()
    if agree.count():
        agree.click()
        page.wait_for_load_state()
