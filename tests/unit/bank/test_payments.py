"""What the bank takes for a payment, and what it takes for a consent to it."""

from __future__ import annotations

import msgspec
import pytest

from renkei.channels.bank.errors import PaymentMalformed, PaymentNotAgreed
from renkei.channels.bank.model import AMOUNT_MAX_YEN, check_agreed, check_payment
from renkei.contracts.identity import Payment

BANK = "https://bank.example/api"
GOOD = Payment(
    locations=(BANK,), amount_yen=30_700, payee="見本税務署", reference="2025-000000000001", purpose="所得税"
)


def test_a_payment_for_this_bank() -> None:
    check_payment(GOOD, bank=BANK)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("type", {"type": "account_information"}), ("locations", {"locations": ()}),
        ("locations", {"locations": (BANK, "https://other.example")}), ("amount_yen", {"amount_yen": 0}),
        ("amount_yen", {"amount_yen": -1}), ("amount_yen", {"amount_yen": AMOUNT_MAX_YEN + 1}),
        ("payee", {"payee": ""}), ("payee", {"payee": "a\u202eb"}), ("reference", {"reference": ""}),
        ("reference", {"reference": "../x"}), ("reference", {"reference": "1" * 41}), ("purpose", {"purpose": "x\n"}),
    ],
)  # fmt: skip
def test_what_is_no_payment(part: str, changes: dict[str, object]) -> None:
    with pytest.raises(PaymentMalformed) as refused:
        check_payment(msgspec.structs.replace(GOOD, **changes), bank=BANK)
    assert refused.value.public["part"] == part


@pytest.mark.parametrize("change", [{"amount_yen": 30_701}, {"payee": "別の人"}, {"purpose": ""}, {"reference": "2"}])
def test_only_exactly_what_was_agreed(change: dict[str, object]) -> None:
    """RFC 9396: the consent is to these particulars and to no others, in the token and at the provider alike."""
    check_agreed(GOOD, [GOOD], [GOOD])
    other = msgspec.structs.replace(GOOD, **change)
    for agreed in (([other], [GOOD]), ([GOOD], [other]), ([], [GOOD])):
        with pytest.raises(PaymentNotAgreed):
            check_agreed(GOOD, *agreed)
