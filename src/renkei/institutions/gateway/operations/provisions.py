"""Answering: a provider's gateway checks a presentation, answers from its copies, and records it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from renkei.base.errors import RenkeiError
from renkei.base.time import jst_date, to_ms
from renkei.contracts.errors import PermitExpired, PermitForeign, PermitInvalid, PermitReplayed, RequestConflict
from renkei.contracts.exchange import (
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitHeader,
    PermitItem,
    Presentation,
)  # fmt: skip
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.sheets import (
    WrittenSheet,
    answer_info,
    as_text,
    b64,
    b64_many,
    encode,
    permit_info,
    read_sheet,
    sheet_root,
    unb64,
    unb64_many,
    write_sheet,
)
from renkei.crypto.errors import ManifestMismatch
from renkei.crypto.manifest import Manifest, verify_sheets
from renkei.crypto.sealing import Opener, Sealer, SealingPrivateKey, SealingPublicKey, commit_payloads
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.answering import CopyRow, PendingState, Verdict, answer_from_copy
from renkei.institutions.gateway.model.asking import PersonRow
from renkei.institutions.gateway.model.events import PermitsAnswered, PresentationRefused
from renkei.institutions.gateway.model.reading import SALT_BYTES, PermitSheet
from renkei.institutions.gateway.operations.recording import record_all
from renkei.platform.audit_store import audit
from renkei.platform.bulk import Lookup, Prepared, insert_many
from renkei.platform.logstore import LogStore

PENDING_COLUMNS = ("number", "address_number", "answer_by_ms", "requester_seal", "state")

_PRESENTATION_COLUMNS = ("requester", "presentation", "digest", "answer", "root", "items")
_presentation, _number = store.presentation.c, store.provision_record.c.number
_ANSWERED = Lookup(
    select(_presentation.digest, _presentation.answer, _presentation.root, _presentation["items"]).where(
        _presentation.requester == bindparam("requester")
    ),
    _presentation.presentation,
)
_NUMBERS_BETWEEN = Prepared(select(_number).where(_number.between(bindparam("first"), bindparam("last"))))

Recheck = Callable[[PermitHeader, PermitItem], None]
"""Checks one permit against the provider's own law table; raises what the law says."""

CLOCK_TOLERANCE = timedelta(minutes=5)


class Provider(NamedTuple):
    """The answering body: who it is and how it opens what is sealed to it."""

    body_id: str
    sealing: SealingPrivateKey


class Answered(NamedTuple):
    """The answer to a presentation, ready to be signed."""

    body: bytes
    manifest: Manifest


def read_presentation(presentation: Presentation, *, manifest: Manifest, provider: str, requester: str) -> PermitSheet:
    """Check a presentation as a whole; items are checked one by one later.

    Args:
        manifest: from the core's signature over its reply, already verified.
        requester: body that signed the presentation.

    Raises:
        PermitInvalid: the sheet is not one that the core signed.
        PermitForeign: it names another provider, or was issued to another requester.
    """
    try:
        roots = [unb64(root) for root in presentation.roots]
        verify_sheets(manifest, roots)
    except ManifestMismatch as error:
        raise PermitInvalid(private="roots are not those signed") from error
    if not 1 <= presentation.at < len(roots) or roots[presentation.at] != sheet_root(presentation.sheet):
        raise PermitInvalid(private="the sheet is not the one signed")
    sheet = read_sheet(presentation.sheet, PermitHeader, list[PermitItem])
    if sheet.header.provider != provider or sheet.header.requester != requester:
        raise PermitForeign()
    if sheet.header.items != len(sheet.items):
        raise PermitInvalid(private="the sheet has another number of items than its header says")
    return sheet


def provide(
    conn: Connection,
    sheet: PermitSheet,
    *,
    presentation: str,
    provider: Provider,
    requester_seal: SealingPublicKey,
    recheck: Recheck,
    log: LogStore,
    now: datetime,
) -> Answered:
    """Answer a checked presentation: once, recorded and logged before the answer leaves (番号法 22条, 23条).

    A repeated presentation gets the same answer; a permit shown under another presentation is refused as replayed.

    Raises:
        PermitExpired: not answered before, and past its validity period.
        RequestConflict: the presentation id was used for another sheet.
        SealBroken: the codes are not sealed to this body.
    """
    header = sheet.header
    digest = hashlib.sha256(sheet.header_bytes + b"".join(sheet.item_bytes)).digest()
    repeated = _stored_answer(conn, header.requester, presentation, digest)
    if repeated is not None:
        return repeated
    if to_ms(now) >= header.expires_ms or to_ms(now + CLOCK_TOLERANCE) < header.issued_ms:
        raise PermitExpired()
    verdicts, people = _verdicts(conn, sheet, provider=provider, recheck=recheck, now=now)
    written, items = _answer_sheet(sheet, verdicts, people, presentation, requester_seal, now)
    _keep(conn, log, sheet, items, people, requester_seal.encoded, now)
    manifest = Manifest(written.root, len(items) + 1)
    row = (header.requester, presentation, digest, written.body, written.root, len(items))
    insert_many(conn, store.presentation, _PRESENTATION_COLUMNS, [row])
    outcomes = Counter([as_text(item.outcome) for item in items])
    audit(
        conn,
        store.audit_table,
        PermitsAnswered(requester=header.requester, presentation=presentation, outcomes=dict(outcomes)),
        now=now,
    )
    for reason, count in Counter(item.reason for item in items if item.outcome is Outcome.REFUSED).items():
        refused = PresentationRefused(
            requester=header.requester, presentation=presentation, reason=reason, count=count
        )  # fmt: skip
        audit(conn, store.audit_table, refused, now=now)
    return Answered(written.body, manifest)


class _People(NamedTuple):
    """Codes of the presented permits, and who holds each (None where it is not registered here)."""

    codes: list[bytes]
    holders: list[PersonRow | None]


def _verdicts(
    conn: Connection, sheet: PermitSheet, *, provider: Provider, recheck: Recheck, now: datetime
) -> tuple[list[Verdict], _People]:
    header = sheet.header
    info = permit_info(provider=provider.body_id, requester=header.requester, batch=header.batch)
    opener = Opener(provider.sealing, unb64(header.wrap), info)
    items = sheet.items
    numbers = [item.number for item in items]
    replayed = _known_numbers(conn, numbers)
    sealed = unb64_many([item.sealed_code for item in items])
    codes = opener.open_many(range(len(items)), sealed, [number.encode() for number in numbers])
    known = queries.persons_by_code(conn, codes)
    people = _People(codes, [known.get(code) for code in codes])
    copies = _copies(conn, items, people)
    today = jst_date(now).isoformat()
    refusals: dict[tuple[str, str, str], str] = {}  # by what the law asks about: many items ask the same
    verdicts = []
    for item, person in zip(items, people.holders, strict=True):
        question = (item.affairs, item.information, item.row)
        refusal = refusals.get(question)
        if refusal is None:
            refusal = refusals[question] = _refusal(recheck, header, item)
        if item.number in replayed:
            refusal = PermitReplayed.code
        if refusal:
            verdicts.append(Verdict(Outcome.REFUSED, refusal, b"", 0))
            continue
        found = copies[item.information].get(person.address_number) if person else None
        verdicts.append(answer_from_copy(person, found, today=today))
    return verdicts, people


def _refusal(recheck: Recheck, header: PermitHeader, item: PermitItem) -> str:
    """Why the provider's own law table refuses; empty if it does not."""
    try:
        recheck(header, item)
    except RenkeiError as error:
        return error.code
    return ""


def _copies(conn: Connection, items: Sequence[PermitItem], people: _People) -> dict[str, dict[str, CopyRow]]:
    """By information and address number, the copies that these items ask for."""
    wanted: dict[str, list[str]] = {item.information: [] for item in items}
    for item, person in zip(items, people.holders, strict=True):
        if person is not None:
            wanted[item.information].append(person.address_number)
    return {information: queries.copies(conn, information, numbers) for information, numbers in wanted.items()}


def _known_numbers(conn: Connection, numbers: Sequence[str]) -> set[str]:
    """Numbers answered before. One range query: numbers of a sheet follow each other."""
    if not numbers:
        return set()
    found = _NUMBERS_BETWEEN(conn, first=min(numbers), last=max(numbers))
    return {number for (number,) in found} & set(numbers)


def _answer_sheet(
    sheet: PermitSheet,
    verdicts: Sequence[Verdict],
    people: _People,
    presentation: str,
    requester_seal: SealingPublicKey,
    now: datetime,
) -> tuple[WrittenSheet, list[AnswerItem]]:
    header = sheet.header
    info = answer_info(provider=header.provider, requester=header.requester, presentation=presentation)
    sealer = Sealer(requester_seal, info)
    given = [index for index, verdict in enumerate(verdicts) if verdict.outcome is Outcome.GIVEN]
    pool = os.urandom(SALT_BYTES * len(given))
    salts = [pool[start : start + SALT_BYTES] for start in range(0, len(pool), SALT_BYTES)]
    bodies = [verdicts[index].body for index in given]
    numbers = [sheet.items[index].number.encode() for index in given]
    payloads = [salt + body for salt, body in zip(salts, bodies, strict=True)]
    commitments = iter(b64_many(commit_payloads(salts, bodies)))
    sealed = iter(b64_many(sealer.seal_many(given, payloads, numbers)))
    items = []
    for permit, verdict, person in zip(sheet.items, verdicts, people.holders, strict=True):
        hidden = permit.hidden or (person is not None and person.hidden)
        if verdict.outcome is Outcome.GIVEN:
            item = AnswerItem(
                permit.number, Outcome.GIVEN, "", hidden, verdict.copied_ms, next(commitments), next(sealed)
            )
        else:
            item = AnswerItem(permit.number, verdict.outcome, verdict.reason, hidden, verdict.copied_ms, "", "")
        items.append(item)
    answer_header = AnswerHeader(
        provider=header.provider, requester=header.requester, presentation=presentation, given_ms=to_ms(now),
        wrap=b64(sealer.wrap),
    )  # fmt: skip
    return write_sheet(answer_header, items), items


def _keep(
    conn: Connection,
    log: LogStore,
    sheet: PermitSheet,
    items: Sequence[AnswerItem],
    people: _People,
    seal: bytes,
    now: datetime,
) -> None:
    """Record every answered item (番号法 23条1項); refused items are audited, not recorded: nothing was provided."""
    requester, provider, asked_ms = sheet.header.requester, sheet.header.provider, sheet.header.issued_ms
    leaves, rows, waiting = [], [], []
    now_ms = to_ms(now)
    texts = b64_many(people.codes)
    for permit, item, code, text, person in zip(sheet.items, items, people.codes, texts, people.holders, strict=True):
        if item.outcome is Outcome.REFUSED:
            continue
        pending = item.outcome is Outcome.PENDING
        given_ms = 0 if pending else now_ms
        outcome = as_text(item.outcome)
        leaf = RecordLeaf(
            Party.PROVIDER, text, permit.number, requester, provider, permit.section, permit.affairs,
            permit.information, permit.row, asked_ms, item.hidden, outcome, given_ms,
        )  # fmt: skip
        leaves.append(encode(leaf))
        rows.append(
            (
                permit.number, code, requester, permit.section, permit.affairs, permit.information, permit.row,
                asked_ms, item.hidden, outcome, item.reason, given_ms,
            )
        )  # fmt: skip
        if pending and person is not None:
            answer_by_ms = sheet.header.answer_by_ms
            waiting.append((permit.number, person.address_number, answer_by_ms, seal, PendingState.WAITING.value))
    record_all(conn, log, store.provision_record, leaves, rows)
    insert_many(conn, store.pending, PENDING_COLUMNS, waiting)


def _stored_answer(conn: Connection, requester: str, presentation: str, digest: bytes) -> Answered | None:
    found = _ANSWERED(conn, [presentation], requester=requester)
    if not found:
        return None
    [(kept, answer, root, items)] = found
    if kept != digest:
        raise RequestConflict()
    return Answered(answer, Manifest(root, items + 1))
