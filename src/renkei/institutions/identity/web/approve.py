"""The page on which a person sees who wants what, and decides.

A decision changes the ask by a form only; the address of the page shows what came of it and sends the browser on, so
that a reload or a second press does nothing twice. The form carries a seal over the session and everything that it
showed: in another session, or where a value has changed since, it is worth nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Protocol

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.encoding import MaskedStruct, to_base64url
from renkei.base.time import to_ms
from renkei.contracts.identity import ClaimsOf, Scope
from renkei.institutions.identity.errors.asks import (
    AskClientStopped,
    AskDecided,
    AskExpired,
    AskFormStale,
    AskOfAnother,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved, Ask, AskKind, AskState, Outcome, Standing
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.consents import (
    AskRefused,
    Needed,
    always_asks,
    approved_of,
    proved_enough,
)
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.signing import SignTransaction
from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.operations import asks, consents, signing
from renkei.institutions.identity.store.base import audit_table
from renkei.institutions.identity.web.asks.parts import onward
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.asks.person import leave_action, shared_headers
from renkei.institutions.identity.web.asks.views import CHOOSABLE, Teller, split
from renkei.platform.audit_store import audit
from renkei.platform.web.pages import AnyRequest, language_of, page_router, respond, see_other, word

FINISH, APPROVE = "finish", "approve"


@dataclass(frozen=True)
class DecisionForm:
    """What the person decided; a browser sends one tick as a text, several as a list."""

    decision: str = ""
    seal: str = ""
    items: str | list[str] = field(default_factory=list)

    @property
    def ticked(self) -> tuple[str, ...]:
        """The items left in."""
        return (self.items,) if isinstance(self.items, str) else tuple(self.items)


class Seen(MaskedStruct, frozen=True, kw_only=True):
    """Everything that the page rests on, read in one snapshot."""

    client: Client
    claims: ClaimsOf | None
    transaction: SignTransaction | None
    reader: str
    needed: bool


class SetTask(Protocol):
    """Turns an agreement to sign into a task for the card; returns the page of it."""

    async def __call__(self, approved: Approved, client: Client, transaction: SignTransaction, ask: Ask) -> str: ...


class ApprovalPages:
    """The page, its form, and what comes after."""

    def __init__(self, means: Means, people: People, *, set_task: SetTask) -> None:
        self._means, self._people, self._set_task = means, people, set_task
        self._kit, self._path = means.kit, means.settings.path

    async def show(self, request: AnyRequest, ask_id: str) -> Response[str]:
        """Ask, pass on, or tell what came of it."""
        now = self._means.clock.now()
        standing = await self._means.db.read(partial(asks.standing, ask_id=ask_id, now=now))
        session = await self._people.current(request, standing.ask.realm)
        if standing.state is not AskState.OPEN:
            return await self._over(request, standing, session)
        if standing.expired:
            raise AskExpired()
        ask = standing.ask
        if session is None or not proved_enough(ask, session, now_ms=to_ms(now)):
            return await self._sign_in(request, ask, session, now)
        if ask.account_id and ask.account_id != session.account_id:
            return await self._of_another(request, ask, now)
        seen = await self._see(ask, session, now)
        if not seen.needed:
            return await self._pass(request, ask, session, seen, now)
        if "none" in ask.prompt:
            step = Outcome.INTERACTION if ask.payments or ask.sign_transaction_id else Outcome.CONSENT
            return await self._unasked(request, ask, step, now)
        return self._page(request, ask, session, seen)

    async def decide(self, request: AnyRequest, ask_id: str, form: DecisionForm) -> Response[str]:
        """Take the decision. The first one counts."""
        now = self._means.clock.now()
        standing = await self._means.db.read(partial(asks.standing, ask_id=ask_id, now=now))
        ask = standing.ask
        session = await self._people.current(request, ask.realm)
        if standing.state is not AskState.OPEN:
            return self._again(ask)
        if standing.expired:
            raise AskExpired()
        if session is None or not proved_enough(ask, session, now_ms=to_ms(now)):
            return await self._sign_in(request, ask, session, now)
        if ask.account_id and ask.account_id != session.account_id:
            raise AskOfAnother()
        seen = await self._see(ask, session, now)
        if not hmac.compare_digest(form.seal.encode(), self._seal(ask, session, seen).encode()):
            raise AskFormStale()
        if form.decision == "deny":
            await self._means.db.write(partial(_deny, ask=ask, session=session, now=now))
            return self._again(ask)
        if form.decision != "approve":
            return self._page(request, ask, session, seen)
        parts = split(ask, seen.claims)
        chosen = {*parts.fixed, *(item for item in parts.choosable if item.value in form.ticked)}
        approved = approved_of(ask, session, chosen)
        if seen.transaction is not None:
            return see_other(await self._set_task(approved, seen.client, seen.transaction, ask))
        await self._means.db.write(
            partial(keep, approved=approved, now=now, sub=self._sub(seen.client, session), asked=True)
        )
        return self._again(ask)

    # --- what happens without a question ---

    async def _pass(self, request: AnyRequest, ask: Ask, session: Session, seen: Seen, now: datetime) -> Response[str]:
        """Nothing is left to ask: everything was agreed to before, or goes without saying."""
        parts = split(ask, seen.claims)
        approved = approved_of(ask, session, {*parts.fixed, *parts.choosable})
        await self._means.db.write(
            partial(keep, approved=approved, now=now, sub=self._sub(seen.client, session), asked=False)
        )
        return self._leave(request, ask)

    async def _sign_in(self, request: AnyRequest, ask: Ask, session: Session | None, now: datetime) -> Response[str]:
        if "none" in ask.prompt:
            return await self._unasked(request, ask, Outcome.LOGIN, now)
        href = self._people.sign_in_href(
            realm=ask.realm, back=self._href(ask), acr=ask.acr, fresh=session is not None, account_id=ask.account_id
        )
        return see_other(href)

    async def _of_another(self, request: AnyRequest, ask: Ask, now: datetime) -> Response[str]:
        if "none" in ask.prompt:
            return await self._unasked(request, ask, Outcome.LOGIN, now)
        raise AskOfAnother()

    async def _unasked(self, request: AnyRequest, ask: Ask, reason: Outcome, now: datetime) -> Response[str]:
        await self._means.db.write(partial(_deny, ask=ask, session=None, now=now, reason=reason))
        return self._leave(request, ask)

    # --- after the decision ---

    async def _over(self, request: AnyRequest, standing: Standing, session: Session | None) -> Response[str]:
        """Tell the one who decided, and send the browser on; anyone else learns nothing."""
        ask = standing.ask
        if standing.session_id and (session is None or session.session_id != standing.session_id):
            raise AskDecided()
        if ask.kind is AskKind.CODE:
            if standing.state is AskState.USED:
                raise AskDecided()
            return self._leave(request, ask)
        client = await self._means.db.read(partial(self._client, ask=ask))
        teller = self._teller(request)
        approved = standing.state is not AskState.DENIED
        heading, text = teller.over(ask, client, approved=approved)
        context = self._frame(teller, heading, "") | {"heading": heading, "text": text, "approved": approved}
        return respond(self._kit, request, "identity/asks/done.html", context)

    def _leave(self, request: AnyRequest, ask: Ask) -> Response[str]:
        if ask.kind is AskKind.CODE:
            return onward(self._kit, request, f"{self._path}/{FINISH}/{ask.ask_id}")
        return self._again(ask)

    def _again(self, ask: Ask) -> Response[str]:
        return see_other(self._href(ask))

    def _href(self, ask: Ask) -> str:
        return f"{self._path}/{APPROVE}/{ask.ask_id}"

    # --- the page ---

    def _page(self, request: AnyRequest, ask: Ask, session: Session, seen: Seen) -> Response[str]:
        teller = self._teller(request)
        parts, claims, client = split(ask, seen.claims), seen.claims, seen.client
        title = teller.title(ask, client)
        shown = [*parts.fixed, *parts.choosable]
        disclosed = teller.four(claims) if claims is not None and seen.transaction is not None else []
        context = self._frame(teller, title, seen.reader) | {
            "who": teller.who(ask, client),
            "message": ask.message,
            "message_what": "device" if ask.kind is AskKind.DEVICE else "backchannel",
            "payments": [teller.payment(one) for one in ask.payments],
            "steps": teller.sign_steps(at=0) if seen.transaction else [],
            "documents": teller.documents(seen.transaction) if seen.transaction else [],
            "purpose": seen.transaction.purpose if seen.transaction else "",
            "disclosed": disclosed,
            "fixed": teller.facts(parts.fixed, claims),
            "choices": teller.choices(parts.choosable, claims, ticked=[one.value for one in parts.choosable])
            if parts.choosable
            else None,
            "unavailable": [teller.label(item) for item in parts.unavailable],
            "lacking": _lacking(ask, parts.unavailable),
            "stale": claims is not None and claims.stale,
            "account_href": self._people.account_href,
            "substitutes": teller.substitutes(claims, CHOOSABLE if seen.transaction else shown),
            "approve_text": teller.approve_text(ask),
            "deny_text": teller.deny_text(ask),
            "expires": teller.expires(ask),
            "action": self._href(ask),
            "seal": self._seal(ask, session, seen),
            "declined": "declined" in request.query_params,
            "standins": [teller.say("standin")] if session.test else [],
            "leave_action": leave_action(self._means, session),
        }
        headers = shared_headers(self._means, session)
        return respond(self._kit, request, "identity/asks/approve.html", context, headers=headers)

    async def _see(self, ask: Ask, session: Session, now: datetime) -> Seen:
        return await self._means.db.read(partial(self._read, ask=ask, session=session, now=now))

    def _read(self, conn: Connection, ask: Ask, session: Session, now: datetime) -> Seen:
        client = self._client(conn, ask)
        account_id = session.account_id
        transaction = None
        if ask.sign_transaction_id:
            transaction = signing.wanted(conn, ask.sign_transaction_id, now, client_id=ask.client_id)
        claims = self._people.claims_of(conn, account_id)
        left: Needed = consents.needed(conn, account_id, client, ask.scopes, ask.claims, always=always_asks(ask))
        # What cannot be given is not asked about again and again where the person has nothing to decide.
        gone = split(ask, claims).unavailable
        return Seen(
            client=client, claims=claims, transaction=transaction, reader=self._people.name_of(conn, account_id),
            needed=left.always or _lacking(ask, gone) or any(item not in gone for item in left.items),
        )  # fmt: skip

    def _client(self, conn: Connection, ask: Ask) -> Client:
        client = self._people.client_of(conn, ask.client_id)
        if client.stopped:
            raise AskClientStopped()
        return client

    def _seal(self, ask: Ask, session: Session, seen: Seen) -> str:
        body = msgspec.json.encode((ask, session.session_id, seen.claims, seen.transaction))
        return to_base64url(hmac.new(self._means.session_key, b"ask seal\x00" + body, hashlib.sha256).digest())

    def _sub(self, client: Client, session: Session) -> str:
        return pairwise_subject(self._means.pairwise_key, sector=client.sector, account_id=session.account_id)

    def _teller(self, request: AnyRequest) -> Teller:
        return Teller(
            self._kit, language_of(request), now=self._means.clock.now(),
            refresh_life=self._means.settings.refresh_life,
        )  # fmt: skip

    def _frame(self, teller: Teller, title: str, reader: str) -> dict[str, object]:
        return {"title": title, "reader": teller.say("reader", name=reader) if reader else ""}


def keep(conn: Connection, *, approved: Approved, now: datetime, sub: str, asked: bool) -> None:
    """An approval and its consent: both or neither.

    Raises:
        AskUnknown, AskExpired, AskDecided.
    """
    asks.approve(conn, approved, now)
    consents.record(conn, approved, now, sub=sub, asked=asked)


def _deny(
    conn: Connection, *, ask: Ask, session: Session | None, now: datetime, reason: Outcome = Outcome.DENIED
) -> None:
    asks.deny(
        conn, ask.ask_id, now, account_id=session.account_id if session else ask.account_id,
        session_id=session.session_id if session else "", reason=reason,
    )  # fmt: skip
    event = AskRefused(ask=ask.ask_id, client=ask.client_id, reason=reason.value)
    audit(conn, audit_table, event, now=now)


def _lacking(ask: Ask, unavailable: Sequence[Scope]) -> bool:
    """Whether something is missing without which the client cannot go on."""
    return any(item.value in ask.essential for item in unavailable)


def handlers(means: Means, people: People, *, set_task: SetTask) -> list[ControllerRouterHandler]:
    """The approval page.

    Args:
        set_task: `web.signing`: an agreement to sign goes to the card first.
    """
    pages = ApprovalPages(means, people, set_task=set_task)
    here = f"{means.settings.path}/{APPROVE}/{{ask_id:str}}"

    @get(here)
    async def show(request: AnyRequest, ask_id: FromPath[str]) -> Response[str]:
        return await pages.show(request, word(ask_id))

    @post(here, status_code=200)
    async def decide(
        request: AnyRequest,
        ask_id: FromPath[str],
        data: Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[str]:
        return await pages.decide(request, word(ask_id), data)

    return [page_router(means.kit, [show, decide])]
