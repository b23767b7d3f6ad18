"""The pension office at work: claims that ask the exchange, and copies that go out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from renkei.contracts.addressees import AddresseePort, Enrolment
from renkei.contracts.inquiries import CaseBatch, InquiryPort, InquiryResults
from renkei.institutions.agencies.pension import queries
from renkei.institutions.agencies.pension.model.claims import DEFAULT_NEEDS, Claim, Need, State, batch_id
from renkei.institutions.agencies.pension.operations import claims, register
from renkei.platform.clock import Clock
from renkei.platform.database import Database


class Publication(NamedTuple):
    """What became of the copies that were due."""

    stored: int
    unchanged: int
    problems: int
    """Not taken, for instance because the addressee ledger does not know the person yet; they stay due."""


class PensionOffice:
    """Everything that a clerk or the claim page does with a claim.

    A step is written down before the gateway hears of it, and everything the gateway hears may be said again: a claim
    whose inquiries broke off is continued by `ask` under the same ids.

    Args:
        db: opened with `store.metadata`.
        gateway: the body's gateway behind the ledger's relay, which knows this system's own numbers.
        addressees: the body's addressee ledger.
        system: name of this system in the ledger.
        section: section that examines claims, entitled at the gateway to `model.claims.AFFAIRS`.
    """

    def __init__(
        self,
        db: Database,
        *,
        gateway: InquiryPort,
        addressees: AddresseePort,
        clock: Clock,
        system: str = "pension",
        section: str = "pension-claims",
    ) -> None:
        self.db, self.clock, self.section = db, clock, section
        self._gateway, self._addressees, self._system = gateway, addressees, system

    async def enrol(self, enrolments: Sequence[Enrolment]) -> int:
        """Make people known to the ledger and have codes obtained; their personal numbers only pass through here."""
        new = await self._addressees.enrol(self._system, list(enrolments))
        await self._addressees.acquire_codes()
        return new

    async def file(self, own_number: str, *, needs: Sequence[Need] = DEFAULT_NEEDS, user: str) -> Claim:
        """Take in a claim and open its case; raises as `operations.claims.file_claim`."""
        now = self.clock.now()
        claim = await self.db.write(partial(claims.file_claim, own_number=own_number, needs=needs, user=user, now=now))
        await self.send_cases()
        return claim

    async def ask_for_claim(self, claim_id: str, *, user: str) -> Claim:
        """Ask the exchange what the claim needs. Called again, it continues, or asks anew for what was not given.

        Raises:
            RenkeiError: as `operations.claims.open_round`; or the gateway cannot be reached (family `failed`), in which
                case the claim waits and the same call continues it.
        """
        await self.send_cases()
        now = self.clock.now()
        batch = await self.db.write(
            partial(claims.open_round, claim_id=claim_id, section=self.section, user=user, now=now)
        )
        if batch is None:
            return await self.db.read(partial(queries.claim, claim_id=claim_id))
        return await self._take(claim_id, await self._gateway.inquire(batch))

    async def refresh(self, claim_id: str) -> Claim:
        """Look whether results that were outstanding have come."""
        claim = await self.db.read(partial(queries.claim, claim_id=claim_id))
        if claim.round == 0 or claim.state not in (State.WAITING, State.HELD):
            return claim
        return await self._take(claim_id, await self._gateway.result(batch_id(claim_id, claim.round)))

    async def hold(self, claim_id: str, *, reason: str, user: str) -> Claim:
        """Put a claim on hold."""
        now = self.clock.now()
        return await self.db.write(partial(claims.hold, claim_id=claim_id, reason=reason, user=user, now=now))

    async def grant(self, claim_id: str, *, papers_seen: frozenset[Need] = frozenset(), user: str) -> Claim:
        """Grant the pension, close the case, and have the new copy go out; raises as `operations.claims.grant`."""
        now = self.clock.now()
        decided = await self.db.write(
            partial(claims.grant, claim_id=claim_id, papers_seen=papers_seen, user=user, now=now)
        )
        await self.send_cases()
        return decided

    async def refuse(self, claim_id: str, *, reason: str, user: str) -> Claim:
        """Refuse the claim and close the case."""
        now = self.clock.now()
        decided = await self.db.write(partial(claims.refuse, claim_id=claim_id, reason=reason, user=user, now=now))
        await self.send_cases()
        return decided

    async def withdraw(self, claim_id: str, *, user: str) -> Claim:
        """Let the claimant take the claim back, and close the case."""
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
        after = ""
        while True:
            due = await self.db.read(partial(queries.due_copies, after=after))
            if due is None:
                return Publication(stored, unchanged, problems)
            receipt = await self._gateway.register_copies(due.batch)
            refused = frozenset(problem.at for problem in receipt.problems)
            await self.db.write(partial(register.published, due=due, refused=refused, now=self.clock.now()))
            stored += receipt.stored
            unchanged += receipt.unchanged
            problems += len(refused)
            after = due.batch.copies[-1].address_number

    async def _take(self, claim_id: str, results: InquiryResults) -> Claim:
        now = self.clock.now()
        return await self.db.write(partial(claims.take_results, claim_id=claim_id, results=results, now=now))
