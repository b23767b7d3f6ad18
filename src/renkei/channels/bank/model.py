"""What the bank decides: whether a payment is one that was agreed, and what its receipt says. Values in, values out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.base.time import to_ms
from renkei.channels.bank.errors import PaymentMalformed, PaymentNotAgreed
from renkei.contracts.identity import PAYMENT_DETAIL, Payment
from renkei.contracts.payments import REFERENCE_MAX, PaymentReceipt

CAPITAL: Final = "capital"
"""Account against which opening balances stand, so that the sum of all postings is always zero."""
AMOUNT_MAX_YEN: Final = 10_000_000
NAME_MAX: Final = 60


class SampleAccount(MaskedStruct, frozen=True, kw_only=True):
    """A synthetic account as it is opened for somebody who comes for the first time."""

    number: str
    """As the holder sees it: branch and number."""
    opening_yen: int


class Account(MaskedStruct, frozen=True, kw_only=True):
    """An account of a person."""

    account_id: str
    number: str
    balance_yen: int


class Movement(MaskedStruct, frozen=True, kw_only=True):
    """One line of an account: what came in is positive."""

    at_ms: int
    amount_yen: int
    text: str
    """Whom it went to; empty for the opening balance."""
    receipt_number: str
    """Of a payment; empty otherwise."""


class Paid(MaskedStruct, frozen=True, kw_only=True):
    """A payment that was made."""

    reference: str
    receipt_number: str
    amount_yen: int
    payee: str
    purpose: str
    paid_ms: int
    receipt: str
    """As signed."""


def check_payment(payment: Payment, *, bank: str) -> None:
    """Check that a payment can be made here.

    Args:
        bank: base URL of this bank's interface.

    Raises:
        PaymentMalformed: naming what is wrong.
    """
    parts = {
        "type": payment.type == PAYMENT_DETAIL,
        "locations": payment.locations == (bank,),
        "amount_yen": 0 < payment.amount_yen <= AMOUNT_MAX_YEN,
        "payee": _shown(payment.payee, NAME_MAX) and bool(payment.payee),
        "reference": _plain(payment.reference),
        "purpose": _shown(payment.purpose, NAME_MAX),
    }
    for part, holds in parts.items():
        if not holds:
            raise PaymentMalformed(part=part)


def check_agreed(payment: Payment, *agreed: Sequence[Payment]) -> None:
    """Check that a payment is exactly one that the person agreed to, in every account of that agreement.

    Raises:
        PaymentNotAgreed: otherwise.
    """
    if not all(payment in listed for listed in agreed):
        raise PaymentNotAgreed()


def payee_account(payee: str) -> str:
    """Id of the account of a payee."""
    return "payee-" + hashlib.sha256(payee.encode()).hexdigest()[:24]


def receipt_of(payment: Payment, *, bank: str, number: str, now: datetime) -> PaymentReceipt:
    """What the receipt of a payment says."""
    return PaymentReceipt(
        iss=bank, jti=number, reference=payment.reference, amount_yen=payment.amount_yen, payee=payment.payee,
        purpose=payment.purpose, paid_ms=to_ms(now),
    )  # fmt: skip


def is_same(paid: Paid, payment: Payment) -> bool:
    """Whether a payment that was made is the one that is asked for."""
    made = (paid.reference, paid.amount_yen, paid.payee, paid.purpose)
    return made == (payment.reference, payment.amount_yen, payment.payee, payment.purpose)


def _plain(reference: str) -> bool:
    bare = reference.replace("-", "")
    return bare.isascii() and bare.isalnum() and len(reference) <= REFERENCE_MAX


def _shown(text: str, length: int) -> bool:
    return text.isprintable() and len(text) <= length


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccountOpened(AuditEvent):
    """An account was opened for somebody who signed in for the first time."""

    name: ClassVar[str] = "bank.account_opened"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMade(AuditEvent):
    """A payment was made, on the order of a client to whom the person agreed."""

    name: ClassVar[str] = "bank.payment_made"
    account: str
    client: str
    receipt: str
