"""The seam between a body's business systems and its gateway: inquiries, copies, cases, persons.

Business systems know people by their own number; the addressee ledger (統合宛名) puts the integrated address number
in its place on the way (共通機能標準仕様書 2.7 §宛名). What reaches the gateway is keyed by address number only.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from renkei.contracts.exchange import BodyId, Id, Millis, Outcome, Purpose, ShortWord, Word

PATH_INQUIRIES = "/inquiries"
PATH_COPIES = "/copies"
PATH_CASES = "/cases"
PATH_PERSONS = "/persons"


AddressText = Annotated[str, msgspec.Meta(max_length=15)]
"""An address number as sent; that it stands for someone is checked person by person."""

NO_DATA = msgspec.Raw(b"null")


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Inquiry(_Message, frozen=True, gc=False):
    """One question about one person (情報照会)."""

    ref: Word
    """The business system's own reference; comes back unchanged."""
    address_number: AddressText
    case: Word
    """The case (事案) that the inquiry serves, open in the asking section's case register.

    Empty where the business system's format has no room for it: then it is the one open case of this person in that
    section for these affairs. None or several: the inquiry is refused, nothing is guessed.
    """
    affairs: ShortWord
    information: Word
    provider: BodyId
    hidden: bool = False


class InquiryBatch(_Message, frozen=True):
    """Inquiries of one section; a repeated `batch` id gets the same answer and makes one record."""

    batch: Id
    section: Word
    user: Word
    """The clerk's id in the business system; kept in the body's own record, never sent on."""
    purpose: Purpose
    inquiries: list[Inquiry]


class InquiryResult(_Message, frozen=True, gc=False):
    """What became of one inquiry."""

    ref: str
    outcome: Outcome
    reason: str = ""
    facts: dict[str, str] = {}
    number: str = ""
    provider: str = ""
    row: str = ""
    edition: str = ""
    asked_ms: int = 0
    given_ms: int = 0
    copied_ms: int = 0
    data: msgspec.Raw = NO_DATA
    """The copy's body (`renkei.contracts.information`) for `given`; JSON null otherwise."""

    def body(self) -> bytes | None:
        """The copy's body as JSON; None where nothing was given."""
        found = bytes(self.data)
        return None if found == b"null" else found


class InquiryResults(_Message, frozen=True):
    """Results in the order of the inquiries."""

    batch: str
    results: list[InquiryResult]


class Copy(_Message, frozen=True, gc=False):
    """A copy (副本) of one item about one person, as its owner registers it."""

    address_number: AddressText
    information: Word
    body: msgspec.Raw
    copied_ms: Millis
    valid_from: str
    """First JST date on which the copy may be given (ISO 8601)."""
    valid_to: str = "9999-12-31"
    """Last JST date on which the copy may be given."""


class CopyBatch(_Message, frozen=True):
    """Copies of one body; a repeated batch changes nothing, a newer `copied_ms` replaces an older copy."""

    batch: Id
    copies: list[Copy]


class CopyProblem(_Message, frozen=True):
    """Why one copy of a batch was not taken (0-based position)."""

    at: int
    reason: str
    facts: dict[str, str] = {}


class CopyReceipt(_Message, frozen=True):
    """What became of a batch of copies."""

    batch: str
    stored: int
    unchanged: int
    problems: list[CopyProblem]


class Case(_Message, frozen=True):
    """An entry of a section's case register."""

    case: Word
    section: Word
    address_number: AddressText
    affairs: ShortWord
    opened_ms: Millis
    closed_ms: Millis = 0


class CaseBatch(_Message, frozen=True):
    """Cases opened or closed."""

    cases: list[Case]


class PersonMarks(_Message, frozen=True):
    """Marks of one person at the gateway."""

    address_number: AddressText
    no_automatic_answer: bool
    """Never answered automatically: staff decide (自動応答不可; support measures for victims)."""
    hidden: bool
    """Records are hidden from the person's access list (不開示情報)."""


class PersonMarksBatch(_Message, frozen=True):
    """Marks set by the body's addressee ledger."""

    persons: list[PersonMarks]


class InquiryPort(Protocol):
    """A gateway, as its body's business systems see it (already keyed by address number)."""

    async def inquire(self, batch: InquiryBatch) -> InquiryResults: ...

    async def result(self, batch: str) -> InquiryResults: ...

    async def register_copies(self, batch: CopyBatch) -> CopyReceipt: ...

    async def register_cases(self, batch: CaseBatch) -> None: ...

    async def mark_persons(self, batch: PersonMarksBatch) -> None: ...
