"""Somebody has proved who they are: the session of this browser begins, goes on, or passes to another person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from litestar import Response
from litestar.datastructures import Cookie
from sqlalchemy import Connection

from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.crypto.person_certificates import PersonCertificate
from renkei.institutions.identity.errors.signin import OtherAccountMeant, WrongRealm
from renkei.institutions.identity.model.credentials import device_name
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.signin import Round, Sureness
from renkei.institutions.identity.operations import accounts, sessions
from renkei.institutions.identity.operations.card_signin import notice_changes
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.web.sessions import current, is_marked, new_secret, secret_hash, start_cookie
from renkei.institutions.identity.web.ways import Entered, Ways
from renkei.platform.web.pages import AnyRequest, see_other


@dataclass(frozen=True, slots=True)
class Begun:
    """A session after a proof."""

    session: Session
    cookie: Cookie
    switched: bool
    """Somebody else was signed in in this browser; their session was ended first."""


async def let_in(
    ways: Ways, request: AnyRequest, round_: Round, certificate: PersonCertificate, *, test: bool, now: datetime
) -> Entered:
    """The account to which a verified certificate leads in the round's realm.

    Raises:
        WrongRealm: nobody enters that realm here.
        As `accounts.admit`, or the realm's own door.
    """
    if round_.realm is Realm.MAIN:
        admitted = await accounts.admit(
            ways.means.db, ways.trust.links, certificate, realm=round_.realm, test=test, new_account_id=new_secret(),
            now=now,
        )  # fmt: skip
        return Entered(admitted.account.account_id, opened=admitted.opened)
    if ways.staff is None:
        raise WrongRealm()
    return await ways.staff.admit(request, certificate, test=test, now=now)


async def begin(
    ways: Ways, request: AnyRequest, round_: Round, entered: Entered, sure: Sureness, now: datetime
) -> Begun:
    """Begin a session, or renew the one of the same person; another person's is ended first.

    Raises:
        OtherAccountMeant: a page asked for somebody else; nothing changes.
    """
    means = ways.means
    if not is_marked(means, entered.account_id, round_.account_mark):
        raise OtherAccountMeant()
    present = await current(means, request, round_.realm)
    secret = new_secret()
    cookie = start_cookie(means, request, round_.realm, secret)
    hashed, txn = secret_hash(means, secret), round_.txn
    same = present is not None and present.account_id == entered.account_id
    if present is not None and same and _goes_on(present, round_, entered):
        kept = present
        renewed = await means.db.write(
            lambda conn: sessions.prove_again(
                conn, kept, secret_hash=hashed, acr=sure.acr, amr=sure.amr, test=sure.test, now=now,
                txn=txn if kept.shared_terminal else "",
            )
        )  # fmt: skip
        return Begun(renewed, cookie, switched=False)
    if present is not None:
        why = Why.SIGNED_OUT if same else Why.OTHER_PERSON
        await end_session(ways, present.session_id, why=why, now=now)
    session = Session(
        session_id=new_secret(), realm=round_.realm, account_id=entered.account_id, acr=sure.acr, amr=sure.amr,
        auth_ms=to_ms(now), started_ms=to_ms(now), seen_ms=to_ms(now),
        device=device_name(request.headers.get("user-agent", "")), shared_terminal=round_.shared_terminal,
        terminal=entered.terminal, test=sure.test,
    )  # fmt: skip

    def keep(conn: Connection) -> None:
        bound = txn if session.shared_terminal else ""
        sessions.begin(conn, session, secret_hash=hashed, settings=means.settings, now=now, txn=bound)

    await means.db.write(keep)
    return Begun(session, cookie, switched=present is not None and not same)


def _goes_on(present: Session, round_: Round, entered: Entered) -> bool:
    """Whether the session may stay the same: a terminal that is now called shared, or another one, wants a new one."""
    return present.terminal == entered.terminal and (present.shared_terminal or not round_.shared_terminal)


async def end_session(ways: Ways, session_id: str, *, why: Why, now: datetime) -> None:
    """End a session and tell those who rely on it."""
    if await ways.means.db.write(lambda conn: sessions.end(conn, session_id, why=why, now=now)):
        await ways.ended(session_id)


async def onward(ways: Ways, begun: Begun, back: str, *, opened: bool, now: datetime, used: Cookie) -> Response[str]:
    """Send the browser on: to where it wanted to go, past whatever the person should know or do first."""
    path, session = ways.means.settings.path, begun.session
    href = back
    if session.realm is Realm.MAIN:
        if opened:
            href = f"{path}/account/confirm?{urlencode({'first': '1', 'back': back})}"
        elif await notice_changes(ways.means, ways.trust, session.account_id, now):
            href = f"{path}/account/confirm?{urlencode({'back': back})}"
    if begun.switched:
        href = f"{path}/sign-in/switched?{urlencode({'realm': session.realm.value, 'back': href})}"
    return see_other(href, cookies=[begun.cookie, used])
