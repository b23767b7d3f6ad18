"""The country's pages and interfaces as one application on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from renkei.assembly.country import Country
from renkei.channels.front.web import PACKAGE as FRONT
from renkei.channels.front.web.pages import BodyCounts, CountryCounts, front_handlers
from renkei.channels.portal.web import PACKAGE as PORTAL
from renkei.channels.portal.web.pages import portal_handlers
from renkei.contracts.standins import DemoSignIn
from renkei.institutions.gateway import queries as gateway_queries
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.institutions.gateway.web import PACKAGE as GATEWAY
from renkei.institutions.gateway.web.console import console_handlers
from renkei.institutions.linkage import queries as core_queries
from renkei.platform.http_server import HostApp
from renkei.platform.web.kit import Site, WebKit
from renkei.platform.web.pages import error_pages, page_router, static_handler

PACKAGES = (FRONT, PORTAL, GATEWAY)


def build_site(
    country: Country,
    *,
    sign_in: DemoSignIn,
    residents: int,
    kit: WebKit | None = None,
    more: Sequence[ControllerRouterHandler] = (),
    interfaces: Sequence[ControllerRouterHandler] = (),
) -> HostApp:
    """Every page of the country, and every party's signed endpoints by authority.

    Args:
        residents: how many people live here, for the front page.
        kit: with the packages of `more`; made for the country's own pages where it is None.
        more: further pages (agencies).
        interfaces: handlers that are not pages (the published API).
    """
    pages_kit = kit or WebKit(PACKAGES, site=Site())

    def tenant_of(body_id: str) -> Tenant:
        return country.bodies[body_id].gateway.tenant

    async def counts() -> CountryCounts:
        return await count(country, residents)

    handlers: list[ControllerRouterHandler] = [
        *front_handlers(kit=pages_kit, counts=counts),
        *portal_handlers(kit=pages_kit, portal=country.portal, words=country.words, sign_in=sign_in),
        *console_handlers(kit=pages_kit, tenant_of=tenant_of, words=country.words, sign_in=sign_in),
        *more,
    ]
    app = Litestar(
        [page_router(pages_kit, handlers), static_handler(pages_kit), *interfaces],
        exception_handlers=error_pages(pages_kit),
        openapi_config=None,
    )
    host = HostApp(pages=app)  # type: ignore[arg-type]
    for party in country.apps():
        host.register(party)
    return host


async def count(country: Country, residents: int) -> CountryCounts:
    """Live counts of the country, taken from the parties themselves."""
    core = await country.core.core.db.read(core_queries.counts)
    found = await asyncio.gather(
        *(node.gateway.tenant.db.read(gateway_queries.counts) for node in country.bodies.values())
    )
    bodies = []
    for node, counted in zip(country.bodies.values(), found, strict=True):
        entry = country.directory.entry(node.plan.body_id)
        bodies.append(
            BodyCounts(
                entry.body_id, entry.name_ja, entry.name_en, entry.state, counted["persons"], counted["copies"],
                counted["asked"], counted["answered"],
            )
        )  # fmt: skip
    return CountryCounts(residents, core["codes"], core["exchanges"], bodies)
