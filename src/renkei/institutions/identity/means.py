"""What every part of the identity provider works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from renkei.institutions.identity.model.settings import Settings
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.web.kit import WebKit


class StatusSource(Protocol):
    """Whoever answers for the status of a certificate (OCSP, RFC 6960)."""

    async def ask(self, request_der: bytes) -> bytes:
        """Send an OCSP request, return the response, both DER.

        Raises:
            StatusUnavailable: nobody answers; the sign-in is refused, never waved through.
        """


@dataclass(frozen=True, slots=True)
class Means:
    """Store, clock, settings and secrets of one provider."""

    db: Database
    clock: Clock
    settings: Settings
    kit: WebKit
    status: StatusSource
    pairwise_key: bytes = field(repr=False)
    """32 bytes: pairwise subjects."""
    session_key: bytes = field(repr=False)
    """32 bytes: hashes of session cookies and of codes."""
