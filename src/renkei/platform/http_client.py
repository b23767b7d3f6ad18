"""The wire between processes: HTTP/1.1 over connections that are kept."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from renkei.crypto.messages import single_lines
from renkei.platform.errors import PeerGarbled, PeerTimeout, PeerUnreachable
from renkei.platform.http_connection import Connection, Garbled
from renkei.platform.wire import Request, Response

RESPONSE_BYTES_MAX = 64 << 20
CONNECT_TIMEOUT_S = 5.0
IDLE_S = 10.0  # shorter than servers wait, so that a kept connection is rarely lost just as it is used


class Place(NamedTuple):
    """Where a server listens."""

    host: str
    port: int
    tls: bool


class HttpWire:
    """Sends requests to the server that answers for an authority. Belongs to one event loop.

    The Host field carries the authority, so that one server can answer for many bodies on one port.

    Args:
        base_url: where an authority is served, such as "https://gateway.example:8443" (no path); raises KeyError
            for one that is not known. Asked on every request.
        timeout_s: for the whole exchange; connecting is given 5 seconds at most.
        connections_max: under way at once, to all servers together; further requests wait.
        tls: trust and client certificate for https; None trusts what the system trusts.
        response_bytes_max: a longer answer is refused.
    """

    def __init__(
        self,
        base_url: Callable[[str], str],
        *,
        timeout_s: float = 30.0,
        connections_max: int = 64,
        tls: ssl.SSLContext | None = None,
        response_bytes_max: int = RESPONSE_BYTES_MAX,
    ) -> None:
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._response_bytes_max = response_bytes_max
        self._tls = tls
        self._slots = asyncio.Semaphore(connections_max)
        self._idle: defaultdict[Place, list[Connection]] = defaultdict(list)
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Send and wait.

        A request is never sent twice: where a kept connection breaks under it, the caller decides, who can sign anew.

        Raises:
            PeerUnreachable, PeerTimeout, PeerGarbled: as `Wire.send`.
            ValueError: a header or path that no HTTP message can carry.
        """
        authority = request.authority
        try:
            place = _place(self._base_url(authority))
        except KeyError as error:
            raise PeerUnreachable(authority=authority, private="no address is known") from error
        message = _encode(request)
        try:
            async with asyncio.timeout(self._timeout_s), self._slots:
                connection = await self._connection(place)
                raw = await connection.exchange(
                    message, body_bytes_max=self._response_bytes_max, no_body=request.method == "HEAD"
                )
        except TimeoutError as error:
            raise PeerTimeout(authority=authority) from error
        except OSError as error:  # ConnectionError and ssl.SSLError are among these
            raise PeerUnreachable(authority=authority, private=type(error).__name__) from error
        except Garbled as error:
            raise PeerGarbled(authority=authority, private=str(error)) from error
        self._keep(place, connection)
        return Response(raw.status, single_lines(raw.lines), raw.body)

    async def close(self) -> None:
        """Close every connection that is kept; requests under way end by themselves."""
        self._closed = True
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)

    async def _connection(self, place: Place) -> Connection:
        loop = asyncio.get_running_loop()
        kept = self._idle[place]
        while kept:
            connection = kept.pop()
            if connection.usable and loop.time() - connection.idle_since < IDLE_S:
                return connection
            connection.close()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, made = await loop.create_connection(
                    Connection,
                    place.host,
                    place.port,
                    ssl=(self._tls or _system_trust()) if place.tls else None,
                    server_hostname=place.host if place.tls else None,
                )
        except TimeoutError as error:
            raise ConnectionRefusedError("no connection in time") from error
        return made

    def _keep(self, place: Place, connection: Connection) -> None:
        if self._closed:
            connection.close()
        elif connection.usable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle[place].append(connection)


@lru_cache(maxsize=1)
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=4096)
def _place(base_url: str) -> Place:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("a base URL is a scheme, a host and perhaps a port")
    tls = parts.scheme == "https"
    return Place(parts.hostname, parts.port or (443 if tls else 80), tls)


def _encode(request: Request) -> bytes:
    """The request as bytes (RFC 9112 §3).

    Raises:
        ValueError: a value that would break out of its line.
    """
    lines = [f"{request.method} {request.path} HTTP/1.1", f"host: {request.authority}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines.append(f"content-length: {len(request.body)}")
    head = "\r\n".join(lines)
    if not head.isascii() or not head.replace("\r\n", "").isprintable() or head.count("\r\n") != len(lines) - 1:
        raise ValueError("a path or header holds a line break or is not printable ASCII")
    if " " in request.path or not request.path.startswith("/"):
        raise ValueError("a path starts with a slash and holds no space")
    return head.encode("ascii") + b"\r\n\r\n" + request.body
