"""Tables of one municipality's registry. Times are milliseconds since the epoch, UTC; days are JST, ISO 8601."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

resident = Table(
    "resident",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("resident_record_code", String(11), nullable=False),
    Column("personal_number", String(12), nullable=True),
    Column("name", String(256), nullable=False),
    Column("kana", String(256), nullable=False),
    Column("name_key", String(256), nullable=False),  # model.name_key: how the clerk's search compares
    Column("kana_key", String(256), nullable=False),
    Column("birth", String(10), nullable=False),
    Column("sex", String(9), nullable=False),
    Column("household", String(15), nullable=False),  # the last one, for those who are gone
    Column("relation", String(64), nullable=False),
    Column("address", String(512), nullable=False),
    Column("resident_since", String(10), nullable=False),
    Column("moved_from", String(6), nullable=False),
    Column("state", String(8), nullable=False, server_default="present"),  # model.State
    Column("left_on", String(10), nullable=True),
    Column("moved_to", String(6), nullable=False, server_default=""),
    Column("left_household_size", Integer, nullable=False, server_default="0"),  # as it was with the person
    Column("protected_until", String(10), nullable=True),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Column("touched", BigInteger, nullable=False),  # grows with every change: what feeds read after
    Column("touched_ms", BigInteger, nullable=False),
    Index("resident_code", "resident_record_code", unique=True),
    Index("resident_number", "personal_number", unique=True),
    Index("resident_touched", "touched", unique=True),
    Index("resident_household", "household"),
    Index("resident_birth", "birth"),
    sqlite_with_rowid=False,
)

household = Table(
    "household",
    metadata,
    Column("household", String(15), primary_key=True),
    Column("head", String(15), nullable=True),
    Column("formed_on", String(10), nullable=False),
    Column("ended_on", String(10), nullable=True),
    sqlite_with_rowid=False,
)

residence = Table(
    "residence",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("since", String(10), primary_key=True),
    Column("until", String(10), nullable=True),  # first day on which it was no longer so
    Column("address", String(512), nullable=False),
    sqlite_with_rowid=False,
)

change = Table(
    "change",
    metadata,
    # SQLite numbers only a column of its own INTEGER type.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("own_number", String(15), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("event", Text, nullable=False),  # model.Event as JSON
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", BigInteger, nullable=False),
)

audit_table = define_audit_table(metadata)
