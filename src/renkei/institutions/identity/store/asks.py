"""Asks and their decisions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

ask = Table(
    "ask",
    metadata,
    Column("ask_id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),  # whom the ask is meant for, or who decided; empty before
    Column("session_id", String(64), nullable=False),  # session that decided; empty before
    Column("reason", String(32), nullable=False),  # why it was denied; empty otherwise
    Column("body", LargeBinary, nullable=False),  # Ask
    Column("approved", LargeBinary, nullable=True),  # Approved
    Column("made_ms", BigInteger, nullable=False),
    Column("decided_ms", BigInteger, nullable=True),
    Column("expires_ms", BigInteger, nullable=False),
    Index("ask_account", "account_id", "state"),
    Index("ask_expiry", "expires_ms"),
)
