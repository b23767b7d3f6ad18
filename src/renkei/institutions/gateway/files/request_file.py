"""The inquiry request file (照会要求ファイル, P640R110): 18 columns of fixed width, joined with commas, CRLF.

The layout is the one seen in public in a ward's program for a benefit of 2024. A column's width counts characters of
one byte; a character that CP932 writes in two bytes counts as two.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from renkei.base.encoding import is_digits
from renkei.base.errors import RenkeiError
from renkei.base.time import JST, Instant, to_ms
from renkei.institutions.gateway.files.codes import affairs_codes, affairs_of, informations
from renkei.institutions.gateway.files.errors import (
    FileEmpty,
    FileEncodingUnknown,
    FileHalfWritten,
    FileLineEnds,
    FileNameInvalid,
    FileTooLarge,
    RowBlank,
    RowCells,
    RowCodesDisagree,
    RowCodeUnknown,
    RowPeriod,
    RowPersonMissing,
    RowProblem,
    RowRequesterForeign,
    RowTimeFuture,
    RowValue,
    RowWidth,
)  # fmt: skip

FILE_BYTES_MAX = 64 << 20
"""About 290,000 rows."""
CLOCK_TOLERANCE = timedelta(minutes=5)
_NAME = re.compile(r"P640R110_([0-9]{14})(?:\.[A-Za-z]{1,4})?")
_BOM = b"\xef\xbb\xbf"


class Column(NamedTuple):
    """One column of the file."""

    name: str
    width: int


COLUMNS: tuple[Column, ...] = (
    Column("番号体系", 2),
    Column("宛名番号", 15),
    Column("統合宛名番号", 15),
    Column("照会依頼日時", 17),
    Column("照会者部署コード", 20),
    Column("照会者ユーザーID", 20),
    Column("照会者機関コード", 16),
    Column("照会側不開示コード", 1),
    Column("事務コード", 16),
    Column("事務手続コード", 16),
    Column("照会者機関コード(委任元)", 16),
    Column("提供者機関コード(委任元)", 16),
    Column("提供者機関コード", 16),
    Column("特定個人情報名コード", 16),
    Column("照会条件区分", 1),
    Column("照会年度区分", 1),
    Column("開始日", 8),
    Column("終了日", 8),
)
LINE_WIDTH = sum(column.width for column in COLUMNS) + len(COLUMNS) - 1


class RequestRow(NamedTuple):
    """One row that passed every check of its own columns."""

    line: int
    cells: tuple[str, ...]
    """The 18 columns as read, padding included."""
    own_number: str
    """宛名番号, fifteen digits; empty if the row has none."""
    address_number: str
    """統合宛名番号, fifteen digits; empty where the ledger has to tell it."""
    section: str
    user: str
    hidden: bool
    affairs: str
    information: str
    provider: str
    """Body id."""


class RequestFile(NamedTuple):
    """A request file as read."""

    name: str
    """Without its ending."""
    encoding: str
    """How it was read: `utf-8`, `utf-8-sig` (with a byte order mark) or `cp932`; ASCII reads as `utf-8`."""
    digest: str
    """SHA-256 of its bytes, hexadecimal."""
    rows: list[RequestRow]
    problems: list[RowProblem]


class Setting(NamedTuple):
    """What the rows of a file are judged against."""

    body_id: str
    bodies: Mapping[str, str]
    """Body id by 機関コード."""
    now: Instant


def read_request_file(name: str, content: bytes, *, setting: Setting) -> RequestFile:
    """Read a request file: each good row is taken, each bad one is named with its line, column and reason.

    Args:
        name: the file's name, without folder.

    Raises:
        FileNameInvalid, FileTooLarge, FileEmpty, FileEncodingUnknown, FileLineEnds, FileHalfWritten: the file as a
            whole cannot be taken.
    """
    stem = check_name(name)
    if len(content) > FILE_BYTES_MAX:
        raise FileTooLarge(limit_bytes=FILE_BYTES_MAX)
    text, encoding = decode(content)
    rows: list[RequestRow] = []
    problems: list[RowProblem] = []
    for line, row in enumerate(_lines(text), start=1):
        cells = tuple(row.split(","))
        found = list(_problems(cells, setting))
        if found:
            problems += [RowProblem(line, column, error) for column, error in found]
        else:
            rows.append(_row(line, cells, setting))
    return RequestFile(stem, encoding, hashlib.sha256(content).hexdigest(), rows, problems)


def check_name(name: str) -> str:
    """The name without its ending.

    Raises:
        FileNameInvalid: not P640R110_ and a time of 14 digits.
    """
    match = _NAME.fullmatch(name)
    if match is None or _time(match[1]) is None:
        raise FileNameInvalid()
    return name.partition(".")[0]


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file, and how it was read.

    Raises:
        FileEncodingUnknown: neither UTF-8 nor CP932.
    """
    for encoding in ("utf-8-sig" if content.startswith(_BOM) else "utf-8", "cp932"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise FileEncodingUnknown()


def _lines(text: str) -> list[str]:
    if not text:
        raise FileEmpty()
    if "\n" in text and "\r\n" not in text:
        raise FileLineEnds()
    if not text.endswith("\r\n"):
        raise FileHalfWritten()
    lines = text[:-2].split("\r\n")
    if _width(lines[-1]) < LINE_WIDTH:
        raise FileHalfWritten()
    if any("\n" in line or "\r" in line for line in lines):
        raise FileLineEnds()
    return lines


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("cp932", "replace"))


# --- the columns of one row ---

Found = tuple[str, RenkeiError]


def _problems(cells: tuple[str, ...], setting: Setting) -> Iterator[Found]:
    """Everything wrong with a row; widths first, since what follows relies on them."""
    if len(cells) != len(COLUMNS):
        yield "", RowCells(expected=len(COLUMNS))
        return
    wrong = [column for column, cell in zip(COLUMNS, cells, strict=True) if _width(cell) != column.width]
    if wrong:
        yield from ((column.name, RowWidth(column=column.name, width=column.width)) for column in wrong)
        return
    yield from _plain_values(cells)
    yield from _person(cells)
    yield from _times(cells, setting.now)
    yield from _parties(cells, setting)
    yield from _matters(cells)


def _wrong(index: int, expected: str) -> Found:
    column = COLUMNS[index].name
    return column, RowValue(column=column, expected=expected)


def _plain_values(cells: tuple[str, ...]) -> Iterator[Found]:
    if cells[0] != "01":
        yield _wrong(0, "01")
    for index in (4, 5):
        if not cells[index].strip() or not cells[index].isprintable():
            yield COLUMNS[index].name, RowBlank(column=COLUMNS[index].name)
    if cells[7] not in ("1", "2"):
        yield _wrong(7, "1, 2")
    for index in (14, 15):
        if cells[index] != "0":
            yield _wrong(index, "0")


def _person(cells: tuple[str, ...]) -> Iterator[Found]:
    numbers = [cells[index].strip() for index in (1, 2)]
    for index, number in zip((1, 2), numbers, strict=True):
        if number and not is_digits(number, len(number)):
            yield _wrong(index, "0-9")
    if not any(numbers):
        yield COLUMNS[1].name, RowPersonMissing()


def _times(cells: tuple[str, ...], now: Instant) -> Iterator[Found]:
    asked = _time(cells[3])
    if asked is None:
        yield _wrong(3, "yyyymmddHHMMSSmmm")
    elif asked > now + CLOCK_TOLERANCE:
        yield COLUMNS[3].name, RowTimeFuture(column=COLUMNS[3].name)
    days = {index: _day(cells[index]) for index in (16, 17) if cells[index].strip()}
    for index, day in days.items():
        if day is None:
            yield _wrong(index, "yyyymmdd")
    first, last = days.get(16), days.get(17)
    if first is not None and last is not None and first > last:
        yield COLUMNS[17].name, RowPeriod()


def _parties(cells: tuple[str, ...], setting: Setting) -> Iterator[Found]:
    if setting.bodies.get(cells[6]) != setting.body_id:
        yield COLUMNS[6].name, RowRequesterForeign(column=COLUMNS[6].name)
    if cells[10].strip() and cells[10] != cells[6]:
        yield COLUMNS[10].name, RowRequesterForeign(column=COLUMNS[10].name)
    if cells[12] not in setting.bodies:
        yield COLUMNS[12].name, RowCodeUnknown(column=COLUMNS[12].name)
    if cells[11].strip() and cells[11] not in setting.bodies:
        yield COLUMNS[11].name, RowCodeUnknown(column=COLUMNS[11].name)


def _matters(cells: tuple[str, ...]) -> Iterator[Found]:
    affairs = affairs_of(cells[9])
    if affairs is None:
        yield COLUMNS[9].name, RowCodeUnknown(column=COLUMNS[9].name)
    elif affairs_codes(affairs).affairs != cells[8]:
        yield COLUMNS[8].name, RowCodesDisagree()
    if cells[13] not in informations():
        yield COLUMNS[13].name, RowCodeUnknown(column=COLUMNS[13].name)


def _row(line: int, cells: tuple[str, ...], setting: Setting) -> RequestRow:
    own, address = cells[1].strip(), cells[2].strip()
    return RequestRow(
        line=line, cells=cells, own_number=own.zfill(15) if own else "",
        address_number=address.zfill(15) if address else "", section=cells[4].strip(), user=cells[5].strip(),
        hidden=cells[7] == "2", affairs=affairs_of(cells[9]) or "", information=informations()[cells[13]],
        provider=setting.bodies[cells[12]],
    )  # fmt: skip


def _time(text: str) -> datetime | None:
    """yyyymmddHHMMSS, with milliseconds if there are 17 digits, in Japan; None if it is no time."""
    if not is_digits(text, len(text)):
        return None
    parts = [int(text[at : at + 2]) for at in range(4, 14, 2)]
    try:
        month, day, hour, minute, second = parts
        return datetime(int(text[:4]), month, day, hour, minute, second, int(text[14:17] or 0) * 1000, tzinfo=JST)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    """yyyymmdd; None if it is no day."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if is_digits(text, 8) else None
    except ValueError:
        return None


# --- writing ---


class Ask(NamedTuple):
    """What a row of a request file is written from."""

    own_number: str
    address_number: str
    section: str
    user: str
    requester_code: str
    provider_code: str
    affairs: str
    information_code: str
    hidden: bool = False


def write_row(ask: Ask, *, asked: Instant) -> str:
    """One line, CRLF included: for business systems that are written in Python, for examples and tests."""
    codes = affairs_codes(ask.affairs)
    moment = asked.astimezone(JST)
    cells = (
        "01", ask.own_number, ask.address_number, f"{moment:%Y%m%d%H%M%S}{to_ms(asked) % 1000:03d}", ask.section,
        ask.user, ask.requester_code, "2" if ask.hidden else "1", codes.affairs, codes.procedure, "", "",
        ask.provider_code, ask.information_code, "0", "0", "", "",
    )  # fmt: skip
    padded = (cell + " " * (column.width - _width(cell)) for column, cell in zip(COLUMNS, cells, strict=True))
    return ",".join(padded) + "\r\n"
