"""What 券面事項入力補助 holds: the four items and the personal number, for filling in forms. Bytes in, values out."""

from __future__ import annotations

from datetime import date

from renkei.base.encoding import MaskedStruct
from renkei.base.identifier_errors import PersonalNumberCheckDigit, PersonalNumberFormat
from renkei.base.personal_number import PersonalNumber
from renkei.institutions.card.host.errors import CardAnswerUnexpected

NUMBER = b"\xff\x10"
FOUR_ITEMS = b"\xff\x20"
NAME, ADDRESS, BIRTH, SEX = b"\xdf\x22", b"\xdf\x23", b"\xdf\x24", b"\xdf\x25"
TAG_BYTES = 2


class FourItems(MaskedStruct, frozen=True, kw_only=True):
    """基本4情報 as the card's face says them."""

    name: str
    address: str
    birth: date | None
    """None where the register does not know the day."""
    birth_text: str
    """`YYYYMMDD`, with zeros for what is not known."""
    sex: str
    """`1` male, `2` female, `9` not applicable."""


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """A DER length (one to three bytes) at `at`: its value, and where the content begins.

    Raises:
        CardAnswerUnexpected: no such length there.
    """
    head = data[at : at + 3]
    if head and head[0] < 0x80:
        return head[0], at + 1
    if len(head) >= 2 and head[0] == 0x81:
        return head[1], at + 2
    if len(head) == 3 and head[0] == 0x82:
        return int.from_bytes(head[1:], "big"), at + 3
    raise CardAnswerUnexpected(status="TLV")


def four_items(raw: bytes) -> FourItems:
    """Read `FF20{DF21 offsets, DF22 name, DF23 address, DF24 birth, DF25 sex}`.

    Raises:
        CardAnswerUnexpected: another shape, or text that is not UTF-8.
    """
    found: dict[bytes, bytes] = {}
    content, at = _content(raw, FOUR_ITEMS), 0
    while at < len(content):
        length, begin = read_length(content, at + TAG_BYTES)
        if begin + length > len(content):
            raise CardAnswerUnexpected(status="TLV")
        found[content[at : at + TAG_BYTES]] = content[begin : begin + length]
        at = begin + length
    try:
        name, address, birth, sex = (found[tag].decode("utf-8") for tag in (NAME, ADDRESS, BIRTH, SEX))
    except (KeyError, UnicodeDecodeError) as error:
        raise CardAnswerUnexpected(status="TLV", private=type(error).__name__) from None
    return FourItems(name=name, address=address, birth=_day(birth), birth_text=birth, sex=sex)


def number(raw: bytes) -> PersonalNumber:
    """Read `FF10 0C` and twelve digits.

    Raises:
        CardAnswerUnexpected: another shape, or a wrong check digit.
    """
    try:
        return PersonalNumber(_content(raw, NUMBER).decode("ascii"))
    except (PersonalNumberFormat, PersonalNumberCheckDigit, UnicodeDecodeError):
        raise CardAnswerUnexpected(status="TLV", private="no personal number") from None


def _content(raw: bytes, tag: bytes) -> bytes:
    if raw[:TAG_BYTES] != tag:
        raise CardAnswerUnexpected(status="TLV")
    length, begin = read_length(raw, TAG_BYTES)
    if begin + length > len(raw):
        raise CardAnswerUnexpected(status="TLV")
    return raw[begin : begin + length]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}") if len(text) == 8 else None
    except ValueError:
        return None
