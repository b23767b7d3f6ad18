"""The welfare office of one body at work: claims that ask the exchange, and copies that go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from renkei.contracts.addressees import AddresseePort, Enrolment
from renkei.contracts.inquiries import CaseBatch, InquiryPort, InquiryResults
from renkei.institutions.agencies.welfare import queries
from renkei.institutions.agencies.welfare.model.allowance import Child
from renkei.institutions.agencies.welfare.model.claims import Claim, Need, State, batch_id
from renkei.institutions.agencies.welfare.operations import claims, registers
from renkei.platform.clock import Clock
from renkei.platform.database import Database


class Publication(NamedTuple):
    """What became of the copies that were due."""

    stored: int
    unchanged: int
    problems: int
    """Not taken, for instance because the addressee ledger does not know the person yet; they stay due."""


class WelfareOffice:
    """Everything that a clerk does with a claim for the child allowance, and the copies of all registers.

    A step is written down before the gateway hears of it, and everything the gateway hears may be said again.

    Args:
        db: opened with `store.metadata`.
        body_id: the municipality or prefecture whose office it is.
        gateway: the body's gateway behind the ledger's relay, which knows this system's own numbers.
        addressees: the body's addressee ledger.
        system: name of this system in the ledger.
        section: section that examines claims, entitled at the gateway to `RECOGNITION` and `RECOGNITION_PENSION`.
    """

    def __init__(
        self,
        db: Database,
        *,
        body_id: str,
        gateway: InquiryPort,
        addressees: AddresseePort,
        clock: Clock,
        system: str = "welfare",
        section: str = "child-allowance",
    ) -> None:
        self.db, self.clock, self.body_id, self.section = db, clock, body_id, section
        self._gateway, self._addressees, self._system = gateway, addressees, system

    async def enrol(self, enrolments: Sequence[Enrolment]) -> int:
        """Make people known to the ledger and have codes obtained; their personal numbers only pass through here."""
        new = await self._addressees.enrol(self._system, list(enrolments))
        await self._addressees.acquire_codes()
        return new

    async def file(
        self,
        own_number: str,
        *,
        children: Sequence[Child],
        moved_in_on: date | None = None,
        moved_from: str = "",
        user: str,
    ) -> Claim:
        """Take in a claim; raises as `operations.claims.file_claim`."""
        now = self.clock.now()
        return await self.db.write(
            partial(
                claims.file_claim, own_number=own_number, children=children, moved_in_on=moved_in_on,
                moved_from=moved_from, user=user, now=now,
            )
        )  # fmt: skip

    async def ask_for_claim(self, claim_id: str, *, user: str) -> Claim:
        """Ask the exchange what the claim needs. Called again, it continues, or asks anew for what was not given."""
        now = self.clock.now()
        batch = await self.db.write(
            partial(
                claims.open_round, claim_id=claim_id, own_body=self.body_id, section=self.section, user=user, now=now
            )
        )
        if batch is None:
            return await self.db.read(partial(queries.claim, claim_id=claim_id))
        await self.send_cases()
        return await self._take(claim_id, await self._gateway.inquire(batch))

    async def refresh(self, claim_id: str) -> Claim:
        """Look whether results that were outstanding have come."""
        claim = await self.db.read(partial(queries.claim, claim_id=claim_id))
        if claim.round == 0 or claim.state is not State.WAITING:
            return claim
        return await self._take(claim_id, await self._gateway.result(batch_id(claim_id, claim.round)))

    async def grant(self, claim_id: str, *, papers_seen: frozenset[Need] = frozenset(), user: str) -> Claim:
        """Grant the allowance and close the cases; raises as `operations.claims.grant`."""
        now = self.clock.now()
        decided = await self.db.write(
            partial(claims.grant, claim_id=claim_id, papers_seen=papers_seen, user=user, now=now)
        )
        await self.send_cases()
        return decided

    async def refuse(self, claim_id: str, *, reason: str, user: str) -> Claim:
        """Refuse the claim and close the cases."""
        now = self.clock.now()
        decided = await self.db.write(partial(claims.refuse, claim_id=claim_id, reason=reason, user=user, now=now))
        await self.send_cases()
        return decided

    async def withdraw(self, claim_id: str, *, user: str) -> Claim:
        """Let the claimant take the claim back, and close the cases."""
        now = self.clock.now()
        decided = await self.db.write(partial(claims.withdraw, claim_id=claim_id, user=user, now=now))
        await self.send_cases()
        return decided

    async def send_cases(self) -> int:
        """Tell the gateway of cases opened or closed that it has not heard of; safe to repeat. Returns how many."""
        unsent = await self.db.read(partial(queries.unsent_cases, section=self.section))
        if unsent:
            await self._gateway.register_cases(CaseBatch(cases=[one.case for one in unsent]))
            await self.db.write(partial(claims.cases_sent, sent=unsent))
        return len(unsent)

    async def publish_copies(self) -> Publication:
        """Hand over every copy that is due; safe to repeat at any time."""
        stored = unchanged = problems = 0
        after = ("", "")
        while True:
            due = await self.db.read(partial(queries.due_copies, after=after))
            if due is None:
                return Publication(stored, unchanged, problems)
            receipt = await self._gateway.register_copies(due.batch)
            refused = frozenset(problem.at for problem in receipt.problems)
            await self.db.write(partial(registers.published, due=due, refused=refused, now=self.clock.now()))
            stored += receipt.stored
            unchanged += receipt.unchanged
            problems += len(refused)
            last = due.batch.copies[-1]
            after = (last.address_number, last.information)

    async def _take(self, claim_id: str, results: InquiryResults) -> Claim:
        now = self.clock.now()
        return await self.db.write(partial(claims.take_results, claim_id=claim_id, results=results, now=now))
