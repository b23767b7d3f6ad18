"""What the pages of signing in have in common, and all of them together: `handlers`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from renkei.contracts.identity import Acr, Realm
from renkei.crypto.person_certificates import PersonCertificate
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations.card_signin import CardTrust
from renkei.institutions.identity.queries.accounts import name_of
from renkei.institutions.identity.web.sessions import SHARED, SHARED_COOKIE, current, sign_in_href
from renkei.platform.web.catalogue import Language
from renkei.platform.web.formats import Formats
from renkei.platform.web.pages import AnyRequest, language_of
from renkei.platform.web.parts import Chip, Link

Told = Callable[[str], Awaitable[None]]


async def nobody(_: str) -> None:
    """Nobody is to be told."""


class Entered(NamedTuple):
    """Whom a door lets in."""

    account_id: str
    terminal: str = ""
    """Registered terminal at which they sit."""
    opened: bool = False
    """The account is new."""


class Door(Protocol):
    """Who may enter a realm with a certificate: the staff realm knows its people beforehand."""

    async def admit(self, request: AnyRequest, certificate: PersonCertificate, *, test: bool, now: datetime) -> Entered:
        """The account of a verified certificate.

        Raises:
            Refused: nobody who may enter, or not from this terminal.
        """


@dataclass(frozen=True, slots=True)
class Ways:
    """What the ways in work with.

    Args:
        ended: told the `sid` of every session that ended, after it did: clients of it are to be signed out.
        closed: told the account that a person closed, after it was.
        staff: the door of the staff realm; without one nobody enters it here.
    """

    means: Means
    trust: CardTrust
    ended: Told = nobody
    closed: Told = nobody
    staff: Door | None = None


class Speaker:
    """Speaks the reader's language."""

    def __init__(self, means: Means, request: AnyRequest) -> None:
        self.language: Language = language_of(request)
        self.formats: Formats = means.kit.formats(self.language)
        self._kit = means.kit

    def say(self, key: str, **values: object) -> str:
        """A message of this area."""
        return self._kit.text(self.language, f"identity.signin.{key}", **values)

    def device(self, device: str) -> str:
        """A browser's name in a list."""
        return self.say("device_unknown") if device == "?" else device

    def test_chip(self) -> Chip:
        """Marks what is for tests only."""
        return Chip(self.say("test"), "yellow", "warning")


class Pages:
    """Base of the pages: who is signed in, and the frame around every page."""

    def __init__(self, ways: Ways) -> None:
        self.ways, self.means = ways, ways.means
        self.kit, self.settings, self.path = ways.means.kit, ways.means.settings, ways.means.settings.path

    def speaker(self, request: AnyRequest) -> Speaker:
        """Speaks the reader's language."""
        return Speaker(self.means, request)

    async def session(self, request: AnyRequest, realm: Realm = Realm.MAIN) -> Session | None:
        """Who is signed in."""
        return await current(self.means, request, realm)

    def sign_in(self, back: str, *, acr: Acr = Acr.PHONE, fresh: bool = False, account_id: str = "") -> str:
        """Address of the sign-in that leads back to a page of these."""
        return sign_in_href(
            self.means, realm=Realm.MAIN, back=self.path + back, acr=acr, fresh=fresh, account_id=account_id
        )

    async def frame(self, speaker: Speaker, title: str, session: Session | None = None) -> dict[str, object]:
        """The frame of a page; with who is signed in and how to leave."""
        if session is None:
            return {"title": title, "path": self.path}
        name = await self.means.db.read(lambda conn: name_of(conn, session.account_id))
        return {
            "title": title,
            "path": self.path,
            "reader": speaker.say("reader", name=name) if name else speaker.say("reader_unnamed"),
            "leave_action": f"{self.path}/sign-out?realm={session.realm.value}",
            "standins": [speaker.say("standin")] if session.test else [],
            "breadcrumb": [Link(href=f"{self.path}/account", text=speaker.say("account.title"))],
        }

    def headers(self, session: Session | None) -> dict[str, str]:
        """Headers of a page with personal data: on a shared terminal it leaves the screen when nobody uses it."""
        if session is None or not session.shared_terminal:
            return {}
        seconds = int(self.settings.shared_idle.total_seconds()) + 1
        return {"Refresh": f"{seconds}; url={self.path}/signed-out"}


def is_shared(request: AnyRequest) -> bool:
    """Whether somebody set this terminal up as one that many people use."""
    return request.cookies.get(SHARED_COOKIE) == SHARED
