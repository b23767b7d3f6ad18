"""Issuing permits: the core's answer to a requester's gateway."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from renkei.base.errors import RenkeiError
from renkei.base.time import jst_date, to_ms
from renkei.contracts.errors import CallerMismatch, RequestConflict
from renkei.contracts.exchange import (
    PermitAsk,
    PermitHeader,
    PermitRequestHeader,
    RefusalHeader,
    RefusalItem,
    Sheet,
)  # fmt: skip
from renkei.contracts.sheets import WrittenSheet, b64, b64_many, encode, permit_info, write_sheet, write_sheets
from renkei.crypto.codes import CodeKeys
from renkei.crypto.sealing import Sealer, SealingPublicKey
from renkei.institutions.linkage import store
from renkei.institutions.linkage.model import (
    Candidate,
    Issued,
    PermitRefused,
    PermitsIssued,
    RegisterView,
    asked_leaf,
    issue,
    processing_numbers,
    screen,
    without_code,
)  # fmt: skip
from renkei.institutions.linkage.queries import held_among
from renkei.law.table import PermittedTable
from renkei.platform.audit_store import audit
from renkei.platform.bulk import Lookup, insert_many
from renkei.platform.logstore import LogStore
from renkei.platform.record_log import log_records

Asked = Sheet[PermitRequestHeader, PermitAsk]
SealKeyOf = Callable[[str], SealingPublicKey]
"""Sealing key of a body, from its verified certificate."""

SUBJECT_COLUMNS = (
    "number", "subject", "requester", "provider", "section", "affairs", "information", "row", "edition", "asked_ms",
    "hidden", "salt", "leaf_index",
)  # fmt: skip


_REPLY_COLUMNS = ("requester", "batch", "digest", "reply", "roots", "expires_ms")
_reply, _counter = store.permit_batch.c, store.counter.c
_REPLIES = Lookup(
    select(_reply.digest, _reply.reply, _reply.roots).where(_reply.requester == bindparam("requester")), _reply.batch
)
_TAKE_NUMBERS = (
    update(store.counter)
    .where(_counter.name == "number")
    .values(next=_counter.next + bindparam("count"))
    .returning(_counter.next)
)


class Validity(NamedTuple):
    """How long a permit may be presented, and a clerk's answer may take.

    The law says that the notice carries a validity period (施行令 26条), not how long it is: the values are ours and
    stand in the law's parameters, marked so.
    """

    present: timedelta
    answer: timedelta


def issue_permits(
    conn: Connection,
    asked: Asked,
    *,
    caller: str,
    view: RegisterView,
    seal_key: SealKeyOf,
    table: PermittedTable,
    keys: CodeKeys,
    validity: Validity,
    log: LogStore,
    now: datetime,
) -> tuple[bytes, list[bytes]]:
    """Answer one request for permits, record every permit, and keep the answer for a repetition.

    Args:
        conn: inside the core's write transaction.
        asked: decoded request, signature already verified.
        caller: body that signed the request.

    Returns:
        The reply (`PermitReply` as JSON) and the roots of its sheets.

    Raises:
        CallerMismatch: the request speaks for another body than the one that signed.
        BodyUnknown, BodyStopped: the requester itself takes no part.
        RequestConflict: the batch id was used for another content.

    Source: 番号法 21条, 23条3項; 施行令 26条.
    """
    header = asked.header
    if header.requester != caller:
        raise CallerMismatch()
    digest = _digest(asked)
    repeated = _stored_reply(conn, caller, header.batch, digest)
    if repeated is not None:
        return repeated  # also to a body that was stopped since: what was recorded is not taken back
    view.active(caller)
    candidates, refusals = screen(asked.items, requester=caller, view=view, table=table, keys=keys)
    wanted: dict[str, list[bytes]] = {}
    for candidate in candidates:
        wanted.setdefault(candidate.ask.provider, []).append(candidate.handle)
    held = {provider: held_among(conn, provider, handles) for provider, handles in wanted.items()}
    by_provider, codeless = without_code(candidates, held)
    sealing, keyless = _seal_keys(by_provider, seal_key)
    refusals = sorted(refusals + codeless + keyless, key=lambda refusal: refusal.at)
    now_ms = to_ms(now)
    refusal_header = RefusalHeader(batch=header.batch, requester=caller, issued_ms=now_ms, items=len(refusals))
    sheets = [write_sheet(refusal_header, refusals)]
    first = _take_numbers(conn, sum(len(by_provider[provider]) for provider in sealing))
    for provider, key in sealing.items():
        group = by_provider[provider]
        numbers = processing_numbers(jst_date(now), first, len(group))
        first += len(group)
        sheet, issued = _permit_sheet(
            header, group, provider=provider, numbers=numbers, seal_key=key, table=table, keys=keys,
            validity=validity, now=now,
        )  # fmt: skip
        sheets.append(sheet)
        _record(conn, log, issued, requester=caller, edition=table.edition.id, asked_ms=now_ms)
    return _conclude(conn, header, digest, sheets, refusals, validity=validity, now=now)


def _seal_keys(
    by_provider: Mapping[str, Sequence[Candidate]], seal_key: SealKeyOf
) -> tuple[dict[str, SealingPublicKey], list[RefusalItem]]:
    """Keys of the providers; one whose certificate is not good now is refused alone, not the whole request."""
    found: dict[str, SealingPublicKey] = {}
    refusals: list[RefusalItem] = []
    for provider, group in by_provider.items():
        try:
            found[provider] = seal_key(provider)
        except RenkeiError as error:
            refusals += (RefusalItem(candidate.at, error.code, error.public) for candidate in group)
    return found, refusals


def _permit_sheet(
    header: PermitRequestHeader,
    group: Sequence[Candidate],
    *,
    provider: str,
    numbers: Sequence[str],
    seal_key: SealingPublicKey,
    table: PermittedTable,
    keys: CodeKeys,
    validity: Validity,
    now: datetime,
) -> tuple[WrittenSheet, Issued]:
    info = permit_info(provider=provider, requester=header.requester, batch=header.batch)
    sealer = Sealer(seal_key, info)
    issued = issue(group, provider=provider, numbers=numbers, keys=keys, seal=sealer.seal_many)
    permit_header = PermitHeader(
        provider=provider,
        requester=header.requester,
        purpose=header.purpose,
        batch=header.batch,
        edition=table.edition.id,
        issued_ms=to_ms(now),
        expires_ms=to_ms(now + validity.present),
        answer_by_ms=to_ms(now + validity.answer),
        items=len(issued.items),
        wrap=b64(sealer.wrap),
    )
    return write_sheet(permit_header, issued.items), issued


def _record(conn: Connection, log: LogStore, issued: Issued, *, requester: str, edition: str, asked_ms: int) -> None:
    provider = issued.provider
    leaves = [
        encode(asked_leaf(item, subject, requester=requester, provider=provider, asked_ms=asked_ms))
        for item, subject in zip(issued.items, b64_many(issued.subjects), strict=True)
    ]
    rows = [
        (item.number, subject, requester, provider, item.section, item.affairs, item.information, item.row, edition,
         asked_ms, item.hidden, salt, index)
        for item, subject, (salt, index) in zip(
            issued.items, issued.subjects, log_records(conn, log, leaves), strict=True
        )
    ]  # fmt: skip
    insert_many(conn, store.exchange, SUBJECT_COLUMNS, rows)


def _conclude(
    conn: Connection,
    header: PermitRequestHeader,
    digest: bytes,
    sheets: Sequence[WrittenSheet],
    refusals: Sequence[RefusalItem],
    *,
    validity: Validity,
    now: datetime,
) -> tuple[bytes, list[bytes]]:
    reply, roots = write_sheets(sheets), [sheet.root for sheet in sheets]
    row = (header.requester, header.batch, digest, reply, b"".join(roots), to_ms(now + validity.present))
    insert_many(conn, store.permit_batch, _REPLY_COLUMNS, [row])
    for reason, count in Counter(refusal.reason for refusal in refusals).items():
        audit(
            conn,
            store.audit_table,
            PermitRefused(requester=header.requester, batch=header.batch, reason=reason, count=count),
            now=now,
        )
    issued = sum(len(sheet.items) for sheet in sheets[1:])
    audit(
        conn,
        store.audit_table,
        PermitsIssued(requester=header.requester, batch=header.batch, issued=issued, refused=len(refusals)),
        now=now,
    )
    return reply, roots


def _digest(asked: Asked) -> bytes:
    hasher = hashlib.sha256(asked.header_bytes)
    for item in asked.item_bytes:
        hasher.update(item)
    return hasher.digest()


def _stored_reply(conn: Connection, requester: str, batch: str, digest: bytes) -> tuple[bytes, list[bytes]] | None:
    found = _REPLIES(conn, [batch], requester=requester)
    if not found:
        return None
    [(kept, reply, roots)] = found
    if kept != digest:
        raise RequestConflict()
    return reply, [roots[start : start + 32] for start in range(0, len(roots), 32)]


def _take_numbers(conn: Connection, count: int) -> int:
    """Reserve `count` processing numbers; never given twice, since they are taken in the same transaction."""
    after: int | None = conn.execute(_TAKE_NUMBERS, {"count": count}).scalar_one_or_none()
    if after is None:
        conn.execute(insert(store.counter).values(name="number", next=1 + count))
        return 1
    return after - count
