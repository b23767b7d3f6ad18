"""Clients that wait for a person on another device (CIBA, RFC 8628). Codes are kept as keyed hashes only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from renkei.institutions.identity.store.base import metadata

wait = Table(
    "wait",
    metadata,
    Column("handle_hash", String(64), primary_key=True),  # of `auth_req_id` or `device_code`
    Column("kind", String(16), nullable=False),  # AskKind
    Column("client_id", String(64), nullable=False),
    Column("ask_id", String(64), nullable=False),
    Column("user_code_hash", String(64), nullable=False),  # device authorization only; empty otherwise
    Column("interval_ms", BigInteger, nullable=False),
    Column("polled_ms", BigInteger, nullable=False),  # 0 before the first time
    Column("expires_ms", BigInteger, nullable=False),
    Index("wait_user_code", "user_code_hash"),
    Index("wait_expiry", "expires_ms"),
)

guess = Table(
    "guess",  # wrong codes
    metadata,
    Column("who", String(80), primary_key=True),  # `account:…` of a person, `client:…` of a counter's system
    Column("misses", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)

call_number = Table(
    "call_number",  # by which a counter reaches a person's phone, once
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("call_number_account", "account_id"),
)
