"""Proxies, their uses, counter codes, protection, and help at counters. Times are milliseconds; days ISO 8601."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from renkei.institutions.identity.store.base import metadata

proxy = Table(
    "proxy",
    metadata,
    Column("proxy_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("principal_id", String(64), nullable=False),
    Column("actor_id", String(64), nullable=False),  # empty until accepted
    Column("affairs", String(200), nullable=False),  # comma between
    Column("acts", String(80), nullable=False),  # comma between
    Column("from_day", String(10), nullable=False),
    Column("until", String(10), nullable=False),  # last day; empty for none
    Column("granted_by", String(64), nullable=False),
    Column("body_id", String(32), nullable=False),
    Column("evidence_id", String(20), nullable=True, unique=True),  # one proofing, one proxy
    Column("code_hash", String(64), nullable=True, unique=True),  # invitation; gone once decided
    Column("principal_name", String(200), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Column("ended_by", String(16), nullable=False),
    Index("proxy_principal", "principal_id"),
    Index("proxy_actor", "actor_id"),
)

use = Table(
    "proxy_use",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("proxy_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("act", String(16), nullable=False),
    Column("affairs", String(64), nullable=False),
    Column("reveals", Boolean, nullable=False),
    Index("proxy_use_proxy", "proxy_id", "at_ms"),
)

counter_code = Table(
    "counter_code",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

protection = Table(
    "protection",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("set_by", String(64), nullable=False),  # `principal`, or the clerk's staff id
    Column("body_id", String(32), nullable=False),
)

helping = Table(
    "help",
    metadata,
    Column("help_id", String(64), primary_key=True),
    Column("session_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("helper", String(64), nullable=False),  # staff id
    Column("helper_session_id", String(64), nullable=False),
    Column("body_id", String(32), nullable=False),
    Column("section", String(64), nullable=False),
    Column("terminal", String(64), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Column("ended_why", String(16), nullable=False),
    Index("help_session", "session_id"),
    Index("help_account", "account_id"),
)

deed = Table(
    "help_deed",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("help_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("what", String(64), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Index("help_deed_help", "help_id", "at_ms"),
)
