"""Residents and what may happen to them. Values in, values out; `today` is the day in Japan."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.base.identifiers import OwnNumber, ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.contracts.information import ResidentRecord
from renkei.institutions.residents.errors import (
    DayAhead,
    DayTooEarly,
    EntryTwice,
    NobodyNamed,
    ResidentDead,
    ResidentGone,
)

Sex = Literal["male", "female", "not_known"]
HEAD = "世帯主"
"""Relation of the head (続柄)."""
COHABITANT = "同居人"
"""Relation of someone whose relation to the head is not on record."""


class State(StrEnum):
    """Where a person stands with this municipality."""

    PRESENT = "present"
    GONE = "gone"  # moved away, or will on a day that was notified (住民基本台帳法24条)
    DEAD = "dead"


class Person(MaskedStruct, frozen=True, kw_only=True):
    """Who someone is, wherever they live (住民基本台帳法7条1号–3号, 8号の2, 13号)."""

    name: str
    kana: str
    birth: date
    sex: Sex
    resident_record_code: ResidentRecordCode
    personal_number: PersonalNumber | None = None
    """None until one is designated (番号法7条1項)."""


class Entry(MaskedStruct, frozen=True, kw_only=True):
    """A person as entered with the first load of a registry."""

    person: Person
    relation: str
    address: str
    resident_since: date
    moved_from: str = ""
    """Body code of the former municipality; empty if never moved."""
    protected_until: date | None = None
    own_number: str = ""
    """A number given before (移行); empty to have one given."""


class Mover(MaskedStruct, frozen=True, kw_only=True):
    """A person who moves in, with the relation to the head of the household here."""

    person: Person
    relation: str


class Resident(MaskedStruct, frozen=True, kw_only=True):
    """A resident as on record."""

    own_number: OwnNumber
    name: str
    kana: str
    birth: date
    sex: Sex
    resident_record_code: ResidentRecordCode
    personal_number: PersonalNumber | None
    household: str
    relation: str
    address: str
    resident_since: date
    moved_from: str
    state: State
    left_on: date | None
    moved_to: str
    protected_until: date | None
    hidden: bool


class Household(MaskedStruct, frozen=True, kw_only=True):
    """A household with members; `head` is None while nobody has been notified as head (住民基本台帳法25条)."""

    household: str
    head: OwnNumber | None
    members: tuple[OwnNumber, ...]


def name_key(text: str) -> str:
    """A name, reading or address as it is compared: width, spaces, letter case and hiragana make no difference.

    Variant forms of a character stay different: two people may be told apart by nothing else.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        chr(ord(letter) + 0x60) if "ぁ" <= letter <= "ゖ" else letter for letter in folded if not letter.isspace()
    )


def check_present(people: Sequence[Resident]) -> None:
    """Whoever is to be changed lives here.

    Raises:
        ResidentDead, ResidentGone: with the day.
    """
    for resident in people:
        if resident.state is State.DEAD:
            raise ResidentDead(on=resident.left_on)
        if resident.state is State.GONE:
            raise ResidentGone(on=resident.left_on)


def check_day(people: Sequence[Resident], on: date, *, today: date, ahead: bool = False) -> None:
    """The day of a change fits the people it is about.

    Args:
        ahead: a day to come may be notified; only a move away is notified beforehand (住民基本台帳法24条).

    Raises:
        DayAhead, DayTooEarly: with the day.
    """
    if on > today and not ahead:
        raise DayAhead(on=on)
    if any(on < resident.resident_since for resident in people):
        raise DayTooEarly(on=on)


def check_named(own_numbers: Sequence[str]) -> None:
    """Somebody is named, and nobody twice.

    Raises:
        NobodyNamed: otherwise.
    """
    if not own_numbers or len(set(own_numbers)) < len(own_numbers):
        raise NobodyNamed()


def check_distinct(people: Sequence[Person]) -> None:
    """No two of the people entered share a number.

    Raises:
        EntryTwice: they do; tells how many are too many.
    """
    codes = {person.resident_record_code for person in people}
    with_number = [person.personal_number for person in people if person.personal_number]
    shared = len(people) - len(codes) + len(with_number) - len(set(with_number))
    if shared:
        raise EntryTwice(count=shared)


def resident_copy(resident: Resident, household_size: int) -> ResidentRecord:
    """What a copy of the resident record says (contracts.information)."""
    return ResidentRecord(
        name=resident.name,
        kana=resident.kana,
        address=resident.address,
        birth=resident.birth,
        sex=resident.sex,
        resident_since=resident.resident_since,
        moved_from=resident.moved_from,
        household=resident.household,
        relation=resident.relation,
        household_size=household_size,
        left_on=resident.left_on,
    )


# --- what happened: domain events -----------------------------------------------------------------------------


class Happened(MaskedStruct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    """Base of every change; `own_numbers` are the people it is about, `on` the day on which it happened."""

    own_numbers: tuple[OwnNumber, ...]
    on: date


class Born(Happened, frozen=True, kw_only=True):
    """出生."""


class Died(Happened, frozen=True, kw_only=True):
    """死亡."""


class MovedIn(Happened, frozen=True, kw_only=True):
    """転入, of a household or into one."""

    moved_from: str


class MovedOut(Happened, frozen=True, kw_only=True):
    """転出; `on` may lie ahead."""

    moved_to: str


class MovedWithin(Happened, frozen=True, kw_only=True):
    """転居."""

    former_addresses: tuple[str, ...]


class HouseholdChanged(Happened, frozen=True, kw_only=True):
    """世帯変更: these people belong to another household now."""

    household: str
    former_households: tuple[str, ...]


class HeadChanged(Happened, frozen=True, kw_only=True):
    """世帯主変更."""

    household: str
    former_head: OwnNumber | None


class NameChanged(Happened, frozen=True, kw_only=True):
    """氏名変更."""

    former_name: str
    former_kana: str


class NumberDesignated(Happened, frozen=True, kw_only=True):
    """個人番号の指定又は変更. The number itself is not part of the event."""

    changed: bool


class SupportMeasuresSet(Happened, frozen=True, kw_only=True):
    """支援措置 began or was prolonged."""

    until: date
    hidden: bool


class SupportMeasuresLifted(Happened, frozen=True, kw_only=True):
    """支援措置 ended."""


class Restored(Happened, frozen=True, kw_only=True):
    """回復: a death or a move away was entered wrongly, or the move did not take place."""

    former_state: State


Event = (
    Born | Died | MovedIn | MovedOut | MovedWithin | HouseholdChanged | HeadChanged | NameChanged | NumberDesignated
    | SupportMeasuresSet | SupportMeasuresLifted | Restored
)  # fmt: skip


# --- audit ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentsEntered(AuditEvent):
    """A registry was loaded."""

    name: ClassVar[str] = "residents.entered"
    residents: int
    households: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentsChanged(AuditEvent):
    """A change was entered; `user` is the clerk's id."""

    name: ClassVar[str] = "residents.changed"
    kind: str
    residents: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentsSearched(AuditEvent):
    """A clerk searched the registry."""

    name: ClassVar[str] = "residents.searched"
    by: str
    found: int
    user: str
