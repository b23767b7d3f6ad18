"""The country's pages and interfaces as one application on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from renkei.assembly.agencies import JPS, PENSION_SECTION, Agencies
from renkei.assembly.country import Country
from renkei.assembly.provider import PATH as IDENTITY_PATH
from renkei.assembly.rest import schema_handlers
from renkei.assembly.services import Services
from renkei.channels.bank.web import PACKAGE as BANK
from renkei.channels.filing.web import PACKAGE as FILING
from renkei.channels.front.web import PACKAGE as FRONT
from renkei.channels.front.web.pages import BodyCounts, CountryCounts, front_handlers
from renkei.channels.portal import store as portal_store
from renkei.channels.portal.web import PACKAGE as PORTAL
from renkei.channels.portal.web.pages import portal_handlers
from renkei.contracts.evidence import write_evidence
from renkei.contracts.identity import StaffUser
from renkei.contracts.staff import StaffElsewhere, StaffSignInNeeded
from renkei.contracts.standins import DemoCase, DemoClerk, DemoPerson
from renkei.institutions.agencies.pension.web import PACKAGE as PENSION
from renkei.institutions.agencies.pension.web.entrance import Workplace
from renkei.institutions.agencies.pension.web.pages import routes as pension_routes
from renkei.institutions.card.agent.web import PACKAGE as AGENT
from renkei.institutions.gateway import queries as gateway_queries
from renkei.institutions.gateway.operations.evidence import Holder, export_evidence
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.institutions.gateway.web import PACKAGE as GATEWAY
from renkei.institutions.gateway.web.console import console_handlers
from renkei.institutions.identity.web import PACKAGE as IDENTITY
from renkei.institutions.linkage import queries as core_queries
from renkei.institutions.proofing.web import PACKAGE as PROOFING
from renkei.platform.http_server import Asgi, HostApp, Receive, Scope, Send
from renkei.platform.web.kit import Place, Site, WebKit
from renkei.platform.web.pages import AnyRequest, download, error_pages, page_router, static_handler, word
from renkei.platform.web.rp_sessions import RpSessions

EVIDENCE_PATH = "/pension/evidence"
PACKAGES = (FRONT, PORTAL, GATEWAY, PENSION, IDENTITY, AGENT, PROOFING, BANK, FILING)
PLACES = (
    Place(href="/", ja="入口", en="Front page"),
    Place(href="/pension", ja="年金事務所", en="Pension office"),
    Place(href="/portal", ja="マイポータル", en="My Portal"),
    Place(href="/filing", ja="申告", en="Tax return"),
    Place(href="/bank", ja="銀行", en="Bank"),
    Place(href="/gateway", ja="職員の画面", en="Clerk's console"),
)


def site_kit() -> WebKit:
    """Templates, messages and styles of every page of the site."""
    return WebKit(PACKAGES, site=Site(places=PLACES))


def build_site(
    country: Country,
    agencies: Agencies,
    services: Services,
    *,
    people: Sequence[DemoPerson],
    clerks: Sequence[DemoClerk],
    cases: Sequence[DemoCase],
    residents: int,
    claimants: Sequence[str] = (),
) -> HostApp:
    """Every page of the country, and every party's signed endpoints by authority.

    Args:
        people, clerks: whose test cards lie ready.
        cases: prepared for the demonstration.
        residents: how many people live here, for the front page.
        claimants: own numbers that the pension office shows first among those who may claim.
    """
    pages_kit = services.kit

    def tenant_of(body_id: str) -> Tenant:
        return country.bodies[body_id].gateway.tenant

    async def counts() -> CountryCounts:
        return await count(country, residents)

    office_sessions = services.pension_sessions()
    company_pages, company_interface = services.bank_pages()
    handlers: list[ControllerRouterHandler] = [
        *front_handlers(kit=pages_kit, counts=counts, folder=str(country.folder)),
        *portal_handlers(
            kit=pages_kit, portal=country.portal, words=country.words, rp=services.portal_party(),
            sessions=services.house.sessions("portal", country.portal.db, portal_store.rp_session, path="/portal"),
            samples=people, welcome=services.welcome, manage_href=f"{IDENTITY_PATH}/proxies",
        ),
        *console_handlers(
            kit=pages_kit, tenant_of=tenant_of, words=country.words, sessions=services.console_sessions(),
            rp=services.staff_party("console", "/gateway", ja="職員の画面（中間サーバー）", en="Gateway console"),
            clock=country.clock, staff_href=f"{IDENTITY_PATH}/staff",
            cases_guide={case.case: case for case in cases}, samples=clerks,
        ),
        *pension_routes(
            kit=pages_kit, office=agencies.pension, words=country.words, sessions=office_sessions,
            evidence_href=lambda number: f"{EVIDENCE_PATH}/{number}.json",
            rp=services.staff_party("pension", "/pension", ja="年金事務所", en="Pension office"),
            workplace=Workplace(JPS, PENSION_SECTION), claimants=claimants, portal_href="/portal",
            samples=[clerk for clerk in clerks if (clerk.body_id, clerk.section) == (JPS, PENSION_SECTION)],
        ),
        evidence_handler(country, office_sessions),
        *company_pages,
    ]  # fmt: skip
    app = Litestar(
        [
            page_router(pages_kit, handlers),
            *services.handlers(),
            *company_interface,
            static_handler(pages_kit),
            *schema_handlers(),
        ],
        exception_handlers=error_pages(pages_kit),
        openapi_config=None,
    )
    host = HostApp(pages=one_name(app, services.base_url))  # type: ignore[arg-type]
    for party in country.apps():
        host.register(party)
    return host


def one_name(app: Asgi, base_url: str) -> Asgi:
    """Send who opens the site under another name of this machine (127.0.0.1) to the one that it signs people in under.

    A cookie belongs to one name: a sign-in that began under another would come back to a browser that knows nothing.
    """
    parts = urlsplit(base_url)
    others = {f"{name}:{parts.port}".encode() for name in ("127.0.0.1", "localhost", "[::1]")} - {parts.netloc.encode()}

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        asked = next((value for name, value in scope.get("headers", ()) if name == b"host"), b"")
        wants_page = any(name == b"accept" and b"text/html" in value for name, value in scope.get("headers", ()))
        if scope["type"] != "http" or asked not in others or scope["method"] not in ("GET", "HEAD") or not wants_page:
            await app(scope, receive, send)
            return
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        location = base_url.encode() + scope["raw_path"] + query
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", location)]})
        await send({"type": "http.response.body", "body": b""})

    return named


def evidence_handler(country: Country, sessions: RpSessions) -> HTTPRouteHandler:
    """Saves the evidence of an exchange of the pension office as a file, for a clerk of the office."""

    @get(EVIDENCE_PATH + "/{name:str}")
    async def save(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        session = await sessions.read(request.cookies.get(sessions.cookie, ""))
        if session is None:
            raise StaffSignInNeeded()
        clerk = session.read(StaffUser)
        if (clerk.body_id, clerk.section) != (JPS, PENSION_SECTION):
            raise StaffElsewhere()
        number = word(name).removesuffix(".json")
        return download(await evidence_file(country, JPS, number, user=clerk.staff_id), f"evidence-{number}.json")

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
