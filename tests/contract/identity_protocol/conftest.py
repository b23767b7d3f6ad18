"""A provider on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from litestar.testing import TestClient
from tests.contract.identity_protocol.world import ORIGIN, Http, World

from renkei.institutions.identity.store import metadata
from renkei.platform.database import Database


@pytest.fixture
def world(open_database: Callable[..., Database]) -> World:
    return World(open_database(metadata))


@pytest.fixture
def http(world: World) -> Iterator[Http]:
    with TestClient(world.app(), base_url=ORIGIN) as client:
        yield Http(world, client)
