"""At the counter of the municipality: unlocking, new PINs, new certificates. Only the card's issuer can order it."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from tests.unit.card_chip.cards import (
    AUTHENTICATION_PIN,
    HOLDER,
    ITEMS_PIN,
    PASSWORD,
    issuer_key,
    make_card,
    refill,
    registry_key,
)  # fmt: skip
from tests.unit.card_chip.talk import Terminal

from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.errors import CounterOrderRefused, PinFormatWrong
from renkei.institutions.card.chip.orders import Act, Order, SignedOrder, Unlock, sign_order
from renkei.institutions.card.chip.permits import order_to_sign
from renkei.institutions.card.chip.profile import SUPPORT_AID


def locked() -> Card:
    card = make_card()
    terminal = Terminal(card)
    terminal.application()
    for _ in range(5):
        terminal.verify(0x001B, "WRONG000")
    assert card.tries["signature"] == 0
    return card


def order(card: Card, act: Act) -> None:
    card.counter(sign_order(act, challenge=card.counter_challenge(), issuer=issuer_key()))


def test_a_locked_password_is_set_anew() -> None:
    card = locked()
    order(card, Unlock(secret="signature", new_pin="NEWPASS2026"))
    terminal = Terminal(card)
    assert terminal.ask("00200080") == "6986", "the card was reset"
    terminal.application()
    assert terminal.tries(0x001B) == "63C5"
    assert terminal.verify(0x001B, PASSWORD) == "63C4"
    assert terminal.verify(0x001B, "NEWPASS2026") == "9000"


def test_a_child_who_turned_fifteen_gets_a_password() -> None:
    card = make_card(child=True)
    order(card, refill(HOLDER))
    order(card, Unlock(secret="signature", new_pin="FIFTEEN15"))
    terminal = Terminal(card)
    terminal.application()
    assert terminal.read(0x0008) == b"\x8f\x8f\x00"
    assert terminal.verify(0x001B, "FIFTEEN15") == "9000"
    assert len(terminal.sign(bytes(32), p1=2, p2=0x9A)) == 256


def test_after_a_move_the_card_says_the_new_address_and_keeps_its_pins() -> None:
    card = make_card()
    moved = msgspec.structs.replace(HOLDER, address="大阪府大阪市見本区９－９", expiry=date(2035, 2, 17))
    order(card, refill(moved))
    terminal = Terminal(card)
    terminal.application(SUPPORT_AID)
    assert terminal.verify(0x0011, ITEMS_PIN) == "9000"
    assert moved.address.encode() in terminal.read(0x0002)


def test_a_printed_number_is_unlocked_and_never_set() -> None:
    card = make_card()
    order(card, Unlock(secret="number_b"))
    for act in (Unlock(secret="number_b", new_pin="1" * 14), Unlock(secret="unheard-of")):
        with pytest.raises(CounterOrderRefused):
            order(card, act)


def test_a_pin_of_the_wrong_form_is_refused_before_it_is_set() -> None:
    card = locked()
    with pytest.raises(PinFormatWrong):
        order(card, Unlock(secret="signature", new_pin="short"))
    assert card.tries["signature"] == 0


def test_an_order_by_another_key_is_refused() -> None:
    card = locked()
    with pytest.raises(CounterOrderRefused):
        card.counter(sign_order(Unlock(secret="signature"), challenge=card.counter_challenge(), issuer=registry_key()))
    assert card.tries["signature"] == 0


def test_an_order_serves_once_and_on_one_card() -> None:
    card, other = locked(), locked()
    other.counter_challenge()
    signed = sign_order(Unlock(secret="signature"), challenge=card.counter_challenge(), issuer=issuer_key())
    with pytest.raises(CounterOrderRefused):
        other.counter(signed)
    card.counter(signed)
    with pytest.raises(CounterOrderRefused):
        card.counter(signed)
    no_challenge = sign_order(Unlock(secret="signature"), challenge=b"", issuer=issuer_key())
    with pytest.raises(CounterOrderRefused):
        card.counter(no_challenge)


def test_a_reset_ends_a_challenge() -> None:
    card = locked()
    signed = sign_order(Unlock(secret="signature"), challenge=card.counter_challenge(), issuer=issuer_key())
    card.reset()
    with pytest.raises(CounterOrderRefused):
        card.counter(signed)


@pytest.mark.parametrize("body", [b"", b"\x80", b"\xff" * 9])
def test_what_is_signed_but_no_order(body: bytes) -> None:
    card = locked()
    card.counter_challenge()
    with pytest.raises(CounterOrderRefused):
        card.counter(SignedOrder(body, issuer_key().sign(order_to_sign(body))))


def test_an_order_that_cannot_be_kept_is_refused() -> None:
    def fail(_: bytes) -> None:
        raise OSError("disk full")

    card = make_card(keep=fail)
    with pytest.raises(CounterOrderRefused):
        order(card, Unlock(secret="signature", new_pin="NEWPASS2026"))


def test_no_pin_shows_in_an_order() -> None:
    act = Unlock(secret="signature", new_pin="NEWPASS2026")
    signed = sign_order(act, challenge=bytes(16), issuer=issuer_key())
    shown = repr(act) + repr(Order(challenge=b"", act=act)) + repr(signed)
    assert "NEWPASS2026" not in shown
    assert AUTHENTICATION_PIN not in shown
