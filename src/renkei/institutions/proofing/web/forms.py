"""What the clerk's form says, read once into types. Chosen documents travel in the address: kinds, nobody's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from renkei.base.errors import RenkeiError
from renkei.institutions.proofing.model.records import parse_day, parse_issuer, parse_reference
from renkei.institutions.proofing.model.rules import Holder, Proof, ProofingLaw
from renkei.institutions.proofing.model.sufficient import Shown
from renkei.platform.web.pages import word

KINDS_MAX = 12
T = TypeVar("T")

Value = Callable[[str], str]
"""Name of a field → what was entered; empty where nothing was."""


class Chosen(NamedTuple):
    """Which documents were shown, and which proofs the clerk found hard to give otherwise."""

    kinds: tuple[tuple[Holder, str], ...]
    difficult: frozenset[Proof]


class Details(NamedTuple):
    """The whole form."""

    shown: tuple[Shown, ...]
    matched: bool
    reference: str
    errors: dict[str, RenkeiError]
    """What is wrong with a field, by its name."""


def read_chosen(pairs: Iterable[tuple[str, str]], law: ProofingLaw) -> Chosen:
    """The choice, from the fields `person`, `agent` and `difficult`; what is no such thing is passed over."""
    kinds: dict[tuple[Holder, str], None] = {}
    difficult = set()
    for name, value in pairs:
        if name in set(Holder) and word(value) in law.documents and len(kinds) < KINDS_MAX:
            kinds[(Holder(name), value)] = None
        if name == "difficult" and value in set(Proof):
            difficult.add(Proof(value))
    return Chosen(tuple(kinds), frozenset(difficult))


def field_name(holder: Holder, kind: str, what: str) -> str:
    """Name of the field that says something of one document."""
    return f"{holder}-{kind}-{what}"


def read_details(chosen: Chosen, value: Value, law: ProofingLaw) -> Details:
    """The form of the second step."""
    errors: dict[str, RenkeiError] = {}
    shown = tuple(_shown(holder, kind, value, law, errors) for holder, kind in chosen.kinds)
    reference = _parsed("reference", value, parse_reference, errors) or ""
    return Details(shown, value("matched") == "yes", reference, errors)


def first_look(chosen: Chosen, law: ProofingLaw) -> Sequence[Shown]:
    """The documents as if each were in order: enough to see whether something is missing."""
    return [Shown(kind=kind, holder=holder, valid_until=law.day, issued_on=law.day) for holder, kind in chosen.kinds]


def _shown(holder: Holder, kind: str, value: Value, law: ProofingLaw, errors: dict[str, RenkeiError]) -> Shown:
    def name(what: str) -> str:
        return field_name(holder, kind, what)

    return Shown(
        kind=kind, holder=holder,
        issuer=_parsed(name("issuer"), value, parse_issuer, errors) or law.documents[kind].issuer,
        valid_until=_parsed(name("until"), value, parse_day, errors),
        issued_on=_parsed(name("issued"), value, parse_day, errors),
        copy=value(name("copy")) == "yes",
    )  # fmt: skip


def _parsed(name: str, value: Value, parse: Callable[[str], T], errors: dict[str, RenkeiError]) -> T | None:
    try:
        return parse(value(name))
    except RenkeiError as error:
        errors[name] = error
        return None
