"""One small network for the whole chapter: the Pension Service asks, two municipalities answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.exchange.world import World


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("chapter"), postgres_url=None, http=False)
    yield made
    made.check_records()
    made.close()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    shared_world.fresh()
    yield shared_world
    shared_world.net.between.meddle = None
