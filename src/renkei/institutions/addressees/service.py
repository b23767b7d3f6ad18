"""The ledger as its body's business systems see it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection

from renkei.base.errors import Refused
from renkei.base.identifiers import ACQUISITION_NUMBER_DIGITS
from renkei.contracts.addressees import Enrolment
from renkei.contracts.exchange import ITEMS_MAX
from renkei.contracts.number_orders import CodeOrder, CodeOrderItem, CodeOrderPort
from renkei.contracts.numbering import AcquisitionBatch, AcquisitionItem
from renkei.institutions.addressees.model import Acquisition, CodeState, Draw
from renkei.institutions.addressees.operations import codes
from renkei.institutions.addressees.operations.enrolling import enrol
from renkei.platform.clock import Clock
from renkei.platform.database import Database

SendAcquisitions: TypeAlias = Callable[[AcquisitionBatch], Awaitable[object]]
"""To the body's own gateway; returns once it has kept them."""

REORDER_AFTER = timedelta(days=1)
"""An order whose code has not come for so long is made again; the core then sends the code that it issued."""

_UNKNOWN = "personal_number_unknown"


def draw_acquisition_numbers(count: int) -> Sequence[str]:
    """The source of randomness for production: the operating system's."""
    width = ACQUISITION_NUMBER_DIGITS
    return [f"{secrets.randbelow(10**width):0{width}d}" for _ in range(count)]


class Addressees:
    """Implements `contracts.addressees.AddresseePort`.

    Args:
        db: opened with `store.metadata`.
        body_id: the body whose ledger it is.
        gateway: hands acquisition numbers to the body's own gateway.
        numbers: takes orders of linkage codes.
        draw: source of acquisition numbers.
    """

    def __init__(
        self,
        db: Database,
        *,
        body_id: str,
        gateway: SendAcquisitions,
        numbers: CodeOrderPort,
        clock: Clock,
        draw: Draw = draw_acquisition_numbers,
        reorder_after: timedelta = REORDER_AFTER,
    ) -> None:
        self._db = db
        self._body_id = body_id
        self._gateway = gateway
        self._numbers = numbers
        self._clock = clock
        self._draw = draw
        self._reorder_after = reorder_after
        self._one_at_a_time = asyncio.Lock()

    async def enrol(self, system: str, enrolments: list[Enrolment]) -> int:
        """Number these people; returns how many integrated address numbers are new.

        Written in parts of at most `ITEMS_MAX`: a part that is refused does not undo those before it, and sending
        everything again changes nothing that stands.

        Raises:
            OwnNumberTaken: an own number of this system stands for someone else; positions count from the start of
                the part.
            OwnNumberFormat: malformed.
        """
        new, now = 0, self._clock.now()
        for start in range(0, len(enrolments), ITEMS_MAX):
            part = enrolments[start : start + ITEMS_MAX]
            new += await self._db.write(partial(enrol, system=system, enrolments=part, now=now))
        return new

    async def acquire_codes(self) -> int:
        """Obtain linkage codes for everyone who has none yet; returns how many were ordered.

        First the gateway learns which acquisition number stands for whom, then the order goes out: the code can
        never come before it is expected. After an interruption the same acquisition numbers are sent again.

        Raises:
            RenkeiError: the gateway or `numbers` did not take them; what was ordered until then stays ordered.
        """
        ordered = 0
        async with self._one_at_a_time:
            while batch := await self._db.write(self._next_batch):
                await self._gateway(
                    AcquisitionBatch([AcquisitionItem(one.acquisition_number, one.address_number) for one in batch])
                )
                ordered += await self._order(batch)
        return ordered

    async def codes_came(self, address_numbers: Iterable[str]) -> int:
        """The gateway tells whose codes it holds; returns how many of them the ledger knows."""
        numbers = list(address_numbers)
        return await self._db.write(lambda conn: codes.codes_came(conn, numbers))

    def _next_batch(self, conn: Connection) -> list[Acquisition]:
        left = codes.open_acquisitions(conn)
        lost = self._clock.now() - self._reorder_after
        return left or codes.draw_acquisitions(conn, draw=self._draw, ordered_before=lost)

    async def _order(self, batch: list[Acquisition]) -> int:
        now = self._clock.now()
        items = [CodeOrderItem(one.acquisition_number, one.personal_number) for one in batch]
        try:
            await self._numbers.order_codes(CodeOrder(self._body_id, items))
        except Refused as error:
            if error.code != _UNKNOWN:
                raise
            unknown = [batch[int(at)] for at in error.public["positions"].split(",")]
            await self._db.write(lambda conn: codes.settle(conn, unknown, state=CodeState.REFUSED, now=now))
            return 0
        await self._db.write(lambda conn: codes.settle(conn, batch, now=now))
        return len(batch)
