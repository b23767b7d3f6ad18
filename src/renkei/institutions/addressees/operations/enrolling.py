"""Numbering people (付番): found by personal number, by their four items, or new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from renkei.base.identifiers import OwnNumber, parse_own_number
from renkei.base.time import Instant
from renkei.contracts.addressees import Enrolment, FourItems
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import OwnNumberTaken
from renkei.institutions.addressees.model import (
    OUTSIDERS,
    OutsidersNumbered,
    PeopleEnrolled,
    address_key,
    address_numbers,
    items_key,
    outsider_numbers,
    text_key,
)
from renkei.institutions.addressees.operations.counting import ADDRESS_NUMBER, OUTSIDER, take
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, select_in, update_many

ITEM_COLUMNS = ("name", "kana", "birth", "sex", "address", "name_key", "kana_key", "address_key", "items_key")

ItemValues = tuple[str, str, str, str, str, str, str, str, bytes]


def item_values(items: FourItems) -> ItemValues:
    """Values of `ITEM_COLUMNS`."""
    return (
        items.name, items.kana, items.birth.isoformat(), items.sex, items.address,
        text_key(items.name), text_key(items.kana), address_key(items.address), items_key(items),
    )  # fmt: skip


@dataclass
class _Matches:
    """What is known about the people of a batch, and what has to be written."""

    own: dict[str, str]
    """Own number → address number that stands."""
    number_at: dict[str, str]
    """Personal number → address number."""
    items_at: dict[bytes, list[str]]
    """Four items → address numbers."""
    known: dict[str, tuple[str | None, bytes]]
    """Address number → personal number and four items on record."""
    new_numbers: list[str] = field(default_factory=list)
    taken_at: list[int] = field(default_factory=list)
    people: dict[str, tuple[str | None, ItemValues]] = field(default_factory=dict)
    """Address number → row to insert."""
    changes: dict[str, ItemValues] = field(default_factory=dict)
    numbered: dict[str, str] = field(default_factory=dict)
    """Address number → personal number that came to light."""
    links: dict[str, str] = field(default_factory=dict)
    """Own number → address number to insert."""
    by_number: int = 0
    by_items: int = 0


def enrol(conn: Connection, system: str, enrolments: Sequence[Enrolment], *, now: Instant) -> int:
    """Number these people; returns how many integrated address numbers are new.

    Someone is found by an own number that stands, then by the personal number. Without a personal number only a
    single person whose four items are all equal is taken for the same: matching on fewer has joined strangers.

    Args:
        system: the business system that knows them by these own numbers.

    Raises:
        OwnNumberTaken: an own number stands for someone with another personal number, or occurs twice for two
            people; names every position, and nothing is written.
        OwnNumberFormat: malformed.

    Source: 共通機能標準仕様書 2.7 (団体内統合宛名 0320002, 0320004).
    """
    own = [parse_own_number(one.own_number) for one in enrolments]
    matches = _look_up(conn, system, own, enrolments)
    for at, (number, enrolment) in enumerate(zip(own, enrolments, strict=True)):
        _match(matches, at, number, enrolment)
    if matches.taken_at:
        positions = ",".join(str(at) for at in matches.taken_at)
        raise OwnNumberTaken(count=len(matches.taken_at), positions=positions)
    standing = len(own) - len(matches.links)
    _write(conn, system, matches)
    event = PeopleEnrolled(
        system=system, known=standing, by_personal_number=matches.by_number, by_items=matches.by_items,
        new=len(matches.people),
    )  # fmt: skip
    audit(conn, store.audit_table, event, now=now)
    return len(matches.people)


def number_outsiders(conn: Connection, people: Sequence[FourItems], *, now: Instant) -> list[OwnNumber]:
    """Give people who are no residents an own number that business systems share (住登外者宛名番号).

    Someone whose four items are all equal keeps the number given before. The numbers begin with 9 and have fifteen
    digits, so that they never meet those of the residents.

    Returns:
        Own numbers under the system `outsiders`, in the order of `people`.

    Source: 共通機能標準仕様書 2.7 (住登外者宛名番号管理 0310001, 0310005).
    """
    table = store.own
    at_number = {number for numbers in queries.by_items(conn, people).values() for number in numbers}
    query = select(store.addressee.c.items_key, table.c.own_number).join(
        table, table.c.address_number == store.addressee.c.address_number
    )
    query = query.where(table.c.system == OUTSIDERS)
    given = {
        bytes(row.items_key): OwnNumber(row.own_number)
        for row in select_in(conn, query, store.addressee.c.address_number, at_number)
    }
    keys = [items_key(items) for items in people]
    fresh = [key for key in dict.fromkeys(keys) if key not in given]
    given |= dict(zip(fresh, outsider_numbers(take(conn, OUTSIDER, len(fresh)), len(fresh)), strict=True))
    new = set(fresh)
    enrolments = {
        key: Enrolment(own_number=given[key], personal_number=None, items=items)
        for key, items in zip(keys, people, strict=True)
        if key in new
    }
    enrol(conn, OUTSIDERS, list(enrolments.values()), now=now)
    event = OutsidersNumbered(known=len(keys) - len(fresh), new=len(fresh))
    audit(conn, store.audit_table, event, now=now)
    return [given[key] for key in keys]


def _look_up(conn: Connection, system: str, own: Sequence[str], enrolments: Sequence[Enrolment]) -> _Matches:
    own_at = queries.address_numbers(conn, system, own)
    number_at = queries.by_personal_numbers(conn, [one.personal_number for one in enrolments if one.personal_number])
    items_at = queries.by_items(conn, [one.items for one in enrolments if one.personal_number is None])
    wanted = {*own_at.values(), *number_at.values(), *(number for numbers in items_at.values() for number in numbers)}
    table = store.addressee
    query = select(table.c.address_number, table.c.personal_number, table.c.items_key)
    known = {
        row.address_number: (row.personal_number, bytes(row.items_key))
        for row in select_in(conn, query, table.c.address_number, wanted)
    }
    # At most so many are new; those left over are never given to anyone, and nothing depends on their being dense.
    strangers = sum(
        1
        for number, one in zip(own, enrolments, strict=True)
        if number not in own_at and not (one.personal_number and one.personal_number.reveal() in number_at)
    )
    new_numbers = address_numbers(take(conn, ADDRESS_NUMBER, strangers), strangers)
    return _Matches(own_at, number_at, items_at, known, list(reversed(new_numbers)))


def _match(matches: _Matches, at: int, own_number: str, enrolment: Enrolment) -> None:
    personal = enrolment.personal_number.reveal() if enrolment.personal_number else None
    values = item_values(enrolment.items)
    stands = matches.own.get(own_number)
    if stands is not None:
        _stands(matches, at, stands, personal, values)
        return
    found: str | None = None
    if personal is not None:
        found = matches.number_at.get(personal)
        matches.by_number += found is not None
    else:
        alike = matches.items_at.get(values[-1], [])
        found = alike[0] if len(alike) == 1 else None
        matches.by_items += found is not None
    if found is None:
        found = matches.new_numbers.pop()
        matches.people[found] = (personal, values)
        matches.known[found] = (personal, values[-1])
        if personal is not None:
            matches.number_at[personal] = found
        else:
            matches.items_at.setdefault(values[-1], []).append(found)
    elif matches.known[found][1] != values[-1]:
        _change(matches, found, values)
    matches.own[own_number] = matches.links[own_number] = found


def _stands(matches: _Matches, at: int, stands: str, personal: str | None, values: ItemValues) -> None:
    """The own number is known: it must still mean the same person."""
    on_record, key = matches.known[stands]
    if personal is not None and personal != on_record:
        if on_record is not None or personal in matches.number_at:
            matches.taken_at.append(at)
            return
        matches.known[stands] = (personal, key)
        matches.number_at[personal] = stands
        if stands in matches.people:
            matches.people[stands] = (personal, matches.people[stands][1])
        else:
            matches.numbered[stands] = personal
    if key != values[-1]:
        _change(matches, stands, values)


def _change(matches: _Matches, address_number: str, values: ItemValues) -> None:
    personal, _ = matches.known[address_number]
    matches.known[address_number] = (personal, values[-1])
    if address_number in matches.people:
        matches.people[address_number] = (personal, values)
    else:
        matches.changes[address_number] = values


def _write(conn: Connection, system: str, matches: _Matches) -> None:
    table = store.addressee
    insert_many(
        conn, table, ("address_number", "personal_number", *ITEM_COLUMNS),
        [(number, personal, *values) for number, (personal, values) in matches.people.items()],
    )  # fmt: skip
    update_many(
        conn, table, ("address_number",), ITEM_COLUMNS,
        [(number, *values) for number, values in matches.changes.items()],
    )  # fmt: skip
    update_many(conn, table, ("address_number",), ("personal_number",), list(matches.numbered.items()))
    insert_many(
        conn, store.own, ("system", "own_number", "address_number"),
        [(system, own_number, number) for own_number, number in matches.links.items()],
    )  # fmt: skip
