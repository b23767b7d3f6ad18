"""The tax office of one municipality: what it does with its gateway."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from renkei.contracts.inquiries import InquiryPort
from renkei.institutions.agencies.tax import queries
from renkei.institutions.agencies.tax.operations import published
from renkei.platform.clock import Clock
from renkei.platform.database import Database


class Publication(NamedTuple):
    """What became of the copies that were due."""

    stored: int
    unchanged: int
    problems: int
    """Not taken, for instance because the addressee ledger does not know the person yet; they stay due."""


class TaxOffice:
    """Hands copies to the gateway.

    Args:
        db: opened with `store.metadata`.
        gateway: the body's gateway behind the ledger's relay, which knows this system's own numbers.
    """

    def __init__(self, db: Database, *, gateway: InquiryPort, clock: Clock) -> None:
        self.db, self._gateway, self._clock = db, gateway, clock

    async def publish_copies(self) -> Publication:
        """Hand over every copy that is due; safe to repeat at any time."""
        stored = unchanged = problems = 0
        after = ""
        while True:
            found = await self.db.read(partial(queries.due_copies, after=after))
            if found is None:
                return Publication(stored, unchanged, problems)
            receipt = await self._gateway.register_copies(found.batch)
            refused = frozenset(problem.at for problem in receipt.problems)
            await self.db.write(partial(published, due=found, refused=refused, now=self._clock.now()))
            stored += receipt.stored
            unchanged += receipt.unchanged
            problems += len(refused)
            after = found.batch.copies[-1].address_number
