"""The seam of the exchange: permits from the core, presentations to a provider, answers, reports.

Every message is a *sheet* or a list of sheets: a header, then items, each item hashed over its exact bytes on the
wire (see `renkei.crypto.manifest`). Items are array-like Structs, so that a hundred thousand of them stay small;
headers are objects, so that a reader sees what they say. Unknown members are refused everywhere.

Source: 番号法 21条, 22条, 23条; 施行令 20条, 26条, 29条; docs/protocol.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from renkei.crypto.evidence import SignedMessage

PROTOCOL = "renkei/1"

# Signature tags (RFC 9421 §2.3): what a signature was made for, so that one can never stand for another.
TAG_REQUEST = "renkei-request"
TAG_REPLY = "renkei-reply"
TAG_PERMIT = "renkei-permit"
TAG_ANSWER = "renkei-answer"

PATH_PERMITS = "/exchange/permits"
PATH_HOLDERS = "/exchange/holders"
PATH_REPORTS = "/exchange/reports"
PATH_PRESENTATIONS = "/exchange/presentations"
PATH_LATE_ANSWERS = "/exchange/late-answers"

ITEMS_MAX = 5_000
"""Items in one message; a longer list is sent as several messages."""


class Outcome(StrEnum):
    """How one inquiry ended, or stands; the four never look alike."""

    GIVEN = "given"  # data was provided
    PENDING = "pending"  # a clerk of the provider decides; the answer comes later
    NONE = "none"  # permitted, but there is nothing to give (the reason says which)
    REFUSED = "refused"  # not permitted or not possible (the reason says which)
    LAPSED = "lapsed"  # permitted, never provided inside the validity period
    FAILED = "failed"  # we failed for now; the exchange goes on by itself under the same id


class Purpose(StrEnum):
    """Why the section asks; kept with the permit."""

    APPLICATION = "application"  # a person applied or claimed
    REVIEW = "review"  # a periodic review required by law
    CORRECTION = "correction"  # an earlier answer was wrong


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    v: str = PROTOCOL


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    pass


# --- 1. the requester's gateway asks the core -----------------------------------------------------------------


class PermitAsk(_Item, frozen=True):
    """One item of a permit request."""

    code: str
    """The requester's own linkage code for the person."""
    provider: str
    affairs: str
    """Affairs item id (事務手続) of the order's articles 3 and following."""
    information: str
    section: str
    hidden: bool
    """Requester-side non-disclosure mark (不開示コード)."""


class PermitRequestHeader(_Header, frozen=True):
    """Says who asks, and under which id the same request may be repeated."""

    batch: str
    requester: str
    purpose: Purpose
    asked_ms: int


class PermitHeader(_Header, frozen=True):
    """Header of one sheet of permits: everything that its items share."""

    provider: str
    requester: str
    batch: str
    """Id of the permit request that this sheet answers."""
    purpose: Purpose
    edition: str
    """Edition of the order's table that permitted the items."""
    issued_ms: int
    expires_ms: int
    """Present the permit before this instant (施行令 26条: validity period of the notice)."""
    answer_by_ms: int
    """A clerk's decision must be given before this instant."""
    wrap: str
    """Content key of the sheet, sealed to the provider (base64url HPKE ciphertext)."""


class PermitItem(_Item, frozen=True):
    """One permit; the provider's code inside is sealed to the provider."""

    at: int
    """Position in the permit request (0-based)."""
    number: str
    """Processing number (処理通番)."""
    section: str
    affairs: str
    information: str
    row: str
    """Row of the order's article 2 table."""
    hidden: bool
    sealed_code: str


class RefusalHeader(_Header, frozen=True):
    """Header of the sheet of refusals, always sheet 0."""

    batch: str
    requester: str
    issued_ms: int


class RefusalItem(_Item, frozen=True):
    """One refused item and the stable code of its reason."""

    at: int
    reason: str
    facts: dict[str, str]


class RawSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sheet whose header and items are still the bytes that were hashed."""

    header: msgspec.Raw
    items: list[msgspec.Raw]


class PermitReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The core's reply: sheet 0 holds refusals, one further sheet a provider."""

    sheets: list[RawSheet]


# --- 2. the requester's gateway presents permits to a provider -------------------------------------------------


class Presentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sheet of permits, shown to the provider that it names."""

    presentation: str
    """Id under which the same presentation may be repeated; answered once."""
    permit: SignedMessage
    """The core's signature over the roots."""
    roots: list[str]
    """Roots of all sheets of the core's reply, in order (base64url)."""
    at: int
    """Which of them is `sheet`."""
    sheet: RawSheet


# --- 3. the provider answers ----------------------------------------------------------------------------------


class AnswerHeader(_Header, frozen=True):
    """Header of an answer: who gave, to whom, when; the content key sealed to the requester."""

    provider: str
    requester: str
    presentation: str
    given_ms: int
    wrap: str


class AnswerItem(_Item, frozen=True):
    """The answer to one permit."""

    number: str
    outcome: Outcome
    reason: str
    """Stable code that explains any outcome but `given`; empty for `given`."""
    hidden: bool
    """Non-disclosure mark of either side (番号法 23条2項)."""
    copied_ms: int
    """When the provider registered the copy; 0 where nothing is given."""
    commitment: str
    """SHA-256 commitment to salt and payload, so that one opened payload can be shown later."""
    sealed: str
    """Salt and payload, AES-256-GCM under the content key; empty where nothing is given."""


class Answer(RawSheet, frozen=True, forbid_unknown_fields=True):
    """The provider's reply, or its late answer: one sheet."""


# --- 4. the provider reports to the core -----------------------------------------------------------------------


class ReportItem(_Item, frozen=True):
    """What became of one permit; the core completes its record with it (番号法 23条3項)."""

    number: str
    outcome: Outcome
    given_ms: int
    hidden: bool


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Outcomes reported by a provider; repeated reports change nothing."""

    provider: str
    items: list[ReportItem]


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many items of a report or a late answer were new."""

    accepted: int


# --- who holds? -------------------------------------------------------------------------------------------------


class HoldersRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which bodies hold a code for this person? (施行令 20条)"""

    requester: str
    code: str
    affairs: str
    information: str


class Holders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bodies that hold a code and may be asked under the row of the affairs item."""

    bodies: list[str]


HeaderT = TypeVar("HeaderT")
ItemT = TypeVar("ItemT")


class Sheet(msgspec.Struct, Generic[HeaderT, ItemT], frozen=True):
    """A decoded sheet beside the bytes that were hashed."""

    header: HeaderT
    items: list[ItemT]
    header_bytes: bytes
    item_bytes: list[bytes]
