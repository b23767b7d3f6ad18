"""Reads of the welfare office."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, or_, select

from renkei.base.time import from_ms, jst_date
from renkei.contracts.exchange import ITEMS_MAX, Outcome
from renkei.contracts.information import InformationBody
from renkei.contracts.inquiries import Case, Copy, CopyBatch, InquiryBatch
from renkei.contracts.sheets import decode
from renkei.institutions.agencies.welfare import store
from renkei.institutions.agencies.welfare.errors import AllowanceClaimUnknown, AllowanceUnknown
from renkei.institutions.agencies.welfare.model.allowance import Child, Payment, child_allowance, month_from
from renkei.institutions.agencies.welfare.model.claims import FINAL, Answer, Claim, Need, State
from renkei.institutions.agencies.welfare.model.registers import Assistance, Certificate, disability, public_assistance
from renkei.platform.bulk import select_in

CHILD_ALLOWANCE, PUBLIC_ASSISTANCE, DISABILITY = "child_allowance", "public_assistance", "disability"
_encode = msgspec.json.Encoder().encode
_strings = msgspec.json.Decoder(dict[str, str])
_children = msgspec.json.Decoder(list[tuple[str, date]])


class Allowance(NamedTuple):
    """An allowance being paid, or one that ended; months as numbers."""

    own_number: str
    since: int
    until: int | None
    paid_until: int
    children: tuple[Child, ...]

    def __repr__(self) -> str:
        return "Allowance(…)"


def allowance(conn: Connection, own_number: str) -> Allowance:
    """The allowance of a recipient.

    Raises:
        AllowanceUnknown: there is none.
    """
    row = conn.execute(select(store.allowance).where(store.allowance.c.own_number == own_number)).one_or_none()
    if row is None:
        raise AllowanceUnknown()
    return read_allowance(row, children(conn, [own_number]).get(own_number, ()))


def running(conn: Connection, *, after: str = "", limit: int = 1000) -> list[Allowance]:
    """Allowances that go on or were not paid to their end, by own number."""
    table = store.allowance
    query = (
        select(table)
        .where(
            table.c.own_number > after,
            or_(table.c.until_month == "", table.c.until_month > table.c.paid_until_month),
        )
        .order_by(table.c.own_number)
        .limit(limit)
    )
    rows = conn.execute(query).all()
    theirs = children(conn, [row.own_number for row in rows])
    return [read_allowance(row, theirs.get(row.own_number, ())) for row in rows]


def children(conn: Connection, own_numbers: Iterable[str]) -> dict[str, tuple[Child, ...]]:
    """Children by recipient, the oldest first."""
    table = store.allowance_child
    found: dict[str, list[Child]] = {}
    for row in select_in(conn, select(table), table.c.own_number, own_numbers):
        child = Child(
            own_number=row.child_number, birth=date.fromisoformat(row.birth), since=month_from(row.since_month)
        )
        found.setdefault(row.own_number, []).append(child)
    return {number: tuple(sorted(theirs, key=lambda child: child.birth)) for number, theirs in found.items()}


def payments(conn: Connection, own_numbers: Iterable[str]) -> dict[str, list[Payment]]:
    """Payments by recipient, in no order."""
    found: dict[str, list[Payment]] = {}
    table = store.payment
    for row in select_in(conn, select(table), table.c.own_number, own_numbers):
        paid = Payment(month_from(row.from_month), month_from(row.to_month), row.children, row.paid_yen)
        found.setdefault(row.own_number, []).append(paid)
    return found


def claim(conn: Connection, claim_id: str) -> Claim:
    """A claim.

    Raises:
        AllowanceClaimUnknown: no claim of that number.
    """
    row = conn.execute(select(store.claim).where(store.claim.c.claim_id == claim_id)).one_or_none()
    if row is None:
        raise AllowanceClaimUnknown(claim=claim_id[:32])
    return read_claim(row)


def open_claim(conn: Connection, own_number: str) -> Claim | None:
    """The claim of a person that is not decided yet."""
    table = store.claim
    row = conn.execute(select(table).where(table.c.own_number == own_number, table.c.state.not_in(FINAL))).first()
    return read_claim(row) if row is not None else None


def claims(conn: Connection, *, limit: int = 50, offset: int = 0) -> list[Claim]:
    """Claims, the newest first."""
    table = store.claim
    order = (table.c.filed_ms.desc(), table.c.claim_id.desc())
    return [read_claim(row) for row in conn.execute(select(table).order_by(*order).limit(limit).offset(offset))]


def answers(conn: Connection, claim_id: str) -> dict[Need, Answer]:
    """What became of the questions of a claim, in the order of the needs."""
    table = store.claim_answer
    rows = {Need(row.need): row for row in conn.execute(select(table).where(table.c.claim_id == claim_id))}
    return {need: _answer(rows[need]) for need in Need if need in rows}


def round_batch(conn: Connection, claim_id: str, number: int) -> InquiryBatch | None:
    """The questions of one round as they were sent."""
    table = store.claim_round
    query = select(table.c.batch).where(table.c.claim_id == claim_id, table.c.round == number)
    body = conn.execute(query).scalar_one_or_none()
    return None if body is None else decode(body, InquiryBatch)


class UnsentCase(NamedTuple):
    """A case that the gateway does not know in its present state."""

    claim_id: str
    case: Case
    state: int


def unsent_cases(conn: Connection, section: str, *, limit: int = 1000) -> list[UnsentCase]:
    """Cases to open or close at the gateway."""
    case, of = store.claim_case, store.claim
    final = of.c.state.in_(FINAL)
    query = (
        select(case, of.c.own_number, of.c.filed_ms, of.c.decided_ms)
        .join(of, of.c.claim_id == case.c.claim_id)
        .where(or_(case.c.sent == 0, final & (case.c.sent < 2)))
        .limit(limit)
    )
    return [
        UnsentCase(
            row.claim_id,
            Case(
                case=row.case_id,
                section=section,
                address_number=row.own_number,
                affairs=row.affairs,
                opened_ms=row.filed_ms,
                closed_ms=row.decided_ms,
            ),
            2 if row.decided_ms else 1,
        )
        for row in conn.execute(query)
    ]


def assistance(conn: Connection, own_numbers: Iterable[str]) -> dict[str, Assistance]:
    """Public assistance of these people."""
    table = store.assistance
    return {
        row.own_number: Assistance(
            own_number=row.own_number,
            started_on=date.fromisoformat(row.started_on),
            kinds=tuple(row.kinds.split(",")),
            monthly_yen=row.monthly_yen,
            ended_on=_day(row.ended_on),
        )
        for row in select_in(conn, select(table), table.c.own_number, own_numbers)
    }


def certificates(conn: Connection, own_numbers: Iterable[str]) -> dict[str, list[Certificate]]:
    """Disability certificates of these people."""
    table = store.certificate
    found: dict[str, list[Certificate]] = {}
    for row in select_in(conn, select(table), table.c.own_number, own_numbers):
        one = Certificate(
            own_number=row.own_number,
            kind=row.kind,
            grade=row.grade,
            issued_on=date.fromisoformat(row.issued_on),
            review_on=_day(row.review_on),
        )
        found.setdefault(row.own_number, []).append(one)
    return found


class Due(NamedTuple):
    """Copies that the gateway has not taken yet, with their times."""

    batch: CopyBatch
    changed_ms: list[int]


def due_copies(conn: Connection, *, after: tuple[str, str] = ("", ""), limit: int = ITEMS_MAX) -> Due | None:
    """Copies of everything that changed since the gateway took the last one; None if there is nothing.

    The batch is named by its content, so that one sent again after an interruption is known for the same.

    Args:
        after: own number and information item up to which this round has come.
    """
    table = store.subject
    number, item = after
    query = (
        select(table)
        .where(
            table.c.changed_ms > table.c.published_ms,
            or_(table.c.own_number > number, (table.c.own_number == number) & (table.c.information > item)),
        )
        .order_by(table.c.own_number, table.c.information)
        .limit(limit)
    )
    rows = conn.execute(query).all()
    if not rows:
        return None
    bodies = _bodies(conn, rows)
    copies = [
        Copy(
            address_number=row.own_number,
            information=row.information,
            body=msgspec.Raw(_encode(bodies[row.own_number, row.information])),
            copied_ms=row.changed_ms,
            valid_from=jst_date(from_ms(row.changed_ms)).isoformat(),
        )
        for row in rows
    ]
    digest = hashlib.sha256(_encode(copies)).hexdigest()[:32]
    return Due(CopyBatch(batch=f"welfare-{digest}", copies=copies), [row.changed_ms for row in rows])


def _bodies(conn: Connection, rows: Iterable[Row[Any]]) -> Mapping[tuple[str, str], InformationBody]:
    wanted: dict[str, list[str]] = {}
    for row in rows:
        wanted.setdefault(row.information, []).append(row.own_number)
    found: dict[tuple[str, str], InformationBody] = {}
    if recipients := wanted.get(CHILD_ALLOWANCE):
        paid = payments(conn, recipients)
        table = store.allowance
        query = select(table.c.own_number, table.c.until_month)
        ended = {row.own_number: row.until_month for row in select_in(conn, query, table.c.own_number, recipients)}
        for number in recipients:
            receives = ended.get(number) == ""
            found[number, CHILD_ALLOWANCE] = child_allowance(receives=receives, payments=paid.get(number, []))
    for number, aid in assistance(conn, wanted.get(PUBLIC_ASSISTANCE, ())).items():
        found[number, PUBLIC_ASSISTANCE] = public_assistance(aid)
    for number, held in certificates(conn, wanted.get(DISABILITY, ())).items():
        found[number, DISABILITY] = disability(held)
    return found


def read_claim(row: Row[Any]) -> Claim:
    """A claim from its row."""
    return Claim(
        claim_id=row.claim_id,
        own_number=row.own_number,
        children=tuple(Child(own_number=number, birth=birth) for number, birth in _children.decode(row.children)),
        moved_in_on=_day(row.moved_in_on),
        moved_from=row.moved_from,
        state=State(row.state),
        filed_ms=row.filed_ms,
        round=row.round,
        note=row.note,
        decided_ms=row.decided_ms,
        since=month_from(row.since_month) if row.since_month else 0,
    )


def read_allowance(row: Row[Any], theirs: tuple[Child, ...]) -> Allowance:
    """An allowance from its row and children."""
    return Allowance(
        row.own_number,
        month_from(row.since_month),
        month_from(row.until_month) if row.until_month else None,
        month_from(row.paid_until_month) if row.paid_until_month else 0,
        theirs,
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        need=Need(row.need),
        information=row.information,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        facts=_strings.decode(row.facts),
        number=row.number,
        provider=row.provider,
        row=row.row,
        edition=row.edition,
        asked_ms=row.asked_ms,
        given_ms=row.given_ms,
        copied_ms=row.copied_ms,
        body=row.body,
        rests_on=_strings.decode(row.rests_on),
    )
