"""Sign transactions: kept, turned into a task for the card, answered, handed over once.

The card round trip itself is described in `contracts.card_agent`. What the card answers is verified when it comes, by
`operations.signature_check`; here is only what is kept and when.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select, update

from renkei.base.time import to_ms
from renkei.contracts.card_agent import Task
from renkei.institutions.identity.errors.asks import (
    AskExpired,
    SignTaskElsewhere,
    SignTaskUnknown,
    SignTransactionUnfinished,
    SignTransactionUnknown,
)
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.device import code_hash
from renkei.institutions.identity.model.signing import (
    RESULT_LIFE,
    DocumentsSigned,
    SignResult,
    SignResultFetched,
    SignTransaction,
    SignTransactionMade,
    TaskState,
    TransactionState,
)
from renkei.institutions.identity.operations import asks
from renkei.institutions.identity.store.base import audit_table
from renkei.institutions.identity.store.signing import sign_task, sign_transaction
from renkei.platform.audit_store import audit

_encode = msgspec.json.Encoder().encode
_read_transaction = msgspec.json.Decoder(SignTransaction).decode
_read_task = msgspec.json.Decoder(Task).decode
_read_approved = msgspec.json.Decoder(Approved).decode
_read_result = msgspec.json.Decoder(SignResult).decode


class SetTask(NamedTuple):
    """A task that waits for the card."""

    task: Task
    ask_id: str
    transaction_id: str
    session_id: str
    account_id: str


def make(conn: Connection, transaction: SignTransaction, now: datetime) -> None:
    """Keep what a client wants signed."""
    conn.execute(
        sign_transaction.insert().values(
            transaction_id=transaction.transaction_id, client_id=transaction.client_id,
            state=TransactionState.OPEN.value, body=_encode(transaction), account_id="", made_ms=transaction.made_ms,
            expires_ms=transaction.expires_ms,
        )
    )  # fmt: skip
    event = SignTransactionMade(
        client=transaction.client_id, transaction=transaction.transaction_id, documents=len(transaction.documents)
    )
    audit(conn, audit_table, event, now=now)


def wanted(conn: Connection, transaction_id: str, now: datetime, *, client_id: str) -> SignTransaction:
    """A client's transaction that waits for its signature.

    Raises:
        SignTransactionUnknown: another client's, signed before, or never made.
        AskExpired.
    """
    table = sign_transaction
    query = select(table).where(table.c.transaction_id == transaction_id, table.c.client_id == client_id)
    row = conn.execute(query).one_or_none()
    if row is None or row.state != TransactionState.OPEN:
        raise SignTransactionUnknown()
    if row.expires_ms <= to_ms(now):
        raise AskExpired()
    return _read_transaction(row.body)


def set_task(conn: Connection, task: Task, approved: Approved, now: datetime) -> None:
    """Keep a task for the card. An earlier task of the same ask that has not been answered ends."""
    conn.execute(delete(sign_task).where(sign_task.c.ask_id == approved.ask_id))
    conn.execute(
        sign_task.insert().values(
            txn=task.txn, ask_id=approved.ask_id, transaction_id=approved.sign_transaction_id,
            session_id=approved.session_id, account_id=approved.account_id, state=TaskState.SET.value,
            task=_encode(task), approved=_encode(approved), code_hash="", expires_ms=task.expires_ms,
        )
    )  # fmt: skip


def task_set(conn: Connection, txn: str, now: datetime) -> SetTask:
    """A task that the card has not answered yet.

    Raises:
        SignTaskUnknown: answered, expired or never set.
    """
    table = sign_task
    query = select(table).where(table.c.txn == txn, table.c.state == TaskState.SET.value)
    row = conn.execute(query.where(table.c.expires_ms > to_ms(now))).one_or_none()
    if row is None:
        raise SignTaskUnknown()
    return SetTask(_read_task(row.task), row.ask_id, row.transaction_id, row.session_id, row.account_id)


def answer(conn: Connection, txn: str, result: SignResult, now: datetime, *, key: bytes, code: str) -> None:
    """Keep a verified answer of the card until the browser that began is back with `code`.

    Raises:
        SignTaskUnknown: answered, expired or never set: an assertion counts once.
    """
    table = sign_task
    query = (
        update(table)
        .where(table.c.txn == txn, table.c.state == TaskState.SET.value, table.c.expires_ms > to_ms(now))
        .values(state=TaskState.ANSWERED.value, code_hash=code_hash(key, "sign", code), result=_encode(result))
    )
    if not conn.execute(query).rowcount:
        raise SignTaskUnknown()


def take(conn: Connection, txn: str, now: datetime, *, key: bytes, code: str, session_id: str) -> Approved:
    """The browser is back: the transaction is signed and the ask approved, both or neither.

    Raises:
        SignTaskUnknown: not answered, expired, or taken before.
        SignTaskElsewhere: another session, or a code that this browser cannot have from the agent.
        SignTransactionUnknown, AskDecided, AskExpired: it came to an end another way.
    """
    table = sign_task
    row = conn.execute(select(table).where(table.c.txn == txn)).one_or_none()
    if row is None or row.state != TaskState.ANSWERED or row.expires_ms <= to_ms(now):
        raise SignTaskUnknown()
    given = code_hash(key, "sign", code)
    if row.session_id != session_id or not hmac.compare_digest(given, row.code_hash):
        raise SignTaskElsewhere()
    taken = update(table).where(table.c.txn == txn, table.c.state == TaskState.ANSWERED.value)
    if not conn.execute(taken.values(state=TaskState.TAKEN.value, result=None)).rowcount:
        raise SignTaskUnknown()
    approved, result = _read_approved(row.approved), _read_result(row.result)
    asks.approve(conn, approved, now)
    _sign(conn, approved, result, now)
    return approved


def decline(conn: Connection, txn: str, now: datetime, *, session_id: str) -> str:
    """The person declined at the card: the task ends. The ask stays open; its id.

    Raises:
        SignTaskUnknown: taken before, or never set.
        SignTaskElsewhere: another session began it.
    """
    table = sign_task
    row = conn.execute(
        select(table.c.ask_id, table.c.session_id, table.c.state).where(table.c.txn == txn)
    ).one_or_none()
    if row is None or row.state == TaskState.TAKEN:
        raise SignTaskUnknown()
    if row.session_id != session_id:
        raise SignTaskElsewhere()
    conn.execute(delete(table).where(table.c.txn == txn))
    return str(row.ask_id)


def _sign(conn: Connection, approved: Approved, result: SignResult, now: datetime) -> None:
    table = sign_transaction
    query = (
        update(table)
        .where(table.c.transaction_id == approved.sign_transaction_id, table.c.client_id == approved.client_id)
        .where(table.c.state == TransactionState.OPEN.value)
        .values(
            state=TransactionState.SIGNED.value, account_id=approved.account_id, result=_encode(result),
            expires_ms=to_ms(now + RESULT_LIFE),
        )
    )  # fmt: skip
    if not conn.execute(query).rowcount:
        raise SignTransactionUnknown()
    event = DocumentsSigned(
        account=approved.account_id, client=approved.client_id, transaction=approved.sign_transaction_id,
        documents=len(result.documents),
    )  # fmt: skip
    audit(conn, audit_table, event, now=now)


def fetch(conn: Connection, transaction_id: str, now: datetime, *, client_id: str) -> SignResult:
    """Hand the signatures to the client: once; nothing of them is kept.

    Raises:
        SignTransactionUnknown: another client's, fetched before, expired or never made.
        SignTransactionUnfinished: nobody has signed yet.
    """
    table = sign_transaction
    mine = (table.c.transaction_id == transaction_id, table.c.client_id == client_id, table.c.expires_ms > to_ms(now))
    row = conn.execute(select(table.c.state, table.c.result).where(*mine)).one_or_none()
    if row is not None and row.state == TransactionState.OPEN:
        raise SignTransactionUnfinished()
    change = update(table).where(*mine, table.c.state == TransactionState.SIGNED.value)
    fetched = conn.execute(change.values(state=TransactionState.FETCHED.value, result=None)).rowcount
    if row is None or not fetched:
        raise SignTransactionUnknown()
    audit(conn, audit_table, SignResultFetched(client=client_id, transaction=transaction_id), now=now)
    return _read_result(row.result)


def sweep(conn: Connection, before: datetime) -> int:
    """Forget transactions and tasks that expired before a moment; returns how many."""
    limit = to_ms(before)
    old = conn.execute(delete(sign_transaction).where(sign_transaction.c.expires_ms < limit)).rowcount
    return old + conn.execute(delete(sign_task).where(sign_task.c.expires_ms < limit)).rowcount
