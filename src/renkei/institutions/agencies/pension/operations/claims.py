"""Claims: filing, asking, taking results, holding and deciding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from renkei.base.time import Instant, fiscal_year, jst_date, to_ms
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import Inquiry, InquiryBatch, InquiryResults
from renkei.contracts.sheets import encode
from renkei.institutions.agencies.pension import queries, store
from renkei.institutions.agencies.pension.errors import ClaimOpen, ClaimTooEarly, PensionPaidAlready
from renkei.institutions.agencies.pension.model import examining
from renkei.institutions.agencies.pension.model.amount import Entitlement, entitlement, pensionable_from
from renkei.institutions.agencies.pension.model.claims import (
    AFFAIRS,
    DEFAULT_NEEDS,
    FINAL,
    Answer,
    Claim,
    Ground,
    Insured,
    Need,
    State,
    Step,
    after,
    batch_id,
    claim_number,
)
from renkei.institutions.agencies.pension.model.copies import Pension
from renkei.institutions.agencies.pension.model.events import (
    ClaimAnswered,
    ClaimAsked,
    ClaimDecided,
    ClaimFiled,
    ClaimHeld,
)
from renkei.institutions.agencies.pension.operations.register import enter_pensions
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, update_many, upsert_many

_ANSWER_VALUES = (
    "information", "outcome", "reason", "facts", "number", "provider", "row", "edition", "asked_ms", "given_ms",
    "copied_ms", "body",
)  # fmt: skip


def file_claim(
    conn: Connection, own_number: str, *, needs: Sequence[Need] = DEFAULT_NEEDS, user: str, now: Instant
) -> Claim:
    """Take in a claim for an old-age basic pension (老齢基礎年金の裁定請求, 国民年金法16条).

    Args:
        needs: what has to be established; each would have been a paper.

    Raises:
        InsuredUnknown: nobody of that number.
        ClaimTooEarly: 65 is not attained yet.
        ClaimOpen, PensionPaidAlready: there is one already.
    """
    person = queries.insured(conn, own_number)
    today = jst_date(now)
    if today < (attained := pensionable_from(person.birth, today)):
        raise ClaimTooEarly(on=attained)
    if (standing := queries.open_claim(conn, own_number)) is not None:
        raise ClaimOpen(claim=standing.claim_id)
    if any(pension.kind == "old_age_basic" for pension in queries.pensions(conn, [own_number]).get(own_number, [])):
        raise PensionPaidAlready()
    claim_id = _next_number(conn, fiscal_year(today))
    wanted = tuple(need for need in Need if need in needs)
    conn.execute(
        insert(store.claim).values(
            claim_id=claim_id, own_number=own_number, needs=",".join(wanted), state=State.FILED.value,
            filed_ms=to_ms(now), filed_by=user, round=0, note="", decided_ms=0, decided_by="", yearly_yen=0,
            from_month="", case_sent=0,
        )
    )  # fmt: skip
    audit(conn, store.audit_table, ClaimFiled(claim=claim_id, papers_before=len(wanted), user=user), now=now)
    return queries.claim(conn, claim_id)


def open_round(conn: Connection, claim_id: str, *, section: str, user: str, now: Instant) -> InquiryBatch | None:
    """The batch to send for a claim: that of the open round again, or a new one for what is still missing.

    A round stays open while one of its results is outstanding; then the same batch goes out under the same id, so that
    a repetition makes no second record. None where nothing is left to ask.

    Raises:
        ClaimUnknown, ClaimStepRefused: no such claim, or it is decided.
        ResidenceUnknown: the address history does not say whom to ask.
    """
    claim = queries.claim(conn, claim_id)
    state = after(claim.state, Step.ASK)
    held = queries.answers(conn, claim_id)
    started = queries.round_batch(conn, claim_id, claim.round)
    if started is not None and _unsettled(started, held):
        return started
    missing = [need for need in claim.needs if need not in held or held[need].outcome is not Outcome.GIVEN]
    if not missing:
        return None
    residences = queries.residences(conn, claim.own_number)
    asked = examining.questions(missing, residences, on=jst_date(now))
    number = claim.round + 1
    batch = InquiryBatch(
        batch=batch_id(claim_id, number),
        section=section,
        user=user,
        purpose=Purpose.APPLICATION,
        inquiries=[
            Inquiry(
                ref=question.need, address_number=claim.own_number, case=claim_id, affairs=AFFAIRS,
                information=question.information, provider=question.provider,
            )
            for question in asked
        ],
    )  # fmt: skip
    conn.execute(insert(store.claim_round).values(claim_id=claim_id, round=number, batch=encode(batch)))
    conn.execute(
        delete(store.claim_answer).where(
            store.claim_answer.c.claim_id == claim_id, store.claim_answer.c.need.in_([str(need) for need in missing])
        )
    )
    _set(conn, claim_id, state=state.value, round=number)
    event = ClaimAsked(claim=claim_id, batch=batch.batch, questions=len(asked), user=user)
    audit(conn, store.audit_table, event, now=now)
    return batch


def take_results(conn: Connection, claim_id: str, results: InquiryResults, *, now: Instant) -> Claim:
    """Keep what became of a round; a decided claim, or a round that is no longer the newest, takes nothing more."""
    claim = queries.claim(conn, claim_id)
    batch = queries.round_batch(conn, claim_id, claim.round)
    if claim.state not in (State.WAITING, State.READY, State.HELD) or batch is None or batch.batch != results.batch:
        return claim
    information = {inquiry.ref: inquiry.information for inquiry in batch.inquiries}
    rows = [
        (
            claim_id, result.ref, information[result.ref], result.outcome.value, result.reason,
            msgspec.json.encode(result.facts).decode(), result.number, result.provider, result.row, result.edition,
            result.asked_ms, result.given_ms, result.copied_ms, result.body(),
        )
        for result in results.results
    ]  # fmt: skip
    upsert_many(conn, store.claim_answer, ("claim_id", "need"), _ANSWER_VALUES, rows)
    left = examining.outstanding(queries.answers(conn, claim_id), claim.needs)
    state = after(claim.state, Step.REOPEN if left else Step.SETTLE)
    _set(conn, claim_id, state=state.value)
    outcomes = Counter(result.outcome.value for result in results.results)
    audit(conn, store.audit_table, ClaimAnswered(claim=claim_id, outcomes=dict(outcomes)), now=now)
    return queries.claim(conn, claim_id)


def hold(conn: Connection, claim_id: str, *, reason: str, user: str, now: Instant) -> Claim:
    """Put a claim on hold.

    Args:
        reason: short code, e.g. `waiting_for_answer`, `record_to_be_corrected`.

    Raises:
        ClaimUnknown, ClaimStepRefused: no such claim, or it cannot be held now.
    """
    claim = queries.claim(conn, claim_id)
    _set(conn, claim_id, state=after(claim.state, Step.HOLD).value, note=reason)
    audit(conn, store.audit_table, ClaimHeld(claim=claim_id, reason=reason, user=user), now=now)
    return queries.claim(conn, claim_id)


def grant(
    conn: Connection, claim_id: str, *, papers_seen: frozenset[Need] = frozenset(), user: str, now: Instant
) -> Claim:
    """Grant the pension: amount and first month by the Act, on what was answered or seen.

    Args:
        papers_seen: needs for which the clerk saw the paper, the exchange having given nothing.

    Raises:
        ClaimUnknown, ClaimStepRefused: no such claim, or it cannot be granted now.
        AnswersOutstanding, PapersMissing, AnswersContradict: what it would rest on is not there.
        NotEntitledToPension: fewer than ten years.

    Source: 国民年金法16条, 26条, 27条.
    """
    claim = queries.claim(conn, claim_id)
    if claim.state in FINAL:
        after(claim.state, Step.GRANT)
    today = jst_date(now)
    person = queries.insured(conn, claim.own_number)
    answers = queries.answers(conn, claim_id)
    grounds = examining.grounds(person, answers, claim.needs, papers_seen=papers_seen, on=today)
    after(claim.state, Step.GRANT)
    found = entitlement(person.months, birth=person.birth, on=today)
    _keep_grounds(conn, claim_id, grounds)
    _pay(conn, person, found, now=now)
    seen = sum(1 for ground in grounds if ground.by_paper)
    return _decide(
        conn, claim, Step.GRANT, note="", seen=seen, user=user, now=now,
        yearly_yen=found.yearly_yen, from_month=found.from_month,
    )  # fmt: skip


def refuse(conn: Connection, claim_id: str, *, reason: str, user: str, now: Instant) -> Claim:
    """Refuse the claim (不支給).

    Args:
        reason: short code, e.g. `too_few_months`, `not_resident`.
    """
    return _decide(conn, queries.claim(conn, claim_id), Step.REFUSE, note=reason, user=user, now=now)


def withdraw(conn: Connection, claim_id: str, *, user: str, now: Instant) -> Claim:
    """The claimant takes the claim back (取下げ)."""
    return _decide(conn, queries.claim(conn, claim_id), Step.WITHDRAW, note="withdrawn", user=user, now=now)


def cases_sent(conn: Connection, sent: Iterable[queries.UnsentCase]) -> None:
    """The gateway knows these cases in their present state."""
    rows = [(one.case.case, one.state) for one in sent]
    update_many(conn, store.claim, ("claim_id",), ("case_sent",), rows)


def _unsettled(batch: InquiryBatch, held: dict[Need, Answer]) -> bool:
    needs = [Need(inquiry.ref) for inquiry in batch.inquiries]
    return bool(examining.outstanding(held, needs))


def _decide(
    conn: Connection,
    claim: Claim,
    step: Step,
    *,
    note: str,
    user: str,
    now: Instant,
    seen: int = 0,
    yearly_yen: int = 0,
    from_month: str = "",
) -> Claim:
    """Close the claim and erase the copies: what the decision rests on stands in the grounds."""
    state = after(claim.state, step)
    _set(
        conn, claim.claim_id, state=state.value, note=note, decided_ms=to_ms(now), decided_by=user,
        yearly_yen=yearly_yen, from_month=from_month,
    )  # fmt: skip
    table = store.claim_answer
    mine = table.c.claim_id == claim.claim_id
    erased = conn.execute(select(func.count()).where(mine, table.c.body.is_not(None))).scalar_one()
    conn.execute(update(table).where(mine).values(body=None))
    event = ClaimDecided(claim=claim.claim_id, state=state.value, papers_seen=seen, copies_erased=erased, user=user)
    audit(conn, store.audit_table, event, now=now)
    return queries.claim(conn, claim.claim_id)


def _keep_grounds(conn: Connection, claim_id: str, grounds: Iterable[Ground]) -> None:
    columns = ("claim_id", "need", "by_paper", "facts", "number", "provider", "row", "edition", "copied_ms")
    rows = [
        (
            claim_id, str(ground.need), ground.by_paper, msgspec.json.encode(ground.facts).decode(), ground.number,
            ground.provider, ground.row, ground.edition, ground.copied_ms,
        )
        for ground in grounds
    ]  # fmt: skip
    insert_many(conn, store.claim_ground, columns, rows)


def _pay(conn: Connection, person: Insured, found: Entitlement, *, now: Instant) -> None:
    pension = Pension(
        own_number=person.own_number, kind="old_age_basic", from_month=found.from_month, yearly_yen=found.yearly_yen
    )
    enter_pensions(conn, [pension], now=now)


def _set(conn: Connection, claim_id: str, **values: object) -> None:
    conn.execute(update(store.claim).where(store.claim.c.claim_id == claim_id).values(**values))


def _next_number(conn: Connection, year: int) -> str:
    table = store.claim_sequence
    last = conn.execute(select(table.c.last).where(table.c.fiscal_year == year)).scalar_one_or_none() or 0
    upsert_many(conn, table, ("fiscal_year",), ("last",), [(year, last + 1)])
    return claim_number(year, last + 1)
