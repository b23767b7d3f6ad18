"""Where a return stands, and what may happen to it: the whole of it in one table.

    DRAFT -> ASKED -> SIGNED -> FILED -> PAID

Every arrow is one conditional update of one row: it happens once, whatever else goes on in other windows. FILED is the
end where nothing is to be paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from renkei.channels.filing.errors import ReturnStepRefused


class State(StrEnum):
    """Where a return stands."""

    DRAFT = "draft"  # figures can be changed
    ASKED = "asked"  # the person was sent to sign; figures can still be changed, which makes the request worthless
    SIGNED = "signed"  # the signature is here; stamp, check and filing follow without the person
    FILED = "filed"  # it has a receipt number; the payment may be outstanding
    PAID = "paid"  # the bank's receipt is here


class Step(StrEnum):
    """What may happen."""

    EDIT = "edit"
    ASK = "ask"
    TAKE = "take"  # the signature was fetched
    REJECT = "reject"  # the signed return does not verify: nothing is filed, the person signs anew
    FILE = "file"
    PAY = "pay"


TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = {
    (State.DRAFT, Step.EDIT): State.DRAFT,
    (State.DRAFT, Step.ASK): State.ASKED,
    (State.ASKED, Step.EDIT): State.DRAFT,
    (State.ASKED, Step.ASK): State.ASKED,
    (State.ASKED, Step.TAKE): State.SIGNED,
    (State.SIGNED, Step.REJECT): State.DRAFT,
    (State.SIGNED, Step.FILE): State.FILED,
    (State.FILED, Step.PAY): State.PAID,
}


def after(state: State, step: Step) -> State:
    """Where a return stands after a step.

    Raises:
        ReturnStepRefused: the step does not follow from there.
    """
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise ReturnStepRefused(state=state.value) from None
