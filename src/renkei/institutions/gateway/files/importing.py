"""Copies by file into the gateway's own store: chunk by chunk, each whole or not at all, repeatable at every point.

A chunk is one transaction under an id made of the file's name and the chunk's place, kept with the digest of the
whole file: the same file again finds every chunk done and changes nothing, a killed import goes on where it was, and
another file of the same name is refused before anything is changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from renkei.base.errors import RenkeiError, from_code
from renkei.base.time import Instant
from renkei.contracts.errors import RequestConflict
from renkei.contracts.information import check_body
from renkei.contracts.inquiries import Copy, CopyBatch, CopyReceipt, InquiryPort
from renkei.institutions.gateway.files.copies_file import CopiesChunk, CopiesSource, inspect, read_chunks
from renkei.institutions.gateway.files.errors import FileConflict, RowLedgerMissing, RowPersonUnknown, RowProblem
from renkei.institutions.gateway.operations.copies import register_rows
from renkei.platform.database import Database

Translate = Callable[[Iterable[str]], Mapping[str, str]]
"""Address number by own number, of one business system; an unknown one is absent."""
Progress = Callable[[int, int], None]
"""Told after each chunk: bytes of the file done, bytes in all."""

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,48}")


class ImportReport(NamedTuple):
    """What became of a file of copies."""

    rows: int
    stored: int
    unchanged: int
    problems: list[RowProblem]


def import_copies(
    db: Database, path: Path, *, now: Instant, translate: Translate | None = None, progress: Progress | None = None
) -> ImportReport:
    """Register the copies of a file in a tenant's store; durable when this returns.

    Args:
        db: the tenant's own store.
        now: judges copies from the future.
        translate: needed where the file names persons by their own number; without it every such row is a problem.

    Raises:
        FileUnreadable, FileTooLarge, FileEmpty, FileEncodingUnknown, HeaderInvalid: the file cannot be taken.
        FileConflict: another file of this name was taken before; nothing is changed.
        StoreFailed: the chunk under way is not kept, those before it are; the same file again goes on from there.
    """
    source = inspect(path)
    rows = stored = unchanged = 0
    problems: list[RowProblem] = []
    for chunk in prepared(source, translate):
        receipt = _register(db, source, chunk, now)
        rows += len(chunk.rows) + len(chunk.problems)
        stored += receipt.stored
        unchanged += receipt.unchanged
        problems += _problems_of(chunk, receipt, translate)
        if progress is not None:
            progress(min(chunk.read, source.size), source.size)
    return ImportReport(rows, stored, unchanged, problems)


async def send_copies(
    port: InquiryPort, path: Path, *, translate: Translate | None = None, progress: Progress | None = None
) -> ImportReport:
    """Register the copies of a file through a gateway's signed interface; otherwise as `import_copies`.

    Raises:
        FileUnreadable, FileTooLarge, FileEmpty, FileEncodingUnknown, HeaderInvalid: the file cannot be taken.
        FileConflict: a chunk of another file of this name was taken before; those before it were the same.
        Failed: the gateway cannot be reached; the same file again goes on from there.
    """
    source = inspect(path)
    report = ImportReport(0, 0, 0, [])
    for read in prepared(source, translate):
        chunk, local = _well_formed(read)
        copies = [
            Copy(address_number=number, information=information, body=msgspec.Raw(body), copied_ms=copied_ms,
                 valid_from=valid_from, valid_to=valid_to)
            for number, information, body, copied_ms, valid_from, valid_to in chunk.rows
        ]  # fmt: skip
        try:
            receipt = await port.register_copies(CopyBatch(batch=batch_id(path.name, chunk.number), copies=copies))
        except RequestConflict as error:
            raise FileConflict() from error
        problems = sorted([*_problems_of(chunk, receipt, translate), *local], key=lambda problem: problem.line)
        report = ImportReport(
            report.rows + len(read.rows) + len(read.problems), report.stored + receipt.stored,
            report.unchanged + receipt.unchanged, report.problems + problems,
        )  # fmt: skip
        if progress is not None:
            progress(min(chunk.read, source.size), source.size)
    return report


def _well_formed(chunk: CopiesChunk) -> tuple[CopiesChunk, list[RowProblem]]:
    """Leave out bodies that break their schema: one that is not even JSON would break the whole message."""
    good: list[int] = []
    problems: list[RowProblem] = []
    for at, row in enumerate(chunk.rows):
        try:
            check_body(row[1], row[2])
            good.append(at)
        except RenkeiError as error:
            problems.append(RowProblem(chunk.lines[at], "body", error))
    if not problems:
        return chunk, problems
    return chunk._replace(rows=[chunk.rows[at] for at in good], lines=[chunk.lines[at] for at in good]), problems


def prepared(source: CopiesSource, translate: Translate | None) -> Iterator[CopiesChunk]:
    """The chunks of a file, with address numbers throughout."""
    for chunk in read_chunks(source):
        if not chunk.by_own_number:
            yield chunk
            continue
        known = translate({row[0] for row in chunk.rows}) if translate else {}
        # Someone unknown stays in the chunk, as nobody, so that a chunk is the same whatever the ledger says today.
        yield chunk._replace(rows=[(known.get(row[0], ""), *row[1:]) for row in chunk.rows])


def batch_id(name: str, number: int) -> str:
    """Id of one chunk of a file of this name; at most 64 characters."""
    stem = name if _PLAIN.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:40]
    return f"file-{stem}-{number}"


def _problems_of(chunk: CopiesChunk, receipt: CopyReceipt, translate: Translate | None) -> list[RowProblem]:
    """What the reader and the gateway objected to in one chunk, by line of the file."""
    found = list(chunk.problems)
    unknown = RowPersonUnknown if translate else RowLedgerMissing
    for problem in receipt.problems:
        line = chunk.lines[problem.at]
        if not chunk.rows[problem.at][0]:
            found.append(RowProblem(line, "own_number", unknown()))
        else:
            found.append(RowProblem(line, "", from_code(problem.reason, public=problem.facts)))
    return sorted(found, key=lambda problem: problem.line)


def _register(db: Database, source: CopiesSource, chunk: CopiesChunk, now: Instant) -> CopyReceipt:
    batch = batch_id(source.path.name, chunk.number)
    try:
        with db.writing() as conn:
            return register_rows(conn, chunk.rows, batch=batch, digest=source.digest, now=now)
    except RequestConflict as error:
        raise FileConflict() from error
