"""Planning inquiries, and putting their outcomes together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from renkei.base.errors import Failed, Refused, RenkeiError
from renkei.contracts.errors import (
    CaseAmbiguous,
    CaseMissing,
    ExchangeInterrupted,
    NotEntitled,
    OwnCodeMissing,
    PersonUnknown,
)
from renkei.contracts.exchange import Outcome, PermitAsk
from renkei.contracts.inquiries import NO_DATA, Inquiry, InquiryBatch, InquiryResult, InquiryResults
from renkei.contracts.sheets import b64_many


class PersonRow(NamedTuple):
    """What a gateway knows of a person."""

    address_number: str
    code: bytes | None
    no_automatic_answer: bool
    hidden: bool


class Planned(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one inquiry became: a place in the permit request, or a refusal of our own."""

    at: int
    """Position in the dispatch's permit request; -1 if refused here."""
    reason: str = ""
    facts: dict[str, str] = {}
    """Public facts of a refusal; for an inquiry that named no case, the `case` that it was found to serve."""


class CaseKey(NamedTuple):
    """An open case of one person in a section's register."""

    case: str
    address_number: str
    affairs: str


def plan(
    batch: InquiryBatch,
    *,
    persons: Mapping[str, PersonRow],
    open_cases: frozenset[CaseKey] | set[CaseKey],
    entitled: frozenset[str],
    first_at: int,
) -> tuple[list[Planned], list[PermitAsk]]:
    """Check each inquiry against the body's own registers; what passes is asked of the core.

    Args:
        persons: by address number, those of the batch that are registered here.
        open_cases: open cases of the asking section: those that the inquiries name, and all of the persons for whom
            an inquiry names none.
        entitled: affairs items for which the section may ask (PPC guideline, access control).
        first_at: position of this batch's first item in the permit request.
    """
    planned: list[Planned] = []
    passed: list[tuple[Inquiry, PersonRow]] = []
    only = {} if all(inquiry.case for inquiry in batch.inquiries) else _only_cases(open_cases)
    for inquiry in batch.inquiries:
        case = inquiry.case or only.get((inquiry.address_number, inquiry.affairs), "")
        reason = _own_refusal(inquiry, case, persons, open_cases, entitled)
        if reason:
            planned.append(Planned(-1, reason))
            continue
        at = first_at + len(passed)
        planned.append(Planned(at) if inquiry.case or case is None else Planned(at, "", {"case": case}))
        passed.append((inquiry, persons[inquiry.address_number]))
    codes = b64_many([person.code or b"" for _, person in passed])
    section = batch.section
    return planned, [
        PermitAsk(
            code, inquiry.provider, inquiry.affairs, inquiry.information, section, inquiry.hidden or person.hidden
        )
        for code, (inquiry, person) in zip(codes, passed, strict=True)
    ]  # fmt: skip


def _only_cases(open_cases: Iterable[CaseKey]) -> dict[tuple[str, str], str | None]:
    """By person and affairs: the case, if only one is open; None for several."""
    found: dict[tuple[str, str], str | None] = {}
    for case, address_number, affairs in open_cases:
        key = (address_number, affairs)
        found[key] = None if key in found else case
    return found


def _own_refusal(
    inquiry: Inquiry,
    case: str | None,
    persons: Mapping[str, PersonRow],
    open_cases: frozenset[CaseKey] | set[CaseKey],
    entitled: frozenset[str],
) -> str:
    person = persons.get(inquiry.address_number)
    if person is None:
        return PersonUnknown.code
    if inquiry.affairs not in entitled:
        return NotEntitled.code
    if case is None:
        return CaseAmbiguous.code
    if not case or (case, inquiry.address_number, inquiry.affairs) not in open_cases:
        return CaseMissing.code
    return OwnCodeMissing.code if person.code is None else ""


class ItemOutcome(NamedTuple):
    """What became of one item of a dispatch."""

    outcome: Outcome
    reason: str = ""
    facts: Mapping[str, str] = MappingProxyType({})
    number: str = ""
    provider: str = ""
    row: str = ""
    edition: str = ""
    asked_ms: int = 0
    given_ms: int = 0
    copied_ms: int = 0
    data: bytes | None = None
    hidden: bool = False


def without_answer(error: RenkeiError) -> ItemOutcome:
    """Outcome of an item that has no answer: refused by law or policy, or not answered for now, with the reason.

    Failures of ours and of the network look the same to the section: it goes on by itself.
    """
    if isinstance(error, Refused):
        return ItemOutcome(Outcome.REFUSED, error.code, error.public)
    if isinstance(error, Failed):
        return ItemOutcome(Outcome.FAILED, ExchangeInterrupted.code)
    return ItemOutcome(Outcome.FAILED, error.code, error.public)


def results(batch: InquiryBatch, planned: Sequence[Planned], outcomes: Mapping[int, ItemOutcome]) -> InquiryResults:
    """The results in the order of the inquiries; an item without an outcome yet is `failed`, and goes on by itself."""
    interrupted = ItemOutcome(Outcome.FAILED, ExchangeInterrupted.code)
    collected: list[InquiryResult] = []
    for inquiry, step in zip(batch.inquiries, planned, strict=True):
        if step.at < 0:
            collected.append(
                InquiryResult(
                    ref=inquiry.ref, outcome=Outcome.REFUSED, reason=step.reason, facts=step.facts,
                    provider=inquiry.provider,
                )
            )  # fmt: skip
            continue
        found = outcomes.get(step.at, interrupted)
        collected.append(
            InquiryResult(
                ref=inquiry.ref, outcome=found.outcome, reason=found.reason, facts=dict(found.facts),
                number=found.number,
                provider=inquiry.provider, row=found.row, edition=found.edition, asked_ms=found.asked_ms,
                given_ms=found.given_ms, copied_ms=found.copied_ms,
                data=msgspec.Raw(found.data) if found.data is not None else NO_DATA,
            )
        )  # fmt: skip
    return InquiryResults(batch=batch.batch, results=collected)
