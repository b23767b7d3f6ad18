"""Audit events: a typed catalogue, one frozen dataclass per event (rendered to docs/events.md).

An event says who did what to which *kind* of thing, with pseudonymous references only. Rooms declare their
events in their `model` and hand them to an `AuditSink` inside the transaction that did the thing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar, Protocol

_registry: dict[str, type[AuditEvent]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Base of every audit event; a subclass sets `name` (dotted, past tense) and documents itself."""

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super(AuditEvent, cls).__init_subclass__(**kwargs)
        if not cls.name:
            return
        if cls.name in _registry and _registry[cls.name].__qualname__ != cls.__qualname__:
            raise TypeError(f"audit event {cls.name!r} is declared twice")
        _registry[cls.name] = cls  # a slotted dataclass is built twice; the second build is the real one

    def fields(self) -> dict[str, object]:
        """The event's own values, ready for one line of JSON."""
        return asdict(self)


class AuditSink(Protocol):
    """Where a room's audit events go; the platform's sink writes them in the room's own transaction."""

    def __call__(self, event: AuditEvent) -> None: ...


def catalogue() -> dict[str, type[AuditEvent]]:
    """Every declared event by name."""
    return dict(sorted(_registry.items()))
