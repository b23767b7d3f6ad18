"""Tables of the filing service."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table
from renkei.platform.web.rp_sessions import define_rp_session_table

metadata = MetaData()

tax_return = Table(
    "tax_return",
    metadata,
    Column("return_id", String(32), primary_key=True),
    Column("sub", String(64), nullable=False),  # pairwise
    Column("year", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("slips", LargeBinary, nullable=False),  # JSON
    Column("side", LargeBinary, nullable=False),  # JSON
    Column("state", String(8), nullable=False),
    Column("reference", String(40), nullable=False, unique=True),
    Column("problem", String(80), nullable=False),
    Column("signing_input", LargeBinary, nullable=True),  # of the attempt whose signature was taken
    Column("signatures", LargeBinary, nullable=True),  # as fetched, JSON
    Column("number", String(32), nullable=True, unique=True),
    Column("filed_ms", BigInteger, nullable=True),
    Column("due_yen", BigInteger, nullable=True),
    Column("document", LargeBinary, nullable=True),
    Column("filing_receipt", Text, nullable=True),
    Column("bank_number", String(40), nullable=True),
    Column("paid_ms", BigInteger, nullable=True),
    Column("bank_receipt", Text, nullable=True),
    Column("made_ms", BigInteger, nullable=False),
    Index("tax_return_person", "sub", "year", unique=True),
)

attempt = Table(
    "attempt",
    metadata,
    Column("transaction_id", String(64), primary_key=True),
    Column("return_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("signing_input", LargeBinary, nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Index("attempt_return", "return_id", "asked_ms"),
)

audit_table = define_audit_table(metadata)

rp_session = define_rp_session_table(metadata)
