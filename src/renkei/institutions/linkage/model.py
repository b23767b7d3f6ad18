"""Deciding on permits: values and `now` in, permits, refusals and records out. No socket, clock or store inside."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple

from renkei.base.audit import AuditEvent
from renkei.base.errors import RenkeiError
from renkei.contracts.errors import BodyStopped, BodyUnknown, MessageMalformed, NoCode
from renkei.contracts.exchange import PermitAsk, PermitItem, RefusalItem
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.register import BodyEntry, BodyState
from renkei.contracts.sheets import b64_many, unb64, unb64_many
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
    """The permits of one provider, with what the core records about them."""

    provider: str
    items: list[PermitItem]
    subjects: list[bytes]
    """The core's own code of each person."""


class _Refusal(NamedTuple):
    reason: str
    facts: dict[str, str]


def screen(
    asks: Sequence[PermitAsk], *, requester: str, view: RegisterView, table: PermittedTable, keys: CodeKeys
) -> tuple[list[Candidate], list[RefusalItem]]:
    """Check bodies, law and code of each item; an item that fails is refused alone.

    Source: 番号法 19条8号, 21条2項, 28条6項.
    """
    rules: dict[tuple[str, str, str], str | _Refusal] = {}  # many items of a request ask the same question
    candidates: list[Candidate] = []
    refusals: list[RefusalItem] = []
    for at, (ask, handle) in enumerate(zip(asks, _handles(asks, requester, keys), strict=True)):
        question = (ask.provider, ask.affairs, ask.information)
        rule = rules.get(question)
        if rule is None:
            rule = rules[question] = _rule(ask, requester, view, table)
        if isinstance(rule, _Refusal):
            refusals.append(RefusalItem(at, rule.reason, rule.facts))
        elif isinstance(handle, _Refusal):
            refusals.append(RefusalItem(at, handle.reason, handle.facts))
        else:
            candidates.append(Candidate(at, ask, rule, handle))
    return candidates, refusals


def _rule(ask: PermitAsk, requester: str, view: RegisterView, table: PermittedTable) -> str | _Refusal:
    """The row that permits the question, or why it is refused."""
    try:
        view.active(ask.provider)
        return view.permit(table, requester, ask.affairs, ask.provider, ask.information).row
    except RenkeiError as error:
        return _Refusal(error.code, error.public)


def _handles(asks: Sequence[PermitAsk], requester: str, keys: CodeKeys) -> list[bytes | _Refusal]:
    """The person behind each item's code, or why there is none."""
    try:
        handles = keys.handles_of(requester, unb64_many([ask.code for ask in asks]))
    except MessageMalformed:
        handles = [None] * len(asks)  # some text is no code at all: look at each
    return [handle or _handle(ask, requester, keys) for ask, handle in zip(asks, handles, strict=True)]


def _handle(ask: PermitAsk, requester: str, keys: CodeKeys) -> bytes | _Refusal:
    try:
        return keys.handle_of(requester, unb64(ask.code))
    except RenkeiError as error:
        return _Refusal(error.code, error.public)


def without_code(
    candidates: Iterable[Candidate], held: Mapping[str, Container[bytes]]
) -> tuple[dict[str, list[Candidate]], list[RefusalItem]]:
    """Group by provider what can be asked; refuse where the provider holds no code (施行令 26条).

    Args:
        held: handles by body.
    """
    by_provider: dict[str, list[Candidate]] = {}
    refusals: list[RefusalItem] = []
    for candidate in candidates:
        provider = candidate.ask.provider
        if candidate.handle in held[provider]:
            by_provider.setdefault(provider, []).append(candidate)
        else:
            refusals.append(RefusalItem(candidate.at, NoCode.code, {}))
    return by_provider, refusals


def issue(
    candidates: Sequence[Candidate],
    *,
    provider: str,
    numbers: Sequence[str],
    keys: CodeKeys,
    seal: Callable[[Sequence[int], Sequence[bytes], Sequence[bytes]], list[bytes]],
) -> Issued:
    """Turn candidates of one provider into permits, each with the provider's code sealed to the provider.

    Args:
        numbers: processing numbers, one a candidate.
        seal: (indexes in the sheet, plaintexts, associated data) → sealed bytes.
    """
    handles = [candidate.handle for candidate in candidates]
    codes = keys.issue_many(provider, handles)
    sealed = seal(range(len(codes)), codes, [number.encode() for number in numbers])
    items = [
        PermitItem(at, number, ask.section, ask.affairs, ask.information, row, ask.hidden, text)
        for (at, ask, row, _), number, text in zip(candidates, numbers, b64_many(sealed), strict=True)
    ]
    return Issued(provider, items, keys.issue_many(SUBJECT_BODY, handles))


def processing_numbers(day: date, first: int, count: int) -> list[str]:
    """Processing numbers (処理通番): JST day and a 12-digit sequence. The official format is not public."""
    prefix = f"{day:%Y%m%d}"
    return [f"{prefix}{sequence:012d}" for sequence in range(first, first + count)]


def asked_leaf(item: PermitItem, subject: str, *, requester: str, provider: str, asked_ms: int) -> RecordLeaf:
    """What the core's log commits to when it issues a permit (番号法 23条3項)."""
    return RecordLeaf(
        Party.CORE, subject, item.number, requester, provider, item.section, item.affairs, item.information, item.row,
        asked_ms, item.hidden, "", 0,
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
