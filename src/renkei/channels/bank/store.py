"""Tables of the bank. Postings are only ever added; a balance is their sum, kept beside them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table
from renkei.platform.web.rp_sessions import define_rp_session_table

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("sub", String(64), nullable=True),  # pairwise; null for the bank's own and for payees
    Column("number", String(40), nullable=False),
    Column("balance_yen", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Index("account_sub", "sub", unique=True),
)

payment = Table(
    "payment",
    metadata,
    Column("reference", String(40), primary_key=True),  # the same reference is never paid twice
    Column("receipt_number", String(40), nullable=False, unique=True),
    Column("account_id", String(40), nullable=False),
    Column("amount_yen", BigInteger, nullable=False),
    Column("payee", String(60), nullable=False),
    Column("purpose", String(60), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("paid_ms", BigInteger, nullable=False),
    Column("receipt", Text, nullable=False),
)

posting = Table(
    "posting",
    metadata,
    Column("posting_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account_id", String(40), nullable=False),
    Column("amount_yen", BigInteger, nullable=False),
    Column("text", String(60), nullable=False),
    Column("receipt_number", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("posting_account", "account_id", "posting_id"),
)

audit_table = define_audit_table(metadata)

rp_session = define_rp_session_table(metadata)
