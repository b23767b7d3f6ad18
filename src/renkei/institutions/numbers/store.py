"""The one table of `numbers`. Times are milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, text

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

STANDS = text("replaced_ms = 0")
"""The number stands. A literal, so that both databases see that the partial index answers it."""

# Rows are never deleted: the key is what keeps a former number from being given to anyone again.
assigned_number = Table(
    "assigned_number",
    metadata,
    Column("personal_number", String(12), primary_key=True),
    Column("resident_record_code", String(11), nullable=False),
    Column("assigned_ms", BigInteger, nullable=False),
    Column("replaced_ms", BigInteger, nullable=False, server_default="0"),
    Index(
        "assigned_number_standing",
        "resident_record_code",
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    ),
    sqlite_with_rowid=False,
)

audit_table = define_audit_table(metadata)
