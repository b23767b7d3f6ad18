"""Tables of the portal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("account_id", String(32), primary_key=True),
    Column("code", LargeBinary, nullable=True),  # the portal's own linkage code of the person
    Column("opened_ms", BigInteger, nullable=False),
    Index("account_code", "code", unique=True),
)

acquisition = Table(
    "acquisition",
    metadata,
    Column("acquisition_number", String(32), primary_key=True),
    Column("account_id", String(32), nullable=False),
)

audit_table = define_audit_table(metadata)
