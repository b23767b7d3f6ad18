"""The card: APDUs in, answers out; and what only the counter does, outside APDUs."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeAlias

from cryptography.exceptions import InvalidSignature

from renkei.institutions.card.chip import areas, commands, state
from renkei.institutions.card.chip.apdu import Command, parse
from renkei.institutions.card.chip.errors import CounterOrderRefused
from renkei.institutions.card.chip.orders import SignedOrder, carry_out, read_order
from renkei.institutions.card.chip.permits import CHALLENGE_BYTES
from renkei.institutions.card.chip.state import Chip, Draw, Keep, Kept, Visit
from renkei.institutions.card.chip.words import Refusal, Sw

Handler: TypeAlias = Callable[[Chip, Command], bytes]

GET_RESPONSE = (0x00, 0xC0)
COMMANDS: Mapping[tuple[int, int], Handler] = {
    (0x00, 0x20): commands.verify,
    (0x00, 0x24): commands.change_reference,
    (0x00, 0x84): commands.get_challenge,
    (0x00, 0xA4): commands.select,
    (0x00, 0xB0): commands.read_binary,
    (0x00, 0xB2): commands.read_record,
    (0x80, 0x2A): commands.compute_signature,
    (0x80, 0x32): commands.change_reference,
    (0x80, 0xDE): areas.present_permit,
}
_MORE_MAX = 0xFF


def keep_nothing(_: bytes) -> None:
    """For cards whose state ends with the process."""


class Card:
    """A personal-number card in software: a stand-in wherever a real one belongs.

    Args:
        kept: its state, see `personalise` and `from_bytes`.
        keep: makes the card's bytes durable; called before a PIN is compared and after each change.
        draw: random bytes.

    Thread-compatible: one command at a time, which the caller sees to.
    """

    stand_in: ClassVar[str] = "a personal-number card"

    def __init__(self, kept: Kept, *, keep: Keep = keep_nothing, draw: Draw = os.urandom) -> None:
        self._chip = Chip(kept, keep=keep, draw=draw)

    @classmethod
    def from_bytes(cls, data: bytes, *, keep: Keep = keep_nothing, draw: Draw = os.urandom) -> Card:
        """A card as `to_bytes` left it, freshly reset.

        Raises:
            CardFileDamaged: not a card's bytes.
        """
        return cls(state.load(data), keep=keep, draw=draw)

    def to_bytes(self) -> bytes:
        """All that outlasts the power, private keys and tries left included: keep it as you would keep a card."""
        return state.dump(self._chip.kept)

    def __repr__(self) -> str:
        return f"Card({self.label})"

    @property
    def label(self) -> str:
        """Which card it is to whoever keeps several."""
        return self._chip.kept.label

    @property
    def tries(self) -> dict[str, int]:
        """Tries left by secret; of a secret that was never set, 0."""
        return {name: self._chip.secret(name).tries for name in self._chip.profile.secrets}

    def reset(self) -> None:
        """Power off and on: nothing is selected, no PIN is verified."""
        self._chip.visit = Visit()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command APDU: data and status word. Never raises, whatever the bytes."""
        chip = self._chip
        pending, chip.visit.pending = chip.visit.pending, b""
        try:
            command = parse(apdu)
            if (command.cla, command.ins) == GET_RESPONSE:
                if not pending:
                    raise Refusal(Sw.CONDITIONS)
                return self._answer(pending, command.le)
            return self._answer(_handler(command)(chip, command), command.le)
        except Refusal as refusal:
            return refusal.sw.to_bytes(2, "big")

    def counter_challenge(self) -> bytes:
        """What an order of the counter has to answer; serves once and until the next reset."""
        self._chip.visit.challenge = self._chip.draw(CHALLENGE_BYTES)
        return self._chip.visit.challenge

    def counter(self, signed: SignedOrder) -> None:
        """Carry out an order of the card's issuer: unlock, or new certificates.

        How the counters' terminals do this with the real card is not public, so it is no APDU here: this is our own
        interface, authenticated by the issuer's key and bound to this card by its challenge.

        Raises:
            CounterOrderRefused: not signed by the issuer, or not for this challenge.
            PinFormatWrong: the new PIN is not of the form that the card takes.
        """
        challenge, self._chip.visit.challenge = self._chip.visit.challenge, b""
        try:
            order = read_order(signed, issuer_key=self._chip.kept.issuer_key)
        except (InvalidSignature, ValueError):
            raise CounterOrderRefused() from None
        if not challenge or not hmac.compare_digest(order.challenge, challenge):
            raise CounterOrderRefused(private="another challenge")
        carry_out(self._chip, order.act)
        self.reset()

    def _answer(self, data: bytes, le: int | None) -> bytes:
        """Data and 9000; what was not asked for waits for GET RESPONSE."""
        wanted = le or 0
        rest = data[wanted:]
        if not rest:
            return data + b"\x90\x00"
        self._chip.visit.pending = rest
        more = len(rest) if len(rest) <= _MORE_MAX else 0
        return data[:wanted] + (Sw.MORE | more).to_bytes(2, "big")


def _handler(command: Command) -> Handler:
    handler = COMMANDS.get((command.cla, command.ins))
    if handler is not None:
        return handler
    if command.cla in (0x00, 0x80):
        raise Refusal(Sw.INSTRUCTION_UNKNOWN)
    if command.cla & 0x0C:
        raise Refusal(Sw.SECURE_MESSAGING_UNKNOWN)
    raise Refusal(Sw.CHANNEL_UNKNOWN if command.cla & 0x03 else Sw.CLASS_UNKNOWN)
