"""Registered relying parties."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

client = Table(
    "client",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("realm", String(16), nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),  # Client
    Column("changed_ms", BigInteger, nullable=False),
)
