"""Where things lie on a card, as data: applications, files, and how a PIN looks.

Source: the layout that OpenSC (`src/libopensc/jpki.h`) and public readers of the card share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from renkei.contracts.card_agent import Key

ITEMS: Literal["items"] = "items"
"""The PIN of 券面事項入力補助: four digits, the four items and the personal number behind it."""

Pin: TypeAlias = Key | Literal["items"]
FOUR_DIGITS = re.compile(r"[0-9]{4}")
PASSWORD = re.compile(r"[A-Z0-9]{6,16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFile:
    """A PIN: in which application, under which file, of which form once folded."""

    application: bytes
    file: int
    form: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles:
    """A key and its certificate."""

    key: int
    certificate: int
    open: bool
    """The certificate is readable without the PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One generation of cards."""

    jpki: bytes
    support: bytes
    """券面事項入力補助."""
    pins: Mapping[str, PinFile]
    keys: Mapping[Key, KeyFiles]
    availability: int
    """Whether there is a signature certificate: its first byte is 00 where there is none."""
    number: int
    items: int


def _of_2016() -> Layout:
    jpki = bytes.fromhex("D392F000260100000001")
    support = bytes.fromhex("D3921000310001010408")
    return Layout(
        jpki=jpki,
        support=support,
        pins={
            Key.AUTHENTICATION: PinFile(application=jpki, file=0x0018, form=FOUR_DIGITS),
            Key.SIGNATURE: PinFile(application=jpki, file=0x001B, form=PASSWORD),
            ITEMS: PinFile(application=support, file=0x0011, form=FOUR_DIGITS),
        },
        keys={
            Key.AUTHENTICATION: KeyFiles(key=0x0017, certificate=0x000A, open=True),
            Key.SIGNATURE: KeyFiles(key=0x001A, certificate=0x0001, open=False),
        },
        availability=0x0008,
        number=0x0001,
        items=0x0002,
    )


PRESENT = _of_2016()
"""The cards issued since January 2016."""
