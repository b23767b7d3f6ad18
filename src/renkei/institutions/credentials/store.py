"""What an issuer remembers: that it issued, not what. Times are milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

credential = Table(
    "credential",
    metadata,
    Column("credential_id", String(32), primary_key=True),
    Column("vct", String(80), nullable=False),
    Column("holder_key", String(43), nullable=False),  # RFC 7638 thumbprint
    Column("list_number", Integer, nullable=False),
    Column("list_index", Integer, nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger, nullable=True),
    Index("credential_place", "list_number", "list_index", unique=True),
    Index("credential_holder", "holder_key"),
)

audit_table = define_audit_table(metadata)
