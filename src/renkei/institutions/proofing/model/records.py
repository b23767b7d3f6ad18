"""A record of proofing, what may stand in it, and its audit events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct, fold_digits
from renkei.institutions.proofing.errors import DayUnreadable, IssuerUnfit, ReferenceUnfit
from renkei.institutions.proofing.model.sufficient import Shown

ISSUER_MAX = 60
REFERENCE_MAX = 32
# No syllable or digit is taken for another when it is read aloud or copied by hand.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH = 12
_NUMBER = re.compile(r"\d{5}")
_REFERENCE = re.compile(r"[A-Za-z0-9-]*")


class Record(MaskedStruct, frozen=True, kw_only=True):
    """One proofing: what was seen, where, by whom and when."""

    evidence_id: str
    case: str
    body_id: str
    section: str
    clerk: str
    at_ms: int
    edition: str
    measures: tuple[str, ...]
    sources: tuple[str, ...]
    difficult: tuple[str, ...]
    documents: tuple[Shown, ...]
    reference: str = ""
    """The clerk's own case number."""
    withdrawn_ms: int = 0


def evidence_id(random: bytes) -> str:
    """An id that a clerk can read out: `PF-7K3M-9QXW-2T4H`.

    Args:
        random: at least 12 bytes.
    """
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in random[:ID_LENGTH])
    return f"PF-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def fold_id(typed: str) -> str:
    """An id as it was typed: any width, any case, with or without hyphens."""
    plain = "".join(char for char in typed.translate(_NARROW).upper() if char.isascii() and char.isalnum())
    letters = plain.removeprefix("PF")
    return f"PF-{letters[:4]}-{letters[4:8]}-{letters[8:]}" if len(letters) == ID_LENGTH else ""


_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def parse_issuer(text: str) -> str:
    """An issuing office as it was typed.

    Raises:
        IssuerUnfit: too long, or it holds a number.
    """
    plain = " ".join(text.split())
    if len(plain) > ISSUER_MAX or not plain.isprintable() or _NUMBER.search(fold_digits(plain)):
        raise IssuerUnfit(length_max=ISSUER_MAX)
    return plain


def parse_reference(text: str) -> str:
    """A clerk's own case number; empty where none is given.

    Raises:
        ReferenceUnfit: not such a number, or one that could be a person's.
    """
    plain = text.strip().translate(_NARROW)
    digits = sum(char.isdigit() for char in plain)
    if len(plain) > REFERENCE_MAX or not _REFERENCE.fullmatch(plain) or digits >= 11:
        raise ReferenceUnfit(length_max=REFERENCE_MAX)
    return plain


def parse_day(text: str) -> date | None:
    """A day as it was typed, in any width; None where nothing was.

    Raises:
        DayUnreadable: no such day.
    """
    plain = text.strip().translate(_NARROW).replace("/", "-").replace(".", "-")
    if not plain:
        return None
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        return date(year, month, day)
    except ValueError:
        raise DayUnreadable() from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofingRecorded(AuditEvent):
    """A clerk recorded which documents were seen, and the law was content with them."""

    name: ClassVar[str] = "proofing.recorded"
    evidence: str
    case: str
    measures: tuple[str, ...]
    body: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofingTakenBack(AuditEvent):
    """A clerk withdrew a record as a mistake."""

    name: ClassVar[str] = "proofing.withdrawn"
    evidence: str
    body: str
    user: str
