"""Persons of the body: acquisition numbers out, linkage codes in, marks and cases set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from renkei.contracts.errors import PersonUnknown
from renkei.contracts.inquiries import CaseBatch, PersonMarksBatch
from renkei.contracts.numbering import AcquisitionBatch, CodeDelivery
from renkei.contracts.sheets import unb64
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.events import CasesRegistered, CodesTaken, PersonsMarked
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, select_in, update_many, upsert_many


def expect_codes(conn: Connection, batch: AcquisitionBatch) -> int:
    """Note which address number each acquisition number stands for; returns how many persons are new here.

    An acquisition number is forgotten once its code has come (施行令 27条: no keeping beyond the purpose).
    """
    people = dict.fromkeys(item.address_number for item in batch.items)
    new = insert_many(conn, store.person, ("address_number",), [(number,) for number in people], ignore_conflicts=True)
    upsert_many(
        conn, store.acquisition, ("acquisition_number",), ("address_number",),
        [(item.acquisition_number, item.address_number) for item in batch.items],
    )  # fmt: skip
    return new


def take_codes(conn: Connection, delivery: CodeDelivery, *, now: datetime) -> int:
    """Keep the codes that the core issued; returns how many were expected here.

    A code for an acquisition number that this body never sent is dropped and audited.
    """
    table = store.acquisition
    wanted = {item.acquisition_number: unb64(item.code) for item in delivery.items}
    expected = {
        row.acquisition_number: row.address_number
        for row in select_in(conn, select(table), table.c.acquisition_number, wanted)
    }
    update_many(
        conn, store.person, ("address_number",), ("code",),
        [(address_number, wanted[number]) for number, address_number in expected.items()],
    )  # fmt: skip
    for number in expected:
        conn.execute(delete(table).where(table.c.acquisition_number == number))
    audit(conn, store.audit_table, CodesTaken(taken=len(expected), unknown=len(wanted) - len(expected)), now=now)
    return len(expected)


def mark_persons(conn: Connection, batch: PersonMarksBatch, *, now: datetime) -> None:
    """Set the marks of persons (自動応答不可, 不開示).

    Raises:
        PersonUnknown: one of them is not registered here; nothing is changed.
    """
    known = queries.persons(conn, [person.address_number for person in batch.persons])
    if any(person.address_number not in known for person in batch.persons):
        raise PersonUnknown()
    rows = [(person.address_number, person.no_automatic_answer, person.hidden) for person in batch.persons]
    update_many(conn, store.person, ("address_number",), ("no_automatic_answer", "hidden"), rows)
    audit(conn, store.audit_table, PersonsMarked(count=len(rows)), now=now)


def register_cases(conn: Connection, batch: CaseBatch, *, now: datetime) -> None:
    """Open or close cases in a section's register; the same case sent again changes nothing.

    Raises:
        PersonUnknown: a case is about someone who is not registered here; nothing is changed.
    """
    known = queries.persons(conn, [case.address_number for case in batch.cases])
    if any(case.address_number not in known for case in batch.cases):
        raise PersonUnknown()
    rows = {
        (case.section, case.case, case.address_number): (case.affairs, case.opened_ms, case.closed_ms)
        for case in batch.cases
    }
    upsert_many(
        conn, store.case_entry, ("section", "case_id", "address_number"), ("affairs", "opened_ms", "closed_ms"),
        [(*key, *values) for key, values in rows.items()],
    )  # fmt: skip
    closed = sum(1 for case in batch.cases if case.closed_ms)
    audit(conn, store.audit_table, CasesRegistered(opened=len(batch.cases) - closed, closed=closed), now=now)


def set_sections(conn: Connection, entries: Sequence[queries.Section]) -> None:
    """Replace the sections of the body and what they are entitled to ask."""
    conn.execute(delete(store.section))
    for entry in entries:
        conn.execute(
            insert(store.section).values(
                section=entry.section, name_ja=entry.name_ja, name_en=entry.name_en,
                affairs=msgspec.json.encode(sorted(entry.affairs)).decode(),
            )
        )  # fmt: skip


def move_person(conn: Connection, *, from_number: str, to_number: str) -> None:
    """Carry a person's code and marks to another address number, after the ledger merged two entries.

    Copies of the old number stay where they are: the owner registers them anew under the right number.

    Raises:
        PersonUnknown: the old number is not registered here.
    """
    people = queries.persons(conn, [from_number, to_number])
    if from_number not in people:
        raise PersonUnknown()
    old = people[from_number]
    conn.execute(update(store.person).where(store.person.c.address_number == from_number).values(code=None))
    target = people.get(to_number)
    values = {
        "code": (target.code if target else None) or old.code,
        "no_automatic_answer": old.no_automatic_answer or bool(target and target.no_automatic_answer),
        "hidden": old.hidden or bool(target and target.hidden),
    }
    if target is None:
        conn.execute(insert(store.person).values(address_number=to_number, **values))
    else:
        conn.execute(update(store.person).where(store.person.c.address_number == to_number).values(**values))
