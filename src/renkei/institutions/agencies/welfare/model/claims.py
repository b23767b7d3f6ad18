"""Claims for the child allowance: states in one table, whom to ask for what, what the answers give.

What the law permits here is narrower than what an office might like: for row 106 the tax of the claimant (not of the
spouse), family register, resident record and bank account; for row 107 pension contributions. Nobody may be asked what
the former municipality paid: it ends its allowance itself when the family moves away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from renkei.base.encoding import MaskedStruct
from renkei.contracts.exchange import Outcome
from renkei.contracts.information import LocalTax, PensionBenefit, read_body
from renkei.institutions.agencies.welfare.errors import AllowanceStepRefused, FormerHomeUnknown
from renkei.institutions.agencies.welfare.model.allowance import Child
from renkei.institutions.agencies.welfare.model.parameters import figure

RECOGNITION = "106.1"
"""児童手当法7条1項の認定の請求に係る事実についての審査に関する事務 (令和6年デジタル庁・総務省令9号108条1号)."""

RECOGNITION_PENSION = "107.1"
"""The same claim, for pension contributions (109条1号)."""

JPS = "jps"
OUTSTANDING = frozenset({Outcome.PENDING, Outcome.FAILED})


class State(StrEnum):
    """Where a claim stands."""

    FILED = "filed"
    WAITING = "waiting"
    READY = "ready"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


FINAL = frozenset({State.GRANTED, State.REFUSED, State.WITHDRAWN})


class Step(StrEnum):
    """What can happen to a claim."""

    ASK = "ask"
    SETTLE = "settle"
    REOPEN = "reopen"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_OPEN = (State.FILED, State.WAITING, State.READY)

TRANSITIONS: dict[tuple[State, Step], State] = {
    **{(state, Step.ASK): State.WAITING for state in _OPEN},
    (State.WAITING, Step.SETTLE): State.READY,
    (State.WAITING, Step.REOPEN): State.WAITING,
    (State.READY, Step.SETTLE): State.READY,
    (State.READY, Step.REOPEN): State.WAITING,
    (State.READY, Step.GRANT): State.GRANTED,
    **{(state, Step.REFUSE): State.REFUSED for state in _OPEN},
    **{(state, Step.WITHDRAW): State.WITHDRAWN for state in _OPEN},
}


def after(state: State, step: Step) -> State:
    """The state that a step leads to.

    Raises:
        AllowanceStepRefused: the step is not possible in this state.
    """
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise AllowanceStepRefused(state=state, step=step)
    return found


class Need(StrEnum):
    """What a claim has to establish about the claimant."""

    INCOME = "income"  # 4条3項: who supports the children more
    PENSION = "pension"  # 18条: employed (被用者) or not, which decides who bears the cost


PAPERS: dict[Need, str] = {
    Need.INCOME: "児童手当法4条3項 (所得・課税証明書)",
    Need.PENSION: "児童手当法18条 (年金加入証明)",
}
"""The paper that each question replaces, by the rule for which it was asked."""


class Claim(MaskedStruct, frozen=True, kw_only=True):
    """One claim (認定請求)."""

    claim_id: str
    own_number: str
    children: tuple[Child, ...]
    moved_in_on: date | None
    moved_from: str
    """Body id of the former municipality; empty for who did not move, or came from abroad."""
    state: State
    filed_ms: int
    round: int
    note: str
    decided_ms: int
    since: int
    """First month granted."""


class Question(NamedTuple):
    """One item to ask about the claimant, with the case under which it is asked."""

    need: Need
    affairs: str
    information: str
    provider: str

    def case(self, claim_id: str) -> str:
        """A case serves one affairs item, so that a claim that needs two has two."""
        return f"{claim_id}-{self.affairs}"


def tax_year_on(day: date) -> int:
    """The newest fiscal year whose resident tax is known on that day."""
    return day.year if day.month >= figure("tax_known_from_month", day) else day.year - 1


def questions(claim: Claim, *, own_body: str, on: date) -> list[Question]:
    """Whom to ask for what. Who lived here on 1 January is in our own tax room: the exchange is not asked.

    Raises:
        FormerHomeUnknown: the claimant moved in after 1 January and the claim does not say from where.

    Source: 地方税法39条, 318条 (1 January); rows 106 and 107 of the order.
    """
    found: list[Question] = []
    new_year = date(tax_year_on(on), 1, 1)
    if claim.moved_in_on is not None and claim.moved_in_on > new_year:
        if not claim.moved_from:
            raise FormerHomeUnknown(on=new_year)
        if claim.moved_from != own_body:
            found.append(Question(Need.INCOME, RECOGNITION, "local_tax", claim.moved_from))
    found.append(Question(Need.PENSION, RECOGNITION_PENSION, "pension_benefit", JPS))
    return found


class Answer(MaskedStruct, frozen=True, kw_only=True):
    """What became of one question; `rests_on` are the facts that outlive the copy."""

    need: Need
    information: str
    outcome: Outcome
    reason: str
    facts: dict[str, str]
    number: str
    provider: str
    row: str
    edition: str
    asked_ms: int
    given_ms: int
    copied_ms: int
    body: bytes | None
    rests_on: dict[str, str]


def outstanding(answers: Mapping[Need, Answer], asked: Iterable[Need]) -> list[Need]:
    """Needs whose question has no result yet."""
    return [need for need in asked if need not in answers or answers[need].outcome in OUTSTANDING]


def papers_left(answers: Mapping[Need, Answer]) -> list[Need]:
    """Needs for which the claimant still has to bring the paper."""
    ended = {need: answer for need, answer in answers.items() if answer.outcome not in OUTSTANDING}
    return [need for need, answer in ended.items() if answer.outcome is not Outcome.GIVEN]


def facts_of(answer: Answer, *, on: date) -> dict[str, str]:
    """The few facts of a copy that the decision needs."""
    if answer.body is None:
        return {}
    body = read_body(answer.information, answer.body)
    if isinstance(body, LocalTax):
        year = next((year for year in body.years if year.fiscal_year == tax_year_on(on)), None)
        if year is not None:
            return {"fiscal_year": str(year.fiscal_year), "total_income_yen": str(year.total_income_yen)}
    if isinstance(body, PensionBenefit):
        return {"employed": "yes" if body.insured_kind == "second" else "no"}
    return {}


def claim_number(fiscal_year: int, sequence: int) -> str:
    """Number of a claim."""
    return f"{fiscal_year}-{sequence:06d}"


def batch_id(claim_id: str, round_number: int) -> str:
    """Stable id of a round of questions: asked again, it gets the same answers and makes one record."""
    return f"allowance-{claim_id}-{round_number}"
