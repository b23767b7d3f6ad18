"""Codes read on one screen and typed on another; how often a client may ask."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.contracts.identity import Realm
from renkei.institutions.identity.model.asks import Ask, AskKind, AskState, Standing
from renkei.institutions.identity.model.device import (
    ALPHABET,
    Verdict,
    code_hash,
    polled,
    readable,
    shown_code,
    typed_code,
    typed_number,
    user_code,
)

CODES = st.text(ALPHABET, min_size=8, max_size=8)
WIDE = {one: one + 0xFEE0 for one in range(0x21, 0x7F)}


@given(CODES, st.sampled_from(["-", "ー", "－", " ", "　", ""]), st.booleans(), st.booleans())
def test_a_code_may_be_typed_in_any_way(code: str, hyphen: str, lower: bool, wide: bool) -> None:
    typed = shown_code(code).replace("-", hyphen)
    typed = typed.lower() if lower else typed
    assert typed_code(f" {typed.translate(WIDE) if wide else typed}\n") == code


@given(st.text(max_size=60))
def test_anything_else_is_no_code(text: str) -> None:
    assert typed_code(text) == "" or set(typed_code(text)) <= set(ALPHABET)
    assert typed_number(text) == "" or typed_number(text).isascii()


@pytest.mark.parametrize("text", ["", "BCDFGHJ", "BCDFGHJKL", "BCDFGHJА", "あ" * 8, "B" * 1000])
def test_no_code(text: str) -> None:
    assert typed_code(text) == ""


def test_characters_that_look_alike_are_put_right() -> None:
    assert typed_code("0152-8UIO") == "QLSZBVLQ"


def test_codes_are_drawn_without_bias() -> None:
    code = user_code(secrets.token_bytes(32))
    assert typed_code(code) == code
    assert user_code(bytes(range(240, 256)) + bytes(range(8))) == ALPHABET[:8]
    with pytest.raises(ValueError, match="too few"):
        user_code(b"\xff" * 32)


def test_a_hash_of_one_kind_is_worth_nothing_as_another() -> None:
    hashes = {code_hash(b"k" * 32, kind, "code") for kind in ("user", "device", "call", "sign", "backchannel")}
    assert len(hashes) == 5


@pytest.mark.parametrize("text", ["a\nb", "a\u202eb", "a\u200bb", "a\x00", "x" * 81])
def test_what_cannot_stand_on_a_screen(text: str) -> None:
    assert not readable(text, 80)
    assert readable("窓口3 赤い鳥", 80)


def standing(state: AskState = AskState.OPEN, *, expired: bool = False) -> Standing:
    ask = Ask(
        ask_id="a", realm=Realm.MAIN, kind=AskKind.DEVICE, client_id="c", scopes=("openid",), made_ms=0, expires_ms=1
    )
    return Standing(ask=ask, state=state, account_id="", session_id="", reason=None, expired=expired)


@pytest.mark.parametrize(
    ("of", "polled_ms", "now_ms", "verdict", "interval_ms"),
    [
        (standing(), 0, 1, Verdict.PENDING, 5000),
        (standing(), 1000, 6000, Verdict.PENDING, 5000),
        (standing(), 1000, 5500, Verdict.PENDING, 5000),  # clocks and networks are not exact
        (standing(), 1000, 5499, Verdict.TOO_FAST, 10_000),
        (standing(AskState.APPROVED), 1000, 1001, Verdict.READY, 5000),
        (standing(AskState.DENIED), 1000, 1001, Verdict.READY, 5000),
        (standing(AskState.USED), 0, 1, Verdict.READY, 5000),
        (standing(expired=True), 1000, 1001, Verdict.EXPIRED, 5000),
    ],
)
def test_what_a_waiting_client_is_told(
    of: Standing, polled_ms: int, now_ms: int, verdict: Verdict, interval_ms: int
) -> None:
    """RFC 8628 §3.5; a decision is told at once, however fast the question comes."""
    told = polled(of, interval_ms=5000, polled_ms=polled_ms, now_ms=now_ms)
    assert (told.verdict, told.interval_ms) == (verdict, interval_ms)
