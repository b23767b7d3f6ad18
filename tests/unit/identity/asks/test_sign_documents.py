"""What a client may ask to have signed."""

from __future__ import annotations

import hashlib

import pytest

from renkei.base.encoding import from_base64url, to_base64url
from renkei.contracts.card_agent import ToSign
from renkei.contracts.identity import Payment
from renkei.institutions.identity.errors.protocol import RequestMalformed
from renkei.institutions.identity.model.signing import (
    PAYMENT_DOCUMENT,
    SignTransaction,
    all_documents,
    documents_of,
    payment_digest,
)
from renkei.institutions.identity.web.asks.parts import Substituted

DIGEST = to_base64url(hashlib.sha256(b"contract").digest())
PAYMENT = Payment(amount_yen=1, payee="p", reference="r")


@pytest.mark.parametrize(
    "documents",
    [
        None,
        {},
        "x",
        [],
        [{"name": "a"}],
        [{"name": " ", "digest": DIGEST}],
        [{"name": "a\u202eb", "digest": DIGEST}],
        [{"name": "a" * 81, "digest": DIGEST}],
        [{"name": PAYMENT_DOCUMENT, "digest": DIGEST}],
        [{"name": "a", "digest": "AAAA"}],
        [{"name": "a", "digest": DIGEST + "="}],
        [{"name": "a", "digest": 1}],
        [{"name": "a", "digest": DIGEST}, {"name": "b", "digest": to_base64url(bytes(48))}],
        [{"name": "a", "digest": DIGEST, "more": "x"}],
        [{"name": "a", "digest": DIGEST}] * 21,
    ],
)
def test_documents_that_no_screen_can_show_are_refused(documents: object) -> None:
    with pytest.raises(RequestMalformed):
        documents_of(documents)


@pytest.mark.parametrize("size", [32, 48])
def test_a_payment_is_signed_with_the_digest_of_the_documents(size: int) -> None:
    listed = documents_of([{"name": "申込書", "digest": to_base64url(bytes(size))}])
    transaction = SignTransaction(
        transaction_id="t", client_id="c", documents=listed, purpose="", made_ms=0, expires_ms=1
    )
    _, order = all_documents(transaction, (PAYMENT,))
    assert order == ToSign(name=PAYMENT_DOCUMENT, digest=payment_digest(PAYMENT, size=size))
    assert len(from_base64url(order.digest)) == size


def test_the_digest_of_a_payment_is_of_its_canonical_json() -> None:
    """Whoever holds the payment can make the digest again: members in order, no spaces (RFC 8785)."""
    canonical = '{"amount_yen":1,"locations":[],"payee":"p","purpose":"","reference":"r","type":"payment_initiation"}'
    assert payment_digest(PAYMENT) == to_base64url(hashlib.sha256(canonical.encode()).digest())


def test_substitute_characters_are_marked_and_escaped() -> None:
    assert Substituted("髙<橋", "110").__html__() == '<span class="substitute">髙&lt;</span>橋'
    assert Substituted("髙橋", "").__html__() == "髙橋"
    assert not Substituted("髙橋", "001").any
