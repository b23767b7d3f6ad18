"""Synthetic numbers, each derived from a person's index and marked so that nobody takes it for a real one.

| number | form | mark |
|---|---|---|
| resident record code (住民票コード) | 99 + nine digits | begins 99; its last digit checks nothing |
| personal number (個人番号) | 9999 + seven digits + check digit | begins 9999; the check digit holds |
| basic pension number (基礎年金番号) | 99 + eight digits | begins 99 |
| insured person's number (被保険者番号) | 99 + eight digits | begins 99 |
| bank account | bank 9999, branch 999, seven digits | bank code 9999 |

The formula of the resident record code's check digit is not public, so none is made up. The marks are Renkei's own
convention: no authority has reserved these ranges, so such a number must stay inside a synthetic country. Each series
runs through a permutation of its own, chosen by the seed: no two persons share a number, and the order of one series
does not show in another.
"""

from __future__ import annotations

from typing import NamedTuple

from renkei.assembly.nation.dice import Dice, key_of
from renkei.base.identifiers import ResidentRecordCode
from renkei.base.personal_number import PersonalNumber

RESIDENTS_MAX = 1_000_000


class Series(NamedTuple):
    """index → (index × step + start) mod size: a permutation, since step and size share no factor."""

    step: int
    start: int
    size: int

    def at(self, index: int) -> int:
        """The number of the person with this index."""
        return (index * self.step + self.start) % self.size


def _series(seed: int, purpose: str, digits: int) -> Series:
    dice = Dice(key_of(seed, f"series {purpose}"), 0)
    size = 10**digits
    step = dice.wide(min(size, 2**28) // 10) * 10 + dice.pick((1, 3, 7, 9))
    return Series(step, dice.wide(min(size, 2**28)), size)


class Numbers:
    """The number series of one nation."""

    def __init__(self, seed: int) -> None:
        self._record = _series(seed, "resident record code", 9)
        self._personal = _series(seed, "personal number", 7)
        self._pension = _series(seed, "basic pension number", 8)
        self._insured = _series(seed, "insured number", 8)
        self._account = _series(seed, "account", 7)

    def resident_record_digits(self, index: int) -> str:
        """The eleven digits of a person's resident record code."""
        return f"99{self._record.at(index):09d}"

    def resident_record_code(self, index: int) -> ResidentRecordCode:
        """The resident record code of a person."""
        return ResidentRecordCode(self.resident_record_digits(index))

    def personal_number(self, index: int) -> PersonalNumber:
        """The personal number that `numbers` is to assign to a person of this nation."""
        return PersonalNumber.from_eleven(f"9999{self._personal.at(index):07d}")

    def basic_pension_number(self, index: int) -> str:
        """Ten digits."""
        return f"99{self._pension.at(index):08d}"

    def insured_number(self, index: int) -> str:
        """Ten digits."""
        return f"99{self._insured.at(index):08d}"

    def account_number(self, index: int) -> str:
        """Seven digits, at bank 9999."""
        return f"{self._account.at(index):07d}"
