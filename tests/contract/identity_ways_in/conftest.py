"""A provider on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.conftest import OpenDatabase
from tests.contract.identity_ways_in.world import Browser, Person, World

from renkei.institutions.identity import store


@pytest.fixture
def make_world(open_database: OpenDatabase) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(**more: object) -> World:
        made.append(World(open_database(store.metadata), **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def hanako(world: World) -> Person:
    return world.person()


@pytest.fixture
def browser(world: World) -> Browser:
    return world.browser()
