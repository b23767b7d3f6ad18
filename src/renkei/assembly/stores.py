"""Every room's store and the revisions that made it: the one place where a database of a room is opened."""

from __future__ import annotations

from sqlalchemy import MetaData

from renkei.channels.bank import store as bank
from renkei.channels.filing import store as filing
from renkei.channels.front import store as front
from renkei.channels.portal import store as portal
from renkei.institutions.addressees import store as addressees
from renkei.institutions.agencies.pension import store as pension
from renkei.institutions.agencies.tax import store as tax
from renkei.institutions.agencies.welfare import store as welfare
from renkei.institutions.card import store as card
from renkei.institutions.credentials import store as credentials
from renkei.institutions.gateway import store as gateway
from renkei.institutions.identity import store as identity
from renkei.institutions.linkage import store as linkage
from renkei.institutions.numbers import store as numbers
from renkei.institutions.proofing import store as proofing
from renkei.institutions.residents import store as residents
from renkei.institutions.timestamps import store as timestamps
from renkei.platform.database import Database

ROOMS = {
    module.__name__.split(".")[-2]: module
    for module in (
        addressees,
        bank,
        card,
        credentials,
        filing,
        front,
        gateway,
        identity,
        linkage,
        numbers,
        pension,
        portal,
        proofing,
        residents,
        tax,
        timestamps,
        welfare,
    )
}
"""The store module of each room that keeps one."""


def migrations_of(room: str) -> str:
    """Dotted name of the package of a room's revisions, which stands beside its store."""
    return ROOMS[room].__name__.removesuffix(".store") + ".migrations"


BRIEF = frozenset(
    ROOMS[room].metadata for room in ("bank", "card", "filing", "front", "identity", "portal", "timestamps")
)
"""Stores of which every work touches a few indexed rows: one person's page at a time."""

_MIGRATIONS = {module.metadata: migrations_of(room) for room, module in ROOMS.items()}


def open_store(url: str, metadata: MetaData, *, schema: str | None = None) -> Database:
    """Open a room's store: a new one is made as of today, an older one brought up to date.

    Args:
        url: `sqlite:///PATH` or `postgresql://…`.
        metadata: of the room's store module.
        schema: PostgreSQL schema of the institution; created where it is missing.

    Raises:
        StoreFailed: the store cannot be opened.
        StoreTooNew: a newer release has written it.
        StoreUnversioned: it holds our tables, but not the mark of the release that made them.
        KeyError: the tables are not those of a room.
    """
    return Database.open(
        url, metadata=metadata, migrations=_MIGRATIONS[metadata], schema=schema, brief=metadata in BRIEF
    )
