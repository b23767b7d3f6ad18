"""Accepting a proxy: a code, what it offers, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath
from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.institutions.identity.errors.proxies import (
    InvitationGuessesSpent,
    InvitationUnknown,
    ProxyStepRefused,
    ProxyUnknown,
)
from renkei.institutions.identity.model.proxies import Proxy, ProxyState
from renkei.institutions.identity.operations import proxies as operations
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.queries.accounts import name_of
from renkei.institutions.identity.web.proxy_parts import Parts, ProxyPages
from renkei.platform.web.pages import AnyRequest, see_other, word
from renkei.platform.web.parts import Fact, Field, FieldError

CODE_MAX = 40


@dataclass(frozen=True)
class CodeForm:
    """An invitation's code as it is typed."""

    code: str = ""


@dataclass(frozen=True)
class DecisionForm:
    """What whoever is to act decides."""

    decision: str = ""


class AcceptPages(ProxyPages):
    """The side that is to act."""

    async def accept_page(self, request: AnyRequest, *, error: RenkeiError | None = None) -> Response[str]:
        """Where a code is entered."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies/accept")
        speaker = self.speaker(request)
        told = error.sentence(speaker.language.value) if error else ""
        context = await self.frame(speaker, speaker.say("accept.title"), session) | {
            "fields": [
                Field(
                    name="code", label=speaker.say("accept.code"), support=speaker.say("accept.code_support"),
                    required=True, error=told, width="half", autocomplete="off",
                )
            ],
            "action": f"{self.path}/proxies/accept",
            "errors": [FieldError(name="code", text=told)] if told else [],
        }  # fmt: skip
        return self.page(request, session, "accept", context, status=error.status.http if error else 200)

    async def accept(self, request: AnyRequest, form: CodeForm) -> Response[str]:
        """Take an invitation by its code."""
        session = await self.session(request)
        if session is None:
            return self.sign_in("/proxies/accept")
        now, key, db = self.means.clock.now(), self.means.session_key, self.means.db
        left = await db.read(partial(operations.guesses_left, account_id=session.account_id, now=now))
        if left <= 0:
            return await self.accept_page(request, error=InvitationGuessesSpent())
        try:
            found = await db.write(
                partial(operations.claim, session=session, text=form.code[:CODE_MAX], key=key, now=now)
            )  # fmt: skip
        except RenkeiError as error:
            return await self.accept_page(request, error=error)
        if found is None:
            return await self.accept_page(request, error=InvitationUnknown())
        return see_other(f"{self.path}/proxies/{found.proxy_id}/invitation")

    async def invitation(
        self, request: AnyRequest, proxy_id: str, *, error: RenkeiError | None = None
    ) -> Response[str]:  # fmt: skip
        """What somebody would entrust to the reader."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/{proxy_id}/invitation")
        speaker = self.speaker(request)
        found, principal = await self.means.db.read(
            partial(_offered, proxy_id=proxy_id, account_id=session.account_id)
        )  # fmt: skip
        if speaker.state(found) is not ProxyState.OPEN:
            return see_other(f"{self.path}/proxies")
        context = await self.frame(speaker, speaker.say("invitation.title", name=principal), session) | {
            "name": principal,
            "facts": [Fact(term=speaker.say("fact.principal"), value=principal), *speaker.summary(found)],
            "refusal": error.sentence(speaker.language.value) if error else "",
            "action": f"{self.path}/proxies/{proxy_id}/decide",
        }
        return self.page(request, session, "invitation", context, status=error.status.http if error else 200)

    async def decide(self, request: AnyRequest, proxy_id: str, form: DecisionForm) -> Response[str]:
        """Accept or refuse."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"/proxies/{proxy_id}/invitation")
        if form.decision not in ("accept", "refuse"):
            return see_other(f"{self.path}/proxies/{proxy_id}/invitation")
        now, accept = self.means.clock.now(), form.decision == "accept"
        registered = accept and await self.parts.registered(session.account_id)
        try:
            await self.means.db.write(
                partial(
                    operations.decide, session=session, proxy_id=proxy_id, accept=accept, registered=registered, now=now
                )
            )  # fmt: skip
        except ProxyStepRefused:  # decided before, or over: the list tells which
            pass
        except ProxyUnknown:
            raise
        except RenkeiError as error:
            return await self.invitation(request, proxy_id, error=error)
        return see_other(f"{self.path}/proxies")


def _offered(conn: Connection, proxy_id: str, account_id: str) -> tuple[Proxy, str]:
    found = queries.get(conn, proxy_id)
    if found.actor_id != account_id:
        raise ProxyUnknown()
    return found, name_of(conn, found.principal_id) or found.principal_name


def accept_handlers(parts: Parts) -> list[HTTPRouteHandler]:
    """Handlers of the side that is to act."""
    pages = AcceptPages(parts)
    here = f"{pages.path}/proxies"

    @get(f"{here}/accept")
    async def accept_page(request: AnyRequest) -> Response[str]:
        return await pages.accept_page(request)

    @post(f"{here}/accept", status_code=200)
    async def accept(
        request: AnyRequest, data: Annotated[CodeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await pages.accept(request, data)

    @get(f"{here}/{{proxy_id:str}}/invitation")
    async def invitation(request: AnyRequest, proxy_id: FromPath[str]) -> Response[str]:
        return await pages.invitation(request, word(proxy_id))

    @post(f"{here}/{{proxy_id:str}}/decide", status_code=200)
    async def decide(
        request: AnyRequest,
        proxy_id: FromPath[str],
        data: Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[str]:
        return await pages.decide(request, word(proxy_id), data)

    return [accept_page, accept, invitation, decide]
