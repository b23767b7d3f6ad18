"""Text at the edge: digits as people type them, base64url without padding, masking, a Struct that shows no value."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

# Full-width digits and the hyphens, dashes and spaces that Japanese keyboards and forms put between groups of digits.
_SEPARATORS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\uff0d\uff70 \u00a0\u2002\u2003\u2009\u202f\u3000\t"
_FOLD = {0xFF10 + digit: str(digit) for digit in range(10)}
_FOLD |= {ord(mark): "-" for mark in _SEPARATORS}


def fold_digits(text: str) -> str:
    """Full-width digits become ASCII; hyphens and spaces between digits, and spaces around them, are dropped.

    For the parse edge only. What is no digit stays, so that the caller's own check refuses it: a sign before or a
    hyphen after the number is not quietly lost, and digits of other scripts are not taken for ours.
    """
    folded = text.strip().translate(_FOLD)
    if folded.startswith("-") or folded.endswith("-"):
        return folded
    return folded.replace("-", "")


def is_digits(text: str, length: int) -> bool:
    """Exactly `length` ASCII digits."""
    return len(text) == length and text.isascii() and text.isdigit()


def mask(text: str, shown: int = 2) -> str:
    """`text` with all but its last `shown` characters replaced by `*`; a text no longer than that is hidden whole."""
    if len(text) <= shown:
        return "*" * len(text)
    return "*" * (len(text) - shown) + text[len(text) - shown :]


def to_base64url(data: bytes) -> str:
    """RFC 4648 §5 base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The inverse of `to_base64url`, and of nothing else: one byte string has one text.

    Raises:
        ValueError: padding, another alphabet, or non-zero bits after the last byte.
    """
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if to_base64url(data) != text:
        raise ValueError("not the one base64url text of its bytes")
    return data


class MaskedStruct(msgspec.Struct, frozen=True):
    """A frozen Struct that may hold personal data: its `repr` names the fields and shows no value.

    Encoding is unchanged: what a Struct says on the wire is decided where it is encoded, not here.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.__struct_fields__)})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Rich and msgspec's own pretty printers show the same: names, no values."""
        return [(name, "…") for name in self.__struct_fields__]
