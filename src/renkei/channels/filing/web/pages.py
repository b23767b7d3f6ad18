"""The filing service's pages: draft, review, one button that signs, files and pays, and where the return stands.

GET  /filing                 the way in, or on to the return
GET  /filing/2025            the draft; once signed, where the return stands, with its receipts
POST /filing/2025            change the draft
GET  /filing/2025/review     every figure with its source
POST /filing/2025/sign       to the provider: one consent, one card touch, for the return and its payment
POST /filing/2025/continue   file what is signed
POST /filing/2025/pay        pay what is filed
GET  /filing/2025/return.json, receipt.jwt, payment.jwt
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.base.time import jst_date
from renkei.channels.filing.errors import (
    AmountMalformed,
    PaymentConsentMissing,
    ReturnMissing,
    ReturnStepRefused,
    SlipMissing,
)
from renkei.channels.filing.model.returns import Return, amount
from renkei.channels.filing.model.states import State
from renkei.channels.filing.model.tax import SideIncome, is_late
from renkei.channels.filing.operations import YEARS, Filing
from renkei.channels.filing.web.views import Teller
from renkei.contracts.identity import Scope, SignedIn
from renkei.contracts.identity_tokens import PersonClaims, PersonInfo, signed_in
from renkei.platform.openid.errors import LoginEnded
from renkei.platform.openid.messages import Grant
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, download, language_of, respond, see_other
from renkei.platform.web.parts import FieldError, Link
from renkei.platform.web.rp_door import Arrival, Door
from renkei.platform.web.rp_sessions import RpSession, RpSessions

YEAR = YEARS[0]
LEFT = frozenset({"1", "here", "time"})
TYPED_MAX = 30
SIGNING = (Scope.OPENID.value, Scope.NAME.value, Scope.SIGN.value)
PAYING = (Scope.OPENID.value, Scope.NAME.value)


@dataclass(frozen=True)
class DraftForm:
    """The side income as typed."""

    revenue: str = ""
    expense: str = ""


class Reader(NamedTuple):
    """Who is signed in."""

    session: RpSession
    person: SignedIn


class FilingPages:
    """Handlers of the pages. `door` is set once it is made.

    Args:
        bank_href: the bank's own pages, where an account is opened and receipts are kept.
    """

    door: Door

    def __init__(self, *, kit: WebKit, filing: Filing, rp: RelyingParty, path: str, bank_href: str) -> None:
        self._kit, self._filing, self._rp = kit, filing, rp
        self._path, self._bank_href = path, bank_href
        self.year_path = f"{path}/{YEAR}"

    async def arrive(self, grant: Grant) -> Arrival:
        """Who has come, and what they have agreed to."""
        person = signed_in(grant.read(PersonClaims), await self._rp.userinfo(grant, PersonInfo))
        await self._filing.arrived(person, grant)
        return Arrival(msgspec.json.encode(person), person.shared_terminal)

    # --- pages ---

    async def home(
        self, request: AnyRequest, *, refused: bool = False, error: RenkeiError | None = None
    ) -> Response[str]:
        """On to the return; or the way in."""
        reader = None if refused else await self._reader(request)
        if reader is not None and error is None:
            return see_other(self.year_path)
        teller, left = self._teller(request), request.query_params.get("left", "")
        context = self._frame(teller, teller.say("title"), reader, first=True) | {
            "refused": refused,
            "left": left if left in LEFT and error is None and not refused else "",
            "error": error.sentence(teller.language.value) if error else "",
            "enter_action": self.door.enter_action,
            "back": self.year_path,
            "signed_in": reader is not None,
        }
        status = error.status.http if error else 403 if refused else 200
        return respond(self._kit, request, "filing/enter.html", context, status=status)

    async def show(
        self, request: AnyRequest, *, typed: DraftForm | None = None, error: AmountMalformed | None = None
    ) -> Response[str]:
        """The draft, or where the return stands."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        try:
            found = await self._filing.open(reader.person, YEAR)
        except SlipMissing as missing:
            return await self.home(request, error=missing)
        if found.state in (State.DRAFT, State.ASKED):
            return self._draft(request, reader, found, typed=typed, error=error)
        teller = self._teller(request)
        payment = self._filing.payment_of(found)
        figures = self._filing.figures_of(found)
        context = self._frame(teller, teller.title(found), reader) | {
            "steps": teller.steps(found, pays=payment is not None),
            "state": found.state.value,
            "pays": payment is not None,
            "refunds": figures.refund_yen > 0,
            "problem": teller.problem(found),
            "filed": teller.filed(found),
            "paid": teller.paid(found),
            "path": self.year_path,
            "bank_href": self._bank_href,
        }
        return self._answer(request, "filing/standing.html", context, reader)

    def _draft(
        self, request: AnyRequest, reader: Reader, found: Return, *, typed: DraftForm | None,
        error: AmountMalformed | None,
    ) -> Response[str]:  # fmt: skip
        teller, errors = self._teller(request), {}
        if typed is not None and error is not None:
            for name in ("revenue", "expense"):
                if not _readable(getattr(typed, name)):
                    errors[name] = error.sentence(teller.language.value)
        shown = (typed.revenue[:TYPED_MAX], typed.expense[:TYPED_MAX]) if typed else None
        context = self._frame(teller, teller.title(found), reader) | {
            "steps": teller.steps(found, pays=True),
            "asked": found.state is State.ASKED,
            "problem": teller.problem(found),
            "slips": teller.slips(found),
            "fields": teller.fields(found, typed=shown, errors=errors),
            "errors": [
                FieldError(name=name, text=teller.say("field_error", field=teller.say(f"field.{name}"), text=text))
                for name, text in errors.items()
            ],
            "path": self.year_path,
        }
        return self._answer(request, "filing/draft.html", context, reader, status=422 if errors else 200)

    async def change(self, request: AnyRequest, form: DraftForm) -> Response[str]:
        """Change the draft, and on to the review."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        try:
            side = SideIncome(revenue_yen=amount(form.revenue), expense_yen=amount(form.expense))
        except AmountMalformed as error:
            return await self.show(request, typed=form, error=error)
        try:
            await self._filing.edit(await self._filing.open(reader.person, YEAR), side)
        except ReturnStepRefused:  # signed in another window: its page shows where it stands
            return see_other(self.year_path)
        return see_other(f"{self.year_path}/review")

    async def review(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """Every figure, and the one button."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        found = await self._filing.open(reader.person, YEAR)
        if found.state not in (State.DRAFT, State.ASKED):
            return see_other(self.year_path)
        teller, figures = self._teller(request), self._filing.figures_of(found)
        late = is_late(figures, year=YEAR, on=jst_date(self._filing.clock.now()))
        payment = self._filing.payment_of(found)
        context = self._frame(teller, teller.say("review.title"), reader, within=True) | {
            "lines": teller.lines(figures),
            "result": teller.result(figures),
            "optional": not figures.return_required,
            "late": teller.late(YEAR) if late else "",
            "pays": payment is not None,
            "payee": self._filing.payee,
            "problem": error.sentence(teller.language.value) if error else teller.problem(found),
            "path": self.year_path,
            "bank_href": self._bank_href,
        }
        status = error.status.http if error else 200
        return self._answer(request, "filing/review.html", context, reader, status=status)

    async def sign(self, request: AnyRequest) -> Response[str]:
        """To the provider: sign the return and agree to its payment."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        try:
            asked = await self._filing.ask(await self._filing.open(reader.person, YEAR))
        except ReturnStepRefused:
            return see_other(self.year_path)
        except RenkeiError as error:
            return await self.review(request, error=error)
        return await self.door.enter(
            request, back=self.year_path, payments=asked.payments, sign_transaction_id=asked.transaction_id,
            scopes=SIGNING,
        )  # fmt: skip

    async def go_on(self, request: AnyRequest) -> Response[str]:
        """File what is signed."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        await self._filing.resume(await self._filing.open(reader.person, YEAR))
        return see_other(self.year_path)

    async def pay(self, request: AnyRequest) -> Response[str]:
        """Pay what is filed; where the consent has run out, to the provider for a new one."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        found = await self._filing.open(reader.person, YEAR)
        payment = self._filing.payment_of(found)
        if found.state is not State.FILED or payment is None:
            return see_other(self.year_path)
        try:
            session = await self.door.fresh(reader.session)
            await self._filing.pay_noted(found, grant=session.grant)
        except (PaymentConsentMissing, LoginEnded):
            return await self.door.enter(request, back=self.year_path, payments=(payment,), scopes=PAYING)
        except ReturnStepRefused:
            pass
        return see_other(self.year_path)

    async def save(self, request: AnyRequest, which: str) -> Response[str] | Response[bytes]:
        """A file: the signed return, its receipt, or the bank's."""
        reader = await self._reader(request)
        if reader is None:
            return await self.home(request, refused=True)
        found = await self._filing.find(reader.person.sub, YEAR)
        if which == "payment.jwt" and found.paid is not None:
            return download(found.paid.receipt.encode(), f"payment-{YEAR}.jwt", "application/jwt")
        if which == "return.json" and found.filed is not None:
            return download(found.filed.document, f"income-tax-return-{YEAR}.json", "application/jose+json")
        if which == "receipt.jwt" and found.filed is not None:
            return download(found.filed.receipt.encode(), f"receipt-{YEAR}.jwt", "application/jwt")
        raise ReturnMissing()

    async def refuse(self, request: AnyRequest, error: RenkeiError) -> Response[str]:
        """Why a sign-in, or an agreement, did not come about: beside the return where somebody is signed in."""
        reader = await self._reader(request)
        if reader is not None:
            try:
                found = await self._filing.find(reader.person.sub, YEAR)
            except ReturnMissing:
                return await self.home(request, error=error)
            if found.state in (State.DRAFT, State.ASKED):
                return await self.review(request, error=error)
        return await self.home(request, error=error)

    # --- parts ---

    async def _reader(self, request: AnyRequest) -> Reader | None:
        session = await self.door.current(request)
        return None if session is None else Reader(session, session.read(SignedIn))

    def _teller(self, request: AnyRequest) -> Teller:
        return Teller(self._kit, language_of(request))

    def _frame(
        self, teller: Teller, title: str, reader: Reader | None, *, first: bool = False, within: bool = False
    ) -> dict[str, object]:
        trail = [Link(href="/", text=teller.say("home"))]
        if not first:
            trail.append(Link(href=self._path, text=teller.say("title")))
        if within:
            trail.append(Link(href=self.year_path, text=teller.say("return", year=teller.year(YEAR))))
        frame: dict[str, object] = {"title": title, "breadcrumb": trail}
        if reader is None:
            return frame
        name = reader.person.name
        standins = [teller.say("standin")]
        standins += [teller.say("test_card")] if reader.person.test else []
        return frame | {
            "reader": teller.say("reader", name=name) if name else teller.say("unnamed"),
            "leave_action": self.door.leave_action,
            "standins": standins,
        }

    def _answer(
        self, request: AnyRequest, template: str, context: dict[str, object], reader: Reader, *, status: int = 200
    ) -> Response[str]:
        headers: dict[str, str] = {}
        if reader.session.shared:  # the page leaves the screen of a shared terminal when nobody uses it
            seconds = int(self.door.sessions.shared_idle.total_seconds()) + 1
            headers["Refresh"] = f"{seconds}; url={self._path}?left=time"
        return respond(self._kit, request, template, context, status=status, headers=headers)


def _readable(text: str) -> bool:
    try:
        amount(text)
    except AmountMalformed:
        return False
    return True


def page_handlers(
    *, kit: WebKit, filing: Filing, rp: RelyingParty, sessions: RpSessions, bank_href: str
) -> Sequence[ControllerRouterHandler]:
    """Handlers of the filing service's pages, to be mounted in a page router.

    Args:
        rp: the service's registration, the one that `filing` has; redirect URI `…{sessions.path}/return`.
        sessions: over `store.rp_session` in the service's own store.
        bank_href: the bank's own pages.
    """
    path = sessions.path
    pages = FilingPages(kit=kit, filing=filing, rp=rp, path=path, bank_href=bank_href)
    pages.door = Door(
        kit=kit, rp=rp, sessions=sessions, clock=filing.clock, home=path, arrive=pages.arrive, refuse=pages.refuse
    )
    here = pages.year_path

    @get(path)
    async def home(request: AnyRequest) -> Response[str]:
        return await pages.home(request)

    @get(here)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request)

    @post(here, status_code=200)
    async def change(
        request: AnyRequest, data: Annotated[DraftForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await pages.change(request, data)

    @get(f"{here}/review")
    async def review(request: AnyRequest) -> Response[str]:
        return await pages.review(request)

    @post(f"{here}/sign", status_code=200)
    async def sign(request: AnyRequest) -> Response[str]:
        return await pages.sign(request)

    @post(f"{here}/continue", status_code=200)
    async def go_on(request: AnyRequest) -> Response[str]:
        return await pages.go_on(request)

    @post(f"{here}/pay", status_code=200)
    async def pay(request: AnyRequest) -> Response[str]:
        return await pages.pay(request)

    @get([f"{here}/return.json", f"{here}/receipt.jwt", f"{here}/payment.jwt"])
    async def save(request: AnyRequest) -> Response[str] | Response[bytes]:
        return await pages.save(request, request.url.path.rpartition("/")[2])

    @get([f"{here}/sign", f"{here}/continue", f"{here}/pay"])
    async def again() -> Response[str]:
        return see_other(here)  # a form's address opened by hand or from the history

    return [*pages.door.handlers(), home, show, change, review, sign, go_on, pay, save, again]
