"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _audit_event()
    _change()
    _counter()
    _household()
    _residence()
    _resident()


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


def _change() -> None:
    op.create_table(
        "change",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_change_own_number"), "change", ["own_number"], unique=False)


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _household() -> None:
    op.create_table(
        "household",
        sa.Column("household", sa.String(length=15), nullable=False),
        sa.Column("head", sa.String(length=15), nullable=True),
        sa.Column("formed_on", sa.String(length=10), nullable=False),
        sa.Column("ended_on", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("household"),
        sqlite_with_rowid=False,
    )


def _residence() -> None:
    op.create_table(
        "residence",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.Column("address", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "since"),
        sqlite_with_rowid=False,
    )


def _resident() -> None:
    op.create_table(
        "resident",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("resident_record_code", sa.String(length=11), nullable=False),
        sa.Column("personal_number", sa.String(length=12), nullable=True),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("kana", sa.String(length=256), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("kana_key", sa.String(length=256), nullable=False),
        sa.Column("birth", sa.String(length=10), nullable=False),
        sa.Column("sex", sa.String(length=9), nullable=False),
        sa.Column("household", sa.String(length=15), nullable=False),
        sa.Column("relation", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=512), nullable=False),
        sa.Column("resident_since", sa.String(length=10), nullable=False),
        sa.Column("moved_from", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="present", nullable=False),
        sa.Column("left_on", sa.String(length=10), nullable=True),
        sa.Column("moved_to", sa.String(length=6), server_default="", nullable=False),
        sa.Column("left_household_size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("protected_until", sa.String(length=10), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("touched", sa.BigInteger(), nullable=False),
        sa.Column("touched_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("resident_birth", "resident", ["birth"], unique=False)
    op.create_index("resident_code", "resident", ["resident_record_code"], unique=True)
    op.create_index("resident_household", "resident", ["household"], unique=False)
    op.create_index("resident_number", "resident", ["personal_number"], unique=True)
    op.create_index("resident_touched", "resident", ["touched"], unique=True)
