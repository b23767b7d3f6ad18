"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Bring a store here from the revision before."""
    _account()
    _ask()
    _audit_event()
    _call_number()
    _certificate()
    _claims()
    _client()
    _code()
    _consent()
    _consent_event()
    _guess()
    _logout_notice()
    _passkey()
    _pushed_request()
    _relation()
    _seen_token()
    _session()
    _sign_in_round()
    _sign_task()
    _sign_transaction()
    _token_grant()
    _wait()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=16), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _ask() -> None:
    op.create_table(
        "ask",
        sa.Column("ask_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("approved", sa.LargeBinary(), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ask_id"),
    )
    op.create_index("ask_account", "ask", ["account_id", "state"], unique=False)
    op.create_index("ask_expiry", "ask", ["expires_ms"], unique=False)


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


def _call_number() -> None:
    op.create_table(
        "call_number",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("call_number_account", "call_number", ["account_id"], unique=False)


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("issuer_id", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=50), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("use", sa.String(length=16), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("not_after_ms", sa.BigInteger(), nullable=False),
        sa.Column("bound_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer_id", "serial"),
    )
    op.create_index("certificate_account", "certificate", ["account_id", "use"], unique=False)


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("issuer_id", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _client() -> None:
    op.create_table(
        "client",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=16), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
    )


def _code() -> None:
    op.create_table(
        "code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=64), nullable=False),
        sa.Column("approved", sa.LargeBinary(), nullable=False),
        sa.Column("returns", sa.LargeBinary(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("code_expiry", "code", ["expires_ms"], unique=False)


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("ask_id", sa.String(length=64), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "client_id", "item"),
    )


def _consent_event() -> None:
    op.create_table(
        "consent_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("items", sa.String(length=255), nullable=False),
        sa.Column("ask_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("consent_event_account", "consent_event", ["account_id", "client_id", "number"], unique=False)


def _guess() -> None:
    op.create_table(
        "guess",
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who"),
    )


def _logout_notice() -> None:
    op.create_table(
        "logout_notice",
        sa.Column("notice_id", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id"),
    )
    op.create_index("notice_due", "logout_notice", ["due_ms"], unique=False)


def _passkey() -> None:
    op.create_table(
        "passkey",
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("credential_id"),
    )
    op.create_index("passkey_account", "passkey", ["account_id"], unique=False)


def _pushed_request() -> None:
    op.create_table(
        "pushed_request",
        sa.Column("uri_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("ask_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("uri_hash"),
    )
    op.create_index("pushed_expiry", "pushed_request", ["expires_ms"], unique=False)


def _relation() -> None:
    op.create_table(
        "relation",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("sub", sa.String(length=64), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "client_id"),
    )
    op.create_index("relation_sub", "relation", ["client_id", "sub"], unique=False)


def _seen_token() -> None:
    op.create_table(
        "seen_token",
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark"),
    )
    op.create_index("seen_expiry", "seen_token", ["expires_ms"], unique=False)


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("idle_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_why", sa.String(length=16), nullable=False),
        sa.Column("txn", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("session_account", "session", ["account_id", "ended_ms"], unique=False)
    op.create_index("session_end", "session", ["ended_ms", "expires_ms"], unique=False)
    op.create_index("session_txn", "session", ["txn"], unique=False)


def _sign_in_round() -> None:
    op.create_table(
        "sign_in_round",
        sa.Column("txn", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("txn"),
    )
    op.create_index("round_expiry", "sign_in_round", ["expires_ms"], unique=False)


def _sign_task() -> None:
    op.create_table(
        "sign_task",
        sa.Column("txn", sa.String(length=64), nullable=False),
        sa.Column("ask_id", sa.String(length=64), nullable=False),
        sa.Column("transaction_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("task", sa.LargeBinary(), nullable=False),
        sa.Column("approved", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("txn"),
    )
    op.create_index("sign_task_expiry", "sign_task", ["expires_ms"], unique=False)


def _sign_transaction() -> None:
    op.create_table(
        "sign_transaction",
        sa.Column("transaction_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_id"),
    )
    op.create_index("sign_transaction_expiry", "sign_transaction", ["expires_ms"], unique=False)


def _token_grant() -> None:
    op.create_table(
        "token_grant",
        sa.Column("grant_id", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("actor_account_id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("proxy_id", sa.String(length=64), nullable=False),
        sa.Column("key_thumbprint", sa.String(length=43), nullable=False),
        sa.Column("scopes", sa.String(length=400), nullable=False),
        sa.Column("approved", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=True),
        sa.Column("lasting", sa.Integer(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("grant_id"),
        sa.UniqueConstraint("refresh_hash"),
    )
    op.create_index("grant_account", "token_grant", ["account_id", "client_id"], unique=False)
    op.create_index("grant_actor", "token_grant", ["actor_account_id"], unique=False)
    op.create_index("grant_expiry", "token_grant", ["expires_ms"], unique=False)
    op.create_index("grant_proxy", "token_grant", ["proxy_id"], unique=False)
    op.create_index("grant_session", "token_grant", ["session_id"], unique=False)


def _wait() -> None:
    op.create_table(
        "wait",
        sa.Column("handle_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("ask_id", sa.String(length=64), nullable=False),
        sa.Column("user_code_hash", sa.String(length=64), nullable=False),
        sa.Column("interval_ms", sa.BigInteger(), nullable=False),
        sa.Column("polled_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handle_hash"),
    )
    op.create_index("wait_expiry", "wait", ["expires_ms"], unique=False)
    op.create_index("wait_user_code", "wait", ["user_code_hash"], unique=False)
