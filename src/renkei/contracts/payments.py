"""The seam between a bank and whoever has payments made there: what is sent is `identity.Payment`, what comes back is
a receipt that the bank signs (a JWS, ES256), which proves the payment to anybody who knows the bank's key.

POST {bank}/payments              a `Payment`, under a token that carries the same payment as authorization_details
GET  {bank}/payments/{reference}  the receipt again, under a token for the same payment
"""

from __future__ import annotations

from typing import Final

import msgspec

PAYMENTS: Final = "/payments"
RECEIPT_TYPE: Final = "payment-receipt+jwt"
REFERENCE_MAX: Final = 40


class PaymentReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt says. Nothing of who paid: the payee knows them by the reference."""

    iss: str
    """Base URL of the bank's interface."""
    jti: str
    """Number of the receipt at the bank."""
    reference: str
    amount_yen: int
    payee: str
    purpose: str
    paid_ms: int


class PaymentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The bank's answer."""

    receipt: str
    """Compact JWS of type `RECEIPT_TYPE` over a `PaymentReceipt`."""
