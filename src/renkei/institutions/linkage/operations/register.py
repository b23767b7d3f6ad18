"""Writing the register of bodies: entering, stopping, resuming."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from renkei.contracts.errors import BodyUnknown
from renkei.contracts.register import BodyEntry, BodyState
from renkei.contracts.sheets import encode
from renkei.institutions.linkage import store
from renkei.institutions.linkage.model import BodyChanged
from renkei.institutions.linkage.queries import register_version
from renkei.platform.audit_store import audit


def enter_bodies(conn: Connection, entries: Iterable[BodyEntry], *, now: datetime) -> int:
    """Enter bodies, or replace their entries; returns the new version of the register."""
    for entry in entries:
        conn.execute(delete(store.body).where(store.body.c.body_id == entry.body_id))
        conn.execute(insert(store.body).values(body_id=entry.body_id, entry=encode(entry).decode()))
        audit(
            conn, store.audit_table, BodyChanged(body=entry.body_id, state=entry.state.value, reason="entered"), now=now
        )
    return _next_version(conn)


def set_body_state(conn: Connection, body_id: str, *, state: BodyState, reason: str, now: datetime) -> int:
    """Stop or resume a body (番号法 28条6項: no exchange without a published impact assessment; 34条: orders).

    Args:
        reason: short code of the reason, e.g. `pia_unpublished`; shown to operators.

    Raises:
        BodyUnknown: not in the register.
    """
    text = conn.execute(select(store.body.c.entry).where(store.body.c.body_id == body_id)).scalar_one_or_none()
    if text is None:
        raise BodyUnknown(body=body_id[:40])
    entry = msgspec.structs.replace(msgspec.json.decode(text, type=BodyEntry), state=state)
    conn.execute(
        update(store.body)
        .where(store.body.c.body_id == body_id)
        .values(entry=encode(entry).decode(), stopped_reason=reason if state is BodyState.STOPPED else "")
    )
    audit(conn, store.audit_table, BodyChanged(body=body_id, state=state.value, reason=reason), now=now)
    return _next_version(conn)


def _next_version(conn: Connection) -> int:
    version = register_version(conn) + 1
    if version == 1:
        conn.execute(insert(store.register_version).values(id=1, version=1))
    else:
        conn.execute(update(store.register_version).values(version=version))
    return version
