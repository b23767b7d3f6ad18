"""What the bank knows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from renkei.channels.bank import store
from renkei.channels.bank.errors import AccountNotLinked, PaymentUnknown
from renkei.channels.bank.model import Account, Movement, Paid


def account_of(conn: Connection, sub: str) -> Account:
    """The account of a person.

    Raises:
        AccountNotLinked: there is none.
    """
    table = store.account
    row = conn.execute(select(table).where(table.c.sub == sub)).one_or_none()
    if row is None:
        raise AccountNotLinked()
    return Account(account_id=row.account_id, number=row.number, balance_yen=row.balance_yen)


def movements(conn: Connection, account_id: str, *, limit: int) -> list[Movement]:
    """Lines of an account, the newest first."""
    table = store.posting
    query = select(table).where(table.c.account_id == account_id).order_by(table.c.posting_id.desc()).limit(limit)
    return [
        Movement(at_ms=row.at_ms, amount_yen=row.amount_yen, text=row.text, receipt_number=row.receipt_number)
        for row in conn.execute(query)
    ]


def paid_under(conn: Connection, reference: str) -> tuple[Paid, str] | None:
    """What was paid under a reference, and from which account; None where nothing was."""
    row = conn.execute(select(store.payment).where(store.payment.c.reference == reference)).one_or_none()
    return None if row is None else (_paid(row), str(row.account_id))


def payment_of(conn: Connection, sub: str, receipt_number: str) -> Paid:
    """A payment of this person.

    Raises:
        PaymentUnknown, AccountNotLinked: there is none.
    """
    account, table = account_of(conn, sub), store.payment
    wanted = (table.c.receipt_number == receipt_number, table.c.account_id == account.account_id)
    row = conn.execute(select(table).where(*wanted)).one_or_none()
    if row is None:
        raise PaymentUnknown()
    return _paid(row)


def ledger_sum(conn: Connection) -> int:
    """Sum of all postings, in yen: zero, or the books are wrong."""
    return int(conn.execute(select(func.coalesce(func.sum(store.posting.c.amount_yen), 0))).scalar_one())


def _paid(row: Row[Any]) -> Paid:
    return Paid(
        reference=row.reference, receipt_number=row.receipt_number, amount_yen=row.amount_yen, payee=row.payee,
        purpose=row.purpose, paid_ms=row.paid_ms, receipt=row.receipt,
    )  # fmt: skip
