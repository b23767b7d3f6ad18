"""Tables of the registry, on the metadata of the card's room."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text


class OwnUseTables(NamedTuple):
    """The registry's tables."""

    entry: Table


def define(metadata: MetaData) -> OwnUseTables:
    """Add the registry's tables to a room's metadata."""
    entry = Table(
        "own_use_entry",
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("body_id", String(64), nullable=False, index=True),
        Column("application", Text, nullable=False),  # JSON: model.OwnUse
        Column("registered_ms", BigInteger, nullable=False),
        Column("withdrawn_ms", BigInteger, nullable=True),
    )
    return OwnUseTables(entry)
