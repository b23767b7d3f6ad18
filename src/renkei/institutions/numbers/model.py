"""Drawing personal numbers: values in, values out. The source of randomness is handed in.

The law wants a number that differs from every other, former ones included, and from which the resident record code
cannot be restored (番号法8条2項). A draw that never sees the resident record code has no rule that could be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple, TypeAlias

from renkei.base.audit import AuditEvent
from renkei.base.identifiers import ResidentRecordCode
from renkei.base.personal_number import PersonalNumber

DIGITS_DRAWN = 11

Draw: TypeAlias = Callable[[int], Sequence[str]]
"""count → so many texts of eleven random digits; repetitions are drawn again."""


class ChangeReason(StrEnum):
    """Why a number is replaced (番号法7条2項)."""

    REQUESTED = "requested"  # the person asked: the number leaked and may be misused
    EX_OFFICIO = "ex_officio"  # the mayor found the same


class Assignment(NamedTuple):
    """A personal number and the resident record code that it stands for."""

    resident_record_code: ResidentRecordCode
    personal_number: PersonalNumber


def drawn_numbers(draw: Draw, count: int, taken: Collection[str]) -> Iterator[PersonalNumber]:
    """One draw of at most `count` different numbers that are not among `taken` (twelve digits each).

    Raises:
        PersonalNumberFormat: the source gave something else than eleven digits.
    """
    for eleven in dict.fromkeys(draw(count)):
        number = PersonalNumber.from_eleven(eleven)
        if number.reveal() not in taken:
            yield number


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersAssigned(AuditEvent):
    """Personal numbers were assigned, or taken over from an earlier ledger."""

    name: ClassVar[str] = "numbers.assigned"
    assigned: int
    stood_already: int
    taken_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChanged(AuditEvent):
    """A personal number was replaced by another."""

    name: ClassVar[str] = "numbers.changed"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesOrdered(AuditEvent):
    """An order of linkage codes was forwarded to the core; `replaced` of its numbers were former ones."""

    name: ClassVar[str] = "numbers.codes_ordered"
    body: str
    ordered: int
    replaced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused(AuditEvent):
    """An order of linkage codes was refused whole."""

    name: ClassVar[str] = "numbers.order_refused"
    body: str
    reason: str
    items: int
