"""The HTTP wire against servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from renkei.platform.errors import PeerGarbled, PeerTimeout, PeerUnreachable
from renkei.platform.http_client import HttpWire
from renkei.platform.wire import Request

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REQUEST = Request("POST", "somebody.invalid", "/x", {"content-type": "text/plain"}, b"hello")
ANSWER = b"HTTP/1.1 200 OK\r\nA: 1\r\ncontent-length: 2\r\n\r\nab"


def against(serve: Serve, test: Callable[[HttpWire], Awaitable[None]], **options) -> None:
    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        wire = HttpWire(lambda _: f"http://127.0.0.1:{port}", **{"timeout_s": 5, **options})
        try:
            await test(wire)
        finally:
            await wire.close()
            server.close()

    asyncio.run(asyncio.wait_for(main(), 15))


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(5)


def test_a_connection_is_kept_and_the_host_field_names_the_authority() -> None:
    seen: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            seen.append(await read_request(reader))
            writer.write(ANSWER)

    async def test(wire: HttpWire) -> None:
        for _ in range(3):
            response = await wire.send(REQUEST)
            assert (response.status, response.headers["a"], response.body) == (200, "1", b"ab")

    against(serve, test)
    assert connections == 1
    assert seen[0] == (
        b"POST /x HTTP/1.1\r\nhost: somebody.invalid\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"
    )


def answering(raw: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(raw)
        await writer.drain()
        writer.close()

    return serve


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", PeerUnreachable),
        (ANSWER[:-1], PeerUnreachable),
        (ANSWER[:20], PeerUnreachable),
        (b"nonsense\r\n\r\n", PeerGarbled),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", PeerGarbled),
    ],
)
def test_broken_answers_have_their_own_errors(raw: bytes, error: type) -> None:
    async def test(wire: HttpWire) -> None:
        with pytest.raises(error) as caught:
            await wire.send(REQUEST)
        assert caught.value.public == {"authority": "somebody.invalid"}

    against(answering(raw), test, response_bytes_max=1000)


def test_an_answer_that_does_not_come_is_a_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def test(wire: HttpWire) -> None:
        with pytest.raises(PeerTimeout):
            await wire.send(REQUEST)

    against(silent, test, timeout_s=0.05)


def test_a_kept_connection_that_the_server_left_is_not_used() -> None:
    async def test(wire: HttpWire) -> None:
        for _ in range(3):
            assert (await wire.send(REQUEST)).body == b"ab"
            await asyncio.sleep(0.02)

    against(answering(ANSWER), test)


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_request(reader)
        writer.write(ANSWER)
        await asyncio.sleep(0.01)
        writer.write(ANSWER.replace(b"ab", b"no"))
        await reader.read()

    async def test(wire: HttpWire) -> None:
        for _ in range(2):
            assert (await wire.send(REQUEST)).body == b"ab"
            await asyncio.sleep(0.05)

    against(serve, test)
    assert connections == 2


def test_a_cancelled_request_does_not_leave_its_answer_to_the_next() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader)
            await asyncio.sleep(0.05)
            writer.write(ANSWER.replace(b"ab", request[-2:]))

    async def test(wire: HttpWire) -> None:
        first = asyncio.create_task(wire.send(REQUEST))
        await asyncio.sleep(0.02)
        first.cancel()
        response = await wire.send(Request("POST", "somebody.invalid", "/x", {}, b"other"))
        assert response.body == b"er"

    against(serve, test)


def test_no_more_connections_than_allowed() -> None:
    open_now = most = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        while True:
            await read_request(reader)
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.005)
            open_now -= 1
            writer.write(ANSWER)

    async def test(wire: HttpWire) -> None:
        await asyncio.gather(*(wire.send(REQUEST) for _ in range(12)))

    against(serve, test, connections_max=3)
    assert most == 3


def test_nobody_listening_and_nobody_known_are_unreachable() -> None:
    async def main() -> None:
        known = HttpWire({"somebody.invalid": "http://127.0.0.1:1"}.__getitem__)
        with pytest.raises(PeerUnreachable):
            await known.send(REQUEST)
        with pytest.raises(PeerUnreachable):
            await known.send(Request("GET", "stranger.invalid", "/", {}))

    asyncio.run(main())


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", "a.invalid", "/x y", {}),
        Request("POST", "a.invalid", "x", {}),
        Request("POST", "a.invalid", "/x", {"a": "b\r\nc: d"}),
        Request("POST", "a.invalid", "/x", {"a": "b\nc: d"}),
        Request("POST", "a.invalid\r\nx: y", "/x", {}),
        Request("POST", "a.invalid", "/名", {}),
    ],
)
def test_what_would_break_out_of_its_line_is_not_sent(request_: Request) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="path"):
            await HttpWire(lambda _: "http://127.0.0.1:1").send(request_)

    asyncio.run(main())
