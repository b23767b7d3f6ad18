"""The CSV of copies: what is read, in which chunks, and what is said about bad rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from renkei.base.errors import RenkeiError
from renkei.institutions.gateway.files import copies_file
from renkei.institutions.gateway.files.copies_file import CopiesChunk, inspect, read_chunks

HEADER = "address_number,information,copied_at,valid_from,valid_to,body\r\n"
GOOD = '1,local_tax,2026-11-23T12:00:00+09:00,2026-04-01,,"{""years"":[]}"\r\n'


def chunks(folder: Path, content: str | bytes, encoding: str = "utf-8") -> list[CopiesChunk]:
    path = folder / "copies.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return list(read_chunks(inspect(path)))


def test_a_row_is_read_into_what_the_store_holds(tmp_path: Path) -> None:
    [chunk] = chunks(tmp_path, HEADER + GOOD)
    assert chunk.rows == [
        ("000000000000001", "local_tax", b'{"years":[]}', 1_795_402_800_000, "2026-04-01", "9999-12-31")
    ]
    assert chunk.lines == [2]
    assert not chunk.by_own_number


def test_columns_may_stand_in_any_order_and_persons_by_their_own_number(tmp_path: Path) -> None:
    content = (
        "body,own_number,valid_to,valid_from,copied_at,information\n{},22,2027-03-31,2026-04-01,2026-11-23T03:00Z,x"
    )
    [chunk] = chunks(tmp_path, content)
    assert chunk.by_own_number
    assert chunk.rows == [("000000000000022", "x", b"{}", 1_795_402_800_000, "2026-04-01", "2027-03-31")]


def test_bad_rows_are_named_by_line_and_good_ones_go_through(tmp_path: Path) -> None:
    content = (
        HEADER
        + GOOD  # 2
        + "1,local_tax\r\n"  # 3
        + GOOD.replace("+09:00", "")  # 4: no offset, so no instant
        + '1,local_tax,2026-11-23T12:00:00+09:00,2026-04-01,,"{\n}"\r\n'  # 5 and 6
        + "\r\n"  # 7: empty, no row
        + GOOD.replace("1,", "X1,", 1)  # 8
        + '1,local_tax,"broken"quote,2026-04-01,,{}\r\n'  # 9
        + GOOD  # 10
        + '1,local_tax,2026-11-23T12:00:00+09:00,2026-04-01,,"{""cut'  # 11: the file ends inside the quotes
    )
    [chunk] = chunks(tmp_path, content)
    assert chunk.lines == [2, 5, 10]
    assert [(problem.line, problem.error.code) for problem in chunk.problems] == [
        (3, "row_cells"), (4, "row_value"), (8, "row_value"), (9, "row_unreadable"), (11, "row_unreadable"),
    ]  # fmt: skip


def test_a_file_is_cut_into_chunks_the_same_way_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_file, "CHUNK_ROWS", 3)
    found = chunks(tmp_path, HEADER + GOOD * 7)
    assert [(chunk.number, len(chunk.rows)) for chunk in found] == [(1, 3), (2, 3), (3, 1)]
    assert [line for chunk in found for line in chunk.lines] == list(range(2, 9))


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("cp932", "cp932")]
)
def test_encodings(tmp_path: Path, encoding: str, expected: str) -> None:
    content = HEADER + GOOD * 40_000 + GOOD.replace("years", "年度")
    path = tmp_path / "copies.csv"
    path.write_bytes(content.encode(encoding))
    source = inspect(path)
    assert source.encoding == expected
    assert list(read_chunks(source))[-1].rows[-1][2] == '{"年度":[]}'.encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (GOOD.encode(), "file_header_invalid"),
        (HEADER.replace("body", "information").encode(), "file_header_invalid"),
        (HEADER.replace("body", "body,own_number").encode(), "file_header_invalid"),
        ((HEADER + GOOD).encode() + b"\x81", "file_encoding_unknown"),
        ((HEADER + GOOD).encode("utf-16"), "file_header_invalid"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(RenkeiError) as caught:
        chunks(tmp_path, content)
    assert caught.value.code == code


def test_limits_and_missing_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RenkeiError) as caught:
        inspect(tmp_path / "nothing.csv")
    assert caught.value.code == "file_unreadable"
    monkeypatch.setattr(copies_file, "FILE_BYTES_MAX", 100)
    with pytest.raises(RenkeiError) as caught:
        chunks(tmp_path, HEADER + GOOD)
    assert caught.value.code == "file_too_large"
