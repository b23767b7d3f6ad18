"""Tables of proofing. Times are milliseconds since the epoch, UTC; days ISO 8601."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

proofing = Table(
    "proofing",
    metadata,
    Column("evidence_id", String(20), primary_key=True),
    Column("case", String(32), nullable=False),
    Column("body_id", String(32), nullable=False),
    Column("section", String(64), nullable=False),
    Column("clerk", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("edition", String(120), nullable=False),
    Column("measures", String(400), nullable=False),  # ids, comma between
    Column("sources", String(800), nullable=False),  # articles, newline between
    Column("difficult", String(120), nullable=False),  # proofs, comma between
    Column("reference", String(32), nullable=False),
    Column("withdrawn_ms", BigInteger, nullable=False),  # 0: it stands
    Index("proofing_body", "body_id", "at_ms"),
)

document = Table(
    "proofing_document",
    metadata,
    Column("evidence_id", String(20), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", String(48), nullable=False),
    Column("holder", String(8), nullable=False),
    Column("issuer", String(60), nullable=False),
    Column("valid_until", String(10), nullable=False),  # empty where it has no term
    Column("issued_on", String(10), nullable=False),
    Column("copy", Boolean, nullable=False),
)

audit_table = define_audit_table(metadata)
