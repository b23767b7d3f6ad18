"""Saving the evidence of one inquiry from the signed messages that were kept (番号法 23条; docs/protocol.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from renkei.contracts.directory import Directory
from renkei.contracts.evidence import (
    EVIDENCE_FORM,
    Evidence,
    EvidenceIncomplete,
    EvidenceMissing,
    Payload,
    PermitPart,
    RecordPart,
    SignedItem,
)
from renkei.contracts.exchange import (
    Answer,
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitHeader,
    PermitItem,
    PermitReply,
    PermitRequestHeader,
    RawSheet,
    RefusalHeader,
    RefusalItem,
)  # fmt: skip
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.sheets import b64, decode, encode, read_sheet, sheet_root
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import prove_item
from renkei.crypto.notes import parse_checkpoint, parse_note
from renkei.crypto.sealing import SealingPrivateKey
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.events import EvidenceExported
from renkei.institutions.gateway.model.reading import AnswerSheet, open_payload, opener_of
from renkei.platform.audit_store import audit
from renkei.platform.errors import LogEmpty
from renkei.platform.logstore import LogStore


class Holder(NamedTuple):
    """The requester that keeps the evidence: who it is, and what it opens and proves with."""

    body_id: str
    key: SealingPrivateKey
    log: LogStore
    directory: Directory
    """Holds the certificates of those who signed."""
    synthetic: bool
    """The network is a demonstration; stands in every file."""


class _Kept(NamedTuple):
    """A dispatch with the core's signed reply."""

    dispatch: str
    request: RawSheet
    sent: SignedMessage
    reply: PermitReply
    signed: SignedMessage


class _Answered(NamedTuple):
    signed: SignedMessage
    sheet: AnswerSheet
    place: int

    @property
    def item(self) -> AnswerItem:
        return self.sheet.items[self.place]

    def part(self) -> SignedItem:
        return _signed_item(self.signed, self.sheet.header_bytes, self.sheet.item_bytes, self.place)


def export_evidence(conn: Connection, number: str, *, holder: Holder, user: str, now: datetime) -> Evidence:
    """The evidence of one permitted inquiry, whatever became of it; audited.

    Args:
        conn: inside the tenant's write transaction.
        number: processing number.
        user: the clerk who saves it.

    Raises:
        EvidenceMissing: no record of this number as requester.
        EvidenceIncomplete: a certificate is not held here, or no checkpoint covers the record yet.
        SealBroken, AnswerInvalid: the kept answer does not open (never, unless the store was altered).
    """
    record = queries.request_records(conn, [number]).get(number)
    batch = queries.inquiry_batch(conn, record.batch) if record is not None else None
    if record is None or batch is None:
        raise EvidenceMissing()
    kept = _kept(conn, batch.dispatch)
    at, index, ask_at = _find_permit(kept.reply, record.provider, number)
    leg = _leg(conn, kept.dispatch, at)
    answer = None
    if leg is not None and leg.answer:
        answer = _answered(SignedMessage(leg.base, leg.signature, leg.key), leg.answer, number)
    late = _late(conn, number)
    final = late or answer
    payload = None
    if final is not None and final.item.outcome is Outcome.GIVEN:
        salt, body = open_payload(opener_of(final.sheet, holder.key), final.place, final.item)
        payload = Payload(salt=salt, body=body.decode())
    presented = decode(leg.sent, SignedMessage) if leg is not None and leg.sent else None
    signed = [kept.sent, kept.signed, presented, answer and answer.signed, late and late.signed]
    evidence = Evidence(
        v=EVIDENCE_FORM,
        synthetic=holder.synthetic,
        certificates=_certificates(holder, signed),
        asked=_asked(kept, ask_at),
        permit=_permit(kept, at, index),
        presented=presented,
        answer=answer.part() if answer else None,
        late=late.part() if late else None,
        payload=payload,
        record=_record(conn, record, holder),
    )
    audit(conn, store.audit_table, EvidenceExported(number=number, user=user), now=now)
    return evidence


def export_refusal(conn: Connection, batch: str, at: int, *, holder: Holder, user: str, now: datetime) -> Evidence:
    """The evidence that the core refused one inquiry: it has no processing number and no record; audited.

    Args:
        batch: id of the inquiry batch.
        at: position of the inquiry in it, from 0.

    Raises:
        EvidenceMissing: no such inquiry, or it was not the core that refused it.
        EvidenceIncomplete: as `export_evidence`.
    """
    found = queries.inquiry_batch(conn, batch)
    planned = queries.planned(found) if found is not None else []
    ask_at = planned[at].at if 0 <= at < len(planned) else -1
    if found is None or ask_at < 0:
        raise EvidenceMissing()
    kept = _kept(conn, found.dispatch)
    refusals = read_sheet(kept.reply.sheets[0], RefusalHeader, list[RefusalItem]).items
    index = next((index for index, item in enumerate(refusals) if item.at == ask_at), None)
    if index is None:
        raise EvidenceMissing()
    evidence = Evidence(
        v=EVIDENCE_FORM,
        synthetic=holder.synthetic,
        certificates=_certificates(holder, [kept.sent, kept.signed]),
        asked=_asked(kept, ask_at),
        permit=_permit(kept, 0, index),
        presented=None,
        answer=None,
        late=None,
        payload=None,
        record=None,
    )
    audit(conn, store.audit_table, EvidenceExported(number=f"{batch}/{at}", user=user), now=now)
    return evidence


# --- parts ---


def _kept(conn: Connection, dispatch_id: str) -> _Kept:
    row = conn.execute(select(store.dispatch).where(store.dispatch.c.dispatch == dispatch_id)).one_or_none()
    if row is None or row.permit is None or row.sent is None:
        raise EvidenceMissing()
    return _Kept(
        dispatch_id, decode(row.request, RawSheet), decode(row.sent, SignedMessage), decode(row.permit, PermitReply),
        SignedMessage(row.permit_base, row.permit_signature, row.permit_key),
    )  # fmt: skip


def _find_permit(reply: PermitReply, provider: str, number: str) -> tuple[int, int, int]:
    """Sheet, place in the sheet, and position in the request."""
    for at, raw in enumerate(reply.sheets[1:], start=1):
        sheet = read_sheet(raw, PermitHeader, list[PermitItem])
        if sheet.header.provider != provider:
            continue
        for index, item in enumerate(sheet.items):
            if item.number == number:
                return at, index, item.at
    raise EvidenceMissing()


def _leg(conn: Connection, dispatch_id: str, sheet: int) -> Row[Any] | None:
    table = store.leg
    return conn.execute(select(table).where(table.c.dispatch == dispatch_id, table.c.sheet == sheet)).one_or_none()


def _late(conn: Connection, number: str) -> _Answered | None:
    row = conn.execute(select(store.late_answer).where(store.late_answer.c.number == number)).one_or_none()
    return None if row is None else _answered(SignedMessage(row.base, row.signature, row.key), row.answer, number)


def _answered(signed: SignedMessage, body: bytes, number: str) -> _Answered:
    sheet = read_sheet(decode(body, Answer), AnswerHeader, list[AnswerItem])
    return _Answered(signed, sheet, [item.number for item in sheet.items].index(number))


def _asked(kept: _Kept, ask_at: int) -> SignedItem:
    sheet = read_sheet(kept.request, PermitRequestHeader, list[PermitAsk])
    return _signed_item(kept.sent, sheet.header_bytes, sheet.item_bytes, ask_at)


def _permit(kept: _Kept, at: int, index: int) -> PermitPart:
    raw = kept.reply.sheets[at]
    header, items = bytes(raw.header), [bytes(item) for item in raw.items]
    return PermitPart(
        signed=kept.signed,
        header=header.decode(),
        item=items[index].decode(),
        proof=prove_item(header, items, index),
        roots=tuple(sheet_root(sheet) for sheet in kept.reply.sheets),
        at=at,
    )


def _signed_item(signed: SignedMessage, header: bytes, items: Sequence[bytes], index: int) -> SignedItem:
    return SignedItem(
        signed=signed, header=header.decode(), item=items[index].decode(), proof=prove_item(header, items, index)
    )


def _certificates(holder: Holder, signed: Sequence[SignedMessage | None]) -> tuple[bytes, ...]:
    """Each signer's certificate once, in the order of first use."""
    found = []
    for key_id in dict.fromkeys(message.key_id for message in signed if message is not None):
        certificate = holder.directory.certificate(key_id)
        if certificate is None:
            raise EvidenceIncomplete(private="a certificate is not held here")
        found.append(certificate)
    return tuple(found)


def _record(conn: Connection, row: Row[Any], holder: Holder) -> RecordPart:
    """The record as it stands now, proved against the latest checkpoint."""
    late = row.late_index is not None
    salt, index = (row.late_salt, row.late_index) if late else (row.salt, row.leaf_index)
    leaf = RecordLeaf(
        Party.REQUESTER, b64(row.subject), row.number, holder.body_id, row.provider, row.section, row.affairs,
        row.information, row.row, row.asked_ms, bool(row.hidden), row.outcome, row.given_ms,
    )  # fmt: skip
    try:
        note = holder.log.checkpoint(conn)
    except LogEmpty as error:
        raise EvidenceIncomplete(private="the log has no checkpoint yet") from error
    size = parse_checkpoint(parse_note(note).text).size
    if index >= size:
        raise EvidenceIncomplete(private="no checkpoint covers the record yet")
    return RecordPart(
        leaf=encode(leaf).decode(), salt=salt, index=index, path=holder.log.prove_inclusion(conn, index, size),
        checkpoint=note.decode(),
    )  # fmt: skip
