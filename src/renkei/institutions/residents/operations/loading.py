"""The first load of a registry, in bulk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from renkei.base.identifiers import OwnNumber, parse_own_number
from renkei.base.time import Instant, to_ms
from renkei.institutions.residents import queries, store
from renkei.institutions.residents.errors import EntryTwice, HeadOutside, ResidentPresent
from renkei.institutions.residents.model import HEAD, Entry, ResidentsEntered, check_distinct, name_key
from renkei.institutions.residents.operations.entering import HOUSEHOLD, OWN_NUMBER, TOUCH, skip_to, take
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, select_in

_COLUMNS = (
    "own_number", "resident_record_code", "personal_number", "name", "kana", "name_key", "kana_key", "birth", "sex",
    "household", "relation", "address", "resident_since", "moved_from", "protected_until", "touched", "touched_ms",
)  # fmt: skip


def enter_households(conn: Connection, households: Sequence[Sequence[Entry]], *, now: Instant) -> list[OwnNumber]:
    """Enter whole households, the head first in each; returns everyone's own number, in order.

    Raises:
        HeadOutside: a household is empty or its first member is not entered as its head.
        EntryTwice: two people of the entry share a number.
        ResidentPresent: someone, or an own number, is on record already; nothing is entered.
    """
    if any(not members or members[0].relation != HEAD for members in households):
        raise HeadOutside()
    entries = [entry for members in households for entry in members]
    check_distinct([entry.person for entry in entries])
    numbers = _own_numbers(conn, entries)
    _check_new(conn, entries, numbers)
    first_household = take(conn, HOUSEHOLD, len(households))
    places = [f"{first_household + at:015d}" for at, members in enumerate(households) for _ in members]
    touched, now_ms = take(conn, TOUCH, len(entries)), to_ms(now)
    rows = [
        (number, *_values(entry, place), touched + at, now_ms)
        for at, (number, entry, place) in enumerate(zip(numbers, entries, places, strict=True))
    ]
    insert_many(conn, store.resident, _COLUMNS, rows)
    homes: list[tuple[str, str, str]] = []
    since = [entry.resident_since.isoformat() for entry in entries]
    for number, place, day in zip(numbers, places, since, strict=True):
        if not homes or homes[-1][0] != place:
            homes.append((place, number, day))
    insert_many(conn, store.household, ("household", "head", "formed_on"), homes)
    insert_many(
        conn, store.residence, ("own_number", "since", "address"),
        [(number, day, entry.address) for number, day, entry in zip(numbers, since, entries, strict=True)],
    )  # fmt: skip
    audit(conn, store.audit_table, ResidentsEntered(residents=len(entries), households=len(homes)), now=now)
    return numbers


def _values(entry: Entry, household: str) -> tuple[str | None, ...]:
    # Written out, since this runs a million times: see `entering.person_values` for one person.
    person = entry.person
    return (
        person.resident_record_code.reveal(),
        person.personal_number.reveal() if person.personal_number else None,
        person.name,
        person.kana,
        name_key(person.name),
        name_key(person.kana),
        person.birth.isoformat(),
        person.sex,
        household,
        entry.relation,
        entry.address,
        entry.resident_since.isoformat(),
        entry.moved_from,
        entry.protected_until.isoformat() if entry.protected_until else None,
    )


def _own_numbers(conn: Connection, entries: Sequence[Entry]) -> list[OwnNumber]:
    given = [parse_own_number(entry.own_number) if entry.own_number else None for entry in entries]
    known = [number for number in given if number]
    if len(set(known)) < len(known):
        raise EntryTwice(count=len(known) - len(set(known)))
    if known:
        skip_to(conn, OWN_NUMBER, int(max(known)) + 1)
    missing = len(given) - len(known)
    fresh = iter(range(first := take(conn, OWN_NUMBER, missing), first + missing))
    return [number or OwnNumber(f"{next(fresh):015d}") for number in given]


def _check_new(conn: Connection, entries: Sequence[Entry], numbers: Sequence[OwnNumber]) -> None:
    table = store.resident
    if conn.execute(table.select().limit(1)).first() is None:
        return
    people = [entry.person for entry in entries]
    taken = any(select_in(conn, table.select(), table.c.own_number, numbers))
    if (
        taken
        or queries.by_record_codes(conn, [person.resident_record_code for person in people])
        or queries.numbers_on_record(conn, [person.personal_number for person in people if person.personal_number])
    ):
        raise ResidentPresent()
