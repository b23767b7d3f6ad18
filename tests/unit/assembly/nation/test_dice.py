"""The dice: even, independent of each other, and the same everywhere."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from renkei.assembly.nation.dice import Dice, key_of


def test_throws_are_the_same_on_every_machine() -> None:
    """A change here changes every country that anybody has named by its seed."""
    dice = Dice(key_of(1, "test"), 7)
    assert [dice.below(1000) for _ in range(6)] == [635, 826, 598, 988, 672, 717]
    assert dice.wide(10**8) == 43947880


@given(st.integers(), st.integers(0, 2**64 - 1), st.integers(1, 4096))
def test_throws_stay_below_their_limit(seed: int, number: int, limit: int) -> None:
    dice = Dice(key_of(seed, "test"), number)
    assert all(0 <= dice.below(limit) < limit for _ in range(40))
    assert 0 <= dice.wide(limit * 1000) < limit * 1000
    assert -3 <= dice.between(-3, limit) <= limit


def test_throws_are_even() -> None:
    dice = Dice(key_of(5, "test"), 0)
    counts = Counter(dice.below(6) for _ in range(60_000))
    assert all(9_500 < count < 10_500 for count in counts.values())
    assert len(counts) == 6


def test_each_number_purpose_and_seed_is_its_own_die() -> None:
    rows = {
        Dice(key_of(seed, purpose), number).below(65536)
        for seed in (1, 2)
        for purpose in ("a", "b")
        for number in (0, 1)
    }
    assert len(rows) == 8


@given(st.integers(0, 1000))
def test_shuffling_keeps_every_item(number: int) -> None:
    assert sorted(Dice(key_of(1, "test"), number).shuffled(range(100))) == list(range(100))
