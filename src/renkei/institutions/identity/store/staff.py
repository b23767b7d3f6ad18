"""Staff of bodies, and registered terminals. Codes and cookies stand here as keyed hashes only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

staff = Table(
    "staff",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("body_id", String(40), nullable=False),
    Column("account_id", String(64), nullable=True, unique=True),  # empty before a card is bound
    Column("body", LargeBinary, nullable=False),  # Staff; its other members are the columns
    Column("code_hash", LargeBinary, nullable=True, unique=True),
    Column("code_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Index("staff_body", "body_id"),
)

terminal = Table(
    "terminal",
    metadata,
    Column("terminal_id", String(40), primary_key=True),
    Column("body_id", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),  # Terminal; its other members are the columns
    Column("secret_hash", LargeBinary, nullable=True, unique=True),  # of the machine's cookie
    Column("code_hash", LargeBinary, nullable=True, unique=True),
    Column("code_ms", BigInteger, nullable=False),
    Column("registered_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Index("terminal_body", "body_id"),
)
