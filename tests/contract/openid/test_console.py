"""The gateway's console: a clerk sees and does what section, role and affairs allow (route 2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import MetaData
from tests.network import JPS, SAPPORO, SECTION, Network, address, case_of
from tests.unit.openid.double import made

from renkei.contracts.directory import Directory
from renkei.contracts.identity import Acr, StaffUser
from renkei.contracts.information import LocalTax
from renkei.contracts.standins import DemoCase, DemoClerk
from renkei.contracts.words import Words
from renkei.institutions.gateway import queries
from renkei.institutions.gateway.web import PACKAGE
from renkei.institutions.gateway.web.console import console_handlers
from renkei.platform.database import Database
from renkei.platform.openid import Grant
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import error_pages, page_router
from renkei.platform.web.rp_sessions import RpSessions, define_rp_session_table

PERSON = 1
ASK = {
    "once": "1", "target": f"{case_of(PERSON)}/{address(PERSON)}", "information": "local_tax", "provider": SAPPORO,
}  # fmt: skip
Work = Callable[["Desk"], Awaitable[None]]


class Desk:
    """A console over a small network, and a browser in front of it."""

    def __init__(self, network: Network, sessions: RpSessions, client: AsyncTestClient[Litestar]) -> None:
        self.network, self.sessions, self.client = network, sessions, client

    async def sign_in(self, **changes: object) -> None:
        """As after the provider's answer."""
        values: dict[str, object] = {
            "staff_id": "jps-07", "name": "見本 職員", "body_id": JPS, "section": SECTION,
            "affairs": frozenset(("73",)), "roles": frozenset(("asker", "decider")), "terminal": "t-1", "sid": "sid-1",
            "acr": Acr.CARD, "auth_ms": 0,
        }  # fmt: skip
        user = StaffUser(**{**values, **changes})  # type: ignore[arg-type]
        given = Grant(sub="s", sid="sid-1", acr="aal3", auth_ms=0, access_token="a", expires_ms=0, dpop_key=b"d" * 32)
        self.client.cookies.clear()
        self.client.cookies.set("gateway_session", await self.sessions.create(given, msgspec.json.encode(user)))

    async def get(self, path: str) -> Any:
        return await self.client.get(path, follow_redirects=True)

    async def post(self, path: str, data: dict[str, str]) -> Any:
        return await self.client.post(path, data=data, follow_redirects=True)


def at_desk(folder: Path, work: Work) -> None:
    async def run() -> None:
        network = await Network(folder).start()
        for body in (JPS, SAPPORO):
            await network.give_codes(body, [PERSON])
        await network.give_copies(SAPPORO, "local_tax", [PERSON], LocalTax(years=[]))
        await network.open_cases([PERSON])
        metadata = MetaData()
        table = define_rp_session_table(metadata)
        db = Database.open("sqlite://", metadata=metadata)
        sessions = RpSessions(db, table, key=b"k" * 32, clock=network.clock, path="/gateway", cookie="gateway_session")
        kit = WebKit([PACKAGE])
        rp, _ = made(network.clock, redirect_uri="https://gateway.example/gateway/return")
        handlers = console_handlers(
            kit=kit, tenant_of=lambda body: network.gateways[body].tenant, rp=rp, sessions=sessions,
            words=Words(Directory([]), network.means.book), clock=network.clock,
            cases_guide={case_of(PERSON): DemoCase(case_of(PERSON), "見どころ", "a prepared case")},
            staff_href="/identity/staff",
            samples=[DemoClerk("jps", "見本 職員", JPS, SECTION, "見どころ", "what to see")],
        )  # fmt: skip
        app = Litestar(
            [page_router(kit, handlers)], exception_handlers=error_pages(kit), openapi_config=None, logging_config=None
        )
        async with AsyncTestClient(app) as client:
            client.headers.update({"accept-language": "en", "sec-fetch-site": "same-origin"})
            await work(Desk(network, sessions, client))
        await network.stop()
        db.close()

    asyncio.run(run())


def test_nobody_but_staff_who_are_signed_in_sees_anything(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        page = await desk.get("/gateway")
        assert page.status_code == 200
        assert "what to see" in page.text
        for path in ("/console", "/console/results/x", "/console/pending/1", "/console/evidence/1.json"):
            page = await desk.get(f"/gateway{path}")
            assert page.status_code == 403, path
            assert "Sign in as staff" in page.text
            assert f'value="/gateway{path}"' in page.text
        for path in ("/console/ask", "/console/pending/1"):
            assert (await desk.post(f"/gateway{path}", ASK)).status_code == 403
        assert await desk.network.gateways[JPS].tenant.db.read(
            lambda conn: queries.recent_requests(conn, SECTION)
        ) == []  # fmt: skip

    at_desk(tmp_path, work)


def test_a_clerk_asks_under_the_staff_id_and_sees_the_answer(tmp_path: Path) -> None:
    """番号法23条: the record says who asked; the id is the clerk's own."""

    async def work(desk: Desk) -> None:
        await desk.sign_in()
        page = await desk.get("/gateway")
        assert str(page.url).endswith("/gateway/console")
        assert "見本 職員" in page.text
        assert "a prepared case" in page.text
        page = await desk.post("/gateway/console/ask", ASK)
        assert page.status_code == 200, page.text
        assert "The information was provided" in page.text
        [row] = await desk.network.gateways[JPS].tenant.db.read(lambda conn: queries.recent_requests(conn, SECTION))
        kept = await desk.network.gateways[JPS].tenant.db.read(lambda conn: queries.inquiry_batch(conn, row.batch))
        assert b"jps-07" in bytes(kept.request)
        number = re.search(r"/evidence/(\d+)\.json", page.text)
        assert number is not None
        assert (await desk.get(f"/gateway/console/evidence/{number[1]}.json")).status_code == 200
        await desk.sign_in(roles=frozenset(("decider",)))
        assert (await desk.get(f"/gateway/console/results/{row.batch}")).status_code == 403

    at_desk(tmp_path, work)


@pytest.mark.parametrize("changes", [{"roles": frozenset(("decider",))}, {"affairs": frozenset(("107",))}])
def test_who_is_not_entitled_does_not_ask(tmp_path: Path, changes: dict[str, object]) -> None:
    """Neither without the role, nor about affairs outside of it although the section may."""

    async def work(desk: Desk) -> None:
        await desk.sign_in(**changes)
        page = await desk.get("/gateway/console")
        assert page.status_code == 200
        assert 'action="/gateway/console/ask"' not in page.text
        page = await desk.post("/gateway/console/ask", ASK)
        assert page.status_code in (403, 422)
        assert not await desk.network.gateways[JPS].tenant.db.read(
            lambda conn: queries.recent_requests(conn, SECTION)
        )  # fmt: skip

    at_desk(tmp_path, work)


def test_who_does_not_decide_sees_nothing_that_waits(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.sign_in(roles=frozenset(("asker",)))
        page = await desk.get("/gateway/console")
        assert 'id="waiting"' not in page.text
        assert (await desk.get("/gateway/console/pending/1")).status_code == 403
        assert (await desk.post("/gateway/console/pending/1", {"decision": "withhold"})).status_code == 403

    at_desk(tmp_path, work)


@pytest.mark.parametrize("place", [{"body_id": "nowhere"}, {"section": "elsewhere"}])
def test_staff_from_elsewhere_are_shown_the_way_out(tmp_path: Path, place: dict[str, object]) -> None:
    async def work(desk: Desk) -> None:
        await desk.sign_in(**place)
        page = await desk.get("/gateway/console")
        assert page.status_code == 403
        assert "another body or section" in page.text
        assert "/gateway/sign-out" in page.text

    at_desk(tmp_path, work)


def test_an_administrator_is_led_to_staff_and_terminals_and_does_no_casework(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.sign_in(roles=frozenset(("administrator",)), affairs=frozenset())
        page = await desk.get("/gateway/console")
        assert 'href="/identity/staff"' in page.text
        assert 'action="/gateway/console/ask"' not in page.text
        assert 'id="waiting"' not in page.text
        await desk.sign_in()
        assert "/identity/staff" not in (await desk.get("/gateway/console")).text

    at_desk(tmp_path, work)
