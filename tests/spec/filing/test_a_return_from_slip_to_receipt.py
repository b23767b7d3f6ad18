"""A tax return, from the slip to the receipts

An employee with a little side income files the income tax return for 2025, signs it once with the card, and pays.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.channels.bank.errors import PaymentNotAgreed
from renkei.channels.bank.model import check_agreed
from renkei.channels.filing.errors import ReturnStepRefused
from renkei.channels.filing.model.figures import figures
from renkei.channels.filing.model.states import State, Step, after
from renkei.channels.filing.model.tax import SideIncome, Slip, compute, due_day, is_late
from renkei.contracts.identity import Payment

LAW = figures(2025)
SLIP = Slip(payer="見本商事株式会社", pay_yen=5_000_000, withheld_yen=120_900, social_insurance_yen=720_000)
PAYMENT = Payment(locations=("https://bank.example/api",), amount_yen=30_700, payee="見本税務署", reference="2025-1")


def test_the_tax_of_an_employee() -> None:
    """Pay of 5,000,000 yen is an income of 3,560,000 (所得税法28条); with 300,000 from a side job, less social
    insurance (74条) of 720,000 and the basic deduction of 680,000 (86条 as amended for 2025), 2,460,000 are taxed at
    148,500 (89条), and 2.1% for reconstruction; what the employer did not withhold, cut to 100 yen, is 30,700."""
    found = compute([SLIP], SideIncome(revenue_yen=350_000, expense_yen=50_000), LAW)
    assert found.employment_income_yen == 3_560_000
    assert found.basic_deduction_yen == 680_000
    assert found.taxable_yen == 2_460_000
    assert found.due_yen == 30_700


def test_who_need_not_file() -> None:
    """With one employer and other income of no more than 200,000 yen no return is required (所得税法121条1項)."""
    assert not compute([SLIP], SideIncome(revenue_yen=200_000), LAW).return_required


def test_a_late_return_is_taken() -> None:
    """15 March 2026 was a Sunday, so the day was the 16th (国税通則法10条2項). A later return is taken and said to be
    late; what is charged for it the tax office decides (同法66条, 60条)."""
    found = compute([SLIP], SideIncome(revenue_yen=350_000), LAW)
    assert due_day(2025) == date(2026, 3, 16)
    assert is_late(found, year=2025, on=date(2026, 11, 23))
    assert after(State.SIGNED, Step.FILE) is State.FILED


def test_what_is_signed_is_not_changed() -> None:
    """Until it is signed a return can be changed, which makes an open request to sign worthless; then no more."""
    assert after(State.ASKED, Step.EDIT) is State.DRAFT
    for state in (State.SIGNED, State.FILED, State.PAID):
        with pytest.raises(ReturnStepRefused):
            after(state, Step.EDIT)


def test_a_return_is_filed_before_it_is_paid() -> None:
    """A bank that cannot be reached never keeps a return from being filed in time."""
    assert after(State.FILED, Step.PAY) is State.PAID
    with pytest.raises(ReturnStepRefused):
        after(State.SIGNED, Step.PAY)


def test_the_bank_pays_what_the_person_saw() -> None:
    """Amount, payee and reference stand in the consent; another yen is another payment, and is refused."""
    check_agreed(PAYMENT, [PAYMENT])
    dearer = Payment(locations=PAYMENT.locations, amount_yen=30_701, payee="見本税務署", reference="2025-1")
    with pytest.raises(PaymentNotAgreed):
        check_agreed(dearer, [PAYMENT])
