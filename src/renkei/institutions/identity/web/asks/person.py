"""What the pages of a signed-in person have in common."""

from __future__ import annotations

from litestar import Response

from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.asks.views import Teller
from renkei.platform.web.pages import AnyRequest, language_of, see_other
from renkei.platform.web.parts import Link


def leave_action(means: Means, session: Session) -> str:
    """Where the form goes that ends the session."""
    return f"{means.settings.path}/sign-out?realm={session.realm.value}"


def shared_headers(means: Means, session: Session) -> dict[str, str]:
    """On a shared terminal a page with personal data leaves the screen when nobody uses it."""
    if not session.shared_terminal:
        return {}
    seconds = int(means.settings.shared_idle.total_seconds()) + 1
    return {"Refresh": f"{seconds}; url={means.settings.path}/signed-out"}


class PersonPages:
    """Base of pages that show a person what is theirs."""

    def __init__(self, means: Means, people: People) -> None:
        self.means, self.people = means, people
        self.kit, self.path = means.kit, means.settings.path

    async def session(self, request: AnyRequest) -> Session | None:
        """Who is signed in."""
        return await self.people.current(request, Realm.MAIN)

    def sign_in(self, back: str, *, acr: Acr = Acr.PHONE) -> Response[str]:
        """Send the reader to sign in, and back to this page."""
        href = self.people.sign_in_href(realm=Realm.MAIN, back=back, acr=acr, fresh=False, account_id="")
        return see_other(href)

    def teller(self, request: AnyRequest) -> Teller:
        """Tells things in the reader's language."""
        return Teller(
            self.kit, language_of(request), now=self.means.clock.now(), refresh_life=self.means.settings.refresh_life
        )

    async def frame(self, teller: Teller, session: Session, title: str) -> dict[str, object]:
        """The frame of a page."""
        name = await self.means.db.read(lambda conn: self.people.name_of(conn, session.account_id))
        return {
            "title": title,
            "reader": teller.say("reader", name=name) if name else "",
            "breadcrumb": [Link(href=f"{self.path}/account", text=teller.say("account"))],
            "standins": [teller.say("standin")] if session.test else [],
            "leave_action": leave_action(self.means, session),
        }
