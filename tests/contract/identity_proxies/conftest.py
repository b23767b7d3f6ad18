"""A provider on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.conftest import OpenDatabase
from tests.contract.identity_proxies.world import World

from renkei.institutions.identity import store


@pytest.fixture
def make_world(open_database: OpenDatabase, tmp_path: Path) -> Callable[..., World]:
    def make(name: str = "main") -> World:
        return World(open_database(store.metadata, name=name), tmp_path / f"keys-{name}")

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    made = make_world()
    made.person("mother", "見本　ウメ", birth=date(1948, 5, 5))
    made.person("daughter", "見本　花子", birth=date(1975, 5, 5))
    made.person("child", "", birth=None)
    made.person("stranger", "模範　次郎")
    return made
