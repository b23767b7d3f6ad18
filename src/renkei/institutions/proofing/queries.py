"""Reads of proofing."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from renkei.contracts.proofing import ProofingUnknown, ProofingWithdrawn, ProvenIdentity
from renkei.institutions.proofing import store
from renkei.institutions.proofing.model.records import Record
from renkei.institutions.proofing.model.rules import Holder
from renkei.institutions.proofing.model.sufficient import Shown


def record(conn: Connection, evidence_id: str) -> Record:
    """One record, withdrawn or not.

    Raises:
        ProofingUnknown: there is none.
    """
    row = conn.execute(select(store.proofing).where(store.proofing.c.evidence_id == evidence_id)).one_or_none()
    if row is None:
        raise ProofingUnknown()
    table = store.document
    shown = conn.execute(select(table).where(table.c.evidence_id == evidence_id).order_by(table.c.place))
    return _record(row, tuple(_shown(one) for one in shown))


def records(conn: Connection, body_id: str, *, limit: int = 50) -> list[Record]:
    """The newest records of a body, without their documents."""
    table = store.proofing
    newest = table.c.at_ms.desc(), table.c.evidence_id
    query = select(table).where(table.c.body_id == body_id).order_by(*newest).limit(limit)
    return [_record(row, ()) for row in conn.execute(query)]


def proven(conn: Connection, evidence_id: str) -> ProvenIdentity:
    """What others may know of a record that stands.

    Raises:
        ProofingUnknown, ProofingWithdrawn: nothing may be based on it.
    """
    found = record(conn, evidence_id)
    if found.withdrawn_ms:
        raise ProofingWithdrawn()
    return ProvenIdentity(
        evidence_id=found.evidence_id, case=found.case, measures=found.measures, edition=found.edition,
        body_id=found.body_id, clerk=found.clerk, at_ms=found.at_ms,
    )  # fmt: skip


def _record(row: Row[Any], documents: tuple[Shown, ...]) -> Record:
    return Record(
        evidence_id=row.evidence_id, case=row.case, body_id=row.body_id, section=row.section, clerk=row.clerk,
        at_ms=row.at_ms, edition=row.edition, measures=_split(row.measures, ","), sources=_split(row.sources, "\n"),
        difficult=_split(row.difficult, ","), documents=documents, reference=row.reference,
        withdrawn_ms=row.withdrawn_ms,
    )  # fmt: skip


def _shown(row: Row[Any]) -> Shown:
    return Shown(
        kind=row.kind, holder=Holder(row.holder), issuer=row.issuer, valid_until=_day(row.valid_until),
        issued_on=_day(row.issued_on), copy=bool(row.copy),
    )  # fmt: skip


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(text.split(mark)) if text else ()


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
