"""The way into the office's pages: staff of its own section, in the role that the act needs (route 1: the business
system authenticates the clerk, the gateway the system)."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import NamedTuple

from litestar import Response

from renkei.base.errors import RenkeiError
from renkei.contracts.identity import StaffUser
from renkei.contracts.identity_tokens import StaffClaims, staff_user
from renkei.contracts.staff import Role, StaffElsewhere, StaffSignInNeeded, require_place, require_role
from renkei.contracts.standins import DemoClerk
from renkei.platform.clock import Clock
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond
from renkei.platform.web.parts import Link
from renkei.platform.web.rp_door import Door, arrival_as
from renkei.platform.web.rp_sessions import RpSessions


class Workplace(NamedTuple):
    """Whose pages these are."""

    body_id: str
    section: str


class Entrance:
    """Lets staff in.

    Args:
        workplace: body and section that work here.
        samples: clerks of a demonstration whose test cards lie ready; named at the way in.
        home: first page of the office.
    """

    def __init__(
        self, *, kit: WebKit, rp: RelyingParty, sessions: RpSessions, clock: Clock, workplace: Workplace,
        samples: Sequence[DemoClerk], home: str,
    ) -> None:  # fmt: skip
        self._kit, self._workplace, self._samples, self._home = kit, workplace, tuple(samples), home
        self.door = Door(
            kit=kit, rp=rp, sessions=sessions, clock=clock, home=home, refuse=self.refuse,
            arrive=arrival_as(lambda grant: staff_user(grant.read(StaffClaims))),
        )  # fmt: skip

    async def clerk(self, request: AnyRequest, *roles: Role) -> StaffUser:
        """Who is at the screen.

        Args:
            roles: any of which is needed; every clerk of the section where none is named.

        Raises:
            StaffSignInNeeded, StaffElsewhere, StaffRoleMissing: by what is missing.
        """
        session = await self.door.current(request)
        if session is None:
            raise StaffSignInNeeded()
        user = session.read(StaffUser)
        require_place(user, body_id=self._workplace.body_id, section=self._workplace.section)
        if roles:
            require_role(user, *roles)
        return user

    async def for_staff(self, request: AnyRequest, page: Awaitable[Response[str]]) -> Response[str]:
        """A page, or the way in for whoever is not of this office."""
        try:
            return await page
        except (StaffSignInNeeded, StaffElsewhere) as error:
            return await self.enter(request, refused=error)

    async def enter(
        self, request: AnyRequest, *, refused: RenkeiError | None = None, error: RenkeiError | None = None
    ) -> Response[str]:
        """The way in.

        Args:
            refused: why a page cannot be shown to whoever reads.
            error: why a sign-in did not come about.
        """
        language, why = language_of(request), error or refused
        lang = language.value

        def say(key: str) -> str:
            return self._kit.text(language, f"pension.{key}")

        signed_in = await self.door.current(request) is not None
        context: dict[str, object] = {
            "title": say("list.title"),
            "breadcrumb": [Link(href="/", text=say("home"))],
            "leave_action": self.door.leave_action if signed_in else "",
            "enter_action": self.door.enter_action,
            "back": request.url.path if refused and request.method == "GET" else self._home,
            "why_title": say("enter.not_in" if error else "enter.first"),
            "why": why.sentence(lang) if why else "",
            "left": request.query_params.get("left", "") in ("1", "here") and why is None,
            "samples": [{"name": clerk.name, "shows": clerk.shows(lang)} for clerk in self._samples],
        }
        return respond(self._kit, request, "pension/enter.html", context, status=why.status.http if why else 200)

    async def refuse(self, request: AnyRequest, error: RenkeiError) -> Response[str]:
        """Why a sign-in did not come about, with the button to try again."""
        return await self.enter(request, error=error)
