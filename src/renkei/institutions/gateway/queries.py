"""Reads of a gateway tenant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, select

from renkei.contracts.exchange import Outcome, PermitAsk, PermitRequestHeader, RawSheet
from renkei.contracts.records import RecordFace
from renkei.contracts.sheets import decode, read_sheet
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import Manifest
from renkei.institutions.gateway import store
from renkei.institutions.gateway.model.answering import CopyRow, PendingState
from renkei.institutions.gateway.model.asking import CaseKey, ItemOutcome, PersonRow, Planned
from renkei.platform.bulk import Lookup, select_in

_plan_decoder = msgspec.json.Decoder(list[Planned])

_person, _case, _copy = store.person.c, store.case_entry.c, store.copy.c
_PERSON = select(_person.address_number, _person.code, _person.no_automatic_answer, _person.hidden)
_PERSONS = Lookup(_PERSON, _person.address_number)
_PERSONS_BY_CODE = Lookup(_PERSON, _person.code)
_OPEN = select(_case.case_id, _case.address_number, _case.affairs).where(
    _case.section == bindparam("section"), _case.closed_ms == 0
)
_OPEN_CASES = Lookup(_OPEN, _case.case_id)
_OPEN_CASES_OF = Lookup(_OPEN, _case.address_number)
_ENTITLED = Lookup(select(store.section.c.affairs), store.section.c.section)
_batch = store.inquiry_batch.c
_KNOWN_BATCHES = Lookup(select(_batch.batch, _batch.dispatch, _batch.digest), _batch.batch)
_SETBACKS = Lookup(select(store.setback.c.sheet), store.setback.c.dispatch)
_PLANS = Lookup(select(_batch.batch, _batch.plan), _batch.dispatch)
_COPIES = Lookup(
    select(_copy.address_number, _copy.body, _copy.copied_ms, _copy.valid_from, _copy.valid_to).where(
        _copy.information == bindparam("information")
    ),
    _copy.address_number,
)


def persons(conn: Connection, address_numbers: Iterable[str]) -> dict[str, PersonRow]:
    """Registered persons by address number."""
    return {
        number: PersonRow(number, code, bool(no_automatic_answer), bool(hidden))
        for number, code, no_automatic_answer, hidden in _PERSONS(conn, dict.fromkeys(address_numbers))
    }


def persons_by_code(conn: Connection, codes: Iterable[bytes]) -> dict[bytes, PersonRow]:
    """Registered persons by linkage code."""
    return {
        code: PersonRow(number, code, bool(no_automatic_answer), bool(hidden))
        for number, code, no_automatic_answer, hidden in _PERSONS_BY_CODE(conn, dict.fromkeys(codes))
    }


def open_cases(conn: Connection, section: str, case_ids: Iterable[str]) -> set[CaseKey]:
    """Open cases of a section among these."""
    # Plain tuples are equal to the CaseKeys that they stand for, and cost nothing to make.
    return cast("set[CaseKey]", set(_OPEN_CASES(conn, dict.fromkeys(case_ids), section=section)))


def open_cases_of(conn: Connection, section: str, address_numbers: Iterable[str]) -> set[CaseKey]:
    """Every open case of a section about these persons."""
    return set(map(CaseKey._make, _OPEN_CASES_OF(conn, dict.fromkeys(address_numbers), section=section)))


class Section(NamedTuple):
    """A section (部署) and the affairs items it is entitled to."""

    section: str
    name_ja: str
    name_en: str
    affairs: frozenset[str]


def sections(conn: Connection) -> list[Section]:
    """Sections of the body, by name."""
    rows = conn.execute(select(store.section).order_by(store.section.c.section))
    return [
        Section(row.section, row.name_ja, row.name_en, frozenset(msgspec.json.decode(row.affairs, type=list[str])))
        for row in rows
    ]


def entitled_affairs(conn: Connection, section: str) -> frozenset[str]:
    """Affairs items for which the section may ask; empty for an unknown section."""
    found = _ENTITLED(conn, [section])
    return frozenset(msgspec.json.decode(found[0][0], type=list[str])) if found else frozenset()


def copies(conn: Connection, information: str, address_numbers: Iterable[str]) -> dict[str, CopyRow]:
    """Copies of one item by address number."""
    found = _COPIES(conn, address_numbers, information=information)
    return {row[0]: CopyRow(*row[1:]) for row in found}


def inquiry_batch(conn: Connection, batch: str) -> Row[Any] | None:
    """A batch accepted before: `batch, dispatch, digest, request, plan`."""
    return conn.execute(select(store.inquiry_batch).where(store.inquiry_batch.c.batch == batch)).one_or_none()


class KnownBatch(NamedTuple):
    """What tells a repetition of a batch from another content."""

    dispatch: str
    digest: bytes


def known_batches(conn: Connection, batches: Iterable[str]) -> dict[str, KnownBatch]:
    """Those of these batches that were accepted before."""
    return {batch: KnownBatch(dispatch, digest) for batch, dispatch, digest in _KNOWN_BATCHES(conn, batches)}


def planned(row: Row[Any]) -> list[Planned]:
    """The plan of an accepted batch."""
    return _plan_decoder.decode(row.plan)


class Dispatch(NamedTuple):
    """A request to the core as written down, and what has come of it so far."""

    dispatch: str
    done: bool
    request: bytes
    manifest: Manifest
    asks: list[PermitAsk]
    permit: bytes | None = None
    permit_signed: SignedMessage | None = None
    sent: SignedMessage | None = None
    """Our request as signed, to which the permit is bound."""


def dispatch(conn: Connection, dispatch_id: str) -> Dispatch | None:
    """One dispatch, decoded."""
    row = conn.execute(select(store.dispatch).where(store.dispatch.c.dispatch == dispatch_id)).one_or_none()
    if row is None:
        return None
    sheet = read_sheet(decode(row.request, RawSheet), PermitRequestHeader, list[PermitAsk])
    signed = SignedMessage(row.permit_base, row.permit_signature, row.permit_key) if row.permit else None
    manifest = Manifest(row.root, len(sheet.items) + 1)
    sent = decode(row.sent, SignedMessage) if row.sent else None
    return Dispatch(row.dispatch, row.done, row.request, manifest, sheet.items, row.permit, signed, sent)


def open_dispatches(conn: Connection) -> list[str]:
    """Dispatches still to be finished, oldest first."""
    table = store.dispatch
    query = select(table.c.dispatch).where(table.c.done.is_(False)).order_by(table.c.created_ms)
    return [row[0] for row in conn.execute(query)]


def places(conn: Connection, dispatch_id: str) -> list[tuple[str, int]]:
    """For each item of a dispatch: the batch and the position of the inquiry that it stands for."""
    found: dict[int, tuple[str, int]] = {}
    for batch, plan in _PLANS(conn, [dispatch_id]):
        found.update((step.at, (batch, at)) for at, step in enumerate(_plan_decoder.decode(plan)) if step.at >= 0)
    return [found[at] for at in range(len(found))]


class Leg(NamedTuple):
    """One settled leg of a dispatch; `answer` is empty where the provider refused the whole presentation."""

    sheet: int
    provider: str
    answer: bytes
    signed: SignedMessage


def legs(conn: Connection, dispatch_id: str) -> list[Leg]:
    """Settled legs in the order of their sheets."""
    table = store.leg
    rows = conn.execute(select(table).where(table.c.dispatch == dispatch_id).order_by(table.c.sheet))
    return [Leg(row.sheet, row.provider, row.answer, SignedMessage(row.base, row.signature, row.key)) for row in rows]


def has_setbacks(conn: Connection, dispatch_id: str) -> bool:
    """Whether anything of a dispatch was ever without an answer, and still is."""
    return bool(_SETBACKS(conn, [dispatch_id]))


def setbacks(conn: Connection, dispatch_id: str) -> dict[int, ItemOutcome]:
    """Why sheets of a dispatch have no answer, by sheet; 0 stands for the whole dispatch."""
    rows = conn.execute(select(store.setback).where(store.setback.c.dispatch == dispatch_id))
    return {
        row.sheet: ItemOutcome(Outcome(row.outcome), row.reason, msgspec.json.decode(row.facts, type=dict[str, str]))
        for row in rows
    }


def settled_sheets(conn: Connection, dispatch_id: str) -> set[int]:
    """Sheets of a dispatch that need not be presented again."""
    return set(conn.execute(select(store.leg.c.sheet).where(store.leg.c.dispatch == dispatch_id)).scalars())


def request_records(conn: Connection, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """The body's own records as requester, by processing number."""
    table = store.request_record
    return {row.number: row for row in select_in(conn, select(table), table.c.number, numbers)}


def provision_records(conn: Connection, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """The body's own records as provider, by processing number."""
    table = store.provision_record
    return {row.number: row for row in select_in(conn, select(table), table.c.number, numbers)}


def waiting(conn: Connection, *, now_ms: int) -> list[Row[Any]]:
    """Pending inquiries that a clerk may still decide, the most urgent first."""
    table, record = store.pending, store.provision_record
    query = (
        select(table, record.c.requester, record.c.section, record.c.affairs, record.c.information, record.c.row,
               record.c.asked_ms)
        .join(record, record.c.number == table.c.number)
        .where(table.c.state == PendingState.WAITING.value, table.c.answer_by_ms > now_ms)
        .order_by(table.c.answer_by_ms)
    )  # fmt: skip
    return list(conn.execute(query))


def requester_faces(conn: Connection, *, body_id: str, after_number: str = "", limit: int = 10_000) -> list[RecordFace]:
    """Records as requester in the order of their numbers, for reconciliation."""
    table = store.request_record
    rows = conn.execute(select(table).where(table.c.number > after_number).order_by(table.c.number).limit(limit))
    return [_face(row, requester=body_id, provider=row.provider) for row in rows]


def provider_faces(conn: Connection, *, body_id: str, after_number: str = "", limit: int = 10_000) -> list[RecordFace]:
    """Records as provider in the order of their numbers, for reconciliation."""
    table = store.provision_record
    rows = conn.execute(select(table).where(table.c.number > after_number).order_by(table.c.number).limit(limit))
    return [_face(row, requester=row.requester, provider=body_id) for row in rows]


def _face(row: Row[Any], *, requester: str, provider: str) -> RecordFace:
    return RecordFace(
        row.number, requester, provider, row.section, row.affairs, row.information, row.row, row.asked_ms,
        bool(row.hidden), row.outcome, row.given_ms,
    )  # fmt: skip


def counts(conn: Connection) -> dict[str, int]:
    """Live counts for the front page."""
    tables = {
        "persons": store.person, "copies": store.copy, "asked": store.request_record,
        "answered": store.provision_record,
    }  # fmt: skip
    found = {name: conn.execute(select(func.count()).select_from(table)).scalar_one() for name, table in tables.items()}
    waiting_now = (
        select(func.count()).select_from(store.pending).where(store.pending.c.state == PendingState.WAITING.value)
    )
    return found | {"waiting": conn.execute(waiting_now).scalar_one()}


def recent_requests(conn: Connection, section: str, *, limit: int = 20) -> list[Row[Any]]:
    """The latest records of a section as requester, newest first."""
    table = store.request_record
    query = select(table).where(table.c.section == section).order_by(table.c.number.desc()).limit(limit)
    return list(conn.execute(query))


def case_list(conn: Connection, section: str, *, limit: int = 20) -> list[CaseKey]:
    """Open cases of a section, the newest first, for a clerk to choose from."""
    table = store.case_entry
    query = (
        select(table.c.case_id, table.c.address_number, table.c.affairs)
        .where(table.c.section == section, table.c.closed_ms == 0)
        .order_by(table.c.opened_ms.desc(), table.c.case_id)
        .limit(limit)
    )
    return [CaseKey(*row) for row in conn.execute(query)]
