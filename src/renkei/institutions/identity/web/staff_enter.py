"""The door of the staff realm: registered terminals, cards of staff, and the codes with which both begin.

{path}/staff/terminal   enter the code of a terminal, at that machine
{path}/staff/enrol      enter a clerk's code, then show the card
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body

from renkei.base.errors import RenkeiError
from renkei.contracts.identity import Acr, Realm
from renkei.crypto.person_certificates import PersonCertificate
from renkei.institutions.identity.errors.staff import CodeWrong, TerminalUnregistered
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.staff import (
    CODE_LIFE,
    TEST_TERMINAL,
    Terminal,
    TerminalState,
    check_terminal,
    typed_code,
)
from renkei.institutions.identity.operations import staff as operations
from renkei.institutions.identity.operations import terminals
from renkei.institutions.identity.queries import staff as queries
from renkei.institutions.identity.web.sessions import new_secret, sign_in_href
from renkei.institutions.identity.web.ways import Entered
from renkei.platform.web.catalogue import Language
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import Field, FieldError

TERMINAL_COOKIE, CODE_COOKIE = "renkei_terminal", "renkei_staff_code"
TERMINAL_AGE_S = 400 * 24 * 3600  # as long as browsers keep any cookie (RFC 6265bis §5.5)
COOKIE_MAX = 64
FORM = RequestEncodingType.URL_ENCODED


@dataclass(frozen=True)
class CodeForm:
    """A one-time code."""

    code: str = ""


class StaffDoor:
    """Who may enter the staff realm, and from where: `web.ways.Door`.

    Args:
        test_terminals: a test card needs no registered terminal (a demonstration, where every visitor has a browser of
            their own). Without effect on other cards.
    """

    def __init__(self, means: Means, *, test_terminals: bool = False) -> None:
        self._means = means
        self._test_terminals = test_terminals and bool(means.settings.test_card)

    async def terminal(self, request: AnyRequest) -> Terminal | None:
        """The terminal of this browser; None where it is none, or none in use."""
        cookie = _cookie_of(request, TERMINAL_COOKIE)
        if not cookie:
            return None
        hashed = terminals.secret_hash_of(self._means.session_key, cookie)
        found = await self._means.db.read(lambda conn: queries.terminal_by_secret(conn, hashed))
        return found if found is not None and found.state is TerminalState.REGISTERED else None

    async def admit(self, request: AnyRequest, certificate: PersonCertificate, *, test: bool, now: datetime) -> Entered:
        """As `web.ways.Door`.

        Raises:
            TerminalUnregistered, TerminalElsewhere: not from this machine.
            StaffUnknown, WrongRealm: not with this card.
        """
        terminal = await self.terminal(request)
        standing_in = terminal is None and test and self._test_terminals
        if terminal is None and not standing_in:
            raise TerminalUnregistered()
        code = _cookie_of(request, CODE_COOKIE)
        code_hash = operations.code_hash_of(self._means.session_key, code) if code else None
        account_id = new_secret()
        clerk = await self._means.db.write(
            lambda conn: operations.admit(
                conn, certificate, code_hash=code_hash, terminal_of=terminal.body_id if terminal else "", test=test,
                new_account_id=account_id, now=now,
            )
        )  # fmt: skip
        if standing_in:
            return Entered(clerk.account_id, TEST_TERMINAL)
        return Entered(clerk.account_id, check_terminal(terminal, clerk).terminal_id)


class EnterPages:
    """Handlers of the two pages where codes are entered."""

    def __init__(self, means: Means, door: StaffDoor) -> None:
        self._means, self._door, self._path = means, door, means.settings.path

    async def terminal(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """Which terminal this is, and where to enter its code."""
        found = await self._door.terminal(request)
        return self._page(request, "terminal", error, place=found.place if found else "")

    async def register(self, request: AnyRequest, form: CodeForm) -> Response[str]:
        """Make this machine the terminal whose code was entered."""
        means, secret, now = self._means, new_secret(), self._means.clock.now()
        try:
            code_hash = terminals.code_hash_of(means.session_key, typed_code(form.code))
            secret_hash = terminals.secret_hash_of(means.session_key, secret)
            await means.db.write(
                lambda conn: terminals.register(conn, code_hash=code_hash, secret_hash=secret_hash, now=now)
            )
        except CodeWrong as error:
            return await self.terminal(request, error=error)
        cookie = self._cookie(request, TERMINAL_COOKIE, secret, TERMINAL_AGE_S)
        return see_other(f"{self._path}/staff/terminal?done=1", cookies=[cookie])

    async def enrol(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """Where a clerk enters the code from the administrator."""
        return self._page(request, "enrol", error)

    async def show_card(self, request: AnyRequest, form: CodeForm) -> Response[str]:
        """The code fits: now the card."""
        means, now = self._means, self._means.clock.now()
        try:
            code = typed_code(form.code)
            code_hash = operations.code_hash_of(means.session_key, code)
            if await means.db.read(lambda conn: queries.staff_by_code(conn, code_hash, now)) is None:
                raise CodeWrong()
        except CodeWrong as error:
            return await self.enrol(request, error=error)
        back = f"{self._path}/staff/enrol/done"
        href = sign_in_href(means, realm=Realm.STAFF, back=back, acr=Acr.CARD, fresh=True)
        cookie = self._cookie(request, CODE_COOKIE, code, int(CODE_LIFE.total_seconds()))
        return see_other(href, cookies=[cookie])

    async def enrolled(self, request: AnyRequest) -> Response[str]:
        """The card is bound; the code is forgotten."""
        gone = self._cookie(request, CODE_COOKIE, "", 0)
        return see_other(f"{self._path}/staff/enrol?done=1", cookies=[gone])

    def _page(self, request: AnyRequest, name: str, error: RenkeiError | None, *, place: str = "") -> Response[str]:
        language = language_of(request)
        sentence = error.sentence(language.value) if error else ""
        context: dict[str, object] = {
            "title": self._say(language, f"{name}.title"),
            "kind": name,
            "action": f"{self._path}/staff/{name}",
            "fields": [
                Field(
                    name="code", label=self._say(language, "code.label"), support=self._say(language, f"{name}.code"),
                    required=True, error=sentence, width="half", autocomplete="off",
                )
            ],
            "errors": [FieldError(name="code", text=sentence)] if error else [],
            "place": place,
            "done": "done" in request.query_params and error is None,
        }  # fmt: skip
        status = error.status.http if error else 200
        return respond(self._means.kit, request, "identity/staff/code.html", context, status=status)

    def _say(self, language: Language, key: str) -> str:
        return self._means.kit.text(language, f"identity.staff.{key}")

    def _cookie(self, request: AnyRequest, name: str, value: str, age_s: int) -> Cookie:
        return Cookie(
            key=name, value=value, path=self._path or "/", max_age=age_s if value else 0, httponly=True,
            samesite="lax", secure=request.url.scheme == "https",
        )  # fmt: skip


def enter_handlers(means: Means, door: StaffDoor) -> list[HTTPRouteHandler]:
    """Routes below `{path}/staff/terminal` and `{path}/staff/enrol`."""
    pages, path = EnterPages(means, door), means.settings.path

    @get(f"{path}/staff/terminal")
    async def terminal(request: AnyRequest) -> Response[str]:
        return await pages.terminal(request)

    @post(f"{path}/staff/terminal", status_code=200)
    async def register(request: AnyRequest, data: Annotated[CodeForm, Body(media_type=FORM)]) -> Response[str]:
        return await pages.register(request, data)

    @get(f"{path}/staff/enrol")
    async def enrol(request: AnyRequest) -> Response[str]:
        return await pages.enrol(request)

    @post(f"{path}/staff/enrol", status_code=200)
    async def show_card(request: AnyRequest, data: Annotated[CodeForm, Body(media_type=FORM)]) -> Response[str]:
        return await pages.show_card(request, data)

    @get(f"{path}/staff/enrol/done")
    async def enrolled(request: AnyRequest) -> Response[str]:
        return await pages.enrolled(request)

    return [terminal, register, enrol, show_card, enrolled]


def _cookie_of(request: AnyRequest, name: str) -> str:
    cookies: Mapping[str, str] = request.cookies
    value = cookies.get(name, "")
    return value if len(value) <= COOKIE_MAX and value.isascii() else ""
