"""Tables of the card's authority. Times are milliseconds since the epoch, UTC; serial numbers 32 hexadecimal digits.

No personal number: a holder is an opaque id that the caller gives. A signature certificate holds the four items, and
the record of issue must keep it (公的個人認証法8条).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

from renkei.institutions.card.own_use.tables import define as define_own_use
from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

generation = Table(
    "generation",
    metadata,
    Column("issuer_id", String(64), primary_key=True),
    Column("use", String(16), nullable=False),  # person_certificates.Use
    Column("profile", String(16), nullable=False),  # model.profiles.Profile.name
    Column("key_name", String(64), nullable=False, unique=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("responder", LargeBinary, nullable=False),
    Column("responder_until_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

certificate = Table(
    "certificate",
    metadata,
    Column("serial", String(32), primary_key=True),
    Column("issuer_id", String(64), nullable=False),
    Column("use", String(16), nullable=False),
    Column("holder", String(64), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("not_after_ms", BigInteger, nullable=False),
    Column("replaces", String(32), nullable=True),
    # The present standing; what was so at a moment stands in `standing`.
    Column("kind", String(16), nullable=False),  # revocation.StatusKind
    Column("reason", String(24), nullable=False),  # revocation.Reason, empty where good
    Column("since_ms", BigInteger, nullable=False),
    Index("certificate_holder", "holder", "use", "issued_ms"),
    Index("certificate_ended", "issuer_id", "kind", "not_after_ms"),
)

standing = Table(
    "standing",
    metadata,
    # SQLite numbers only a column of its own INTEGER type.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("serial", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", String(24), nullable=False),
    Index("standing_serial", "serial", "number"),
)

revocation_list = Table(
    "revocation_list",
    metadata,
    Column("issuer_id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("der", LargeBinary, nullable=False),
)

own_use = define_own_use(metadata)

audit_table = define_audit_table(metadata)
