"""Who works where, at which terminals, and what an ID token of the staff realm says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, select

from renkei.base.time import Instant
from renkei.contracts.identity import Realm, StaffUser
from renkei.institutions.identity.errors.staff import StaffNotFound, StaffUnknown
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.staff import (
    TEST_TERMINAL,
    Staff,
    StaffState,
    Terminal,
    check_terminal,
    code_open,
)
from renkei.institutions.identity.store.sessions import session as session_table
from renkei.institutions.identity.store.staff import staff, terminal

_read_staff = msgspec.json.Decoder(Staff).decode
_read_terminal = msgspec.json.Decoder(Terminal).decode
_read_session = msgspec.json.Decoder(Session).decode


def staff_of(conn: Connection, account_id: str) -> Staff | None:
    """The clerk of an account of the staff realm; None where there is none."""
    return _one_staff(conn, staff.c.account_id == account_id)


def staff_by_code(conn: Connection, code_hash: bytes, now: Instant) -> Staff | None:
    """The clerk for whom this code is open; None where there is none."""
    found = _one_staff(conn, staff.c.code_hash == code_hash)
    return found if found is not None and not found.ended_ms and code_open(found.code_ms, now) else None


def staff_in(conn: Connection, body_id: str, staff_id: str) -> Staff:
    """A clerk of a body.

    Raises:
        StaffNotFound: none of that name there.
    """
    found = _one_staff(conn, staff.c.staff_id == staff_id)
    if found is None or found.body_id != body_id:
        raise StaffNotFound()
    return found


def staff_list(conn: Connection, body_id: str) -> list[Staff]:
    """Staff of a body, by id."""
    rows = conn.execute(select(staff).where(staff.c.body_id == body_id).order_by(staff.c.staff_id))
    return [_staff(row) for row in rows]


def terminal_by_secret(conn: Connection, secret_hash: bytes) -> Terminal | None:
    """The terminal whose cookie has this hash; None where there is none."""
    return _one_terminal(conn, terminal.c.secret_hash == secret_hash)


def terminal_by_code(conn: Connection, code_hash: bytes, now: Instant) -> Terminal | None:
    """The terminal for which this code is open; None where there is none."""
    found = _one_terminal(conn, terminal.c.code_hash == code_hash)
    return found if found is not None and not found.ended_ms and code_open(found.code_ms, now) else None


def terminal_in(conn: Connection, body_id: str, terminal_id: str) -> Terminal:
    """A terminal of a body.

    Raises:
        StaffNotFound: none of that name there.
    """
    found = _one_terminal(conn, terminal.c.terminal_id == terminal_id)
    if found is None or found.body_id != body_id:
        raise StaffNotFound()
    return found


def terminal_list(conn: Connection, body_id: str) -> list[Terminal]:
    """Terminals of a body, by place."""
    rows = conn.execute(select(terminal).where(terminal.c.body_id == body_id).order_by(terminal.c.terminal_id))
    return [_terminal(row) for row in rows]


def user_of(conn: Connection, session: Session) -> StaffUser:
    """The clerk of a session of the staff realm, at the terminal at which it began.

    Raises:
        StaffUnknown: nobody who works here, or no longer.
        TerminalUnregistered, TerminalElsewhere: the terminal was taken out of use, or is another body's.
    """
    found = staff_of(conn, session.account_id) if session.realm is Realm.STAFF else None
    if found is None or found.state is not StaffState.ACTIVE:
        raise StaffUnknown()
    if not (session.test and session.terminal == TEST_TERMINAL):
        check_terminal(_one_terminal(conn, terminal.c.terminal_id == session.terminal), found)
    return StaffUser(
        staff_id=found.staff_id, name=found.name, body_id=found.body_id, section=found.section,
        affairs=found.affairs, roles=found.roles, terminal=session.terminal, sid=session.session_id, acr=session.acr,
        auth_ms=session.auth_ms, test=session.test,
    )  # fmt: skip


def staff_claims(conn: Connection, approved: Approved) -> Mapping[str, object]:
    """Further claims of an ID token (`contracts.identity_tokens.StaffClaims`); none outside the staff realm.

    Raises:
        As `user_of`: no token says of somebody that they are staff who are not, here and now.
    """
    if approved.realm is not Realm.STAFF:
        return {}
    row = conn.execute(
        select(session_table.c.body).where(session_table.c.session_id == approved.session_id)
    ).one_or_none()
    if row is None:
        raise StaffUnknown()
    user = user_of(conn, _read_session(row.body))
    return {
        "staff_id": user.staff_id, "name": user.name, "body_id": user.body_id, "section": user.section,
        "affairs": sorted(user.affairs), "roles": sorted(user.roles), "terminal": user.terminal,
    }  # fmt: skip


def _one_staff(conn: Connection, which: ColumnElement[bool]) -> Staff | None:
    row = conn.execute(select(staff).where(which)).one_or_none()
    return None if row is None else _staff(row)


def _staff(row: Row[Any]) -> Staff:
    return msgspec.structs.replace(
        _read_staff(row.body), account_id=row.account_id or "", code_ms=row.code_ms, ended_ms=row.ended_ms
    )


def _one_terminal(conn: Connection, which: ColumnElement[bool]) -> Terminal | None:
    row = conn.execute(select(terminal).where(which)).one_or_none()
    return None if row is None else _terminal(row)


def _terminal(row: Row[Any]) -> Terminal:
    return msgspec.structs.replace(
        _read_terminal(row.body), code_ms=row.code_ms, registered_ms=row.registered_ms, ended_ms=row.ended_ms
    )
