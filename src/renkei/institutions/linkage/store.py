"""Tables of the core. Times are milliseconds since the epoch, UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table
from renkei.platform.logstore import define_log_tables

metadata = MetaData()

body = Table(
    "body",
    metadata,
    Column("body_id", String(32), primary_key=True),
    Column("entry", Text, nullable=False),  # contracts.register.BodyEntry as JSON
    Column("stopped_reason", String(64), nullable=False, server_default=""),
)

register_version = Table(
    "register_version",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("version", Integer, nullable=False),
)

held_code = Table(
    "held_code",
    metadata,
    Column("body_id", String(32), primary_key=True),
    Column("handle", LargeBinary, primary_key=True),
    Column("issued_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

permit_batch = Table(
    "permit_batch",
    metadata,
    Column("requester", String(32), primary_key=True),
    Column("batch", String(64), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("roots", LargeBinary, nullable=False),  # 32 bytes a sheet
    Column("expires_ms", BigInteger, nullable=False),
)

exchange = Table(
    "exchange",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("subject", LargeBinary, nullable=False),  # the core's own separate code (命令 47条2項3号)
    Column("requester", String(32), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("section", String(64), nullable=False),
    Column("affairs", String(32), nullable=False),
    Column("information", String(64), nullable=False),
    Column("row", String(16), nullable=False),
    Column("edition", String(32), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("outcome", String(8), nullable=False, server_default=""),
    Column("given_ms", BigInteger, nullable=False, server_default="0"),
    Column("given_hidden", Boolean, nullable=False, server_default="0"),
    Column("waiting", Boolean, nullable=False, server_default="0"),  # the provider said that a clerk decides
    Column("given_salt", LargeBinary, nullable=True),
    Column("given_index", BigInteger, nullable=True),
    # Codes come in no order, so every entry lands on another page: what is short, and points by row id, costs less.
    Index("exchange_subject", "subject"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", BigInteger, nullable=False),
)

log_tables = define_log_tables(metadata)
audit_table = define_audit_table(metadata)
