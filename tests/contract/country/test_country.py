"""The whole story in one process, on SQLite files and on a PostgreSQL server."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from renkei.assembly.agencies import Agencies
from renkei.assembly.country import Country
from renkei.assembly.demo import Demonstration, guide_of, load, sections_of
from renkei.assembly.nation import Nation
from renkei.assembly.network import OpenDatabase, postgres_schemas, sqlite_files
from renkei.assembly.story import ACCOUNT, Story, Told
from renkei.assembly.trust import TRUST_FILE, read_trust
from renkei.assembly.verify_logs import Findings, check_stores
from renkei.platform.clock import Clock, SystemClock

RESIDENTS = 200


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> OpenDatabase:
    if request.param == "sqlite":
        return sqlite_files(tmp_path)
    return postgres_schemas(request.getfixturevalue("country_url"))


def open_country(folder: Path, nation: Nation, stores: OpenDatabase, clock: Clock) -> Country:
    return Country(
        folder, clock=clock, bodies=nation.bodies(), municipalities=nation.municipalities,
        sections=sections_of(nation), open_database=stores,
    )  # fmt: skip


def checked(country: Country) -> Findings:
    """The auditor's checks over the parties' connections."""
    with ExitStack() as stack:
        core = stack.enter_context(country.core.core.db.reading())
        gateways = {
            body_id: stack.enter_context(node.gateway.tenant.db.reading()) for body_id, node in country.bodies.items()
        }
        return check_stores(core, gateways, read_trust(country.folder / TRUST_FILE))


def test_the_story_holds_and_the_country_opens_again(tmp_path: Path, stores: OpenDatabase) -> None:
    """A claim without a paper, what is refused, what a clerk decides, what the person sees (番号法19条8号, 23条).

    Stopped and opened again, the country still shows the person every look, and every record is in its log.
    """
    nation = Nation(1, RESIDENTS)

    async def first() -> tuple[list[Told], Findings]:
        country = open_country(tmp_path, nation, stores, SystemClock())
        agencies = Agencies(country, nation.municipalities)
        try:
            await country.start()
            await load(country, agencies, nation, say=lambda _: None)
            demonstration = Demonstration(country, agencies, nation, guide_of(nation))
            told = await Story(demonstration, evidence=tmp_path / "evidence", tell=lambda _: None).tell()
            return told, checked(country)
        finally:
            await country.stop()

    async def again() -> tuple[int, Findings]:
        country = open_country(tmp_path, nation, stores, SystemClock())
        try:
            await country.start()
            return len((await country.portal.access(ACCOUNT)).shown), checked(country)
        finally:
            await country.stop()

    told, before = asyncio.run(first())
    assert [f"{one.step}: {one.said}" for one in told if not one.held] == []
    assert {one.step for one in told} >= {"decided", "evidence", "allowance", "protected", "access_list", "logs"}
    assert before.hold
    assert before.reconciled is not None
    assert before.reconciled.exchanges > 0
    shown, after = asyncio.run(again())
    assert shown == 2
    assert after == before
