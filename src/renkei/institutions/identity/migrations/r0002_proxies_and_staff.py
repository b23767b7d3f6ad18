"""Proxies, help at a counter, staff and their terminals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _counter_code()
    _help()
    _help_deed()
    _protection()
    _proxy()
    _proxy_use()
    _staff()
    _terminal()


def _counter_code() -> None:
    op.create_table(
        "counter_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
    )


def _help() -> None:
    op.create_table(
        "help",
        sa.Column("help_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("helper", sa.String(length=64), nullable=False),
        sa.Column("helper_session_id", sa.String(length=64), nullable=False),
        sa.Column("body_id", sa.String(length=32), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("terminal", sa.String(length=64), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_why", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("help_id"),
    )
    op.create_index("help_account", "help", ["account_id"], unique=False)
    op.create_index("help_session", "help", ["session_id"], unique=False)


def _help_deed() -> None:
    op.create_table(
        "help_deed",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("help_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("help_deed_help", "help_deed", ["help_id", "at_ms"], unique=False)


def _protection() -> None:
    op.create_table(
        "protection",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("body_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _proxy() -> None:
    op.create_table(
        "proxy",
        sa.Column("proxy_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("principal_id", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("affairs", sa.String(length=200), nullable=False),
        sa.Column("acts", sa.String(length=80), nullable=False),
        sa.Column("from_day", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("granted_by", sa.String(length=64), nullable=False),
        sa.Column("body_id", sa.String(length=32), nullable=False),
        sa.Column("evidence_id", sa.String(length=20), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("principal_name", sa.String(length=200), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("proxy_id"),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("evidence_id"),
    )
    op.create_index("proxy_actor", "proxy", ["actor_id"], unique=False)
    op.create_index("proxy_principal", "proxy", ["principal_id"], unique=False)


def _proxy_use() -> None:
    op.create_table(
        "proxy_use",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proxy_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("affairs", sa.String(length=64), nullable=False),
        sa.Column("reveals", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("proxy_use_proxy", "proxy_use", ["proxy_id", "at_ms"], unique=False)


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("body_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id"),
        sa.UniqueConstraint("account_id"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_index("staff_body", "staff", ["body_id"], unique=False)


def _terminal() -> None:
    op.create_table(
        "terminal",
        sa.Column("terminal_id", sa.String(length=40), nullable=False),
        sa.Column("body_id", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_ms", sa.BigInteger(), nullable=False),
        sa.Column("registered_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id"),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("terminal_body", "terminal", ["body_id"], unique=False)
