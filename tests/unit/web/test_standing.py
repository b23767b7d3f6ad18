"""“Not permitted”, “no code”, “no data”, “waiting for a clerk” and “we failed” never look alike."""

from __future__ import annotations

import pytest

from renkei.contracts.exchange import Outcome
from renkei.contracts.standing import Standing, standing_of
from renkei.platform.web import Language, WebKit
from renkei.platform.web.icons import SHAPES, icon
from renkei.platform.web.standing import LOOKS


def test_no_two_standings_share_a_drawing_or_words() -> None:
    """Neither on the screen nor, where colours are gone, on paper."""
    assert set(LOOKS) == {standing.value for standing in Standing}
    assert len({look.icon for look in LOOKS.values()}) == len(LOOKS)
    assert {look.icon for look in LOOKS.values()} <= set(SHAPES)
    kit = WebKit()
    for language in Language:
        assert len({kit.standing(language, standing).text for standing in Standing}) == len(Standing)


@pytest.mark.parametrize(
    ("outcome", "reason", "standing"),
    [
        (None, "", Standing.ASKED),
        (Outcome.GIVEN, "", Standing.GIVEN),
        (Outcome.PENDING, "waiting_for_clerk", Standing.PENDING),
        (Outcome.NONE, "no_copy", Standing.NO_DATA),
        (Outcome.NONE, "", Standing.NO_DATA),
        (Outcome.NONE, "withheld", Standing.WITHHELD),
        (Outcome.REFUSED, "not_permitted", Standing.NOT_PERMITTED),
        (Outcome.REFUSED, "row_not_in_force", Standing.NOT_PERMITTED),
        (Outcome.REFUSED, "no_code", Standing.NO_CODE),
        (Outcome.REFUSED, "own_code_missing", Standing.NO_CODE),
        (Outcome.REFUSED, "case_missing", Standing.NOT_TAKEN),
        (Outcome.REFUSED, "body_stopped", Standing.NOT_TAKEN),
        (Outcome.LAPSED, "answer_overdue", Standing.LAPSED),
        (Outcome.FAILED, "peer_timeout", Standing.FAILED),
    ],
)
def test_reasons_tell_outcomes_apart(outcome: Outcome | None, reason: str, standing: Standing) -> None:
    assert standing_of(outcome, reason) is standing


def test_a_drawing_is_not_read_aloud() -> None:
    assert 'aria-hidden="true"' in icon("clock")
    with pytest.raises(KeyError):
        icon("nothing")
