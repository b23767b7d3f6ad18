"""The provider and its services."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.contract.openid.world import Browser, World

from renkei.institutions.identity import store
from renkei.platform.database import Database


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    """On SQLite alone: what is kept on both databases is tested where it is kept."""
    made: list[World] = []

    def make(**more: object) -> World:
        made.append(World(Database.open("sqlite://", metadata=store.metadata), **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        world.close()
        world.db.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()
