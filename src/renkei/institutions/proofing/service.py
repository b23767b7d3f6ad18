"""Proofing at work."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial

from renkei.contracts.identity import StaffUser
from renkei.contracts.proofing import ProvenIdentity
from renkei.institutions.proofing import operations, queries
from renkei.institutions.proofing.model.records import Record, evidence_id, fold_id
from renkei.institutions.proofing.model.rules import Proof
from renkei.institutions.proofing.model.sufficient import Shown
from renkei.platform.clock import Clock
from renkei.platform.database import Database


class ProofingOffice:
    """Everything that a clerk does about proofing, and the port for those who rest something on it.

    Args:
        db: opened with `store.metadata`.
    """

    def __init__(self, db: Database, *, clock: Clock) -> None:
        self.db, self.clock = db, clock

    async def record(
        self,
        shown: Sequence[Shown],
        *,
        case_id: str,
        matched: bool,
        difficult: frozenset[Proof] = frozenset(),
        staff: StaffUser,
        reference: str = "",
    ) -> Record:
        """Keep what a clerk saw; raises as `operations.record_proofing`."""
        return await self.db.write(
            partial(
                operations.record_proofing, shown=shown, evidence_id=evidence_id(secrets.token_bytes(12)),
                case_id=case_id, matched=matched, difficult=difficult, body_id=staff.body_id, section=staff.section,
                clerk=staff.staff_id, reference=reference, now=self.clock.now(),
            )
        )  # fmt: skip

    async def withdraw(self, number: str, *, staff: StaffUser) -> None:
        """Take a record back; raises as `operations.withdraw`."""
        await self.db.write(
            partial(
                operations.withdraw, evidence_id=number, body_id=staff.body_id, clerk=staff.staff_id,
                now=self.clock.now(),
            )
        )  # fmt: skip

    async def evidence(self, evidence_id: str) -> ProvenIdentity:
        """A record that stands, its id typed in any way; raises as `queries.proven`."""
        return await self.db.read(partial(queries.proven, evidence_id=fold_id(evidence_id)))
