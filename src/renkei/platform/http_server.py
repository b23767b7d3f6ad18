"""One port for everything: signed calls by authority, pages and published interfaces by path.

A request whose Host field names a registered authority goes straight to that party's `SignedApp`, as raw bytes;
everything else goes to the Litestar application (`pages`). `HostApp` is a plain ASGI application; `HttpServer`
serves it from our own event loop by Granian.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from renkei.base.errors import RenkeiError
from renkei.crypto.messages import single_lines
from renkei.platform import problems
from renkei.platform.errors import BodyTooLarge, RouteUnknown
from renkei.platform.signed_app import SignedApp
from renkei.platform.wire import Request, Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class HostApp:
    """ASGI application that sends each request to the party or the pages that it is for.

    Args:
        pages: answers what names no authority; without it such a request is not found.
    """

    def __init__(self, *, pages: Asgi | None = None) -> None:
        self._pages = pages
        self._apps: dict[bytes, SignedApp] = {}

    def register(self, app: SignedApp) -> None:
        """Let `app` answer for its authority; a second registration replaces the first."""
        self._apps[app.authority.encode("ascii")] = app

    def unregister(self, authority: str) -> None:
        """Stop answering for `authority`."""
        self._apps.pop(authority.encode("ascii"), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event (ASGI 3)."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"host":
                    app = self._apps.get(value)
                    if app is not None:
                        await _serve_signed(app, scope, receive, send)
                        return
                    break
        if self._pages is not None:
            await self._pages(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await _send(send, _plain(RouteUnknown()))


async def _serve_signed(app: SignedApp, scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        path = f"{path}?{scope['query_string'].decode('latin-1')}"
    headers: dict[str, str] = {}
    try:
        headers = single_lines(scope["headers"])
        body = await _read(receive, headers.get("content-length"), app.body_bytes_max)
    except RenkeiError as error:
        response = await app.refuse(Request(scope["method"], app.authority, path, headers), error)
    else:
        if body is None:
            return
        response = await app(Request(scope["method"], app.authority, path, headers, body))
    await _send(send, response)


async def _read(receive: Receive, length: str | None, limit: int) -> bytes | None:
    """The whole body; None where the client went away.

    Raises:
        BodyTooLarge: it is longer than `limit`, or says so.
    """
    if length is not None and length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit_bytes=limit)
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit_bytes=limit)
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Send, response: Response) -> None:
    headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in response.headers.items()]
    headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _plain(error: RenkeiError) -> Response:
    return Response(error.status.http, {"content-type": problems.CONTENT_TYPE}, problems.encode_problem(error))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class HttpServer:
    """Serves an ASGI application from the running event loop.

    Args:
        app: for instance a `HostApp`.
        host: address to listen on.
        port: TCP port; 0 lets the system choose one, which `port` and `url` then tell.
        certificate, key: PEM files for TLS; without them plain HTTP is served.
        client_authorities: PEM file; clients must then show a certificate of one of these.
    """

    def __init__(
        self,
        app: Asgi,
        *,
        host: str = "127.0.0.1",
        port: int,
        certificate: Path | None = None,
        key: Path | None = None,
        client_authorities: Path | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._tls = certificate is not None
        # Granian's type for the target names its own scope; ASGI's is the same mapping.
        self._make: Callable[[int], Any] = lambda claimed: Server(
            app,
            address=host,
            port=claimed,
            interface=Interfaces.ASGI,
            websockets=False,
            log_enabled=False,
            backlog=1024,
            ssl_cert=certificate,
            ssl_key=key,
            ssl_ca=client_authorities,
            ssl_client_verify=client_authorities is not None,
        )
        self._server: Any = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    async def start(self) -> None:
        """Begin to serve; returns when connections are accepted.

        Raises:
            OSError: the address is in use, or the application did not start.
        """
        self.port = _claim(self.host, self.port)
        self._server = self._make(self.port)
        self._task = asyncio.create_task(self._server.serve())
        while not await self._accepts():
            if self._task.done():
                self._task.result()
                raise OSError(f"nothing is served at {self.url}")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop accepting, finish what is under way, return when all is closed."""
        if self._task is not None:
            self._server.stop()
            await self._task
            self._task = None

    async def _accepts(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(self.host, self.port)
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()
            return True
        return False


def _claim(host: str, port: int) -> int:
    """The port, once it is known to be free: the server itself would share it with whoever listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
