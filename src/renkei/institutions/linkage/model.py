"""Deciding on permits: values and `now` in, permits, refusals and records out. No socket, clock or store inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple

from renkei.base.audit import AuditEvent
from renkei.base.errors import RenkeiError
from renkei.contracts.errors import BodyStopped, BodyUnknown, NoCode
from renkei.contracts.exchange import PermitAsk, PermitItem, RefusalItem
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.register import BodyEntry, BodyState
from renkei.contracts.sheets import b64, unb64
from renkei.crypto.codes import CodeKeys
from renkei.law.model import Permit
from renkei.law.table import PermittedTable

SUBJECT_BODY = "core-records"
"""Pseudo-body under whose key the core's own record codes stand (命令 47条2項3号: a separate code)."""


@dataclass(frozen=True)
class RegisterView:
    """The register of bodies at one version."""

    version: int
    bodies: dict[str, BodyEntry]

    def active(self, body_id: str) -> BodyEntry:
        """The body, if it takes part.

        Raises:
            BodyUnknown: not in the register.
            BodyStopped: 番号法 28条6項 or the commission.
        """
        entry = self.bodies.get(body_id)
        if entry is None:
            raise BodyUnknown(body=body_id[:40])
        if entry.state is not BodyState.ACTIVE:
            raise BodyStopped(body=body_id)
        return entry

    def permit(self, table: PermittedTable, requester: str, affairs: str, provider: str, information: str) -> Permit:
        """Which row permits this between these two bodies; one dictionary look-up.

        Raises:
            Refused: as `PermittedTable.check`.
        """
        return table.check(self.bodies[requester].kinds, affairs, self.bodies[provider].kinds, information)


class Candidate(NamedTuple):
    """An item that the law permits; whether the provider holds a code is still open."""

    at: int
    ask: PermitAsk
    row: str
    handle: bytes


class Issued(NamedTuple):
    """One permit with what the core records about it."""

    item: PermitItem
    subject: bytes
    provider: str


def screen(
    asks: Sequence[PermitAsk], *, requester: str, view: RegisterView, table: PermittedTable, keys: CodeKeys
) -> tuple[list[Candidate], list[RefusalItem]]:
    """Check bodies, law and code of each item; an item that fails is refused alone.

    Source: 番号法 19条8号, 21条2項, 28条6項.
    """
    candidates: list[Candidate] = []
    refusals: list[RefusalItem] = []
    for at, ask in enumerate(asks):
        try:
            view.active(ask.provider)
            row = view.permit(table, requester, ask.affairs, ask.provider, ask.information).row
            handle = keys.handle_of(requester, unb64(ask.code))
        except RenkeiError as error:
            refusals.append(RefusalItem(at, error.code, error.public))
        else:
            candidates.append(Candidate(at, ask, row, handle))
    return candidates, refusals


def without_code(
    candidates: Iterable[Candidate], held: set[tuple[str, bytes]]
) -> tuple[dict[str, list[Candidate]], list[RefusalItem]]:
    """Group by provider what can be asked; refuse where the provider holds no code (施行令 26条)."""
    by_provider: dict[str, list[Candidate]] = {}
    refusals: list[RefusalItem] = []
    for candidate in candidates:
        if (candidate.ask.provider, candidate.handle) in held:
            by_provider.setdefault(candidate.ask.provider, []).append(candidate)
        else:
            refusals.append(RefusalItem(candidate.at, NoCode.code, {}))
    return by_provider, refusals


def issue(
    candidates: Sequence[Candidate],
    *,
    provider: str,
    numbers: Sequence[str],
    keys: CodeKeys,
    seal: Callable[[int, bytes, bytes], bytes],
) -> list[Issued]:
    """Turn candidates of one provider into permits, each with the provider's code sealed to the provider.

    Args:
        numbers: processing numbers, one a candidate.
        seal: (index in the sheet, plaintext, associated data) → sealed bytes.
    """
    issued: list[Issued] = []
    for index, (candidate, number) in enumerate(zip(candidates, numbers, strict=True)):
        ask, handle = candidate.ask, candidate.handle
        sealed = seal(index, keys.issue(provider, handle), number.encode())
        item = PermitItem(
            candidate.at, number, ask.section, ask.affairs, ask.information, candidate.row, ask.hidden, b64(sealed)
        )
        issued.append(Issued(item, keys.issue(SUBJECT_BODY, handle), provider))
    return issued


def processing_numbers(day: date, first: int, count: int) -> list[str]:
    """Processing numbers (処理通番): JST day and a 12-digit sequence. The official format is not public."""
    prefix = f"{day:%Y%m%d}"
    return [f"{prefix}{sequence:012d}" for sequence in range(first, first + count)]


def asked_leaf(issued: Issued, *, requester: str, asked_ms: int) -> RecordLeaf:
    """What the core's log commits to when it issues a permit (番号法 23条3項)."""
    item = issued.item
    return RecordLeaf(
        Party.CORE, b64(issued.subject), item.number, requester, issued.provider, item.section, item.affairs,
        item.information, item.row, asked_ms, item.hidden, "", 0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitsIssued(AuditEvent):
    """The core answered a request for permits."""

    name: ClassVar[str] = "linkage.permits_issued"
    requester: str
    batch: str
    issued: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitRefused(AuditEvent):
    """The core refused items of a request, counted by reason."""

    name: ClassVar[str] = "linkage.permit_refused"
    requester: str
    batch: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesIssued(AuditEvent):
    """The core issued linkage codes to a body."""

    name: ClassVar[str] = "linkage.codes_issued"
    body: str
    issued: int
    already_held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyChanged(AuditEvent):
    """A body was registered, changed, stopped or resumed."""

    name: ClassVar[str] = "linkage.body_changed"
    body: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessListRead(AuditEvent):
    """A channel read the access list of one person."""

    name: ClassVar[str] = "linkage.access_list_read"
    channel: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRefused(AuditEvent):
    """A provider reported about permits that are not its own, or that it had settled otherwise."""

    name: ClassVar[str] = "linkage.report_refused"
    provider: str
    count: int
