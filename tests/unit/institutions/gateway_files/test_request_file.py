"""The inquiry request file: what is read, and every way in which a row or a file is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.errors import RenkeiError
from renkei.institutions.gateway.files.codes import affairs_codes, information_codes
from renkei.institutions.gateway.files.request_file import (
    COLUMNS,
    FILE_BYTES_MAX,
    LINE_WIDTH,
    Ask,
    RequestFile,
    Setting,
    read_request_file,
    write_row,
)  # fmt: skip

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
NAME = "P640R110_20261123120000.csv"
SETAGAYA, SAPPORO = "0220113112101700", "0220101100201700"
SETTING = Setting("m-131121", {SETAGAYA: "m-131121", SAPPORO: "m-011002"}, NOW)
ASK = Ask(
    own_number="", address_number="000000000000001", section="pension-claims", user="clerk-1",
    requester_code=SETAGAYA, provider_code=SAPPORO, affairs="73.2", information_code="TM00000000000002",
)  # fmt: skip


def row(**changes: object) -> str:
    return write_row(ASK._replace(**changes), asked=NOW)


def with_cell(column: str, value: str) -> str:
    cells = row()[:-2].split(",")
    cells[[one.name for one in COLUMNS].index(column)] = value
    return ",".join(cells) + "\r\n"


def read(text: str | bytes, name: str = NAME) -> RequestFile:
    return read_request_file(name, text.encode() if isinstance(text, str) else text, setting=SETTING)


def test_a_row_has_the_widths_seen_in_public() -> None:
    assert LINE_WIDTH == 237
    assert len(row()) == LINE_WIDTH + 2
    assert len(COLUMNS) == 18


def test_a_good_row_is_read_whole() -> None:
    found = read(row(hidden=True, own_number="000000000000777"))
    assert found.problems == []
    assert found.name == "P640R110_20261123120000"
    [one] = found.rows
    assert (one.line, one.address_number, one.own_number) == (1, "000000000000001", "000000000000777")
    assert (one.section, one.user, one.hidden) == ("pension-claims", "clerk-1", True)
    assert (one.affairs, one.information, one.provider) == ("73.2", "local_tax", "m-011002")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (row().encode(), "utf-8"),
        (row(user="係員").encode(), "utf-8"),
        (b"\xef\xbb\xbf" + row(user="係員").encode(), "utf-8-sig"),
        (row(user="係員").encode("cp932"), "cp932"),
    ],
)
def test_the_encoding_is_recognised_and_said(content: bytes, encoding: str) -> None:
    found = read(content)
    assert found.problems == []
    assert found.encoding == encoding


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("番号体系", "02", "row_value"),
        ("宛名番号", "12345678901234X", "row_value"),
        ("統合宛名番号", "1" * 14, "row_width"),
        ("統合宛名番号", " " * 15, "row_person_missing"),
        ("照会依頼日時", "20261323120000000", "row_value"),
        ("照会依頼日時", "20261123130000000", "row_time_future"),
        ("照会者部署コード", " " * 20, "row_blank"),
        ("照会者ユーザーID", " " * 20, "row_blank"),
        ("照会者機関コード", SAPPORO, "row_requester_foreign"),
        ("照会側不開示コード", "9", "row_value"),
        ("事務コード", affairs_codes("72.1").affairs, "row_codes_disagree"),
        ("事務手続コード", "JT01010000000214", "row_code_unknown"),
        ("照会者機関コード(委任元)", SAPPORO, "row_requester_foreign"),
        ("提供者機関コード(委任元)", "9" * 16, "row_code_unknown"),
        ("提供者機関コード", "9" * 16, "row_code_unknown"),
        ("特定個人情報名コード", "TM00000000009999", "row_code_unknown"),
        ("照会条件区分", "1", "row_value"),
        ("照会年度区分", "1", "row_value"),
        ("開始日", "20260230", "row_value"),
        ("終了日", "2026-1-1", "row_value"),
    ],
)
def test_each_column_is_checked_and_named(column: str, value: str, code: str) -> None:
    found = read(row() + with_cell(column, value) + row())
    assert [one.line for one in found.rows] == [1, 3], "good rows go through"
    [problem] = found.problems
    assert problem.line == 2
    assert problem.error.code == code
    if code != "row_person_missing":
        assert problem.column == column
    for language in ("ja", "en"):
        assert value.strip() not in problem.error.sentence(language) or not value.strip() or len(value) < 3


def test_a_period_may_stand_but_not_backwards() -> None:
    good = with_cell("開始日", "20260401")
    assert read(good).problems == []
    cells = good[:-2].split(",")
    cells[17] = "20260331"
    [problem] = read(",".join(cells) + "\r\n").problems
    assert problem.error.code == "row_period"


def test_all_wrong_columns_of_a_row_are_named_at_once() -> None:
    cells = row()[:-2].split(",")
    cells[0], cells[14] = "99", "7"
    assert [problem.column for problem in read(",".join(cells) + "\r\n").problems] == ["番号体系", "照会条件区分"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (row()[:-2].encode(), "file_half_written"),
        ((row() + row()[:100]).encode(), "file_half_written"),
        ((row() + row()[:100] + "\r\n").encode(), "file_half_written"),
        (row().replace("\r\n", "\n").encode(), "file_line_ends"),
        ((row().replace("\r\n", "\n") + row()).encode(), "file_line_ends"),
        (b"\x81\xff\xfe\r\n", "file_encoding_unknown"),
        (b" " * (FILE_BYTES_MAX + 1), "file_too_large"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(content: bytes, code: str) -> None:
    with pytest.raises(RenkeiError) as caught:
        read(content)
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["P640R110_2026112312000.csv", "P640R110_20261323120000", "copies.csv", "P640R110_.x"])
def test_the_name_tells_the_kind_of_file(name: str) -> None:
    with pytest.raises(RenkeiError) as caught:
        read(row(), name=name)
    assert caught.value.code == "file_name_invalid"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=30), max_size=5))
def test_whatever_the_rows_are_the_reader_says_why(lines: list[str]) -> None:
    content = "".join(f"{line}\r\n" for line in [*lines, row()[:-2]])
    found = read(content.encode())
    assert {one.line for one in found.rows}.isdisjoint(problem.line for problem in found.problems)
    assert {one.line for one in found.rows} | {problem.line for problem in found.problems} == set(
        range(1, len(lines) + 2)
    )
    assert all(problem.cells()[2].startswith("row_") for problem in found.problems)


@given(st.sampled_from(sorted(information_codes().values())), st.booleans(), st.integers(1, 10**15 - 1))
def test_what_is_written_is_read(information: str, hidden: bool, number: int) -> None:
    [one] = read(row(information_code=information, hidden=hidden, address_number=str(number))).rows
    assert information_codes()[one.information] == information
    assert one.hidden is hidden
    assert int(one.address_number) == number
