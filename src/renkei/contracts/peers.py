"""The parties of the exchange as a gateway or the core reaches them: signed messages out, verified replies in."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import Manifest


class Reply(NamedTuple):
    """A verified reply, bound to our request, with the evidence to keep."""

    body: bytes
    signed: SignedMessage
    manifest: Manifest | None
    sent: SignedMessage
    """Our own request as we signed it: the reply is bound to it."""


class Peers(Protocol):
    """How one party reaches the others. Both transports encode, sign and verify."""

    async def core(
        self, path: str, body: bytes, *, request_id: str, tag: str, manifest: Manifest | None = None
    ) -> Reply:
        """Send a signed request to the core.

        Args:
            request_id: the same for a repetition of the same request.
            tag: what the reply's signature must be for (`contracts.exchange.TAG_*`).

        Raises:
            RenkeiError: the core refused, with its own code; or it cannot be reached (family `failed`).
        """

    async def body(
        self, body_id: str, path: str, body: bytes, *, request_id: str, tag: str, manifest: Manifest | None = None
    ) -> Reply:
        """Send a signed request to the gateway of a body; as `core`."""
