"""Reads of the pension office."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, or_, select

from renkei.base.time import from_ms, jst_date
from renkei.contracts.exchange import ITEMS_MAX, Outcome
from renkei.contracts.inquiries import Case, Copy, CopyBatch, InquiryBatch
from renkei.contracts.sheets import decode
from renkei.institutions.agencies.pension import store
from renkei.institutions.agencies.pension.errors import ClaimUnknown, InsuredUnknown
from renkei.institutions.agencies.pension.model.amount import Months
from renkei.institutions.agencies.pension.model.claims import (
    AFFAIRS,
    FINAL,
    Answer,
    Claim,
    Ground,
    Insured,
    InsuredKind,
    Need,
    Residence,
    State,
)
from renkei.institutions.agencies.pension.model.copies import Pension, pension_benefit
from renkei.platform.bulk import select_in

INFORMATION = "pension_benefit"
MONTH_FIELDS = Months.__struct_fields__
_encode = msgspec.json.Encoder().encode
_facts = msgspec.json.Decoder(dict[str, str])


def insured(conn: Connection, own_number: str) -> Insured:
    """An insured person.

    Raises:
        InsuredUnknown: nobody of that number.
    """
    row = conn.execute(select(store.insured).where(store.insured.c.own_number == own_number)).one_or_none()
    if row is None:
        raise InsuredUnknown()
    return _insured(row)


def residences(conn: Connection, own_number: str) -> list[Residence]:
    """Where a person has lived, oldest first."""
    table = store.residence
    rows = conn.execute(select(table).where(table.c.own_number == own_number).order_by(table.c.since))
    return [Residence(date.fromisoformat(row.since), row.body_id) for row in rows]


def pensions(conn: Connection, own_numbers: Iterable[str]) -> dict[str, list[Pension]]:
    """Pensions of these people."""
    found: dict[str, list[Pension]] = {}
    for row in select_in(conn, select(store.pension), store.pension.c.own_number, own_numbers):
        found.setdefault(row.own_number, []).append(Pension(**row._mapping))
    return found


def may_claim(conn: Connection, *, born_by: date, limit: int = 50) -> list[Insured]:
    """People who are old enough, draw no old-age basic pension and have no open claim; the youngest first.

    Args:
        born_by: latest birth date that has attained the pensionable age.
    """
    table, paid, claims = store.insured, store.pension, store.claim
    drawn = select(paid.c.own_number).where(paid.c.kind == "old_age_basic")
    claimed = select(claims.c.own_number).where(claims.c.state.not_in(FINAL))
    query = (
        select(table)
        .where(
            table.c.birth <= born_by.isoformat(),
            table.c.own_number.not_in(drawn),
            table.c.own_number.not_in(claimed),
        )
        .order_by(table.c.birth.desc(), table.c.own_number)
        .limit(limit)
    )
    return [_insured(row) for row in conn.execute(query)]


def claim(conn: Connection, claim_id: str) -> Claim:
    """A claim.

    Raises:
        ClaimUnknown: no claim of that number.
    """
    row = conn.execute(select(store.claim).where(store.claim.c.claim_id == claim_id)).one_or_none()
    if row is None:
        raise ClaimUnknown(claim=claim_id[:32])
    return read_claim(row)


def open_claim(conn: Connection, own_number: str) -> Claim | None:
    """The claim of a person that is not decided yet."""
    table = store.claim
    query = select(table).where(table.c.own_number == own_number, table.c.state.not_in(FINAL))
    row = conn.execute(query).first()
    return read_claim(row) if row is not None else None


class Listed(NamedTuple):
    """A claim beside its claimant."""

    claim: Claim
    insured: Insured


def claims(conn: Connection, *, limit: int = 50, offset: int = 0) -> list[Listed]:
    """Claims, the newest first."""
    table = store.claim
    order = (table.c.filed_ms.desc(), table.c.claim_id.desc())
    found = [read_claim(row) for row in conn.execute(select(table).order_by(*order).limit(limit).offset(offset))]
    people = {
        row.own_number: _insured(row)
        for row in select_in(conn, select(store.insured), store.insured.c.own_number, {one.own_number for one in found})
    }
    return [Listed(one, people[one.own_number]) for one in found]


def claim_counts(conn: Connection) -> Mapping[State, int]:
    """How many claims stand in each state."""
    table = store.claim
    rows = conn.execute(select(table.c.state, func.count()).group_by(table.c.state))
    counted = {State(state): count for state, count in rows}
    return {state: counted.get(state, 0) for state in State}


def answers(conn: Connection, claim_id: str) -> dict[Need, Answer]:
    """What became of the questions of a claim, in the order of the needs."""
    table = store.claim_answer
    rows = {Need(row.need): row for row in conn.execute(select(table).where(table.c.claim_id == claim_id))}
    return {need: _answer(rows[need]) for need in Need if need in rows}


def grounds(conn: Connection, claim_id: str) -> dict[Need, Ground]:
    """What the decision of a claim rests on."""
    table = store.claim_ground
    rows = {Need(row.need): row for row in conn.execute(select(table).where(table.c.claim_id == claim_id))}
    return {
        need: Ground(
            need=need,
            by_paper=rows[need].by_paper,
            facts=_facts.decode(rows[need].facts),
            number=rows[need].number,
            provider=rows[need].provider,
            row=rows[need].row,
            edition=rows[need].edition,
            copied_ms=rows[need].copied_ms,
        )
        for need in Need
        if need in rows
    }


def round_batch(conn: Connection, claim_id: str, number: int) -> InquiryBatch | None:
    """The questions of one round as they were sent."""
    table = store.claim_round
    query = select(table.c.batch).where(table.c.claim_id == claim_id, table.c.round == number)
    body = conn.execute(query).scalar_one_or_none()
    return None if body is None else decode(body, InquiryBatch)


class UnsentCase(NamedTuple):
    """A case that the gateway does not know in its present state."""

    case: Case
    state: int


def unsent_cases(conn: Connection, section: str, *, limit: int = 1000) -> list[UnsentCase]:
    """Cases to open or close at the gateway."""
    table = store.claim
    final = table.c.state.in_(FINAL)
    query = select(table).where(or_(table.c.case_sent == 0, final & (table.c.case_sent < 2))).limit(limit)
    return [
        UnsentCase(
            Case(
                case=row.claim_id,
                section=section,
                address_number=row.own_number,
                affairs=AFFAIRS,
                opened_ms=row.filed_ms,
                closed_ms=row.decided_ms,
            ),
            2 if row.decided_ms else 1,
        )
        for row in conn.execute(query)
    ]


class Due(NamedTuple):
    """Copies that the gateway has not taken yet, with their times."""

    batch: CopyBatch
    changed_ms: list[int]


def due_copies(conn: Connection, *, after: str = "", limit: int = ITEMS_MAX) -> Due | None:
    """Copies of people about whom something changed since the gateway took the last one; None if there are none.

    The batch is named by its content, so that one sent again after an interruption is known for the same.

    Args:
        after: own number up to which this round has come.
    """
    table = store.insured
    query = (
        select(table)
        .where(table.c.changed_ms > table.c.published_ms, table.c.own_number > after)
        .order_by(table.c.own_number)
        .limit(limit)
    )
    rows = conn.execute(query).all()
    if not rows:
        return None
    paid = pensions(conn, [row.own_number for row in rows])
    copies = [
        Copy(
            address_number=row.own_number,
            information=INFORMATION,
            body=msgspec.Raw(_encode(pension_benefit(_insured(row), paid.get(row.own_number, [])))),
            copied_ms=row.changed_ms,
            valid_from=jst_date(from_ms(row.changed_ms)).isoformat(),
        )
        for row in rows
    ]
    digest = hashlib.sha256(_encode(copies)).hexdigest()[:32]
    return Due(CopyBatch(batch=f"{INFORMATION}-{digest}", copies=copies), [row.changed_ms for row in rows])


def read_claim(row: Row[Any]) -> Claim:
    """A claim from its row."""
    return Claim(
        claim_id=row.claim_id,
        own_number=row.own_number,
        needs=tuple(Need(need) for need in row.needs.split(",")),
        state=State(row.state),
        filed_ms=row.filed_ms,
        filed_by=row.filed_by,
        round=row.round,
        note=row.note,
        decided_ms=row.decided_ms,
        decided_by=row.decided_by,
        yearly_yen=row.yearly_yen,
        from_month=row.from_month,
    )


def _insured(row: Row[Any]) -> Insured:
    return Insured(
        own_number=row.own_number,
        name=row.name,
        kana=row.kana,
        birth=date.fromisoformat(row.birth),
        months=Months(**{field: getattr(row, field) for field in MONTH_FIELDS}),
        kind=InsuredKind(row.kind),
    )


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        need=Need(row.need),
        information=row.information,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        facts=_facts.decode(row.facts),
        number=row.number,
        provider=row.provider,
        row=row.row,
        edition=row.edition,
        asked_ms=row.asked_ms,
        given_ms=row.given_ms,
        copied_ms=row.copied_ms,
        body=row.body,
    )
