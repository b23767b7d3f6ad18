"""The personal number (個人番号): twelve digits of which the last checks the others.

Only the rooms numbers, residents, addressees, card and agencies may import this module (and the assembly, which
builds the synthetic country); an import contract keeps the core, the gateway, analytics and every channel out,
even indirectly. A value shows itself masked, can't be pickled, and msgspec and json refuse to encode it: only
`reveal()` gives the digits away, so that every place where they leave memory can be found by searching for it.
"""

from __future__ import annotations

from typing import NoReturn, final

from stdnum.jp import in_

from renkei.base.encoding import fold_digits, is_digits, mask
from renkei.base.identifier_errors import PersonalNumberCheckDigit, PersonalNumberFormat


@final
class PersonalNumber:
    """A personal number whose check digit holds.

    Args:
        digits: twelve ASCII digits; use `parse` for what a person or a file wrote.

    Raises:
        PersonalNumberFormat: not twelve digits.
        PersonalNumberCheckDigit: the last digit does not follow from the others.

    Source: 番号法2条5項、8条2項; order 426M60000008085 art. 5 (the check digit).
    """

    __slots__ = ("_digits",)
    _digits: str

    def __init__(self, digits: str) -> None:
        if not is_digits(digits, 12):
            raise PersonalNumberFormat()
        if in_.calc_check_digit(digits[:11]) != digits[11]:
            raise PersonalNumberCheckDigit()
        object.__setattr__(self, "_digits", digits)

    @classmethod
    def parse(cls, text: str) -> PersonalNumber:
        """Read a number as typed: full-width digits, and hyphens or spaces between groups, are accepted."""
        return cls(fold_digits(text))

    @classmethod
    def from_eleven(cls, eleven: str) -> PersonalNumber:
        """Append the check digit to the eleven digits drawn by the issuer (施行令8条).

        Raises:
            PersonalNumberFormat: not eleven digits.
        """
        if not is_digits(eleven, 11):
            raise PersonalNumberFormat()
        return cls(eleven + in_.calc_check_digit(eleven))

    def reveal(self) -> str:
        """The twelve digits. Every call is a place where a personal number leaves this type: keep them few."""
        return self._digits

    def __eq__(self, other: object) -> bool:
        return self._digits == other._digits if isinstance(other, PersonalNumber) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._digits)

    def __repr__(self) -> str:
        return f"PersonalNumber({mask(self._digits)})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a personal number does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a personal number does not change")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Pickling, copying and so every silent way out of the process is refused."""
        raise TypeError("a personal number is not serialised; call reveal() where the digits must leave")
