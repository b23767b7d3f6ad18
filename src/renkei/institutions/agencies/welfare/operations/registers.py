"""Public assistance, disability certificates, and what of the office's records has become a copy."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from renkei.base.time import Instant, to_ms
from renkei.institutions.agencies.welfare import store
from renkei.institutions.agencies.welfare.model.events import WelfareCopiesPublished
from renkei.institutions.agencies.welfare.model.registers import Assistance, Certificate
from renkei.institutions.agencies.welfare.queries import DISABILITY, PUBLIC_ASSISTANCE, Due
from renkei.platform.audit_store import audit
from renkei.platform.bulk import select_in, update_many, upsert_many


def enter_assistance(conn: Connection, found: Iterable[Assistance], *, now: Instant) -> int:
    """Enter public assistance in bulk, or replace what is there; a copy of each person is due."""
    rows = [
        (
            one.own_number, one.started_on.isoformat(), one.ended_on.isoformat() if one.ended_on else "",
            ",".join(one.kinds), one.monthly_yen,
        )
        for one in found
    ]  # fmt: skip
    upsert_many(
        conn, store.assistance, ("own_number",), ("started_on", "ended_on", "kinds", "monthly_yen"), rows
    )  # fmt: skip
    touch(conn, [row[0] for row in rows], PUBLIC_ASSISTANCE, now=now)
    return len(rows)


def enter_certificates(conn: Connection, found: Iterable[Certificate], *, now: Instant) -> int:
    """Enter certificates in bulk, or replace those of the same kind; a copy of each holder is due."""
    rows = [
        (
            one.own_number, one.kind, one.grade, one.issued_on.isoformat(),
            one.review_on.isoformat() if one.review_on else "",
        )
        for one in found
    ]  # fmt: skip
    upsert_many(conn, store.certificate, ("own_number", "kind"), ("grade", "issued_on", "review_on"), rows)
    touch(conn, {row[0] for row in rows}, DISABILITY, now=now)
    return len(rows)


def touch(conn: Connection, own_numbers: Iterable[str], information: str, *, now: Instant) -> None:
    """Make a copy due whose time is later than that of every copy before."""
    table = store.subject
    wanted = list(own_numbers)
    query = select(table.c.own_number, table.c.changed_ms, table.c.published_ms).where(
        table.c.information == information
    )
    held = {row.own_number: row for row in select_in(conn, query, table.c.own_number, wanted)}
    now_ms = to_ms(now)
    rows = [
        (
            number, information, max(now_ms, held[number].changed_ms + 1) if number in held else now_ms,
            held[number].published_ms if number in held else 0,
        )
        for number in wanted
    ]  # fmt: skip
    upsert_many(conn, table, ("own_number", "information"), ("changed_ms", "published_ms"), rows)


def published(conn: Connection, due: Due, *, refused: frozenset[int], now: Instant) -> None:
    """The gateway took these copies, except at the positions in `refused`, which stay due."""
    rows = [
        (copy.address_number, copy.information, changed_ms)
        for at, (copy, changed_ms) in enumerate(zip(due.batch.copies, due.changed_ms, strict=True))
        if at not in refused
    ]
    update_many(conn, store.subject, ("own_number", "information"), ("published_ms",), rows)
    event = WelfareCopiesPublished(batch=due.batch.batch, sent=len(due.batch.copies), problems=len(refused))
    audit(conn, store.audit_table, event, now=now)
