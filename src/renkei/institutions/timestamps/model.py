"""What happens at the stamping authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from renkei.base.audit import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampGiven(AuditEvent):
    """A digest was stamped. The digest itself is not kept: it may tell which document somebody holds."""

    name: ClassVar[str] = "timestamps.given"
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampRefused(AuditEvent):
    """A request was refused."""

    name: ClassVar[str] = "timestamps.refused"
    reason: str
