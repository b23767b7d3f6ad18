"""Lists of revoked certificates (CRL): made daily and on demand, each with a greater number than the one before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from renkei.base.time import from_ms, to_ms
from renkei.crypto.person_authority import PersonAuthority, Standing
from renkei.crypto.revocation import Reason
from renkei.institutions.card import queries, store
from renkei.institutions.card.model.events import RevocationListMade
from renkei.institutions.card.queries import ListKept, Present
from renkei.platform.audit_store import audit
from renkei.platform.bulk import upsert_many

MADE_EVERY: Final = timedelta(days=1)
GOOD_FOR: Final = timedelta(hours=25)
"""An hour longer than until the next one, so that no verifier is without."""


def standing_of(present: Present) -> Standing:
    """How a kept standing is told in a CRL or an OCSP answer."""
    if not present.reason:
        return Standing()
    return Standing(from_ms(present.since_ms).replace(microsecond=0), Reason(present.reason))


def make_list(conn: Connection, authority: PersonAuthority, *, now: datetime) -> ListKept:
    """Make and keep a new list of a generation.

    A certificate stays on the lists until one was made after its period had ended (RFC 5280 §3.3).
    """
    last = queries.latest_list(conn, authority.issuer_id)
    number = last.number + 1 if last else 1
    made = now.replace(microsecond=0)
    since = from_ms(last.made_ms) if last else from_ms(0)
    entries = [
        (serial, standing_of(present))
        for serial, present in queries.ended(conn, authority.issuer_id, valid_at=min(since, made))
    ]
    der = authority.revocation_list(entries, number=number, now=made, next_update=made + GOOD_FOR)
    kept = ListKept(number, to_ms(made), to_ms(made + GOOD_FOR), der)
    columns = ("number", "made_ms", "next_ms", "der")
    upsert_many(conn, store.revocation_list, ("issuer_id",), columns, [(authority.issuer_id, *kept)])
    event = RevocationListMade(issuer_id=authority.issuer_id, number=number, entries=len(entries))
    audit(conn, store.audit_table, event, now=now)
    return kept


def due(last: ListKept | None, *, now: datetime) -> bool:
    """Whether the daily list is due."""
    return last is None or from_ms(last.made_ms) + MADE_EVERY <= now
