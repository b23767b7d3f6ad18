"""Entrusting a proxy: the form, the card, and the invitation that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath

from renkei.base.errors import RenkeiError
from renkei.base.identifier_errors import DateInvalid, DateOutsideEra
from renkei.base.time import jst_date
from renkei.base.wareki import parse_date
from renkei.contracts.identity import Acr, ProxyKind, Realm
from renkei.institutions.identity.errors.proxies import (
    ProxyCardNeeded,
    ProxyFieldMissing,
    ProxyNameWrong,
    ProxyScopeWrong,
    ProxyStepRefused,
    ProxyTermWrong,
    ProxyUnknown,
)
from renkei.institutions.identity.model.proxies import Limits, ProxyState, Rule, chosen_limits, rule_of
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations import proxies as operations
from renkei.institutions.identity.web import sessions
from renkei.institutions.identity.web.proxy_parts import Parts, ProxyPages, new_id
from renkei.institutions.identity.web.proxy_views import GrantForm
from renkei.platform.web.pages import AnyRequest, see_other, word
from renkei.platform.web.parts import FieldError


class GrantPages(ProxyPages):
    """The principal's side."""

    async def new(
        self,
        request: AnyRequest,
        kind_word: str,
        *,
        form: GrantForm | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response[str]:
        """The form of a new proxy."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/new/{word(kind_word)}")
        kind = _granted_kind(kind_word)
        speaker, today = self.speaker(request), jst_date(self.means.clock.now())
        told = errors or {}
        rule = rule_of(kind, today)
        context = await self.frame(speaker, speaker.say(f"grant.title.{kind}"), session) | {
            "lead": speaker.say(f"grant.lead.{kind}"),
            "fields": speaker.grant_fields(kind, rule, form or GrantForm(), told, today=today),
            "source": rule.source,
            "action": f"{self.path}/proxies/new/{kind}",
            "errors": [FieldError(name=name, text=text) for name, text in told.items()],
        }
        return self.page(request, session, "new", context, status=422 if told else 200)

    async def draft(self, request: AnyRequest, kind_word: str, form: GrantForm) -> Response[str]:
        """Keep what was entered, and ask for the card."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/new/{word(kind_word)}")
        kind, now = _granted_kind(kind_word), self.means.clock.now()
        read = read_grant(kind, form, today=jst_date(now))
        if isinstance(read, Mapping):
            speaker = self.speaker(request)
            told = {name: speaker.told(name, error) for name, error in read.items()}
            return await self.new(request, kind, form=form, errors=told)
        made = await self.means.db.write(
            partial(
                operations.draft, session=session, proxy_id=new_id(), kind=kind, limits=read, actor_name=form.name,
                now=now,
            )
        )  # fmt: skip
        return see_other(self._prove(made.proxy_id, session))

    async def confirm_page(self, request: AnyRequest, proxy_id: str) -> Response[str]:
        """What is about to be entrusted, once more, after the card."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/{proxy_id}/confirm", acr=Acr.CARD)
        speaker = self.speaker(request)
        found = await self.means.db.read(
            partial(operations.own, proxy_id=proxy_id, account_id=session.account_id)
        )  # fmt: skip
        if speaker.state(found) is not ProxyState.DRAFT:
            return see_other(f"{self.path}/proxies/{proxy_id}")
        context = await self.frame(speaker, speaker.say("confirm.title"), session) | {
            "name": found.actor_name,
            "facts": speaker.summary(found),
            "action": f"{self.path}/proxies/{proxy_id}",
        }
        return self.page(request, session, "confirm", context)

    async def confirm(self, request: AnyRequest, proxy_id: str) -> Response[str]:
        """Entrust it; without a fresh card it is asked for."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/{proxy_id}/confirm", acr=Acr.CARD)
        now, key = self.means.clock.now(), self.means.session_key
        try:
            await self.means.db.write(
                partial(operations.confirm, session=session, proxy_id=proxy_id, key=key, now=now)
            )  # fmt: skip
        except ProxyCardNeeded:
            return see_other(self._prove(proxy_id, session))
        except ProxyStepRefused:  # most often the same form sent twice
            pass
        return see_other(f"{self.path}/proxies/{proxy_id}")

    def _prove(self, proxy_id: str, session: Session) -> str:
        """Where the principal shows the card for a draft."""
        back = f"{self.path}/proxies/{proxy_id}/confirm"
        return sessions.sign_in_href(
            self.means, realm=Realm.MAIN, back=back, acr=Acr.CARD, fresh=True, account_id=session.account_id
        )


def read_grant(kind: ProxyKind, form: GrantForm, *, today: date) -> Limits | Mapping[str, RenkeiError]:
    """The limits that a form says, or what is wrong with it, by field."""
    rule: Rule = rule_of(kind, today)
    term = ProxyTermWrong(days_max=rule.days_max)
    errors: dict[str, RenkeiError] = {}
    try:
        operations.parse_name(form.name)
    except ProxyNameWrong as error:
        errors["name"] = error if form.name.strip() else ProxyFieldMissing()
    days: dict[str, date | None] = {}
    for name, text in (("from_day", form.from_day), ("until", form.until)):
        try:
            days[name] = read_day(text)
        except ValueError:
            errors[name] = term
    affairs = form.areas if len(rule.affairs) > 1 else rule.affairs
    entered = (("affairs", affairs), ("acts", form.doing), ("until", form.until.strip()))
    errors |= {name: ProxyFieldMissing() for name, value in entered if not value}
    if errors:
        return errors
    try:
        return chosen_limits(
            kind, affairs=affairs, acts=form.doing, from_day=days["from_day"], until=days["until"], today=today
        )
    except ProxyTermWrong as error:
        return {"until": error}
    except ProxyScopeWrong as error:
        return {"acts": error}


def _granted_kind(text: str) -> ProxyKind:
    """A kind that a principal entrusts."""
    if text not in (ProxyKind.MANDATE.value, ProxyKind.TAX_ACCOUNTANT.value):
        raise ProxyUnknown()
    return ProxyKind(text)


def read_day(text: str) -> date | None:
    """A day as people write it, of the Japanese calendar or the Western one; None where nothing was typed.

    Raises:
        ValueError: no such day.
    """
    if not text.strip():
        return None
    try:
        return parse_date(text.strip())
    except (DateInvalid, DateOutsideEra) as error:
        raise ValueError("no day") from error


def grant_handlers(parts: Parts) -> list[HTTPRouteHandler]:
    """Handlers of the principal's side."""
    pages = GrantPages(parts)
    here = f"{pages.path}/proxies"

    @get(f"{here}/new/{{kind:str}}")
    async def new(request: AnyRequest, kind: FromPath[str]) -> Response[str]:
        return await pages.new(request, kind)

    @post(f"{here}/new/{{kind:str}}", status_code=200)
    async def draft(
        request: AnyRequest,
        kind: FromPath[str],
        data: Annotated[GrantForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[str]:
        return await pages.draft(request, kind, data)

    @get(f"{here}/{{proxy_id:str}}/confirm")
    async def confirm_page(request: AnyRequest, proxy_id: FromPath[str]) -> Response[str]:
        return await pages.confirm_page(request, word(proxy_id))

    @post(f"{here}/{{proxy_id:str}}/confirm", status_code=200)
    async def confirm(request: AnyRequest, proxy_id: FromPath[str]) -> Response[str]:
        return await pages.confirm(request, word(proxy_id))

    return [new, draft, confirm_page, confirm]
