"""Who is signed in in this browser, for every page of the provider: the session of its cookie, and the way to sign in.

A session's cookie holds 32 random bytes and is valid for the provider's own paths only; the store keeps a keyed hash.
"""

from __future__ import annotations

import hmac
import secrets
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from litestar.datastructures import Cookie

from renkei.base.encoding import to_base64url
from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.errors.signin import BackOutside
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.credentials import SECRET_BYTES, keyed_hash
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations import sessions as operations
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.queries import sessions as queries
from renkei.platform.web.pages import AnyRequest, session_cookie

BACK_MAX = 1000
CLEARED = '"cache", "cookies", "storage"'
"""On a terminal that somebody else uses next, the browser forgets everything of this site."""
CLEARED_BUT_COOKIES = '"cache", "storage"'
"""On a terminal that is set up for good, the cookie that says so stays; the session's is taken away by itself."""
SHARED_COOKIE = "renkei_shared"
SHARED = "shared"
LASTING_COOKIES = (SHARED_COOKIE, "renkei_terminal")
"""What belongs to the machine and not to who sits there; the second is a registered terminal's (`web.staff_enter`)."""


async def current(means: Means, request: AnyRequest, realm: Realm = Realm.MAIN) -> Session | None:
    """The session of this browser; None where nobody is signed in. It counts as used from now."""
    cookie = request.cookies.get(cookie_name(realm), "")
    if not cookie:
        return None
    now, hashed = means.clock.now(), secret_hash(means, cookie)
    found = await means.db.read(lambda conn: queries.by_secret(conn, hashed, now))
    if found is None or found.session.realm is not realm:
        return None
    session = found.session
    if found.due:
        await means.db.write(lambda conn: operations.touch(conn, session.session_id, now))
    return session


class Left(NamedTuple):
    """What the answer must carry so that nothing of a session stays in this browser."""

    cookies: list[Cookie]
    headers: dict[str, str]
    why: str = ""
    """Why it is over (`operations.sessions.Why`); empty where there was none."""
    shared_terminal: bool = False
    session_id: str = ""
    """Of a session that ended just now."""


async def leave(means: Means, request: AnyRequest, realm: Realm, *, why: Why) -> Left:
    """End the session of this browser. The caller tells `Ways.ended` of `session_id`, where there is one."""
    session = await current(means, request, realm)
    if session is None:
        return await leftovers(means, request, realm)
    now = means.clock.now()
    await means.db.write(lambda conn: operations.end(conn, session.session_id, why=why, now=now))
    return _left(means, request, realm, why.value, session.shared_terminal, session.session_id)


async def leftovers(means: Means, request: AnyRequest, realm: Realm) -> Left:
    """What is left in this browser of a session that is over."""
    cookie = request.cookies.get(cookie_name(realm), "")
    if not cookie:
        return Left([], {})
    now, hashed = means.clock.now(), secret_hash(means, cookie)
    over = await means.db.read(lambda conn: queries.over(conn, hashed, now))
    if over is None:
        return Left([], {})
    return _left(means, request, realm, over.why, over.shared_terminal, "")


def _left(means: Means, request: AnyRequest, realm: Realm, why: str, shared_terminal: bool, session_id: str) -> Left:
    cookies = [session_cookie(request, cookie_name(realm), "", path=means.settings.path or "/")]
    kept = any(name in request.cookies for name in LASTING_COOKIES)
    headers = {"Clear-Site-Data": CLEARED_BUT_COOKIES if kept else CLEARED} if shared_terminal else {}
    return Left(cookies, headers, why, shared_terminal, session_id)


def sign_in_href(means: Means, *, realm: Realm, back: str, acr: Acr, fresh: bool = False, account_id: str = "") -> str:
    """Where the browser goes to sign in; afterwards it comes back to `back`.

    Args:
        back: path, and query, of a page of the provider.
        acr: how sure the sign-in must be; weaker ways are not offered.
        fresh: the person proves who they are now, although they may be signed in.
        account_id: nobody but this person; empty for whoever comes. It does not stand in the address itself.

    Raises:
        BackOutside: `back` is no page of the provider.
    """
    query = {"realm": realm.value, "back": checked_back(means, back), "acr": acr.value}
    if fresh:
        query["fresh"] = "1"
    if account_id:
        query["for"] = account_mark(means, account_id)
    return f"{means.settings.path}/sign-in?{urlencode(query)}"


def checked_back(means: Means, back: str) -> str:
    """`back`, where it is a page of the provider.

    Raises:
        BackOutside: another site, another part of this site, or no address at all.
    """
    try:
        parts = urlsplit(back)
    except ValueError:  # an address in brackets that is none
        raise BackOutside() from None
    within = back.startswith(f"{means.settings.path}/") and not back.startswith(("//", "/\\"))
    plain = back.isascii() and back.isprintable() and "\\" not in back and " " not in back
    if not within or not plain or parts.scheme or parts.netloc or ".." in parts.path or len(back) > BACK_MAX:
        raise BackOutside()
    return back


def account_mark(means: Means, account_id: str) -> str:
    """Stands for an account in an address without naming it."""
    return to_base64url(keyed_hash(means.session_key, "account", account_id)[:16])


def is_marked(means: Means, account_id: str, mark: str) -> bool:
    """Whether the mark is this account's; an empty mark is everybody's."""
    return not mark or hmac.compare_digest(account_mark(means, account_id).encode(), mark.encode())


# --- cookies ---


def cookie_name(realm: Realm) -> str:
    """Name of the session cookie of a realm."""
    return f"renkei_sid_{realm.value}"


def new_secret() -> str:
    """A fresh value for a cookie, a return code or a transaction's name."""
    return to_base64url(secrets.token_bytes(SECRET_BYTES))


def secret_hash(means: Means, cookie: str) -> bytes:
    """What the store keeps of a session's cookie."""
    return keyed_hash(means.session_key, "session", cookie)


def start_cookie(means: Means, request: AnyRequest, realm: Realm, value: str) -> Cookie:
    """The cookie of a session that begins."""
    return session_cookie(request, cookie_name(realm), value, path=means.settings.path or "/")
