"""Consents: recorded item by item, used, withdrawn. Every use is a line that the person can read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from renkei.base.time import to_ms
from renkei.contracts.identity import Scope
from renkei.institutions.identity.errors.asks import ConsentUnknown
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.consents import (
    ONCE,
    ConsentGiven,
    ConsentUsed,
    ConsentWithdrawn,
    EventKind,
    Needed,
    items_of,
    still_needed,
)
from renkei.institutions.identity.store.base import audit_table
from renkei.institutions.identity.store.consents import consent, consent_event, relation
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many, upsert_many


def needed(
    conn: Connection,
    account_id: str,
    client: Client,
    scopes: Iterable[str],
    claims: Iterable[str] = (),
    *,
    always: bool = False,
) -> Needed:
    """What a person has not agreed to yet of what a client asks; false where there is nothing to ask."""
    asked = items_of(scopes, claims)
    given = items_given(conn, account_id, client.client_id)
    return still_needed(asked, given=given, first_party=client.first_party, always=always)


def items_given(conn: Connection, account_id: str, client_id: str) -> frozenset[Scope]:
    """What a person has agreed to let a client have."""
    query = select(consent.c.item).where(consent.c.account_id == account_id, consent.c.client_id == client_id)
    return frozenset(Scope(row.item) for row in conn.execute(query))


def record(conn: Connection, approved: Approved, now: datetime, *, sub: str, asked: bool = True) -> None:
    """Keep what a person agreed to, and that it is used now.

    Args:
        sub: pairwise subject at the client, by which it may name the person later (CIBA `login_hint`).
        asked: the person saw the page; False where an earlier consent, or none at all, was enough.
    """
    account_id, client_id, now_ms = approved.account_id, approved.client_id, to_ms(now)
    items = items_of(approved.scopes, approved.claims)
    known = update(relation).where(relation.c.account_id == account_id, relation.c.client_id == client_id)
    if not conn.execute(known.values(used_ms=now_ms, sub=sub)).rowcount:
        columns = ("account_id", "client_id", "sub", "since_ms", "used_ms")
        insert_many(conn, relation, columns, [(account_id, client_id, sub, now_ms, now_ms)], ignore_conflicts=True)
    if asked:
        before = items_given(conn, account_id, client_id)
        new = [item for item in items if item not in before and item not in ONCE]
        rows = [(account_id, client_id, item.value, approved.ask_id, now_ms, now_ms) for item in new]
        upsert_many(conn, consent, ("account_id", "client_id", "item"), ("ask_id", "since_ms", "used_ms"), rows)
    used(conn, account_id, client_id, items, now, ask_id=approved.ask_id, given=asked)
    if approved.payments:
        _note(conn, account_id, client_id, EventKind.PAID, (), now_ms, approved.ask_id)


def used(
    conn: Connection,
    account_id: str,
    client_id: str,
    items: Iterable[Scope],
    now: datetime,
    *,
    ask_id: str = "",
    given: bool = False,
) -> None:
    """Note that a client was given something (also for `userinfo`, where claims are fetched later)."""
    listed, now_ms = tuple(items), to_ms(now)
    touched = (
        update(consent)
        .where(consent.c.account_id == account_id, consent.c.client_id == client_id)
        .where(consent.c.item.in_([item.value for item in listed]))
    )
    conn.execute(touched.values(used_ms=now_ms))
    kind = EventKind.GIVEN if given else EventKind.USED
    _note(conn, account_id, client_id, kind, listed, now_ms, ask_id)
    event = (ConsentGiven if given else ConsentUsed)(
        account=account_id, client=client_id, ask=ask_id, items=_text(listed)
    )
    audit(conn, audit_table, event, now=now)


def withdraw(
    conn: Connection, account_id: str, client_id: str, now: datetime, *, items: Iterable[Scope] | None = None
) -> None:
    """End a consent, or some items of it. The caller then has the client's tokens ended (`revoked`).

    Args:
        items: those to end; None ends everything, and the client can no longer name the person in a hint.

    Raises:
        ConsentUnknown: nothing of it is agreed.
    """
    mine = (consent.c.account_id == account_id, consent.c.client_id == client_id)
    query = delete(consent).where(*mine)
    if items is not None:
        query = query.where(consent.c.item.in_([item.value for item in items]))
    gone = items_of(row.item for row in conn.execute(query.returning(consent.c.item)))
    ended = 0
    if items is None:
        ended = conn.execute(
            delete(relation).where(relation.c.account_id == account_id, relation.c.client_id == client_id)
        ).rowcount
    if not gone and not ended:
        raise ConsentUnknown()
    _note(conn, account_id, client_id, EventKind.WITHDRAWN, gone, to_ms(now), "")
    audit(conn, audit_table, ConsentWithdrawn(account=account_id, client=client_id, items=_text(gone)), now=now)


def _note(
    conn: Connection, account_id: str, client_id: str, kind: EventKind, items: tuple[Scope, ...], at_ms: int, ask: str
) -> None:
    columns = ("account_id", "client_id", "at_ms", "kind", "items", "ask_id")
    insert_many(conn, consent_event, columns, [(account_id, client_id, at_ms, kind.value, _text(items), ask)])


def _text(items: Iterable[Scope]) -> str:
    return ",".join(item.value for item in items)
