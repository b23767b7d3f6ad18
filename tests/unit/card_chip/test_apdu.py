"""Command APDUs by their lengths (ISO/IEC 7816-4 §5.2), and the card's answer to every other string of bytes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.card_chip.cards import ITEMS_PIN, PASSWORD, make_card
from tests.unit.card_chip.talk import Terminal

from renkei.institutions.card.chip.apdu import APDU_BYTES_MAX, parse
from renkei.institutions.card.chip.profile import COMMON_AID, FACE_AID, JPKI_AID, SUPPORT_AID
from renkei.institutions.card.chip.words import Refusal


@pytest.mark.parametrize(
    ("apdu", "data", "le"),
    [
        ("00200080", b"", None),
        ("00B0000000", b"", 256),
        ("00B0000010", b"", 16),
        ("00A4020C020017", b"\x00\x17", None),
        ("802A008002AABB00", b"\xaa\xbb", 256),
        ("802A008002AABB10", b"\xaa\xbb", 16),
        ("00B00000000000", b"", 65536),
        ("00B00000000100", b"", 256),
        ("00A4020C0000020017", b"\x00\x17", None),
        ("802A0080000002AABB0000", b"\xaa\xbb", 65536),
    ],
)
def test_every_case_short_and_extended(apdu: str, data: bytes, le: int | None) -> None:
    command = parse(bytes.fromhex(apdu))
    assert (command.data, command.le) == (data, le)


@pytest.mark.parametrize(
    "apdu", ["", "00", "002000", "00200080040102", "00200080010203FF", "0020008000FFFF01", "00200080000000AA"]
)
def test_lengths_that_do_not_fit_the_bytes(apdu: str) -> None:
    with pytest.raises(Refusal, match="6700"):
        parse(bytes.fromhex(apdu))


def test_longer_than_any_apdu() -> None:
    assert make_card().transmit(bytes(APDU_BYTES_MAX + 1)) == b"\x67\x00"


def test_a_command_never_shows_its_data() -> None:
    assert "1234" not in repr(parse(b"\x00\x20\x00\x80\x041234"))


HEADERS = st.sampled_from(
    [
        bytes.fromhex(head)
        for head in (
            "00A4040C", "00A4020C", "00B00000", "00B08A00", "00B2010C", "00200080", "0020009B", "00240180", "80320080",
            "802A0080", "802A059A", "00840000", "80DE0000", "00C00000",
        )
    ]
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [JPKI_AID, SUPPORT_AID, FACE_AID, COMMON_AID, b"\x00\x01", b"\x00\x0a", b"\x00\x17", b"\x00\x1b"]
    ).map(lambda data: bytes([len(data)]) + data),
    st.binary(max_size=300).map(lambda data: b"\x00" + len(data).to_bytes(2, "big") + data),
)
COMMANDS = st.one_of(st.binary(max_size=300), st.tuples(HEADERS, BODIES).map(b"".join))


@settings(max_examples=120, deadline=None)
@given(st.lists(COMMANDS, min_size=1, max_size=40))
def test_any_bytes_are_answered_with_a_status_word(commands: list[bytes]) -> None:
    """Nothing that comes over the wire can break the card; what leaves it never grows beyond what was asked for."""
    card = make_card()
    terminal = Terminal(card)
    terminal.application(SUPPORT_AID)
    terminal.verify(0x0011, ITEMS_PIN)
    terminal.application()
    terminal.verify(0x001B, PASSWORD)
    for command in commands:
        answer = card.transmit(command)
        assert 2 <= len(answer) <= 65_538
        assert answer[-2] in (0x61, 0x63, 0x65, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6D, 0x6E, 0x90)
    assert all(left >= 0 for left in card.tries.values())


def test_five_thousand_random_apdus() -> None:
    """Mostly plausible ones: real headers with whatever behind them, on a card with everything opened."""
    dice, card = random.Random(20261123), make_card()
    heads = [bytes.fromhex(head) for head in ("00A4020C02", "00B00000", "00B08A00", "00200098", "802A0397", "00B20104")]
    for _ in range(5_000):
        if dice.random() < 0.05:
            Terminal(card).application(dice.choice([JPKI_AID, SUPPORT_AID, FACE_AID, COMMON_AID]))
        head = dice.choice(heads) if dice.random() < 0.6 else dice.randbytes(dice.randrange(6))
        answer = card.transmit(head + dice.randbytes(dice.choice([0, 1, 2, 3, 9, 260])))
        assert 2 <= len(answer) <= 65_538
