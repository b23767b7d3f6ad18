"""A provider, a bank, somebody else's client, and a person who signs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.contract.identity_protocol.world import ORIGIN, Http, World

from renkei.institutions.identity.store import metadata
from renkei.platform.database import Database


@pytest.fixture
def fapi(tmp_path: Path) -> Iterator[Http]:
    with Database.open(f"sqlite:///{tmp_path / 'identity.db'}", metadata=metadata) as db:
        world = World(db)
        with TestClient(world.app(), base_url=ORIGIN) as client:
            yield Http(world, client)
