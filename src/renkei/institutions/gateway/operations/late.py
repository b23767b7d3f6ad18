"""Answers that a clerk decides on, and how they reach the requester later (push)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from renkei.base.time import jst_date, to_ms
from renkei.contracts.errors import AnswerEarly, AnswerInvalid, CallerMismatch, DecisionStale, NoCopy, Withheld
from renkei.contracts.exchange import Answer, AnswerHeader, AnswerItem, Outcome
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.sheets import WrittenSheet, answer_info, b64, decode, encode, read_sheet, write_sheet
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import Manifest, manifest_of
from renkei.crypto.sealing import Sealer, SealingPrivateKey, SealingPublicKey, commit_payload
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.answering import PendingState, Verdict, answer_from_copy, may_decide
from renkei.institutions.gateway.model.events import LateAnswerTaken, PendingDecided
from renkei.institutions.gateway.model.reading import SALT_BYTES, open_payload, opener_of
from renkei.platform.audit_store import audit
from renkei.platform.logstore import LogStore
from renkei.platform.outbox import put
from renkei.platform.record_log import log_records

KIND_LATE_ANSWER = "late_answer"


def late_presentation(number: str) -> str:
    """Id that a late answer carries in place of a presentation."""
    return f"late-{number}"


def decide(
    conn: Connection,
    number: str,
    *,
    give: bool,
    user: str,
    body_id: str,
    log: LogStore,
    now: datetime,
    check_requester: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Record a clerk's decision on a pending inquiry and put the answer down for delivery.

    Args:
        give: answer from the copy; False withholds it (the requester learns that a clerk decided so, not why).
        check_requester: raises if the requester may not be given anything any more (番号法 28条6項).

    Raises:
        DecisionStale: decided already, past its time, or no such inquiry.
        Refused: from `check_requester`; the inquiry goes on waiting.

    Source: 番号法 22条1項; the mark 自動応答不可.
    """
    row = _pending(conn, number)
    if row is None or not may_decide(PendingState(row.state), row.answer_by_ms, now):
        raise DecisionStale()
    record = queries.provision_records(conn, [number])[number]
    if give:
        check_requester(record.requester)
    verdict = _verdict(conn, row, record, give=give, now=now)
    state = PendingState.GIVEN if give else PendingState.WITHHELD
    settle(conn, row, record, verdict, state=state, user=user, body_id=body_id, log=log, now=now)
    audit(conn, store.audit_table, PendingDecided(number=number, state=state.value, user=user), now=now)
    return verdict.outcome


def settle(
    conn: Connection,
    row: Row[Any],
    record: Row[Any],
    verdict: Verdict,
    *,
    state: PendingState,
    user: str,
    body_id: str,
    log: LogStore,
    now: datetime,
) -> None:
    """Close a pending inquiry: state, record, log entry, and the answer put down for delivery.

    Args:
        row, record: of `pending` and of `provision_record`.
        user: the clerk who decided; empty where time did.
    """
    person = queries.persons(conn, [row.address_number]).get(row.address_number)
    hidden = bool(record.hidden or (person and person.hidden))
    seal_key = SealingPublicKey.from_bytes(row.requester_seal)
    sheet = _answer(record, verdict, hidden=hidden, body_id=body_id, requester_seal=seal_key, now=now)
    conn.execute(
        update(store.pending)
        .where(store.pending.c.number == record.number)
        .values(state=state.value, decided_by=user, decided_ms=to_ms(now))
    )
    complete(
        conn, store.provision_record, record, verdict.outcome, verdict.reason, to_ms(now), hidden=hidden, log=log,
        party=Party.PROVIDER, requester=record.requester, provider=body_id,
    )  # fmt: skip
    put(conn, store.outbox_table, destination=record.requester, kind=KIND_LATE_ANSWER, body=sheet.body, now=now)


def _pending(conn: Connection, number: str) -> Row[Any] | None:
    return conn.execute(select(store.pending).where(store.pending.c.number == number)).one_or_none()


def _verdict(conn: Connection, row: Row[Any], record: Row[Any], *, give: bool, now: datetime) -> Verdict:
    if not give:
        return Verdict(Outcome.NONE, Withheld.code, b"", 0)
    copies = queries.copies(conn, record.information, [row.address_number])
    people = queries.persons(conn, [row.address_number])
    person = people[row.address_number]._replace(no_automatic_answer=False)  # the clerk has decided
    found = answer_from_copy(person, copies.get(row.address_number), today=jst_date(now).isoformat())
    return found if found.outcome is Outcome.GIVEN else Verdict(Outcome.NONE, NoCopy.code, b"", 0)


def _answer(
    record: Row[Any],
    verdict: Verdict,
    *,
    hidden: bool,
    body_id: str,
    requester_seal: SealingPublicKey,
    now: datetime,
) -> WrittenSheet:
    presentation = late_presentation(record.number)
    info = answer_info(provider=body_id, requester=record.requester, presentation=presentation)
    sealer = Sealer(requester_seal, info)
    commitment = sealed = ""
    if verdict.outcome is Outcome.GIVEN:
        salt = os.urandom(SALT_BYTES)
        commitment = b64(commit_payload(salt, verdict.body))
        sealed = b64(sealer.seal(0, salt + verdict.body, record.number.encode()))
    header = AnswerHeader(
        provider=body_id, requester=record.requester, presentation=presentation, given_ms=to_ms(now),
        wrap=b64(sealer.wrap),
    )  # fmt: skip
    item = AnswerItem(record.number, verdict.outcome, verdict.reason, hidden, verdict.copied_ms, commitment, sealed)
    return write_sheet(header, [item])


def complete(
    conn: Connection,
    table: Any,
    record: Row[Any],
    outcome: Outcome,
    reason: str,
    given_ms: int,
    *,
    hidden: bool,
    log: LogStore,
    party: Party,
    requester: str,
    provider: str,
) -> None:
    """Complete a pending record with its final outcome, and log it."""
    leaf = RecordLeaf(
        party, b64(record.subject), record.number, requester, provider, record.section, record.affairs,
        record.information, record.row, record.asked_ms, hidden, outcome.value, given_ms,
    )  # fmt: skip
    [(salt, index)] = log_records(conn, log, [encode(leaf)])
    conn.execute(
        update(table)
        .where(table.c.number == record.number)
        .values(
            outcome=outcome.value,
            reason=reason,
            given_ms=given_ms,
            hidden=hidden,
            late_salt=salt,
            late_index=index,
            late_hidden_before=bool(record.hidden) if bool(record.hidden) != hidden else None,
        )
    )


def take_late_answer(
    conn: Connection,
    body: bytes,
    *,
    manifest: Manifest,
    signed: SignedMessage,
    caller: str,
    body_id: str,
    key: SealingPrivateKey,
    log: LogStore,
    now: datetime,
) -> bool:
    """Record an answer that came later; returns whether it was new (a repetition changes nothing).

    Args:
        manifest, signed: what the provider signed, already verified.
        caller: body that signed.

    Raises:
        CallerMismatch: it speaks for another body than the one that signed.
        AnswerInvalid: not the answer to a pending inquiry of ours to that body.
        AnswerEarly: the inquiry may be one that we have not finished recording; to be sent again.
        DecisionStale: the inquiry lapsed here before any answer came.
    """
    sheet = read_sheet(decode(body, Answer), AnswerHeader, list[AnswerItem])
    if sheet.header.provider != caller or sheet.header.requester != body_id:
        raise CallerMismatch()
    if manifest_of(sheet.header_bytes, sheet.item_bytes) != manifest or len(sheet.items) != 1:
        raise AnswerInvalid(private="not what its signed manifest says")
    item = sheet.items[0]
    record = queries.request_records(conn, [item.number]).get(item.number)
    if record is None and queries.open_dispatches(conn):
        raise AnswerEarly()
    if record is None or record.provider != caller or sheet.header.presentation != late_presentation(item.number):
        raise AnswerInvalid(private="no inquiry of ours")
    if item.outcome not in (Outcome.GIVEN, Outcome.NONE, Outcome.LAPSED):
        raise AnswerInvalid(private="a late answer is final")
    if record.outcome != Outcome.PENDING.value:
        if record.outcome != item.outcome.value:
            raise DecisionStale(private="recorded otherwise")
        return False
    if item.outcome is Outcome.GIVEN:
        open_payload(opener_of(sheet, key), 0, item)
    conn.execute(
        insert(store.late_answer).values(
            number=item.number, answer=body, base=signed.base, signature=signed.signature, key=signed.key_id
        )
    )
    conn.execute(delete(store.awaited).where(store.awaited.c.number == item.number))
    complete(
        conn, store.request_record, record, item.outcome, item.reason, sheet.header.given_ms,
        hidden=bool(record.hidden or item.hidden), log=log,
        party=Party.REQUESTER, requester=body_id, provider=caller,
    )  # fmt: skip
    audit(conn, store.audit_table, LateAnswerTaken(number=item.number, outcome=item.outcome.value), now=now)
    return True
