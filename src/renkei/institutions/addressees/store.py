"""Tables of one body's addressee ledger. Times are milliseconds since the epoch, UTC; days are ISO 8601."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

addressee = Table(
    "addressee",
    metadata,
    Column("address_number", String(15), primary_key=True),
    Column("personal_number", String(12), nullable=True),
    Column("name", String(256), nullable=False),
    Column("kana", String(256), nullable=False),
    Column("birth", String(10), nullable=False),
    Column("sex", String(9), nullable=False),
    Column("address", String(512), nullable=False),
    Column("name_key", String(256), nullable=False),  # model.text_key: how searches compare
    Column("kana_key", String(256), nullable=False),
    Column("address_key", String(512), nullable=False),
    Column("items_key", LargeBinary, nullable=False),  # model.items_key
    Column("code_state", String(8), nullable=False, server_default="none"),  # model.CodeState
    Column("ordered_ms", BigInteger, nullable=False, server_default="0"),
    Column("merged_into", String(15), nullable=True),
    Index("addressee_number", "personal_number", unique=True),
    Index("addressee_items", "items_key"),
    Index("addressee_birth", "birth"),
    Index("addressee_code", "code_state", "address_number"),
    sqlite_with_rowid=False,
)

own = Table(
    "own",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("own_number", String(15), primary_key=True),
    Column("address_number", String(15), nullable=False),
    Index("own_addressee", "address_number"),
    sqlite_with_rowid=False,
)

# Only between drawing a number and the order that names it: deleted once `numbers` has taken the order.
acquisition = Table(
    "acquisition",
    metadata,
    Column("acquisition_number", String(24), primary_key=True),
    Column("address_number", String(15), nullable=False, unique=True),
)

relinking = Table(
    "relinking",
    metadata,
    # SQLite numbers only a column of its own INTEGER type.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(16), nullable=False),  # model.RelinkingKind
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("from_number", String(15), nullable=False, index=True),
    Column("to_number", String(15), nullable=False, index=True),
    Column("number_moved", Boolean, nullable=False),
    Column("moved", Text, nullable=False),  # JSON: [system, own number] pairs
    Column("undone", Boolean, nullable=False, server_default="0"),
)

relayed_batch = Table(
    "relayed_batch",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("batch", String(64), primary_key=True),
    Column("refused", Text, nullable=False),  # JSON: position → the inquiry's reference
    Column("passed", Integer, nullable=False),  # how many inquiries went on
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", BigInteger, nullable=False),
)

audit_table = define_audit_table(metadata)
