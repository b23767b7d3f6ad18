"""The administrator's pages: staff of the body, their roles, and the terminals at which they work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.contracts.identity import Acr, Realm, StaffUser
from renkei.contracts.staff import Role, require_role
from renkei.institutions.identity.errors.staff import (
    AffairsMalformed,
    RolesClash,
    RolesMissing,
    StaffFieldMissing,
    StaffIdTaken,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.staff import code_open, enrolment, shown_code
from renkei.institutions.identity.operations import sessions, terminals
from renkei.institutions.identity.operations import staff as operations
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.queries import staff as queries
from renkei.institutions.identity.web.sessions import current, sign_in_href
from renkei.institutions.identity.web.staff_enter import StaffDoor, enter_handlers
from renkei.institutions.identity.web.staff_views import Teller
from renkei.institutions.identity.web.ways import Told, nobody
from renkei.platform.web.pages import AnyRequest, language_of, page_router, respond, see_other, word
from renkei.platform.web.parts import FieldError

FORM = RequestEncodingType.URL_ENCODED


class SectionName(NamedTuple):
    """A section of a body, in the reader's language."""

    section: str
    name: str


SectionsOf = Callable[[str, str], Sequence[SectionName]]
"""Sections of a body in a language."""


@dataclass(frozen=True)
class EnrolForm:
    """A clerk to be enrolled."""

    staff_id: str = ""
    name: str = ""
    section: str = ""
    roles: str | list[str] = field(default_factory=list)
    """A browser sends one tick as a text, several as a list."""
    affairs: str = ""

    @property
    def ticked(self) -> tuple[str, ...]:
        """The roles as they were ticked."""
        return (self.roles,) if isinstance(self.roles, str) else tuple(self.roles)


@dataclass(frozen=True)
class PlaceForm:
    """A terminal to be prepared."""

    place: str = ""


class StaffPages:
    """Handlers of the administrator's pages.

    Args:
        sections_of: sections of a body.
        ended: told the `sid` of every session that ended with a clerk's registration.
    """

    def __init__(self, means: Means, *, sections_of: SectionsOf, ended: Told) -> None:
        self._means, self._sections_of, self._ended = means, sections_of, ended
        self._path = f"{means.settings.path}/staff"

    async def index(
        self, request: AnyRequest, *, form: EnrolForm | None = None, place: str = "", error: RenkeiError | None = None
    ) -> Response[str]:
        """Staff and terminals of the administrator's body, and forms to add to them."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        people = await self._means.db.read(lambda conn: queries.staff_list(conn, user.body_id))
        machines = await self._means.db.read(lambda conn: queries.terminal_list(conn, user.body_id))
        teller = self._teller(request)
        sections = self._sections_of(user.body_id, teller.lang)
        names = dict(sections)
        errors = [self._told(error, teller)] if error else []
        context = self._frame(teller, user, teller.say("admin.title")) | {
            "people_columns": teller.columns("people"),
            "people": [teller.person_row(one, names, href=f"{self._path}/people/{one.staff_id}") for one in people],
            "terminal_columns": teller.columns("terminals"),
            "terminals": [teller.terminal_row(one, f"{self._path}/terminals/{one.terminal_id}") for one in machines],
            "enrol_action": f"{self._path}/people",
            "enrol_fields": teller.enrol_fields(form or EnrolForm(), sections, errors),
            "place_action": f"{self._path}/terminals",
            "place_fields": teller.place_fields(place, errors),
            "errors": errors,
        }
        status = error.status.http if error else 200
        return respond(self._means.kit, request, "identity/staff/admin.html", context, status=status)

    async def enrol(self, request: AnyRequest, form: EnrolForm) -> Response[str]:
        """Enrol a clerk and show the code to hand over."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, now = self._means, self._means.clock.now()
        sections = [one.section for one in self._sections_of(user.body_id, "ja")]
        try:
            wanted = enrolment(
                staff_id=form.staff_id, section=form.section, name=form.name, roles=form.ticked, affairs=form.affairs,
                sections=sections,
            )  # fmt: skip
            made = await means.db.write(
                lambda conn: operations.enrol(
                    conn, wanted, body_id=user.body_id, by=user.staff_id, key=means.session_key, now=now
                )
            )
        except (StaffFieldMissing, RolesMissing, RolesClash, AffairsMalformed, StaffIdTaken) as error:
            return await self.index(request, form=form, error=error)
        return see_other(f"{self._path}/people/{made.staff_id}")

    async def person(self, request: AnyRequest, staff_id: str) -> Response[str]:
        """One clerk; the code, while it is open."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, teller = self._means, self._teller(request)
        one = await means.db.read(lambda conn: queries.staff_in(conn, user.body_id, staff_id))
        is_open = not one.ended_ms and code_open(one.code_ms, means.clock.now())
        names = dict(self._sections_of(user.body_id, teller.lang))
        context = self._frame(teller, user, one.name, below=True) | {
            "facts": teller.person_facts(one, names),
            "code": shown_code(operations.code_for(one, means.session_key)) if is_open else "",
            "where": f"{means.settings.base_url}/staff/enrol",
            "kind": "person",
            "action": f"{self._path}/people/{one.staff_id}",
            "may_change": not one.ended_ms,
            "may_end": not one.ended_ms and one.staff_id != user.staff_id,
        }
        return respond(means.kit, request, "identity/staff/one.html", context)

    async def person_code(self, request: AnyRequest, staff_id: str) -> Response[str]:
        """A new code for a clerk."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, now = self._means, self._means.clock.now()
        one = await means.db.read(lambda conn: queries.staff_in(conn, user.body_id, staff_id))
        await means.db.write(
            lambda conn: operations.renew_code(conn, one, by=user.staff_id, key=means.session_key, now=now)
        )
        return see_other(f"{self._path}/people/{one.staff_id}")

    async def person_end(self, request: AnyRequest, staff_id: str) -> Response[str]:
        """End a clerk's registration and every session of theirs."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, now = self._means, self._means.clock.now()
        one = await means.db.read(lambda conn: queries.staff_in(conn, user.body_id, staff_id))
        await means.db.write(lambda conn: operations.end(conn, one, by=user.staff_id, now=now))
        if one.account_id:
            gone = await means.db.write(lambda conn: sessions.end_all(conn, one.account_id, why=Why.CLOSED, now=now))
            for sid in gone:
                await self._ended(sid)
        return see_other(f"{self._path}/people/{one.staff_id}")

    async def prepare(self, request: AnyRequest, form: PlaceForm) -> Response[str]:
        """Prepare a terminal and show the code to enter there."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, now = self._means, self._means.clock.now()
        try:
            made = await means.db.write(
                lambda conn: terminals.prepare(
                    conn, body_id=user.body_id, place=form.place, by=user.staff_id, key=means.session_key, now=now
                )
            )
        except StaffFieldMissing as error:
            return await self.index(request, place=form.place, error=error)
        return see_other(f"{self._path}/terminals/{made.terminal_id}")

    async def terminal(self, request: AnyRequest, terminal_id: str) -> Response[str]:
        """One terminal; the code, while it is open."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, teller = self._means, self._teller(request)
        one = await means.db.read(lambda conn: queries.terminal_in(conn, user.body_id, terminal_id))
        is_open = not one.ended_ms and code_open(one.code_ms, means.clock.now())
        context = self._frame(teller, user, one.place, below=True) | {
            "facts": teller.terminal_facts(one),
            "code": shown_code(terminals.code_for(one, means.session_key)) if is_open else "",
            "where": f"{means.settings.base_url}/staff/terminal",
            "kind": "terminal",
            "action": f"{self._path}/terminals/{one.terminal_id}",
            "may_change": not one.ended_ms,
            "may_end": not one.ended_ms,
        }
        return respond(means.kit, request, "identity/staff/one.html", context)

    async def terminal_code(self, request: AnyRequest, terminal_id: str) -> Response[str]:
        """A new code for a terminal."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, now = self._means, self._means.clock.now()
        one = await means.db.read(lambda conn: queries.terminal_in(conn, user.body_id, terminal_id))
        await means.db.write(
            lambda conn: terminals.renew_code(conn, one, by=user.staff_id, key=means.session_key, now=now)
        )
        return see_other(f"{self._path}/terminals/{one.terminal_id}")

    async def terminal_end(self, request: AnyRequest, terminal_id: str) -> Response[str]:
        """Take a terminal out of use."""
        user = await self._administrator(request)
        if user is None:
            return self._sign_in("")
        means, now = self._means, self._means.clock.now()
        one = await means.db.read(lambda conn: queries.terminal_in(conn, user.body_id, terminal_id))
        await means.db.write(lambda conn: terminals.end(conn, one, by=user.staff_id, now=now))
        return see_other(f"{self._path}/terminals/{one.terminal_id}")

    # --- what every page needs ---

    async def _administrator(self, request: AnyRequest) -> StaffUser | None:
        """The administrator who reads; None where nobody of the staff is signed in.

        Raises:
            AdministratorNeeded, StaffUnknown, TerminalUnregistered: somebody else, or from elsewhere.
        """
        session = await current(self._means, request, Realm.STAFF)
        if session is None:
            return None
        user = await self._means.db.read(lambda conn: queries.user_of(conn, session))
        require_role(user, Role.ADMINISTRATOR)
        return user

    def _sign_in(self, below: str) -> Response[str]:
        return see_other(sign_in_href(self._means, realm=Realm.STAFF, back=f"{self._path}{below}", acr=Acr.CARD))

    def _teller(self, request: AnyRequest) -> Teller:
        return Teller(self._means.kit, language_of(request))

    def _frame(self, teller: Teller, user: StaffUser, title: str, *, below: bool = False) -> dict[str, object]:
        return {
            "title": title,
            "reader": user.name,
            "leave_action": f"{self._means.settings.path}/sign-out?realm={Realm.STAFF}",
            "breadcrumb": teller.trail(self._path if below else ""),
            "standins": [teller.say("test_card")] if user.test else [],
        }

    def _told(self, error: RenkeiError, teller: Teller) -> FieldError:
        names = {RolesMissing: "roles", RolesClash: "roles", AffairsMalformed: "affairs", StaffIdTaken: "staff_id"}
        if isinstance(error, StaffFieldMissing):
            name = error.public["field"]
            return FieldError(name=name, text=teller.say(f"missing.{name}"))
        return FieldError(name=names[type(error)], text=error.sentence(teller.lang))


def handlers(
    means: Means, door: StaffDoor, *, sections_of: SectionsOf, ended: Told = nobody
) -> list[ControllerRouterHandler]:
    """Routes below `{path}/staff`.

    Args:
        door: given to the ways in too (`Ways.staff`).
        sections_of: sections of a body, by body and language.
        ended: told the `sid` of every session that ended with a clerk's registration.
    """
    pages = StaffPages(means, sections_of=sections_of, ended=ended)
    path = f"{means.settings.path}/staff"

    @get(path)
    async def index(request: AnyRequest) -> Response[str]:
        return await pages.index(request)

    @post(f"{path}/people", status_code=200)
    async def enrol(request: AnyRequest, data: Annotated[EnrolForm, Body(media_type=FORM)]) -> Response[str]:
        return await pages.enrol(request, data)

    @get([f"{path}/people", f"{path}/terminals"])
    async def added_before() -> Response[str]:
        return see_other(path)

    @post(f"{path}/terminals", status_code=200)
    async def prepare(request: AnyRequest, data: Annotated[PlaceForm, Body(media_type=FORM)]) -> Response[str]:
        return await pages.prepare(request, data)

    some = [*_person_handlers(pages, path), *_terminal_handlers(pages, path)]
    return [page_router(means.kit, [index, enrol, added_before, prepare, *some, *enter_handlers(means, door)])]


def _person_handlers(pages: StaffPages, path: str) -> list[ControllerRouterHandler]:
    @get(path + "/people/{staff_id:str}")
    async def person(request: AnyRequest, staff_id: FromPath[str]) -> Response[str]:
        return await pages.person(request, word(staff_id))

    @post(path + "/people/{staff_id:str}/code")
    async def code(request: AnyRequest, staff_id: FromPath[str]) -> Response[str]:
        return await pages.person_code(request, word(staff_id))

    @post(path + "/people/{staff_id:str}/end")
    async def end(request: AnyRequest, staff_id: FromPath[str]) -> Response[str]:
        return await pages.person_end(request, word(staff_id))

    return [person, code, end]


def _terminal_handlers(pages: StaffPages, path: str) -> list[ControllerRouterHandler]:
    @get(path + "/terminals/{terminal_id:str}")
    async def terminal(request: AnyRequest, terminal_id: FromPath[str]) -> Response[str]:
        return await pages.terminal(request, word(terminal_id))

    @post(path + "/terminals/{terminal_id:str}/code")
    async def code(request: AnyRequest, terminal_id: FromPath[str]) -> Response[str]:
        return await pages.terminal_code(request, word(terminal_id))

    @post(path + "/terminals/{terminal_id:str}/end")
    async def end(request: AnyRequest, terminal_id: FromPath[str]) -> Response[str]:
        return await pages.terminal_end(request, word(terminal_id))

    return [terminal, code, end]
