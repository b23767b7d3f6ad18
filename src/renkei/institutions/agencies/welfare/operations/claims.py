"""Claims for the child allowance: filing, asking, taking results, deciding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from renkei.base.time import Instant, fiscal_year, from_ms, jst_date, to_ms
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import Inquiry, InquiryBatch, InquiryResults
from renkei.contracts.sheets import encode
from renkei.institutions.agencies.welfare import queries, store
from renkei.institutions.agencies.welfare.errors import (
    AllowanceAnswersOutstanding,
    AllowanceClaimOpen,
    AllowancePaidAlready,
    AllowancePapersMissing,
    AllowanceUnknown,
    NoChild,
)
from renkei.institutions.agencies.welfare.model import claims as model
from renkei.institutions.agencies.welfare.model.allowance import Child, is_paid_for, month_of, month_text, start_month
from renkei.institutions.agencies.welfare.model.claims import FINAL, Answer, Claim, Need, State, Step
from renkei.institutions.agencies.welfare.model.events import (
    AllowanceClaimAnswered,
    AllowanceClaimAsked,
    AllowanceClaimDecided,
    AllowanceClaimFiled,
)
from renkei.institutions.agencies.welfare.operations.allowances import Entry, enter_allowances
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, update_many, upsert_many

_ANSWER_VALUES = (
    "information", "outcome", "reason", "facts", "number", "provider", "row", "edition", "asked_ms", "given_ms",
    "copied_ms", "body", "rests_on",
)  # fmt: skip


def file_claim(
    conn: Connection,
    own_number: str,
    *,
    children: Sequence[Child],
    moved_in_on: date | None = None,
    moved_from: str = "",
    user: str,
    now: Instant,
) -> Claim:
    """Take in a claim for the child allowance (認定の請求, 児童手当法7条).

    Args:
        children: those to be paid for, and older ones still supported, who count for the order.
        moved_in_on: day on which the claimant became a resident, if they moved in.
        moved_from: body id of the former municipality.

    Raises:
        NoChild: none is of the age.
        AllowanceClaimOpen, AllowancePaidAlready: there is one already.
    """
    today = jst_date(now)
    if not any(is_paid_for(child, month_of(today)) for child in children):
        raise NoChild()
    if (standing := queries.open_claim(conn, own_number)) is not None:
        raise AllowanceClaimOpen(claim=standing.claim_id)
    if _receives(conn, own_number):
        raise AllowancePaidAlready()
    claim_id = _next_number(conn, fiscal_year(today))
    named = [(child.own_number, child.birth) for child in children]
    conn.execute(
        insert(store.claim).values(
            claim_id=claim_id, own_number=own_number, children=msgspec.json.encode(named).decode(),
            moved_in_on=moved_in_on.isoformat() if moved_in_on else "", moved_from=moved_from,
            state=State.FILED.value, filed_ms=to_ms(now), filed_by=user, round=0, note="", decided_ms=0,
            decided_by="", since_month="",
        )
    )  # fmt: skip
    event = AllowanceClaimFiled(claim=claim_id, children=len(children), user=user)
    audit(conn, store.audit_table, event, now=now)
    return queries.claim(conn, claim_id)


def open_round(
    conn: Connection, claim_id: str, *, own_body: str, section: str, user: str, now: Instant
) -> InquiryBatch | None:
    """The batch to send for a claim: that of the open round again, or a new one for what is still missing.

    None where nothing is left to ask. The cases under which it asks are put down with it.

    Raises:
        AllowanceClaimUnknown, AllowanceStepRefused: no such claim, or it is decided.
        FormerHomeUnknown: the claim does not say whom to ask.
    """
    claim = queries.claim(conn, claim_id)
    state = model.after(claim.state, Step.ASK)
    held = queries.answers(conn, claim_id)
    started = queries.round_batch(conn, claim_id, claim.round)
    if started is not None and model.outstanding(held, [Need(inquiry.ref) for inquiry in started.inquiries]):
        return started
    wanted = model.questions(claim, own_body=own_body, on=jst_date(now))
    asked = [one for one in wanted if one.need not in held or held[one.need].outcome is not Outcome.GIVEN]
    if not asked:
        return None
    number = claim.round + 1
    batch = InquiryBatch(
        batch=model.batch_id(claim_id, number),
        section=section,
        user=user,
        purpose=Purpose.APPLICATION,
        inquiries=[
            Inquiry(
                ref=one.need, address_number=claim.own_number, case=one.case(claim_id), affairs=one.affairs,
                information=one.information, provider=one.provider,
            )
            for one in asked
        ],
    )  # fmt: skip
    cases = [(claim_id, one.case(claim_id), one.affairs, 0) for one in asked]
    insert_many(conn, store.claim_case, ("claim_id", "case_id", "affairs", "sent"), cases, ignore_conflicts=True)
    conn.execute(insert(store.claim_round).values(claim_id=claim_id, round=number, batch=encode(batch)))
    conn.execute(
        delete(store.claim_answer).where(
            store.claim_answer.c.claim_id == claim_id, store.claim_answer.c.need.in_([str(one.need) for one in asked])
        )
    )
    _set(conn, claim_id, state=state.value, round=number)
    event = AllowanceClaimAsked(claim=claim_id, batch=batch.batch, questions=len(asked), user=user)
    audit(conn, store.audit_table, event, now=now)
    return batch


def take_results(conn: Connection, claim_id: str, results: InquiryResults, *, now: Instant) -> Claim:
    """Keep what became of a round; a decided claim, or a round that is no longer the newest, takes nothing more."""
    claim = queries.claim(conn, claim_id)
    batch = queries.round_batch(conn, claim_id, claim.round)
    if claim.state not in (State.WAITING, State.READY) or batch is None or batch.batch != results.batch:
        return claim
    information = {inquiry.ref: inquiry.information for inquiry in batch.inquiries}
    rows = [
        (
            claim_id, result.ref, information[result.ref], result.outcome.value, result.reason,
            msgspec.json.encode(result.facts).decode(), result.number, result.provider, result.row, result.edition,
            result.asked_ms, result.given_ms, result.copied_ms, result.body(), "{}",
        )
        for result in results.results
    ]  # fmt: skip
    upsert_many(conn, store.claim_answer, ("claim_id", "need"), _ANSWER_VALUES, rows)
    left = model.outstanding(queries.answers(conn, claim_id), [Need(inquiry.ref) for inquiry in batch.inquiries])
    state = model.after(claim.state, Step.REOPEN if left else Step.SETTLE)
    _set(conn, claim_id, state=state.value)
    outcomes = Counter(result.outcome.value for result in results.results)
    audit(conn, store.audit_table, AllowanceClaimAnswered(claim=claim_id, outcomes=dict(outcomes)), now=now)
    return queries.claim(conn, claim_id)


def grant(
    conn: Connection, claim_id: str, *, papers_seen: frozenset[Need] = frozenset(), user: str, now: Instant
) -> Claim:
    """Grant the allowance from the month that the Act gives.

    Args:
        papers_seen: needs for which the clerk saw the paper, the exchange having given nothing.

    Raises:
        AllowanceClaimUnknown, AllowanceStepRefused: no such claim, or it cannot be granted now.
        AllowanceAnswersOutstanding, AllowancePapersMissing: what it would rest on is not there.

    Source: 児童手当法6条, 7条1項, 8条2項, 3項.
    """
    claim = queries.claim(conn, claim_id)
    answers = queries.answers(conn, claim_id)
    if claim.state is State.WAITING:
        raise AllowanceAnswersOutstanding(count=max(1, len(model.outstanding(answers, answers))))
    model.after(claim.state, Step.GRANT)
    left = model.papers_left(answers)
    if unseen := [need for need in left if need not in papers_seen]:
        raise AllowancePapersMissing(count=len(unseen))
    _keep_facts(conn, claim_id, answers.values(), seen=left, on=jst_date(now))
    since = start_month(jst_date(from_ms(claim.filed_ms)), claim.moved_in_on)
    children = tuple(msgspec.structs.replace(child, since=since) for child in claim.children)
    _forget_ended(conn, claim.own_number)
    enter_allowances(conn, [Entry(claim.own_number, since, children)], paid_through=None, now=now)
    return _decide(conn, claim, Step.GRANT, note="", seen=len(left), since=since, user=user, now=now)


def refuse(conn: Connection, claim_id: str, *, reason: str, user: str, now: Instant) -> Claim:
    """Refuse the claim (却下).

    Args:
        reason: short code, e.g. `other_parent_supports`.
    """
    return _decide(conn, queries.claim(conn, claim_id), Step.REFUSE, note=reason, user=user, now=now)


def withdraw(conn: Connection, claim_id: str, *, user: str, now: Instant) -> Claim:
    """The claimant takes the claim back."""
    return _decide(conn, queries.claim(conn, claim_id), Step.WITHDRAW, note="withdrawn", user=user, now=now)


def cases_sent(conn: Connection, sent: Iterable[queries.UnsentCase]) -> None:
    """The gateway knows these cases in their present state."""
    rows = [(one.claim_id, one.case.case, one.state) for one in sent]
    update_many(conn, store.claim_case, ("claim_id", "case_id"), ("sent",), rows)


def _receives(conn: Connection, own_number: str) -> bool:
    try:
        return queries.allowance(conn, own_number).until is None
    except AllowanceUnknown:
        return False


def _forget_ended(conn: Connection, own_number: str) -> None:
    """A recipient who comes back starts anew; the payments of the time before stay."""
    conn.execute(delete(store.allowance).where(store.allowance.c.own_number == own_number))
    conn.execute(delete(store.allowance_child).where(store.allowance_child.c.own_number == own_number))


def _keep_facts(
    conn: Connection, claim_id: str, answers: Iterable[Answer], *, seen: Sequence[Need], on: date
) -> None:  # fmt: skip
    rows = [
        (
            claim_id, str(answer.need), msgspec.json.encode(model.facts_of(answer, on=on)).decode(),
            answer.need in seen,
        )
        for answer in answers
    ]  # fmt: skip
    update_many(conn, store.claim_answer, ("claim_id", "need"), ("rests_on", "paper_seen"), rows)


def _decide(
    conn: Connection, claim: Claim, step: Step, *, note: str, user: str, now: Instant, seen: int = 0, since: int = 0
) -> Claim:
    """Close the claim and erase the copies: the facts that the decision rests on stay."""
    state = model.after(claim.state, step)
    assert state in FINAL
    _set(
        conn, claim.claim_id, state=state.value, note=note, decided_ms=to_ms(now), decided_by=user,
        since_month=month_text(since) if since else "",
    )  # fmt: skip
    table = store.claim_answer
    mine = table.c.claim_id == claim.claim_id
    erased = conn.execute(select(func.count()).where(mine, table.c.body.is_not(None))).scalar_one()
    conn.execute(update(table).where(mine).values(body=None))
    event = AllowanceClaimDecided(
        claim=claim.claim_id, state=state.value, papers_seen=seen, copies_erased=erased, user=user
    )
    audit(conn, store.audit_table, event, now=now)
    return queries.claim(conn, claim.claim_id)


def _set(conn: Connection, claim_id: str, **values: object) -> None:
    conn.execute(update(store.claim).where(store.claim.c.claim_id == claim_id).values(**values))


def _next_number(conn: Connection, year: int) -> str:
    table = store.claim_sequence
    last = conn.execute(select(table.c.last).where(table.c.fiscal_year == year)).scalar_one_or_none() or 0
    upsert_many(conn, table, ("fiscal_year",), ("last",), [(year, last + 1)])
    return model.claim_number(year, last + 1)
