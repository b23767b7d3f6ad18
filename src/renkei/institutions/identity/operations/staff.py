"""Enrolling staff, binding their cards, ending them. Every function works in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.crypto.person_certificates import PersonCertificate
from renkei.institutions.identity.errors.signin import WrongRealm
from renkei.institutions.identity.errors.staff import StaffIdTaken, StaffOneself, StaffUnknown
from renkei.institutions.identity.model.accounts import Account
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.staff import (
    Enrolment,
    Staff,
    StaffBound,
    StaffEnded,
    StaffEnrolled,
    StaffState,
    one_time_code,
)
from renkei.institutions.identity.operations.accounts import bind, certificate_id, open_account
from renkei.institutions.identity.queries import staff as queries
from renkei.institutions.identity.queries.accounts import account_of
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.accounts import certificate, passkey
from renkei.institutions.identity.store.staff import staff as table
from renkei.platform.audit_store import audit

_encode = msgspec.json.Encoder().encode


def enrol(conn: Connection, wanted: Enrolment, *, body_id: str, by: str, key: bytes, now: datetime) -> Staff:
    """Enrol a clerk; the code to hand over is `code_for`.

    Args:
        wanted: checked by `model.staff.enrolment`.
        by: staff id of the administrator.
        key: the provider's session key.

    Raises:
        StaffIdTaken: the id is in use, in whichever body.
    """
    if conn.execute(select(table.c.staff_id).where(table.c.staff_id == wanted.staff_id)).first() is not None:
        raise StaffIdTaken()
    made = Staff(
        staff_id=wanted.staff_id, body_id=body_id, section=wanted.section, name=wanted.name,
        roles=frozenset(role.value for role in wanted.roles), affairs=wanted.affairs, code_ms=to_ms(now),
        made_ms=to_ms(now),
    )  # fmt: skip
    code_hash = code_hash_of(key, code_for(made, key))
    conn.execute(
        insert(table).values(
            staff_id=made.staff_id, body_id=body_id, account_id=None, body=_encode(made), code_hash=code_hash,
            code_ms=made.code_ms, ended_ms=0,
        )
    )  # fmt: skip
    _audit_enrolled(conn, made, by=by, now=now)
    return made


def renew_code(conn: Connection, one: Staff, *, by: str, key: bytes, now: datetime) -> Staff:
    """A new code for a clerk: the old one was lost, or the card is a new one.

    Raises:
        StaffUnknown: the clerk's registration has ended.
    """
    if one.state is StaffState.ENDED:
        raise StaffUnknown()
    renewed = msgspec.structs.replace(one, code_ms=to_ms(now))
    code_hash = code_hash_of(key, code_for(renewed, key))
    changed = update(table).where(table.c.staff_id == one.staff_id)
    conn.execute(changed.values(code_hash=code_hash, code_ms=renewed.code_ms))
    _audit_enrolled(conn, renewed, by=by, now=now)
    return renewed


def end(conn: Connection, one: Staff, *, by: str, now: datetime) -> None:
    """A clerk may sign in no more; whoever calls ends the sessions of the account.

    Raises:
        StaffOneself: an administrator ends themselves.
    """
    if one.staff_id == by:
        raise StaffOneself()
    ended = update(table).where(table.c.staff_id == one.staff_id, table.c.ended_ms == 0)
    if conn.execute(ended.values(ended_ms=to_ms(now), code_hash=None, code_ms=0)).rowcount:
        audit(conn, audit_table, StaffEnded(staff=one.staff_id, by=by), now=now)


def admit(
    conn: Connection, shown: PersonCertificate, *, code_hash: bytes | None, terminal_of: str, test: bool,
    new_account_id: str, now: datetime,
) -> Staff:  # fmt: skip
    """The clerk whose card this is; with an open code, the card is bound to the clerk for whom the code was made.

    Args:
        shown: a certificate that was verified.
        code_hash: of the code that was entered in this browser; None where none was.
        terminal_of: body whose registered terminal it is; empty where test cards need none.

    Raises:
        StaffUnknown: nobody's card, and no code that is open; or a registration that has ended.
        WrongRealm: the card of a person in the main realm.
    """
    account = account_of(conn, certificate_id(shown))
    if account is not None and account.realm is not Realm.STAFF:
        raise WrongRealm()
    coming = queries.staff_by_code(conn, code_hash, now) if code_hash is not None else None
    if coming is not None and terminal_of in ("", coming.body_id):
        return bind_card(conn, coming, shown, test=test, new_account_id=new_account_id, now=now)
    found = queries.staff_of(conn, account.account_id) if account is not None else None
    if found is None or found.state is not StaffState.ACTIVE:
        raise StaffUnknown()
    bind(conn, shown, account_id=found.account_id, via="seen", now=now)
    return found


def bind_card(
    conn: Connection, one: Staff, shown: PersonCertificate, *, test: bool, new_account_id: str, now: datetime
) -> Staff:
    """Bind a card to a clerk, in place of the one before; without a code, for the first administrator of a body.

    Args:
        new_account_id: fresh random name, used where the clerk has no account yet.

    Raises:
        StaffUnknown: the card is another clerk's.
    """
    account = account_of(conn, certificate_id(shown))
    if account is not None and account.account_id != one.account_id:
        raise StaffUnknown(private="another clerk's card")
    account_id = one.account_id
    if not account_id:
        account_id = new_account_id
        opened = Account(account_id=account_id, realm=Realm.STAFF, opened_ms=to_ms(now), test=test)
        open_account(conn, opened, now)
    elif account is None:  # a new card: what the old one could do ends with it
        for old in (certificate, passkey):
            conn.execute(delete(old).where(old.c.account_id == account_id))
    bind(conn, shown, account_id=account_id, via="first", now=now)
    changed = update(table).where(table.c.staff_id == one.staff_id)
    conn.execute(changed.values(account_id=account_id, code_hash=None, code_ms=0))
    audit(conn, audit_table, StaffBound(staff=one.staff_id, account=account_id, terminal=""), now=now)
    return msgspec.structs.replace(one, account_id=account_id, code_ms=0)


def code_for(one: Staff, key: bytes) -> str:
    """The clerk's one-time code."""
    return one_time_code(key, "staff", one.staff_id, one.code_ms)


def code_hash_of(key: bytes, code: str) -> bytes:
    """What is kept of a clerk's code."""
    return keyed_hash(key, "staff code", code)


def _audit_enrolled(conn: Connection, one: Staff, *, by: str, now: datetime) -> None:
    event = StaffEnrolled(
        staff=one.staff_id, body=one.body_id, section=one.section, roles=",".join(sorted(one.roles)), by=by
    )
    audit(conn, audit_table, event, now=now)
