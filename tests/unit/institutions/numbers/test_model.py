"""Drawing numbers: what the source gives is checked, and repetitions fall away."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.identifier_errors import PersonalNumberFormat
from renkei.base.personal_number import PersonalNumber
from renkei.institutions.numbers.model import drawn_numbers
from renkei.institutions.numbers.service import draw_digits


def seeded(seed: int):
    source = random.Random(seed)
    return lambda count: [f"{source.randrange(10**11):011d}" for _ in range(count)]


def test_repetitions_and_used_numbers_fall_away() -> None:
    first, second = "99990000001", "99990000002"
    used = PersonalNumber.from_eleven(second).reveal()
    [number] = drawn_numbers(lambda count: [first, first, second], 3, {used})
    assert number.reveal().startswith(first)


def test_a_source_of_other_lengths_is_refused() -> None:
    with pytest.raises(PersonalNumberFormat):
        list(drawn_numbers(lambda count: ["123"], 1, set()))


@given(st.integers(0, 2**32), st.integers(0, 50))
def test_every_number_drawn_has_its_check_digit_and_is_drawn_once(seed: int, count: int) -> None:
    drawn = [number.reveal() for number in drawn_numbers(seeded(seed), count, set())]
    assert len(set(drawn)) == len(drawn) <= count
    assert all(len(digits) == 12 for digits in drawn)  # the type itself refuses a wrong check digit


def test_the_source_for_production_gives_eleven_digits() -> None:
    drawn = draw_digits(200)
    assert {len(digits) for digits in drawn} == {11}
    assert len(set(drawn)) == 200
