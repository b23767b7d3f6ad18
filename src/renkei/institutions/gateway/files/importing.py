"""Copies by file into the gateway's own store: chunk by chunk, each whole or not at all, repeatable at every point.

A chunk is one transaction under an id made of the file's name and the chunk's place, kept with the digest of the
whole file: the same file again finds every chunk done and changes nothing, a killed import goes on where it was, and
another file of the same name is refused before anything is changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from renkei.base.errors import from_code
from renkei.base.time import Instant
from renkei.contracts.errors import RequestConflict
from renkei.contracts.inquiries import CopyReceipt
from renkei.institutions.gateway.files.copies_file import CopiesChunk, CopiesSource, inspect, read_chunks
from renkei.institutions.gateway.files.errors import FileConflict, RowPersonUnknown, RowProblem
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

    Reading runs ahead of writing by one chunk, in a thread of its own: the store lets go of the interpreter while it
    writes.

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
    report = ImportReport(0, 0, 0, [])
    waiting: list[tuple[CopiesChunk, Future[CopyReceipt]]] = []
    with ThreadPoolExecutor(1, thread_name_prefix="copies") as writer:
        for chunk in prepared(source, translate):
            waiting.append((chunk, writer.submit(_register, db, source, chunk, now)))
            # The first chunk tells whether the name stands for another file; nothing is written before that is known.
            if len(waiting) > 1 or chunk.number == 1:
                report = _taken(report, *waiting.pop(0), source, progress)
        for taken in waiting:
            report = _taken(report, *taken, source, progress)
    return report._replace(problems=sorted(report.problems, key=lambda problem: problem.line))


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
    return f"file/{stem}/{number}"


def problems_of(chunk: CopiesChunk, receipt: CopyReceipt) -> list[RowProblem]:
    """What the reader and the gateway objected to in one chunk, by line of the file."""
    found = list(chunk.problems)
    for problem in receipt.problems:
        line = chunk.lines[problem.at]
        if not chunk.rows[problem.at][0]:
            found.append(RowProblem(line, "own_number", RowPersonUnknown()))
        else:
            found.append(RowProblem(line, "", from_code(problem.reason, public=problem.facts)))
    return found


def _register(db: Database, source: CopiesSource, chunk: CopiesChunk, now: Instant) -> CopyReceipt:
    batch = batch_id(source.path.name, chunk.number)

    def work(conn: Connection) -> CopyReceipt:
        return register_rows(conn, chunk.rows, batch=batch, digest=source.digest, now=now)

    try:
        with db.writing() as conn:
            return work(conn)
    except RequestConflict as error:
        raise FileConflict() from error


def _taken(
    report: ImportReport,
    chunk: CopiesChunk,
    receipt: Future[CopyReceipt],
    source: CopiesSource,
    progress: Progress | None,
) -> ImportReport:
    done = receipt.result()
    if progress is not None:
        progress(min(chunk.read, source.size), source.size)
    return ImportReport(
        report.rows + len(chunk.rows) + len(chunk.problems), report.stored + done.stored,
        report.unchanged + done.unchanged, report.problems + problems_of(chunk, done),
    )  # fmt: skip
