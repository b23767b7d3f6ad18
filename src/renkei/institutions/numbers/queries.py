"""Reads of `numbers`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from renkei.base.identifiers import ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.institutions.numbers import store
from renkei.institutions.numbers.errors import PersonalNumberReplaced, PersonalNumberUnknown, RecordCodeUnnumbered
from renkei.platform.bulk import select_in

_TABLE = store.assigned_number


class Holder(NamedTuple):
    """For whom a number stands, or stood."""

    resident_record_code: str
    replaced: bool


def standing_numbers(conn: Connection, record_codes: Iterable[str]) -> dict[str, str]:
    """Resident record code → the personal number that stands for it, for those that have one."""
    query = select(_TABLE.c.resident_record_code, _TABLE.c.personal_number).where(store.STANDS)
    found = select_in(conn, query, _TABLE.c.resident_record_code, record_codes)
    return {row.resident_record_code: row.personal_number for row in found}


def holders(conn: Connection, personal_numbers: Iterable[str]) -> dict[str, Holder]:
    """Personal number → for whom it stands or stood; a number never assigned is absent."""
    query = select(_TABLE.c.personal_number, _TABLE.c.resident_record_code, _TABLE.c.replaced_ms)
    return {
        number: Holder(code, replaced_ms != 0)
        for number, code, replaced_ms in select_in(conn, query, _TABLE.c.personal_number, personal_numbers)
    }


def personal_number_of(conn: Connection, code: ResidentRecordCode) -> PersonalNumber:
    """The number that stands for a resident record code.

    Raises:
        RecordCodeUnnumbered: none was assigned.
    """
    found = standing_numbers(conn, [code.reveal()])
    if not found:
        raise RecordCodeUnnumbered()
    return PersonalNumber(found[code.reveal()])


def record_code_of(conn: Connection, number: PersonalNumber) -> ResidentRecordCode:
    """The resident record code for which a number stands.

    Raises:
        PersonalNumberUnknown: never assigned.
        PersonalNumberReplaced: it stood, and another has replaced it (番号法7条2項).
    """
    found = holders(conn, [number.reveal()]).get(number.reveal())
    if found is None:
        raise PersonalNumberUnknown(count=1, positions="0")
    if found.replaced:
        raise PersonalNumberReplaced()
    return ResidentRecordCode(found.resident_record_code)


def counts(conn: Connection) -> dict[str, int]:
    """How many numbers stand, and how many stood."""
    standing = select(func.count()).select_from(_TABLE).where(store.STANDS)
    every = select(func.count()).select_from(_TABLE)
    stand: int = conn.execute(standing).scalar_one()
    return {"standing": stand, "replaced": conn.execute(every).scalar_one() - stand}
