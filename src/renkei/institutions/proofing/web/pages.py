"""Pages over HTTP: the list, the two steps of the form, one record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from renkei.base.errors import RenkeiError
from renkei.base.time import jst_date
from renkei.contracts.identity import StaffUser
from renkei.contracts.proofing import ProofingUnknown
from renkei.institutions.proofing import queries
from renkei.institutions.proofing.errors import ItemsNotMatched, NothingShown, WithdrawalRefused
from renkei.institutions.proofing.model.records import Record
from renkei.institutions.proofing.model.rules import Case, capacities_of, proofing_law
from renkei.institutions.proofing.model.sufficient import Assessment, assess
from renkei.institutions.proofing.service import ProofingOffice
from renkei.institutions.proofing.web.forms import Chosen, Value, first_look, read_chosen, read_details
from renkei.institutions.proofing.web.views import Speaker
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other, word
from renkei.platform.web.parts import FieldError, Link

SHOWN_MAX = 50

StaffOf = Callable[[AnyRequest], Awaitable[StaffUser | None]]
"""Which clerk is signed in at this screen; None for nobody."""


class ProofingPages:
    """The pages. Nobody sees them without a clerk's sign-in.

    Args:
        staff_of: which clerk is signed in.
        sign_in_href: where a clerk signs in, given the page to come back to.
    """

    def __init__(
        self, *, kit: WebKit, office: ProofingOffice, staff_of: StaffOf, sign_in_href: Callable[[str], str], path: str
    ) -> None:
        self._kit, self._office, self.path = kit, office, path
        self.staff_of, self.sign_in_href = staff_of, sign_in_href

    async def index(self, request: AnyRequest, staff: StaffUser) -> Response[str]:
        """Cases to begin with, and the records of the clerk's own body."""
        speaker = self._speaker(request)
        found = await self._office.db.read(partial(queries.records, body_id=staff.body_id, limit=SHOWN_MAX))
        context = self._frame(speaker, staff, speaker.say("list.title")) | {
            "cases": [
                Link(href=f"{self.path}/new/{case.id}", text=speaker.title(case), note=case.source)
                for case in speaker.law.cases.values()
            ],
            "columns": speaker.columns(),
            "rows": [speaker.row(one, self._href(one.evidence_id)) for one in found],
        }
        return respond(self._kit, request, "proofing/list.html", context)

    async def choose(self, request: AnyRequest, staff: StaffUser, case_id: str) -> Response[str]:
        """First step: which documents were shown. Sent, it leads on, or says what is missing."""
        speaker = self._speaker(request)
        case = speaker.law.case(case_id)
        pairs = list(request.query_params.multi_items())
        chosen = read_chosen(pairs, speaker.law)
        error: RenkeiError | None = None
        found: Assessment | None = None
        if any(name == "next" for name, _ in pairs):
            try:
                found = self._look(case, chosen, staff, speaker)
            except NothingShown as nothing:
                error = nothing
            if found is not None and found.sufficient:
                return see_other(f"{self.path}/new/{case.id}/details?{urlencode(_pairs(chosen))}")
        return self._choose_page(request, staff, speaker, case, chosen, error, found)

    def _choose_page(
        self, request: AnyRequest, staff: StaffUser, speaker: Speaker, case: Case, chosen: Chosen,
        error: RenkeiError | None, found: Assessment | None,
    ) -> Response[str]:  # fmt: skip
        told = error.sentence(speaker.language.value) if error else ""
        capacities = capacities_of(staff.body_id)
        fields = speaker.choice_fields(case, chosen, speaker.law.measures(case, capacities=capacities), told)
        context = self._frame(speaker, staff, speaker.title(case)) | {
            "breadcrumb": [Link(href=self.path, text=speaker.say("list.title"))],
            "needs": [speaker.say(f"proof.{proof}") for proof in case.needs],
            "source": case.source,
            "fields": fields,
            "action": f"{self.path}/new/{case.id}",
            "missing": speaker.missing(found) if found else [],
            "errors": [FieldError(name=fields[0].name, text=told)] if told else [],
        }
        status = 422 if told or context["missing"] else 200
        return respond(self._kit, request, "proofing/choose.html", context, status=status)

    async def details(self, request: AnyRequest, staff: StaffUser, case_id: str) -> Response[str]:
        """Second step: issuers and terms."""
        speaker = self._speaker(request)
        case = speaker.law.case(case_id)
        chosen = read_chosen(request.query_params.multi_items(), speaker.law)
        if not chosen.kinds:
            return see_other(f"{self.path}/new/{case.id}")
        return self._details_page(request, staff, speaker, case, chosen, lambda name: "", {}, None)

    async def record(self, request: AnyRequest, staff: StaffUser, case_id: str) -> Response[str]:
        """Record it, or say what is missing or wrong, with everything kept that was entered."""
        speaker = self._speaker(request)
        case = speaker.law.case(case_id)
        form = await request.form()
        entered = [(name, text) for name, text in form.multi_items() if isinstance(text, str)]
        chosen = read_chosen(entered, speaker.law)
        typed = dict(reversed(entered))

        def value(name: str) -> str:
            return typed.get(name, "")

        details = read_details(chosen, value, speaker.law)
        errors = dict(details.errors)
        found = assess(
            details.shown, case=case, law=speaker.law, difficult=chosen.difficult,
            capacities=capacities_of(staff.body_id),
        )  # fmt: skip
        if not details.matched:
            errors["matched"] = ItemsNotMatched()
        if errors or not found.sufficient:
            return self._details_page(request, staff, speaker, case, chosen, value, errors, found)
        kept = await self._office.record(
            details.shown, case_id=case.id, matched=details.matched, difficult=chosen.difficult, staff=staff,
            reference=details.reference,
        )  # fmt: skip
        return see_other(self._href(kept.evidence_id))

    def _details_page(
        self, request: AnyRequest, staff: StaffUser, speaker: Speaker, case: Case, chosen: Chosen, value: Value,
        errors: dict[str, RenkeiError], found: Assessment | None,
    ) -> Response[str]:  # fmt: skip
        told = [FieldError(name=name, text=one.sentence(speaker.language.value)) for name, one in errors.items()]
        context = self._frame(speaker, staff, speaker.say("details.title")) | {
            "breadcrumb": [
                Link(href=self.path, text=speaker.say("list.title")),
                Link(href=f"{self.path}/new/{case.id}?{urlencode(_pairs(chosen))}", text=speaker.title(case)),
            ],
            "chosen": _pairs(chosen),
            "parts": speaker.detail_fields(case, chosen, value, errors),
            "fields": speaker.last_fields(value, errors),
            "action": f"{self.path}/new/{case.id}/details",
            "missing": speaker.missing(found) if found else [],
            "unfit": speaker.unfit(found) if found else [],
            "errors": told,
        }
        status = 422 if told or context["missing"] else 200
        return respond(self._kit, request, "proofing/details.html", context, status=status)

    async def show(self, request: AnyRequest, staff: StaffUser, number: str) -> Response[str]:
        """One record of the clerk's own body."""
        speaker = self._speaker(request)
        record: Record = await self._office.db.read(partial(queries.record, evidence_id=word(number)))
        if record.body_id != staff.body_id:
            raise ProofingUnknown()
        context = self._frame(speaker, staff, speaker.say("record.title", number=record.evidence_id)) | {
            "breadcrumb": [Link(href=self.path, text=speaker.say("list.title"))],
            "record": record,
            "state": speaker.state(record),
            "facts": speaker.facts(record),
            "documents": speaker.shown(record.documents),
            "action": f"{self._href(record.evidence_id)}/withdraw",
        }
        return respond(self._kit, request, "proofing/record.html", context)

    async def withdraw(self, request: AnyRequest, staff: StaffUser, number: str) -> Response[str]:
        """Take a record back; sent twice, it is shown as it stands."""
        try:
            await self._office.withdraw(word(number), staff=staff)
        except WithdrawalRefused:
            record: Record = await self._office.db.read(partial(queries.record, evidence_id=word(number)))
            if record.body_id != staff.body_id:
                raise
        return see_other(self._href(word(number)))

    def _look(self, case: Case, chosen: Chosen, staff: StaffUser, speaker: Speaker) -> Assessment:
        shown = first_look(chosen, speaker.law)
        capacities = capacities_of(staff.body_id)
        return assess(shown, case=case, law=speaker.law, difficult=chosen.difficult, capacities=capacities)

    def _speaker(self, request: AnyRequest) -> Speaker:
        return Speaker(self._kit, language_of(request), proofing_law(jst_date(self._office.clock.now())))

    def _frame(self, speaker: Speaker, staff: StaffUser, title: str) -> dict[str, object]:
        return {"title": title, "reader": staff.name}

    def _href(self, number: str) -> str:
        return f"{self.path}/records/{number}"


def _pairs(chosen: Chosen) -> list[tuple[str, str]]:
    kinds: Iterable[tuple[str, str]] = ((holder.value, kind) for holder, kind in chosen.kinds)
    return [*kinds, *(("difficult", proof.value) for proof in sorted(chosen.difficult))]


def handlers(
    *, kit: WebKit, office: ProofingOffice, staff_of: StaffOf, sign_in_href: Callable[[str], str],
    path: str = "/proofing",
) -> list[HTTPRouteHandler]:  # fmt: skip
    """Handlers of the pages, for a page router; see `ProofingPages` for what they need."""
    pages = ProofingPages(kit=kit, office=office, staff_of=staff_of, sign_in_href=sign_in_href, path=path)

    async def as_staff(
        request: AnyRequest, page: Callable[[StaffUser], Awaitable[Response[str]]], back: str
    ) -> Response[str]:
        staff = await pages.staff_of(request)
        return await page(staff) if staff else see_other(pages.sign_in_href(back))

    @get(path)
    async def index(request: AnyRequest) -> Response[str]:
        return await as_staff(request, partial(pages.index, request), path)

    @get(f"{path}/new/{{case_id:str}}")
    async def choose(request: AnyRequest, case_id: FromPath[str]) -> Response[str]:
        return await as_staff(request, partial(pages.choose, request, case_id=case_id), path)

    @get(f"{path}/new/{{case_id:str}}/details")
    async def details(request: AnyRequest, case_id: FromPath[str]) -> Response[str]:
        return await as_staff(request, partial(pages.details, request, case_id=case_id), path)

    @post(f"{path}/new/{{case_id:str}}/details", status_code=200)
    async def record(request: AnyRequest, case_id: FromPath[str]) -> Response[str]:
        return await as_staff(request, partial(pages.record, request, case_id=case_id), path)

    @get(f"{path}/records/{{number:str}}")
    async def show(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        return await as_staff(request, partial(pages.show, request, number=number), path)

    @post(f"{path}/records/{{number:str}}/withdraw", status_code=200)
    async def withdraw(request: AnyRequest, number: FromPath[str]) -> Response[str]:
        return await as_staff(request, partial(pages.withdraw, request, number=number), path)

    return [index, choose, details, record, show, withdraw]
