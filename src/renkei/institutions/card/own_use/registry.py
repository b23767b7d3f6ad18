"""The registry at work: entries are made and withdrawn, permits are signed."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, Table, func, insert, select, update

from renkei.base.audit import AuditEvent
from renkei.base.time import Instant, from_ms, to_ms
from renkei.crypto.signing_keys import SigningKey
from renkei.institutions.card.chip.permits import Signed, permit_to_sign
from renkei.institutions.card.own_use.errors import OwnUseEntryUnknown, OwnUseNotYours
from renkei.institutions.card.own_use.model import (
    OwnUse,
    OwnUsePermitted,
    OwnUseRegistered,
    OwnUseWithdrawn,
    Registered,
    Wanted,
    check_own_use,
    permit_for,
)  # fmt: skip
from renkei.institutions.card.own_use.tables import OwnUseTables
from renkei.platform.audit_store import audit


class OwnUseRegistry:
    """The registry over the store of the card's room.

    Args:
        tables: `store.own_use`.
        audit_table: the room's audit table.
        key: signs permits; every card knows its public half.
    """

    def __init__(self, *, tables: OwnUseTables, audit_table: Table, key: SigningKey) -> None:
        self._entry, self._audit_table, self._key = tables.entry, audit_table, key

    def register(self, conn: Connection, application: OwnUse, *, now: Instant) -> Registered:
        """Make an entry.

        Raises:
            OwnUseBasisMissing, OwnUsePeriodTooLong, OwnUseTooLarge: see `model.check_own_use`.
        """
        check_own_use(application)
        entry = self._entry
        number = (conn.execute(select(func.max(entry.c.number))).scalar() or 0) + 1
        values = {"number": number, "body_id": application.body_id, "registered_ms": to_ms(now)}
        conn.execute(insert(entry).values(application=msgspec.json.encode(application).decode(), **values))
        given = application
        self._tell(conn, OwnUseRegistered(number=number, body_id=given.body_id, basis=given.basis.value), now)
        return Registered(number=number, application=application)

    def withdraw(self, conn: Connection, number: int, *, body_id: str, reason: str, now: Instant) -> None:
        """End an entry before its last day; withdrawing it again changes nothing.

        Raises:
            OwnUseEntryUnknown, OwnUseNotYours: as named.
        """
        found = self.entry(conn, number)
        if found.application.body_id != body_id:
            raise OwnUseNotYours()
        if found.withdrawn is None:
            conn.execute(update(self._entry).where(self._entry.c.number == number).values(withdrawn_ms=to_ms(now)))
            self._tell(conn, OwnUseWithdrawn(number=number, reason=reason), now)

    def permit(self, conn: Connection, wanted: Wanted, *, now: Instant) -> Signed:
        """Sign a permit for the card that gave the challenge.

        Raises:
            OwnUseEntryUnknown, OwnUseNotYours, OwnUseNotInForce, OwnUseTooLarge, OwnUseChallengeWrong: as named.
        """
        body, to_sign = permit_to_sign(permit_for(self.entry(conn, wanted.number), wanted, now=now))
        self._tell(conn, OwnUsePermitted(number=wanted.number, act=wanted.act.value, size=wanted.size), now)
        return Signed(body, self._key.sign(to_sign))

    def entry(self, conn: Connection, number: int) -> Registered:
        """One entry.

        Raises:
            OwnUseEntryUnknown: there is none.
        """
        row = conn.execute(select(self._entry).where(self._entry.c.number == number)).first()
        if row is None:
            raise OwnUseEntryUnknown()
        return _registered(row)

    def entries(self, conn: Connection) -> list[Registered]:
        """Every entry, for everyone to read."""
        return [_registered(row) for row in conn.execute(select(self._entry).order_by(self._entry.c.number))]

    def _tell(self, conn: Connection, event: AuditEvent, now: Instant) -> None:
        audit(conn, self._audit_table, event, now=now)


def _registered(row: Row[tuple[object, ...]]) -> Registered:
    return Registered(
        number=row.number,
        application=msgspec.json.decode(row.application, type=OwnUse),
        withdrawn=None if row.withdrawn_ms is None else from_ms(row.withdrawn_ms),
    )
