"""How an inquiry stands, told apart as a clerk or the person asked about needs it.

An outcome alone does not say it: "refused" may mean that the law does not permit the question, that the provider holds
no linkage code, or that the question could not be taken at all, and what is to be done differs each time.
"""

from __future__ import annotations

from enum import StrEnum

from renkei.contracts.errors import NoCode, OwnCodeMissing, Withheld
from renkei.contracts.exchange import Outcome
from renkei.law.errors import NotPermitted, RowNotInForce


class Standing(StrEnum):
    """How an inquiry stands; no two may look alike on a screen."""

    UNASKED = "unasked"  # nobody was asked yet
    ASKED = "asked"  # recorded as asked; what became of it is not told yet
    GIVEN = "given"
    PENDING = "pending"  # a clerk of the provider decides
    NO_DATA = "no_data"  # permitted, but nothing is registered
    WITHHELD = "withheld"  # a clerk of the provider decided not to give
    NOT_PERMITTED = "not_permitted"  # the law does not permit the question
    NO_CODE = "no_code"  # one of the two bodies cannot tell who the person is
    NOT_TAKEN = "not_taken"  # the question could not be taken: no open case, unknown or stopped body …
    LAPSED = "lapsed"  # no answer before the time ran out
    FAILED = "failed"  # we failed for now; it goes on by itself


_BY_LAW = frozenset({NotPermitted.code, RowNotInForce.code})
_CODELESS = frozenset({NoCode.code, OwnCodeMissing.code})
_PLAIN = {
    Outcome.GIVEN: Standing.GIVEN,
    Outcome.PENDING: Standing.PENDING,
    Outcome.LAPSED: Standing.LAPSED,
    Outcome.FAILED: Standing.FAILED,
}


def standing_of(outcome: Outcome | None, reason: str = "") -> Standing:
    """How an inquiry stands.

    Args:
        outcome: None where only the request is recorded.
        reason: stable code that explains the outcome; empty where it is not told.
    """
    if outcome is None:
        return Standing.ASKED
    if outcome in _PLAIN:
        return _PLAIN[outcome]
    if outcome is Outcome.NONE:
        return Standing.WITHHELD if reason == Withheld.code else Standing.NO_DATA
    if reason in _BY_LAW:
        return Standing.NOT_PERMITTED
    return Standing.NO_CODE if reason in _CODELESS else Standing.NOT_TAKEN
