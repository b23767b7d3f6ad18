"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _allowance()
    _allowance_child()
    _assistance()
    _audit_event()
    _certificate()
    _claim()
    _claim_answer()
    _claim_case()
    _claim_round()
    _claim_sequence()
    _payment()
    _subject()


def _allowance() -> None:
    op.create_table(
        "allowance",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("since_month", sa.String(length=7), nullable=False),
        sa.Column("until_month", sa.String(length=7), nullable=False),
        sa.Column("paid_until_month", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("own_number"),
    )


def _allowance_child() -> None:
    op.create_table(
        "allowance_child",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("child_number", sa.String(length=15), nullable=False),
        sa.Column("birth", sa.String(length=10), nullable=False),
        sa.Column("since_month", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "child_number"),
    )


def _assistance() -> None:
    op.create_table(
        "assistance",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("started_on", sa.String(length=10), nullable=False),
        sa.Column("ended_on", sa.String(length=10), nullable=False),
        sa.Column("kinds", sa.String(length=128), nullable=False),
        sa.Column("monthly_yen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number"),
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


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("issued_on", sa.String(length=10), nullable=False),
        sa.Column("review_on", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "kind"),
    )


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("children", sa.Text(), nullable=False),
        sa.Column("moved_in_on", sa.String(length=10), nullable=False),
        sa.Column("moved_from", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("filed_ms", sa.BigInteger(), nullable=False),
        sa.Column("filed_by", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=64), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("since_month", sa.String(length=7), nullable=False),
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
        sa.Column("rests_on", sa.Text(), nullable=False),
        sa.Column("paper_seen", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "need"),
    )


def _claim_case() -> None:
    op.create_table(
        "claim_case",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("affairs", sa.String(length=32), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "case_id"),
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


def _payment() -> None:
    op.create_table(
        "payment",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("to_month", sa.String(length=7), nullable=False),
        sa.Column("from_month", sa.String(length=7), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("paid_yen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "to_month"),
    )


def _subject() -> None:
    op.create_table(
        "subject",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("information", sa.String(length=64), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "information"),
    )
