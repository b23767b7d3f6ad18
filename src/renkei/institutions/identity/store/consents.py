"""What people agreed to, item by item, and every use of it. Times are milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from renkei.institutions.identity.store.base import metadata

relation = Table(
    "relation",  # a person uses a client
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("sub", String(64), nullable=False),  # pairwise: as the client names the person in a hint
    Column("since_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Index("relation_sub", "client_id", "sub"),
)

consent = Table(
    "consent",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("item", String(32), primary_key=True),  # a scope or claim
    Column("ask_id", String(64), nullable=False),  # on which occasion it was given
    Column("since_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
)

consent_event = Table(
    "consent_event",
    metadata,
    # SQLite numbers only a column of its own INTEGER type.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("items", String(255), nullable=False),  # comma between
    Column("ask_id", String(64), nullable=False),  # empty for a withdrawal
    Index("consent_event_account", "account_id", "client_id", "number"),
)
