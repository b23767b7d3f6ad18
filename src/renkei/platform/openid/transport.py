"""HTTP to the provider and to nobody else: only configured origins are ever called (no request forgery by URL)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, Protocol
from urllib.parse import urlsplit

from renkei.platform.errors import PeerGarbled, PeerTimeout, PeerUnreachable
from renkei.platform.http_client import HttpWire
from renkei.platform.openid.errors import ProviderGarbled, ProviderUnreachable
from renkei.platform.wire import Request, Response, Wire

ANSWER_BYTES_MAX = 262_144
TIMEOUT_S = 10.0


class Http(Protocol):
    """Sends one request to a URL and brings its response."""

    async def send(
        self, method: Literal["GET", "POST"], url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Response:
        """Send and wait.

        Raises:
            ProviderUnreachable: no answer.
            ProviderGarbled: no HTTP, an answer too large, or a URL that is not the provider's.
        """


class ProviderHttp:
    """`Http` over one of the platform's wires.

    Args:
        wire: carries the requests; their authority is the host and port of the URL.
        origins: origins that may be called, `https://host[:port]`; plain `http` only within one machine or network
            that the operator trusts.
    """

    def __init__(self, wire: Wire, *, origins: Collection[str]) -> None:
        self._wire, self._origins = wire, frozenset(map(origin_of, origins))

    @classmethod
    def to(cls, issuer: str, *, inside: str = "") -> ProviderHttp:
        """HTTP to one issuer; belongs to one event loop.

        Args:
            inside: base URL under which this process reaches it, where that is not its public one.
        """
        origin = origin_of(issuer)
        places = {urlsplit(origin).netloc: inside or origin}
        wire = HttpWire(places.__getitem__, timeout_s=TIMEOUT_S, response_bytes_max=ANSWER_BYTES_MAX)
        return cls(wire, origins=[origin])

    async def send(
        self, method: Literal["GET", "POST"], url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Response:
        """As `Http`."""
        parts = urlsplit(url)
        if origin_of(url) not in self._origins:
            raise ProviderGarbled(what="url")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            return await self._wire.send(Request(method, parts.netloc, path, headers, body))
        except (PeerUnreachable, PeerTimeout) as error:
            raise ProviderUnreachable(private=error.code) from error
        except (PeerGarbled, ValueError) as error:
            raise ProviderGarbled(what="http") from error


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL (RFC 6454)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
