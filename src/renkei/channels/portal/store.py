"""Tables of the portal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table

from renkei.platform.audit_store import define_audit_table
from renkei.platform.web.rp_sessions import define_rp_session_table

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("account_id", String(64), primary_key=True),  # pairwise subject of the person
    Column("code", LargeBinary, nullable=True),  # the portal's own linkage code of the person
    Column("opened_ms", BigInteger, nullable=False),
    Index("account_code", "code", unique=True),
)

acquisition = Table(
    "acquisition",
    metadata,
    Column("acquisition_number", String(32), primary_key=True),
    Column("account_id", String(64), nullable=False),
)

audit_table = define_audit_table(metadata)

rp_session = define_rp_session_table(metadata)
