"""The CSV file of copies (副本): a header, then one copy a row.

    address_number,information,copied_at,valid_from,valid_to,body
    000000000000001,local_tax,2026-11-23T03:00:00Z,2026-04-01,9999-12-31,"{""schema"":""local_tax/2026-04"",…}"

`own_number` may stand in place of `address_number`; the ledger then tells the address number. Columns may stand in
any order. `copied_at` is ISO 8601 with its offset (or Z); an empty `valid_to` is 9999-12-31; `body` is the JSON of
the item's schema (`renkei.contracts.information`). UTF-8 with or without a byte order mark, or CP932.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TextIO

from renkei.base.encoding import is_digits
from renkei.base.time import to_ms
from renkei.institutions.gateway.files.errors import (
    FileEmpty,
    FileEncodingUnknown,
    FileTooLarge,
    FileUnreadable,
    HeaderInvalid,
    RowCells,
    RowProblem,
    RowUnreadable,
    RowValue,
)  # fmt: skip

FILE_BYTES_MAX = 8 << 30
CHUNK_ROWS = 5_000
COLUMNS: Final = ("information", "copied_at", "valid_from", "valid_to", "body")
_NUMBER_COLUMNS: Final = ("address_number", "own_number")
_FOREVER = "9999-12-31"
_BLOCK = 1 << 20


class CopiesSource(NamedTuple):
    """A file of copies, looked at once: what it is, not yet what it says."""

    path: Path
    encoding: str
    digest: bytes
    """SHA-256 of its bytes."""
    size: int


CopyFields = tuple[str, str, bytes, int, str, str]
"""Number of the person (fifteen digits), information, body, copied_ms, valid_from, valid_to."""


class CopiesChunk(NamedTuple):
    """Up to `CHUNK_ROWS` lines' worth of copies."""

    number: int
    """1-based."""
    by_own_number: bool
    """The persons stand by their own number and have to be translated."""
    rows: list[CopyFields]
    lines: list[int]
    """Line of each row."""
    problems: list[RowProblem]
    read: int
    """Bytes of the file read so far, for a progress bar."""


def inspect(path: Path) -> CopiesSource:
    """Read the file once for its digest and encoding.

    Raises:
        FileUnreadable, FileTooLarge, FileEmpty, FileEncodingUnknown: it cannot be taken.
    """
    digest = hashlib.sha256()
    candidates = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "cp932")}
    size = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > FILE_BYTES_MAX:
                    raise FileTooLarge(limit_bytes=FILE_BYTES_MAX)
                digest.update(block)
                _narrow(candidates, block, final=False)
    except OSError as error:
        raise FileUnreadable(file=path.name, what=error.strerror or "") from error
    if not size:
        raise FileEmpty()
    _narrow(candidates, b"", final=True)
    return CopiesSource(path, next(iter(candidates)), digest.digest(), size)


def _narrow(candidates: dict[str, codecs.IncrementalDecoder], block: bytes, *, final: bool) -> None:
    """Drop the encodings that a further block of the file is not in."""
    if block.isascii() and not final and not any(decoder.getstate()[0] for decoder in candidates.values()):
        return  # says nothing about which it is, and is most of what such files hold
    for name in list(candidates):
        try:
            candidates[name].decode(block, final)
        except UnicodeDecodeError:
            del candidates[name]
    if not candidates:
        raise FileEncodingUnknown()


class _Layout(NamedTuple):
    number: int
    information: int
    copied_at: int
    valid_from: int
    valid_to: int
    body: int
    width: int
    by_own_number: bool


def read_chunks(source: CopiesSource) -> Iterator[CopiesChunk]:
    """The copies of a file, chunk by chunk; the file is never held whole.

    Raises:
        HeaderInvalid: the first line does not name the columns.
        FileUnreadable: it was taken away meanwhile.
    """
    try:
        with source.path.open(encoding=source.encoding, newline="", buffering=_BLOCK) as file:
            yield from _read(file)
    except OSError as error:
        raise FileUnreadable(file=source.path.name, what=error.strerror or "") from error


def _read(file: TextIO) -> Iterator[CopiesChunk]:
    reader = csv.reader(file, strict=True)
    layout = _layout(reader)
    number = 0
    while True:
        number += 1
        rows: list[CopyFields] = []
        lines: list[int] = []
        problems: list[RowProblem] = []
        more = _fill(reader, layout, rows, lines, problems)
        if rows or problems:
            yield CopiesChunk(number, layout.by_own_number, rows, lines, problems, file.buffer.tell())
        if not more:
            return


def _layout(reader: _Reader) -> _Layout:
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise HeaderInvalid(columns=", ".join(COLUMNS)) from error
    numbers = [name for name in header if name in _NUMBER_COLUMNS]
    if len(numbers) != 1 or sorted(header) != sorted([*numbers, *COLUMNS]):
        raise HeaderInvalid(columns=", ".join(COLUMNS))
    places = {name: header.index(name) for name in header}
    return _Layout(
        number=places[numbers[0]], information=places["information"], copied_at=places["copied_at"],
        valid_from=places["valid_from"], valid_to=places["valid_to"], body=places["body"], width=len(header),
        by_own_number=numbers[0] == "own_number",
    )  # fmt: skip


class _Reader(Protocol):
    """What `csv.reader` makes."""

    @property
    def line_num(self) -> int: ...
    def __next__(self) -> list[str]: ...


def _fill(
    reader: _Reader, layout: _Layout, rows: list[CopyFields], lines: list[int], problems: list[RowProblem]
) -> bool:
    """Read the next chunk; returns whether there may be more."""
    at_number, at_information, at_copied, at_from, at_to, at_body, width, _ = layout
    line = reader.line_num + 1
    for _ in range(CHUNK_ROWS):
        try:
            cells = next(reader)
        except StopIteration:
            return False
        except csv.Error:
            problems.append(RowProblem(line, "", RowUnreadable()))
            line = reader.line_num + 1
            continue
        if len(cells) != width:
            if cells:  # an empty line is no row
                problems.append(RowProblem(line, "", RowCells(expected=width)))
            line = reader.line_num + 1
            continue
        copied_ms = _milliseconds(cells[at_copied])
        number = cells[at_number]
        if copied_ms is None or len(number) > 15 or not is_digits(number, len(number)):
            problems.append(_row_problem(line, layout, copied_ms))
        else:
            rows.append(
                (number if len(number) == 15 else number.zfill(15), cells[at_information], cells[at_body].encode(),
                 copied_ms, cells[at_from], cells[at_to] or _FOREVER)
            )  # fmt: skip
            lines.append(line)
        line = reader.line_num + 1
    return True


def _row_problem(line: int, layout: _Layout, copied_ms: int | None) -> RowProblem:
    column = "copied_at" if copied_ms is None else _NUMBER_COLUMNS[layout.by_own_number]
    expected = "YYYY-MM-DDThh:mm:ss+09:00" if copied_ms is None else "0-9 (1-15)"
    return RowProblem(line, column, RowValue(column=column, expected=expected))


@lru_cache(maxsize=4096)
def _milliseconds(text: str) -> int | None:
    """Milliseconds of an ISO 8601 time with offset; None if it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return to_ms(moment) if moment.tzinfo is not None else None
