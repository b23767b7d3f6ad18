"""The law of proofing as dated data: cases, documents and measures, read once from `law/proofing.toml`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache

import msgspec

from renkei.institutions.proofing.errors import CaseUnknown
from renkei.law.data import read_toml


class Proof(StrEnum):
    """What has to be proved."""

    NUMBER = "number"  # 番号確認: the number is the person's
    IDENTITY = "identity"  # 身元確認: whoever stands here is the person
    AUTHORITY = "authority"  # 代理権確認
    AGENT_IDENTITY = "agent_identity"  # 代理人の身元確認


class Holder(StrEnum):
    """Whose document it is."""

    PERSON = "person"
    AGENT = "agent"


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who provides the number, and how."""

    id: str
    ja: str
    en: str
    needs: tuple[Proof, ...]
    copies: bool = False
    """Copies do in place of the documents themselves (施行規則11条)."""
    source: str


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of document, or another means."""

    kind: str
    ja: str
    en: str
    issuer: str
    """Who issues it as a rule; empty where that must be written down each time."""
    bears: tuple[str, ...]
    photo: bool = False
    expires: bool = False
    """It says until when it is valid."""
    one_holder: bool = False
    seen_by_body: bool = False
    """No paper: the body looks for itself."""
    online: bool = False
    ours: bool = False
    """Found suitable by us, as the rule leaves to the body (適当と認めるもの)."""
    issued_from: date | None = None
    """Only those issued on this day or later."""
    valid_from: date = date.min
    valid_to: date | None = None
    source: str

    def in_force(self, day: date) -> bool:
        """Whether the law knows it on that day (JST)."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def title(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en


class Measure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to prove something: all of some documents, or so many of any."""

    id: str
    cases: tuple[str, ...]
    proves: tuple[Proof, ...]
    holder: Holder
    source: str
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    count: int = 1
    difficult: bool = False
    """Only where showing what stands before it is recognised as difficult (困難であると認められる場合)."""
    copies: bool = False
    only: str = ""
    """Only for bodies of this capacity."""
    valid_from: date = date.min
    valid_to: date | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of document that plays a part in it."""
        return self.all_of or self.any_of

    def in_force(self, day: date) -> bool:
        """Whether it holds on that day (JST)."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    edition: str
    case: tuple[Case, ...]
    document: tuple[Document, ...]
    measure: tuple[Measure, ...]


class ProofingLaw:
    """The rules in force on one day. Make it with `proofing_law`."""

    def __init__(self, file: _File, day: date) -> None:
        self.edition, self.day = file.edition, day
        self.cases = {case.id: case for case in file.case}
        self.documents = {one.kind: one for one in file.document if one.in_force(day)}
        self._measures = tuple(measure for measure in file.measure if measure.in_force(day))

    def case(self, case_id: str) -> Case:
        """A case by its id.

        Raises:
            CaseUnknown: there is none.
        """
        found = self.cases.get(case_id)
        if found is None:
            raise CaseUnknown()
        return found

    def measures(self, case: Case, *, capacities: frozenset[str]) -> tuple[Measure, ...]:
        """The ways open to a body of these capacities in a case, in the order of the text."""
        return tuple(
            measure
            for measure in self._measures
            if case.id in measure.cases and (not measure.only or measure.only in capacities)
        )

    def choices(self, case: Case, holder: Holder, *, capacities: frozenset[str]) -> tuple[Document, ...]:
        """What may be shown in a case, of this holder, in the order of the text."""
        kinds = {
            kind
            for measure in self.measures(case, capacities=capacities)
            if measure.holder is holder
            for kind in measure.kinds
        }
        return tuple(document for kind, document in self.documents.items() if kind in kinds)


def proofing_law(day: date) -> ProofingLaw:
    """The rules in force on that day (JST)."""
    return ProofingLaw(_read(), day)


def capacities_of(body_id: str) -> frozenset[str]:
    """Capacities of a body that the rules speak of: a mayor looks into the resident register and does tax affairs."""
    if body_id.startswith("m-"):
        return frozenset(("municipality", "tax"))
    return frozenset(("tax",)) if body_id.startswith("p-") or body_id == "nta" else frozenset()


@cache
def _read() -> _File:
    return msgspec.convert(dict(read_toml("proofing.toml")), _File)
