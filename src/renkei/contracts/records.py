"""The seam of the records of exchange (情報提供等記録, 番号法 23条) and of the person's access list.

The two gateways and the core each write a record of every exchange. What is hashed into a party's transparency log
is a `RecordLeaf`: the same face for all three, so that they can be reconciled, and the party's own subject code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

from renkei.contracts.exchange import Outcome, ShortWord, Word

PATH_ACCESS = "/records/access"

RETENTION_YEARS_ENTRY = "retention.exchange_records"
"""Entry of the law's parameters: seven years (施行令 30条)."""


class Party(StrEnum):
    """Whose record it is."""

    CORE = "core"
    REQUESTER = "requester"
    PROVIDER = "provider"


class RecordLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """What one log entry commits to (with its salt). `outcome` is empty while only the request is recorded."""

    party: Party
    subject: str
    """The party's own code of the person (base64url); differs from party to party."""
    number: str
    requester: str
    provider: str
    section: str
    affairs: str
    information: str
    row: str
    asked_ms: int
    hidden: bool
    outcome: str
    given_ms: int


class RecordFace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, order=True, gc=False):
    """The part of a record that all three parties must agree on."""

    number: str
    requester: str
    provider: str
    section: str
    affairs: str
    information: str
    row: str
    asked_ms: int
    hidden: bool
    outcome: str
    given_ms: int


class LoggedRecord(NamedTuple):
    """What a party's record says of one entry of its log: where it stands and what it commits to."""

    number: str
    place: int
    """Index of the entry in the log."""
    salt: bytes
    leaf: bytes
    """Bytes of the `RecordLeaf`."""


class AccessRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A channel asks for the records of the person that its own code stands for."""

    code: Word
    newest_first: bool = True
    limit: int = 200
    before_number: ShortWord = ""


class AccessProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proof that the entry stands in the core's log (RFC 9162 §2.1.3)."""

    leaf: str
    """The record as hashed (JSON text of `RecordLeaf`)."""
    salt: str
    index: int
    size: int
    path: list[str]
    checkpoint: str


class AccessEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One look at one person's data, as the person may see it."""

    number: str
    requester: str
    provider: str
    section: str
    affairs: str
    information: str
    row: str
    edition: str
    asked_ms: int
    outcome: Outcome | None
    given_ms: int
    proof: AccessProof | None


class AccessList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The person's access list; `withheld` counts entries hidden by a non-disclosure mark (番号法 23条2項)."""

    entries: list[AccessEntry]
    withheld: int
