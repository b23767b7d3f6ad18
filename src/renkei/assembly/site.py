"""The country's pages and interfaces as one application on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from renkei.assembly.agencies import JPS, Agencies
from renkei.assembly.country import Country
from renkei.assembly.rest import schema_handlers
from renkei.channels.front.web import PACKAGE as FRONT
from renkei.channels.front.web.pages import BodyCounts, CountryCounts, front_handlers
from renkei.channels.portal.web import PACKAGE as PORTAL
from renkei.channels.portal.web.pages import portal_handlers
from renkei.contracts.evidence import write_evidence
from renkei.contracts.standins import DemoSignIn
from renkei.institutions.agencies.pension.web import PACKAGE as PENSION
from renkei.institutions.agencies.pension.web.pages import routes as pension_routes
from renkei.institutions.gateway import queries as gateway_queries
from renkei.institutions.gateway.operations.evidence import Holder, export_evidence
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.institutions.gateway.web import PACKAGE as GATEWAY
from renkei.institutions.gateway.web.console import console_handlers
from renkei.institutions.linkage import queries as core_queries
from renkei.platform.http_server import HostApp
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import Place, Site, WebKit
from renkei.platform.web.pages import download, error_pages, page_router, static_handler, word

PENSION_CLERK = "jps-clerk-01"
EVIDENCE_PATH = "/pension/evidence"
PACKAGES = (FRONT, PORTAL, GATEWAY, PENSION)
PLACES = (
    Place(href="/", ja="入口", en="Front page"),
    Place(href="/pension", ja="年金事務所", en="Pension office"),
    Place(href="/portal", ja="マイポータル", en="My Portal"),
    Place(href="/gateway", ja="職員の画面", en="Clerk's console"),
)


def build_site(
    country: Country,
    agencies: Agencies,
    *,
    sign_in: DemoSignIn,
    residents: int,
    claimants: Sequence[str] = (),
) -> HostApp:
    """Every page of the country, and every party's signed endpoints by authority.

    Args:
        residents: how many people live here, for the front page.
        claimants: own numbers that the pension office shows first among those who may claim.
    """
    pages_kit = WebKit(PACKAGES, site=Site(places=PLACES))

    def tenant_of(body_id: str) -> Tenant:
        return country.bodies[body_id].gateway.tenant

    async def counts() -> CountryCounts:
        return await count(country, residents)

    handlers: list[ControllerRouterHandler] = [
        *front_handlers(kit=pages_kit, counts=counts, folder=str(country.folder)),
        *portal_handlers(kit=pages_kit, portal=country.portal, words=country.words, sign_in=sign_in),
        *console_handlers(kit=pages_kit, tenant_of=tenant_of, words=country.words, sign_in=sign_in),
        *pension_routes(
            kit=pages_kit,
            office=agencies.pension,
            words=country.words,
            evidence_href=lambda number: f"{EVIDENCE_PATH}/{number}.json",
            user_of=lambda _: PENSION_CLERK,
            claimants=claimants,
            standins=lambda language: [pages_kit.text(Language(language), "gateway.standin_pension")],
            portal_href="/portal",
        ),
        evidence_handler(country),
    ]
    app = Litestar(
        [page_router(pages_kit, handlers), static_handler(pages_kit), *schema_handlers()],
        exception_handlers=error_pages(pages_kit),
        openapi_config=None,
    )
    host = HostApp(pages=app)  # type: ignore[arg-type]
    for party in country.apps():
        host.register(party)
    return host


def evidence_handler(country: Country) -> HTTPRouteHandler:
    """Saves the evidence of an exchange of the pension office as a file."""

    @get(EVIDENCE_PATH + "/{name:str}")
    async def save(name: FromPath[str]) -> Response[bytes]:
        number = word(name).removesuffix(".json")
        return download(await evidence_file(country, JPS, number, user=PENSION_CLERK), f"evidence-{number}.json")

    return save


async def evidence_file(country: Country, body_id: str, number: str, *, user: str) -> bytes:
    """Evidence of one exchange that a body asked for, as the content of a file.

    Raises:
        EvidenceMissing, EvidenceIncomplete: there is none, or not yet.
    """
    node = country.bodies[body_id]
    tenant = node.gateway.tenant
    holder = Holder(body_id, tenant.key, tenant.log, country.directory, synthetic=True)
    now = country.clock.now()
    found = await tenant.db.write(lambda conn: export_evidence(conn, number, holder=holder, user=user, now=now))
    return write_evidence(found)


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
                counted["asked"], counted["answered"], counted["waiting"],
            )
        )  # fmt: skip
    return CountryCounts(residents, core["codes"], core["exchanges"], bodies)
