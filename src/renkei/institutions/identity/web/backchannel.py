"""CIBA (Client-Initiated Backchannel Authentication Core 1.0, poll mode), and the person's page of asks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get, post
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.encoding import MaskedStruct, to_base64url
from renkei.base.time import from_ms, to_ms
from renkei.contracts.identity import BACKCHANNEL_GRANT, Path, Realm
from renkei.institutions.identity.errors.asks import (
    BindingMessageMalformed,
    CallNumbersSpent,
    PersonUnknownHere,
)
from renkei.institutions.identity.errors.protocol import RequestMalformed
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Ask, AskKind
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.device import (
    BINDING_MESSAGE_MAX,
    CALL_NUMBER_LIFE,
    GUESS_WINDOW,
    INTERVAL,
    readable,
    shown_code,
)
from renkei.institutions.identity.model.requests import read_payments
from renkei.institutions.identity.model.tokens import GrantHandler
from renkei.institutions.identity.operations import backchannel, waiting
from renkei.institutions.identity.queries import asks as queries
from renkei.institutions.identity.queries.consents import account_named
from renkei.institutions.identity.web.asks.grants import Issue, waiting_grant
from renkei.institutions.identity.web.asks.oauth import (
    Authenticated,
    acr_of,
    oauth_router,
    purpose_of,
    registered_for,
    scopes_of,
)
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.asks.person import PersonPages, shared_headers
from renkei.institutions.identity.web.asks.views import Teller
from renkei.institutions.identity.web.oauth_errors import json_answer
from renkei.platform.web.pages import AnyRequest, page_router, respond, see_other
from renkei.platform.web.parts import Link

HINTS = ("login_hint", "login_hint_token", "id_token_hint")
HINT_MAX = 128
ASKS = "asks"


class BackchannelAnswer(MaskedStruct, frozen=True, kw_only=True):
    """What a client gets (§7.3)."""

    auth_req_id: str
    expires_in: int
    """Seconds."""
    interval: int
    """Seconds."""


class Backchannel:
    """The endpoint."""

    def __init__(self, means: Means, authenticated: Authenticated) -> None:
        self._means, self._authenticated = means, authenticated

    async def begin(self, request: AnyRequest) -> Response[bytes]:
        """Ask a person on their own device (§7).

        `login_hint` is the pairwise subject by which the client knows the person; `login_hint_token` the number that
        the person shows at the counter (`{path}/asks`).
        """
        client, parameters = await self._authenticated(request)
        registered_for(client, BACKCHANNEL_GRANT)
        now, handle = self._means.clock.now(), to_base64url(secrets.token_bytes(32))
        ask = self._ask(client, parameters, now)
        found = await self._means.db.write(partial(self._find, client=client, parameters=parameters, now=now))
        if not found.guesses_left:
            raise CallNumbersSpent(minutes=GUESS_WINDOW // timedelta(minutes=1))
        if not found.account_id:
            raise PersonUnknownHere()
        meant = msgspec.structs.replace(ask, account_id=found.account_id)
        await self._means.db.write(
            partial(waiting.begin, ask=meant, now=now, key=self._means.session_key, handle=handle)
        )  # fmt: skip
        life_s = (ask.expires_ms - ask.made_ms) // 1000
        interval_s = INTERVAL // timedelta(seconds=1)
        return json_answer(BackchannelAnswer(auth_req_id=handle, expires_in=life_s, interval=interval_s))

    def _ask(self, client: Client, parameters: Mapping[str, str], now: datetime) -> Ask:
        message = parameters.get("binding_message", "")
        if not readable(message, BINDING_MESSAGE_MAX):
            raise BindingMessageMalformed(length_max=BINDING_MESSAGE_MAX)
        if sum(1 for name in HINTS if parameters.get(name)) != 1 or parameters.get("id_token_hint"):
            raise RequestMalformed(parameter="login_hint")
        return Ask(
            ask_id=to_base64url(secrets.token_bytes(32)), realm=client.realm, kind=AskKind.BACKCHANNEL,
            client_id=client.client_id, scopes=scopes_of(client, parameters), purpose=purpose_of(parameters),
            payments=read_payments(parameters.get("authorization_details", ""), client), acr=acr_of(parameters),
            message=message, made_ms=to_ms(now), expires_ms=to_ms(now + self._life(parameters)),
        )  # fmt: skip

    def _life(self, parameters: Mapping[str, str]) -> timedelta:
        longest = self._means.settings.ask_life
        text = parameters.get("requested_expiry", "")
        if not text:
            return longest
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
            raise RequestMalformed(parameter="requested_expiry")
        return min(longest, timedelta(seconds=int(text)))

    def _find(
        self, conn: Connection, client: Client, parameters: Mapping[str, str], now: datetime
    ) -> backchannel.Found:
        number = parameters.get("login_hint_token", "")
        if number:
            key = self._means.session_key
            return backchannel.take_number(conn, number, now, key=key, client_id=client.client_id)
        hint = parameters.get("login_hint", "")[:HINT_MAX]
        return backchannel.Found(account_named(conn, client.client_id, hint), 1)


class AskPages(PersonPages):
    """What waits for the person."""

    async def show(self, request: AnyRequest) -> Response[str]:
        """Asks that wait, and a number to show at a counter."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"{self.path}/{ASKS}")
        now, account_id, key = self.means.clock.now(), session.account_id, self.means.session_key
        number = await self.means.db.read(
            partial(backchannel.offered_number, now=now, key=key, account_id=account_id)
        )  # fmt: skip
        waits = await self.means.db.read(partial(queries.waiting, account_id=account_id, now=now))
        teller = self.teller(request)
        context = await self.frame(teller, session, teller.say("waiting.title")) | {
            "links": [await self._link(one, teller) for one in waits],
            "number": shown_code(number) if number else "",
            "minutes": CALL_NUMBER_LIFE // timedelta(minutes=1),
            "action": f"{self.path}/{ASKS}/number",
            "again": f"{self.path}/{ASKS}",
        }
        return respond(
            self.kit, request, "identity/asks/waiting.html", context, headers=shared_headers(self.means, session)
        )

    async def offer(self, request: AnyRequest) -> Response[str]:
        """Make a number by which a counter reaches this person."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"{self.path}/{ASKS}")
        await self.means.db.write(
            partial(
                backchannel.offer_number, now=self.means.clock.now(), key=self.means.session_key,
                account_id=session.account_id,
            )
        )  # fmt: skip
        return see_other(f"{self.path}/{ASKS}")

    async def _link(self, ask: Ask, teller: Teller) -> Link:
        client = await self.means.db.read(lambda conn: self.people.client_of(conn, ask.client_id))
        return Link(
            href=f"{self.path}/approve/{ask.ask_id}", text=teller.say("waiting.from", who=teller.party(client)),
            note=teller.expires(ask), meta=teller.formats.age(from_ms(ask.made_ms), self.means.clock.now()),
        )  # fmt: skip


def backchannel_grant(means: Means, issue: Issue) -> GrantHandler:
    """The handler of CIBA's grant for the token endpoint (§10.1)."""
    return waiting_grant(means, issue, kind=AskKind.BACKCHANNEL, grant=BACKCHANNEL_GRANT, parameter="auth_req_id")


def handlers(means: Means, people: People, *, authenticated: Authenticated) -> list[ControllerRouterHandler]:
    """The endpoint and the person's page."""
    endpoint, pages = Backchannel(means, authenticated), AskPages(means, people)
    path = urlsplit(means.settings.issuer(Realm.MAIN)).path + Path.BACKCHANNEL
    here = f"{means.settings.path}/{ASKS}"

    @post(path, status_code=200)
    async def begin(request: AnyRequest) -> Response[bytes]:
        return await endpoint.begin(request)

    @get(here)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request)

    @post(f"{here}/number", status_code=200)
    async def offer(request: AnyRequest) -> Response[str]:
        return await pages.offer(request)

    @get(f"{here}/number")
    async def offered_before() -> Response[str]:
        return see_other(here)

    return [page_router(means.kit, [show, offer, offered_before]), oauth_router([begin])]
