"""Tables of one gateway tenant. Times are milliseconds since the epoch, UTC; days are JST, ISO 8601."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from renkei.platform.audit_store import define_audit_table
from renkei.platform.logstore import define_log_tables
from renkei.platform.outbox import define_outbox_table

metadata = MetaData()

# --- persons, codes, cases ---

person = Table(
    "person",
    metadata,
    Column("address_number", String(15), primary_key=True),
    Column("code", LargeBinary, nullable=True),
    Column("no_automatic_answer", Boolean, nullable=False, server_default="0"),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Index("person_code", "code", unique=True),
)

acquisition = Table(
    "acquisition",
    metadata,
    Column("acquisition_number", String(32), primary_key=True),
    Column("address_number", String(15), nullable=False),
)

section = Table(
    "section",
    metadata,
    Column("section", String(64), primary_key=True),
    Column("name_ja", String(128), nullable=False),
    Column("name_en", String(128), nullable=False),
    Column("affairs", Text, nullable=False),  # JSON list of affairs item ids that the section is entitled to
)

case_entry = Table(
    "case_entry",
    metadata,
    Column("section", String(64), primary_key=True),
    Column("case_id", String(64), primary_key=True),
    Column("address_number", String(15), primary_key=True),
    Column("affairs", String(32), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, nullable=False, server_default="0"),
    Index("case_entry_person", "section", "address_number"),
)

# --- copies ---

copy = Table(
    "copy",
    metadata,
    Column("address_number", String(15), primary_key=True),
    Column("information", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("copied_ms", BigInteger, nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10), nullable=False),
    sqlite_with_rowid=False,
)

copy_batch = Table(
    "copy_batch",
    metadata,
    Column("batch", String(64), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)

# --- asking ---

dispatch = Table(
    "dispatch",
    metadata,
    Column("dispatch", String(64), primary_key=True),
    Column("done", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("request", LargeBinary, nullable=False),  # sheet of PermitAsk as sent
    Column("root", LargeBinary, nullable=False),  # its manifest root
    Column("permit", LargeBinary, nullable=True),  # PermitReply as received
    Column("permit_base", Text, nullable=True),
    Column("permit_signature", LargeBinary, nullable=True),
    Column("permit_key", String(64), nullable=True),
    Column("sent", LargeBinary, nullable=True),  # our request as signed (SignedMessage), to which the reply is bound
    Index("dispatch_open", "done"),
)

leg = Table(
    "leg",
    metadata,
    Column("dispatch", String(64), primary_key=True),
    Column("sheet", Integer, primary_key=True),  # position of the permit sheet
    Column("provider", String(32), nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("base", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("key", String(64), nullable=False),
    Column("sent", LargeBinary, nullable=True),  # our presentation as signed; none where it was refused as a whole
)

setback = Table(  # why a dispatch, or one of its sheets, has no answer: for now, or for good
    "setback",
    metadata,
    Column("dispatch", String(64), primary_key=True),
    Column("sheet", Integer, primary_key=True),  # position of the permit sheet; 0 for the whole dispatch
    Column("outcome", String(8), nullable=False),  # `failed` while it goes on, `refused` for good
    Column("reason", String(32), nullable=False),
    Column("facts", Text, nullable=False),  # what the reason's sentence names, as JSON
)

inquiry_batch = Table(
    "inquiry_batch",
    metadata,
    Column("batch", String(64), primary_key=True),
    Column("dispatch", String(64), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("request", LargeBinary, nullable=False),  # InquiryBatch as received
    Column("plan", LargeBinary, nullable=False),  # model.Plan: what each inquiry became
    Index("inquiry_batch_dispatch", "dispatch"),
)

request_record = Table(
    "request_record",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("subject", LargeBinary, nullable=False),
    Column("batch", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("provider", String(32), nullable=False),
    Column("section", String(64), nullable=False),
    Column("affairs", String(32), nullable=False),
    Column("information", String(64), nullable=False),
    Column("row", String(16), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("given_ms", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("late_salt", LargeBinary, nullable=True),  # set when a pending answer was given later
    Column("late_index", BigInteger, nullable=True),
    Column("late_hidden_before", Boolean, nullable=True),  # mark in the first log entry, where the later one differs
    sqlite_with_rowid=False,
)

late_answer = Table(
    "late_answer",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("answer", LargeBinary, nullable=False),
    Column("base", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("key", String(64), nullable=False),
)

awaited = Table(  # answers that a clerk of the provider still owes us
    "awaited",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("answer_by_ms", BigInteger, nullable=False),
    Index("awaited_until", "answer_by_ms"),
)

# --- answering ---

presentation = Table(
    "presentation",
    metadata,
    Column("requester", String(32), primary_key=True),
    Column("presentation", String(128), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("items", Integer, nullable=False),
)

provision_record = Table(
    "provision_record",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("subject", LargeBinary, nullable=False),
    Column("requester", String(32), nullable=False),
    Column("section", String(64), nullable=False),
    Column("affairs", String(32), nullable=False),
    Column("information", String(64), nullable=False),
    Column("row", String(16), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("given_ms", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("late_salt", LargeBinary, nullable=True),  # set when a pending answer was given later
    Column("late_index", BigInteger, nullable=True),
    Column("late_hidden_before", Boolean, nullable=True),  # mark in the first log entry, where the later one differs
    Index("provision_record_leaf", "leaf_index"),
    # Almost every record is answered at once: only the others stand in this index.
    Index(
        "provision_record_late",
        "late_index",
        sqlite_where=text("late_index IS NOT NULL"),
        postgresql_where=text("late_index IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

progress = Table(
    "progress",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

pending = Table(
    "pending",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("address_number", String(15), nullable=False),
    Column("answer_by_ms", BigInteger, nullable=False),
    Column("requester_seal", LargeBinary, nullable=False),  # the key to which the late answer is sealed
    Column("state", String(8), nullable=False),  # model.PendingState
    Column("decided_by", String(64), nullable=False, server_default=""),
    Column("decided_ms", BigInteger, nullable=False, server_default="0"),
    Index("pending_state", "state", "answer_by_ms"),
)

log_tables = define_log_tables(metadata)
audit_table = define_audit_table(metadata)
outbox_table = define_outbox_table(metadata)
