"""Examining a claim: whom to ask for what, what the answers say, and whether a decision may rest on them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from renkei.contracts.exchange import Outcome
from renkei.contracts.information import FamilyRegister, InformationBody, LocalTax, ResidentRecord, read_body
from renkei.institutions.agencies.pension.errors import (
    AnswersContradict,
    AnswersOutstanding,
    PapersMissing,
    ResidenceUnknown,
)
from renkei.institutions.agencies.pension.model.claims import (
    PAPER_OF,
    Answer,
    Ground,
    Insured,
    Need,
    Question,
    Residence,
)
from renkei.institutions.agencies.pension.model.parameters import figure

MOJ = "moj"
"""Body that answers for the family registers (戸籍法121条の3; row 73.1 names the Minister of Justice)."""

OUTSTANDING = frozenset({Outcome.PENDING, Outcome.FAILED})


def tax_year_on(day: date) -> int:
    """The newest fiscal year whose resident tax is known on that day."""
    return day.year if day.month >= figure("tax_known_from_month", day) else day.year - 1


def municipality_on(residences: Iterable[Residence], day: date) -> str:
    """Where one lived on that day.

    Raises:
        ResidenceUnknown: no residence is recorded for it.
    """
    known = [residence for residence in residences if residence.since <= day]
    if not known:
        raise ResidenceUnknown(on=day)
    return max(known, key=lambda residence: residence.since).body_id


def questions(needs: Iterable[Need], residences: Sequence[Residence], *, on: date) -> list[Question]:
    """Whom to ask for what. A year's income is known to the municipality of its 1 January, even if one moved since.

    Raises:
        ResidenceUnknown: the address history does not say whom to ask.

    Source: 地方税法 39条, 318条 (1 January).
    """
    whom: dict[Need, Callable[[], str]] = {
        Need.RESIDENCE: lambda: municipality_on(residences, on),
        Need.INCOME: lambda: municipality_on(residences, date(tax_year_on(on), 1, 1)),
        Need.FAMILY: lambda: MOJ,
    }
    return [Question(need, PAPER_OF[need].information, whom[need]()) for need in needs]


class Finding(NamedTuple):
    """Something that an answer says about the claim; one that is `blocking` and does not hold bars a grant."""

    need: Need
    code: str
    holds: bool
    blocking: bool


def body_of(answer: Answer) -> InformationBody | None:
    """The copy in an answer, read by its schema; None where there is none."""
    return None if answer.body is None else read_body(answer.information, answer.body)


def findings(insured: Insured, answers: Iterable[Answer], *, on: date) -> list[Finding]:
    """What the answers say, in their order."""
    found: list[Finding] = []
    for answer in answers:
        body = body_of(answer)
        if isinstance(body, ResidentRecord):
            found += [
                Finding(answer.need, "birth_agrees", body.birth == insured.birth, True),
                Finding(answer.need, "name_agrees", _same(body.name, insured.name), False),
                Finding(answer.need, "resident_now", body.left_on is None or body.left_on > on, True),
            ]
        elif isinstance(body, LocalTax):
            year = next((year for year in body.years if year.fiscal_year == tax_year_on(on)), None)
            found.append(Finding(answer.need, "tax_year_known", year is not None, False))
            if year is not None:
                below = year.total_income_yen < figure("livelihood_income_below", on)
                found.append(Finding(answer.need, "income_within_limit", below, False))
        elif isinstance(body, FamilyRegister):
            found.append(Finding(answer.need, "has_spouse", body.spouse, False))
    return found


def outstanding(answers: Mapping[Need, Answer], needs: Iterable[Need]) -> list[Need]:
    """Needs whose question has no result yet."""
    return [need for need in needs if need not in answers or answers[need].outcome in OUTSTANDING]


def papers_left(answers: Mapping[Need, Answer], needs: Iterable[Need]) -> list[Need]:
    """Needs for which the claimant still has to bring the paper: the exchange ended without data."""
    return [
        need
        for need in needs
        if need in answers and answers[need].outcome not in OUTSTANDING and answers[need].outcome is not Outcome.GIVEN
    ]


def grounds(
    insured: Insured,
    answers: Mapping[Need, Answer],
    needs: Sequence[Need],
    *,
    papers_seen: frozenset[Need],
    on: date,
) -> list[Ground]:
    """What a grant rests on: for each need the facts of its answer, or the paper that the clerk saw.

    Raises:
        AnswersOutstanding: a result is still to come.
        PapersMissing: the exchange gave nothing and nobody saw the paper.
        AnswersContradict: an answer speaks against the office's own record.
    """
    if waiting := outstanding(answers, needs):
        raise AnswersOutstanding(count=len(waiting))
    left = papers_left(answers, needs)
    if unseen := [need for need in left if need not in papers_seen]:
        raise PapersMissing(count=len(unseen))
    for finding in findings(insured, answers.values(), on=on):
        if finding.blocking and not finding.holds:
            raise AnswersContradict(fact=finding.code)
    return [_ground(answers[need], by_paper=need in left, on=on) for need in needs]


def _ground(answer: Answer, *, by_paper: bool, on: date) -> Ground:
    return Ground(
        need=answer.need,
        by_paper=by_paper,
        facts=_facts(body_of(answer), on),
        number=answer.number,
        provider=answer.provider,
        row=answer.row,
        edition=answer.edition,
        copied_ms=answer.copied_ms,
    )


def _facts(body: InformationBody | None, on: date) -> dict[str, str]:
    """The few facts of a copy that the decision needs; nothing else outlives it."""
    if isinstance(body, ResidentRecord):
        return {"birth": body.birth.isoformat(), "resident_since": body.resident_since.isoformat()}
    if isinstance(body, LocalTax):
        for year in body.years:
            if year.fiscal_year == tax_year_on(on):
                return {"fiscal_year": str(year.fiscal_year), "total_income_yen": str(year.total_income_yen)}
    if isinstance(body, FamilyRegister):
        return {"spouse": "yes" if body.spouse else "no"}
    return {}


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
