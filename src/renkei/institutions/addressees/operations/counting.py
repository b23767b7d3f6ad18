"""Running numbers: each is given once."""

from __future__ import annotations

from sqlalchemy import Connection, update

from renkei.institutions.addressees import store
from renkei.platform.bulk import insert_many

ADDRESS_NUMBER, OUTSIDER = "address_number", "outsider"
"""Names of the running numbers."""


def take(conn: Connection, name: str, count: int) -> int:
    """Reserve `count` running numbers and return the first; none is given twice, across processes either."""
    table = store.counter
    query = update(table).where(table.c.name == name).values(next=table.c.next + count).returning(table.c.next)
    after: int | None = conn.execute(query).scalar_one_or_none()
    if after is None:
        insert_many(conn, table, ("name", "next"), [(name, 1)], ignore_conflicts=True)
        after = conn.execute(query).scalar_one()
    return after - count
