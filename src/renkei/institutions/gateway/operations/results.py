"""Putting the results of a batch together again from the signed messages that were kept."""

from __future__ import annotations

from sqlalchemy import Connection, select

from renkei.contracts.exchange import (
    Answer,
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitHeader,
    PermitItem,
    PermitReply,
    RefusalHeader,
    RefusalItem,
)
from renkei.contracts.inquiries import InquiryBatch, InquiryResults
from renkei.contracts.sheets import decode, read_sheet
from renkei.crypto.sealing import SealingPrivateKey
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.asking import ItemOutcome, results
from renkei.institutions.gateway.model.reading import AnswerSheet, facts_of, open_payload, opener_of, outcomes_of
from renkei.platform.bulk import select_in


def stored_results(conn: Connection, batch_id: str, *, key: SealingPrivateKey) -> InquiryResults | None:
    """Results of a batch asked before, opened anew; late answers stand in place of `pending`.

    Payloads are kept sealed only, so each reading opens them again (nothing of them is stored in the clear).
    """
    kept = queries.inquiry_batch(conn, batch_id)
    if kept is None:
        return None
    batch = decode(kept.request, InquiryBatch)
    outcomes = dispatch_outcomes(conn, kept.dispatch, key=key)
    return results(batch, queries.planned(kept), outcomes)


def dispatch_outcomes(conn: Connection, dispatch_id: str, *, key: SealingPrivateKey) -> dict[int, ItemOutcome]:
    """Outcome of each item of a dispatch that is settled, by position in the permit request."""
    dispatch = queries.dispatch(conn, dispatch_id)
    if dispatch is None:
        return {}
    setbacks = queries.setbacks(conn, dispatch_id)
    if dispatch.permit is None:
        return dict.fromkeys(range(len(dispatch.asks)), setbacks[0]) if 0 in setbacks else {}
    reply = decode(dispatch.permit, PermitReply)
    refused = read_sheet(reply.sheets[0], RefusalHeader, list[RefusalItem])
    outcomes = {item.at: ItemOutcome(Outcome.REFUSED, item.reason, item.facts) for item in refused.items}
    for sheet, setback in setbacks.items():
        raw = reply.sheets[sheet].items if sheet else []
        outcomes.update((decode(bytes(item), PermitItem).at, setback) for item in raw)
    for leg in queries.legs(conn, dispatch_id):
        permits = read_sheet(reply.sheets[leg.sheet], PermitHeader, list[PermitItem])
        if leg.answer:
            answer = read_sheet(decode(leg.answer, Answer), AnswerHeader, list[AnswerItem])
            outcomes.update(outcomes_of(permits, answer, key))
        else:
            records = queries.request_records(conn, [item.number for item in permits.items])
            for item in permits.items:
                record = records[item.number]
                outcomes[item.at] = ItemOutcome(
                    Outcome(record.outcome), record.reason, facts_of(permits.header, item), item.number,
                    leg.provider, item.row,
                    permits.header.edition, permits.header.issued_ms,
                )  # fmt: skip
    _put_late_answers(conn, outcomes, key)
    return outcomes


def _put_late_answers(conn: Connection, outcomes: dict[int, ItemOutcome], key: SealingPrivateKey) -> None:
    places = {found.number: at for at, found in outcomes.items() if found.outcome is Outcome.PENDING}
    if not places:
        return
    for number, record in queries.request_records(conn, list(places)).items():
        if record.outcome == Outcome.LAPSED.value:
            at = places[number]
            outcomes[at] = outcomes[at]._replace(outcome=Outcome.LAPSED, reason=record.reason, given_ms=record.given_ms)
    late = select_in(conn, select(store.late_answer), store.late_answer.c.number, places)
    for row in late:
        answer: AnswerSheet = read_sheet(decode(row.answer, Answer), AnswerHeader, list[AnswerItem])
        item = answer.items[0]
        data = open_payload(opener_of(answer, key), 0, item)[1] if item.outcome is Outcome.GIVEN else None
        at = places[row.number]
        outcomes[at] = outcomes[at]._replace(
            outcome=item.outcome, reason=item.reason, given_ms=answer.header.given_ms, copied_ms=item.copied_ms,
            data=data,
        )  # fmt: skip
