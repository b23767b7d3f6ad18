"""Staff of bodies and the terminals at which they work. Values in, values out.

    staff:     ENROLLED -> ACTIVE -> ENDED      (ENROLLED -> ENDED as well)
    terminal:  PREPARED -> REGISTERED -> ENDED

An administrator of the body enrols a clerk and hands over a one-time code; the clerk enters it at a registered terminal
and shows the staff card, whose certificate is bound from then on. A terminal is registered in the same way, by a code
that is entered at the machine itself. So a sign-in rests on the card, its PIN, and the terminal.

Least privilege: one section, affairs by item or row of the appended table, and no casework for whoever gives roles.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.base.time import Instant, to_ms
from renkei.contracts.staff import CASEWORK, Role
from renkei.institutions.identity.errors.staff import (
    AffairsMalformed,
    CodeWrong,
    RolesClash,
    RolesMissing,
    StaffFieldMissing,
    TerminalElsewhere,
    TerminalUnregistered,
)
from renkei.institutions.identity.model.device import ALPHABET

CODE_LENGTH = 12
"""20^12 codes: 51 bits; nobody guesses one within its life."""
CODE_LIFE = timedelta(hours=24)
GROUP = 4
NAME_MAX, PLACE_MAX, ID_MAX, AFFAIRS_MAX = 60, 60, 40, 40
TEST_TERMINAL = "test"
"""Stands in for a registered terminal, for test cards in a demonstration."""
_ITEM = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?", re.ASCII)
_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,39}", re.ASCII)
_LOOKALIKES = str.maketrans({"0": "Q", "O": "Q", "1": "L", "I": "L", "5": "S", "2": "Z", "8": "B", "U": "V"})


class StaffState(StrEnum):
    """Where a clerk stands."""

    ENROLLED = "enrolled"  # no card bound yet
    ACTIVE = "active"
    ENDED = "ended"


class TerminalState(StrEnum):
    """Where a terminal stands."""

    PREPARED = "prepared"  # its code was not entered yet
    REGISTERED = "registered"
    ENDED = "ended"


class Staff(MaskedStruct, frozen=True, kw_only=True):
    """A clerk of a body, in one section."""

    staff_id: str
    body_id: str
    section: str
    name: str
    roles: frozenset[str]
    affairs: frozenset[str]
    """Items (`73.2`) or rows (`73`) of the appended table."""
    account_id: str = ""
    """In the staff realm; empty before the first sign-in."""
    code_ms: int = 0
    """When the one-time code was made; 0 where none is open."""
    made_ms: int
    ended_ms: int = 0

    @property
    def state(self) -> StaffState:
        """Where the clerk stands."""
        if self.ended_ms:
            return StaffState.ENDED
        return StaffState.ACTIVE if self.account_id else StaffState.ENROLLED


class Terminal(MaskedStruct, frozen=True, kw_only=True):
    """A machine at which staff of a body work."""

    terminal_id: str
    body_id: str
    place: str
    """Where it stands, as the body calls it."""
    code_ms: int = 0
    made_ms: int
    registered_ms: int = 0
    ended_ms: int = 0

    @property
    def state(self) -> TerminalState:
        """Where the terminal stands."""
        if self.ended_ms:
            return TerminalState.ENDED
        return TerminalState.REGISTERED if self.registered_ms else TerminalState.PREPARED


class Enrolment(NamedTuple):
    """A clerk to be enrolled, as an administrator enters it."""

    staff_id: str
    section: str
    name: str
    roles: frozenset[Role]
    affairs: frozenset[str]


def enrolment(
    *, staff_id: str, section: str, name: str, roles: Collection[str], affairs: str, sections: Collection[str]
) -> Enrolment:
    """Check what an administrator entered.

    Args:
        affairs: items and rows, with commas or spaces between, in any width.
        sections: of the body.

    Raises:
        StaffFieldMissing, RolesMissing, RolesClash, AffairsMalformed: by what is wrong.
    """
    given_id = narrow(staff_id).lower()
    if not _ID.fullmatch(given_id):
        raise StaffFieldMissing(field="staff_id")
    given_name = unicodedata.normalize("NFC", name).strip()
    if not _shown(given_name, NAME_MAX):
        raise StaffFieldMissing(field="name")
    if section not in sections:
        raise StaffFieldMissing(field="section")
    chosen = frozenset(Role(role) for role in roles if role in set(Role))
    if not chosen:
        raise RolesMissing()
    if Role.ADMINISTRATOR in chosen and chosen & CASEWORK:
        raise RolesClash()
    items = frozenset(narrow(affairs).replace(",", " ").replace("、", " ").split())
    if len(items) > AFFAIRS_MAX or not all(_ITEM.fullmatch(item) for item in items):
        raise AffairsMalformed()
    if Role.ASKER in chosen and not items:
        raise AffairsMalformed()
    return Enrolment(given_id, section, given_name, chosen, items)


def place_of(text: str) -> str:
    """The place of a terminal as it was entered.

    Raises:
        StaffFieldMissing: empty, too long, or not printable.
    """
    place = unicodedata.normalize("NFC", text).strip()
    if not _shown(place, PLACE_MAX):
        raise StaffFieldMissing(field="place")
    return place


def _shown(text: str, length_max: int) -> bool:
    """Whether a text can stand on a screen: one line; the ideographic space, which parts names, is allowed."""
    return 0 < len(text) <= length_max and text.replace("\u3000", " ").isprintable()


def check_terminal(terminal: Terminal | None, staff: Staff) -> Terminal:
    """The terminal, where this clerk may work at it.

    Raises:
        TerminalUnregistered: none, or one that was taken out of use.
        TerminalElsewhere: another body's.
    """
    if terminal is None or terminal.state is not TerminalState.REGISTERED:
        raise TerminalUnregistered()
    if terminal.body_id != staff.body_id:
        raise TerminalElsewhere()
    return terminal


# --- one-time codes ---


def one_time_code(key: bytes, kind: str, name: str, made_ms: int) -> str:
    """The code of a clerk or terminal: a function of what is kept, so that it can be shown again until it is used.

    Args:
        key: the provider's session key.
        kind: `staff` or `terminal`.
        made_ms: when the code was made; a new one differs.
    """
    seed = hmac.new(key, f"code\x00{kind}\x00{name}\x00{made_ms}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(seed, "big")  # 256 bits: the bias of the remainder is beyond measure
    letters = []
    for _ in range(CODE_LENGTH):
        number, at = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[at])
    return "".join(letters)


def shown_code(code: str) -> str:
    """As a screen or a slip of paper shows it: three groups."""
    return "-".join(code[at : at + GROUP] for at in range(0, CODE_LENGTH, GROUP))


def typed_code(text: str) -> str:
    """What somebody meant to type: any width, any case, hyphens and spaces anywhere.

    Raises:
        CodeWrong: it cannot be a code.
    """
    letters = "".join(one for one in narrow(text[: 4 * CODE_LENGTH]).upper() if one.isalnum()).translate(_LOOKALIKES)
    if len(letters) != CODE_LENGTH or not set(letters) <= set(ALPHABET):
        raise CodeWrong()
    return letters


def code_open(code_ms: int, now: Instant) -> bool:
    """Whether a code can still be used."""
    return bool(code_ms) and to_ms(now) < code_ms + CODE_LIFE // timedelta(milliseconds=1)


def narrow(text: str) -> str:
    """Text as a machine writes it."""
    return unicodedata.normalize("NFKC", text).strip()


# --- audit ---


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEnrolled(AuditEvent):
    """An administrator enrolled a clerk, or gave a clerk a new code."""

    name: ClassVar[str] = "identity.staff_enrolled"
    staff: str
    body: str
    section: str
    roles: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffBound(AuditEvent):
    """A clerk's card was bound."""

    name: ClassVar[str] = "identity.staff_bound"
    staff: str
    account: str
    terminal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEnded(AuditEvent):
    """A clerk may sign in no more."""

    name: ClassVar[str] = "identity.staff_ended"
    staff: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalPrepared(AuditEvent):
    """An administrator made a code for a terminal."""

    name: ClassVar[str] = "identity.terminal_prepared"
    terminal: str
    body: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalRegistered(AuditEvent):
    """A terminal's code was entered at the machine."""

    name: ClassVar[str] = "identity.terminal_registered"
    terminal: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEnded(AuditEvent):
    """A terminal was taken out of use."""

    name: ClassVar[str] = "identity.terminal_ended"
    terminal: str
    by: str
