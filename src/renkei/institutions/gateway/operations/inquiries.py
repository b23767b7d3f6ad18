"""Asking: accepting a body's inquiries, and recording what became of them.

A *dispatch* is one request to the core; it carries one or more batches of inquiries that arrived together. It is
written down before the core hears of it, and everything after is repeatable under its id, so that a process killed
at any point continues where it was (`renkei.institutions.gateway.dispatcher`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, or_, update

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.errors import RequestConflict
from renkei.contracts.exchange import Outcome, PermitAsk, PermitRequestHeader
from renkei.contracts.inquiries import InquiryBatch
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.sheets import as_text, encode, unb64_many, write_sheet
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import Manifest
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.asking import ItemOutcome, Planned, plan, without_answer
from renkei.institutions.gateway.model.events import (
    DispatchRefused,
    InquiriesAccepted,
    InquiriesConcluded,
    InquiriesInterrupted,
)
from renkei.institutions.gateway.model.reading import PermitSheet, facts_of
from renkei.institutions.gateway.operations.recording import record_all
from renkei.platform.audit_store import audit, audit_many
from renkei.platform.bulk import insert_many, update_many, upsert_many
from renkei.platform.logstore import LogStore

_plan_encoder = msgspec.json.Encoder()
_PERMIT_COLUMNS = ("done", "permit", "permit_base", "permit_signature", "permit_key", "sent")
_LEG_COLUMNS = ("dispatch", "sheet", "provider", "answer", "base", "signature", "key", "sent")


class Intake(NamedTuple):
    """What became of the batches that were offered to one dispatch."""

    dispatch: queries.Dispatch | None
    """The dispatch as written down; None if nothing is to be asked."""
    planned: dict[str, list[Planned]]
    """Plan of each batch accepted now."""
    known: dict[str, str]
    """Batches accepted before, with their dispatch."""
    conflicts: dict[str, RenkeiError]
    """Batches whose id stands for another content."""


def accept(
    conn: Connection, offered: Sequence[tuple[InquiryBatch, bytes]], *, dispatch: str, body_id: str, now: datetime
) -> Intake:
    """Write down these batches as one dispatch.

    Args:
        offered: batches with the bytes they were decoded from; all of one purpose.
        dispatch: new id, unique in this tenant.
        body_id: the asking body (this tenant).
    """
    kept = queries.known_batches(conn, [batch.batch for batch, _ in offered])
    known: dict[str, str] = {}
    conflicts: dict[str, RenkeiError] = {}
    asks: list[PermitAsk] = []
    plans: dict[str, list[Planned]] = {}
    rows: list[tuple[object, ...]] = []
    events: list[InquiriesAccepted] = []
    for batch, body in offered:
        digest = hashlib.sha256(body).digest()
        before = kept.get(batch.batch)
        if before is not None:
            if before.digest == digest:
                known[batch.batch] = before.dispatch
            else:
                conflicts[batch.batch] = RequestConflict()
            continue
        planned, more = _plan(conn, batch, first_at=len(asks))
        asks += more
        plans[batch.batch] = planned
        rows.append((batch.batch, dispatch, digest, body, _plan_encoder.encode(planned)))
        refused = Counter(step.reason for step in planned if step.at < 0)
        events.append(
            InquiriesAccepted(
                batch=batch.batch, section=batch.section, user=batch.user, asked=len(more), refused=dict(refused)
            )
        )
    insert_many(conn, store.inquiry_batch, ("batch", "dispatch", "digest", "request", "plan"), rows)
    audit_many(conn, store.audit_table, events, now=now)
    written = None
    if asks:
        asked_ms, purpose = to_ms(now), offered[0][0].purpose
        header = PermitRequestHeader(batch=dispatch, requester=body_id, purpose=purpose, asked_ms=asked_ms)
        sheet = write_sheet(header, asks)
        written = queries.Dispatch(dispatch, False, sheet.body, Manifest(sheet.root, len(asks) + 1), asks)
        columns = ("dispatch", "done", "created_ms", "request", "root")
        insert_many(conn, store.dispatch, columns, [(dispatch, False, asked_ms, sheet.body, sheet.root)])
    return Intake(written, plans, known, conflicts)


def _plan(conn: Connection, batch: InquiryBatch, *, first_at: int) -> tuple[list[Planned], list[PermitAsk]]:
    numbers = [inquiry.address_number for inquiry in batch.inquiries]
    cases = queries.open_cases(conn, batch.section, [inquiry.case for inquiry in batch.inquiries if inquiry.case])
    unnamed = [inquiry.address_number for inquiry in batch.inquiries if not inquiry.case]
    if unnamed:
        cases |= queries.open_cases_of(conn, batch.section, unnamed)
    return plan(
        batch,
        persons=queries.persons(conn, numbers),
        open_cases=cases,
        entitled=queries.entitled_affairs(conn, batch.section),
        first_at=first_at,
    )


class LegTaken(NamedTuple):
    """One provider's part of a dispatch, settled: the signed answer, or why there is none."""

    sheet: int
    permits: PermitSheet
    outcomes: dict[int, ItemOutcome]
    answer: bytes
    signed: SignedMessage | None
    sent: SignedMessage | None


class PermitTaken(NamedTuple):
    """The core's signed reply to a dispatch."""

    body: bytes
    signed: SignedMessage
    sent: SignedMessage


def conclude(
    conn: Connection,
    dispatch: queries.Dispatch,
    *,
    permit: PermitTaken,
    legs: Sequence[LegTaken],
    done: bool,
    body_id: str,
    log: LogStore,
    now: datetime,
) -> None:
    """Record what became of a dispatch: the signed messages, one record an item, the log (番号法 23条1項).

    May be called again for legs that were interrupted the first time.

    Args:
        legs: settled legs that were not recorded before.
        done: nothing of the dispatch is left open.
    """
    signed = permit.signed
    update_many(
        conn, store.dispatch, ("dispatch",), _PERMIT_COLUMNS,
        [(dispatch.dispatch, done, permit.body, signed.base, signed.signature, signed.key_id, encode(permit.sent))],
    )  # fmt: skip
    _forget_setbacks(conn, dispatch.dispatch, [leg.sheet for leg in legs])
    places = queries.places(conn, dispatch.dispatch)
    leaves: list[bytes] = []
    rows: list[tuple[object, ...]] = []
    legs_kept: list[tuple[object, ...]] = []
    for leg in legs:
        evidence = (leg.signed.base, leg.signed.signature, leg.signed.key_id) if leg.signed else ("", b"", "")
        sent = encode(leg.sent) if leg.sent else None
        legs_kept.append((dispatch.dispatch, leg.sheet, leg.permits.header.provider, leg.answer, *evidence, sent))
        _add_records(leaves, rows, dispatch, leg, places, body_id)
    insert_many(conn, store.leg, _LEG_COLUMNS, legs_kept)
    record_all(conn, log, store.request_record, leaves, rows)
    awaited = [
        (found.number, leg.permits.header.answer_by_ms)
        for leg in legs
        for found in leg.outcomes.values()
        if found.outcome is Outcome.PENDING
    ]
    insert_many(conn, store.awaited, ("number", "answer_by_ms"), awaited)
    outcomes = Counter([as_text(found.outcome) for leg in legs for found in leg.outcomes.values()])
    audit(conn, store.audit_table, InquiriesConcluded(dispatch=dispatch.dispatch, outcomes=dict(outcomes)), now=now)


def _forget_setbacks(conn: Connection, dispatch: str, sheets: Sequence[int]) -> None:
    """What kept these sheets, or the whole dispatch, from an answer is over; hardly ever is there anything."""
    if queries.has_setbacks(conn, dispatch):
        found = store.setback.c
        over = or_(found.sheet == 0, found.sheet.in_(sheets))
        conn.execute(delete(store.setback).where(found.dispatch == dispatch, over))


def note_setback(
    conn: Connection, dispatch: str, *, sheet: int, peer: str, error: RenkeiError, final: bool, now: datetime
) -> None:
    """Write down why a dispatch, or one of its sheets, has no answer.

    Args:
        sheet: position of the permit sheet; 0 for the whole dispatch.
        peer: who did not answer, or refused.
        final: the peer refused; nothing of the dispatch is open any more.
    """
    found = without_answer(error)
    row = (dispatch, sheet, found.outcome.value, found.reason, msgspec.json.encode(dict(found.facts)).decode())
    upsert_many(conn, store.setback, ("dispatch", "sheet"), ("outcome", "reason", "facts"), [row])
    if final:
        conn.execute(update(store.dispatch).where(store.dispatch.c.dispatch == dispatch).values(done=True))
        refused = DispatchRefused(dispatch=dispatch, peer=peer, reason=error.code)
        audit(conn, store.audit_table, refused, now=now)
    else:
        interrupted = InquiriesInterrupted(dispatch=dispatch, peer=peer, reason=error.code)
        audit(conn, store.audit_table, interrupted, now=now)


def _add_records(
    leaves: list[bytes],
    rows: list[tuple[object, ...]],
    dispatch: queries.Dispatch,
    leg: LegTaken,
    places: Sequence[tuple[str, int]],
    body_id: str,
) -> None:
    provider, asked_ms = leg.permits.header.provider, leg.permits.header.issued_ms
    items, outcomes = leg.permits.items, leg.outcomes
    codes = [dispatch.asks[item.at].code for item in items]
    for item, code, subject in zip(items, codes, unb64_many(codes), strict=True):
        found = outcomes[item.at]
        outcome, hidden = as_text(found.outcome), item.hidden or found.hidden
        leaf = RecordLeaf(
            Party.REQUESTER, code, item.number, body_id, provider, item.section, item.affairs, item.information,
            item.row, asked_ms, hidden, outcome, found.given_ms,
        )  # fmt: skip
        leaves.append(encode(leaf))
        batch, position = places[item.at]
        rows.append(
            (
                item.number, subject, batch, position, provider, item.section, item.affairs, item.information,
                item.row, asked_ms, hidden, outcome, found.reason, found.given_ms,
            )
        )  # fmt: skip


def lapse(permits: PermitSheet, reason: str, outcome: Outcome = Outcome.LAPSED) -> dict[int, ItemOutcome]:
    """Outcomes of a sheet that the provider refused as a whole, or that was never answered in time."""
    header = permits.header
    return {
        item.at: ItemOutcome(
            outcome, reason, facts_of(header, item), item.number, header.provider, item.row, header.edition,
            header.issued_ms, hidden=item.hidden,
        )
        for item in permits.items
    }  # fmt: skip
