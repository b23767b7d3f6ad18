"""Sessions, and the rounds by which they begin. Cookies and codes stand here as keyed hashes only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

session = Table(
    "session",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),  # of the cookie
    Column("account_id", String(64), nullable=False),
    Column("realm", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),  # Session; its `seen_ms` is the column
    Column("seen_ms", BigInteger, nullable=False),
    Column("idle_ms", BigInteger, nullable=False),  # may be unseen so long
    Column("expires_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
    Column("ended_why", String(16), nullable=False),
    Column("txn", String(64), nullable=False),  # of the card round, where taking the card away ends the session
    Index("session_account", "account_id", "ended_ms"),
    Index("session_txn", "txn"),
    Index("session_end", "ended_ms", "expires_ms"),
)

sign_in_round = Table(
    "sign_in_round",
    metadata,
    Column("txn", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("browser_hash", LargeBinary, nullable=False),  # of the cookie of the browser that began it
    Column("code_hash", LargeBinary, nullable=True),
    Column("body", LargeBinary, nullable=False),  # Round
    Column("answer", LargeBinary, nullable=True),  # Answer
    Column("expires_ms", BigInteger, nullable=False),
    Index("round_expiry", "expires_ms"),
)
