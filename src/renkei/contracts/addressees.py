"""The seam of a body's addressee ledger (団体内統合宛名): own numbers ↔ integrated address number, four basic items.

Inside one body only. The core, the gateways and the channels never import this file: it speaks of personal numbers.

Source: 共通機能標準仕様書 2.7 (団体内統合宛名: 付番, 中間サーバー連携).
"""

from __future__ import annotations

from datetime import date
from typing import Literal, Protocol

import msgspec

from renkei.base.personal_number import PersonalNumber

Sex = Literal["male", "female", "not_known"]


class FourItems(msgspec.Struct, frozen=True, kw_only=True):
    """基本4情報, with the kana reading that searches need."""

    name: str
    kana: str
    birth: date
    sex: Sex
    address: str

    def __repr__(self) -> str:
        return "FourItems(…)"


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A business system makes one of its people known to the ledger."""

    own_number: str
    personal_number: PersonalNumber | None
    """None for people without one, or whose number the system may not hold."""
    items: FourItems

    def __repr__(self) -> str:
        return "Enrolment(…)"


class AddresseePort(Protocol):
    """The ledger, as a business system of the same body sees it."""

    async def enrol(self, system: str, enrolments: list[Enrolment]) -> int:
        """Number these people (付番); returns how many integrated address numbers are new.

        Someone known by the same personal number keeps the number that stands.

        Raises:
            OwnNumberTaken: an own number of this system stands for someone else.
        """

    async def acquire_codes(self) -> int:
        """Obtain linkage codes for everyone who has none yet; returns how many were ordered."""
