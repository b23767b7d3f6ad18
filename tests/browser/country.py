"""A whole country behind a real port, in a thread of its own, for the tests that use it as a visitor does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from renkei.assembly.demo import CHILD_SECTION, PENSION_SECTION, Demonstration, open_demonstration
from renkei.assembly.loading import own_number
from renkei.assembly.site import build_site
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import Inquiry, InquiryBatch, InquiryResult
from renkei.platform.http_server import HttpServer

T = TypeVar("T")
RESIDENTS = 200


class Live:
    """The demonstration as `renkei demo` serves it.

    Example:
        live = Live(folder); live.url; live.run(live.demonstration.country.settle()); live.close()
    """

    demonstration: Demonstration

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float = 60) -> T:
        """Do something inside the country's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        """Stop serving and close every store."""
        self.run(self._server.stop())
        self.run(self.demonstration.country.stop())
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

    async def _open(self) -> str:
        self.demonstration = await open_demonstration(self.folder, seed=1, residents=RESIDENTS)
        nation = self.demonstration.nation
        site = build_site(
            self.demonstration.country, self.demonstration.agencies, sign_in=self.demonstration.sign_in,
            residents=RESIDENTS, claimants=[own_number(persona.person) for persona in nation.personas()],
        )  # fmt: skip
        self._server = HttpServer(site, port=0)
        await self._server.start()
        return self._server.url
