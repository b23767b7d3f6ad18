"""The asks of a provider on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.contract.identity_asks.world import World, make_world

from renkei.institutions.identity.store import metadata
from renkei.platform.database import Database


@pytest.fixture
def world(open_database: Callable[..., Database]) -> World:
    return make_world(open_database(metadata))


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Litestar]]:
    with world.client() as made:
        yield made
