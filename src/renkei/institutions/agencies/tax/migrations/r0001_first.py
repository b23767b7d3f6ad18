"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    op.create_table(
        "assessment",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("salary_yen", sa.BigInteger(), nullable=False),
        sa.Column("pension_yen", sa.BigInteger(), nullable=False),
        sa.Column("business_yen", sa.BigInteger(), nullable=False),
        sa.Column("other_deductions_yen", sa.BigInteger(), nullable=False),
        sa.Column("spouse_deducted", sa.Boolean(), nullable=False),
        sa.Column("dependants", sa.Integer(), nullable=False),
        sa.Column("difference_yen", sa.BigInteger(), nullable=False),
        sa.Column("relief", sa.String(length=12), nullable=False),
        sa.Column("salary_income_yen", sa.BigInteger(), nullable=False),
        sa.Column("pension_income_yen", sa.BigInteger(), nullable=False),
        sa.Column("business_income_yen", sa.BigInteger(), nullable=False),
        sa.Column("total_income_yen", sa.BigInteger(), nullable=False),
        sa.Column("taxable_yen", sa.BigInteger(), nullable=False),
        sa.Column("income_levy_municipal_yen", sa.BigInteger(), nullable=False),
        sa.Column("income_levy_prefectural_yen", sa.BigInteger(), nullable=False),
        sa.Column("per_capita_municipal_yen", sa.BigInteger(), nullable=False),
        sa.Column("per_capita_prefectural_yen", sa.BigInteger(), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("own_number", "fiscal_year", "revision"),
    )
    op.create_index("assessment_newest", "assessment", ["own_number", "newest"], unique=False)
    op.create_table(
        "audit_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_audit_event_name"), "audit_event", ["name"], unique=False)
    op.create_table(
        "taxpayer",
        sa.Column("own_number", sa.String(length=15), nullable=False),
        sa.Column("birth", sa.String(length=10), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("own_number"),
    )
