"""One HTTP/1.1 connection of a client: one request at a time, its response read strictly (RFC 9112).

A general client library costs some 600 µs a request, more than signing and verifying both messages; this one costs
a tenth of that. It reads only what a server of ours or a proxy may send: anything ambiguous ends the connection,
so that no byte of one response is ever taken for part of another.
"""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple, cast

HEAD_BYTES_MAX = 64 << 10
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_VISIBLE = rb"[\x21-\x7e\x80-\xff]"
_FIELD = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(" + _VISIBLE + rb"(?:[\t\x20-\x7e\x80-\xff]*" + _VISIBLE + rb")?)?[ \t]*"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_NO_BODY = (204, 304)
_TO_THE_END = -1

Lines = list[tuple[bytes, bytes]]


class Garbled(Exception):
    """The server sent something that is no response of HTTP/1.1; the reason names no content."""


class RawResponse(NamedTuple):
    """A response as read; field names and values as sent, without the space around values."""

    status: int
    lines: Lines
    body: bytes


class ResponseReader:
    """Reads one response from pieces of any size; no input or output of its own.

    Args:
        body_bytes_max: a longer body is refused.
        no_body: the request was HEAD, so whatever length is stated, no body follows.
    """

    def __init__(self, *, body_bytes_max: int, no_body: bool = False) -> None:
        self._limit = body_bytes_max
        self._no_body = no_body
        self._buffer = bytearray()
        self._status = 0
        self._lines: Lines = []
        self._left = 0  # bytes of the body still to come, or _TO_THE_END
        self._chunks: list[bytes] | None = None  # set while a chunked body is read
        self._chunked_bytes = 0
        self._in_head = True
        self.reusable = True

    def feed(self, data: bytes) -> RawResponse | None:
        """Take the next piece; the response once it is whole.

        Raises:
            Garbled: what came is no response, or too long.
        """
        self._buffer += data
        while self._in_head:
            if not self._read_head():
                return None
        if self._chunks is not None:
            return self._read_chunks()
        if self._left == _TO_THE_END:
            self._check_length(len(self._buffer))
            return None
        if len(self._buffer) < self._left:
            return None
        if len(self._buffer) > self._left:
            self.reusable = False  # more than was asked for: whatever it is, it answers nothing of ours
        return RawResponse(self._status, self._lines, bytes(self._buffer[: self._left]))

    def end(self) -> RawResponse | None:
        """The connection ended; the response, where this was its agreed end."""
        if self._in_head or self._left != _TO_THE_END:
            return None
        return RawResponse(self._status, self._lines, bytes(self._buffer))

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX)
        if end < 0:
            if len(self._buffer) >= HEAD_BYTES_MAX:
                raise Garbled("the head is too long")
            return False
        first, *fields = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        status = _STATUS.fullmatch(first)
        if status is None:
            raise Garbled("no status line")
        self._status = int(status[2])
        if self._status == 101:
            raise Garbled("an upgrade that nobody asked for")
        if self._status < 200:
            return True  # an interim response; the one proper follows (RFC 9110 §15.2)
        self._lines = [_field(line) for line in fields]
        self._in_head = False
        self._frame(minor=status[1])
        return True

    def _frame(self, *, minor: bytes) -> None:
        """How long the body is (RFC 9112 §6.3), and whether the connection goes on."""
        named: dict[bytes, list[bytes]] = {}
        for name, value in self._lines:
            named.setdefault(name.lower(), []).append(value)
        options = b",".join(named.get(b"connection", [])).lower()
        self.reusable = minor == b"1" and b"close" not in options
        encoding, length = named.get(b"transfer-encoding"), named.get(b"content-length")
        if encoding is not None and (length is not None or minor == b"0"):
            raise Garbled("two statements about the length")
        if self._no_body or self._status in _NO_BODY:
            self._left = 0
        elif encoding is not None:
            if [value.lower() for value in encoding] != [b"chunked"]:
                raise Garbled("an unknown transfer encoding")
            self._chunks = []
        elif length is not None:
            if len(length) != 1 or not length[0].isdigit() or len(length[0]) > 15:
                raise Garbled("a malformed length")
            self._left = int(length[0])
            self._check_length(self._left)
        else:
            self._left, self.reusable = _TO_THE_END, False

    def _read_chunks(self) -> RawResponse | None:
        """RFC 9112 §7.1; trailer fields are passed over, as nothing of ours is signed in them."""
        assert self._chunks is not None
        while True:
            end = self._buffer.find(b"\r\n", 0, HEAD_BYTES_MAX)
            if end < 0:
                if len(self._buffer) >= HEAD_BYTES_MAX:
                    raise Garbled("a chunk without a length")
                return None
            size_line = _CHUNK.fullmatch(bytes(self._buffer[:end]))
            if size_line is None:
                raise Garbled("a chunk without a length")
            size = int(size_line[1], 16)
            if size == 0:
                return self._read_trailer(end)
            start, stop = end + 2, end + 2 + size
            self._check_length(self._chunked_bytes + size)
            if len(self._buffer) < stop + 2:
                return None
            if self._buffer[stop : stop + 2] != b"\r\n":
                raise Garbled("a chunk of another length than stated")
            self._chunks.append(bytes(self._buffer[start:stop]))
            self._chunked_bytes += size
            del self._buffer[: stop + 2]

    def _read_trailer(self, end_of_size: int) -> RawResponse | None:
        assert self._chunks is not None
        end = self._buffer.find(b"\r\n\r\n", end_of_size, end_of_size + HEAD_BYTES_MAX)
        if end < 0:
            if len(self._buffer) >= end_of_size + HEAD_BYTES_MAX:
                raise Garbled("the trailer is too long")
            return None
        if len(self._buffer) > end + 4:
            self.reusable = False
        return RawResponse(self._status, self._lines, b"".join(self._chunks))

    def _check_length(self, size: int) -> None:
        if size > self._limit:
            raise Garbled("the body is too long")


def _field(line: bytes) -> tuple[bytes, bytes]:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise Garbled("a malformed field line")
    return match[1], match[2] or b""


class Connection(asyncio.Protocol):
    """A connection to one server, used for one request after the other."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._answer: asyncio.Future[RawResponse] | None = None
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """The next request may be sent: nothing is under way, nothing unasked came, the server did not leave."""
        return self._transport is not None and not self._transport.is_closing() and self._answer is None

    async def exchange(self, request: bytes, *, body_bytes_max: int, no_body: bool) -> RawResponse:
        """Send a whole request and read its response. Cancelling this ends the connection.

        Raises:
            Garbled: see `ResponseReader`.
            ConnectionError: the connection ended before the response was whole.
        """
        if not self.usable or self._transport is None:
            raise ConnectionResetError("the connection has ended")
        self._reader = ResponseReader(body_bytes_max=body_bytes_max, no_body=no_body)
        self._answer = asyncio.get_running_loop().create_future()
        try:
            self._transport.write(request)
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._reader is None or self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        try:
            response = self._reader.feed(data)
        except Garbled as error:
            self._answer.set_exception(error)
            return
        if response is not None:
            self._conclude(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        if self._answer is None or self._answer.done() or self._reader is None:
            return
        response = self._reader.end() if exc is None else None
        if response is not None:
            self._conclude(response)
        else:
            self._answer.set_exception(ConnectionResetError("the connection ended before the response was whole"))

    def _conclude(self, response: RawResponse) -> None:
        assert self._reader is not None
        assert self._answer is not None
        if not self._reader.reusable:
            self.close()
        self._answer.set_result(response)
