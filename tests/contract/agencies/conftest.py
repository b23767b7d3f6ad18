"""A gateway, a ledger and a clock for the rooms of agencies."""

from __future__ import annotations

import pytest
from tests.contract.agencies.doubles import NOW, RememberingGateway, RememberingLedger

from renkei.platform.clock import MovableClock


@pytest.fixture
def gateway() -> RememberingGateway:
    return RememberingGateway()


@pytest.fixture
def ledger() -> RememberingLedger:
    return RememberingLedger()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)
