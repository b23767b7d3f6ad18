"""How a message travels: a request to an authority, a response back, both as bytes and plain header fields.

Two wires ship: `InProcessWire` (every room in one process) and `HttpWire` (rooms as processes). What is signed,
encoded and verified is the same on both; see `signed_app` and `signed_client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """A request on its way.

    Attributes:
        authority: whom it is for (`renkei.crypto.messages.authority_of`), not which host.
        path: with its query, if any.
        headers: lower-case names, one line each, printable ASCII.
    """

    method: str
    authority: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A response on its way back; headers as in `Request`."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


class Wire(Protocol):
    """Carries one request and brings its response."""

    async def send(self, request: Request) -> Response:
        """Send and wait.

        Raises:
            PeerUnreachable: nothing was sent, or the connection broke before an answer.
            PeerTimeout: no answer in time.
            PeerGarbled: the answer is not HTTP, or is too large.
        """
