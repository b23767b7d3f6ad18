"""Tables of the welfare office. Times are milliseconds since the epoch, UTC; days and months ISO 8601; whole yen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

subject = Table(
    "subject",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("information", String(64), primary_key=True),
    Column("changed_ms", BigInteger, nullable=False),  # time of the copy that is due
    Column("published_ms", BigInteger, nullable=False),  # time of the copy that the gateway took
)

# --- child allowance ---

allowance = Table(
    "allowance",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("since_month", String(7), nullable=False),
    Column("until_month", String(7), nullable=False),  # empty while it goes on
    Column("paid_until_month", String(7), nullable=False),  # empty before the first payment
)

allowance_child = Table(
    "allowance_child",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("child_number", String(15), primary_key=True),
    Column("birth", String(10), nullable=False),
    Column("since_month", String(7), nullable=False),
)

payment = Table(
    "payment",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("to_month", String(7), primary_key=True),
    Column("from_month", String(7), nullable=False),
    Column("children", Integer, nullable=False),
    Column("paid_yen", BigInteger, nullable=False),
)

claim = Table(
    "claim",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("own_number", String(15), nullable=False),
    Column("children", Text, nullable=False),  # JSON list of own number and birth date
    Column("moved_in_on", String(10), nullable=False),
    Column("moved_from", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("filed_ms", BigInteger, nullable=False),
    Column("filed_by", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("note", String(64), nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("since_month", String(7), nullable=False),
    Index("claim_own_number", "own_number"),
    Index("claim_filed", "filed_ms"),
)

claim_sequence = Table(
    "claim_sequence",
    metadata,
    Column("fiscal_year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

claim_case = Table(
    "claim_case",
    metadata,
    Column("claim_id", String(32), primary_key=True),
    Column("case_id", String(64), primary_key=True),
    Column("affairs", String(32), nullable=False),
    Column("sent", Integer, nullable=False),  # 0: the gateway knows no case, 1: opened, 2: closed
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
    Column("rests_on", Text, nullable=False),  # JSON object: the facts that outlive the copy
    Column("paper_seen", Boolean, nullable=False, server_default="0"),
)

# --- registers ---

assistance = Table(
    "assistance",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("started_on", String(10), nullable=False),
    Column("ended_on", String(10), nullable=False),  # empty while it goes on
    Column("kinds", String(128), nullable=False),  # comma between
    Column("monthly_yen", BigInteger, nullable=False),
)

certificate = Table(
    "certificate",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("grade", String(16), nullable=False),
    Column("issued_on", String(10), nullable=False),
    Column("review_on", String(10), nullable=False),  # empty where none is set
)

audit_table = define_audit_table(metadata)
