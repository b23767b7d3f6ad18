"""The stamping authority at work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, to_ms
from renkei.crypto.document_errors import TimestampAlgorithmRefused
from renkei.crypto.timestamps import StampingAuthority, make_response, read_request, refuse
from renkei.institutions.timestamps import store
from renkei.institutions.timestamps.model import TimestampGiven, TimestampRefused
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database


def next_serial(conn: Connection, *, now: datetime) -> tuple[int, int]:
    """A serial number, and the time (ms) that goes with it: a later number never bears an earlier time."""
    last = conn.execute(select(func.max(store.stamp.c.stamped_ms))).scalar_one()
    moment = max(to_ms(now), last or 0)
    made = conn.execute(store.stamp.insert().values(stamped_ms=moment))
    key = made.inserted_primary_key
    if key is None:
        raise RuntimeError("the serial number was not given by the database")
    serial = int(key[0])
    audit(conn, store.audit_table, TimestampGiven(serial=serial), now=now)
    return serial, moment


class Timestamps:
    """Answers timestamp requests (RFC 3161).

    Args:
        authority: certificate and key that stamp.
    """

    def __init__(self, *, db: Database, authority: StampingAuthority, clock: Clock) -> None:
        self.db, self.authority, self.clock = db, authority, clock

    async def stamp(self, request_der: bytes) -> bytes:
        """Answer a request, DER to DER; a request that cannot be granted gets an answer that says so."""
        now = self.clock.now()
        try:
            request = read_request(request_der)
        except RenkeiError as error:
            reason = error.code
            await self.db.write(lambda conn: audit(conn, store.audit_table, TimestampRefused(reason=reason), now=now))
            return refuse("bad_alg" if isinstance(error, TimestampAlgorithmRefused) else "bad_data_format")
        serial, moment = await self.db.write(lambda conn: next_serial(conn, now=now))
        return make_response(request, authority=self.authority, serial=serial, now=from_ms(moment))
