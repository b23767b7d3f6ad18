"""Accounts, the certificates by which they are known, what is known of the person, and passkeys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

account = Table(
    "account",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("realm", String(16), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, nullable=True),
    Column("test", Boolean, nullable=False),
)

certificate = Table(
    "certificate",
    metadata,
    Column("issuer_id", String(64), primary_key=True),
    Column("serial", String(50), primary_key=True),  # decimal: up to 20 bytes (RFC 5280 §4.1.2.2) exceed every integer
    Column("account_id", String(64), nullable=False),
    Column("use", String(16), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("not_after_ms", BigInteger, nullable=False),
    Column("bound_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Index("certificate_account", "account_id", "use"),
)

claims = Table(
    "claims",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),  # ClaimsOf; its `stale` is the column
    Column("stale", Boolean, nullable=False),
    Column("issuer_id", String(64), nullable=False),
    Column("serial", String(50), nullable=False),
)

passkey = Table(
    "passkey",
    metadata,
    Column("credential_id", String(1400), primary_key=True),  # base64url of at most 1023 bytes (WebAuthn L3 §4)
    Column("account_id", String(64), nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(60), nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
    Index("passkey_account", "account_id"),
)
