"""Obtaining linkage codes (符号の取得): one-off numbers are drawn, kept until the order is taken, then forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, or_, select

from renkei.base.identifiers import parse_acquisition_number
from renkei.base.time import Instant, to_ms
from renkei.institutions.addressees import store
from renkei.institutions.addressees.errors import DrawRepeats
from renkei.institutions.addressees.model import ORDER_ITEMS_MAX, Acquisition, CodesAsked, CodeState, Draw
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, select_in, update_many

DRAWS_MAX = 10

_PERSON = store.addressee
_PENDING = store.acquisition


def open_acquisitions(conn: Connection) -> list[Acquisition]:
    """Drawn, but not known to be ordered: what an interruption left. They are sent again as they are."""
    query = (
        select(_PENDING.c.acquisition_number, _PENDING.c.address_number, _PERSON.c.personal_number)
        .join(_PERSON, _PERSON.c.address_number == _PENDING.c.address_number)
        .where(_PERSON.c.personal_number.is_not(None))
        .order_by(_PENDING.c.acquisition_number)
        .limit(ORDER_ITEMS_MAX)
    )
    return [Acquisition(*row) for row in conn.execute(query)]


def draw_acquisitions(
    conn: Connection, *, draw: Draw, ordered_before: Instant, limit: int = ORDER_ITEMS_MAX
) -> list[Acquisition]:
    """Draw a number for people whose code was never ordered, or was ordered long ago and has not come.

    Args:
        ordered_before: an order that is older is taken for lost.

    Raises:
        DrawRepeats: the source gives too few different numbers.
        AcquisitionNumberFormat: the source gives something else than 24 digits.
    """
    lost = (_PERSON.c.code_state == CodeState.ORDERED) & (_PERSON.c.ordered_ms < to_ms(ordered_before))
    query = (
        select(_PERSON.c.address_number, _PERSON.c.personal_number)
        .where(or_(_PERSON.c.code_state == CodeState.NONE, lost))
        .where(_PERSON.c.personal_number.is_not(None), _PERSON.c.merged_into.is_(None))
        .order_by(_PERSON.c.address_number)
        .limit(limit)
    )
    people = conn.execute(query).all()
    numbers = _draw_different(draw, len(people))
    insert_many(
        conn, _PENDING, ("acquisition_number", "address_number"),
        [(number, row.address_number) for number, row in zip(numbers, people, strict=True)],
    )  # fmt: skip
    return [Acquisition(number, *row) for number, row in zip(numbers, people, strict=True)]


def settle(
    conn: Connection, acquisitions: Sequence[Acquisition], *, state: CodeState = CodeState.ORDERED, now: Instant
) -> None:
    """The order was taken, or refused for these people: note it and forget the acquisition numbers.

    Source: 番号法21条の2第3項 (a 取得番号 is not kept beyond its purpose).
    """  # fmt: skip
    numbers = [one.acquisition_number for one in acquisitions]
    kept = {
        row.acquisition_number: row.address_number
        for row in select_in(conn, select(_PENDING), _PENDING.c.acquisition_number, numbers)
    }
    update_many(
        conn, _PERSON, ("address_number",), ("code_state", "ordered_ms"),
        [(number, state.value, to_ms(now)) for number in kept.values()],
    )  # fmt: skip
    found = list(kept)
    for start in range(0, len(found), 1000):
        conn.execute(_PENDING.delete().where(_PENDING.c.acquisition_number.in_(found[start : start + 1000])))
    refused = len(kept) if state is CodeState.REFUSED else 0
    audit(conn, store.audit_table, CodesAsked(ordered=len(kept) - refused, refused=refused), now=now)


def codes_came(conn: Connection, address_numbers: Iterable[str]) -> int:
    """The gateway holds the codes of these people now; returns how many of them the ledger knows."""
    rows = [(number, CodeState.HELD.value) for number in dict.fromkeys(address_numbers)]
    return update_many(conn, _PERSON, ("address_number",), ("code_state",), rows)


def _draw_different(draw: Draw, count: int) -> list[str]:
    drawn: dict[str, None] = {}
    for _ in range(DRAWS_MAX):
        if len(drawn) == count:
            break
        drawn |= dict.fromkeys(parse_acquisition_number(text) for text in draw(count - len(drawn)))
    if len(drawn) != count:
        raise DrawRepeats()
    return list(drawn)
