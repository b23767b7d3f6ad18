"""One network a combination of database and wire, shared by all tests of the folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.exchange.world import World

COMBINATIONS = ["sqlite-in_process", "sqlite-http", "postgresql-in_process", "postgresql-http"]


@pytest.fixture(scope="session", params=COMBINATIONS)
def shared_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    dialect, wire = request.param.split("-")
    url = request.getfixturevalue("postgres_url") if dialect == "postgresql" else None
    made = World(tmp_path_factory.mktemp("world"), postgres_url=url, http=wire == "http")
    yield made
    made.check_records()
    made.close()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """The network, with nothing pending from an earlier test's meddling."""
    shared_world.fresh()
    yield shared_world
    shared_world.net.between.meddle = None
    for clock in shared_world.net.clocks.values():
        clock.offset *= 0
