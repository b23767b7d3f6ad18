"""Tidying up after decisions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from renkei.institutions.identity.means import Means
from renkei.institutions.identity.operations import asks, backchannel, guesses, signing, waiting

KEPT_AFTER = timedelta(hours=1)
"""How long an ask that expired is remembered, so that the person is told what became of it."""


async def sweep(means: Means) -> int:
    """Forget asks, waiting clients, numbers and signatures whose time is over; returns how many rows."""
    before = means.clock.now() - KEPT_AFTER

    def forget(conn: Connection) -> int:
        areas = (asks.sweep, waiting.sweep, backchannel.sweep, guesses.sweep, signing.sweep)
        return sum(area(conn, before) for area in areas)

    return await means.db.write(forget)
