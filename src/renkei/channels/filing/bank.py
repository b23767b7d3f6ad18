"""The bank, as the filing service knows it: ordered over HTTP under the person's token, its receipts verified."""

from __future__ import annotations

from typing import Literal

import msgspec

from renkei.base.errors import RenkeiError
from renkei.channels.filing.errors import (
    BankReceiptInvalid,
    PaymentConsentMissing,
    PaymentRefused,
    PaymentUnreachable,
)
from renkei.contracts.identity import Payment
from renkei.contracts.payments import PAYMENTS, RECEIPT_TYPE, PaymentAnswer, PaymentReceipt
from renkei.platform.clock import Clock
from renkei.platform.openid.dpop import make_proof
from renkei.platform.openid.errors import ProviderGarbled, ProviderUnreachable
from renkei.platform.openid.jose import Jwk, Unreadable, open_jws, public_key_of, software_key
from renkei.platform.openid.messages import Grant
from renkei.platform.openid.transport import Http
from renkei.platform.problems import Problem
from renkei.platform.wire import Response

NO_CONSENT = frozenset({"payment_not_agreed", "access_token_invalid", "access_token_missing", "provider_key_unknown"})
"""Codes by which the bank says that the token is not, or no longer, one for this payment."""


class BankClient:
    """Orders payments.

    Args:
        base_url: of the bank's interface.
        key: public key of its receipts, as the two have agreed.
        http: reaches the bank's origin and no other.
    """

    def __init__(self, *, base_url: str, key: Jwk, http: Http, clock: Clock) -> None:
        self.base_url, self._http, self._clock = base_url, http, clock
        self._key = public_key_of(key)

    async def pay(self, payment: Payment, grant: Grant) -> tuple[PaymentReceipt, str]:
        """Order a payment; gives the receipt, also as signed. Asked again, the bank gives the same one.

        Args:
            grant: carries the person's consent to this payment.

        Raises:
            PaymentUnreachable: no answer; whether it was paid shows when it is asked again.
            PaymentConsentMissing: the token does not hold for this payment, or no longer.
            PaymentRefused: the bank says no.
            BankReceiptInvalid: the answer is no receipt of this payment.
        """
        answer = await self._send("POST", PAYMENTS, grant, msgspec.json.encode(payment))
        if answer.status >= 500 or answer.status == 429:
            raise PaymentUnreachable(private=f"status {answer.status}")
        if answer.status != 200:
            code = _code_in(answer.body)
            raise PaymentConsentMissing(private=code) if code in NO_CONSENT else PaymentRefused(reason=code)
        try:
            signed = msgspec.json.decode(answer.body, type=PaymentAnswer).receipt
        except msgspec.DecodeError:
            raise BankReceiptInvalid(step="form") from None
        return self.read(signed, payment), signed

    def read(self, signed: str, payment: Payment) -> PaymentReceipt:
        """Verify a receipt of a payment.

        Raises:
            BankReceiptInvalid: naming the step.
        """
        try:
            payload = open_jws(signed, typ=lambda typ: typ == RECEIPT_TYPE).verify(self._key)
            said = msgspec.json.decode(payload, type=PaymentReceipt)
        except Unreadable as error:
            raise BankReceiptInvalid(step=error.step) from None
        except msgspec.DecodeError:
            raise BankReceiptInvalid(step="form") from None
        named = (said.iss, said.reference, said.amount_yen, said.payee)
        if named != (self.base_url, payment.reference, payment.amount_yen, payment.payee):
            raise BankReceiptInvalid(step="payment")
        return said

    async def _send(self, method: Literal["GET", "POST"], path: str, grant: Grant, body: bytes) -> Response:
        url, token = self.base_url + path, grant.access_token
        key = software_key(grant.dpop_key)
        proof = make_proof(key, method=method, url=url, now=self._clock.now(), access_token=token)
        headers = {
            "authorization": f"DPoP {token}", "dpop": proof, "content-type": "application/json",
            "accept": "application/json",
        }  # fmt: skip
        try:
            return await self._http.send(method, url, headers=headers, body=body)
        except (ProviderUnreachable, ProviderGarbled) as error:  # the wire is shared with the provider's kit
            raise PaymentUnreachable(private=error.code) from error


def agreed(grant: Grant, payment: Payment) -> bool:
    """Whether a grant carries the consent to a payment."""
    try:
        return payment in msgspec.json.decode(grant.details, type=tuple[Payment, ...])
    except msgspec.DecodeError:
        return False


def problem_code(error: RenkeiError) -> str:
    """How what went wrong is kept beside the return."""
    return f"bank:{error.public['reason']}" if isinstance(error, PaymentRefused) else error.code


def _code_in(body: bytes) -> str:
    try:
        code = msgspec.json.decode(body, type=Problem).code
    except msgspec.DecodeError:
        return "unknown"
    return code if code.isascii() and code.replace("_", "").isalnum() and len(code) <= 40 else "unknown"
