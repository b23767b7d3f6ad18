"""Reading responses: the same whatever the pieces, never more than one reading, h11 as the independent judge."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.platform.http_connection import HEAD_BYTES_MAX, Garbled, RawResponse, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"


def read(raw: bytes, cuts: list[int] | None = None, *, limit: int = 10_000, no_body: bool = False, ended: bool = False):
    """The response and whether the connection can go on; pieces are cut at `cuts`."""
    reader = ResponseReader(body_bytes_max=limit, no_body=no_body)
    places = [0, *sorted({cut % (len(raw) + 1) for cut in cuts or []}), len(raw)]
    response: RawResponse | None = None
    for start, end in pairwise(places):
        response = reader.feed(raw[start:end])
        if response is not None and end < len(raw):
            return response, False
    return (reader.end() if ended and response is None else response), reader.reusable


@given(
    body=st.binary(max_size=300),
    sizes=st.lists(st.integers(1, 90), max_size=6),
    cuts=st.lists(st.integers(0, 1000), max_size=12),
    chunked=st.booleans(),
    interim=st.booleans(),
)
def test_the_same_response_from_any_pieces(body, sizes, cuts, chunked, interim) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
    while server.next_event() not in (h11.NEED_DATA, h11.PAUSED):
        pass
    framing = ("transfer-encoding", "chunked") if chunked else ("content-length", str(len(body)))
    raw = server.send(h11.InformationalResponse(status_code=103, headers=[])) if interim else b""
    raw += server.send(h11.Response(status_code=200, headers=[("X-Thing", "a b"), framing]))
    at = 0
    for size in [*sizes, len(body)]:
        if body[at : at + size]:
            raw += server.send(h11.Data(body[at : at + size]))
        at += size
    raw += server.send(h11.EndOfMessage())
    response, reusable = read(raw, cuts)
    assert response is not None
    assert (response.status, response.body, reusable) == (200, body, True)
    assert dict(response.lines)[b"X-Thing"] == b"a b"


@pytest.mark.parametrize(
    ("raw", "body", "reusable"),
    [
        (OK + b"content-length: 0\r\n\r\n", b"", True),
        (OK + b"Content-Length:2\r\nA:\r\n\r\nab", b"ab", True),
        (OK + b"content-length: 2\r\nconnection: Close\r\n\r\nab", b"ab", False),
        (OK + b"content-length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n", b"ab", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nab", b"ab", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (OK + b"transfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\ntrailer: t\r\n\r\n", b"ab", True),
        (b"HTTP/1.1 200\r\ncontent-length: 1\r\n\r\na", b"a", True),
    ],
)
def test_forms_of_a_response(raw: bytes, body: bytes, reusable: bool) -> None:
    response, goes_on = read(raw)
    assert response is not None
    assert (response.body, goes_on) == (body, reusable)


def test_a_body_without_length_ends_with_the_connection() -> None:
    response, _ = read(OK + b"\r\nabc", ended=True)
    assert response is not None
    assert response.body == b"abc"
    assert read(OK + b"content-length: 9\r\n\r\nabc", ended=True)[0] is None
    assert read(OK + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", ended=True)[0] is None


def test_an_answer_to_head_has_no_body() -> None:
    response, _ = read(OK + b"content-length: 5\r\n\r\n", no_body=True)
    assert response is not None
    assert response.body == b""


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\nab",
        OK + b"content-length: 2, 2\r\n\r\nab",
        OK + b"content-length: -2\r\n\r\nab",
        OK + b"content-length: \xb2\r\n\r\nab",
        OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n-1\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
        OK + b"a : b\r\n\r\n",
        OK + b"a: b\r\n folded\r\n\r\n",
        OK + b"a: b\nc: d\r\n\r\n",
        OK + b"a: b\x00\r\n\r\n",
        OK + b"content-length: 10001\r\n\r\n",
        OK + b"\r\n" + b"x" * 10_001,
        OK + b"transfer-encoding: chunked\r\n\r\nffffff\r\n",
        b"x" * HEAD_BYTES_MAX,
        OK + b"transfer-encoding: chunked\r\n\r\n" + b"1" * HEAD_BYTES_MAX,
    ],
)
def test_what_is_ambiguous_or_too_long_is_refused(raw: bytes) -> None:
    with pytest.raises(Garbled):
        read(raw)


@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=5))
def test_no_bytes_do_worse_than_being_refused(raw: bytes, cuts: list[int]) -> None:
    for start in (b"", OK, OK + b"transfer-encoding: chunked\r\n\r\n"):
        with contextlib.suppress(Garbled):
            read(start + raw, cuts, ended=True)
