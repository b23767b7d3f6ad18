"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _acquisition()
    _audit_event()
    _awaited()
    _case_entry()
    _copy()
    _copy_batch()
    _dispatch()
    _inquiry_batch()
    _late_answer()
    _leg()
    _log_checkpoint()
    _log_head()
    _log_tile()
    _outbox_message()
    _pending()
    _person()
    _presentation()
    _progress()
    _provision_record()
    _request_record()
    _section()
    _setback()


def _acquisition() -> None:
    op.create_table(
        "acquisition",
        sa.Column("acquisition_number", sa.String(length=32), nullable=False),
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.PrimaryKeyConstraint("acquisition_number"),
    )


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_audit_event_name"), "audit_event", ["name"], unique=False)


def _awaited() -> None:
    op.create_table(
        "awaited",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("answer_by_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("awaited_until", "awaited", ["answer_by_ms"], unique=False)


def _case_entry() -> None:
    op.create_table(
        "case_entry",
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.Column("affairs", sa.String(length=32), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("section", "case_id", "address_number"),
    )
    op.create_index("case_entry_person", "case_entry", ["section", "address_number"], unique=False)


def _copy() -> None:
    op.create_table(
        "copy",
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.Column("information", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("copied_ms", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("valid_to", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("address_number", "information"),
        sqlite_with_rowid=False,
    )


def _copy_batch() -> None:
    op.create_table(
        "copy_batch",
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch"),
    )


def _dispatch() -> None:
    op.create_table(
        "dispatch",
        sa.Column("dispatch", sa.String(length=64), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("permit", sa.LargeBinary(), nullable=True),
        sa.Column("permit_base", sa.Text(), nullable=True),
        sa.Column("permit_signature", sa.LargeBinary(), nullable=True),
        sa.Column("permit_key", sa.String(length=64), nullable=True),
        sa.Column("sent", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("dispatch"),
    )
    op.create_index("dispatch_open", "dispatch", ["done"], unique=False)


def _inquiry_batch() -> None:
    op.create_table(
        "inquiry_batch",
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("dispatch", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("plan", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch"),
    )
    op.create_index("inquiry_batch_dispatch", "inquiry_batch", ["dispatch"], unique=False)


def _late_answer() -> None:
    op.create_table(
        "late_answer",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _leg() -> None:
    op.create_table(
        "leg",
        sa.Column("dispatch", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sent", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("dispatch", "sheet"),
    )


def _log_checkpoint() -> None:
    op.create_table(
        "log_checkpoint",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )


def _log_head() -> None:
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _log_tile() -> None:
    op.create_table(
        "log_tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position"),
    )


def _outbox_message() -> None:
    op.create_table(
        "outbox_message",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("destination", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("put_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("last_code", sa.String(length=60), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_next", "outbox_message", ["parked", "destination", "number"], unique=False)


def _pending() -> None:
    op.create_table(
        "pending",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.Column("answer_by_ms", sa.BigInteger(), nullable=False),
        sa.Column("requester_seal", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("decided_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("pending_state", "pending", ["state", "answer_by_ms"], unique=False)


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("no_automatic_answer", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("address_number"),
    )
    op.create_index("person_code", "person", ["code"], unique=True)


def _presentation() -> None:
    op.create_table(
        "presentation",
        sa.Column("requester", sa.String(length=32), nullable=False),
        sa.Column("presentation", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("requester", "presentation"),
    )


def _progress() -> None:
    op.create_table(
        "progress",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _provision_record() -> None:
    op.create_table(
        "provision_record",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("requester", sa.String(length=32), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("affairs", sa.String(length=32), nullable=False),
        sa.Column("information", sa.String(length=64), nullable=False),
        sa.Column("row", sa.String(length=16), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("late_salt", sa.LargeBinary(), nullable=True),
        sa.Column("late_index", sa.BigInteger(), nullable=True),
        sa.Column("late_hidden_before", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "provision_record_late",
        "provision_record",
        ["late_index"],
        unique=False,
        sqlite_where=sa.text("late_index IS NOT NULL"),
        postgresql_where=sa.text("late_index IS NOT NULL"),
    )
    op.create_index("provision_record_leaf", "provision_record", ["leaf_index"], unique=False)


def _request_record() -> None:
    op.create_table(
        "request_record",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("affairs", sa.String(length=32), nullable=False),
        sa.Column("information", sa.String(length=64), nullable=False),
        sa.Column("row", sa.String(length=16), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("late_salt", sa.LargeBinary(), nullable=True),
        sa.Column("late_index", sa.BigInteger(), nullable=True),
        sa.Column("late_hidden_before", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )


def _section() -> None:
    op.create_table(
        "section",
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("name_ja", sa.String(length=128), nullable=False),
        sa.Column("name_en", sa.String(length=128), nullable=False),
        sa.Column("affairs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("section"),
    )


def _setback() -> None:
    op.create_table(
        "setback",
        sa.Column("dispatch", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dispatch", "sheet"),
    )
