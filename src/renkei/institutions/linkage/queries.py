"""Reads of the core."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, select

from renkei.base.errors import Refused
from renkei.base.time import to_ms
from renkei.contracts.exchange import Holders, HoldersRequest, Outcome
from renkei.contracts.records import AccessEntry, AccessList, AccessProof, Party, RecordFace, RecordLeaf
from renkei.contracts.register import BodyEntry, BodyState, Register
from renkei.contracts.sheets import b64, encode, unb64
from renkei.crypto.codes import CodeKeys
from renkei.crypto.notes import parse_checkpoint, parse_note
from renkei.institutions.linkage import store
from renkei.institutions.linkage.model import SUBJECT_BODY, RegisterView
from renkei.law.table import PermittedTable
from renkei.platform.bulk import Lookup
from renkei.platform.errors import LogEmpty
from renkei.platform.logstore import LogStore

REPORTED_WITHIN = timedelta(minutes=10)
"""How long a provider's report may be on its way; reports are sent within a second."""


_VERSION = Lookup(select(store.register_version.c.version), store.register_version.c.id)
_HELD = Lookup(
    select(store.held_code.c.handle).where(store.held_code.c.body_id == bindparam("body_id")),
    store.held_code.c.handle,
)


def register_version(conn: Connection) -> int:
    """Version of the register; 0 while it is empty."""
    found = _VERSION(conn, [1])
    return int(found[0][0]) if found else 0


def register_view(conn: Connection) -> RegisterView:
    """The whole register at its present version."""
    entries = [
        msgspec.json.decode(text, type=BodyEntry)
        for (text,) in conn.execute(select(store.body.c.entry).order_by(store.body.c.body_id))
    ]
    return RegisterView(register_version(conn), {entry.body_id: entry for entry in entries})


def published(view: RegisterView, *, log_key: str, now_ms: int) -> Register:
    """The register as every party may read it.

    Args:
        log_key: verifier key of the core's log.
    """
    bodies = list(view.bodies.values())
    return Register(version=view.version, issued_ms=now_ms, core_log_key=log_key, bodies=bodies)


def held_among(conn: Connection, body_id: str, handles: Iterable[bytes]) -> set[bytes]:
    """For which of these persons the body has a code issued."""
    return {handle for (handle,) in _HELD(conn, handles, body_id=body_id)}


def holders(
    conn: Connection, request: HoldersRequest, *, view: RegisterView, table: PermittedTable, keys: CodeKeys
) -> Holders:
    """Bodies that hold a code for the person and may be asked for this item (施行令 20条).

    Raises:
        CodeForeign: not a code of the requester.
    """
    view.active(request.requester)
    handle = keys.handle_of(request.requester, unb64(request.code))
    query = select(store.held_code.c.body_id).where(store.held_code.c.handle == handle)
    bodies = []
    for (body_id,) in conn.execute(query.order_by(store.held_code.c.body_id)):
        entry = view.bodies.get(body_id)
        if entry is None or entry.state is not BodyState.ACTIVE:
            continue
        try:
            view.permit(table, request.requester, request.affairs, body_id, request.information)
        except Refused:
            continue
        bodies.append(body_id)
    return Holders(bodies=bodies)


def access_list(
    conn: Connection,
    *,
    code: str,
    channel: str,
    keys: CodeKeys,
    log: LogStore,
    now: datetime,
    limit: int,
    before_number: str = "",
) -> AccessList:
    """Every exchange about one person, newest first, as that person may see it.

    Entries that carry a non-disclosure mark are counted, not shown (番号法 23条2項). One that its provider has not
    reported on yet may carry such a mark, so for a while it is not shown either.

    Args:
        code: the channel's own linkage code of the person.
        before_number: continue below this processing number; empty starts at the newest.

    Raises:
        CodeForeign: not a code of this channel.
    """
    subject = keys.issue(SUBJECT_BODY, keys.handle_of(channel, unb64(code)))
    table = store.exchange
    query = select(table).where(table.c.subject == subject).order_by(table.c.number.desc()).limit(limit)
    if before_number:
        query = query.where(table.c.number < before_number)
    prover = _Prover.of(conn, log)
    entries, withheld = [], 0
    for row in conn.execute(query):
        if row.hidden or row.given_hidden:
            withheld += 1
            continue
        if not row.outcome and not row.waiting and row.asked_ms > to_ms(now - REPORTED_WITHIN):
            continue
        entries.append(_access_entry(row, prover))
    return AccessList(entries=entries, withheld=withheld)


class _Prover(NamedTuple):
    """Proves entries against the latest checkpoint of the core's log."""

    conn: Connection
    log: LogStore
    checkpoint: str
    size: int

    @classmethod
    def of(cls, conn: Connection, log: LogStore) -> _Prover | None:
        try:
            note = log.checkpoint(conn)
        except LogEmpty:
            return None
        return cls(conn, log, note.decode(), parse_checkpoint(parse_note(note).text).size)

    def proof(self, row: Row[Any]) -> AccessProof:
        given = row.given_index is not None
        index, salt = (row.given_index, row.given_salt) if given else (row.leaf_index, row.salt)
        path = self.log.prove_inclusion(self.conn, index, self.size)
        return AccessProof(
            leaf=encode(record_leaf(row, given=given)).decode(), salt=b64(salt), index=index, size=self.size,
            path=[b64(node) for node in path], checkpoint=self.checkpoint,
        )  # fmt: skip


def _access_entry(row: Row[Any], prover: _Prover | None) -> AccessEntry:
    return AccessEntry(
        number=row.number, requester=row.requester, provider=row.provider, section=row.section, affairs=row.affairs,
        information=row.information, row=row.row, edition=row.edition, asked_ms=row.asked_ms,
        outcome=Outcome(row.outcome) if row.outcome else None, given_ms=row.given_ms,
        proof=prover.proof(row) if prover else None,
    )  # fmt: skip


def record_leaf(row: Row[Any], *, given: bool) -> RecordLeaf:
    """The leaf of one record as it was hashed: when asked, or when the outcome was reported."""
    return RecordLeaf(
        Party.CORE, b64(row.subject), row.number, row.requester, row.provider, row.section, row.affairs,
        row.information, row.row, row.asked_ms, bool(row.given_hidden if given else row.hidden),
        row.outcome if given else "", row.given_ms if given else 0,
    )  # fmt: skip


def faces(conn: Connection, *, after_number: str = "", limit: int = 10_000) -> list[RecordFace]:
    """Records in the order of their numbers, for reconciliation with the two gateways."""
    table = store.exchange
    query = select(table).where(table.c.number > after_number).order_by(table.c.number).limit(limit)
    return [
        RecordFace(
            row.number, row.requester, row.provider, row.section, row.affairs, row.information, row.row, row.asked_ms,
            bool(row.hidden or row.given_hidden), row.outcome, row.given_ms,
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def counts(conn: Connection) -> dict[str, int]:
    """Live counts for the front page: bodies, codes held, exchanges."""
    tables = {"bodies": store.body, "codes": store.held_code, "exchanges": store.exchange}
    return {name: conn.execute(select(func.count()).select_from(table)).scalar_one() for name, table in tables.items()}
