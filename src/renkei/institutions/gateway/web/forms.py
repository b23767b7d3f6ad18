"""The console's forms, read and checked: any width, hyphens and spaces are taken; each fault is said at its field."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from renkei.institutions.gateway.model.asking import CaseKey

ADDRESS_DIGITS, CASE_MAX = 15, 64
OTHER = "other"
"""Choice of a case by number instead of from the list."""
_SEPARATORS = str.maketrans("", "", " -‐‑‒–—―−ー")


@dataclass(frozen=True)
class AskForm:
    """One inquiry asked at the console."""

    once: str = ""
    """Made with the form: the form sent twice asks once."""
    target: str = ""
    address_number: str = ""
    case: str = ""
    affairs: str = ""
    information: str = ""
    provider: str = ""


@dataclass(frozen=True)
class DecisionForm:
    """A clerk's decision on a pending inquiry."""

    decision: str = ""
    checked: str | list[str] = field(default_factory=list)
    """Ticked: what would become known to the requester was considered."""


def target_of(case: CaseKey) -> str:
    """A case of the list as the form names it."""
    return f"{case.case}/{case.address_number}"


def narrow(text: str) -> str:
    """Text as a machine writes it: half width, nothing unprintable, no spaces at the ends."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isprintable()).strip()


def address_number_of(text: str) -> str:
    """An address number as typed, with its leading zeros; empty where it is none."""
    digits = narrow(text).translate(_SEPARATORS)
    if not digits.isascii() or not digits.isdigit() or len(digits) > ADDRESS_DIGITS:
        return ""
    return digits.zfill(ADDRESS_DIGITS)


def case_named(form: AskForm, listed: Collection[CaseKey]) -> CaseKey | None:
    """The case that the form names, chosen or typed; None where it names none that could be."""
    if form.target != OTHER:
        return next((case for case in listed if target_of(case) == form.target), None)
    number, case = address_number_of(form.address_number), narrow(form.case)
    return CaseKey(case, number, form.affairs) if number and 0 < len(case) <= CASE_MAX and form.affairs else None


def faults(
    form: AskForm,
    listed: Collection[CaseKey],
    *,
    affairs: Collection[str],
    informations: Collection[str],
    providers: Collection[str],
) -> list[tuple[str, str]]:
    """What is wrong with the form: field and message, in the order of the page.

    Args:
        listed: open cases of the section.
        affairs, informations, providers: what the page offered.
    """
    checks: list[tuple[str, str, Callable[[], bool]]] = []
    if form.target == OTHER:
        checks += [
            ("address_number", "missing", lambda: bool(form.address_number.strip())),
            ("address_number", "wrong", lambda: bool(address_number_of(form.address_number))),
            ("case", "missing", lambda: bool(narrow(form.case))),
            ("case", "wrong", lambda: len(narrow(form.case)) <= CASE_MAX),
            ("affairs", "missing", lambda: form.affairs in affairs),
        ]
    else:
        checks += [
            ("target", "missing", lambda: bool(form.target)),
            ("target", "wrong", lambda: case_named(form, listed) is not None),
        ]
    checks += [
        ("information", "missing", lambda: form.information in informations),
        ("provider", "missing", lambda: form.provider in providers),
    ]
    found: dict[str, str] = {}
    for name, fault, holds in checks:
        if name not in found and not holds():
            found[name] = fault
    return list(found.items())


def batch_of(form: AskForm, case: CaseKey, *, user: str) -> str:
    """Id of the batch: the same form with the same content asks once, however often it is sent."""
    content = "\x00".join((user, *case, form.information, form.provider))
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    once = hashlib.sha256(form.once.encode()).hexdigest()[:16]
    return f"console-{once}-{digest}"
