"""What the counter of the municipality does with a card, ordered by the card's issuer. Our own interface, no APDUs."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.crypto.signing_keys import SigningKey
from renkei.institutions.card.chip import pins
from renkei.institutions.card.chip.errors import CounterOrderRefused, PinFormatWrong
from renkei.institutions.card.chip.permits import Signed, check_signature, order_to_sign
from renkei.institutions.card.chip.state import Chip
from renkei.institutions.card.chip.words import Refusal


class Unlock(MaskedStruct, frozen=True, kw_only=True, tag="unlock", forbid_unknown_fields=True):
    """All tries again, and a new PIN where the holder sets one (暗証番号の初期化・ロック解除)."""

    secret: str
    new_pin: str | None = None
    """None keeps the PIN, for instance of a 照合番号, which is printed on the card."""


class Replace(MaskedStruct, frozen=True, kw_only=True, tag="replace", forbid_unknown_fields=True):
    """New certificates with their keys, new four items: renewal, or a change of name or address. PINs stay."""

    contents: dict[str, bytes]
    keys: dict[str, bytes]


Act: TypeAlias = Unlock | Replace


class Order(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act on the card that gave this challenge."""

    challenge: bytes
    act: Act


class SignedOrder(Signed, frozen=True):
    """An order and the issuer's signature. The body may hold a PIN: it goes to the card and nowhere else."""

    def __repr__(self) -> str:
        return "SignedOrder(…)"


def sign_order(act: Act, *, challenge: bytes, issuer: SigningKey) -> SignedOrder:
    """Order `act` of the card that gave `challenge`."""
    body = msgspec.msgpack.encode(Order(challenge=challenge, act=act))
    return SignedOrder(body, issuer.sign(order_to_sign(body)))


def read_order(signed: SignedOrder, *, issuer_key: bytes) -> Order:
    """The order, once its signature was found right.

    Raises:
        InvalidSignature: not by the card's issuer.
        ValueError: signed, but no order.
    """
    check_signature(issuer_key, signed.signature, order_to_sign(signed.body))
    return msgspec.msgpack.decode(signed.body, type=Order)


def carry_out(chip: Chip, act: Act) -> None:
    """Do it.

    Raises:
        CounterOrderRefused: the card has no such PIN, or could not keep the change.
        PinFormatWrong: as named.
    """
    try:
        if isinstance(act, Replace):
            kept = chip.kept
            chip.change(contents=kept.contents | act.contents, keys=kept.keys | act.keys)
            chip.forget_keys()
        else:
            _unlock(chip, act)
    except Refusal as refusal:
        raise CounterOrderRefused(private=f"{refusal.sw:04X}") from None


def _unlock(chip: Chip, act: Unlock) -> None:
    rule, state = chip.profile.secrets.get(act.secret), chip.secret(act.secret)
    if rule is None or (act.new_pin is None and not state.set):
        raise CounterOrderRefused(private="no such PIN")
    if act.new_pin is None:
        chip.set_secret(act.secret, pins.refill(state, rule))
        return
    if rule.change is None:
        raise CounterOrderRefused(private="printed on the card")
    try:
        new = pins.seal(act.new_pin.encode(), rule, salt=chip.draw(pins.SALT_BYTES))
    except ValueError:
        raise PinFormatWrong() from None
    chip.set_secret(act.secret, new)
