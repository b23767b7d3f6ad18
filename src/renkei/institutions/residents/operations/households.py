"""Where people of the municipality live and with whom: moving within, households, heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, update

from renkei.base.identifiers import OwnNumber, parse_own_number
from renkei.base.time import Instant, jst_date
from renkei.institutions.residents import queries, store
from renkei.institutions.residents.errors import HeadOutside, RelationsIncomplete
from renkei.institutions.residents.model import (
    HEAD,
    Event,
    HeadChanged,
    HouseholdChanged,
    MovedWithin,
    Resident,
    check_day,
    check_named,
    check_present,
)
from renkei.institutions.residents.operations.entering import (
    change_address,
    conclude,
    new_household,
    settle_households,
)
from renkei.platform.bulk import update_many

Relations = Mapping[str, str]
"""Own number → relation to the head (続柄)."""


def move_within(
    conn: Connection,
    own_numbers: Sequence[str],
    *,
    address: str,
    on: date,
    relations: Relations | None = None,
    user: str,
    now: Instant,
) -> list[Event]:
    """Move people to another address of the municipality (転居, 住民基本台帳法23条).

    A whole household stays what it is. Part of one, or people of several, form a household of their own.

    Args:
        relations: needed for everyone where a new household is formed, exactly one of them its head.

    Raises:
        RelationsIncomplete, HeadOutside: the new household is not described.
        ResidentUnknown, ResidentGone, ResidentDead, NobodyNamed, DayAhead, DayTooEarly: as named.
    """
    people = _people(conn, own_numbers, on, now)
    named = tuple(one.own_number for one in people)
    events: list[Event] = [
        MovedWithin(own_numbers=named, on=on, former_addresses=tuple(one.address for one in people))
    ]  # fmt: skip
    households = {one.household for one in people}
    whole = len(households) == 1 and set(queries.members(conn, people[0].household)) == set(named)
    change_address(conn, named, address=address, on=on)
    if not whole:
        events += _regroup(conn, people, None, relations or {}, on)
        households.add(queries.resident(conn, named[0]).household)
    return conclude(conn, events, households=households, user=user, now=now)


def change_household(
    conn: Connection,
    own_numbers: Sequence[str],
    *,
    household: str | None,
    relations: Relations,
    on: date,
    user: str,
    now: Instant,
) -> list[Event]:
    """Let people join another household, or part into one of their own (世帯変更, 住民基本台帳法25条).

    Who joins a household at another address lives there from that day on.

    Args:
        household: the one that they join; None to form a new one.
        relations: of everyone named; exactly one head in a new household, none in one that is joined.

    Raises:
        RelationsIncomplete, HeadOutside: the relations do not describe the household.
        ResidentUnknown, ResidentGone, ResidentDead, HouseholdUnknown, NobodyNamed, DayAhead, DayTooEarly: as named.
    """
    people = _people(conn, own_numbers, on, now)
    events: list[Event] = []
    if household is not None:
        address = queries.resident(conn, queries.household(conn, household).members[0]).address
        movers = [one for one in people if one.address != address]
        if movers:
            numbers = tuple(one.own_number for one in movers)
            change_address(conn, numbers, address=address, on=on)
            former = tuple(one.address for one in movers)
            events.append(MovedWithin(own_numbers=numbers, on=on, former_addresses=former))
    events = _regroup(conn, people, household, relations, on) + events
    households = {one.household for one in people} | {queries.resident(conn, people[0].own_number).household}
    return conclude(conn, events, households=households, user=user, now=now)


def change_head(
    conn: Connection, household: str, *, head: str, relations: Relations, on: date, user: str, now: Instant
) -> list[Event]:
    """Make another member the head (世帯主変更, 住民基本台帳法25条).

    Args:
        relations: of every other member to the new head.

    Raises:
        HouseholdUnknown, HeadOutside, RelationsIncomplete, DayAhead, DayTooEarly: as named.
    """
    home = queries.household(conn, household)
    new_head = parse_own_number(head)
    given = {parse_own_number(number): relation for number, relation in relations.items()} | {new_head: HEAD}
    if new_head not in home.members or any(given.get(number) == HEAD for number in home.members if number != new_head):
        raise HeadOutside()
    if set(given) != set(home.members):
        raise RelationsIncomplete(needed=len(home.members) - 1)
    check_day(queries.residents(conn, [new_head]), on, today=jst_date(now))
    update_many(conn, store.resident, ("own_number",), ("relation",), list(given.items()))
    conn.execute(update(store.household).where(store.household.c.household == household).values(head=new_head))
    event = HeadChanged(own_numbers=home.members, on=on, household=household, former_head=home.head)
    return conclude(conn, [event], households=[], user=user, now=now)


def _people(conn: Connection, own_numbers: Sequence[str], on: date, now: Instant) -> list[Resident]:
    check_named(own_numbers)
    people = queries.residents(conn, own_numbers)
    check_present(people)
    check_day(people, on, today=jst_date(now))
    return people


def _regroup(
    conn: Connection, people: Sequence[Resident], household: str | None, relations: Relations, on: date
) -> list[Event]:
    given = {parse_own_number(number): relation for number, relation in relations.items()}
    named: tuple[OwnNumber, ...] = tuple(one.own_number for one in people)
    if set(given) != set(named):
        raise RelationsIncomplete(needed=len(named))
    heads = [number for number, relation in given.items() if relation == HEAD]
    if len(heads) != (0 if household else 1):
        raise HeadOutside()
    target = household or new_household(conn, head=heads[0], on=on)
    update_many(
        conn, store.resident, ("own_number",), ("household", "relation"),
        [(number, target, given[number]) for number in named],
    )  # fmt: skip
    former = tuple(one.household for one in people)
    event = HouseholdChanged(own_numbers=named, on=on, household=target, former_households=former)
    return [event, *settle_households(conn, set(former) - {target}, on=on)]
