"""Properties of the authority's decisions: how long certificates last, and what the history says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.time import add_years, from_ms
from renkei.crypto.revocation import Reason, StatusKind
from renkei.institutions.card.errors import CardExpired, CertificateUnknown
from renkei.institutions.card.model.issuing import last_day
from renkei.institutions.card.model.standing import Change, standing_at

DAYS = st.dates(date(2020, 1, 1), date(2060, 1, 1))
BIRTHS = st.dates(date(1900, 1, 1), date(2019, 12, 31))
KINDS = st.sampled_from(StatusKind)


@given(BIRTHS, DAYS, st.integers(1, 10))
def test_so_many_birthdays_lie_in_the_period(birth: date, issued: date, birthdays: int) -> None:
    ends = last_day(birth, issued=issued, birthdays=birthdays, card_expires=date.max)
    kept = {add_years(birth, years) for years in range(200)}
    assert sum(issued < day <= ends for day in kept) == birthdays
    assert ends in kept


@given(BIRTHS | st.none(), DAYS, DAYS, st.none() | DAYS)
def test_never_past_the_card_nor_the_leave_to_stay(
    birth: date | None, issued: date, card: date, leave: date | None
) -> None:
    caps = [card, *([leave] if leave else [])]
    if min(caps) <= issued:
        with pytest.raises(CardExpired):
            last_day(birth, issued=issued, birthdays=5, card_expires=card, residence_until=leave)
        return
    ends = last_day(birth, issued=issued, birthdays=5, card_expires=card, residence_until=leave)
    assert issued < ends <= min(caps)
    assert ends <= add_years(issued, 5)


@given(st.lists(st.tuples(st.integers(0, 1000), KINDS), min_size=1, max_size=8), st.integers(-5, 1100))
def test_the_last_line_up_to_the_moment_decides(lines: list[tuple[int, StatusKind]], at: int) -> None:
    history = [Change(at_ms, kind, Reason.UNSPECIFIED) for at_ms, kind in sorted(lines, key=lambda line: line[0])]
    before = [line for line in history if line.at_ms <= at]
    moment = from_ms(at) + timedelta(microseconds=999)
    if not before:
        with pytest.raises(CertificateUnknown):
            standing_at(history, not_before_ms=0, not_after_ms=500, moment=moment)
        return
    found = standing_at(history, not_before_ms=0, not_after_ms=500, moment=moment)
    assert (found.kind, found.since_ms) == (before[-1].kind, before[-1].at_ms)
    assert found.within_validity == (0 <= at <= 500)
    later = [*history, Change(1_000_000, StatusKind.REVOKED, Reason.APPLIED)]
    assert standing_at(later, not_before_ms=0, not_after_ms=500, moment=moment) == found
