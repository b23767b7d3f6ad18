"""Pushed requests, codes, grants, tokens' names seen, and notices of sign-outs. Secrets stand here as keyed hashes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

pushed = Table(
    "pushed_request",
    metadata,
    Column("uri_hash", LargeBinary, primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("ask_id", String(64), nullable=False),  # empty until a browser brings it
    Column("body", LargeBinary, nullable=False),  # Pushed
    Column("expires_ms", BigInteger, nullable=False),
    Index("pushed_expiry", "expires_ms"),
)

code = Table(
    "code",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("grant_id", String(64), nullable=False),  # of the grant that its first use makes
    Column("approved", LargeBinary, nullable=False),  # Approved
    Column("returns", LargeBinary, nullable=False),  # Return
    Column("used_ms", BigInteger, nullable=True),
    Column("expires_ms", BigInteger, nullable=False),
    Index("code_expiry", "expires_ms"),
)

grant = Table(
    "token_grant",
    metadata,
    Column("grant_id", String(64), primary_key=True),
    Column("realm", String(16), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),  # empty where a client acts on its own
    Column("actor_account_id", String(64), nullable=False),  # empty where nobody acts for the subject
    Column("session_id", String(64), nullable=False),
    Column("proxy_id", String(64), nullable=False),
    Column("key_thumbprint", String(43), nullable=False),
    Column("scopes", String(400), nullable=False),
    Column("approved", LargeBinary, nullable=True),  # Approved
    Column("refresh_hash", LargeBinary, nullable=True, unique=True),
    Column("lasting", Integer, nullable=False),  # 1: outlives the session (offline_access)
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
    Index("grant_account", "account_id", "client_id"),
    Index("grant_actor", "actor_account_id"),
    Index("grant_session", "session_id"),
    Index("grant_proxy", "proxy_id"),
    Index("grant_expiry", "expires_ms"),
)

seen = Table(
    "seen_token",
    metadata,
    Column("mark", LargeBinary, primary_key=True),  # 32 bytes: of who signed, and `jti`
    Column("expires_ms", BigInteger, nullable=False),
    Index("seen_expiry", "expires_ms"),
)

logout_notice = Table(
    "logout_notice",
    metadata,
    Column("notice_id", String(64), primary_key=True),
    Column("realm", String(16), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("session_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("notice_due", "due_ms"),
)
