"""The clerk's console (route 2: the gateway authenticates terminal and clerk).

A clerk sees only the affairs that the section is entitled to, asks about the section's open cases, and decides on
inquiries that may not be answered automatically. Names never appear: a gateway does not know them.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, jst_date, to_ms
from renkei.contracts.errors import BatchUnknown, DecisionStale
from renkei.contracts.evidence import EvidenceMissing, write_evidence
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.identity import StaffUser
from renkei.contracts.identity_tokens import StaffClaims, staff_user
from renkei.contracts.inquiries import Inquiry, InquiryBatch
from renkei.contracts.sheets import decode, encode
from renkei.contracts.staff import Role, StaffElsewhere, StaffSignInNeeded, has_role, may_handle, require_role
from renkei.contracts.standing import standing_of
from renkei.contracts.standins import DemoCase, DemoClerk
from renkei.contracts.words import Words
from renkei.institutions.gateway import queries
from renkei.institutions.gateway.model.asking import CaseKey
from renkei.institutions.gateway.operations.evidence import Holder, export_evidence
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.institutions.gateway.web import forms
from renkei.institutions.gateway.web.forms import AskForm, DecisionForm
from renkei.institutions.gateway.web.views import CONSOLE, Desk, is_open
from renkei.law import Affairs
from renkei.platform.clock import Clock
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, download, language_of, respond, see_other, word
from renkei.platform.web.parts import Column, FieldError, Figure, Link
from renkei.platform.web.rp_door import Door, arrival_as
from renkei.platform.web.rp_sessions import RpSessions

PATH = "/gateway"
_RECENT = ("information", "provider", "outcome", "asked", "number")
_WAITING = ("information", "requester", "asked", "until")

FormT = RequestEncodingType.URL_ENCODED


class _AtDesk:
    """A clerk at the console with what the page rests on."""

    def __init__(self, clerk: StaffUser, tenant: Tenant, section: queries.Section, desk: Desk) -> None:
        self.clerk, self.tenant, self.section, self.desk = clerk, tenant, section, desk

    def entitled(self) -> frozenset[str]:
        """Affairs items of the section that the clerk's role covers; none without the role of asking."""
        if not has_role(self.clerk, Role.ASKER):
            return frozenset()
        return frozenset(item for item in self.section.affairs if may_handle(self.clerk, item))

    def affairs(self) -> list[Affairs]:
        """Those that are in force."""
        table = self.tenant.book.on(jst_date(self.desk.now))
        return [table.affairs[item] for item in sorted(self.entitled()) if item in table.affairs]

    def providers(self) -> list[str]:
        """Bodies that can be asked."""
        entries = self.tenant.directory.entries()
        return [entry.body_id for entry in entries if entry.body_id != self.tenant.body_id and entry.kinds]

    def edition(self, asked_ms: int = 0) -> str:
        """Edition of the law on the day of an inquiry, or today."""
        return self.tenant.book.edition(jst_date(from_ms(asked_ms) if asked_ms else self.desk.now)).id


class Console:
    """Handlers of the console's pages.

    Args:
        tenant_of: the gateway of a body.
        guide: what the cases prepared for a demonstration show, by case.
        samples: clerks of a demonstration whose test cards lie ready; named on the first page.
        staff_href: where an administrator enrols staff and terminals, at the provider; no link where empty.
    """

    def __init__(
        self, *, kit: WebKit, tenant_of: Callable[[str], Tenant], words: Words, guide: Mapping[str, DemoCase],
        samples: Sequence[DemoClerk], staff_href: str = "",
    ) -> None:  # fmt: skip
        self._kit, self._tenant_of, self._words, self._staff_href = kit, tenant_of, words, staff_href
        self._guide, self._samples = guide, tuple(samples)
        self.door: Door

    async def home(
        self, request: AnyRequest, *, refused: RenkeiError | None = None, error: RenkeiError | None = None
    ) -> Response[str]:
        """The way in for staff.

        Args:
            refused: why a page cannot be shown to whoever reads.
            error: why a sign-in did not come about.
        """
        language = language_of(request)
        lang, why = language.value, error or refused
        samples = []
        for clerk in self._samples:
            counts = await self._tenant_of(clerk.body_id).db.read(queries.counts)
            samples.append(
                {
                    "name": clerk.name,
                    "body": self._words.body(clerk.body_id, lang),
                    "section": self._words.section(clerk.body_id, clerk.section, lang),
                    "shows": clerk.shows(lang),
                    "waiting": counts["waiting"],
                }
            )
        signed_in = await self.door.current(request) is not None
        context = self._frame(language, "gateway.enter.title") | {
            "leave_action": self.door.leave_action if signed_in else "",
            "samples": samples,
            "why_title": self._kit.text(language, "gateway.enter.not_in" if error else "gateway.enter.first"),
            "why": why.sentence(lang) if why else "",
            "left": request.query_params.get("left", "") in ("1", "here") and why is None,
            "enter_action": self.door.enter_action,
            "back": request.url.path if refused and request.method == "GET" else CONSOLE,
        }
        return respond(self._kit, request, "gateway/enter.html", context, status=why.status.http if why else 200)

    async def refuse(self, request: AnyRequest, error: RenkeiError) -> Response[str]:
        """Why a sign-in did not come about, with the button to try again."""
        return await self.home(request, error=error)

    async def show(
        self,
        request: AnyRequest,
        *,
        form: AskForm | None = None,
        errors: Sequence[FieldError] = (),
        stale: DecisionStale | None = None,
    ) -> Response[str]:
        """The clerk's desk: counts, what waits for a decision, and a form to ask.

        Args:
            stale: a decision came too late; the list shows what waits now.
        """
        at = await self._at_desk(request)
        clerk, tenant, desk = at.clerk, at.tenant, at.desk
        counts = await tenant.db.read(queries.counts)
        waiting = await tenant.db.read(lambda conn: queries.waiting(conn, now_ms=to_ms(desk.now)))
        recent = await tenant.db.read(lambda conn: queries.recent_requests(conn, clerk.section))
        cases = await tenant.db.read(lambda conn: queries.case_list(conn, clerk.section))
        form = form or AskForm()
        target, by_number, wanted = desk.fields(
            form, errors, cases=cases, affairs=at.affairs(), providers=at.providers(), guide=self._guide
        )
        context = self._frame(desk.language, "gateway.console.title", at=at) | {
            "section": self._words.section(clerk.body_id, clerk.section, desk.lang),
            "body": self._words.body(clerk.body_id, desk.lang),
            "figures": [
                Figure(label=desk.say(f"count.{name}"), value=desk.formats.number(count))
                for name, count in counts.items()
            ],
            "waiting_columns": [
                Column(text=desk.say(f"column.{name}"), header=name == _WAITING[0]) for name in _WAITING
            ],
            "waiting": [desk.waiting(row) for row in waiting],
            "decided": await self._decided(request, at),
            "stale": stale.sentence(desk.lang) if stale else "",
            "may_ask": bool(at.entitled()),
            "may_decide": has_role(clerk, Role.DECIDER),
            "staff_href": self._staff_href if has_role(clerk, Role.ADMINISTRATOR) else "",
            "once": form.once or secrets.token_hex(16),
            "target": target,
            "by_number": by_number,
            "by_number_open": form.target == forms.OTHER,
            "wanted": wanted,
            "errors": list(errors),
            "columns": [Column(text=desk.say(f"column.{name}"), header=name == _RECENT[0]) for name in _RECENT],
            "recent": [desk.recent(row) for row in recent],
        }
        status = 409 if stale else 422 if errors else 200
        return respond(self._kit, request, "gateway/console.html", context, status=status)

    async def ask(self, request: AnyRequest, data: AskForm) -> Response[str]:
        """Ask about one person; the answer is a page of its own, so that a reload does not ask again."""
        at = await self._at_desk(request)
        require_role(at.clerk, Role.ASKER)
        data = data if data.once else replace(data, once=secrets.token_hex(16))
        affairs = at.affairs()
        listed = await at.tenant.db.read(lambda conn: _listed(conn, at.section.section, data))
        found = forms.faults(
            data, listed, affairs=at.entitled(), providers=at.providers(),
            informations={slug for item in affairs for slug in item.informations},
        )  # fmt: skip
        case = forms.case_named(data, listed)
        if found or case is None:
            errors = [FieldError(name=name, text=at.desk.say(f"{fault}.{name}")) for name, fault in found]
            return await self.show(request, form=data, errors=errors)
        batch = InquiryBatch(
            batch=forms.batch_of(data, case, user=at.clerk.staff_id), section=at.clerk.section, user=at.clerk.staff_id,
            purpose=Purpose.APPLICATION,
            inquiries=[
                Inquiry(
                    ref="console", address_number=case.address_number, case=case.case, affairs=case.affairs,
                    information=data.information, provider=data.provider,
                )
            ],
        )  # fmt: skip
        await at.tenant.asking.inquire(batch, encode(batch))
        return see_other(f"{CONSOLE}/results/{batch.batch}")

    async def result(self, request: AnyRequest, batch_id: str) -> Response[str]:
        """What became of an inquiry of this section; a late answer stands here when it has come.

        Raises:
            BatchUnknown: no such inquiry, or another section's.
        """
        at = await self._at_desk(request)
        require_role(at.clerk, Role.ASKER)
        kept = await at.tenant.db.read(lambda conn: queries.inquiry_batch(conn, batch_id))
        batch = decode(kept.request, InquiryBatch) if kept is not None else None
        results = await at.tenant.asking.result(batch_id)
        place = request.query_params.get("at", "0")
        at_place = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else 0
        if batch is None or results is None or batch.section != at.section.section:
            raise BatchUnknown()
        if at_place >= len(results.results):
            raise BatchUnknown()
        found = results.results[at_place]
        context = self._frame(at.desk.language, "gateway.console.result.heading", at=at, below=True) | {
            "result": at.desk.result(batch.inquiries[at_place], found, on=at.edition()),
            "open": is_open(found),
        }
        return respond(self._kit, request, "gateway/result.html", context)

    async def pending(
        self, request: AnyRequest, number: str, *, form: DecisionForm | None = None, errors: Sequence[FieldError] = ()
    ) -> Response[str]:
        """One inquiry that waits for a decision; the desk, where it waits no longer."""
        at = await self._at_desk(request)
        require_role(at.clerk, Role.DECIDER)
        now_ms = to_ms(at.desk.now)
        waiting = await at.tenant.db.read(lambda conn: queries.waiting(conn, now_ms=now_ms))
        row = next((row for row in waiting if row.number == number), None)
        if row is None:
            return await self.show(request, stale=DecisionStale())
        given = form or DecisionForm()
        context = self._frame(at.desk.language, "gateway.console.decide.title", at=at, below=True) | {
            "facts": at.desk.pending(row, edition=at.edition(row.asked_ms)),
            "action": f"{CONSOLE}/pending/{number}",
            "fields": at.desk.decision_fields(errors, decision=given.decision, checked=bool(given.checked)),
            "errors": list(errors),
        }
        return respond(self._kit, request, "gateway/pending.html", context, status=422 if errors else 200)

    async def decide(self, request: AnyRequest, number: str, data: DecisionForm) -> Response[str]:
        """Give or withhold what waits for a decision."""
        at = await self._at_desk(request)
        require_role(at.clerk, Role.DECIDER)
        name = "decision" if data.decision not in ("give", "withhold") else "checked"
        if name == "decision" or (data.decision == "give" and not data.checked):
            error = FieldError(name=name, text=at.desk.say(f"missing.{name}"))
            return await self.pending(request, number, form=data, errors=[error])
        try:
            await at.tenant.decide(number, give=data.decision == "give", user=at.clerk.staff_id)
        except DecisionStale as stale:
            return await self.show(request, stale=stale)
        return see_other(f"{CONSOLE}?decided={number}")

    async def evidence(self, request: AnyRequest, name: str) -> Response[str] | Response[bytes]:
        """The evidence of an inquiry of this section, as a file.

        Raises:
            EvidenceMissing, EvidenceIncomplete: there is none here, or not yet.
        """
        at = await self._at_desk(request)
        require_role(at.clerk, Role.ASKER, Role.DECIDER)
        tenant, number, now = at.tenant, name.removesuffix(".json"), at.desk.now
        record = (await tenant.db.read(lambda conn: queries.request_records(conn, [number]))).get(number)
        if record is None or record.section != at.section.section:
            raise EvidenceMissing()
        holder = Holder(tenant.body_id, tenant.key, tenant.log, tenant.directory, synthetic=True)
        user = at.clerk.staff_id
        found = await tenant.db.write(lambda conn: export_evidence(conn, number, holder=holder, user=user, now=now))
        return download(write_evidence(found), f"evidence-{number}.json")

    # --- what every page needs ---

    def _frame(
        self, language: Language, title: str, *, at: _AtDesk | None = None, below: bool = False
    ) -> dict[str, object]:
        text = self._kit.text
        trail = [Link(href="/", text=text(language, "gateway.home"))]
        reader = ""
        if at is not None:
            trail.append(Link(href=PATH, text=text(language, "gateway.enter.title")))
            reader = text(
                language, "gateway.reader", body=self._words.body(at.clerk.body_id, language.value),
                section=self._words.section(at.clerk.body_id, at.clerk.section, language.value), name=at.clerk.name,
            )  # fmt: skip
        if below:
            trail.append(Link(href=CONSOLE, text=text(language, "gateway.console.title")))
        return {
            "title": text(language, title),
            "breadcrumb": trail,
            "standins": [text(language, "gateway.test_card")] if at and at.clerk.test else [],
            "reader": reader,
            "leave_action": self.door.leave_action if at else "",
        }

    async def _at_desk(self, request: AnyRequest) -> _AtDesk:
        """The clerk who reads (route 2).

        Raises:
            StaffSignInNeeded: nobody is signed in.
            StaffElsewhere: the clerk's section is not one of the gateway's.
        """
        session = await self.door.current(request)
        if session is None:
            raise StaffSignInNeeded()
        clerk = session.read(StaffUser)
        try:
            tenant = self._tenant_of(clerk.body_id)
        except KeyError:
            raise StaffElsewhere() from None
        for section in await tenant.db.read(queries.sections):
            if section.section == clerk.section:
                desk = Desk(self._kit, self._words, language_of(request), now=tenant.clock.now())
                return _AtDesk(clerk, tenant, section, desk)
        raise StaffElsewhere()

    async def _decided(self, request: AnyRequest, at: _AtDesk) -> str:
        """Confirms the decision that the clerk has just made."""
        number = word(request.query_params.get("decided", ""))
        record = (await at.tenant.db.read(lambda conn: queries.provision_records(conn, [number]))).get(number)
        if record is None or record.outcome not in (Outcome.GIVEN, Outcome.NONE):
            return ""
        return at.desk.say(f"decided.{standing_of(Outcome(record.outcome), record.reason)}", number=number)


def _listed(conn: Connection, section: str, form: AskForm) -> set[CaseKey]:
    case = forms.narrow(form.target.rpartition("/")[0])
    return set(map(CaseKey._make, queries.open_cases(conn, section, [case]))) if case else set()


def console_handlers(
    *, kit: WebKit, tenant_of: Callable[[str], Tenant], words: Words, rp: RelyingParty, sessions: RpSessions,
    clock: Clock, cases_guide: Mapping[str, DemoCase] | None = None, samples: Sequence[DemoClerk] = (),
    staff_href: str = "",
) -> Sequence[ControllerRouterHandler]:  # fmt: skip
    """Handlers of the console, to be mounted in a page router.

    Args:
        rp: the console's registration in the staff realm, redirect URI `…/gateway/return`.
        sessions: with path `/gateway`, in a store of the platform on which the gateways run.
        cases_guide: what the cases prepared for a demonstration show, by case.
        staff_href: where an administrator enrols staff and terminals, at the provider.
    """
    console = Console(
        kit=kit, tenant_of=tenant_of, words=words, guide=cases_guide or {}, samples=samples, staff_href=staff_href
    )
    console.door = Door(
        kit=kit, rp=rp, sessions=sessions, clock=clock, home=PATH, refuse=console.refuse,
        arrive=arrival_as(lambda grant: staff_user(grant.read(StaffClaims))),
    )  # fmt: skip

    @get(PATH)
    async def home(request: AnyRequest) -> Response[str]:
        return see_other(CONSOLE) if await console.door.current(request) else await console.home(request)

    async def for_staff(request: AnyRequest, page: Awaitable[Response[Any]]) -> Response[Any]:
        try:
            return await page
        except (StaffSignInNeeded, StaffElsewhere) as error:
            return await console.home(request, refused=error)

    @get(CONSOLE)
    async def show(request: AnyRequest) -> Response[str]:
        return await for_staff(request, console.show(request))

    @post(f"{CONSOLE}/ask", status_code=200)
    async def ask(request: AnyRequest, data: Annotated[AskForm, Body(media_type=FormT)]) -> Response[str]:
        return await for_staff(request, console.ask(request, data))

    @get(f"{CONSOLE}/ask")
    async def asked_before() -> Response[str]:
        return see_other(CONSOLE)

    @get(CONSOLE + "/results/{batch_id:str}")
    async def result(request: AnyRequest, batch_id: FromPath[str]) -> Response[str]:
        return await for_staff(request, console.result(request, word(batch_id)))

    @get(CONSOLE + "/pending/{number:str}")
    async def pending(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        return await for_staff(request, console.pending(request, word(number)))

    @post(CONSOLE + "/pending/{number:str}", status_code=200)
    async def decide(
        request: AnyRequest, number: FromPath[str], data: Annotated[DecisionForm, Body(media_type=FormT)]
    ) -> Response[str]:
        return await for_staff(request, console.decide(request, word(number), data))

    @get(CONSOLE + "/evidence/{name:str}")
    async def evidence(request: AnyRequest, name: FromPath[str]) -> Response[str] | Response[bytes]:
        return await for_staff(request, console.evidence(request, word(name)))

    return [*console.door.handlers(), home, show, ask, asked_before, result, pending, decide, evidence]
