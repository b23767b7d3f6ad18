"""Who comes and who goes: birth, moving in, moving out, death, and taking such an entry back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select, update

from renkei.base.identifiers import BodyCode, OwnNumber
from renkei.base.time import Instant, jst_date
from renkei.institutions.residents import queries, store
from renkei.institutions.residents.errors import (
    DayTooEarly,
    HeadOutside,
    NobodyNamed,
    NumberStands,
    ResidentDead,
    ResidentPresent,
)
from renkei.institutions.residents.model import (
    COHABITANT,
    HEAD,
    Born,
    Died,
    Event,
    MovedIn,
    MovedOut,
    Mover,
    Person,
    Resident,
    Restored,
    State,
    check_day,
    check_distinct,
    check_named,
    check_present,
)
from renkei.institutions.residents.operations.entering import (
    OWN_NUMBER,
    PERSON_COLUMNS,
    change_address,
    close_residences,
    conclude,
    new_household,
    person_values,
    reopen_residence,
    settle_households,
    take,
)
from renkei.platform.bulk import insert_many, update_many

_PLACE_COLUMNS = (
    "household", "relation", "address", "resident_since", "moved_from", "state", "left_on", "moved_to",
)  # fmt: skip


def born(conn: Connection, person: Person, *, household: str, relation: str, user: str, now: Instant) -> list[Event]:
    """Enter a child in the household of a parent (戸籍法49条, 住民基本台帳法8条).

    Raises:
        ResidentPresent: the child is entered already.
        NumberStands: its personal number stands in another record.
        HouseholdUnknown, DayAhead: as named.
    """  # fmt: skip
    check_day([], person.birth, today=jst_date(now))
    home = queries.household(conn, household)
    if queries.by_record_codes(conn, [person.resident_record_code]):
        raise ResidentPresent()
    mover = Mover(person=person, relation=relation)
    address = queries.resident(conn, home.members[0]).address
    numbers = _settle(
        conn, [mover], {}, household=household, address=address, moved_from="", on=person.birth
    )  # fmt: skip
    return conclude(
        conn, [Born(own_numbers=numbers, on=person.birth)], households=[household], user=user, now=now
    )  # fmt: skip


def move_in(
    conn: Connection,
    movers: Sequence[Mover],
    *,
    address: str,
    moved_from: BodyCode | None,
    on: date,
    household: str | None = None,
    user: str,
    now: Instant,
) -> list[Event]:
    """Enter people who came from another municipality or from abroad (住民基本台帳法22条, 30条の46).

    Who lived here before gets the own number of that time again.

    Args:
        address: where they live now; that of the household where they join one.
        moved_from: code of the former municipality; None for people from abroad.
        household: the one that they join; None to form a new one, whose head is the first of them.

    Raises:
        ResidentPresent, ResidentDead, NumberStands: one of them cannot be entered; nobody is.
        HeadOutside: no head for the new household, or one too many.
        NobodyNamed, EntryTwice, HouseholdUnknown, DayAhead, DayTooEarly: as named.
    """
    if not movers:
        raise NobodyNamed()
    check_distinct([mover.person for mover in movers])
    known = _known(conn, movers, on)
    check_day(list(known.values()), on, today=jst_date(now))
    heads = [at for at, mover in enumerate(movers) if mover.relation == HEAD]
    if heads != ([] if household else [0]):
        raise HeadOutside()
    if household:
        address = queries.resident(conn, queries.household(conn, household).members[0]).address
    came_from = moved_from.digits if moved_from else ""
    numbers = _settle(conn, movers, known, household=household, address=address, moved_from=came_from, on=on)
    place = household or queries.resident(conn, numbers[0]).household
    return conclude(
        conn, [MovedIn(own_numbers=numbers, on=on, moved_from=came_from)], households=[place], user=user, now=now
    )


def move_out(
    conn: Connection, own_numbers: Sequence[str], *, moved_to: BodyCode | None, on: date, user: str, now: Instant
) -> list[Event]:
    """People move to another municipality or abroad; may be notified before the day (住民基本台帳法24条).

    Raises:
        ResidentUnknown, ResidentGone, ResidentDead, NobodyNamed, DayTooEarly: as named; nobody is moved.
    """
    check_named(own_numbers)
    people = queries.residents(conn, own_numbers)
    check_present(people)
    check_day(people, on, today=jst_date(now), ahead=True)
    goes_to = moved_to.digits if moved_to else ""
    named = tuple(one.own_number for one in people)
    event = MovedOut(own_numbers=named, on=on, moved_to=goes_to)
    return _leave(conn, people, event, state=State.GONE, moved_to=goes_to, user=user, now=now)


def died(conn: Connection, own_number: str, *, on: date, user: str, now: Instant) -> list[Event]:
    """Enter a death (戸籍法86条, 住民基本台帳法8条).

    Raises:
        ResidentUnknown, ResidentGone, ResidentDead, DayAhead, DayTooEarly: as named.
    """
    person = queries.resident(conn, own_number)
    check_present([person])
    check_day([person], on, today=jst_date(now))
    event = Died(own_numbers=(person.own_number,), on=on)
    return _leave(conn, [person], event, state=State.DEAD, moved_to="", user=user, now=now)


def restore(conn: Connection, own_number: str, *, user: str, now: Instant) -> list[Event]:
    """Take back a death or a move away that was wrong or did not take place (職権による回復).

    The person comes back to their household; where it has ended, it stands again with them as head.

    Raises:
        ResidentUnknown: not on record.
        ResidentPresent: there is nothing to take back.
    """
    person = queries.resident(conn, own_number)
    if person.state is State.PRESENT:
        raise ResidentPresent()
    home = store.household.c.household == person.household
    others = queries.members(conn, person.household)
    head = conn.execute(select(store.household.c.head).where(home)).scalar_one()
    relation = person.relation
    if not others or (relation == HEAD and head is None):
        relation = HEAD
        conn.execute(update(store.household).where(home).values(head=person.own_number, ended_on=None))
    elif relation == HEAD:
        relation = COHABITANT  # another is head now; the clerk enters the right relation with a change of head
    back = store.resident.c.own_number == person.own_number
    conn.execute(
        update(store.resident).where(back).values(state=State.PRESENT, left_on=None, moved_to="", relation=relation)
    )
    reopen_residence(conn, person.own_number)
    event = Restored(own_numbers=(person.own_number,), on=jst_date(now), former_state=person.state)
    return conclude(conn, [event], households=[person.household], user=user, now=now)


def _known(conn: Connection, movers: Sequence[Mover], on: date) -> dict[str, Resident]:
    """Who of them lived here before, by resident record code."""
    found = queries.by_record_codes(conn, [mover.person.resident_record_code for mover in movers])
    for resident in found.values():
        if resident.state is State.PRESENT:
            raise ResidentPresent()
        if resident.state is State.DEAD:
            raise ResidentDead(on=resident.left_on)
        if resident.left_on and on < resident.left_on:
            raise DayTooEarly(on=on)
    return {code.reveal(): resident for code, resident in found.items()}


def _settle(
    conn: Connection,
    movers: Sequence[Mover],
    known: dict[str, Resident],
    *,
    household: str | None,
    address: str,
    moved_from: str,
    on: date,
) -> tuple[OwnNumber, ...]:
    """Write the rows of people who begin to live here; returns their own numbers."""
    numbers_given = {mover.person.personal_number for mover in movers} - {None}
    stands = queries.numbers_on_record(conn, [number for number in numbers_given if number])
    mine = {mover.person.resident_record_code.reveal() for mover in movers}
    if any(code not in mine for code in stands.values()):
        raise NumberStands()
    first = take(conn, OWN_NUMBER, len(movers) - len(known))
    fresh = iter(range(first, first + len(movers)))
    numbers, new, returned = [], [], []
    for mover in movers:
        before = known.get(mover.person.resident_record_code.reveal())
        number = before.own_number if before else OwnNumber(f"{next(fresh):015d}")
        who = person_values(mover.person)
        if before and before.personal_number and not mover.person.personal_number:
            who["personal_number"] = before.personal_number.reveal()
        numbers.append(number)
        household = household or new_household(conn, head=number, on=on)
        where = (household, mover.relation, address, on.isoformat(), moved_from, State.PRESENT.value, None, "")
        row = (number, *(who[name] for name in PERSON_COLUMNS), *where)
        if before:
            returned.append(row)
        else:
            new.append((*row, -int(number), 0))  # `conclude` gives the running number
    insert_many(
        conn, store.resident, ("own_number", *PERSON_COLUMNS, *_PLACE_COLUMNS, "touched", "touched_ms"), new
    )  # fmt: skip
    update_many(conn, store.resident, ("own_number",), (*PERSON_COLUMNS, *_PLACE_COLUMNS), returned)
    change_address(conn, numbers, address=address, on=on)
    return tuple(numbers)


def _leave(
    conn: Connection,
    people: Sequence[Resident],
    event: Died | MovedOut,
    *,
    state: State,
    moved_to: str,
    user: str,
    now: Instant,
) -> list[Event]:
    households = {one.household for one in people}
    sizes = queries.sizes(conn, households)
    on = event.on.isoformat()
    update_many(
        conn, store.resident, ("own_number",), ("state", "left_on", "moved_to", "left_household_size"),
        [(one.own_number, state.value, on, moved_to, sizes[one.household]) for one in people],
    )  # fmt: skip
    close_residences(conn, event.own_numbers, on=event.on)
    events: list[Event] = [event, *settle_households(conn, households, on=event.on)]
    return conclude(conn, events, households=households, user=user, now=now)
