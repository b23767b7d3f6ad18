"""Whether what was shown is enough. Pure: documents and rules in, the rules met and what is missing out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple

import msgspec

from renkei.institutions.proofing.errors import DocumentUnknown, ItemsNotMatched, NothingShown, ProofingInsufficient
from renkei.institutions.proofing.model.rules import Case, Holder, Measure, Proof, ProofingLaw

SHOWN_MAX = 12
"""More documents than anybody brings."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One document as a clerk saw it: what it is, never what it says."""

    kind: str
    holder: Holder
    issuer: str = ""
    valid_until: date | None = None
    issued_on: date | None = None
    copy: bool = False


class Unfit(NamedTuple):
    """A document that does not count, and why: `expired`, `no_term`, `too_old`, `copy`."""

    shown: Shown
    reason: str


class Met(NamedTuple):
    """A measure that was taken, and by what."""

    measure: Measure
    shown: tuple[Shown, ...]


class Missing(NamedTuple):
    """A proof that is still to come, and the ways to give it. `after_difficulty` are open where the first are hard."""

    proof: Proof
    ways: tuple[Measure, ...]
    after_difficulty: tuple[Measure, ...]


class Assessment(NamedTuple):
    """What became of the documents."""

    met: tuple[Met, ...]
    missing: tuple[Missing, ...]
    unfit: tuple[Unfit, ...]

    @property
    def sufficient(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def require(self, *, matched: bool) -> None:
        """Go on only where the law is content.

        Args:
            matched: the clerk confirmed that name, and birth date or address (個人識別事項), agree (施行令12条1項2号).

        Raises:
            ProofingInsufficient, ItemsNotMatched.
        """
        if self.missing:
            raise ProofingInsufficient(missing=", ".join(one.proof for one in self.missing))
        if not matched:
            raise ItemsNotMatched()


def assess(
    shown: Sequence[Shown],
    *,
    case: Case,
    law: ProofingLaw,
    difficult: frozenset[Proof] = frozenset(),
    capacities: frozenset[str] = frozenset(),
) -> Assessment:
    """Whether these documents suffice in that case, and which rules they meet; no document counts twice.

    Args:
        difficult: proofs of which the clerk found that the documents asked for first are hard to show.
        capacities: of the body that checks (`rules.capacities_of`).

    Raises:
        NothingShown, DocumentUnknown: the list itself is wrong.

    Source: 番号法16条, 施行令12条, 施行規則1条-11条 (edition in `law.edition`).
    """
    measures = law.measures(case, capacities=capacities)
    known = {(measure.holder, kind) for measure in measures for kind in measure.kinds}
    if not shown:
        raise NothingShown()
    if len(shown) > SHOWN_MAX or any((one.holder, one.kind) not in known for one in shown):
        raise DocumentUnknown()
    if any(one.kind not in law.documents for one in shown):
        raise DocumentUnknown()
    unfit = tuple(Unfit(one, reason) for one in shown if (reason := _unfit(one, law)))
    fit = [one for one in shown if not any(other is one for other, _ in unfit)]
    open_ways = [
        measure
        for measure in measures
        if not measure.difficult or all(proof in difficult for proof in measure.proves)
    ]  # fmt: skip
    met = _best(case.needs, fit, open_ways, copies=case.copies)
    proved = {proof for one in met for proof in one.measure.proves}
    missing = tuple(_missing(proof, measures) for proof in case.needs if proof not in proved)
    copied = tuple(
        Unfit(one, "copy") for one in fit if one.copy and missing and not any(one in taken.shown for taken in met)
    )
    return Assessment(met, missing, unfit + copied)


def _unfit(one: Shown, law: ProofingLaw) -> str:
    document = law.documents[one.kind]
    if document.expires and one.valid_until is None:
        return "no_term"
    if one.valid_until is not None and one.valid_until < law.day:
        return "expired"
    if document.issued_from is not None and (one.issued_on is None or one.issued_on < document.issued_from):
        return "too_old"
    return ""


def _best(
    needs: Sequence[Proof], shown: Sequence[Shown], measures: Sequence[Measure], *, copies: bool
) -> tuple[Met, ...]:
    """The measures that prove most, each document used once; of equals, the first in the order of the text."""
    if not needs:
        return ()
    first, rest = needs[0], needs[1:]
    best: tuple[Met, ...] = ()
    for measure in measures:
        if first not in measure.proves:
            continue
        for used in _ways(measure, shown, copies=copies):
            left = [one for one in shown if not any(one is taken for taken in used)]
            more = _best([proof for proof in rest if proof not in measure.proves], left, measures, copies=copies)
            best = max(best, (Met(measure, used), *more), key=_proofs)
            if _proofs(best) == len(needs):
                return best
    return max(best, _best(rest, shown, measures, copies=copies), key=_proofs)


def _proofs(met: Sequence[Met]) -> int:
    return sum(len(one.measure.proves) for one in met)


def _ways(measure: Measure, shown: Sequence[Shown], *, copies: bool) -> Iterator[tuple[Shown, ...]]:
    usable = [
        one
        for one in shown
        if one.holder is measure.holder and one.kind in measure.kinds and (not one.copy or copies or measure.copies)
    ]
    if not measure.all_of:
        yield from combinations(usable, measure.count)
    elif set(measure.all_of) <= {one.kind for one in usable}:
        yield tuple(next(one for one in usable if one.kind == kind) for kind in measure.all_of)


def _missing(proof: Proof, measures: Sequence[Measure]) -> Missing:
    ways = [measure for measure in measures if proof in measure.proves]
    return Missing(
        proof,
        tuple(measure for measure in ways if not measure.difficult),
        tuple(measure for measure in ways if measure.difficult),
    )
