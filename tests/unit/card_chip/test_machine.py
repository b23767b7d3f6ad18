"""The card against a model of it: tries, what is selected, what is open, over any sequence of commands."""

from __future__ import annotations

import hashlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, HOLDER, ITEMS_PIN, PASSWORD, issuer_key, make_card
from tests.unit.card_chip.talk import Terminal

from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.orders import Unlock, sign_order
from renkei.institutions.card.chip.profile import FACE_AID, JPKI_AID, SUPPORT_AID

APPLICATIONS = {"jpki": JPKI_AID, "support": SUPPORT_AID, "face": FACE_AID}
REFERENCES = {
    ("jpki", 0x0018): "authentication", ("jpki", 0x001B): "signature", ("support", 0x0011): "items",
    ("support", 0x0014): "number_a", ("support", 0x0015): "number_b", ("face", 0x0013): "number_a",
    ("face", 0x0012): "number_b", ("face", 0x0011): "birth",
}  # fmt: skip
MOST = {"authentication": 3, "signature": 5, "items": 3, "number_a": 10, "number_b": 10, "birth": 10}
RIGHT = {
    "authentication": AUTHENTICATION_PIN, "signature": PASSWORD, "items": ITEMS_PIN,
    "number_a": HOLDER.personal_number.reveal(), "number_b": HOLDER.number_b, "birth": HOLDER.birth_code,
}  # fmt: skip
FILES: dict[tuple[str, int], set[str] | None] = {
    ("jpki", 0x0001): {"signature"}, ("jpki", 0x000A): None, ("jpki", 0x0008): None,
    ("support", 0x0001): {"items", "number_a"}, ("support", 0x0002): {"items", "number_b"},
    ("support", 0x0003): {"items", "number_a", "number_b"}, ("support", 0x0004): None,
    ("face", 0x0001): {"birth"}, ("face", 0x0002): {"number_a", "number_b"}, ("face", 0x0005): {"number_a"},
}  # fmt: skip
KEYS = {0x97: "authentication", 0x9A: "signature"}
NEW_PINS = {"authentication": "8642", "items": "9753", "signature": "NEWPASS9"}


class CardMachine(RuleBasedStateMachine):
    """A terminal that does anything in any order, and what the card must say to it."""

    @initialize()
    def begin(self) -> None:
        self.terminal = Terminal(make_card())
        self.selected: str | None = None
        self.open: set[str] = set()
        self.tries = dict(MOST)
        self.right = dict(RIGHT)

    @rule(name=st.sampled_from(sorted(APPLICATIONS)))
    def select(self, name: str) -> None:
        assert self.terminal.application(APPLICATIONS[name]) == "9000"
        if name != self.selected:
            self.open.clear()
        self.selected = name

    @rule()
    def select_another_card_s_application(self) -> None:
        assert self.terminal.application(b"\xa0\x00\x00\x02\x47\x10\x01") == "6A82"

    @rule(
        reference=st.sampled_from(sorted(REFERENCES)),
        right=st.booleans(),
        wrong=st.text("0123456789", min_size=1, max_size=16),
    )
    def verify(self, reference: tuple[str, int], right: bool, wrong: str) -> None:
        application, file = reference
        secret = REFERENCES[reference]
        if application != self.selected:
            return
        shown = self.right[secret] if right else wrong
        word = self.terminal.verify(file, shown)
        if self.tries[secret] == 0:
            assert word == "6984"
        elif shown == self.right[secret]:
            assert word == "9000"
            self.tries[secret] = MOST[secret]
            self.open.add(secret)
        else:
            self.tries[secret] -= 1
            self.open.discard(secret)
            assert word == f"63C{self.tries[secret]:X}"

    @rule(reference=st.sampled_from(sorted(REFERENCES)))
    def change(self, reference: tuple[str, int]) -> None:
        application, file = reference
        secret = REFERENCES[reference]
        if application != self.selected:
            return
        self.terminal.file(file)
        word = self.terminal.change(NEW_PINS.get(secret, "1" * 12))
        if secret in self.open and secret in NEW_PINS:
            assert word == "9000"
            self.right[secret], self.tries[secret] = NEW_PINS[secret], MOST[secret]
        else:
            assert word == "6982"

    @rule(file=st.sampled_from(sorted(FILES)))
    def read(self, file: tuple[str, int]) -> None:
        application, number = file
        if application != self.selected:
            return
        opened_by = FILES[file]
        content = self.terminal.read(number)
        may = opened_by is None or bool(opened_by & self.open)
        assert (bool(content), self.terminal.sw) == ((True, "9000") if may else (False, "6982"))

    @rule(key=st.sampled_from(sorted(KEYS)))
    def sign(self, key: int) -> None:
        signature = self.terminal.sign(hashlib.sha256(b"x").digest(), p1=2, p2=key)
        card_key = (self.selected, key) == ("face", 0x9A)  # proves that the card is there, with nothing presented
        if card_key or (self.selected == "jpki" and KEYS[key] in self.open):
            assert len(signature) == 256
        else:
            assert signature == b""
            assert self.terminal.sw != "9000"

    @rule()
    def take_the_card_out(self) -> None:
        self.terminal = Terminal(Card.from_bytes(self.terminal.card.to_bytes()))
        self.selected = None
        self.open.clear()

    @rule(secret=st.sampled_from(sorted(MOST)))
    def unlock_at_the_counter(self, secret: str) -> None:
        card = self.terminal.card
        card.counter(sign_order(Unlock(secret=secret), challenge=card.counter_challenge(), issuer=issuer_key()))
        self.tries[secret], self.selected = MOST[secret], None
        self.open.clear()

    @invariant()
    def the_card_counts_as_the_model_does(self) -> None:
        if hasattr(self, "terminal"):
            card = self.terminal.card.tries
            assert {name: card[name] for name in self.tries} == self.tries


CardMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCard = CardMachine.TestCase
