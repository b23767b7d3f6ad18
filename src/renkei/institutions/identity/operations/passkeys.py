"""Passkeys of an account: added, renamed, removed, used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from renkei.base.time import from_ms, to_ms
from renkei.contracts.identity import Acr
from renkei.institutions.identity.errors.signin import (
    CardNeededNow,
    PasskeyCopied,
    PasskeyNameInvalid,
    PasskeyNotEnrolled,
    PasskeyRefused,
    PasskeysFull,
    PasskeyUnknown,
)
from renkei.institutions.identity.model.passkeys import (
    ENROL_WITHIN,
    NAME_MAX,
    PASSKEYS_MAX,
    Passkey,
    PasskeyBarred,
    PasskeyEnrolled,
    PasskeyRemoved,
    signed_in,
)
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.queries.accounts import passkey_of
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.accounts import passkey as table
from renkei.platform.audit_store import audit

BARRED = -1
"""Sign count of a passkey that may have been copied: no counter is ever past it again."""


def check_card_fresh(session: Session, now: datetime) -> None:
    """What changes the ways in needs the card, and needs it now.

    Raises:
        CardNeededNow: the session began with something weaker, or too long ago.
    """
    if not session.acr.suffices(Acr.CARD) or now > from_ms(session.auth_ms) + ENROL_WITHIN:
        raise CardNeededNow()


def checked_name(text: str) -> str:
    """A name for a passkey.

    Raises:
        PasskeyNameInvalid: empty, too long, or with characters that do not show.
    """
    name = " ".join(text.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise PasskeyNameInvalid(length_max=NAME_MAX)
    return name


def add(conn: Connection, made: Passkey, session: Session, now: datetime) -> None:
    """Add a passkey that the session's person enrolled.

    Raises:
        CardNeededNow, PasskeysFull.
        PasskeyNotEnrolled: the device's key is enrolled already, for whomever.
    """
    check_card_fresh(session, now)
    check_room(conn, made.account_id)
    if conn.execute(select(table.c.added_ms).where(table.c.credential_id == made.credential_id)).first():
        raise PasskeyNotEnrolled(private="credential id taken")  # WebAuthn L3 §7.1 step 26
    conn.execute(table.insert().values(**msgspec.structs.asdict(made)))
    event = PasskeyEnrolled(account=made.account_id, session=session.session_id, backup_eligible=made.backup_eligible)
    audit(conn, audit_table, event, now=now)


def check_room(conn: Connection, account_id: str) -> None:
    """Check that another passkey may be enrolled.

    Raises:
        PasskeysFull.
    """
    held = conn.execute(select(func.count()).select_from(table).where(table.c.account_id == account_id)).scalar_one()
    if held >= PASSKEYS_MAX:
        raise PasskeysFull(count_max=PASSKEYS_MAX)


def rename(conn: Connection, account_id: str, credential_id: str, name: str) -> None:
    """Give a passkey another name.

    Raises:
        PasskeyNameInvalid, PasskeyUnknown.
    """
    own = (table.c.credential_id == credential_id) & (table.c.account_id == account_id)
    if not conn.execute(update(table).where(own).values(name=checked_name(name))).rowcount:
        raise PasskeyUnknown()


def remove(conn: Connection, account_id: str, credential_id: str, now: datetime) -> None:
    """Remove a passkey: it signs nobody in any more.

    Raises:
        PasskeyUnknown.
    """
    own = (table.c.credential_id == credential_id) & (table.c.account_id == account_id)
    if not conn.execute(delete(table).where(own)).rowcount:
        raise PasskeyUnknown()
    audit(conn, audit_table, PasskeyRemoved(account=account_id), now=now)


def use(
    conn: Connection,
    credential_id: str,
    response: str,
    settings: Settings,
    *,
    challenge: str,
    handle_of: Callable[[str], bytes],
    now: datetime,
) -> Passkey | None:
    """Take a device's answer; None where its counter shows a copy, which bars the passkey from now on.

    Args:
        handle_of: `user.id` of an account, as it was given when the passkey was made.

    Raises:
        PasskeyRefused: not enrolled, or the answer does not prove anything.
    """
    kept = passkey_of(conn, credential_id)
    if kept is None or kept.sign_count == BARRED:
        raise PasskeyRefused(private="not enrolled, or barred")
    own = table.c.credential_id == credential_id
    try:
        used = signed_in(response, kept, settings, challenge=challenge, handle=handle_of(kept.account_id))
    except PasskeyCopied:
        conn.execute(update(table).where(own).values(sign_count=BARRED))
        audit(conn, audit_table, PasskeyBarred(account=kept.account_id), now=now)
        return None
    changed = update(table).where(own, table.c.sign_count == kept.sign_count)
    values = {"sign_count": used.sign_count, "backed_up": used.backed_up, "used_ms": to_ms(now)}
    if not conn.execute(changed.values(**values)).rowcount:
        raise PasskeyRefused(private="used at the same moment")
    return used
