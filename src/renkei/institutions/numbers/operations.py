"""Writes of `numbers`: assigning, taking over, changing, and taking an order of linkage codes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from renkei.base.identifiers import ResidentRecordCode, parse_acquisition_number
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant, to_ms
from renkei.contracts.errors import TooManyItems
from renkei.contracts.exchange import ITEMS_MAX
from renkei.contracts.number_orders import CodeOrder
from renkei.contracts.numbering import CodeIssueItem, CodeIssueRequest
from renkei.institutions.numbers import queries, store
from renkei.institutions.numbers.errors import (
    DrawExhausted,
    PersonalNumberTaken,
    PersonalNumberUnknown,
    RecordCodeNumbered,
    RequestedTwice,
)
from renkei.institutions.numbers.model import (
    Assignment,
    ChangeReason,
    CodesOrdered,
    Draw,
    NumberChanged,
    NumbersAssigned,
    drawn_numbers,
)
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many

DRAWS_MAX = 100
"""Draws until the random source is given up: with most numbers free, one draw nearly always does."""

_COLUMNS = ("personal_number", "resident_record_code", "assigned_ms")


def assign_numbers(
    conn: Connection, record_codes: Sequence[ResidentRecordCode], *, draw: Draw, now: Instant
) -> list[PersonalNumber]:
    """Assign a personal number per resident record code, in their order; one that stands already is given again.

    Raises:
        RequestedTwice: a code occurs twice.
        DrawExhausted: the random source gives no unused number.

    Source: 番号法8条2項 (different from every other number, former ones included; no rule leads back to the code).
    """
    wanted = [code.reveal() for code in record_codes]
    if len(set(wanted)) < len(wanted):
        raise RequestedTwice()
    standing = queries.standing_numbers(conn, wanted)
    fresh = [code for code in wanted if code not in standing]
    drawn = _draw_unused(conn, len(fresh), draw)
    now_ms = to_ms(now)
    rows = [(number.reveal(), code, now_ms) for number, code in zip(drawn, fresh, strict=True)]
    insert_many(conn, store.assigned_number, _COLUMNS, rows)
    event = NumbersAssigned(assigned=len(fresh), stood_already=len(standing), taken_over=False)
    audit(conn, store.audit_table, event, now=now)
    given = dict(zip(fresh, drawn, strict=True))
    return [given[code] if code in given else PersonalNumber(standing[code]) for code in wanted]


def take_over(conn: Connection, assignments: Sequence[Assignment], *, now: Instant) -> int:
    """Enter numbers that were assigned elsewhere before; returns how many were new. Repeating it changes nothing.

    Raises:
        RequestedTwice: a code or a number occurs twice.
        PersonalNumberTaken: a number stands or stood for someone else.
        RecordCodeNumbered: a code has another number.
    """
    given = {code.reveal(): number.reveal() for code, number in assignments}
    if len(given) < len(assignments) or len(set(given.values())) < len(given):
        raise RequestedTwice()
    standing = queries.standing_numbers(conn, given)
    other = sum(1 for code, number in standing.items() if given[code] != number)
    if other:
        raise RecordCodeNumbered(count=other)
    fresh = {code: number for code, number in given.items() if code not in standing}
    taken = queries.holders(conn, fresh.values())
    if taken:
        raise PersonalNumberTaken(count=len(taken))
    now_ms = to_ms(now)
    insert_many(conn, store.assigned_number, _COLUMNS, [(number, code, now_ms) for code, number in fresh.items()])
    event = NumbersAssigned(assigned=len(fresh), stood_already=len(standing), taken_over=True)
    audit(conn, store.audit_table, event, now=now)
    return len(fresh)


def change_number(
    conn: Connection, number: PersonalNumber, *, reason: ChangeReason, draw: Draw, now: Instant
) -> PersonalNumber:
    """Replace a number that leaked; the former one stays on record and is never assigned again.

    Raises:
        PersonalNumberUnknown: never assigned.
        PersonalNumberReplaced: replaced before; ask for the number that stands.
        DrawExhausted: the random source gives no unused number.

    Source: 番号法7条2項, 8条2項1号.
    """
    code = queries.record_code_of(conn, number).reveal()
    [new] = _draw_unused(conn, 1, draw)
    table = store.assigned_number
    conn.execute(update(table).where(table.c.personal_number == number.reveal()).values(replaced_ms=to_ms(now)))
    insert_many(conn, table, _COLUMNS, [(new.reveal(), code, to_ms(now))])
    audit(conn, store.audit_table, NumberChanged(reason=reason.value), now=now)
    return new


def take_order(conn: Connection, order: CodeOrder, *, now: Instant) -> CodeIssueRequest:
    """Put the resident record code in the place of each personal number, for the core to issue codes.

    Acquisition numbers pass through and are written nowhere (番号法21条の2第3項, 施行令27条). A former number leads to
    the same person as the one that replaced it: a body may not have heard of the change yet.

    Raises:
        TooManyItems: more than `ITEMS_MAX`.
        AcquisitionNumberFormat: malformed.
        RequestedTwice: an acquisition number occurs twice.
        PersonalNumberUnknown: a number was never assigned; names every position, and nothing is ordered.
    """
    if len(order.items) > ITEMS_MAX:
        raise TooManyItems(limit=ITEMS_MAX)
    acquisition_numbers = {parse_acquisition_number(item.acquisition_number) for item in order.items}
    if len(acquisition_numbers) < len(order.items):
        raise RequestedTwice()
    found = queries.holders(conn, {item.personal_number for item in order.items})
    unknown = [at for at, item in enumerate(order.items) if item.personal_number not in found]
    if unknown:
        raise PersonalNumberUnknown(count=len(unknown), positions=",".join(str(at) for at in unknown))
    replaced = sum(1 for holder in found.values() if holder.replaced)
    audit(
        conn,
        store.audit_table,
        CodesOrdered(body=order.body_id, ordered=len(order.items), replaced=replaced),
        now=now,
    )
    return CodeIssueRequest(
        body_id=order.body_id,
        items=[
            CodeIssueItem(item.acquisition_number, found[item.personal_number].resident_record_code)
            for item in order.items
        ],
    )


def _draw_unused(conn: Connection, count: int, draw: Draw) -> list[PersonalNumber]:
    drawn: dict[str, PersonalNumber] = {}
    for _ in range(DRAWS_MAX):
        if len(drawn) == count:
            return list(drawn.values())
        candidates = {number.reveal(): number for number in drawn_numbers(draw, count - len(drawn), drawn)}
        used = queries.holders(conn, candidates)
        drawn |= {digits: number for digits, number in candidates.items() if digits not in used}
    if len(drawn) == count:
        return list(drawn.values())
    raise DrawExhausted()
