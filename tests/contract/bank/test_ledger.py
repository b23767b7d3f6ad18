"""The bank's books on both databases: double entry, each reference once, whoever comes at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from renkei.base.errors import RenkeiError
from renkei.channels.bank import queries, store
from renkei.channels.bank.errors import AccountNotLinked, FundsInsufficient, PaymentUnknown, ReferenceTaken
from renkei.channels.bank.model import CAPITAL, Paid, SampleAccount
from renkei.channels.bank.operations import Bank
from renkei.contracts.identity import Acr, Payment, SignedIn
from renkei.contracts.payments import RECEIPT_TYPE, PaymentReceipt
from renkei.crypto.signing_keys import SoftwareKey
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.openid.jose import open_jws, public_key_of

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
BASE = "https://bank.example/api"
OPENING_YEN = 10_000
GOOD = Payment(locations=(BASE,), amount_yen=3_000, payee="見本税務署", reference="2025-1", purpose="所得税")
KEY = SoftwareKey.generate("ES256")
ORDER = st.tuples(
    st.sampled_from("abc"), st.integers(0, 6), st.integers(1, 6_000), st.sampled_from(["税務署", "水道局"])
)


def person(sub: str) -> SignedIn:
    return SignedIn(sub=sub, sid="s", acr=Acr.CARD, amr=(), auth_ms=0)


def bank_over(db: Database) -> Bank:
    sample = SampleAccount(number="001-1", opening_yen=OPENING_YEN)
    return Bank(db=db, key=KEY, base_url=BASE, accounts=lambda _person: sample, clock=MovableClock(NOW))


@pytest.fixture
def bank(open_database: Callable[..., Database]) -> Bank:
    made = bank_over(open_database(store.metadata))
    for sub in "abc":
        asyncio.run(made.welcome(person(sub)))
    return made


def pay(bank: Bank, payment: Payment = GOOD, sub: str = "a") -> Paid:
    return asyncio.run(bank.pay(payment, sub=sub, client_id="filing"))


def balance(bank: Bank, sub: str) -> int:
    return bank.db.read_now(partial(queries.account_of, sub=sub)).balance_yen


def test_a_payment_moves_money_and_gives_a_signed_receipt(bank: Bank) -> None:
    paid = pay(bank)
    assert balance(bank, "a") == OPENING_YEN - 3_000
    opened = open_jws(paid.receipt, typ=lambda typ: typ == RECEIPT_TYPE)
    said = msgspec.json.decode(opened.verify(public_key_of(bank.jwk)), type=PaymentReceipt)
    assert (said.iss, said.jti, said.reference) == (BASE, paid.receipt_number, "2025-1")
    assert (said.amount_yen, said.payee) == (3_000, "見本税務署")


def test_the_same_reference_gives_the_same_receipt(bank: Bank) -> None:
    assert pay(bank) == pay(bank)
    assert balance(bank, "a") == OPENING_YEN - 3_000


@pytest.mark.parametrize("change", [{"amount_yen": 3_001}, {"payee": "別の人"}])
def test_other_particulars_under_a_paid_reference_are_refused(bank: Bank, change: dict[str, object]) -> None:
    pay(bank)
    with pytest.raises(ReferenceTaken):
        pay(bank, msgspec.structs.replace(GOOD, **change))
    with pytest.raises(ReferenceTaken):
        pay(bank, sub="b")
    assert balance(bank, "b") == OPENING_YEN


def test_too_little_money_pays_nothing(bank: Bank) -> None:
    with pytest.raises(FundsInsufficient):
        pay(bank, msgspec.structs.replace(GOOD, amount_yen=OPENING_YEN + 1))
    assert balance(bank, "a") == OPENING_YEN
    with pytest.raises(PaymentUnknown):
        asyncio.run(bank.find("2025-1", sub="a"))
    pay(bank, msgspec.structs.replace(GOOD, amount_yen=OPENING_YEN))  # the reference is still free
    assert balance(bank, "a") == 0


def test_who_has_no_account_pays_nothing(bank: Bank) -> None:
    with pytest.raises(AccountNotLinked):
        pay(bank, sub="nobody")


def test_receipts_are_the_payers_alone(bank: Bank) -> None:
    paid = pay(bank)
    assert asyncio.run(bank.find("2025-1", sub="a")) == paid
    with pytest.raises(PaymentUnknown):
        asyncio.run(bank.find("2025-1", sub="b"))
    with pytest.raises(PaymentUnknown):
        bank.db.read_now(partial(queries.payment_of, sub="b", receipt_number=paid.receipt_number))


def test_an_account_is_opened_once(bank: Bank) -> None:
    for _ in range(2):
        asyncio.run(bank.welcome(person("a")))
    assert balance(bank, "a") == OPENING_YEN


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(ORDER, max_size=14))
def test_the_books_always_sum_to_zero(
    open_database: Callable[..., Database], orders: list[tuple[str, int, int, str]]
) -> None:
    """Payments at the same moment, from two processes: postings sum to zero, balances are their sums, none is below
    zero, no reference is paid twice."""
    banks = [bank_over(open_database(store.metadata, name="ledger")) for _ in range(2)]
    for sub in "abc":
        asyncio.run(banks[0].welcome(person(sub)))

    def one(numbered: tuple[int, tuple[str, int, int, str]]) -> Paid | None:
        index, (sub, reference, amount_yen, payee) = numbered
        payment = Payment(locations=(BASE,), amount_yen=amount_yen, payee=payee, reference=f"r{reference}")
        try:
            return pay(banks[index % 2], payment, sub)
        except RenkeiError:
            return None

    try:
        with ThreadPoolExecutor(6) as threads:
            paid = [one for one in threads.map(one, enumerate(orders)) if one is not None]
        with banks[0].db.reading() as conn:
            assert queries.ledger_sum(conn) == 0
            sums = select(store.posting.c.account_id, func.sum(store.posting.c.amount_yen)).group_by(
                store.posting.c.account_id
            )
            by_account = {row[0]: int(row[1]) for row in conn.execute(sums)}
            kept = {row.account_id: row.balance_yen for row in conn.execute(select(store.account))}
            assert {name: yen for name, yen in kept.items() if yen} == {n: yen for n, yen in by_account.items() if yen}
            assert all(yen >= 0 for name, yen in kept.items() if name != CAPITAL)
        receipts = {one.reference: one.receipt_number for one in paid}
        assert all(receipts[one.reference] == one.receipt_number for one in paid)
    finally:
        for bank in banks:
            bank.db.close()
