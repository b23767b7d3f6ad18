"""Terminals of bodies: prepared by an administrator, registered at the machine, ended. In the caller's transaction."""

from __future__ import annotations

import secrets
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, update

from renkei.base.time import to_ms
from renkei.institutions.identity.errors.staff import CodeWrong, StaffNotFound
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.staff import (
    Terminal,
    TerminalEnded,
    TerminalPrepared,
    TerminalRegistered,
    TerminalState,
    one_time_code,
    place_of,
)
from renkei.institutions.identity.queries import staff as queries
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.staff import terminal as table
from renkei.platform.audit_store import audit

_encode = msgspec.json.Encoder().encode


def prepare(conn: Connection, *, body_id: str, place: str, by: str, key: bytes, now: datetime) -> Terminal:
    """Make a terminal with a code that is to be entered at the machine (`code_for`).

    Raises:
        StaffFieldMissing: no place.
    """
    made = Terminal(
        terminal_id=f"t-{secrets.token_hex(8)}", body_id=body_id, place=place_of(place), code_ms=to_ms(now),
        made_ms=to_ms(now),
    )  # fmt: skip
    conn.execute(
        insert(table).values(
            terminal_id=made.terminal_id, body_id=body_id, body=_encode(made), secret_hash=None,
            code_hash=code_hash_of(key, code_for(made, key)), code_ms=made.code_ms, registered_ms=0, ended_ms=0,
        )
    )  # fmt: skip
    _audit_prepared(conn, made, by=by, now=now)
    return made


def renew_code(conn: Connection, one: Terminal, *, by: str, key: bytes, now: datetime) -> Terminal:
    """A new code: the old one was lost, or the machine's browser has forgotten what it was.

    Raises:
        StaffNotFound: the terminal was taken out of use.
    """
    if one.state is TerminalState.ENDED:
        raise StaffNotFound()
    renewed = msgspec.structs.replace(one, code_ms=to_ms(now))
    changed = update(table).where(table.c.terminal_id == one.terminal_id)
    conn.execute(changed.values(code_hash=code_hash_of(key, code_for(renewed, key)), code_ms=renewed.code_ms))
    _audit_prepared(conn, renewed, by=by, now=now)
    return renewed


def register(conn: Connection, *, code_hash: bytes, secret_hash: bytes, now: datetime) -> Terminal:
    """The code was entered: this machine is the terminal from now on, and no other.

    Raises:
        CodeWrong: no such code is open.
    """
    found = queries.terminal_by_code(conn, code_hash, now)
    if found is None:
        raise CodeWrong()
    changed = update(table).where(table.c.terminal_id == found.terminal_id)
    conn.execute(changed.values(secret_hash=secret_hash, code_hash=None, code_ms=0, registered_ms=to_ms(now)))
    event = TerminalRegistered(terminal=found.terminal_id, body=found.body_id)
    audit(conn, audit_table, event, now=now)
    return msgspec.structs.replace(found, code_ms=0, registered_ms=to_ms(now))


def end(conn: Connection, one: Terminal, *, by: str, now: datetime) -> None:
    """Take a terminal out of use: nobody signs in there, and no console is told that they are there."""
    ended = update(table).where(table.c.terminal_id == one.terminal_id, table.c.ended_ms == 0)
    if conn.execute(ended.values(ended_ms=to_ms(now), secret_hash=None, code_hash=None, code_ms=0)).rowcount:
        audit(conn, audit_table, TerminalEnded(terminal=one.terminal_id, by=by), now=now)


def code_for(one: Terminal, key: bytes) -> str:
    """The terminal's one-time code."""
    return one_time_code(key, "terminal", one.terminal_id, one.code_ms)


def code_hash_of(key: bytes, code: str) -> bytes:
    """What is kept of a terminal's code."""
    return keyed_hash(key, "terminal code", code)


def secret_hash_of(key: bytes, secret: str) -> bytes:
    """What is kept of a terminal's cookie."""
    return keyed_hash(key, "terminal", secret)


def _audit_prepared(conn: Connection, one: Terminal, *, by: str, now: datetime) -> None:
    audit(conn, audit_table, TerminalPrepared(terminal=one.terminal_id, body=one.body_id, by=by), now=now)
