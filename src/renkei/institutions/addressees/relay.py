"""Between one business system and its body's gateway: own numbers become integrated address numbers on the way.

The business system never holds an integrated address number, the gateway never an own number (共通機能標準仕様書 2.7,
団体内統合宛名 0320008). Results name references only, so nothing is translated back but positions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, select

from renkei.base.identifier_errors import OwnNumberFormat
from renkei.base.identifiers import parse_own_number
from renkei.contracts.exchange import Outcome
from renkei.contracts.inquiries import (
    Case,
    CaseBatch,
    Copy,
    CopyBatch,
    CopyProblem,
    CopyReceipt,
    Inquiry,
    InquiryBatch,
    InquiryPort,
    InquiryResult,
    InquiryResults,
    PersonMarks,
    PersonMarksBatch,
)
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import OwnNumberUnknown
from renkei.platform.bulk import insert_many
from renkei.platform.database import Database

MessageT = TypeVar("MessageT", Inquiry, Copy, Case, PersonMarks)
_replace = msgspec.structs.replace


@dataclass(frozen=True)
class _Kept:
    """What a batch of inquiries became when it was first sent."""

    refused: dict[int, str]
    """Position → the inquiry's reference."""
    passed: int


class Relay:
    """Implements `contracts.inquiries.InquiryPort` for one business system.

    Args:
        db: the ledger's.
        system: whose own numbers are translated.
        gateway: the body's gateway.
    """

    def __init__(self, db: Database, system: str, gateway: InquiryPort) -> None:
        self._db = db
        self._system = system
        self._gateway = gateway

    async def inquire(self, batch: InquiryBatch) -> InquiryResults:
        """Pass the inquiries on; one about an unknown own number is refused, the others go through, order kept.

        The same batch sent again is passed on as it was the first time, so that nobody is asked about twice.

        Raises:
            As the gateway.
        """
        kept, known = await self._db.read(lambda conn: self._read_batch(conn, batch))
        passed: list[Inquiry] = []
        refused: dict[int, str] = {}
        for at, inquiry in enumerate(batch.inquiries):
            number = None if kept and at in kept.refused else known.get(inquiry.address_number)
            if number is None:
                refused[at] = inquiry.ref
            else:
                passed.append(_replace(inquiry, address_number=number))
        if refused and kept is None:
            row = (self._system, batch.batch, msgspec.json.encode(refused).decode(), len(passed))
            await self._db.write(lambda conn: self._keep(conn, row))
        results: list[InquiryResult] = []
        if passed:
            results = (await self._gateway.inquire(_replace(batch, inquiries=passed))).results
        return InquiryResults(batch=batch.batch, results=_together(results, refused))

    async def result(self, batch: str) -> InquiryResults:
        """Results of a batch sent before, those refused here in their places.

        Raises:
            As the gateway.
        """
        kept = await self._db.read(lambda conn: self._kept(conn, batch))
        if kept is None:
            return await self._gateway.result(batch)
        results = (await self._gateway.result(batch)).results if kept.passed else []
        return InquiryResults(batch=batch, results=_together(results, kept.refused))

    async def register_copies(self, batch: CopyBatch) -> CopyReceipt:
        """Pass copies on; those about an unknown own number are problems of the receipt.

        Once the missing people are enrolled, the same batch may be sent again and is then passed on whole.

        Raises:
            As the gateway.
        """
        copies, missing = await self._translate(batch.copies)
        unknown = [CopyProblem(at=at, reason=OwnNumberUnknown.code, facts=_facts(at)) for at in missing]
        if not copies:
            return CopyReceipt(batch=batch.batch, stored=0, unchanged=0, problems=unknown)
        # A batch id stands for one content at the gateway, so a part of a batch needs an id of its own.
        batch_id = _part_id(batch.batch, missing) if missing else batch.batch
        receipt = await self._gateway.register_copies(CopyBatch(batch=batch_id, copies=copies))
        gone = set(missing)
        original = [at for at in range(len(batch.copies)) if at not in gone]
        problems = [_replace(problem, at=original[problem.at]) for problem in receipt.problems] + unknown
        return CopyReceipt(
            batch=batch.batch, stored=receipt.stored, unchanged=receipt.unchanged,
            problems=sorted(problems, key=lambda problem: problem.at),
        )  # fmt: skip

    async def register_cases(self, batch: CaseBatch) -> None:
        """Pass cases on.

        Raises:
            OwnNumberUnknown: about these positions; the other cases were passed on.
            As the gateway.
        """
        cases, missing = await self._translate(batch.cases)
        if cases:
            await self._gateway.register_cases(CaseBatch(cases=cases))
        _check_all_known(missing)

    async def mark_persons(self, batch: PersonMarksBatch) -> None:
        """Pass marks on.

        Raises:
            OwnNumberUnknown: about these positions; the other marks were passed on.
            As the gateway.
        """
        persons, missing = await self._translate(batch.persons)
        if persons:
            await self._gateway.mark_persons(PersonMarksBatch(persons=persons))
        _check_all_known(missing)

    async def _translate(self, messages: Sequence[MessageT]) -> tuple[list[MessageT], list[int]]:
        """Messages with address numbers in the place of own numbers, and the positions of those unknown."""
        known = await self._db.read(lambda conn: self._numbers(conn, [one.address_number for one in messages]))
        translated: list[MessageT] = []
        missing: list[int] = []
        for at, message in enumerate(messages):
            number = known.get(message.address_number)
            if number is None:
                missing.append(at)
            else:
                translated.append(_replace(message, address_number=number))
        return translated, missing

    def _numbers(self, conn: Connection, given: Iterable[str]) -> dict[str, str]:
        """Own number as given → address number."""
        parsed = {text: number for text in given if (number := _parsed(text))}
        found = queries.address_numbers(conn, self._system, dict.fromkeys(parsed.values()))
        return {text: found[number] for text, number in parsed.items() if number in found}

    def _read_batch(self, conn: Connection, batch: InquiryBatch) -> tuple[_Kept | None, dict[str, str]]:
        numbers = self._numbers(conn, [inquiry.address_number for inquiry in batch.inquiries])
        return self._kept(conn, batch.batch), numbers

    def _kept(self, conn: Connection, batch: str) -> _Kept | None:
        table = store.relayed_batch
        query = select(table.c.refused, table.c.passed).where(table.c.system == self._system, table.c.batch == batch)
        row = conn.execute(query).one_or_none()
        if row is None:
            return None
        return _Kept(msgspec.json.decode(row.refused, type=dict[int, str]), row.passed)

    def _keep(self, conn: Connection, row: tuple[str, str, str, int]) -> None:
        columns = ("system", "batch", "refused", "passed")
        insert_many(conn, store.relayed_batch, columns, [row], ignore_conflicts=True)


def _parsed(text: str) -> str | None:
    try:
        return parse_own_number(text)
    except OwnNumberFormat:
        return None


def _facts(at: int) -> dict[str, str]:
    return {"count": "1", "positions": str(at)}


def _together(results: Sequence[InquiryResult], refused: dict[int, str]) -> list[InquiryResult]:
    if not refused:
        return list(results)
    given = iter(results)
    return [
        InquiryResult(ref=refused[at], outcome=Outcome.REFUSED, reason=OwnNumberUnknown.code, facts=_facts(at))
        if at in refused
        else next(given)
        for at in range(len(results) + len(refused))
    ]


def _part_id(batch: str, missing: Sequence[int]) -> str:
    digest = hashlib.sha256(f"{batch}\n{missing}".encode()).hexdigest()[:12]
    return f"{batch[:51]}~{digest}"


def _check_all_known(missing: Sequence[int]) -> None:
    if missing:
        raise OwnNumberUnknown(count=len(missing), positions=",".join(str(at) for at in missing))
