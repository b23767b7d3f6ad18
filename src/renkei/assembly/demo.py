"""The demonstration: a synthetic country in a folder, loaded once, served on one port."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from renkei.assembly import guide
from renkei.assembly.agencies import JPS, PENSION, PENSION_SECTION, Agencies
from renkei.assembly.country import Country, SectionPlan
from renkei.assembly.guide import prepared
from renkei.assembly.loading import Loader, own_number
from renkei.assembly.nation import Nation, Persona
from renkei.assembly.services import Services
from renkei.assembly.site import build_site, site_kit
from renkei.base.errors import Refused
from renkei.base.time import to_ms
from renkei.channels.portal.operations import PORTAL
from renkei.contracts.inquiries import Case, CaseBatch
from renkei.contracts.numbering import CodeIssueItem, CodeIssueRequest
from renkei.contracts.staff import Role
from renkei.contracts.standins import DemoCase, DemoClerk, DemoPerson
from renkei.platform.clock import Clock, SystemClock
from renkei.platform.http_server import HostApp, HttpServer

MARKER, UNFINISHED = "country.json", "loading"
CHILD_SECTION, DESK_SECTION = "child-allowance", "desk"
PENSION_AFFAIRS = frozenset({"73.2"})
CHILD_AFFAIRS = frozenset({"106.1", "107.1"})


class CountryElsewise(Refused):
    code = "country_elsewise"
    http = 409
    ja = (
        "この場所（{folder}）には、別の設定の国（{what}）があります。同じ設定で起動するか、別の場所を指定してください。"
    )
    en = "There is a country of another making ({what}) in {folder}. Start it as it was made, or name another folder."


class _Marker(msgspec.Struct, forbid_unknown_fields=True):
    """Says that a country was loaded completely, and how it was made."""

    seed: int
    residents: int


class Guide(NamedTuple):
    """Whose test cards lie ready, and the cases prepared for them."""

    people: tuple[DemoPerson, ...]
    clerks: tuple[DemoClerk, ...]
    cases: tuple[DemoCase, ...]


class Demonstration(NamedTuple):
    """An open, loaded country, and what a visitor is told of it."""

    country: Country
    agencies: Agencies
    nation: Nation
    guide: Guide


def sections_of(nation: Nation) -> dict[str, list[SectionPlan]]:
    """Sections of the bodies, and the affairs for which they may ask."""
    found = {"jps": [SectionPlan(PENSION_SECTION, "年金給付課", "Pension claims", PENSION_AFFAIRS)]}
    for municipality in nation.municipalities:
        found[municipality.body_id] = [
            SectionPlan(DESK_SECTION, "住民課", "Residents' desk"),
            SectionPlan(CHILD_SECTION, "子ども家庭課", "Children and families", CHILD_AFFAIRS),
        ]
    return found


async def open_demonstration(
    folder: Path, *, seed: int, residents: int, clock: Clock | None = None, say: Callable[[str], None] = lambda _: None
) -> Demonstration:
    """Open the country in a folder, making and loading it the first time.

    Args:
        say: told what is being done, one line a step.

    Raises:
        CountryElsewise: the folder holds a country of another seed or size.
    """
    marker = folder / MARKER
    wanted = _Marker(seed, residents)
    if marker.exists():
        kept = msgspec.json.decode(marker.read_bytes(), type=_Marker)
        if kept != wanted:
            raise CountryElsewise(folder=folder, what=f"seed {kept.seed}, {kept.residents} residents")
    elif (folder / UNFINISHED).exists():
        say("        the country was not loaded to the end last time; it is made anew")
        _discard(folder)
    nation = Nation(seed, residents)
    folder.mkdir(parents=True, exist_ok=True)
    if not marker.exists():
        (folder / UNFINISHED).touch()
    country = Country(
        folder, clock=clock or SystemClock(), bodies=nation.bodies(), municipalities=nation.municipalities,
        sections=sections_of(nation),
    )  # fmt: skip
    agencies = Agencies(country, nation.municipalities)
    await country.start()
    if not marker.exists():
        await load(country, agencies, nation, say=say)
        marker.write_bytes(msgspec.json.encode(wanted))
        (folder / UNFINISHED).unlink()
    return Demonstration(country, agencies, nation, guide_of(nation))


def _discard(folder: Path) -> None:
    """Remove a synthetic country whose loading was broken off; nobody has used it yet."""
    for path in folder.glob("*.db*"):
        path.unlink()
    for path in (folder / "keys").glob("*.json"):
        path.unlink()


async def load(country: Country, agencies: Agencies, nation: Nation, *, say: Callable[[str], None]) -> None:
    """Load the nation, each step through the rooms' own doors."""
    loader = Loader(country, nation)
    started = time.perf_counter()

    def done(what: str) -> None:
        say(f"{time.perf_counter() - started:5.1f} s  {what}")

    loader.assign_numbers()
    loader.enter_residents()
    done(f"{len(loader.people):,} residents entered and numbered")
    await loader.residents_feed()
    done("resident records: ledgers, codes, copies")
    await loader.family_registers()
    await loader.insurances()
    done("family registers and insurers: codes, copies")
    await agencies.load_tax(loader)
    await agencies.load_pensions(loader)
    await agencies.load_welfare(loader)
    done("tax, pension and welfare offices: their records and copies")
    await open_cases(country, nation)
    done("cases to ask about")
    await country.settle()


async def open_account(country: Country, account_id: str, persona: Persona) -> None:
    """An account at the portal with the portal's own code, for whoever has none yet.

    A person signs in with the card, and the code is ordered by way of the card's issuer (`services.Services.welcome`);
    a story without a browser orders it on behalf of `numbers`. Neither number reaches the portal.
    """
    acquisitions = await country.portal.open_accounts([account_id])
    if account_id in acquisitions and not persona.person.code_pending:
        item = CodeIssueItem(acquisitions[account_id], persona.person.resident_record_code)
        await country.numbers_core.issue_codes(CodeIssueRequest(PORTAL, [item]))


async def open_cases(country: Country, nation: Nation) -> None:
    """The prepared cases, in the registers of the sections that may ask about them."""
    personas = {persona.slug: persona for persona in nation.personas()}
    for one in prepared(personas):
        persona = personas[one.persona]
        home = persona.household.municipality.body_id
        body_id, system, section = (
            (JPS, PENSION, PENSION_SECTION) if one.pension else (home, "residents", CHILD_SECTION)
        )
        case = Case(
            case=one.case.case, section=section, address_number=own_number(persona.person), affairs=one.affairs,
            opened_ms=to_ms(country.clock.now()),
        )  # fmt: skip
        await country.bodies[body_id].relay(system).register_cases(CaseBatch(cases=[case]))


def guide_of(nation: Nation) -> Guide:
    """Whose test cards lie ready, and the cases prepared for them."""
    personas = {persona.slug: persona for persona in nation.personas()}
    people = tuple(
        DemoPerson(persona.slug, persona.person.name, persona.ja, persona.en, *guide.PEOPLE[persona.slug])
        for persona in personas.values()
    )
    homes = dict.fromkeys(persona.household.municipality.body_id for persona in personas.values())
    asker, decider = Role.ASKER.value, Role.DECIDER.value
    clerks = [
        DemoClerk("jps-clerk-01", "記入例　一郎", JPS, PENSION_SECTION, *guide.PENSION_CLERK, roles=(asker, decider)),
        DemoClerk("jps-admin-01", "記入例　総務", JPS, PENSION_SECTION, *guide.ADMINISTRATOR, roles=("administrator",)),
    ]
    for at, body_id in enumerate(homes, start=1):
        clerks.append(
            DemoClerk(
                f"{body_id}-desk-01", f"記載例　窓口{at}", body_id, DESK_SECTION, *guide.DESK_CLERK, roles=(decider,)
            )
        )
        clerks.append(
            DemoClerk(
                f"{body_id}-child-01",
                f"記載例　子育{at}",
                body_id,
                CHILD_SECTION,
                *guide.CHILD_CLERK,
                roles=(asker, decider),
            )
        )
    return Guide(people, tuple(clerks), tuple(one.case for one in prepared(personas)))


class Served(NamedTuple):
    """A demonstration with everything that a visitor uses."""

    demonstration: Demonstration
    services: Services
    app: HostApp

    async def stop(self) -> None:
        """Stop the services and the country."""
        await self.services.stop()
        await self.demonstration.country.stop()


async def open_site(demonstration: Demonstration, *, base_url: str, inside: str = "") -> Served:
    """The services and the pages of a demonstration.

    Args:
        base_url: origin under which browsers reach the site; `http://localhost:PORT` where passkeys are to work.
        inside: base URL under which this process reaches itself, where that is another.
    """
    nation = demonstration.nation
    services = Services(
        demonstration.country, base_url=base_url, kit=site_kit(), sections=sections_of(nation), inside=inside
    )
    await services.start(nation, demonstration.guide.clerks)
    site = build_site(
        demonstration.country, demonstration.agencies, services, people=demonstration.guide.people,
        clerks=demonstration.guide.clerks, cases=demonstration.guide.cases, residents=nation.residents,
        claimants=[own_number(persona.person) for persona in nation.personas()],
    )  # fmt: skip
    return Served(demonstration, services, site)


async def serve(folder: Path, *, host: str, port: int, seed: int, residents: int, say: Callable[[str], None]) -> None:
    """Open the country and serve it until the process is told to stop."""
    demonstration = await open_demonstration(folder, seed=seed, residents=residents, say=say)
    served = await open_site(
        demonstration, base_url=f"http://localhost:{port}", inside=f"http://{_reached(host)}:{port}"
    )
    server = HttpServer(served.app, host=host, port=port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await server.start()
    served.services.serve()
    say(f"        open http://localhost:{server.port}/ in a browser; Ctrl-C stops")
    try:
        await stop.wait()
    finally:
        await server.stop()
        await served.stop()


def _reached(host: str) -> str:
    """Where a process reaches a server of its own that listens on `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "localhost") else host
