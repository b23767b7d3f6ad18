"""The bank's pages: the account, what moved on it, and the receipt of each payment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms
from renkei.channels.bank import queries
from renkei.channels.bank.errors import AccountNotLinked
from renkei.channels.bank.model import Movement
from renkei.channels.bank.operations import Bank
from renkei.contracts.identity import SignedIn
from renkei.contracts.identity_tokens import PersonClaims, PersonInfo, signed_in
from renkei.platform.openid.messages import Grant
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, download, language_of, respond, word
from renkei.platform.web.parts import Column, Fact, Figure, Link
from renkei.platform.web.rp_door import Arrival, Door
from renkei.platform.web.rp_sessions import RpSession, RpSessions

SHOWN_MAX = 50
LEFT = frozenset({"1", "here", "time"})


class BankPages:
    """Handlers of the bank's pages. `door` is set once it is made."""

    door: Door

    def __init__(self, *, kit: WebKit, bank: Bank, rp: RelyingParty, path: str) -> None:
        self._kit, self._bank, self._rp, self._path = kit, bank, rp, path

    async def arrive(self, grant: Grant) -> Arrival:
        """Who has come; at the first time their account is opened."""
        person = signed_in(grant.read(PersonClaims), await self._rp.userinfo(grant, PersonInfo))
        await self._bank.welcome(person)
        return Arrival(msgspec.json.encode(person), person.shared_terminal)

    async def home(
        self, request: AnyRequest, *, refused: bool = False, error: RenkeiError | None = None
    ) -> Response[str]:
        """The account; or the way in."""
        session = None if refused or error else await self.door.current(request)
        if session is None:
            return self._enter(request, refused=refused, error=error)
        person, language = session.read(SignedIn), language_of(request)
        account = await self._bank.db.read(partial(queries.account_of, sub=person.sub))
        listed = partial(queries.movements, account_id=account.account_id, limit=SHOWN_MAX)
        moved = await self._bank.db.read(listed)
        formats = self._kit.formats(language)
        columns = [
            Column(text=self._say(language, f"column.{name}"), header=name == "day", numeric=name == "amount")
            for name in ("day", "text", "amount")
        ]
        context = self._frame(language, "title", session) | {
            "balance": [
                Figure(
                    label=self._say(language, "balance"), value=formats.yen(account.balance_yen),
                    note=self._say(language, "account", number=account.number),
                )
            ],
            "columns": columns,
            "rows": [self._row(language, one) for one in moved],
        }  # fmt: skip
        return self._answer(request, "bank/home.html", context, session)

    async def receipt(self, request: AnyRequest, number: str) -> Response[str]:
        """The receipt of a payment."""
        session = await self.door.current(request)
        if session is None:
            return await self.home(request, refused=True)
        language, sub = language_of(request), session.read(SignedIn).sub
        paid = await self._bank.db.read(partial(queries.payment_of, sub=sub, receipt_number=number))
        formats = self._kit.formats(language)
        values = {
            "payee": paid.payee,
            "amount": formats.yen(paid.amount_yen),
            "reference": paid.reference,
            "purpose": paid.purpose,
            "paid": formats.moment(from_ms(paid.paid_ms)),
            "number": paid.receipt_number,
        }
        facts = [Fact(term=self._say(language, f"receipt.{name}"), value=value) for name, value in values.items()]
        context = self._frame(language, "receipt.title", session) | {
            "facts": facts,
            "save_href": f"{self._path}/receipts/{number}/receipt.jwt",
            "back_href": self._path,
        }
        return self._answer(request, "bank/receipt.html", context, session)

    async def save(self, request: AnyRequest, number: str) -> Response[str] | Response[bytes]:
        """The receipt as it is signed."""
        session = await self.door.current(request)
        if session is None:
            return await self.home(request, refused=True)
        sub = session.read(SignedIn).sub
        paid = await self._bank.db.read(partial(queries.payment_of, sub=sub, receipt_number=number))
        return download(paid.receipt.encode(), f"receipt-{paid.receipt_number}.jwt", "application/jwt")

    async def refuse(self, request: AnyRequest, error: RenkeiError) -> Response[str]:
        """Why a sign-in did not come about."""
        return await self.home(request, error=error)

    # --- parts ---

    def _enter(self, request: AnyRequest, *, refused: bool, error: RenkeiError | None) -> Response[str]:
        language, left = language_of(request), request.query_params.get("left", "")
        context = self._frame(language, "title") | {
            "refused": refused,
            "left": left if left in LEFT and error is None and not refused else "",
            "error": error.sentence(language.value) if error else "",
            "enter_action": self.door.enter_action,
            "back": request.url.path if refused else self._path,
        }
        status = error.status.http if error else 403 if refused else 200
        return respond(self._kit, request, "bank/enter.html", context, status=status)

    def _say(self, language: Language, key: str, **values: object) -> str:
        return self._kit.text(language, f"bank.{key}", **values)

    def _row(self, language: Language, one: Movement) -> list[object]:
        formats = self._kit.formats(language)
        text: object = one.text or self._say(language, "opening")
        if one.receipt_number:
            text = Link(href=f"{self._path}/receipts/{one.receipt_number}", text=one.text)
        return [formats.moment(from_ms(one.at_ms)), text, formats.yen(one.amount_yen)]

    def _frame(self, language: Language, title: str, session: RpSession | None = None) -> dict[str, object]:
        trail = [Link(href="/", text=self._say(language, "home"))]
        if title != "title":
            trail.append(Link(href=self._path, text=self._say(language, "title")))
        frame: dict[str, object] = {"title": self._say(language, title), "breadcrumb": trail}
        if session is None:
            return frame
        person = session.read(SignedIn)
        named = self._say(language, "reader", name=person.name) if person.name else self._say(language, "unnamed")
        standins = [self._say(language, "standin")]
        standins += [self._say(language, "test_card")] if person.test else []
        return frame | {"reader": named, "leave_action": self.door.leave_action, "standins": standins}

    def _answer(
        self, request: AnyRequest, template: str, context: dict[str, object], session: RpSession
    ) -> Response[str]:
        headers: dict[str, str] = {}
        if session.shared:  # the page leaves the screen of a shared terminal when nobody uses it
            seconds = int(self.door.sessions.shared_idle.total_seconds()) + 1
            headers["Refresh"] = f"{seconds}; url={self._path}?left=time"
        return respond(self._kit, request, template, context, headers=headers)


def page_handlers(
    *, kit: WebKit, bank: Bank, rp: RelyingParty, sessions: RpSessions
) -> Sequence[ControllerRouterHandler]:  # fmt: skip
    """Handlers of the bank's pages, to be mounted in a page router.

    Args:
        rp: the bank's registration; scopes `openid name`, redirect URI `…{sessions.path}/return`.
        sessions: over `store.rp_session` in the bank's own store.
    """
    path = sessions.path
    pages = BankPages(kit=kit, bank=bank, rp=rp, path=path)
    pages.door = Door(
        kit=kit, rp=rp, sessions=sessions, clock=bank.clock, home=path, arrive=pages.arrive, refuse=pages.refuse
    )

    @get(path)
    async def home(request: AnyRequest) -> Response[str]:
        try:
            return await pages.home(request)
        except AccountNotLinked:  # of a store that was made anew under a session of before
            return await pages.home(request, refused=True)

    @get(path + "/receipts/{number:str}")
    async def receipt(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        return await pages.receipt(request, word(number))

    @get(path + "/receipts/{number:str}/receipt.jwt")
    async def save(request: AnyRequest, number: FromPath[str]) -> Response[str] | Response[bytes]:
        return await pages.save(request, word(number))

    return [*pages.door.handlers(), home, receipt, save]
