"""People of one body and how they are matched. Values in, values out."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, NamedTuple, TypeAlias

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.base.identifiers import ADDRESS_NUMBER_DIGITS, AddressNumber, OwnNumber
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant
from renkei.contracts.addressees import FourItems

ORDER_ITEMS_MAX = 2_000
"""Codes ordered in one go."""

OUTSIDER_PREFIX = "9"
"""First digit of the own numbers given to people who are no residents (住登外者): registries count up from 1."""

OUTSIDERS = "outsiders"
"""System under which those own numbers stand (住登外者宛名番号管理)."""

Draw: TypeAlias = Callable[[int], Sequence[str]]
"""count → so many acquisition numbers of 24 random digits."""


class CodeState(StrEnum):
    """How far the body is with a person's linkage code. The code itself goes to the gateway, never here."""

    NONE = "none"
    ORDERED = "ordered"
    HELD = "held"
    REFUSED = "refused"  # the personal number was never assigned


class Addressee(MaskedStruct, frozen=True, kw_only=True):
    """One person of the body."""

    address_number: AddressNumber
    personal_number: PersonalNumber | None
    items: FourItems
    code_state: CodeState
    merged_into: AddressNumber | None


class Own(NamedTuple):
    """A business system's own number of a person."""

    system: str
    own_number: OwnNumber

    def __repr__(self) -> str:
        return f"Own({self.system}, …)"


class RelinkingKind(StrEnum):
    """How address numbers came to stand for other records than before."""

    MERGE = "merge"
    UNDONE_MERGE = "undone_merge"
    SPLIT = "split"


class Relinking(MaskedStruct, frozen=True, kw_only=True):
    """Own numbers went from one address number to another: exchanges about both, until `at`, have to be looked at."""

    number: int
    kind: RelinkingKind
    at: Instant
    from_number: AddressNumber
    to_number: AddressNumber
    number_moved: bool
    """The personal number went along, so the linkage code at the gateway belongs to `to_number` now."""
    moved: tuple[Own, ...]


class Uncoded(NamedTuple):
    """A person without a linkage code, and why."""

    address_number: AddressNumber
    state: CodeState
    has_personal_number: bool


class Acquisition(NamedTuple):
    """A one-off number under which the code of one person is asked for."""

    acquisition_number: str
    address_number: str
    personal_number: str

    def __repr__(self) -> str:
        return "Acquisition(…)"


_HYPHENS = dict.fromkeys(map(ord, "-‐‑‒–—―−ー－ｰ"), "-")
_KANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def text_key(text: str) -> str:
    """A name or reading as it is compared: width, spaces, letter case and hiragana make no difference.

    Variant forms of a character stay different: two people may be told apart by nothing else.
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).translate(_KANA)


def address_key(text: str) -> str:
    """An address as it is compared: as `text_key`, and dashes of every kind are one (also ー between digits)."""
    return text_key(text).translate(_HYPHENS)


def items_key(items: FourItems) -> bytes:
    """Equal for two people whose four items are all equal once width, spaces and kana are folded.

    The reading takes part, since it tells apart names that are written alike.
    """
    parts = (text_key(items.name), text_key(items.kana), items.birth.isoformat(), items.sex, address_key(items.address))
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def address_numbers(first: int, count: int) -> list[AddressNumber]:
    """Integrated address numbers: fifteen digits, counted up, so that none is given twice and none tells anything."""
    return [AddressNumber(f"{number:0{ADDRESS_NUMBER_DIGITS}d}") for number in range(first, first + count)]


def outsider_numbers(first: int, count: int) -> list[OwnNumber]:
    """Own numbers of people who are no residents; they never meet those that a registry counts up."""
    width = ADDRESS_NUMBER_DIGITS - len(OUTSIDER_PREFIX)
    return [OwnNumber(f"{OUTSIDER_PREFIX}{number:0{width}d}") for number in range(first, first + count)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a clerk searches by; a part that is empty matches anyone."""

    name: str = ""
    kana: str = ""
    birth: date | None = None
    address: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to search by."""
        return not (text_key(self.name) or text_key(self.kana) or self.birth or address_key(self.address))


# --- audit ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleEnrolled(AuditEvent):
    """A business system made its people known: how many were found by number, by their four items, or are new."""

    name: ClassVar[str] = "addressees.enrolled"
    system: str
    known: int
    by_personal_number: int
    by_items: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsidersNumbered(AuditEvent):
    """People who are no residents were numbered."""

    name: ClassVar[str] = "addressees.outsiders_numbered"
    known: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsChanged(AuditEvent):
    """A clerk changed the four items, or the personal number, of one person."""

    name: ClassVar[str] = "addressees.items_changed"
    what: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relinked(AuditEvent):
    """Address numbers were merged or split; `relinking` is the number of the record."""

    name: ClassVar[str] = "addressees.relinked"
    kind: str
    relinking: int
    own_numbers: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSearched(AuditEvent):
    """A clerk searched the ledger."""

    name: ClassVar[str] = "addressees.searched"
    by: str
    found: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesAsked(AuditEvent):
    """Linkage codes were ordered; `refused` numbers were never assigned."""

    name: ClassVar[str] = "addressees.codes_asked"
    ordered: int
    refused: int
