"""What a person agreed to with whom, and what was made of it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from renkei.base.encoding import MaskedStruct
from renkei.institutions.identity.model.consents import Consent, Event, EventKind, items_of
from renkei.institutions.identity.store.consents import consent, consent_event, relation


class Relation(MaskedStruct, frozen=True, kw_only=True):
    """A client that a person uses."""

    client_id: str
    sub: str
    since_ms: int
    used_ms: int
    consents: tuple[Consent, ...]


def of(conn: Connection, account_id: str) -> tuple[Relation, ...]:
    """Clients that a person uses, the one used last first, each with what it may have."""
    held: dict[str, list[Consent]] = {}
    for row in conn.execute(select(consent).where(consent.c.account_id == account_id).order_by(consent.c.item)):
        (item,) = items_of((row.item,))
        one = Consent(client_id=row.client_id, item=item, ask_id=row.ask_id, since_ms=row.since_ms, used_ms=row.used_ms)
        held.setdefault(row.client_id, []).append(one)
    query = select(relation).where(relation.c.account_id == account_id)
    rows = conn.execute(query.order_by(relation.c.used_ms.desc(), relation.c.client_id))
    return tuple(
        Relation(
            client_id=row.client_id, sub=row.sub, since_ms=row.since_ms, used_ms=row.used_ms,
            consents=tuple(held.get(row.client_id, ())),
        )
        for row in rows
    )  # fmt: skip


def events(conn: Connection, account_id: str, client_id: str | None = None, *, limit: int = 50) -> tuple[Event, ...]:
    """A person's record of consents, newest first; of one client where it is named."""
    query = select(consent_event).where(consent_event.c.account_id == account_id)
    if client_id is not None:
        query = query.where(consent_event.c.client_id == client_id)
    return tuple(
        Event(
            client_id=row.client_id, at_ms=row.at_ms, kind=EventKind(row.kind),
            items=items_of(row.items.split(",")),
        )
        for row in conn.execute(query.order_by(consent_event.c.number.desc()).limit(limit))
    )  # fmt: skip


def account_named(conn: Connection, client_id: str, sub: str) -> str:
    """Account that a client names by its pairwise subject; empty where it knows no such person."""
    query = select(relation.c.account_id).where(relation.c.client_id == client_id, relation.c.sub == sub)
    return str(conn.execute(query.limit(1)).scalar_one_or_none() or "")
