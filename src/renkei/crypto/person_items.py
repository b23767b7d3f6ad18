"""基本4情報 as a signature certificate holds them: six otherNames (UTF8String) below 1.2.392.200149.8.5.5.

`.1` name, `.2` its 代替文字 flags, `.3` sex, `.4` birth `EYYYYMMDD`, `.5` address, `.6` its flags. A flag says of one
character that it is not the register's own.
"""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.hazmat.asn1 import decode_der, encode_der
from cryptography.x509.oid import ObjectIdentifier

from renkei.base.encoding import MaskedStruct

ITEM_CHARS_MAX: Final = 512
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ITEMS_ARC: Final = "1.2.392.200149.8.5.5"


class ItemName(Enum):
    """Items of a signature certificate by the last number of their object identifier."""

    NAME = 1
    NAME_SUBSTITUTES = 2
    SEX = 3
    BIRTH = 4
    ADDRESS = 5
    ADDRESS_SUBSTITUTES = 6

    @property
    def oid(self) -> ObjectIdentifier:
        """Its object identifier."""
        return ObjectIdentifier(f"{_ITEMS_ARC}.{self.value}")


_SEXES: Final = {"1": "male", "2": "female"}
_ITEM_OIDS: Final = {name: name.oid for name in ItemName}


class CertificateItems(MaskedStruct, frozen=True, kw_only=True):
    """基本4情報 of a signature certificate."""

    name: str
    name_substitutes: str
    """One `0` or `1` a character of the name: `1` where it is not the register's own (代替文字)."""
    sex: str
    """One digit: `1` male, `2` female, else not known or not applicable."""
    birth_text: str
    """`EYYYYMMDD`: E the era (1 明治 … 5 令和, 0 unknown), the year Gregorian, zeros for what is not known."""
    address: str
    address_substitutes: str

    @property
    def birth(self) -> date | None:
        """The day, where the register knows it."""
        text = self.birth_text
        try:
            return date(int(text[1:5]), int(text[5:7]), int(text[7:9]))
        except ValueError:
            return None

    @property
    def sex_word(self) -> str:
        """`male`, `female` or `not_known`."""
        return _SEXES.get(self.sex, "not_known")

    @classmethod
    def of(
        cls, *, name: str, sex: str, birth: date | None, address: str, name_substitutes: str = "",
        address_substitutes: str = "",
    ) -> CertificateItems:  # fmt: skip
        """Items from what the register says.

        Args:
            sex: `male`, `female`, else `9` stands in the certificate.
            name_substitutes, address_substitutes: where left out, no character is a substitute.

        Raises:
            ValueError: what cannot stand in a certificate.
        """
        made = cls(
            name=name,
            name_substitutes=name_substitutes or "0" * len(name),
            sex={"male": "1", "female": "2"}.get(sex, "9"),
            birth_text=birth_text(birth),
            address=address,
            address_substitutes=address_substitutes or "0" * len(address),
        )
        _check_items(made)
        return made


def birth_text(birth: date | None) -> str:
    """A day as the certificate writes it, `EYYYYMMDD`: the era's digit and the Gregorian date."""
    if birth is None:
        return "0" * 9
    starts = (date(1868, 1, 25), date(1912, 7, 30), date(1926, 12, 25), date(1989, 1, 8), date(2019, 5, 1))
    era = sum(birth >= start for start in starts)
    return f"{era}{birth:%Y%m%d}"


def encode_items(items: CertificateItems) -> x509.SubjectAlternativeName:
    """The subjectAltName that holds the items.

    Raises:
        ValueError: what cannot stand in a certificate.
    """
    _check_items(items)
    texts = {
        ItemName.NAME: items.name,
        ItemName.NAME_SUBSTITUTES: items.name_substitutes,
        ItemName.SEX: items.sex,
        ItemName.BIRTH: items.birth_text,
        ItemName.ADDRESS: items.address,
        ItemName.ADDRESS_SUBSTITUTES: items.address_substitutes,
    }
    return x509.SubjectAlternativeName(
        [x509.OtherName(_ITEM_OIDS[name], encode_der(text)) for name, text in texts.items()]
    )


def decode_items(names: x509.SubjectAlternativeName) -> CertificateItems:
    """The inverse of `encode_items`.

    Raises:
        ValueError: not the six items, each once, each as the profile says.
    """
    found: dict[ObjectIdentifier, str] = {}
    for name in names:
        if not isinstance(name, x509.OtherName) or name.type_id in found:
            raise ValueError("not one otherName for each item")
        found[name.type_id] = decode_der(str, name.value)
    if found.keys() != set(_ITEM_OIDS.values()):
        raise ValueError("not the six items")
    text = {name: found[oid] for name, oid in _ITEM_OIDS.items()}
    items = CertificateItems(
        name=text[ItemName.NAME],
        name_substitutes=text[ItemName.NAME_SUBSTITUTES],
        sex=text[ItemName.SEX],
        birth_text=text[ItemName.BIRTH],
        address=text[ItemName.ADDRESS],
        address_substitutes=text[ItemName.ADDRESS_SUBSTITUTES],
    )
    _check_items(items)
    return items


def _check_items(items: CertificateItems) -> None:
    """Hold the texts against the profile; nothing of them is quoted."""
    for text, flags in ((items.name, items.name_substitutes), (items.address, items.address_substitutes)):
        if not 0 < len(text) <= ITEM_CHARS_MAX or _CONTROL.search(text):
            raise ValueError("a name or address is empty, too long, or holds control characters")
        if len(flags) != len(text) or not set(flags) <= set("01"):
            raise ValueError("the substitute flags are not one 0 or 1 for each character")
    if len(items.sex) != 1 or not items.sex.isascii() or not items.sex.isdigit():
        raise ValueError("sex is one digit")
    birth = items.birth_text
    if len(birth) != 9 or not birth.isascii() or not birth.isdigit() or birth[0] > "5":
        raise ValueError("birth is an era and eight digits")
    if items.birth is None and "00" not in (birth[5:7], birth[7:9]) and birth[1:5] != "0000":
        raise ValueError("birth is no day of the calendar")
