"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _audit_event()
    _claim()
    _claim_answer()
    _claim_ground()
    _claim_round()
    _claim_sequence()
    _insured()
    _pension()
    _residence()


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


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("needs", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("filed_ms", sa.BigInteger(), nullable=False),
        sa.Column("filed_by", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=64), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("yearly_yen", sa.BigInteger(), nullable=False),
        sa.Column("from_month", sa.String(length=7), nullable=False),
        sa.Column("case_sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id"),
    )
    op.create_index("claim_filed", "claim", ["filed_ms"], unique=False)
    op.create_index("claim_own_number", "claim", ["own_number"], unique=False)


def _claim_answer() -> None:
    op.create_table(
        "claim_answer",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        sa.Column("need", sa.String(length=16), nullable=False),
        sa.Column("information", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("row", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.Column("copied_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("claim_id", "need"),
    )


def _claim_ground() -> None:
    op.create_table(
        "claim_ground",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        sa.Column("need", sa.String(length=16), nullable=False),
        sa.Column("by_paper", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("row", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("copied_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "need"),
    )


def _claim_round() -> None:
    op.create_table(
        "claim_round",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("batch", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "round"),
    )


def _claim_sequence() -> None:
    op.create_table(
        "claim_sequence",
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_year"),
    )


def _insured() -> None:
    op.create_table(
        "insured",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kana", sa.String(length=200), nullable=False),
        sa.Column("birth", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("employed", sa.Integer(), nullable=False),
        sa.Column("dependant", sa.Integer(), nullable=False),
        sa.Column("exempt_quarter", sa.Integer(), nullable=False),
        sa.Column("exempt_half", sa.Integer(), nullable=False),
        sa.Column("exempt_three_quarters", sa.Integer(), nullable=False),
        sa.Column("exempt_full", sa.Integer(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number"),
    )


def _pension() -> None:
    op.create_table(
        "pension",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("from_month", sa.String(length=7), nullable=False),
        sa.Column("to_month", sa.String(length=7), nullable=False),
        sa.Column("yearly_yen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "kind", "from_month"),
    )


def _residence() -> None:
    op.create_table(
        "residence",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("body_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "since"),
    )
