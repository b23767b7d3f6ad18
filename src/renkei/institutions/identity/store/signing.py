"""Sign transactions of clients, and the card's task for one of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from renkei.institutions.identity.store.base import metadata

sign_transaction = Table(
    "sign_transaction",
    metadata,
    Column("transaction_id", String(64), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("state", String(12), nullable=False),  # model.signing.TransactionState
    Column("body", LargeBinary, nullable=False),  # SignTransaction
    Column("account_id", String(64), nullable=False),  # who signed; empty before
    Column("result", LargeBinary, nullable=True),  # SignResult, until it is fetched
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("sign_transaction_expiry", "expires_ms"),
)

sign_task = Table(
    "sign_task",
    metadata,
    Column("txn", String(64), primary_key=True),
    Column("ask_id", String(64), nullable=False),
    Column("transaction_id", String(64), nullable=False),
    Column("session_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("state", String(12), nullable=False),  # model.signing.TaskState
    Column("task", LargeBinary, nullable=False),  # contracts.card_agent.Task
    Column("approved", LargeBinary, nullable=False),  # Approved, as it will stand once the signature is there
    Column("code_hash", String(64), nullable=False),  # of the return code; empty before the card has answered
    Column("result", LargeBinary, nullable=True),  # SignResult, until the browser is back
    Column("expires_ms", BigInteger, nullable=False),
    Index("sign_task_expiry", "expires_ms"),
)
