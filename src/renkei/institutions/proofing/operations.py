"""Recording a proofing, and taking a record back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update

from renkei.base.time import jst_date, to_ms
from renkei.institutions.proofing import queries, store
from renkei.institutions.proofing.errors import WithdrawalRefused
from renkei.institutions.proofing.model.records import ProofingRecorded, ProofingTakenBack, Record
from renkei.institutions.proofing.model.rules import Proof, capacities_of, proofing_law
from renkei.institutions.proofing.model.sufficient import Shown, assess
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many


def record_proofing(
    conn: Connection,
    shown: Sequence[Shown],
    *,
    evidence_id: str,
    case_id: str,
    matched: bool,
    difficult: frozenset[Proof] = frozenset(),
    body_id: str,
    section: str,
    clerk: str,
    reference: str = "",
    now: datetime,
) -> Record:
    """Keep what a clerk saw, where the law is content with it.

    Args:
        evidence_id: a new one (`model.records.evidence_id`).
        matched: the clerk confirmed that the items on the documents agree.

    Raises:
        CaseUnknown, NothingShown, DocumentUnknown: the form is wrong.
        ProofingInsufficient, ItemsNotMatched: nothing is kept.

    Source: 番号法16条, 施行令12条.
    """
    law = proofing_law(jst_date(now))
    case = law.case(case_id)
    found = assess(shown, case=case, law=law, difficult=difficult, capacities=capacities_of(body_id))
    found.require(matched=matched)
    measures = tuple(one.measure.id for one in found.met)
    # A difficulty that no measure taken rests on is not claimed.
    rested = tuple(sorted({proof for one in found.met if one.measure.difficult for proof in one.measure.proves}))
    insert_many(
        conn, store.proofing,
        (
            "evidence_id", "case", "body_id", "section", "clerk", "at_ms", "edition", "measures", "sources",
            "difficult", "reference", "withdrawn_ms",
        ),
        [(
            evidence_id, case.id, body_id, section, clerk, to_ms(now), law.edition, ",".join(measures),
            "\n".join(one.measure.source for one in found.met), ",".join(rested), reference, 0,
        )],
    )  # fmt: skip
    insert_many(
        conn, store.document,
        ("evidence_id", "place", "kind", "holder", "issuer", "valid_until", "issued_on", "copy"),
        [
            (
                evidence_id, place, one.kind, one.holder.value, one.issuer,
                one.valid_until.isoformat() if one.valid_until else "",
                one.issued_on.isoformat() if one.issued_on else "", one.copy,
            )
            for place, one in enumerate(shown)
        ],
    )  # fmt: skip
    event = ProofingRecorded(evidence=evidence_id, case=case.id, measures=measures, body=body_id, user=clerk)
    audit(conn, store.audit_table, event, now=now)
    return queries.record(conn, evidence_id)


def withdraw(conn: Connection, evidence_id: str, *, body_id: str, clerk: str, now: datetime) -> None:
    """Take a record back as a mistake; what rested on it before stays as it is and is looked at by hand.

    Raises:
        WithdrawalRefused: another body's record, or withdrawn before.
    """
    table = store.proofing
    query = (
        update(table)
        .where(table.c.evidence_id == evidence_id, table.c.body_id == body_id, table.c.withdrawn_ms == 0)
        .values(withdrawn_ms=to_ms(now))
    )
    if conn.execute(query).rowcount != 1:
        raise WithdrawalRefused()
    event = ProofingTakenBack(evidence=evidence_id, body=body_id, user=clerk)
    audit(conn, store.audit_table, event, now=now)
