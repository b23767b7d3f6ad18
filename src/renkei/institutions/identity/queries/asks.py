"""Asks that wait for a person."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from renkei.base.time import to_ms
from renkei.institutions.identity.model.asks import Ask, AskKind, AskState
from renkei.institutions.identity.store.asks import ask as table

_read_ask = msgspec.json.Decoder(Ask).decode


def waiting(conn: Connection, account_id: str, now: datetime) -> tuple[Ask, ...]:
    """Asks that reached this person behind the scenes (CIBA) and wait for an answer, oldest first."""
    query = (
        select(table.c.body)
        .where(table.c.account_id == account_id, table.c.state == AskState.OPEN.value)
        .where(table.c.kind == AskKind.BACKCHANNEL.value, table.c.expires_ms > to_ms(now))
        .order_by(table.c.made_ms, table.c.ask_id)
    )
    return tuple(_read_ask(row.body) for row in conn.execute(query))
