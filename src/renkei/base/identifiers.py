"""Numbers and codes of bodies and persons, each checked once where it enters.

Two shapes, on purpose:

- `CorporateNumber`, `BodyCode`, `ResidentRecordCode` are small classes whose constructor checks: they are made
  rarely. The first two are public, so they show themselves; the last shows itself masked.
- `AddressNumber`, `OwnNumber`, `InstitutionCode`, `LinkageCode`, `ProcessingNumber` and `AcquisitionNumber` travel
  by the hundred thousand inside msgspec Structs. They are `NewType`s of `str` with one `parse_…` function each:
  distinct to the type checker, free at run time, and decoded by msgspec without a hook (a `str` subclass would need
  one call of Python per value). A Struct that holds one derives from `renkei.base.encoding.MaskedStruct`, so that
  it is masked wherever it would be shown; `masked()` makes the text for a clerk's screen.

The personal number has a module of its own, which most rooms may not import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NewType, NoReturn, final

from stdnum.jp import cn

from renkei.base.encoding import fold_digits, from_base64url, is_digits, mask
from renkei.base.identifier_errors import (
    AcquisitionNumberFormat,
    AddressNumberFormat,
    BodyCodeCheckDigit,
    BodyCodeFormat,
    CorporateNumberCheckDigit,
    CorporateNumberFormat,
    InstitutionCodeFormat,
    LinkageCodeFormat,
    OwnNumberFormat,
    ProcessingNumberFormat,
    ResidentRecordCodeCheckDigit,
    ResidentRecordCodeFormat,
)

AddressNumber = NewType("AddressNumber", str)
"""団体内統合宛名番号: fifteen digits, zero padded; one per person within one body."""

OwnNumber = NewType("OwnNumber", str)
"""宛名番号: fifteen digits, zero padded; one per person within one business system."""

InstitutionCode = NewType("InstitutionCode", str)
"""機関コード: sixteen digits, public."""

LinkageCode = NewType("LinkageCode", str)
"""符号: 33 bytes as 44 characters of base64url; opaque to everyone but the core."""

ProcessingNumber = NewType("ProcessingNumber", str)
"""処理通番: twenty digits; ours, since the official form is not public."""

AcquisitionNumber = NewType("AcquisitionNumber", str)
"""取得番号: 24 digits drawn at random for one person and one acquisition; ours, since the official form is not public.

It may not be kept or used for anything else (番号法21条の2第3項; its drawing: order 426M60000008085).
"""

ADDRESS_NUMBER_DIGITS = 15
PROCESSING_NUMBER_DIGITS = 20
ACQUISITION_NUMBER_DIGITS = 24
LINKAGE_CODE_CHARACTERS = 44


class _Digits:
    """A text of digits that does not change; equal to the same digits of the same class only."""

    __slots__ = ("_digits",)
    _digits: str

    def __init__(self, digits: str) -> None:
        object.__setattr__(self, "_digits", digits)

    def __eq__(self, other: object) -> bool:
        return self._digits == other._digits if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self._digits))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change")


class _PublicDigits(_Digits):
    """Digits that anyone may see."""

    __slots__ = ()

    @property
    def digits(self) -> str:
        """The digits."""
        return self._digits

    def __str__(self) -> str:
        return self._digits

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._digits})"

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return type(self), (self._digits,)


@final
class CorporateNumber(_PublicDigits):
    """法人番号: a check digit followed by twelve digits. Public.

    Raises:
        CorporateNumberFormat: not thirteen digits.
        CorporateNumberCheckDigit: the first digit does not follow from the others.

    Source: 番号法39条; 施行令35条; order 426M60000040070 art. 2.
    """

    __slots__ = ()

    def __init__(self, digits: str) -> None:
        if not is_digits(digits, 13):
            raise CorporateNumberFormat()
        if cn.calc_check_digit(digits[1:]) != digits[0]:
            raise CorporateNumberCheckDigit()
        super().__init__(digits)

    @classmethod
    def parse(cls, text: str) -> CorporateNumber:
        """Read a number as typed: full-width digits, hyphens and spaces are accepted."""
        return cls(fold_digits(text))

    @classmethod
    def of_body(cls, body: BodyCode) -> CorporateNumber:
        """The number of a local body: check digit, 000020, then its local government code."""
        base = f"000020{body.digits}"
        return cls(cn.calc_check_digit(base) + base)


def body_code_check_digit(five: str) -> str:
    """The sixth digit of a local government code: last digit of 11 − (Σ of 6,5,4,3,2 times the five digits mod 11)."""
    weighted = sum(weight * int(digit) for weight, digit in zip((6, 5, 4, 3, 2), five, strict=True))
    return str((11 - weighted % 11) % 10)


@final
class BodyCode(_PublicDigits):
    """全国地方公共団体コード: prefecture (2), body (3) and check digit (1). Public.

    Raises:
        BodyCodeFormat: not six digits, or a prefecture other than 01 to 47.
        BodyCodeCheckDigit: the last digit does not follow from the others.
    """

    __slots__ = ()

    def __init__(self, digits: str) -> None:
        if not is_digits(digits, 6) or not "01" <= digits[:2] <= "47":
            raise BodyCodeFormat()
        if body_code_check_digit(digits[:5]) != digits[5]:
            raise BodyCodeCheckDigit()
        super().__init__(digits)

    @classmethod
    def parse(cls, text: str) -> BodyCode:
        """Read a code as typed. Five digits are refused: a missing check digit and a lost leading zero look alike."""
        return cls(fold_digits(text))

    @property
    def prefecture(self) -> str:
        """The two digits of the prefecture, 01 to 47."""
        return self._digits[:2]

    @property
    def is_prefecture(self) -> bool:
        """Whether the code is a prefecture's own."""
        return self._digits[2:5] == "000"


ResidentRecordCodeChecker = Callable[[str], bool]
"""Says whether eleven digits are a resident record code. An operator who was given the formula plugs it in."""


def accept_eleven_digits(digits: str) -> bool:
    """The default checker: accepts any eleven digits.

    The formula of the check digit is not public (order 411M50000008035 art. 1 leaves it to the minister), and it is
    not invented here: a mistyped resident record code is found only when no resident has it.
    """
    return True


@final
class ResidentRecordCode(_Digits):
    """住民票コード: ten random digits and a check digit whose formula is not public. Shown masked.

    Args:
        digits: eleven ASCII digits.
        checker: judges the check digit; by default any is accepted.

    Raises:
        ResidentRecordCodeFormat: not eleven digits.
        ResidentRecordCodeCheckDigit: the checker says no.

    Source: 住民基本台帳法7条13号; order 411M50000008035 art. 1.
    """

    __slots__ = ()

    def __init__(self, digits: str, *, checker: ResidentRecordCodeChecker = accept_eleven_digits) -> None:
        if not is_digits(digits, 11):
            raise ResidentRecordCodeFormat()
        if not checker(digits):
            raise ResidentRecordCodeCheckDigit()
        super().__init__(digits)

    @classmethod
    def parse(cls, text: str, *, checker: ResidentRecordCodeChecker = accept_eleven_digits) -> ResidentRecordCode:
        """Read a code as typed: full-width digits, hyphens and spaces are accepted."""
        return cls(fold_digits(text), checker=checker)

    def reveal(self) -> str:
        """The eleven digits."""
        return self._digits

    def __repr__(self) -> str:
        return f"ResidentRecordCode({mask(self._digits)})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Pickling and copying are refused; msgspec and json refuse to encode it by themselves."""
        raise TypeError("a resident record code is not serialised; call reveal() where the digits must leave")


def parse_address_number(text: str) -> AddressNumber:
    """Read a 団体内統合宛名番号 of at most fifteen digits; zero padded to fifteen.

    Raises:
        AddressNumberFormat: empty, longer, or other characters.
    """
    folded = fold_digits(text)
    if not is_digits(folded, len(folded)) or len(folded) > ADDRESS_NUMBER_DIGITS:
        raise AddressNumberFormat()
    return AddressNumber(folded.zfill(ADDRESS_NUMBER_DIGITS))


def parse_own_number(text: str) -> OwnNumber:
    """Read a business system's 宛名番号 of at most fifteen digits; zero padded to fifteen.

    Raises:
        OwnNumberFormat: empty, longer, or other characters.
    """
    folded = fold_digits(text)
    if not is_digits(folded, len(folded)) or len(folded) > ADDRESS_NUMBER_DIGITS:
        raise OwnNumberFormat()
    return OwnNumber(folded.zfill(ADDRESS_NUMBER_DIGITS))


def parse_institution_code(text: str) -> InstitutionCode:
    """Read a 機関コード of sixteen digits. The list of codes is not public, so no more than the digits is checked.

    Raises:
        InstitutionCodeFormat: anything else.
    """
    folded = fold_digits(text)
    if not is_digits(folded, 16):
        raise InstitutionCodeFormat()
    return InstitutionCode(folded)


def municipal_institution_code(body: BodyCode) -> InstitutionCode:
    """The 機関コード of a municipality: 02201, its local government code, 01700 (the one shape seen in public)."""
    return InstitutionCode(f"02201{body.digits}01700")


def parse_linkage_code(text: str) -> LinkageCode:
    """Check the form of a 符号 at the edge: the one base64url text of 33 bytes. What it means only the core can tell.

    Raises:
        LinkageCodeFormat: anything else.
    """
    if len(text) != LINKAGE_CODE_CHARACTERS:
        raise LinkageCodeFormat()
    try:
        from_base64url(text)
    except ValueError as error:
        raise LinkageCodeFormat() from error
    return LinkageCode(text)


def parse_processing_number(text: str) -> ProcessingNumber:
    """Read a 処理通番 of twenty digits.

    Raises:
        ProcessingNumberFormat: anything else.
    """
    folded = fold_digits(text)
    if not is_digits(folded, PROCESSING_NUMBER_DIGITS):
        raise ProcessingNumberFormat()
    return ProcessingNumber(folded)


def parse_acquisition_number(text: str) -> AcquisitionNumber:
    """Read a 取得番号 of 24 digits.

    Raises:
        AcquisitionNumberFormat: anything else.
    """
    if not is_digits(text, ACQUISITION_NUMBER_DIGITS):
        raise AcquisitionNumberFormat()
    return AcquisitionNumber(text)


def masked(number: AddressNumber | OwnNumber | LinkageCode | AcquisitionNumber) -> str:
    """How a number of a person is shown: all but the last two characters hidden."""
    return mask(number)
