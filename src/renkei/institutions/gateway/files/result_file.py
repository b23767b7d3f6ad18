"""The result file (照会結果) and the errors file: what a business system gets back for a file.

No header, one line a row that was asked, in the order of the request file, CSV with CRLF, in the request's encoding.
Seen in public are `09` (the row is done), `01` (the item was got) and 照会処理結果メッセージ; the columns around them
and every other status are ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from renkei.base.errors import from_code
from renkei.base.time import JST, from_ms
from renkei.contracts import errors as exchange_reasons
from renkei.contracts.exchange import Outcome
from renkei.contracts.inquiries import InquiryResult
from renkei.institutions.gateway.files.errors import RowProblem
from renkei.institutions.gateway.files.request_file import RequestRow
from renkei.law import errors as law_reasons

REASONS: Final = (exchange_reasons, law_reasons)
"""Where the sentences of reasons stand; a reason is known once its module is loaded."""
DONE, OPEN = "09", "02"
"""照会ステータス（明細単位）: final, or to be asked for again under the same file."""

ITEM_STATUS: Final = {
    Outcome.GIVEN: "01",
    Outcome.NONE: "91",
    Outcome.PENDING: "92",
    Outcome.REFUSED: "93",
    Outcome.LAPSED: "94",
    Outcome.FAILED: "99",
}
"""照会ステータス（特定個人情報名単位); 9x are ours."""

COLUMNS: Final = (
    "行番号",
    "宛名番号",
    "統合宛名番号",
    "照会依頼日時",
    "照会者部署コード",
    "照会者機関コード",
    "事務コード",
    "事務手続コード",
    "提供者機関コード",
    "特定個人情報名コード",
    "照会ステータス（明細単位）",
    "照会ステータス（特定個人情報名単位）",
    "照会処理結果メッセージ",
    "理由コード",
    "処理通番",
    "法令の項",
    "照会日時",
    "提供日時",
    "副本作成日時",
    "特定個人情報",
)
ERROR_COLUMNS: Final = ("line", "column", "code", "ja", "en")
_ECHO = (1, 2, 3, 4, 6, 8, 9, 12, 13)
_GIVEN_JA = "照会結果を取得しました。"
_UNKNOWN_JA = "この版では説明できない理由です。理由コードを添えて、システムの担当に問い合わせてください。"


def write_results(rows: Iterable[tuple[RequestRow, InquiryResult]], *, encoding: str) -> bytes:
    """The result file.

    Args:
        rows: in the order of the request file.
        encoding: of the request file; what CP932 cannot write stands as \\uXXXX inside the JSON column.
    """
    return _write((_cells(row, result, encoding) for row, result in rows), encoding)


def write_errors(problems: Iterable[RowProblem], *, encoding: str = "utf-8") -> bytes:
    """The errors file: a header, then line, column, code, and why in Japanese and English."""
    return _write([ERROR_COLUMNS, *(problem.cells() for problem in problems)], encoding)


def message(result: InquiryResult) -> str:
    """照会処理結果メッセージ of one result."""
    if not result.reason:
        return _GIVEN_JA
    try:
        return from_code(result.reason, public=dict(result.facts)).sentence("ja")
    except (KeyError, TypeError):
        return _UNKNOWN_JA


def _cells(row: RequestRow, result: InquiryResult, encoding: str) -> tuple[str, ...]:
    is_open = result.outcome in (Outcome.PENDING, Outcome.FAILED)
    data = (result.body() or b"").decode()
    if encoding == "cp932":
        data = _escaped(data)
    return (
        str(row.line), *(row.cells[index].strip() for index in _ECHO), OPEN if is_open else DONE,
        ITEM_STATUS[result.outcome], message(result), result.reason, result.number, result.row,
        _moment(result.asked_ms), _moment(result.given_ms), _moment(result.copied_ms), data,
    )  # fmt: skip


def _moment(ms: int) -> str:
    """yyyymmddHHMMSSmmm in Japan; empty for no time."""
    return f"{from_ms(ms).astimezone(JST):%Y%m%d%H%M%S}{ms % 1000:03d}" if ms else ""


def _escaped(data: str) -> str:
    """JSON text that CP932 can write and read back: other characters only occur inside its strings."""
    try:
        if data.encode("cp932").decode("cp932") == data:
            return data
    except UnicodeEncodeError:
        pass
    return "".join(char if _fits(char) else _escape(char) for char in data)


def _fits(char: str) -> bool:
    try:
        return char.encode("cp932").decode("cp932") == char
    except UnicodeEncodeError:
        return False


def _escape(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def _write(rows: Iterable[Iterable[str]], encoding: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding, "replace")
