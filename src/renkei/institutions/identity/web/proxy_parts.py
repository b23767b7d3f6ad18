"""What the pages of proxies have in common."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from litestar import Response
from sqlalchemy import Connection

from renkei.base.encoding import to_base64url
from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations import proxies as operations
from renkei.institutions.identity.queries.accounts import name_of
from renkei.institutions.identity.web import sessions
from renkei.institutions.identity.web.proxy_views import Speaker
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import Link

ID_BYTES = 18

ClientOf = Callable[[Connection, str], Client | None]
Registered = Callable[[str], Awaitable[bool]]
"""Whether the register of tax accountants knows the person of an account."""


async def nobody_registered(_account_id: str) -> bool:
    """There is no register of tax accountants: nobody is taken for one."""
    return False


def no_client(_conn: Connection, _client_id: str) -> None:
    """No client is known by name."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pages work with.

    Args:
        client_of: a relying party by its id, for its name.
        registered: asks the register of tax accountants.
        ended: ends what runs on proxies, in the transaction that ends them.
    """

    means: Means
    client_of: ClientOf = no_client
    registered: Registered = nobody_registered
    ended: operations.Ended = operations.end_tokens


class ProxyPages:
    """Base of the pages."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.means = parts, parts.means
        self.kit, self.path = parts.means.kit, parts.means.settings.path

    async def session(self, request: AnyRequest) -> Session | None:
        """Who is signed in."""
        return await sessions.current(self.means, request, Realm.MAIN)

    def sign_in(self, back: str, *, acr: Acr = Acr.PHONE) -> Response[str]:
        """Send the reader to sign in, and back."""
        return see_other(sessions.sign_in_href(self.means, realm=Realm.MAIN, back=self.path + back, acr=acr))

    def speaker(self, request: AnyRequest) -> Speaker:
        """Speaks the reader's language."""
        return Speaker(self.kit, language_of(request), path=self.path, now=self.means.clock.now())

    async def frame(
        self, speaker: Speaker, title: str, session: Session, *, reader: str | None = None
    ) -> dict[str, object]:
        """The frame of a page."""
        if reader is None:
            reader = await self.means.db.read(partial(name_of, account_id=session.account_id))
        trail = [Link(href=f"{self.path}/account", text=speaker.say("account"))]
        if title != speaker.say("title"):
            trail.append(Link(href=f"{self.path}/proxies", text=speaker.say("title")))
        return {
            "title": title,
            "path": self.path,
            "reader": speaker.say("reader", name=reader) if reader else "",
            "leave_action": f"{self.path}/sign-out?realm={session.realm.value}",
            "standins": [speaker.say("standin")] if session.test else [],
            "breadcrumb": trail,
        }

    def page(
        self, request: AnyRequest, session: Session, name: str, context: dict[str, object], *, status: int = 200
    ) -> Response[str]:
        """A page of this area; on a shared terminal it leaves the screen when nobody uses it."""
        headers = {}
        if session.shared_terminal:
            seconds = int(self.means.settings.shared_idle.total_seconds()) + 1
            headers = {"Refresh": f"{seconds}; url={self.path}/signed-out"}
        template = f"identity/proxies/{name}.html"
        return respond(self.kit, request, template, context, status=status, headers=headers)


def new_id() -> str:
    """A fresh random name."""
    return to_base64url(secrets.token_bytes(ID_BYTES))
