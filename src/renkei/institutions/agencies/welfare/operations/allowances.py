"""Allowances: entering, paying, ending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from renkei.base.time import Instant
from renkei.institutions.agencies.welfare import queries, store
from renkei.institutions.agencies.welfare.model.allowance import (
    Child,
    Payment,
    month_text,
    payment_due,
    payment_for,
    payment_months,
)
from renkei.institutions.agencies.welfare.model.events import AllowanceEnded, AllowancesPaid
from renkei.institutions.agencies.welfare.operations.registers import touch
from renkei.institutions.agencies.welfare.queries import CHILD_ALLOWANCE, Allowance
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, update_many

_PAGE = 1000


class Entry(NamedTuple):
    """An allowance as another system hands it over: who receives it since when, for which children."""

    own_number: str
    since: int
    children: tuple[Child, ...]

    def __repr__(self) -> str:
        return "Entry(…)"


def enter_allowances(conn: Connection, entries: Sequence[Entry], *, paid_through: int | None, now: Instant) -> int:
    """Enter allowances in bulk, with the payments of every payment month up to one; a copy of each is due.

    Args:
        paid_through: last payment month that has passed; None where nothing was paid yet.
    """
    allowances = [Allowance(one.own_number, one.since, None, 0, one.children) for one in entries]
    paid: list[tuple[object, ...]] = []
    rows: list[tuple[object, ...]] = []
    for one in allowances:
        until = 0
        for month in payment_months(one.since, paid_through) if paid_through is not None else ():
            due = payment_due(one.children, since=one.since, paid_until=until, until=None, in_month=month)
            if due is not None:
                paid.append(_payment_row(one.own_number, due))
                until = due.to_month
        rows.append((one.own_number, month_text(one.since), "", month_text(until) if until else ""))
    insert_many(conn, store.allowance, ("own_number", "since_month", "until_month", "paid_until_month"), rows)
    _insert_children(conn, [(one.own_number, child) for one in entries for child in one.children])
    insert_many(conn, store.payment, _PAYMENT, paid)
    touch(conn, [one.own_number for one in entries], CHILD_ALLOWANCE, now=now)
    return len(rows)


def add_child(conn: Connection, own_number: str, child: Child, *, now: Instant) -> None:
    """The allowance grows by a child (額の改定, 児童手当法9条1項), from `child.since` on.

    Raises:
        AllowanceUnknown: nothing is paid to this recipient.
    """
    queries.allowance(conn, own_number)
    _insert_children(conn, [(own_number, child)])
    touch(conn, [own_number], CHILD_ALLOWANCE, now=now)


def pay(conn: Connection, in_month: int, *, now: Instant) -> int:
    """Pay every allowance in a payment month for the months up to the one before; repeated, it pays nothing twice.

    Returns:
        How many recipients were paid.

    Raises:
        PaymentMonthOdd: not one of the six payment months.

    Source: 児童手当法8条4項.
    """
    after, recipients = "", 0
    while page := queries.running(conn, after=after, limit=_PAGE):
        after = page[-1].own_number
        dues: list[tuple[str, Payment]] = []
        for one in page:
            due = payment_due(
                one.children, since=one.since, paid_until=one.paid_until, until=one.until, in_month=in_month
            )
            if due is not None:
                dues.append((one.own_number, due))
        insert_many(conn, store.payment, _PAYMENT, [_payment_row(number, due) for number, due in dues])
        paid_until = [(number, month_text(due.to_month)) for number, due in dues]
        update_many(conn, store.allowance, ("own_number",), ("paid_until_month",), paid_until)
        touch(conn, [number for number, _ in dues], CHILD_ALLOWANCE, now=now)
        recipients += len(dues)
    event = AllowancesPaid(month=month_text(in_month), recipients=recipients)
    audit(conn, store.audit_table, event, now=now)
    return recipients


def end(conn: Connection, own_number: str, *, last_month: int, reason: str, user: str, now: Instant) -> None:
    """End an allowance with a month, and pay at once what is left of it (児童手当法8条2項, 4項ただし書).

    Args:
        reason: short code, e.g. `moved_out`.

    Raises:
        AllowanceUnknown: nothing is paid to this recipient.
    """
    one = queries.allowance(conn, own_number)
    rest = payment_for(one.children, first=max(one.since, one.paid_until + 1), last=last_month)
    if rest is not None:
        insert_many(conn, store.payment, _PAYMENT, [_payment_row(own_number, rest)])
    paid_until = rest.to_month if rest is not None else one.paid_until
    row = (own_number, month_text(last_month), month_text(paid_until) if paid_until else "")
    update_many(conn, store.allowance, ("own_number",), ("until_month", "paid_until_month"), [row])
    touch(conn, [own_number], CHILD_ALLOWANCE, now=now)
    event = AllowanceEnded(last_month=month_text(last_month), reason=reason, user=user)
    audit(conn, store.audit_table, event, now=now)


_PAYMENT = ("own_number", "from_month", "to_month", "children", "paid_yen")


def _payment_row(own_number: str, due: Payment) -> tuple[object, ...]:
    return own_number, month_text(due.from_month), month_text(due.to_month), due.children, due.paid_yen


def _insert_children(conn: Connection, theirs: Iterable[tuple[str, Child]]) -> None:
    rows = [
        (number, child.own_number, child.birth.isoformat(), month_text(child.since)) for number, child in theirs
    ]  # fmt: skip
    insert_many(conn, store.allowance_child, ("own_number", "child_number", "birth", "since_month"), rows)
