"""Merging two address numbers of one person, parting what was joined wrongly, and taking a merger back.

Each leaves a record of which own numbers went where and when, from which the exchanges concerned are found. The
gateway's linkage code follows the personal number: the caller moves it where `number_moved` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, insert, update

from renkei.base.identifiers import AddressNumber, parse_own_number
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant, to_ms
from renkei.contracts.addressees import FourItems
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import (
    MergeNumbersDiffer,
    MergeWithItself,
    PersonalNumberElsewhere,
    RelinkingUndone,
    SplitIncomplete,
)
from renkei.institutions.addressees.model import Addressee, Own, Relinked, Relinking, RelinkingKind, address_numbers
from renkei.institutions.addressees.operations.changing import set_personal_number, standing
from renkei.institutions.addressees.operations.counting import ADDRESS_NUMBER, take
from renkei.institutions.addressees.operations.enrolling import ITEM_COLUMNS, item_values
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, update_many


@dataclass(frozen=True)
class NewPerson:
    """For whom own numbers are parted from an entry, when that person has none of their own yet.

    `personal_number` may be the one that stood with the entry: then it goes along, and the entry has none.
    """

    items: FourItems
    personal_number: PersonalNumber | None

    def __repr__(self) -> str:
        return "NewPerson(…)"


def merge(conn: Connection, *, survivor: str, absorbed: str, user: str, now: Instant) -> Relinking:
    """Join two address numbers of one person: every own number of `absorbed` goes to `survivor`.

    The absorbed number is never given again and leads to the survivor. What they have in common is the clerk's
    finding; only two different personal numbers are beyond it.

    Raises:
        MergeWithItself, MergeNumbersDiffer: as named.
        AddresseeUnknown, AddresseeMerged: one of them cannot be merged.
    """
    keeps, goes = standing(conn, survivor), standing(conn, absorbed)
    if keeps.address_number == goes.address_number:
        raise MergeWithItself()
    number_moved = goes.personal_number is not None
    if number_moved and keeps.personal_number is not None:
        raise MergeNumbersDiffer()
    if number_moved:
        _move_number(conn, goes, keeps.address_number)
    moved = queries.own_numbers(conn, goes.address_number)
    _move(conn, moved, keeps.address_number)
    _set_merged(conn, goes.address_number, keeps.address_number)
    return _record(
        conn, RelinkingKind.MERGE, goes.address_number, keeps.address_number, moved, number_moved, user=user, now=now
    )


def undo_merge(conn: Connection, number: int, *, user: str, now: Instant) -> Relinking:
    """Take a merger back: the own numbers and the personal number return to where they stood.

    Raises:
        RelinkingUnknown: there is no such record.
        RelinkingUndone: it is no merger, was undone, or one of the two was merged or split since.
    """
    merger, undone = queries.relinking(conn, number)
    survivor = queries.addressee(conn, merger.to_number)
    absorbed = queries.addressee(conn, merger.from_number)
    stands = set(queries.own_numbers(conn, merger.to_number))
    possible = (
        merger.kind is RelinkingKind.MERGE
        and not undone
        and survivor.merged_into is None
        and absorbed.merged_into == survivor.address_number
        and stands.issuperset(merger.moved)
        and not (merger.number_moved and survivor.personal_number is None)
    )
    if not possible:
        raise RelinkingUndone()
    _set_merged(conn, absorbed.address_number, None)
    if merger.number_moved:
        _move_number(conn, survivor, absorbed.address_number)
    _move(conn, merger.moved, absorbed.address_number)
    conn.execute(update(store.relinking).where(store.relinking.c.number == number).values(undone=True))
    return _record(
        conn, RelinkingKind.UNDONE_MERGE, survivor.address_number, absorbed.address_number, merger.moved,
        merger.number_moved, user=user, now=now,
    )  # fmt: skip


def split(
    conn: Connection,
    address_number: str,
    *,
    own_numbers: Iterable[tuple[str, str]],
    into: str | NewPerson,
    user: str,
    now: Instant,
) -> Relinking:
    """Part what was joined wrongly: these own numbers go to someone else.

    Args:
        own_numbers: system and own number of each that goes.
        into: the address number of the right person, or a person who has none yet.

    Returns:
        The record; `to_number` tells the new address number.

    Raises:
        SplitIncomplete: no own number is named, one does not stand with this person, or both are the same person.
        PersonalNumberElsewhere: the new person's number stands with a third.
        AddresseeUnknown, AddresseeMerged: as named.
    """
    found = standing(conn, address_number)
    moved = [Own(system, parse_own_number(number)) for system, number in own_numbers]
    if not moved or not set(queries.own_numbers(conn, found.address_number)).issuperset(moved):
        raise SplitIncomplete()
    number_moved = False
    if isinstance(into, NewPerson):
        target, number_moved = _new_person(conn, found, into)
    else:
        target = standing(conn, into).address_number
        if target == found.address_number:
            raise SplitIncomplete()
    _move(conn, moved, target)
    return _record(
        conn, RelinkingKind.SPLIT, found.address_number, target, moved, number_moved, user=user, now=now
    )  # fmt: skip


def _new_person(conn: Connection, found: Addressee, person: NewPerson) -> tuple[AddressNumber, bool]:
    goes_along = person.personal_number is not None and person.personal_number == found.personal_number
    others = [person.personal_number] if person.personal_number and not goes_along else []
    if queries.by_personal_numbers(conn, others):
        raise PersonalNumberElsewhere()
    if goes_along:
        set_personal_number(conn, found.address_number, None)
    [number] = address_numbers(take(conn, ADDRESS_NUMBER, 1), 1)
    digits = person.personal_number.reveal() if person.personal_number else None
    insert_many(
        conn, store.addressee, ("address_number", "personal_number", *ITEM_COLUMNS),
        [(number, digits, *item_values(person.items))],
    )  # fmt: skip
    return number, goes_along


def _move(conn: Connection, moved: Sequence[Own], to_number: str) -> None:
    rows = [(own.system, own.own_number, to_number) for own in moved]
    update_many(conn, store.own, ("system", "own_number"), ("address_number",), rows)


def _move_number(conn: Connection, owner: Addressee, to_number: str) -> None:
    # Taken away first: no two entries may hold one number, not even for a moment.
    set_personal_number(conn, owner.address_number, None)
    set_personal_number(conn, to_number, owner.personal_number)


def _set_merged(conn: Connection, address_number: str, into: str | None) -> None:
    table = store.addressee
    conn.execute(update(table).where(table.c.address_number == address_number).values(merged_into=into))


def _record(
    conn: Connection,
    kind: RelinkingKind,
    from_number: AddressNumber,
    to_number: AddressNumber,
    moved: Sequence[Own],
    number_moved: bool,
    *,
    user: str,
    now: Instant,
) -> Relinking:
    values = {
        "kind": kind.value, "at_ms": to_ms(now), "from_number": from_number, "to_number": to_number,
        "number_moved": number_moved, "moved": msgspec.json.encode([tuple(own) for own in moved]).decode(),
    }  # fmt: skip
    table = store.relinking
    number: int = conn.execute(insert(table).values(values).returning(table.c.number)).scalar_one()
    event = Relinked(kind=kind.value, relinking=number, own_numbers=len(moved), user=user)
    audit(conn, store.audit_table, event, now=now)
    return queries.relinking(conn, number)[0]
