"""A die for each household: its throws follow from the nation's seed and the household's number alone.

Counter-based (keyed BLAKE2b), in integers only: the same on every machine and Python, whatever was generated before.
Not for secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct
from typing import TypeVar

T = TypeVar("T")

_COUNTER = Struct("<QI")
_WORDS = Struct("<32H")
_WORDS_COUNT = 32


def key_of(seed: int, purpose: str) -> bytes:
    """The key of all dice that serve one purpose in the nation of this seed."""
    return blake2b(f"renkei nation {seed} {purpose}".encode(), digest_size=32).digest()


class Dice:
    """An endless row of 16-bit throws.

    Args:
        key: from `key_of`.
        number: which die of that key, 0 to 2**64 − 1.
    """

    __slots__ = ("_at", "_block", "_key", "_number", "_words")

    def __init__(self, key: bytes, number: int) -> None:
        self._key = key
        self._number = number
        self._block = 0
        self._at = _WORDS_COUNT
        self._words: tuple[int, ...] = ()

    def below(self, limit: int) -> int:
        """0 to `limit` − 1, evenly; limit at most 4,096, so that no value is favoured by more than 1 in 16."""
        at = self._at
        if at == _WORDS_COUNT:
            counter = _COUNTER.pack(self._number, self._block)
            self._words = _WORDS.unpack(blake2b(counter, key=self._key, digest_size=64).digest())
            self._block += 1
            at = 0
        self._at = at + 1
        return (self._words[at] * limit) >> 16

    def wide(self, limit: int) -> int:
        """0 to `limit` − 1, evenly; limit at most 2**28."""
        return (((self.below(65536) << 16) | self.below(65536)) * limit) >> 32

    def between(self, low: int, high: int) -> int:
        """`low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, per_mille: int) -> bool:
        """True in `per_mille` of a thousand throws."""
        return self.below(1000) < per_mille

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a thrown order (Fisher and Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
