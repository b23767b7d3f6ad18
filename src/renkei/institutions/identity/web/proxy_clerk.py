"""A clerk's pages: enter a parent's or guardian's authority, and switch protection on for whoever asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.errors import Invalid, Refused, RenkeiError
from renkei.contracts.identity import Acr, ProxyKind, Realm, StaffUser
from renkei.contracts.proofing import ProofingPort, ProofingUnknown, ProofingWithdrawn, ProvenIdentity
from renkei.institutions.identity.errors.proxies import (
    BirthDiffers,
    CounterCodeUnknown,
    DayUnreadable,
    EvidenceUnfit,
    NotAMinor,
    ProxyFieldMissing,
    ProxyTermWrong,
)
from renkei.institutions.identity.operations import protection
from renkei.institutions.identity.operations import proxies as operations
from renkei.institutions.identity.web import sessions
from renkei.institutions.identity.web.proxy_granting import read_day
from renkei.institutions.identity.web.proxy_parts import Parts, new_id
from renkei.institutions.identity.web.proxy_views import Speaker
from renkei.platform.web.pages import AnyRequest, language_of, page_router, respond, see_other
from renkei.platform.web.parts import Choice, Field, FieldError

StaffOf = Callable[[AnyRequest], Awaitable[StaffUser | None]]
"""Which clerk is signed in at this terminal; None for nobody."""
KINDS = (ProxyKind.PARENT, ProxyKind.GUARDIAN)
TEXT_MAX = 40


@dataclass(frozen=True)
class EnterForm:
    """A proxy as a clerk enters it."""

    kind: str = ""
    evidence: str = ""
    principal_code: str = ""
    actor_code: str = ""
    birth: str = ""
    until: str = ""


@dataclass(frozen=True)
class ProtectForm:
    """Whom to protect, or no longer."""

    code: str = ""
    step: str = "on"


_FIELD: Mapping[type[RenkeiError], str] = {
    ProofingUnknown: "evidence",
    ProofingWithdrawn: "evidence",
    EvidenceUnfit: "evidence",
    NotAMinor: "birth",
    BirthDiffers: "birth",
    ProxyTermWrong: "until",
}


class ClerkPages:
    """The pages. Nobody sees them without a clerk's sign-in."""

    def __init__(self, parts: Parts, *, staff_of: StaffOf, proofing: ProofingPort) -> None:
        self._parts, self._means, self._proofing = parts, parts.means, proofing
        self.staff_of, self.path = staff_of, f"{parts.means.settings.path}/clerk"

    async def enter_page(
        self, request: AnyRequest, staff: StaffUser, *, form: EnterForm | None = None,
        errors: Mapping[str, RenkeiError] | None = None,
    ) -> Response[str]:  # fmt: skip
        """The form of a statutory agent."""
        speaker = self._speaker(request)
        told = {name: speaker.told(name, error) for name, error in (errors or {}).items()}
        context = self._frame(speaker, staff, speaker.say("clerk.title")) | {
            "fields": _fields(speaker, form or EnterForm(), told),
            "action": f"{self.path}/proxies",
            "done": "done" in request.query_params and not told,
            "errors": [FieldError(name=name, text=text) for name, text in told.items()],
        }
        status = max((error.status.http for error in (errors or {}).values()), default=200)
        return respond(self._means.kit, request, "identity/proxies/clerk.html", context, status=status)

    async def enter(self, request: AnyRequest, staff: StaffUser, form: EnterForm) -> Response[str]:
        """Enter it."""
        errors: dict[str, RenkeiError] = {
            name: ProxyFieldMissing()
            for name in ("evidence", "principal_code", "actor_code")
            if not getattr(form, name).strip()
        }
        if form.kind not in KINDS:
            errors["kind"] = ProxyFieldMissing()
        days: dict[str, date | None] = {}
        for name, text in (("birth", form.birth), ("until", form.until)):
            try:
                days[name] = read_day(text)
            except ValueError:
                errors[name] = DayUnreadable()
        if form.kind == ProxyKind.PARENT and not form.birth.strip():
            errors["birth"] = ProxyFieldMissing()
        if errors:
            return await self.enter_page(request, staff, form=form, errors=errors)
        try:
            evidence = await self._proofing.evidence(form.evidence[:TEXT_MAX])
            await self._means.db.write(
                partial(_enter, form=form, days=days, staff=staff, evidence=evidence, parts=self._parts)
            )  # fmt: skip
        except (Refused, Invalid) as error:
            at = error.private if isinstance(error, CounterCodeUnknown) else _FIELD.get(type(error), "kind")
            return await self.enter_page(request, staff, form=form, errors={at: error})
        return see_other(f"{self.path}/proxies?done=1")

    async def protect_page(
        self, request: AnyRequest, staff: StaffUser, *, error: RenkeiError | None = None
    ) -> Response[str]:
        """The safety switch, from the counter."""
        speaker = self._speaker(request)
        told = error.sentence(speaker.language.value) if error else ""
        done = request.query_params.get("done", "")
        context = self._frame(speaker, staff, speaker.say("clerk.protect.title")) | {
            "fields": [
                Field(
                    name="code", label=speaker.say("clerk.protect.code"), support=speaker.say("clerk.code_support"),
                    required=True, error=told, width="half", autocomplete="off",
                ),
                Field(
                    name="step", label=speaker.say("clerk.protect.step"), kind="radios", required=True, value="on",
                    choices=tuple(
                        Choice(value=step, text=speaker.say(f"clerk.protect.{step}")) for step in ("on", "off")
                    ),
                ),
            ],
            "done": done if done in ("on", "off") and not told else "",
            "action": f"{self.path}/protection",
            "errors": [FieldError(name="code", text=told)] if told else [],
        }  # fmt: skip
        status = error.status.http if error else 200
        return respond(self._means.kit, request, "identity/proxies/clerk_protection.html", context, status=status)

    async def protect(self, request: AnyRequest, staff: StaffUser, form: ProtectForm) -> Response[str]:
        """Switch it on or off."""
        step = "off" if form.step == "off" else "on"
        try:
            await self._means.db.write(
                partial(_protect, code=form.code[:TEXT_MAX], step=step, staff=staff, parts=self._parts)
            )
        except CounterCodeUnknown as error:
            return await self.protect_page(request, staff, error=error)
        return see_other(f"{self.path}/protection?done={step}")

    def sign_in(self, back: str) -> Response[str]:
        """Send the reader to sign in as staff."""
        return see_other(sessions.sign_in_href(self._means, realm=Realm.STAFF, back=back, acr=Acr.CARD))

    def _speaker(self, request: AnyRequest) -> Speaker:
        path = self._means.settings.path
        return Speaker(self._means.kit, language_of(request), path=path, now=self._means.clock.now())

    def _frame(self, speaker: Speaker, staff: StaffUser, title: str) -> dict[str, object]:
        return {"title": title, "reader": staff.name, "path": self._means.settings.path}


def _enter(
    conn: Connection, *, form: EnterForm, days: Mapping[str, date | None], staff: StaffUser,
    evidence: ProvenIdentity, parts: Parts,
) -> None:  # fmt: skip
    """Spend both codes and enter the proxy: all of it or nothing."""
    now, key = parts.means.clock.now(), parts.means.session_key
    found = {}
    for name in ("principal_code", "actor_code"):
        try:
            found[name] = operations.use_counter_code(conn, getattr(form, name)[:TEXT_MAX], key=key, now=now)
        except CounterCodeUnknown:
            raise CounterCodeUnknown(private=name) from None
    operations.grant_by_clerk(
        conn, staff, proxy_id=new_id(), kind=ProxyKind(form.kind), evidence=evidence,
        principal_id=found["principal_code"], actor_id=found["actor_code"], birth=days["birth"], until=days["until"],
        now=now,
    )  # fmt: skip


def _protect(conn: Connection, *, code: str, step: str, staff: StaffUser, parts: Parts) -> None:
    now = parts.means.clock.now()
    account_id = operations.use_counter_code(conn, code, key=parts.means.session_key, now=now)
    if step == "on":
        protection.protect(conn, account_id, now, staff=staff, ended=parts.ended)
    else:
        protection.lift(conn, account_id, now, staff=staff)


def _fields(speaker: Speaker, form: EnterForm, told: Mapping[str, str]) -> list[Field]:
    def text(name: str, *, required: bool, short: bool = False) -> Field:
        return Field(
            name=name, label=speaker.say(f"clerk.{name}"), support=speaker.say(f"clerk.{name}_support"),
            value=getattr(form, name), required=required, error=told.get(name, ""),
            width="short" if short else "half", autocomplete="off",
        )  # fmt: skip

    kinds = Field(
        name="kind", label=speaker.say("clerk.kind"), kind="radios", required=True, value=form.kind,
        error=told.get("kind", ""),
        choices=tuple(
            Choice(value=kind, text=speaker.say(f"kind.{kind}"), note=speaker.say(f"rests.{kind}")) for kind in KINDS
        ),
    )  # fmt: skip
    return [
        kinds, text("evidence", required=True), text("principal_code", required=True),
        text("actor_code", required=True), text("birth", required=False, short=True),
        text("until", required=False, short=True),
    ]  # fmt: skip


def handlers(parts: Parts, *, staff_of: StaffOf, proofing: ProofingPort) -> list[ControllerRouterHandler]:
    """A clerk's pages, below `{path}/clerk`.

    Args:
        staff_of: which clerk is signed in at this terminal.
        proofing: the body's records of proofing.
    """
    pages = ClerkPages(parts, staff_of=staff_of, proofing=proofing)
    entering, protecting = f"{pages.path}/proxies", f"{pages.path}/protection"

    @get(entering)
    async def enter_page(request: AnyRequest) -> Response[str]:
        staff = await pages.staff_of(request)
        return await pages.enter_page(request, staff) if staff else pages.sign_in(entering)

    @post(entering, status_code=200)
    async def enter(
        request: AnyRequest, data: Annotated[EnterForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        staff = await pages.staff_of(request)
        return await pages.enter(request, staff, data) if staff else pages.sign_in(entering)

    @get(protecting)
    async def protect_page(request: AnyRequest) -> Response[str]:
        staff = await pages.staff_of(request)
        return await pages.protect_page(request, staff) if staff else pages.sign_in(protecting)

    @post(protecting, status_code=200)
    async def protect(
        request: AnyRequest, data: Annotated[ProtectForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        staff = await pages.staff_of(request)
        return await pages.protect(request, staff, data) if staff else pages.sign_in(protecting)

    return [page_router(parts.means.kit, [enter_page, enter, protect_page, protect])]
