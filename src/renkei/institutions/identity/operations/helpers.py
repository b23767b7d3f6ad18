"""Help at a counter: a clerk operates the terminal, the person decides. A record of its own, apart from the session.

It begins where both are signed in. What is done is written down; what matters asks for the person's card again; it ends
hard, and the person's session with it: by hand, after two minutes without a touch, or with the session itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, select, update

from renkei.base.time import from_ms, to_ms
from renkei.contracts.identity import Acr, Realm, StaffUser
from renkei.institutions.identity.errors.proxies import HelpCardAgain, HelpEnded, HelpNeedsBoth, HelpOpen
from renkei.institutions.identity.model.proxy_events import HelpBegun, HelpGiven, HelpOver
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations import sessions
from renkei.institutions.identity.queries.proxies import Help, get_help, open_help
from renkei.institutions.identity.queries.sessions import live
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.proxies import deed, helping
from renkei.institutions.identity.store.sessions import session as session_table
from renkei.platform.audit_store import audit

BEGIN_WITHIN = timedelta(minutes=5)
"""The person has shown the card this shortly before."""
CARD_WITHIN = timedelta(seconds=60)
"""A sensitive act is done this shortly after the card was shown."""


class HelpWhy(StrEnum):
    """Why a help ended."""

    BY_HAND = "by_hand"
    IDLE = "idle"
    SESSION = "session"  # the person's session was over first


def begin(
    conn: Connection,
    session: Session,
    helper: Session,
    staff: StaffUser,
    *,
    help_id: str,
    now: datetime,
    idle: timedelta,
) -> Help:
    """A clerk begins to help.

    Args:
        session: the person's, at the same terminal.
        helper: the clerk's own session in the staff realm.
        idle: `settings.shared_idle`; after so long without a touch the person's session is over.

    Raises:
        HelpNeedsBoth: one of the two has not signed in, the person not with the card just now, or both are one.
        HelpOpen: somebody helps in this session already.
    """
    fresh = session.acr.suffices(Acr.CARD) and now - from_ms(session.auth_ms) <= BEGIN_WITHIN
    two = session.realm is Realm.MAIN and helper.realm is Realm.STAFF and session.account_id != helper.account_id
    if not fresh or not two or not live(conn, helper.session_id, now):
        raise HelpNeedsBoth()
    if open_help(conn, session.session_id) is not None:
        raise HelpOpen()
    begun = Help(
        help_id=help_id, session_id=session.session_id, account_id=session.account_id, helper=staff.staff_id,
        helper_session_id=helper.session_id, body_id=staff.body_id, section=staff.section, terminal=staff.terminal,
        started_ms=to_ms(now), seen_ms=to_ms(now), ended_ms=0, ended_why="",
    )  # fmt: skip
    conn.execute(helping.insert().values(**msgspec.structs.asdict(begun)))
    _mark(conn, session.session_id, helper.account_id, idle)
    event = HelpBegun(
        help=help_id, session=session.session_id, helper=staff.staff_id, body=staff.body_id, terminal=staff.terminal
    )
    audit(conn, audit_table, event, now=now)
    return begun


def current(conn: Connection, session_id: str, now: datetime, *, idle: timedelta) -> Help | None:
    """The help that is being given in a session; None where there is none, or it is over by time.

    Args:
        idle: `settings.shared_idle`.
    """
    found = open_help(conn, session_id)
    return found if found is not None and now - from_ms(found.seen_ms) <= idle else None


def with_help(
    conn: Connection,
    session: Session,
    *,
    what: str,
    sensitive: bool,
    client_id: str = "",
    now: datetime,
    idle: timedelta,
) -> Help | None:
    """Write down something done in a session, where somebody helps in it; for every area to call before it acts.

    Args:
        what: short code of the act: `consent`, `pay`, `sign`, `apply`.
        sensitive: it asks for the card again.

    Returns:
        The help; None where nobody helps, and nothing is written down.

    Raises:
        HelpCardAgain: the person shows the card first.
        HelpEnded: the help was over; the person's session is to be ended.
    """
    found = open_help(conn, session.session_id)
    if found is None:
        return None
    if now - from_ms(found.seen_ms) > idle:
        raise HelpEnded()
    if sensitive and (now - from_ms(session.auth_ms) > CARD_WITHIN or not session.acr.suffices(Acr.CARD)):
        raise HelpCardAgain()
    conn.execute(
        deed.insert().values(
            help_id=found.help_id, at_ms=to_ms(now), what=what[:64], client_id=client_id, sensitive=sensitive
        )
    )
    conn.execute(update(helping).where(helping.c.help_id == found.help_id).values(seen_ms=to_ms(now)))
    audit(conn, audit_table, HelpGiven(help=found.help_id, deed=what[:64], sensitive=sensitive), now=now)
    return found


def end(conn: Connection, help_id: str, now: datetime, *, why: HelpWhy = HelpWhy.BY_HAND) -> bool:
    """End a help and the person's session; False where it was over. The caller tells the session's clients."""
    query = update(helping).where(helping.c.help_id == help_id, helping.c.ended_ms == 0)
    if conn.execute(query.values(ended_ms=to_ms(now), ended_why=why.value)).rowcount != 1:
        return False
    found = get_help(conn, help_id)
    if found is not None:
        sessions.end(conn, found.session_id, why=sessions.Why.SIGNED_OUT, now=now)
    audit(conn, audit_table, HelpOver(help=help_id, why=why.value), now=now)
    return True


def end_lapsed(conn: Connection, now: datetime, *, idle: timedelta) -> tuple[str, ...]:
    """End every help without a touch for so long, or whose session is over; the sessions that ended."""
    over = []
    for row in conn.execute(select(helping).where(helping.c.ended_ms == 0)).all():
        on = live(conn, row.session_id, now)
        if on and now - from_ms(row.seen_ms) <= idle:
            continue
        if end(conn, row.help_id, now, why=HelpWhy.IDLE if on else HelpWhy.SESSION):
            over.append(str(row.session_id))
    return tuple(over)


def _mark(conn: Connection, session_id: str, helper_account_id: str, idle: timedelta) -> None:
    """The person's session says from now on that somebody sits beside them, and that others use the terminal next."""
    row = conn.execute(select(session_table.c.body).where(session_table.c.session_id == session_id)).one_or_none()
    if row is None:
        raise HelpNeedsBoth()
    marked = msgspec.structs.replace(
        msgspec.json.decode(row.body, type=Session), helper=helper_account_id, shared_terminal=True
    )
    conn.execute(
        update(session_table)
        .where(session_table.c.session_id == session_id)
        .values(body=msgspec.json.encode(marked), idle_ms=idle // timedelta(milliseconds=1))
    )
