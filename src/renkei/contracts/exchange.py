"""The seam of the exchange: permits from the core, presentations to a provider, answers, reports.

Every message is a *sheet* or a list of sheets: a header, then items, each item hashed over its exact bytes on the
wire (see `renkei.crypto.manifest`). Items are array-like Structs, so that a hundred thousand of them stay small;
headers are objects, so that a reader sees what they say. Unknown members are refused everywhere.

Source: 番号法 21条, 22条, 23条; 施行令 20条, 26条, 29条; docs/protocol.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

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
BRIEF_ITEMS = 8
"""Up to so many items, what a party writes about them is a matter of some rows."""
"""Items in one message; a longer list is sent as several messages."""

# Every text and number has a limit, the same on every database: what one store takes, another must not refuse.
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
"""Id of a request; it travels in a header field too."""
PresentationId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:-]+$")]
BodyId = Annotated[str, msgspec.Meta(max_length=32)]
Word = Annotated[str, msgspec.Meta(max_length=64)]
ShortWord = Annotated[str, msgspec.Meta(max_length=32)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
"""An instant in milliseconds since the epoch; every JSON reader holds such a number exactly."""


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
    v: Literal["renkei/1"] = "renkei/1"


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """Holds texts and numbers only, so the garbage collector need not look at hundreds of thousands of them."""


# --- 1. the requester's gateway asks the core -----------------------------------------------------------------


class PermitAsk(_Item, frozen=True):
    """One item of a permit request."""

    code: Word
    """The requester's own linkage code for the person."""
    provider: BodyId
    affairs: ShortWord
    """Affairs item id (事務手続) of the order's articles 3 and following."""
    information: Word
    section: Word
    hidden: bool
    """Requester-side non-disclosure mark (不開示コード)."""


class PermitRequestHeader(_Header, frozen=True):
    """Says who asks, and under which id the same request may be repeated."""

    batch: Id
    requester: BodyId
    purpose: Purpose
    asked_ms: Millis


class PermitHeader(_Header, frozen=True):
    """Header of one sheet of permits: everything that its items share."""

    provider: BodyId
    requester: BodyId
    batch: Id
    """Id of the permit request that this sheet answers."""
    purpose: Purpose
    edition: ShortWord
    """Edition of the order's table that permitted the items."""
    issued_ms: Millis
    expires_ms: Millis
    """Present the permit before this instant (施行令 26条: validity period of the notice)."""
    answer_by_ms: Millis
    """A clerk's decision must be given before this instant."""
    items: int
    """Items of the sheet; signed here, so that one item's proof can be read against one shape of tree only."""
    wrap: str
    """Content key of the sheet, sealed to the provider (base64url HPKE ciphertext)."""


class PermitItem(_Item, frozen=True):
    """One permit; the provider's code inside is sealed to the provider."""

    at: int
    """Position in the permit request (0-based)."""
    number: ShortWord
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
    items: int
    """Items of the sheet, as in `PermitHeader`."""


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

    presentation: PresentationId
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
    given_ms: Millis
    wrap: str


class AnswerItem(_Item, frozen=True):
    """The answer to one permit."""

    number: str
    outcome: Outcome
    reason: ShortWord
    """Stable code that explains any outcome but `given`; empty for `given`."""
    hidden: bool
    """Non-disclosure mark of either side (番号法 23条2項)."""
    copied_ms: Millis
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

    number: ShortWord
    outcome: Outcome
    given_ms: Millis
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

    requester: BodyId
    code: Word
    affairs: ShortWord
    information: Word


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
