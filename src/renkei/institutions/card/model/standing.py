"""How a certificate stands: states, transitions, and the standing as of a moment from the history.

               suspend          lift               revoke
    GOOD       SUSPENDED        -                  REVOKED
    SUSPENDED  (stays)          GOOD *             REVOKED
    REVOKED    -                -                  -

    * where the profile lets a hold be lifted (authentication certificates)

The history is appended to and never changed, so that what was so at a moment can be told for ever after.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from renkei.base.encoding import MaskedStruct
from renkei.base.time import to_ms
from renkei.crypto.person_certificates import Use
from renkei.crypto.revocation import Reason, StatusKind
from renkei.institutions.card.errors import CertificateUnknown, HoldNotLifted, StandingFinal


class CertificateKey(NamedTuple):
    """Names one certificate."""

    issuer_id: str
    serial: int


class Held(MaskedStruct, frozen=True, kw_only=True):
    """A certificate as the authority keeps it, with how it stands at present."""

    issuer_id: str
    serial: int
    use: Use
    holder: str
    der: bytes
    not_before_ms: int
    not_after_ms: int
    replaces: CertificateKey | None
    """The holder's earlier certificate of the same use."""
    kind: StatusKind
    reason: Reason | None
    since_ms: int

    @property
    def key(self) -> CertificateKey:
        """Its name."""
        return CertificateKey(self.issuer_id, self.serial)


class Issued(MaskedStruct, frozen=True, kw_only=True):
    """What came of an application."""

    authentication: Held | None
    signature: Held | None
    ended: tuple[CertificateKey, ...] = ()
    """Certificates that the new ones take the place of."""


class Change(NamedTuple):
    """One line of a certificate's history."""

    at_ms: int
    kind: StatusKind
    reason: Reason | None


class StatusAt(MaskedStruct, frozen=True, kw_only=True):
    """How a certificate stood at a moment."""

    kind: StatusKind
    reason: Reason | None
    since_ms: int
    within_validity: bool
    """Whether the moment lies in its period; a good certificate outside it proves nothing."""


class Step(StrEnum):
    """What can happen to a certificate's standing."""

    SUSPEND = "suspend"
    LIFT = "lift"
    REVOKE = "revoke"


_AFTER: Final = {
    (StatusKind.GOOD, Step.SUSPEND): StatusKind.SUSPENDED,
    (StatusKind.GOOD, Step.REVOKE): StatusKind.REVOKED,
    (StatusKind.SUSPENDED, Step.SUSPEND): StatusKind.SUSPENDED,
    (StatusKind.SUSPENDED, Step.LIFT): StatusKind.GOOD,
    (StatusKind.SUSPENDED, Step.REVOKE): StatusKind.REVOKED,
}


def after(held: Held, step: Step, *, may_be_lifted: bool = False) -> StatusKind:
    """The state that a step leads to.

    Args:
        may_be_lifted: what the profile says of a hold of this use.

    Raises:
        HoldNotLifted: nothing is on hold, or the hold of this use is never lifted.
        StandingFinal: the certificate is revoked.
    """
    if step is Step.LIFT and (held.kind is StatusKind.GOOD or not may_be_lifted):
        raise HoldNotLifted()
    found = _AFTER.get((held.kind, step))
    if found is None:
        raise StandingFinal()
    return found


def standing_at(history: Iterable[Change], *, not_before_ms: int, not_after_ms: int, moment: datetime) -> StatusAt:
    """How a certificate stood at a moment, from its history alone.

    Args:
        history: every line, oldest first, beginning with the issue.

    Raises:
        CertificateUnknown: it was not issued yet.
    """
    at_ms = to_ms(moment)
    last = None
    for line in history:
        if line.at_ms > at_ms:
            break
        last = line
    if last is None:
        raise CertificateUnknown(private="not issued yet at that time")
    return StatusAt(
        kind=last.kind,
        reason=last.reason,
        since_ms=last.at_ms,
        within_validity=not_before_ms <= at_ms <= not_after_ms,
    )
