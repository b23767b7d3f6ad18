"""Claims (裁定請求): their states and steps in one table, and what each person is."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from renkei.base.encoding import MaskedStruct
from renkei.contracts.exchange import Outcome
from renkei.institutions.agencies.pension.errors import ClaimStepRefused
from renkei.institutions.agencies.pension.model.amount import Months

AFFAIRS = "73.2"
"""国民年金法による給付に係る申請等に係る事実についての審査に関する事務 (令和6年デジタル庁・総務省令9号75条2号)."""


class State(StrEnum):
    """Where a claim stands."""

    FILED = "filed"  # received; nobody was asked yet
    WAITING = "waiting"  # asked; some result is still to come
    READY = "ready"  # every question has its result
    HELD = "held"  # a clerk put it on hold
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


FINAL = frozenset({State.GRANTED, State.REFUSED, State.WITHDRAWN})


class Step(StrEnum):
    """What can happen to a claim."""

    ASK = "ask"
    SETTLE = "settle"  # the last result has come
    REOPEN = "reopen"  # results are outstanding again
    HOLD = "hold"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_OPEN = (State.FILED, State.WAITING, State.READY, State.HELD)

TRANSITIONS: dict[tuple[State, Step], State] = {
    **{(state, Step.ASK): State.WAITING for state in _OPEN},
    (State.WAITING, Step.SETTLE): State.READY,
    (State.WAITING, Step.REOPEN): State.WAITING,
    (State.HELD, Step.SETTLE): State.HELD,
    (State.HELD, Step.REOPEN): State.HELD,
    (State.READY, Step.SETTLE): State.READY,
    (State.READY, Step.REOPEN): State.WAITING,
    (State.WAITING, Step.HOLD): State.HELD,
    (State.READY, Step.HOLD): State.HELD,
    (State.READY, Step.GRANT): State.GRANTED,
    (State.HELD, Step.GRANT): State.GRANTED,
    **{(state, Step.REFUSE): State.REFUSED for state in _OPEN},
    **{(state, Step.WITHDRAW): State.WITHDRAWN for state in _OPEN},
}


def after(state: State, step: Step) -> State:
    """The state that a step leads to.

    Raises:
        ClaimStepRefused: the step is not possible in this state.
    """
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise ClaimStepRefused(state=state, step=step)
    return found


class InsuredKind(StrEnum):
    """被保険者の種別 (国民年金法7条)."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    NONE = "none"


class Insured(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """An insured person of the office's own register (国民年金原簿, 国民年金法14条)."""

    own_number: str
    name: str
    kana: str
    birth: date
    months: Months
    kind: InsuredKind = InsuredKind.NONE


class Residence(NamedTuple):
    """Since when one has lived in a municipality, as the claim and the register say."""

    since: date
    body_id: str


class Need(StrEnum):
    """What a claim has to establish; each needs one paper, or one question in its place."""

    RESIDENCE = "residence"  # who the claimant is, and where they live
    INCOME = "income"  # whether the claimant may count as supported by a spouse
    FAMILY = "family"  # marriage and children


class Paper(NamedTuple):
    """The paper that people brought, the item asked in its place, and the rule by which the paper was asked for."""

    need: Need
    information: str
    source: str


PAPERS: tuple[Paper, ...] = (
    Paper(Need.RESIDENCE, "resident_record", "国民年金法施行規則16条 (住民票: 生年月日を明らかにする書類)"),
    Paper(Need.INCOME, "local_tax", "昭和60年法律34号附則14条 (所得・課税証明書: 生計維持を明らかにする書類)"),
    Paper(Need.FAMILY, "family_register", "昭和60年法律34号附則14条 (戸籍謄本: 身分関係を明らかにする書類)"),
)
PAPER_OF = {paper.need: paper for paper in PAPERS}

DEFAULT_NEEDS = (Need.RESIDENCE, Need.INCOME)
"""The claim of the demonstration: two papers before, none now."""


class Question(NamedTuple):
    """One item to ask about the claimant."""

    need: Need
    information: str
    provider: str


class Answer(MaskedStruct, frozen=True, kw_only=True):
    """What became of one question."""

    need: Need
    information: str
    outcome: Outcome
    reason: str
    facts: dict[str, str]
    """Public facts of the reason."""
    number: str
    provider: str
    row: str
    edition: str
    asked_ms: int
    given_ms: int
    copied_ms: int
    body: bytes | None
    """The copy; erased with the decision."""


class Claim(MaskedStruct, frozen=True, kw_only=True):
    """One claim."""

    claim_id: str
    own_number: str
    needs: tuple[Need, ...]
    state: State
    filed_ms: int
    filed_by: str
    round: int
    """How many times the exchange was asked; 0 before the first."""
    note: str
    """Short code of why it is on hold or was refused."""
    decided_ms: int
    decided_by: str
    yearly_yen: int
    from_month: str


class Ground(MaskedStruct, frozen=True, kw_only=True):
    """What a decision rests on for one need: facts, and how they came; or the paper that a clerk saw."""

    need: Need
    by_paper: bool
    facts: dict[str, str]
    number: str
    provider: str
    row: str
    edition: str
    copied_ms: int


def claim_number(fiscal_year: int, sequence: int) -> str:
    """Number of a claim; also its case in the section's register."""
    return f"{fiscal_year}-{sequence:06d}"


def batch_id(claim_id: str, round_number: int) -> str:
    """Stable id of a round of questions: asked again, it gets the same answers and makes one record."""
    return f"pension-{claim_id}-{round_number}"
