"""What every change has in common: running numbers, history, and the mark that copies have to be made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, func, select, update

from renkei.base.time import Instant, to_ms
from renkei.institutions.residents import queries, store
from renkei.institutions.residents.errors import DayTooEarly
from renkei.institutions.residents.model import HEAD, Event, HeadChanged, Person, ResidentsChanged, name_key
from renkei.platform.audit_store import audit_many
from renkei.platform.bulk import insert_many, select_in, update_many, upsert_many

OWN_NUMBER, HOUSEHOLD, TOUCH = "own_number", "household", "touched"
"""Names of the running numbers."""

_encode = msgspec.json.Encoder().encode


def take(conn: Connection, name: str, count: int) -> int:
    """Reserve `count` running numbers and return the first; none is given twice, across processes either."""
    table = store.counter
    query = update(table).where(table.c.name == name).values(next=table.c.next + count).returning(table.c.next)
    after: int | None = conn.execute(query).scalar_one_or_none()
    if after is None:
        insert_many(conn, table, ("name", "next"), [(name, 1)], ignore_conflicts=True)
        after = conn.execute(query).scalar_one()
    return after - count


def skip_to(conn: Connection, name: str, number: int) -> None:
    """Have the next running number be `number` at least: smaller ones were given elsewhere before."""
    first = take(conn, name, 0)
    if first < number:
        take(conn, name, number - first)


def note_fed(conn: Connection, feed: str, *, upto: int) -> None:
    """Note how far a feed (copies, enrolments) was delivered; `queries.fed` reads it."""
    upsert_many(conn, store.counter, ("name",), ("next",), [(f"fed {feed}", upto)])


PERSON_COLUMNS = (
    "resident_record_code", "personal_number", "name", "kana", "name_key", "kana_key", "birth", "sex",
)  # fmt: skip


def person_values(person: Person) -> dict[str, object]:
    """Columns that say who a person is."""
    number = person.personal_number
    return {
        "resident_record_code": person.resident_record_code.reveal(),
        "personal_number": number.reveal() if number else None,
        "name": person.name,
        "kana": person.kana,
        "name_key": name_key(person.name),
        "kana_key": name_key(person.kana),
        "birth": person.birth.isoformat(),
        "sex": person.sex,
    }


def new_household(conn: Connection, *, head: str, on: date) -> str:
    """Form a household; returns its number."""
    number = f"{take(conn, HOUSEHOLD, 1):015d}"
    rows = [(number, head, on.isoformat())]
    insert_many(conn, store.household, ("household", "head", "formed_on"), rows)
    return number


def settle_households(conn: Connection, households: Iterable[str], *, on: date) -> list[Event]:
    """After members left: end a household without any, make the last one its head, leave others to notify one.

    Source: 住民基本台帳法25条 (a change of head is notified); who lives alone is the head of their household.
    """
    events: list[Event] = []
    for number in sorted(set(households)):
        left = queries.members(conn, number)
        row = store.household.c.household == number
        head = conn.execute(select(store.household.c.head).where(row)).scalar_one()
        if not left:
            conn.execute(update(store.household).where(row).values(head=None, ended_on=on.isoformat()))
        elif head in left:
            continue
        elif len(left) > 1:
            conn.execute(update(store.household).where(row).values(head=None))
        else:
            conn.execute(update(store.household).where(row).values(head=left[0]))
            alone = store.resident.c.own_number == left[0]
            conn.execute(update(store.resident).where(alone).values(relation=HEAD))
            events.append(HeadChanged(own_numbers=left, on=on, household=number, former_head=head))
    return events


def change_address(conn: Connection, own_numbers: Sequence[str], *, address: str, on: date) -> None:
    """Let people live elsewhere in the municipality from a day on."""
    close_residences(conn, own_numbers, on=on)
    rows = [(number, on.isoformat(), None, address) for number in own_numbers]
    upsert_many(conn, store.residence, ("own_number", "since"), ("until", "address"), rows)
    update_many(
        conn, store.resident, ("own_number",), ("address",), [(number, address) for number in own_numbers]
    )  # fmt: skip


def close_residences(conn: Connection, own_numbers: Sequence[str], *, on: date) -> None:
    """The last address of these people ends with the day before `on`.

    Raises:
        DayTooEarly: one of them came to live there only after that day.
    """
    table = store.residence
    last = (table.c.own_number.in_(own_numbers), table.c.until.is_(None))
    if conn.execute(select(table.c.since).where(*last, table.c.since > on.isoformat()).limit(1)).first():
        raise DayTooEarly(on=on)
    conn.execute(update(table).where(*last).values(until=on.isoformat()))


def reopen_residence(conn: Connection, own_number: str) -> None:
    """The last address of a person goes on."""
    table = store.residence
    since = conn.execute(select(func.max(table.c.since)).where(table.c.own_number == own_number)).scalar_one()
    conn.execute(update(table).where(table.c.own_number == own_number, table.c.since == since).values(until=None))


def conclude(
    conn: Connection, events: Sequence[Event], *, households: Iterable[str], user: str, now: Instant
) -> list[Event]:
    """Write history and audit, and mark whose copies have to be made anew.

    Args:
        households: whose members' copies change too.
    """
    now_ms = to_ms(now)
    rows = [(number, now_ms, _encode(event).decode()) for event in events for number in event.own_numbers]
    insert_many(conn, store.change, ("own_number", "at_ms", "event"), rows)
    people = {number for event in events for number in event.own_numbers}
    for number in set(households):
        people.update(queries.members(conn, number))
    _touch(conn, sorted(people), now_ms)
    audit_many(
        conn, store.audit_table,
        [ResidentsChanged(kind=type(event).__name__, residents=len(event.own_numbers), user=user) for event in events],
        now=now,
    )  # fmt: skip
    return list(events)


def _touch(conn: Connection, own_numbers: Sequence[str], now_ms: int) -> None:
    table = store.resident
    query = select(table.c.own_number, table.c.touched_ms)
    before = {row.own_number: row.touched_ms for row in select_in(conn, query, table.c.own_number, own_numbers)}
    first = take(conn, TOUCH, len(own_numbers))
    # A gateway keeps the copy with the later time: two changes within a millisecond must not look alike.
    rows = [(number, first + at, max(now_ms, before[number] + 1)) for at, number in enumerate(own_numbers)]
    update_many(conn, table, ("own_number",), ("touched", "touched_ms"), rows)
