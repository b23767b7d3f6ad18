"""Forgets what nothing can come of any more. To be run every few minutes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.operations import asks, grants, pushed, replay, waiting


def sweep(conn: Connection, settings: Settings, now: datetime) -> int:
    """Forget requests, asks, codes, grants and marks whose time is over; returns how many rows.

    Grants stay for as long as the session in which they were made may last, so that its clients can be told of its end.
    """
    gone = pushed.sweep(conn, now) + replay.sweep(conn, now)
    gone += asks.sweep(conn, now - settings.ask_life) + waiting.sweep(conn, now - settings.ask_life)
    return gone + grants.sweep(conn, now - settings.session_life)
