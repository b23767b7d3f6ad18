"""What goes out of a registry: copies and marks for the gateway, enrolments for the addressee ledger.

A feed is read in pages: `after` is the last `touched` that was delivered. Whatever changes about a person gives them
a higher one, so a page that was delivered twice, or a person who changed in between, does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from renkei.base.time import from_ms, jst_date
from renkei.contracts.addressees import Enrolment, FourItems
from renkei.contracts.exchange import ITEMS_MAX
from renkei.contracts.inquiries import Copy, CopyBatch, PersonMarks, PersonMarksBatch
from renkei.institutions.residents import queries, store
from renkei.institutions.residents.model import (
    Event,
    State,
    SupportMeasuresLifted,
    SupportMeasuresSet,
    resident_copy,
)
from renkei.platform.bulk import select_in

INFORMATION = "resident_record"
_TABLE = store.resident
_encode = msgspec.json.Encoder().encode


class CopyPage(NamedTuple):
    """A batch for the gateway, and how far the feed has come with it."""

    batch: CopyBatch
    upto: int


class EnrolmentPage(NamedTuple):
    """Enrolments for the ledger, and how far the feed has come with them."""

    enrolments: list[Enrolment]
    upto: int


def copy_pages(conn: Connection, *, after: int = 0, size: int = ITEMS_MAX) -> Iterator[CopyPage]:
    """Copies of everyone about whom something changed since, oldest change first; keyed by own number.

    Args:
        after: `upto` of the last page delivered; 0 for all.
        size: copies in a page.
    """
    for rows in _pages(conn, after, size):
        yield CopyPage(_batch(conn, rows), rows[-1].touched)


def copies_of(conn: Connection, events: Iterable[Event]) -> list[CopyBatch]:
    """Copies of the people whom these events are about, for a caller that does not wait for the feed.

    Members of the same household, whose copies change with its size, come with the feed.
    """
    wanted = sorted({number for event in events for number in event.own_numbers})
    rows = list(select_in(conn, select(_TABLE), _TABLE.c.own_number, wanted))
    return [_batch(conn, rows[start : start + ITEMS_MAX]) for start in range(0, len(rows), ITEMS_MAX)]


def enrolment_pages(conn: Connection, *, after: int = 0, size: int = ITEMS_MAX) -> Iterator[EnrolmentPage]:
    """What the addressee ledger is to know of everyone about whom something changed since."""
    for rows in _pages(conn, after, size):
        yield EnrolmentPage([_enrolment(row) for row in rows], rows[-1].touched)


def marks_of(events: Iterable[Event]) -> PersonMarksBatch:
    """Marks that follow from these events; the last one about a person counts."""
    marks: dict[str, PersonMarks] = {}
    for event in events:
        if isinstance(event, SupportMeasuresSet | SupportMeasuresLifted):
            protected = isinstance(event, SupportMeasuresSet)
            hidden = isinstance(event, SupportMeasuresSet) and event.hidden
            for number in event.own_numbers:
                marks[number] = PersonMarks(address_number=number, no_automatic_answer=protected, hidden=hidden)
    return PersonMarksBatch(persons=list(marks.values()))


def marks_now(conn: Connection) -> PersonMarksBatch:
    """Marks of everyone under support measures: after a first load, or to set a gateway right."""
    query = select(_TABLE.c.own_number, _TABLE.c.hidden).where(_TABLE.c.protected_until.is_not(None))
    return PersonMarksBatch(
        persons=[
            PersonMarks(address_number=row.own_number, no_automatic_answer=True, hidden=bool(row.hidden))
            for row in conn.execute(query.order_by(_TABLE.c.own_number))
        ]
    )


def _pages(conn: Connection, after: int, size: int) -> Iterator[Sequence[Row[Any]]]:
    while True:
        query = select(_TABLE).where(_TABLE.c.touched > after).order_by(_TABLE.c.touched).limit(size)
        rows = conn.execute(query).all()
        if not rows:
            return
        yield rows
        after = rows[-1].touched


def _batch(conn: Connection, rows: Sequence[Row[Any]]) -> CopyBatch:
    sizes = queries.sizes(conn, [row.household for row in rows])
    copies = [_copy(row, sizes) for row in rows]
    digest = hashlib.sha256(b"".join(bytes(copy.body) + b"\n" for copy in copies))
    digest.update(",".join(f"{copy.address_number}@{copy.copied_ms}" for copy in copies).encode())
    return CopyBatch(batch=f"{INFORMATION}-{digest.hexdigest()[:32]}", copies=copies)


def _copy(row: Row[Any], sizes: dict[str, int]) -> Copy:
    resident = queries.read_resident(row)
    size = sizes.get(row.household, 1) if resident.state is State.PRESENT else row.left_household_size
    return Copy(
        address_number=resident.own_number,
        information=INFORMATION,
        body=msgspec.Raw(_encode(resident_copy(resident, size))),
        copied_ms=row.touched_ms,
        valid_from=jst_date(from_ms(row.touched_ms)).isoformat(),
    )


def _enrolment(row: Row[Any]) -> Enrolment:
    resident = queries.read_resident(row)
    return Enrolment(
        own_number=resident.own_number,
        personal_number=resident.personal_number,
        items=FourItems(
            name=resident.name, kana=resident.kana, birth=resident.birth, sex=resident.sex, address=resident.address
        ),
    )
