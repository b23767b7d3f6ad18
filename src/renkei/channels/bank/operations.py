"""The bank at work: accounts are opened, payments made, each once.

Every change of a balance is two postings that sum to zero, in one transaction with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from renkei.base.time import to_ms
from renkei.channels.bank import queries, store
from renkei.channels.bank.errors import FundsInsufficient, PaymentUnknown, ReferenceTaken
from renkei.channels.bank.model import (
    CAPITAL,
    BankAccountOpened,
    Paid,
    PaymentMade,
    SampleAccount,
    check_payment,
    is_same,
    payee_account,
    receipt_of,
)  # fmt: skip
from renkei.contracts.identity import Payment, SignedIn
from renkei.contracts.payments import RECEIPT_TYPE, PaymentReceipt
from renkei.crypto.signing_keys import SigningKey
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.openid.jose import ALGORITHM, Header, ec_public, jwk_of, sign_jws

T = TypeVar("T")
Sign = Callable[[PaymentReceipt], str]


def open_account(conn: Connection, sub: str, sample: SampleAccount, *, now: datetime) -> None:
    """Open the account of a person; whoever has one keeps it."""
    table = store.account
    if conn.execute(select(table.c.account_id).where(table.c.sub == sub)).first() is not None:
        return
    account_id = f"person-{secrets.token_hex(8)}"
    row = {"account_id": account_id, "sub": sub, "number": sample.number, "balance_yen": 0, "opened_ms": to_ms(now)}
    conn.execute(insert(table).values(**row))
    _ensure(conn, CAPITAL, now)
    _post(conn, (CAPITAL, account_id), sample.opening_yen, text="", receipt_number="", now=now)
    audit(conn, store.audit_table, BankAccountOpened(account=account_id), now=now)


def make_payment(
    conn: Connection, payment: Payment, *, sub: str, client_id: str, bank: str, sign: Sign, now: datetime
) -> Paid:
    """Make a payment that was agreed, or give what was made of it before.

    Args:
        sub: whose account pays.
        bank: base URL of the bank's interface.
        sign: signs the receipt.

    Raises:
        AccountNotLinked, FundsInsufficient: nothing was paid.
        ReferenceTaken: something else was paid under this reference.
        IntegrityError: somebody else pays it at this moment; try again.
    """
    before = queries.paid_under(conn, payment.reference)
    payer = queries.account_of(conn, sub)
    if before is not None:
        paid, account_id = before
        if account_id != payer.account_id or not is_same(paid, payment):
            raise ReferenceTaken()
        return paid
    number = f"R{secrets.randbelow(10**14):014d}"
    said = receipt_of(payment, bank=bank, number=number, now=now)
    made = Paid(
        reference=payment.reference, receipt_number=number, amount_yen=payment.amount_yen, payee=payment.payee,
        purpose=payment.purpose, paid_ms=said.paid_ms, receipt=sign(said),
    )  # fmt: skip
    row = {name: getattr(made, name) for name in made.__struct_fields__}
    conn.execute(insert(store.payment).values(**row, account_id=payer.account_id, client_id=client_id))
    payee = payee_account(payment.payee)
    _ensure(conn, payee, now)
    text = payment.payee
    _post(conn, (payer.account_id, payee), payment.amount_yen, text=text, receipt_number=number, now=now)
    audit(conn, store.audit_table, PaymentMade(account=payer.account_id, client=client_id, receipt=number), now=now)
    return made


def _ensure(conn: Connection, account_id: str, now: datetime) -> None:
    """The bank's own account, or a payee's: made when first needed."""
    table = store.account
    if conn.execute(select(table.c.account_id).where(table.c.account_id == account_id)).first() is None:
        row = {"account_id": account_id, "sub": None, "number": "", "balance_yen": 0, "opened_ms": to_ms(now)}
        conn.execute(insert(table).values(**row))


def _post(
    conn: Connection, way: tuple[str, str], amount_yen: int, *, text: str, receipt_number: str, now: datetime
) -> None:
    """Move an amount from the first account to the second.

    Raises:
        FundsInsufficient: a person's balance does not cover it; whatever the transaction did is undone by the caller.
    """
    table = store.account
    giver, taker = way
    taken = update(table).where(table.c.account_id == giver).values(balance_yen=table.c.balance_yen - amount_yen)
    if giver != CAPITAL:  # judged by the database in the same statement: two payments at once cannot both pass
        taken = taken.where(table.c.balance_yen >= amount_yen)
    if conn.execute(taken).rowcount != 1:
        raise FundsInsufficient()
    given = update(table).where(table.c.account_id == taker).values(balance_yen=table.c.balance_yen + amount_yen)
    conn.execute(given)
    both = {"text": text, "receipt_number": receipt_number, "at_ms": to_ms(now)}
    lines = [{"account_id": giver, "amount_yen": -amount_yen}, {"account_id": taker, "amount_yen": amount_yen}]
    conn.execute(insert(store.posting), [line | both for line in lines])


class Bank:
    """The bank as it runs.

    Args:
        key: P-256; signs receipts.
        base_url: of its interface for payments: the audience of tokens, and who signs the receipts.
        accounts: the synthetic account of somebody who comes for the first time.
    """

    def __init__(
        self, *, db: Database, key: SigningKey, base_url: str, accounts: Callable[[SignedIn], SampleAccount],
        clock: Clock,
    ) -> None:  # fmt: skip
        self.db, self.base_url, self.clock = db, base_url, clock
        self._key, self._accounts = key, accounts
        self.jwk = jwk_of(ec_public(key))
        """Public key of the receipts."""

    async def welcome(self, person: SignedIn) -> None:
        """Open the account of somebody who has come in, where they have none."""
        opened = partial(open_account, sub=person.sub, sample=self._accounts(person), now=self.clock.now())
        await self._twice(opened)

    async def pay(self, payment: Payment, *, sub: str, client_id: str) -> Paid:
        """Make a payment that was agreed; see `make_payment`.

        Raises:
            PaymentMalformed: it cannot be made here.
        """
        check_payment(payment, bank=self.base_url)
        made = partial(
            make_payment, payment=payment, sub=sub, client_id=client_id, bank=self.base_url, sign=self._sign,
            now=self.clock.now(),
        )  # fmt: skip
        return await self._twice(made)

    async def find(self, reference: str, *, sub: str) -> Paid:
        """What this person paid under a reference.

        Raises:
            PaymentUnknown, AccountNotLinked: nothing.
        """

        def look(conn: Connection) -> Paid:
            account, found = queries.account_of(conn, sub), queries.paid_under(conn, reference)
            if found is None or found[1] != account.account_id:
                raise PaymentUnknown()
            return found[0]

        return await self.db.read(look)

    def _sign(self, receipt: PaymentReceipt) -> str:
        return sign_jws(Header(alg=ALGORITHM, typ=RECEIPT_TYPE, kid=self.jwk.kid), receipt, self._key)

    async def _twice(self, work: Callable[[Connection], T]) -> T:
        """A write; once more where another one of the same came between, whose result it then finds."""
        try:
            return await self.db.write(work)
        except IntegrityError:
            return await self.db.write(work)
