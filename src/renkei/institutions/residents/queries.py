"""Reads of a registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, or_, select

from renkei.base.identifiers import OwnNumber, ResidentRecordCode, parse_own_number
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant, from_ms
from renkei.institutions.residents import store
from renkei.institutions.residents.errors import HouseholdUnknown, ResidentUnknown, SearchEmpty
from renkei.institutions.residents.model import Event, Household, Resident, State, name_key
from renkei.platform.bulk import select_in

_RESIDENT = store.resident
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class PastChange(NamedTuple):
    """A change of the history and when it was entered."""

    entered: Instant
    event: Event


def residents(conn: Connection, own_numbers: Sequence[str]) -> list[Resident]:
    """These people, in this order.

    Raises:
        ResidentUnknown: one of them is not on record.
        OwnNumberFormat: malformed.
    """
    wanted = [parse_own_number(number) for number in own_numbers]
    found = {row.own_number: row for row in select_in(conn, select(_RESIDENT), _RESIDENT.c.own_number, wanted)}
    if len(found) < len(set(wanted)):
        raise ResidentUnknown()
    return [read_resident(found[number]) for number in wanted]


def resident(conn: Connection, own_number: str) -> Resident:
    """The person with this number of the registry (宛名番号).

    Raises:
        ResidentUnknown, OwnNumberFormat: as `residents`.
    """
    [found] = residents(conn, [own_number])
    return found


def by_record_codes(conn: Connection, codes: Iterable[ResidentRecordCode]) -> dict[ResidentRecordCode, Resident]:
    """Who of these people is, or was, a resident here."""
    found = select_in(conn, select(_RESIDENT), _RESIDENT.c.resident_record_code, {code.reveal() for code in codes})
    return {one.resident_record_code: one for one in map(read_resident, found)}


def numbers_on_record(conn: Connection, numbers: Iterable[PersonalNumber]) -> dict[str, str]:
    """Personal number → the record code of the person here who has it."""
    query = select(_RESIDENT.c.personal_number, _RESIDENT.c.resident_record_code)
    found = select_in(conn, query, _RESIDENT.c.personal_number, {number.reveal() for number in numbers})
    return {row.personal_number: row.resident_record_code for row in found}


def search(
    conn: Connection,
    *,
    name: str = "",
    kana: str = "",
    birth: date | None = None,
    gone_too: bool = False,
    limit: int = 50,
) -> list[Resident]:
    """Residents for the clerk: parts of the name or reading, and the date of birth; in the order of the readings.

    Args:
        gone_too: also people who moved away or died.

    Raises:
        SearchEmpty: nothing to search for.
    """  # fmt: skip
    query = select(_RESIDENT).order_by(_RESIDENT.c.kana_key, _RESIDENT.c.own_number).limit(limit)
    if not (name_key(name) or name_key(kana) or birth):
        raise SearchEmpty()
    if name_key(name):
        query = query.where(_RESIDENT.c.name_key.contains(name_key(name), autoescape=True))
    if name_key(kana):
        query = query.where(_RESIDENT.c.kana_key.contains(name_key(kana), autoescape=True))
    if birth:
        query = query.where(_RESIDENT.c.birth == birth.isoformat())
    if not gone_too:
        query = query.where(_RESIDENT.c.state == State.PRESENT)
    return [read_resident(row) for row in conn.execute(query)]


def household(conn: Connection, number: str) -> Household:
    """A household that stands, with its present members.

    Raises:
        HouseholdUnknown: there is none, or it has ended.
    """
    table = store.household
    row = conn.execute(select(table).where(table.c.household == number, table.c.ended_on.is_(None))).one_or_none()
    if row is None:
        raise HouseholdUnknown()
    return Household(household=row.household, head=row.head, members=members(conn, number))


def members(conn: Connection, household_number: str) -> tuple[OwnNumber, ...]:
    """Present members of a household, in the order of their numbers."""
    query = select(_RESIDENT.c.own_number).where(
        _RESIDENT.c.household == household_number, _RESIDENT.c.state == State.PRESENT
    )
    return tuple(conn.execute(query.order_by(_RESIDENT.c.own_number)).scalars())


def sizes(conn: Connection, households: Iterable[str]) -> dict[str, int]:
    """How many present members each household has; one without any is absent."""
    query = select(_RESIDENT.c.household, func.count()).where(_RESIDENT.c.state == State.PRESENT)
    query = query.group_by(_RESIDENT.c.household)
    return dict(tuple(row) for row in select_in(conn, query, _RESIDENT.c.household, set(households)))


def headless_households(conn: Connection, *, limit: int = 200) -> list[str]:
    """Households whose head died or moved away and whose members have not notified another (住民基本台帳法25条)."""
    table = store.household
    query = select(table.c.household).where(table.c.head.is_(None), table.c.ended_on.is_(None))
    return list(conn.execute(query.order_by(table.c.household).limit(limit)).scalars())


def address_on(conn: Connection, own_number: str, day: date) -> str | None:
    """Where in the municipality someone lived on a day; None for a day on which they did not live here."""
    table = store.residence
    query = select(table.c.address).where(
        table.c.own_number == parse_own_number(own_number),
        table.c.since <= day.isoformat(),
        or_(table.c.until.is_(None), table.c.until > day.isoformat()),
    )
    found: str | None = conn.execute(query.order_by(table.c.since.desc()).limit(1)).scalar_one_or_none()
    return found


def protection_ends(conn: Connection, *, by: date) -> list[Resident]:
    """People whose support measures end on or before a day, so that they are asked in time whether to prolong."""
    query = select(_RESIDENT).where(_RESIDENT.c.protected_until <= by.isoformat())
    return [read_resident(row) for row in conn.execute(query.order_by(_RESIDENT.c.protected_until))]


def history(conn: Connection, own_number: str) -> list[PastChange]:
    """Changes entered about one person, oldest first. What was loaded with the registry has none."""
    table = store.change
    query = select(table.c.at_ms, table.c.event).where(table.c.own_number == parse_own_number(own_number))
    rows = conn.execute(query.order_by(table.c.number))
    return [PastChange(from_ms(row.at_ms), _events.decode(row.event)) for row in rows]


def fed(conn: Connection, feed: str) -> int:
    """How far a feed was noted as delivered (`operations.note_fed`); 0 at the beginning."""
    table = store.counter
    found: int | None = conn.execute(select(table.c.next).where(table.c.name == f"fed {feed}")).scalar_one_or_none()
    return found or 0


def counts(conn: Connection) -> dict[str, int]:
    """Residents and households that stand."""
    people = select(func.count()).select_from(_RESIDENT).where(_RESIDENT.c.state == State.PRESENT)
    homes = select(func.count()).select_from(store.household).where(store.household.c.ended_on.is_(None))
    return {"residents": conn.execute(people).scalar_one(), "households": conn.execute(homes).scalar_one()}


def read_resident(row: Row[Any]) -> Resident:
    """A row of the table as a value."""
    return Resident(
        own_number=row.own_number,
        name=row.name,
        kana=row.kana,
        birth=date.fromisoformat(row.birth),
        sex=row.sex,
        resident_record_code=ResidentRecordCode(row.resident_record_code),
        personal_number=PersonalNumber(row.personal_number) if row.personal_number else None,
        household=row.household,
        relation=row.relation,
        address=row.address,
        resident_since=date.fromisoformat(row.resident_since),
        moved_from=row.moved_from,
        state=State(row.state),
        left_on=date.fromisoformat(row.left_on) if row.left_on else None,
        moved_to=row.moved_to,
        protected_until=date.fromisoformat(row.protected_until) if row.protected_until else None,
        hidden=bool(row.hidden),
    )
