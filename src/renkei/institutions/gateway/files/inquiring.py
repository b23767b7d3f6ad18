"""An inquiry request file carried through the gateway: batches out, results together again.

Every batch has an id made of the file's name and its place in the file, and every inquiry a reference that carries
the file's digest. So the same file again gets the same answers (and those that a clerk gave meanwhile), an
interrupted one goes on where it was, and another file of the same name is refused.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from renkei.contracts.errors import BatchUnknown, RequestConflict
from renkei.contracts.exchange import ITEMS_MAX, Outcome, Purpose
from renkei.contracts.inquiries import Inquiry, InquiryBatch, InquiryPort, InquiryResult, InquiryResults
from renkei.institutions.gateway.files.errors import FileConflict, RowLedgerMissing, RowPersonUnknown, RowProblem
from renkei.institutions.gateway.files.request_file import RequestFile, RequestRow

Translate = Callable[[Iterable[str]], Mapping[str, str]]
"""Address number by own number, of one business system; an unknown one is absent."""

BATCHES_AT_ONCE = 3


class InquiryReport(NamedTuple):
    """What became of a request file."""

    request: RequestFile
    results: list[tuple[RequestRow, InquiryResult]]
    """In the order of the file."""
    problems: list[RowProblem]

    def counts(self) -> dict[str, int]:
        """Rows by outcome, and `problems`."""
        found = Counter(str(result.outcome) for _, result in self.results)
        return {str(outcome): found[str(outcome)] for outcome in Outcome} | {"problems": len(self.problems)}


async def inquire_file(
    port: InquiryPort,
    request: RequestFile,
    *,
    purpose: Purpose = Purpose.APPLICATION,
    translate: Translate | None = None,
) -> InquiryReport:
    """Ask what a request file asks; the results are recorded and durable when this returns.

    The file names no case (事案): the gateway takes the one open case of the person in the section for the affairs.

    Args:
        port: the body's gateway.
        request: from `read_request_file`.
        purpose: of the whole file, which has no column for it.
        translate: tells the address number where a row has only the own number; without it such a row is a problem.

    Raises:
        FileConflict: another file of this name was taken before; nothing is asked.
        Failed: the gateway cannot be reached; the same file again goes on from there.
    """
    sending = _Sending(port, request, purpose, translate)
    parts = list(_parts(request.rows)) or [(("", ""), [])]
    found = [await sending.part(1, parts[0])]  # alone: it tells whether the name stands for another file
    slots = asyncio.Semaphore(BATCHES_AT_ONCE)

    async def in_turn(number: int, part: Part) -> dict[int, InquiryResult]:
        async with slots:
            return await sending.part(number, part)

    found += await asyncio.gather(*(in_turn(number, part) for number, part in enumerate(parts[1:], start=2)))
    results = {line: result for part in found for line, result in part.items()}
    why = RowPersonUnknown if translate else RowLedgerMissing
    unknown = [RowProblem(row.line, "宛名番号", why()) for row in request.rows if row.line not in results]
    return InquiryReport(
        request,
        [(row, results[row.line]) for row in request.rows if row.line in results],
        sorted([*request.problems, *unknown], key=lambda problem: problem.line),
    )


Part = tuple[tuple[str, str], list[RequestRow]]
"""Section and user, and rows of theirs that fit one batch."""


def _parts(rows: Iterable[RequestRow]) -> Iterator[Part]:
    """The rows by section and user, as they first appear; this depends on the file alone, so it can be repeated."""
    groups: dict[tuple[str, str], list[RequestRow]] = {}
    for row in rows:
        groups.setdefault((row.section, row.user), []).append(row)
    for who, group in groups.items():
        for start in range(0, len(group), ITEMS_MAX):
            yield who, group[start : start + ITEMS_MAX]


class _Sending:
    """Sends the parts of one file."""

    def __init__(self, port: InquiryPort, request: RequestFile, purpose: Purpose, translate: Translate | None) -> None:
        self._port, self._request, self._purpose = port, request, purpose
        self._translate = translate or _nobody
        self._mark = request.digest[:16]

    async def part(self, number: int, part: Part) -> dict[int, InquiryResult]:
        """Results of one part by line; a line is absent if its person could not be told."""
        (section, user), rows = part
        batch_id = f"file-{self._request.name}-{number}"
        inquiries = list(self._inquiries(rows))
        if not inquiries:
            found = await self._asked_before(batch_id)
        else:
            batch = InquiryBatch(
                batch=batch_id, section=section, user=user, purpose=self._purpose, inquiries=inquiries
            )  # fmt: skip
            try:
                found = await self._port.inquire(batch)
            except RequestConflict:
                found = await self._asked_before(batch_id)
        return {self._line(result.ref): result for result in found.results} if found else {}

    def _inquiries(self, rows: list[RequestRow]) -> Iterator[Inquiry]:
        own_numbers = {row.own_number for row in rows if not row.address_number}
        known = self._translate(own_numbers) if own_numbers else {}
        for row in rows:
            address_number = row.address_number or known.get(row.own_number)
            if address_number:
                yield Inquiry(
                    ref=f"{row.line}/{self._mark}", address_number=address_number, case="", affairs=row.affairs,
                    information=row.information, provider=row.provider, hidden=row.hidden,
                )  # fmt: skip

    async def _asked_before(self, batch_id: str) -> InquiryResults | None:
        """What this very file got before, where the ledger knows more or less people than it did then.

        Raises:
            FileConflict: the batch is of another file.
        """
        try:
            found = await self._port.result(batch_id)
        except BatchUnknown:
            return None
        for result in found.results:
            self._line(result.ref)
        return found

    def _line(self, ref: str) -> int:
        line, _, mark = ref.partition("/")
        if mark != self._mark:
            raise FileConflict()
        return int(line)


def _nobody(own_numbers: Iterable[str]) -> Mapping[str, str]:
    return {}
