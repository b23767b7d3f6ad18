"""Serial numbers given, one row each: never the same twice (RFC 3161 §2.4.2)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

stamp = Table(
    "stamp",
    metadata,
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("stamped_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

audit_table = define_audit_table(metadata)
