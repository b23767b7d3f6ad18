"""A provider's decision on one permitted inquiry, and a clerk's time to decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from renkei.base.time import to_ms
from renkei.contracts.exchange import Outcome
from renkei.institutions.gateway.model.answering import CopyRow, PendingState, answer_from_copy, may_decide
from renkei.institutions.gateway.model.asking import PersonRow

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAYS = st.dates(min_value=datetime(2020, 1, 1).date(), max_value=datetime(2030, 1, 1).date())  # noqa: DTZ001
COPIES = st.none() | st.builds(lambda first, last: CopyRow(b"body", 1, first.isoformat(), last.isoformat()), DAYS, DAYS)
PERSONS = st.none() | st.builds(PersonRow, st.just("1"), st.just(b"code"), st.booleans(), st.booleans())


@given(PERSONS, COPIES, DAYS)
def test_every_inquiry_has_one_answer(person: PersonRow | None, copy: CopyRow | None, today) -> None:  # type: ignore[no-untyped-def]
    """Protected: always a clerk, copy or not. Else a copy of that day is given, and nothing else ever is."""
    verdict = answer_from_copy(person, copy, today=today.isoformat())
    if person is not None and person.no_automatic_answer:
        assert (verdict.outcome, verdict.reason) == (Outcome.PENDING, "waiting_for_clerk")
    elif person is not None and copy is not None and copy.valid_from <= today.isoformat() <= copy.valid_to:
        assert (verdict.outcome, verdict.body) == (Outcome.GIVEN, b"body")
    else:
        assert (verdict.outcome, verdict.reason) == (Outcome.NONE, "no_copy")
    assert bool(verdict.body) is (verdict.outcome is Outcome.GIVEN)


@given(st.sampled_from(PendingState), st.integers(-5, 5))
def test_only_what_waits_may_be_decided_and_only_in_time(state: PendingState, seconds_left: int) -> None:
    answer_by_ms = to_ms(NOW + timedelta(seconds=seconds_left))
    assert may_decide(state, answer_by_ms, NOW) is (state is PendingState.WAITING and seconds_left > 0)
