"""Answering a permitted inquiry from what is registered, and what a clerk may still decide."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from renkei.base.time import to_ms
from renkei.contracts.errors import NoCopy, WaitingForClerk
from renkei.contracts.exchange import Outcome
from renkei.institutions.gateway.model.asking import PersonRow


class CopyRow(NamedTuple):
    """A registered copy; days are ISO 8601 text, which compares as days do."""

    body: bytes
    copied_ms: int
    valid_from: str
    valid_to: str


class Verdict(NamedTuple):
    """How a provider answers one permit, before sealing."""

    outcome: Outcome
    reason: str
    body: bytes
    copied_ms: int


def answer_from_copy(person: PersonRow | None, found: CopyRow | None, *, today: str) -> Verdict:
    """Decide on one permitted inquiry from what is registered.

    A person marked `no_automatic_answer` is never answered by the machine, not even "nothing held", since that
    alone can reveal a whereabouts (支援措置).

    Args:
        person: holder of the presented code; None if the code is not registered here.
        found: the copy of the item, if any.
        today: JST day, ISO 8601.

    Source: 番号法 22条1項 (the provider must answer); 命令 for the mark.
    """
    if person is not None and person.no_automatic_answer:
        return Verdict(Outcome.PENDING, WaitingForClerk.code, b"", 0)
    if person is None or found is None or not found.valid_from <= today <= found.valid_to:
        return Verdict(Outcome.NONE, NoCopy.code, b"", 0)
    return Verdict(Outcome.GIVEN, "", found.body, found.copied_ms)


class PendingState(StrEnum):
    """States of a pending inquiry and its one way on: waiting → given | withheld | lapsed."""

    WAITING = "waiting"
    GIVEN = "given"
    WITHHELD = "withheld"
    LAPSED = "lapsed"


def may_decide(state: PendingState, answer_by_ms: int, now: datetime) -> bool:
    """Whether a clerk may still decide."""
    return state is PendingState.WAITING and to_ms(now) < answer_by_ms
