"""Time as a part that is handed in, and the mark that development stand-ins carry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol, runtime_checkable

from renkei.base.time import Instant, instant
from renkei.platform.errors import StandInRefused
from renkei.platform.logging import get_logger


class Clock(Protocol):
    """Tells the time; everything below an operation's edge gets `now` as a value instead."""

    def now(self) -> Instant:
        """This moment, in UTC."""


@runtime_checkable
class StandIn(Protocol):
    """A part for demonstrations and tests that must never serve in production."""

    stand_in: ClassVar[str]
    """What it stands in for, in a few words."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """This moment, in UTC."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that stands still until it is moved, forward only."""

    stand_in: ClassVar[str] = "the system clock"

    def __init__(self, start: Instant) -> None:
        self._now = instant(start)
        get_logger("platform").warning("stand_in_started", name=type(self).__name__)

    def now(self) -> Instant:
        """The moment it was moved to last."""
        return self._now

    def move(self, by: timedelta) -> Instant:
        """Move forward by `by`.

        Raises:
            ValueError: time does not run backwards.
        """
        return self.move_to(self._now + by)

    def move_to(self, moment: Instant) -> Instant:
        """Move forward to `moment`.

        Raises:
            ValueError: time does not run backwards.
        """
        if moment < self._now:
            raise ValueError("a clock does not run backwards")
        self._now = instant(moment)
        return self._now


def refuse_stand_ins(parts: Iterable[object]) -> None:
    """Called by every production role with the parts that it is made of.

    Raises:
        StandInRefused: one of them is a stand-in.
    """
    for part in parts:
        if isinstance(part, StandIn):
            raise StandInRefused(name=type(part).__name__)
