"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    op.create_table(
        "assigned_number",
        sa.Column("personal_number", sa.String(length=12), nullable=False),
        sa.Column("resident_record_code", sa.String(length=11), nullable=False),
        sa.Column("assigned_ms", sa.BigInteger(), nullable=False),
        sa.Column("replaced_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("personal_number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "assigned_number_standing",
        "assigned_number",
        ["resident_record_code"],
        unique=True,
        sqlite_where=sa.text("replaced_ms = 0"),
        postgresql_where=sa.text("replaced_ms = 0"),
    )
    op.create_table(
        "audit_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_audit_event_name"), "audit_event", ["name"], unique=False)
