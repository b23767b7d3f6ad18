"""All the ways in, and what keeps their tables tidy."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from renkei.institutions.identity.operations import rounds, sessions
from renkei.institutions.identity.web import account, card, passkey, signin
from renkei.institutions.identity.web.ways import Ways
from renkei.platform.web.pages import page_router


def handlers(ways: Ways) -> list[ControllerRouterHandler]:
    """Routes of signing in and out, of passkeys and of the account, and those of the card agents."""
    pages = [*signin.handlers(ways), *passkey.handlers(ways), *account.handlers(ways)]
    return [page_router(ways.means.kit, pages), *card.handlers(ways)]


async def sweep(ways: Ways) -> int:
    """For a timer: end sessions whose time is over and tell their clients, forget rounds. Returns how many ended."""
    now = ways.means.clock.now()
    await ways.means.db.write(lambda conn: rounds.forget(conn, now))
    ended = await ways.means.db.write(lambda conn: sessions.end_lapsed(conn, now))
    for session_id in ended:
        await ways.ended(session_id)
    return len(ended)
