"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from renkei.base.identifiers import AddressNumber, OwnNumber, parse_address_number
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant, from_ms, to_ms
from renkei.contracts.addressees import FourItems
from renkei.institutions.addressees import store
from renkei.institutions.addressees.errors import AddresseeUnknown, RelinkingUnknown, SearchTooWide
from renkei.institutions.addressees.model import (
    Addressee,
    CodeState,
    Own,
    Relinking,
    RelinkingKind,
    Uncoded,
    Wanted,
    address_key,
    items_key,
    text_key,
)
from renkei.platform.bulk import select_in

_TABLE = store.addressee


def addressee(conn: Connection, address_number: str) -> Addressee:
    """The person with this integrated address number, merged ones included.

    Raises:
        AddresseeUnknown: nobody has it.
        AddressNumberFormat: malformed.
    """
    number = parse_address_number(address_number)
    row = conn.execute(select(_TABLE).where(_TABLE.c.address_number == number)).one_or_none()
    if row is None:
        raise AddresseeUnknown()
    return read_addressee(row)


def address_numbers(conn: Connection, system: str, own_numbers: Iterable[str]) -> dict[str, str]:
    """Own number (fifteen digits) → integrated address number, of one system; an unknown one is absent."""
    table = store.own
    query = select(table.c.own_number, table.c.address_number).where(table.c.system == system)
    return {row.own_number: row.address_number for row in select_in(conn, query, table.c.own_number, own_numbers)}


def own_numbers(conn: Connection, address_number: str) -> list[Own]:
    """Every business system's own number of a person."""
    table = store.own
    query = select(table.c.system, table.c.own_number).where(table.c.address_number == address_number)
    return [Own(row.system, OwnNumber(row.own_number)) for row in conn.execute(query.order_by(*query.selected_columns))]


def by_personal_numbers(conn: Connection, numbers: Iterable[PersonalNumber]) -> dict[str, str]:
    """Personal number → integrated address number, of those that are known."""
    query = select(_TABLE.c.personal_number, _TABLE.c.address_number)
    found = select_in(conn, query, _TABLE.c.personal_number, {number.reveal() for number in numbers})
    return {row.personal_number: row.address_number for row in found}


def by_items(conn: Connection, people: Iterable[FourItems]) -> dict[bytes, list[str]]:
    """`items_key` → address numbers of everyone whose four items are all equal, merged ones left out."""
    query = select(_TABLE.c.items_key, _TABLE.c.address_number).where(_TABLE.c.merged_into.is_(None))
    found: dict[bytes, list[str]] = {}
    for row in select_in(conn, query, _TABLE.c.items_key, {items_key(items) for items in people}):
        found.setdefault(bytes(row.items_key), []).append(row.address_number)
    return found


def search(conn: Connection, wanted: Wanted, *, limit: int = 50) -> list[Addressee]:
    """People who match every part given: parts of name, reading and address, and the date of birth.

    Raises:
        SearchTooWide: nothing to search by.
    """
    if wanted.empty:
        raise SearchTooWide()
    query = select(_TABLE).where(_TABLE.c.merged_into.is_(None))
    for column, key in (
        (_TABLE.c.name_key, text_key(wanted.name)),
        (_TABLE.c.kana_key, text_key(wanted.kana)),
        (_TABLE.c.address_key, address_key(wanted.address)),
    ):
        if key:
            query = query.where(column.contains(key, autoescape=True))
    if wanted.birth:
        query = query.where(_TABLE.c.birth == wanted.birth.isoformat())
    rows = conn.execute(query.order_by(_TABLE.c.kana_key, _TABLE.c.address_number).limit(limit))
    return [read_addressee(row) for row in rows]


def doubles(conn: Connection, *, after: str = "", limit: int = 200) -> list[tuple[AddressNumber, AddressNumber]]:
    """Pairs that may be one person: same name, reading and birth, and not two different personal numbers.

    Never merged by themselves: a clerk identifies the person and decides.
    """
    one, other = _TABLE.alias("one"), _TABLE.alias("other")
    query = (
        select(one.c.address_number, other.c.address_number)
        .where(one.c.birth == other.c.birth, one.c.name_key == other.c.name_key, one.c.kana_key == other.c.kana_key)
        .where(one.c.address_number < other.c.address_number, one.c.address_number > after)
        .where(one.c.merged_into.is_(None), other.c.merged_into.is_(None))
        .where(one.c.personal_number.is_(None) | other.c.personal_number.is_(None))
    )
    rows = conn.execute(query.order_by(one.c.address_number, other.c.address_number).limit(limit))
    return [(AddressNumber(first), AddressNumber(second)) for first, second in rows]


def uncoded(conn: Connection, *, after: str = "", limit: int = 200) -> list[Uncoded]:
    """Who has no linkage code yet, and why: not ordered, not come, number never assigned, or no number at all."""
    query = (
        select(_TABLE.c.address_number, _TABLE.c.code_state, _TABLE.c.personal_number.is_not(None))
        .where(_TABLE.c.code_state != CodeState.HELD, _TABLE.c.merged_into.is_(None), _TABLE.c.address_number > after)
        .order_by(_TABLE.c.address_number)
        .limit(limit)
    )
    return [Uncoded(AddressNumber(number), CodeState(state), bool(has)) for number, state, has in conn.execute(query)]


def relinkings(conn: Connection, *, since: Instant | None = None, address_number: str | None = None) -> list[Relinking]:
    """Which address numbers came to stand for other records, and when; oldest first.

    From it follows which exchanges have to be looked at: those of both numbers that were made before it.
    """  # fmt: skip
    table = store.relinking
    query = select(table).order_by(table.c.number)
    if since is not None:
        query = query.where(table.c.at_ms >= to_ms(since))
    if address_number is not None:
        query = query.where((table.c.from_number == address_number) | (table.c.to_number == address_number))
    return [read_relinking(row) for row in conn.execute(query)]


def relinking(conn: Connection, number: int) -> tuple[Relinking, bool]:
    """One relinking, and whether it was undone.

    Raises:
        RelinkingUnknown: there is none of this number.
    """
    row = conn.execute(select(store.relinking).where(store.relinking.c.number == number)).one_or_none()
    if row is None:
        raise RelinkingUnknown()
    return read_relinking(row), bool(row.undone)


def counts(conn: Connection) -> dict[str, int]:
    """People by the state of their linkage code, and how many own numbers stand."""
    states = select(_TABLE.c.code_state, func.count()).where(_TABLE.c.merged_into.is_(None))
    found = {state: count for state, count in conn.execute(states.group_by(_TABLE.c.code_state))}  # noqa: C416
    own_count: int = conn.execute(select(func.count()).select_from(store.own)).scalar_one()
    people = {f"code_{state.value}": found.get(state.value, 0) for state in CodeState}
    return {"people": sum(found.values()), **people, "own_numbers": own_count}


def read_addressee(row: Row[Any]) -> Addressee:
    """A row of the table as a value."""
    return Addressee(
        address_number=row.address_number,
        personal_number=PersonalNumber(row.personal_number) if row.personal_number else None,
        items=FourItems(
            name=row.name, kana=row.kana, birth=date.fromisoformat(row.birth), sex=row.sex, address=row.address
        ),
        code_state=CodeState(row.code_state),
        merged_into=row.merged_into,
    )


def read_relinking(row: Row[Any]) -> Relinking:
    """A row of the table as a value."""
    pairs: Sequence[tuple[str, str]] = msgspec.json.decode(row.moved, type=list[tuple[str, str]])
    return Relinking(
        number=row.number,
        kind=RelinkingKind(row.kind),
        at=from_ms(row.at_ms),
        from_number=row.from_number,
        to_number=row.to_number,
        number_moved=bool(row.number_moved),
        moved=tuple(Own(system, OwnNumber(number)) for system, number in pairs),
    )
