"""What changes about a person who stays: name, personal number, support measures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, update

from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant, jst_date
from renkei.institutions.residents import queries, store
from renkei.institutions.residents.errors import DayTooEarly, NumberStands, ResidentDead
from renkei.institutions.residents.model import (
    Event,
    NameChanged,
    NumberDesignated,
    Resident,
    ResidentsSearched,
    State,
    SupportMeasuresLifted,
    SupportMeasuresSet,
    check_day,
    check_named,
    check_present,
    name_key,
)
from renkei.institutions.residents.operations.entering import conclude
from renkei.platform.audit_store import audit

_TABLE = store.resident


def change_name(
    conn: Connection, own_number: str, *, name: str, kana: str, on: date, user: str, now: Instant
) -> list[Event]:
    """Enter a new name, after a change in the family register (住民基本台帳法8条).

    Raises:
        ResidentUnknown, ResidentGone, ResidentDead, DayAhead, DayTooEarly: as named.
    """
    person = _present(conn, own_number, on, now)
    values = {"name": name, "kana": kana, "name_key": name_key(name), "kana_key": name_key(kana)}
    conn.execute(update(_TABLE).where(_TABLE.c.own_number == person.own_number).values(values))
    event = NameChanged(
        own_numbers=(person.own_number,), on=on, former_name=person.name, former_kana=person.kana
    )  # fmt: skip
    return conclude(conn, [event], households=[], user=user, now=now)


def designate_number(
    conn: Connection, own_number: str, *, personal_number: PersonalNumber, on: date, user: str, now: Instant
) -> list[Event]:
    """Enter the personal number that was assigned, at first or in place of one that leaked (番号法7条1項, 2項).

    Raises:
        NumberStands: it stands in another resident's record.
        ResidentUnknown, ResidentGone, ResidentDead, DayAhead, DayTooEarly: as named.
    """
    person = _present(conn, own_number, on, now)
    stands = queries.numbers_on_record(conn, [personal_number])
    if any(code != person.resident_record_code.reveal() for code in stands.values()):
        raise NumberStands()
    mine = _TABLE.c.own_number == person.own_number
    conn.execute(update(_TABLE).where(mine).values(personal_number=personal_number.reveal()))
    event = NumberDesignated(
        own_numbers=(person.own_number,), on=on, changed=person.personal_number is not None
    )  # fmt: skip
    return conclude(conn, [event], households=[], user=user, now=now)


def set_support_measures(
    conn: Connection, own_numbers: Sequence[str], *, until: date, hidden: bool = False, user: str, now: Instant
) -> list[Event]:
    """Begin or prolong support measures for victims (支援措置); people who moved away are covered too.

    They last until a clerk lifts them: a day that has passed does not expose anyone, see `queries.protection_ends`.

    Args:
        until: last day, normally a year ahead (住民基本台帳事務処理要領 第5の10).
        hidden: keep looks at the records off the person's access list, where another may read it (番号法23条2項).

    Raises:
        DayTooEarly: `until` has passed.
        ResidentUnknown, ResidentDead, NobodyNamed: as named.
    """
    people = _living(conn, own_numbers)
    if until < jst_date(now):
        raise DayTooEarly(on=until)
    named = tuple(one.own_number for one in people)
    values = {"protected_until": until.isoformat(), "hidden": hidden}
    conn.execute(update(_TABLE).where(_TABLE.c.own_number.in_(named)).values(values))
    event = SupportMeasuresSet(own_numbers=named, on=jst_date(now), until=until, hidden=hidden)
    return conclude(conn, [event], households=[], user=user, now=now)


def lift_support_measures(conn: Connection, own_numbers: Sequence[str], *, user: str, now: Instant) -> list[Event]:
    """End support measures.

    Raises:
        ResidentUnknown, ResidentDead, NobodyNamed: as named.
    """
    named = tuple(one.own_number for one in _living(conn, own_numbers))
    values = {"protected_until": None, "hidden": False}
    conn.execute(update(_TABLE).where(_TABLE.c.own_number.in_(named)).values(values))
    event = SupportMeasuresLifted(own_numbers=named, on=jst_date(now))
    return conclude(conn, [event], households=[], user=user, now=now)


def clerk_search(
    conn: Connection,
    *,
    name: str = "",
    kana: str = "",
    birth: date | None = None,
    gone_too: bool = False,
    user: str,
    now: Instant,
) -> list[Resident]:
    """Search for a clerk (`queries.search`), and keep who searched by what.

    Raises:
        SearchEmpty: nothing to search for.
    """  # fmt: skip
    found = queries.search(conn, name=name, kana=kana, birth=birth, gone_too=gone_too)
    by = ",".join(word for word, given in (("name", name), ("kana", kana), ("birth", birth)) if given)
    audit(conn, store.audit_table, ResidentsSearched(by=by, found=len(found), user=user), now=now)
    return found


def _present(conn: Connection, own_number: str, on: date, now: Instant) -> Resident:
    person = queries.resident(conn, own_number)
    check_present([person])
    check_day([person], on, today=jst_date(now))
    return person


def _living(conn: Connection, own_numbers: Sequence[str]) -> list[Resident]:
    check_named(own_numbers)
    people = queries.residents(conn, own_numbers)
    for person in people:
        if person.state is State.DEAD:
            raise ResidentDead(on=person.left_on)
    return people
