"""The table of a return's steps."""

from __future__ import annotations

import itertools

import pytest

from renkei.channels.filing.errors import ReturnStepRefused
from renkei.channels.filing.model.states import TRANSITIONS, State, Step, after


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_every_pair_is_decided(state: State, step: Step) -> None:
    if (state, step) in TRANSITIONS:
        assert after(state, step) is TRANSITIONS[state, step]
    else:
        with pytest.raises(ReturnStepRefused):
            after(state, step)


def test_nothing_undoes_a_filing() -> None:
    """What is filed stays filed; the only way on is the payment."""
    assert {after for (before, _), after in TRANSITIONS.items() if before is State.FILED} == {State.PAID}
    assert not [1 for before, _ in TRANSITIONS if before is State.PAID]


def test_only_a_signature_leads_to_a_filing() -> None:
    assert {before for (before, step) in TRANSITIONS if step is Step.FILE} == {State.SIGNED}
    assert {before for (before, step), to in TRANSITIONS.items() if to is State.SIGNED} == {State.ASKED}
