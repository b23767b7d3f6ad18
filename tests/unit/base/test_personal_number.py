"""個人番号: its check digit (order 426M60000008085 art. 5), what the edge accepts, and that it never leaks."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.identifier_errors import PersonalNumberCheckDigit, PersonalNumberFormat
from renkei.base.personal_number import PersonalNumber

ELEVEN = st.text("0123456789", min_size=11, max_size=11)


def by_the_order(eleven: str) -> str:
    """The formula of the order, written a second time: Pn from the right, Qn = n+1 (n ≤ 6), n−5 (n ≥ 7)."""
    remainder = sum(int(eleven[-n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12)) % 11
    return "0" if remainder <= 1 else str(11 - remainder)


@pytest.mark.parametrize("digits", ["123456789018", "023456789013", "111111111118", "621498320257"])
def test_known_examples_hold(digits: str) -> None:
    assert PersonalNumber(digits).reveal() == digits


@given(ELEVEN)
def test_the_check_digit_is_the_one_of_the_order(eleven: str) -> None:
    """施行令8条: the issuer appends one digit; art. 5 of the order says which."""
    number = PersonalNumber.from_eleven(eleven)
    assert number.reveal() == eleven + by_the_order(eleven)
    assert PersonalNumber.parse(number.reveal()) == number


@given(ELEVEN, st.integers(0, 9))
def test_any_other_check_digit_is_refused(eleven: str, digit: int) -> None:
    if str(digit) == by_the_order(eleven):
        return
    with pytest.raises(PersonalNumberCheckDigit):
        PersonalNumber(f"{eleven}{digit}")


@pytest.mark.parametrize(
    "typed",
    [
        "1234 5678 9018",
        "1234-5678-9018",
        "１２３４　５６７８　９０１８",
        "１２３４－５６７８－９０１８",
        " 123456789018 ",
        "1234ー5678−9018",
    ],
)
def test_the_edge_accepts_what_keyboards_produce(typed: str) -> None:
    assert PersonalNumber.parse(typed) == PersonalNumber("123456789018")


@pytest.mark.parametrize("typed", ["", "12345678901", "1234567890188", "-123456789018", "12345678901x", "١٢٣٤٥٦٧٨٩٠١٨"])
def test_anything_else_is_refused_at_the_edge(typed: str) -> None:
    with pytest.raises(PersonalNumberFormat):
        PersonalNumber.parse(typed)


@pytest.mark.parametrize("inner", ["1234 5678 9018", "１２３４５６７８９０１８"])
def test_inside_only_plain_digits_exist(inner: str) -> None:
    with pytest.raises(PersonalNumberFormat):
        PersonalNumber(inner)


def test_eleven_digits_are_needed_to_append_the_twelfth() -> None:
    with pytest.raises(PersonalNumberFormat):
        PersonalNumber.from_eleven("123456789018")


def test_no_rendering_shows_it() -> None:
    number = PersonalNumber("123456789018")
    shown = [repr(number), str(number), f"{number}", f"{number:>40}", f"{[number]}"]
    assert all("PersonalNumber(**********18)" in text for text in shown)
    assert all("123456789" not in text for text in shown)


def test_it_is_refused_by_every_serialiser() -> None:
    number = PersonalNumber("123456789018")
    for encode in (
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        json.dumps,
        pickle.dumps,
        copy.deepcopy,
    ):
        with pytest.raises(TypeError):
            encode(number)


def test_it_does_not_change_and_equals_by_value() -> None:
    number = PersonalNumber("123456789018")
    with pytest.raises(AttributeError):
        number._digits = "023456789013"
    with pytest.raises(AttributeError):
        del number._digits
    assert number == PersonalNumber("123456789018") != PersonalNumber("023456789013")
    assert len({number, PersonalNumber("123456789018")}) == 1
    assert number != "123456789018"


def test_an_error_does_not_repeat_the_number() -> None:
    with pytest.raises(PersonalNumberCheckDigit) as caught:
        PersonalNumber("123456789010")
    assert "1234" not in str(caught.value) + caught.value.sentence("ja") + caught.value.private


def test_no_other_base_module_imports_it() -> None:
    """番号法9条, 19条: the core, the gateway and every channel use base too and must not get it."""
    code = (
        "import sys, renkei.base.identifiers, renkei.base.time, renkei.base.wareki, renkei.base.encoding;"
        "print('renkei.base.personal_number' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": "src"}
    )
    assert found.stdout.strip() == "False"
