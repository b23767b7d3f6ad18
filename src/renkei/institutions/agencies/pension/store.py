"""Tables of the pension office. Times are milliseconds since the epoch, UTC; days and months ISO 8601; whole yen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

# --- the register of insured persons ---

insured = Table(
    "insured",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("kana", String(200), nullable=False),
    Column("birth", String(10), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("paid", Integer, nullable=False),
    Column("employed", Integer, nullable=False),
    Column("dependant", Integer, nullable=False),
    Column("exempt_quarter", Integer, nullable=False),
    Column("exempt_half", Integer, nullable=False),
    Column("exempt_three_quarters", Integer, nullable=False),
    Column("exempt_full", Integer, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),  # time of the copy that is due
    Column("published_ms", BigInteger, nullable=False),  # time of the copy that the gateway took
)

residence = Table(
    "residence",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("since", String(10), primary_key=True),
    Column("body_id", String(32), nullable=False),
)

pension = Table(
    "pension",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("from_month", String(7), primary_key=True),
    Column("to_month", String(7), nullable=False),
    Column("yearly_yen", BigInteger, nullable=False),
)

# --- claims ---

claim = Table(
    "claim",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("own_number", String(15), nullable=False),
    Column("needs", String(64), nullable=False),  # model.Need values, comma between
    Column("state", String(12), nullable=False),
    Column("filed_ms", BigInteger, nullable=False),
    Column("filed_by", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("note", String(64), nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("yearly_yen", BigInteger, nullable=False),
    Column("from_month", String(7), nullable=False),
    Column("case_sent", Integer, nullable=False),  # 0: the gateway knows no case, 1: opened, 2: closed
    Index("claim_own_number", "own_number"),
    Index("claim_filed", "filed_ms"),
)

claim_sequence = Table(
    "claim_sequence",
    metadata,
    Column("fiscal_year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

claim_round = Table(
    "claim_round",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("batch", LargeBinary, nullable=False),  # InquiryBatch as sent, so that it is repeated byte by byte
)

claim_answer = Table(
    "claim_answer",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("need", String(16), primary_key=True),
    Column("information", String(64), nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("facts", Text, nullable=False),  # JSON object
    Column("number", String(20), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("row", String(16), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("given_ms", BigInteger, nullable=False),
    Column("copied_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=True),  # erased with the decision
)

claim_ground = Table(
    "claim_ground",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("need", String(16), primary_key=True),
    Column("by_paper", Boolean, nullable=False),
    Column("facts", Text, nullable=False),  # JSON object
    Column("number", String(20), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("row", String(16), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("copied_ms", BigInteger, nullable=False),
)

audit_table = define_audit_table(metadata)
