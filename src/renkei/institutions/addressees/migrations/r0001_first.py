"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _acquisition()
    _addressee()
    _audit_event()
    _counter()
    _own()
    _relayed_batch()
    _relinking()


def _acquisition() -> None:
    op.create_table(
        "acquisition",
        sa.Column("acquisition_number", sa.String(length=24), nullable=False),
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.PrimaryKeyConstraint("acquisition_number"),
        sa.UniqueConstraint("address_number"),
    )


def _addressee() -> None:
    op.create_table(
        "addressee",
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.Column("personal_number", sa.String(length=12), nullable=True),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("kana", sa.String(length=256), nullable=False),
        sa.Column("birth", sa.String(length=10), nullable=False),
        sa.Column("sex", sa.String(length=9), nullable=False),
        sa.Column("address", sa.String(length=512), nullable=False),
        sa.Column("name_key", sa.String(length=256), nullable=False),
        sa.Column("kana_key", sa.String(length=256), nullable=False),
        sa.Column("address_key", sa.String(length=512), nullable=False),
        sa.Column("items_key", sa.LargeBinary(), nullable=False),
        sa.Column("code_state", sa.String(length=8), server_default="none", nullable=False),
        sa.Column("ordered_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("merged_into", sa.String(length=15), nullable=True),
        sa.PrimaryKeyConstraint("address_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("addressee_birth", "addressee", ["birth"], unique=False)
    op.create_index("addressee_code", "addressee", ["code_state", "address_number"], unique=False)
    op.create_index("addressee_items", "addressee", ["items_key"], unique=False)
    op.create_index("addressee_number", "addressee", ["personal_number"], unique=True)


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


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _own() -> None:
    op.create_table(
        "own",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("address_number", sa.String(length=15), nullable=False),
        sa.PrimaryKeyConstraint("system", "own_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("own_addressee", "own", ["address_number"], unique=False)


def _relayed_batch() -> None:
    op.create_table(
        "relayed_batch",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("system", "batch"),
    )


def _relinking() -> None:
    op.create_table(
        "relinking",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("from_number", sa.String(length=15), nullable=False),
        sa.Column("to_number", sa.String(length=15), nullable=False),
        sa.Column("number_moved", sa.Boolean(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("undone", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_relinking_at_ms"), "relinking", ["at_ms"], unique=False)
    op.create_index(op.f("ix_relinking_from_number"), "relinking", ["from_number"], unique=False)
    op.create_index(op.f("ix_relinking_to_number"), "relinking", ["to_number"], unique=False)
