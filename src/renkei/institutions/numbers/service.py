"""`numbers` as an addressee ledger sees it: an order comes in, a request to the core goes out."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from renkei.base.errors import RenkeiError
from renkei.contracts.number_orders import CodeOrder
from renkei.contracts.numbering import CodeIssueRequest
from renkei.institutions.numbers import store
from renkei.institutions.numbers.model import DIGITS_DRAWN, OrderRefused
from renkei.institutions.numbers.operations import take_order
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database

Send: TypeAlias = Callable[[CodeIssueRequest], Awaitable[object]]
"""Hands a request to the core; it returns once the core has taken it."""


def draw_digits(count: int) -> Sequence[str]:
    """The source of randomness for production: the operating system's."""
    return [f"{secrets.randbelow(10**DIGITS_DRAWN):0{DIGITS_DRAWN}d}" for _ in range(count)]


class Numbers:
    """Implements `contracts.number_orders.CodeOrderPort`.

    Args:
        db: opened with `store.metadata`.
        send: to the core; signed on the way by the transport behind it.
    """

    def __init__(self, db: Database, *, send: Send, clock: Clock) -> None:
        self._db = db
        self._send = send
        self._clock = clock

    async def order_codes(self, order: CodeOrder) -> int:
        """Forward the order to the core; returns how many persons were found.

        An order may be sent again after a failure: the core issues the code that it issued before.

        Raises:
            PersonalNumberUnknown: a number was never assigned; names the positions, nothing is forwarded.
            TooManyItems, AcquisitionNumberFormat, RequestedTwice: the order is malformed.
        """
        now = self._clock.now()
        try:
            request = await self._db.write(lambda conn: take_order(conn, order, now=now))
        except RenkeiError as error:
            event = OrderRefused(body=order.body_id[:40], reason=error.code, items=len(order.items))
            await self._db.write(lambda conn: audit(conn, store.audit_table, event, now=now))
            raise
        if request.items:
            await self._send(request)
        return len(request.items)
