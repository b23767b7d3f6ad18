"""The result file: statuses that never look alike, data that survives CSV and CP932."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.contracts.exchange import Outcome
from renkei.contracts.inquiries import InquiryResult
from renkei.institutions.gateway.files.errors import RowCells, RowProblem, RowWidth
from renkei.institutions.gateway.files.request_file import RequestRow
from renkei.institutions.gateway.files.result_file import COLUMNS, ITEM_STATUS, write_errors, write_results

CELLS = tuple(f"c{at}".ljust(20) for at in range(18))
ROW = RequestRow(3, CELLS, "", "000000000000001", "s", "u", False, "73.2", "local_tax", "m-011002")


def read(content: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    rows = csv.reader(io.StringIO(content.decode(encoding), newline=""), strict=True)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def result(outcome: Outcome, reason: str = "", data: bytes = b"null", **more: object) -> InquiryResult:
    return InquiryResult(ref="3/x", outcome=outcome, reason=reason, data=msgspec.Raw(data), **more)  # type: ignore[arg-type]


def test_a_given_answer_carries_its_source() -> None:
    [row] = read(
        write_results(
            [(ROW, result(Outcome.GIVEN, data=b'{"a":"x,\\"y\\""}', number="1" * 20, row="73",
                          asked_ms=1_795_402_800_123, copied_ms=1_795_402_800_000))],
            encoding="utf-8",
        )
    )  # fmt: skip
    assert row["照会ステータス（明細単位）"] == "09"
    assert row["照会ステータス（特定個人情報名単位）"] == "01"
    assert row["行番号"] == "3"
    assert row["統合宛名番号"] == "c2"
    assert row["処理通番"] == "1" * 20
    assert (row["照会日時"], row["副本作成日時"], row["提供日時"]) == ("20261123120000123", "20261123120000000", "")
    assert json.loads(row["特定個人情報"]) == {"a": 'x,"y"'}


def test_outcomes_never_look_alike() -> None:
    """Not permitted, no code, no data, waiting for a clerk and we failed are told apart by status and word."""
    outcomes = [
        result(Outcome.REFUSED, "case_missing"), result(Outcome.REFUSED, "no_code"), result(Outcome.NONE, "no_copy"),
        result(Outcome.PENDING, "waiting_for_clerk"), result(Outcome.FAILED, "exchange_interrupted"),
        result(Outcome.LAPSED, "permit_expired"), result(Outcome.REFUSED, "of_a_later_release"),
    ]  # fmt: skip
    rows = read(write_results([(ROW, one) for one in outcomes], encoding="utf-8"))
    assert len({row["照会処理結果メッセージ"] for row in rows}) == len(outcomes)
    assert len(set(ITEM_STATUS.values())) == len(Outcome)
    still_open = {row["理由コード"] for row in rows if row["照会ステータス（明細単位）"] == "02"}
    assert still_open == {"waiting_for_clerk", "exchange_interrupted"}
    assert all(row["特定個人情報"] == "" for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@given(text=st.text(max_size=40))
def test_data_survive_every_encoding(encoding: str, text: str) -> None:
    """A name with a character that Shift_JIS lacks (𠮷, é) reaches a business system that only reads Shift_JIS."""
    try:
        data = msgspec.json.encode({"name": text})
    except UnicodeEncodeError:
        return
    [row] = read(write_results([(ROW, result(Outcome.GIVEN, data=data))], encoding=encoding), encoding)
    assert json.loads(row["特定個人情報"]) == {"name": text}


def test_the_errors_file_names_line_column_and_why() -> None:
    content = write_errors(
        [RowProblem(7, "", RowCells(expected=18)), RowProblem(9, "x", RowWidth(column="x", width=2))]
    )
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert rows[0] == ["line", "column", "code", "ja", "en"]
    assert [row[:3] for row in rows[1:]] == [["7", "", "row_cells"], ["9", "x", "row_width"]]
    assert "18" in rows[1][3]
    assert "18" in rows[1][4]
