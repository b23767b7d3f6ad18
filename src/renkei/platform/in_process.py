"""The wire inside one process: authorities are functions, everything still crosses as bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from renkei.crypto.messages import single_lines
from renkei.platform.errors import PeerUnreachable
from renkei.platform.wire import Request, Response

Handler = Callable[[Request], Awaitable[Response]]


class InProcessWire:
    """Routes requests by authority to handlers in this process.

    Headers are written out and read again exactly as on HTTP, so that what could not travel does not travel here.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def register(self, authority: str, handler: Handler) -> None:
        """Let `handler` answer for `authority`; a second registration replaces the first, as after a restart."""
        self._handlers[authority] = handler

    def unregister(self, authority: str) -> None:
        """Make `authority` unreachable, as when its process is down."""
        self._handlers.pop(authority, None)

    async def send(self, request: Request) -> Response:
        """Hand the request over and wait for the response.

        Raises:
            PeerUnreachable: nobody is registered under that authority.
        """
        handler = self._handlers.get(request.authority)
        if handler is None:
            raise PeerUnreachable(authority=request.authority)
        headers = _carry(request.headers)
        response = await handler(Request(request.method, request.authority, request.path, headers, request.body))
        return Response(response.status, _carry(response.headers), response.body)


def _carry(headers: Mapping[str, str]) -> dict[str, str]:
    lines = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    return single_lines(lines)
