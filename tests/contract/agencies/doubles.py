"""A gateway and a ledger that remember what they were told, and answer what a test lays out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from renkei.base.time import to_ms
from renkei.contracts.addressees import Enrolment
from renkei.contracts.errors import ExchangeInterrupted
from renkei.contracts.exchange import Outcome
from renkei.contracts.inquiries import (
    NO_DATA,
    Case,
    CaseBatch,
    Copy,
    CopyBatch,
    CopyProblem,
    CopyReceipt,
    Inquiry,
    InquiryBatch,
    InquiryResult,
    InquiryResults,
    PersonMarksBatch,
)
from renkei.contracts.sheets import encode

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
Respond = Callable[[Inquiry], InquiryResult]


def given(inquiry: Inquiry, body: msgspec.Struct, *, number: str = "20261123000000000001") -> InquiryResult:
    """An answer with data."""
    return InquiryResult(
        ref=inquiry.ref, outcome=Outcome.GIVEN, number=number, provider=inquiry.provider, row="73",
        edition="order-r6-9", asked_ms=to_ms(NOW), given_ms=to_ms(NOW), copied_ms=to_ms(NOW) - 86_400_000,
        data=msgspec.Raw(encode(body)),
    )  # fmt: skip


def without(inquiry: Inquiry, outcome: Outcome, reason: str = "") -> InquiryResult:
    """An answer without data."""
    return InquiryResult(ref=inquiry.ref, outcome=outcome, reason=reason, provider=inquiry.provider, data=NO_DATA)


class RememberingGateway:
    """Implements `contracts.inquiries.InquiryPort`; `responses` by information item."""

    def __init__(self) -> None:
        self.responses: dict[str, Respond] = {}
        self.sent: list[InquiryBatch] = []
        self.cases: dict[str, Case] = {}
        self.copies: dict[tuple[str, str], Copy] = {}
        self.batches: list[CopyBatch] = []
        self.unknown: set[str] = set()
        self.broken = False

    async def inquire(self, batch: InquiryBatch) -> InquiryResults:
        if self.broken:
            raise ExchangeInterrupted()
        self.sent.append(batch)
        for inquiry in batch.inquiries:
            case = self.cases[inquiry.case]
            assert (case.affairs, case.section, case.closed_ms) == (inquiry.affairs, batch.section, 0)
        return self._results(batch)

    async def result(self, batch: str) -> InquiryResults:
        [known] = {one.batch: one for one in self.sent if one.batch == batch}.values()
        return self._results(known)

    async def register_copies(self, batch: CopyBatch) -> CopyReceipt:
        self.batches.append(batch)
        problems, stored = [], 0
        for at, copy in enumerate(batch.copies):
            key = (copy.address_number, copy.information)
            if copy.address_number in self.unknown:
                problems.append(CopyProblem(at=at, reason="person_unknown"))
            elif key not in self.copies or self.copies[key].copied_ms < copy.copied_ms:
                self.copies[key] = copy
                stored += 1
        unchanged = len(batch.copies) - stored - len(problems)
        return CopyReceipt(batch=batch.batch, stored=stored, unchanged=unchanged, problems=problems)

    async def register_cases(self, batch: CaseBatch) -> None:
        if self.broken:
            raise ExchangeInterrupted()
        self.cases |= {case.case: case for case in batch.cases}

    async def mark_persons(self, batch: PersonMarksBatch) -> None:
        raise AssertionError("agencies mark nobody")

    def _results(self, batch: InquiryBatch) -> InquiryResults:
        results = [self.responses[inquiry.information](inquiry) for inquiry in batch.inquiries]
        return InquiryResults(batch=batch.batch, results=results)


class RememberingLedger:
    """Implements `contracts.addressees.AddresseePort`."""

    def __init__(self) -> None:
        self.enrolled: list[tuple[str, Enrolment]] = []
        self.acquired = 0

    async def enrol(self, system: str, enrolments: list[Enrolment]) -> int:
        self.enrolled += [(system, enrolment) for enrolment in enrolments]
        return len(enrolments)

    async def acquire_codes(self) -> int:
        self.acquired += 1
        return len(self.enrolled)
