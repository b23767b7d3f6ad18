"""Sign transactions: what a client asks for and fetches, and the person's page from which the card is used.

The approval page (`web.approve`) has shown who wants what signed and what the certificate discloses; here the browser
is handed to the card agent and comes back with a code (`contracts.card_agent`).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.encoding import MaskedStruct, to_base64url
from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, to_ms
from renkei.contracts.card_agent import CHALLENGE_BYTES, PATH_USE, TASK_FIELD, Assertion, Key, Receipt, Task
from renkei.contracts.identity import Path, Realm, Scope
from renkei.institutions.identity.errors.asks import (
    SignatureWrong,
    SignTaskElsewhere,
    SignTaskUnknown,
    SignTransactionUnknown,
)
from renkei.institutions.identity.errors.protocol import (
    ClientStopped,
    RequestMalformed,
    ScopeMissing,
    ScopeUnregistered,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved, Ask
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.signin import task_field
from renkei.institutions.identity.model.signing import (
    TRANSACTION_LIFE,
    SignTransaction,
    all_documents,
    documents_of,
)
from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.operations import consents, signing
from renkei.institutions.identity.operations.card_signin import CardTrust
from renkei.institutions.identity.operations.signature_check import check
from renkei.institutions.identity.web.asks.oauth import Authenticated, TokenOf, oauth_router, purpose_of
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.asks.person import PersonPages
from renkei.institutions.identity.web.oauth_errors import json_answer
from renkei.platform.problems import CONTENT_TYPE, encode_problem
from renkei.platform.web.pages import COMMON_HEADERS, AnyRequest, page_router, respond, see_other, word

ASSERTION_BYTES_MAX = 64 * 1024
SIGN = "sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """A card agent that the person can choose."""

    action: str
    text: str
    test: bool


class SignPages(PersonPages):
    """The person's side, and the agent's."""

    def __init__(self, means: Means, people: People, trust: CardTrust) -> None:
        super().__init__(means, people)
        self._trust = trust

    async def set_task(self, approved: Approved, client: Client, transaction: SignTransaction, ask: Ask) -> str:
        """Make a task for the card of an agreement to sign; the page of it."""
        settings, now = self.means.settings, self.means.clock.now()
        txn = to_base64url(secrets.token_bytes(24))
        task = Task(
            origin=settings.origin, txn=txn, key=Key.SIGNATURE,
            challenge=to_base64url(secrets.token_bytes(CHALLENGE_BYTES)), asks_ja=client.name_ja,
            asks_en=client.name_en, purpose_ja=transaction.purpose, purpose_en=transaction.purpose,
            documents=all_documents(transaction, ask.payments),
            deliver=f"{settings.base_url}/{SIGN}/assertions", back=f"{settings.base_url}/{SIGN}/return",
            expires_ms=min(to_ms(now + settings.card_task_life), ask.expires_ms),
            shared_terminal=approved.shared_terminal,
        )  # fmt: skip
        await self.means.db.write(partial(signing.set_task, task=task, approved=approved, now=now))
        return f"{self.path}/{SIGN}/task/{txn}"

    async def show(self, request: AnyRequest, txn: str) -> Response[str]:
        """The task, and the card agents to choose from."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(f"{self.path}/{SIGN}/task/{txn}")
        waiting = await self.means.db.read(partial(signing.task_set, txn=txn, now=self.means.clock.now()))
        if waiting.session_id != session.session_id:
            raise SignTaskElsewhere()
        teller, settings = self.teller(request), self.means.settings
        agents = [
            AgentView(action=url + PATH_USE, text=teller.say("sign.use_card"), test=False) for url in settings.agents
        ]
        if settings.test_card:
            text = teller.say("sign.use_test")
            agents.append(AgentView(action=settings.test_card + PATH_USE, text=text, test=True))
        context = await self.frame(teller, session, teller.say("sign.title")) | {
            "steps": teller.sign_steps(at=1),
            "documents": [one.name for one in waiting.task.documents],
            "agents": agents,
            "field": TASK_FIELD,
            "task": task_field(waiting.task),
            "expires": teller.formats.moment(from_ms(waiting.task.expires_ms)),
            "back": f"{self.path}/approve/{waiting.ask_id}",
        }
        origins = [_origin(agent.action) for agent in agents]
        return respond(self.kit, request, "identity/asks/sign.html", context, form_origins=origins)

    async def deliver(self, request: AnyRequest) -> Response[bytes]:
        """Take the card's answer from the agent: verified now, worth something once the browser is back."""
        try:
            receipt = await self._take_answer(await request.body())
        except RenkeiError as error:
            return Response(
                encode_problem(error), status_code=error.status.http, media_type=CONTENT_TYPE, headers=COMMON_HEADERS
            )
        headers = COMMON_HEADERS | {"Cache-Control": "no-store"}
        return Response(msgspec.json.encode(receipt), media_type="application/json", headers=headers)

    async def _take_answer(self, body: bytes) -> Receipt:
        if len(body) > ASSERTION_BYTES_MAX:
            raise SignatureWrong(what="size")
        try:
            assertion = msgspec.json.decode(body, type=Assertion)
        except (msgspec.DecodeError, RecursionError):
            raise SignatureWrong(what="answer") from None
        now, txn = self.means.clock.now(), assertion.txn
        waiting = await self.means.db.read(partial(signing.task_set, txn=txn, now=now))
        result = await check(self.means, self._trust, waiting, assertion, now)
        code, key = to_base64url(secrets.token_bytes(32)), self.means.session_key
        await self.means.db.write(partial(signing.answer, txn=txn, result=result, now=now, key=key, code=code))
        return Receipt(code=code)

    async def back(self, request: AnyRequest, txn: str, code: str, *, declined: bool) -> Response[str]:
        """The browser is back from the agent."""
        session = await self.session(request)
        if session is None:
            raise SignTaskElsewhere()
        now, session_id = self.means.clock.now(), session.session_id
        if declined:
            ask_id = await self.means.db.write(partial(signing.decline, txn=txn, now=now, session_id=session_id))
            return see_other(f"{self.path}/approve/{ask_id}?declined=1")
        if not txn or not code:
            raise SignTaskUnknown()
        ask_id = await self.means.db.write(
            partial(self._finish, txn=txn, code=code, session_id=session_id, now=now)
        )  # fmt: skip
        return see_other(f"{self.path}/approve/{ask_id}")

    def _finish(self, conn: Connection, *, txn: str, code: str, session_id: str, now: datetime) -> str:
        approved = signing.take(conn, txn, now, key=self.means.session_key, code=code, session_id=session_id)
        client = self.people.client_of(conn, approved.client_id)
        sub = pairwise_subject(self.means.pairwise_key, sector=client.sector, account_id=approved.account_id)
        consents.record(conn, approved, now, sub=sub)
        return approved.ask_id


class TransactionAnswer(MaskedStruct, frozen=True, kw_only=True):
    """What a client gets that wants something signed."""

    sign_transaction_id: str
    expires_in: int
    """Seconds until the person has to have begun."""


class SignTransactions:
    """The client's side."""

    def __init__(self, means: Means, authenticated: Authenticated, token_of: TokenOf) -> None:
        self._means, self._authenticated, self._token_of = means, authenticated, token_of

    async def make(self, request: AnyRequest) -> Response[bytes]:
        """Keep what a client wants signed; form parameters `documents` (JSON) and `purpose`."""
        client, parameters = await self._authenticated(request)
        if client.stopped:
            raise ClientStopped()
        if Scope.SIGN.value not in client.scopes:
            raise ScopeUnregistered(scope=Scope.SIGN.value)
        try:
            listed = msgspec.json.decode(parameters.get("documents", ""))
        except (msgspec.DecodeError, RecursionError):
            raise RequestMalformed(parameter="documents") from None
        now = self._means.clock.now()
        transaction = SignTransaction(
            transaction_id=to_base64url(secrets.token_bytes(32)), client_id=client.client_id,
            documents=documents_of(listed), purpose=purpose_of(parameters), made_ms=to_ms(now),
            expires_ms=to_ms(now + TRANSACTION_LIFE),
        )  # fmt: skip
        await self._means.db.write(partial(signing.make, transaction=transaction, now=now))
        life_s = TRANSACTION_LIFE // timedelta(seconds=1)
        answer = TransactionAnswer(sign_transaction_id=transaction.transaction_id, expires_in=life_s)
        return json_answer(answer, status=201)

    async def fetch(self, request: AnyRequest, transaction_id: str) -> Response[bytes]:
        """Hand over the signatures, once, for the access token that came of the same agreement."""
        grant = (await self._token_of(request)).grant
        if Scope.SIGN.value not in grant.scopes:
            raise ScopeMissing(scope=Scope.SIGN.value)
        agreed = grant.approved.sign_transaction_id if grant.approved else ""
        if not agreed or not hmac.compare_digest(agreed.encode(), transaction_id.encode()):
            raise SignTransactionUnknown()
        result = await self._means.db.write(
            partial(
                signing.fetch, transaction_id=transaction_id, now=self._means.clock.now(), client_id=grant.client_id
            )
        )
        return json_answer(result)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def handlers(
    means: Means, pages: SignPages, *, authenticated: Authenticated, token_of: TokenOf
) -> list[ControllerRouterHandler]:
    """The client's endpoints, the person's page, and where agent and browser come back.

    Args:
        pages: made before, since the approval page sets its tasks (`SignPages.set_task`).
        authenticated: who calls, by `private_key_jwt`.
        token_of: the access token of a request.
    """
    clients = SignTransactions(means, authenticated, token_of)
    endpoint = urlsplit(means.settings.issuer(Realm.MAIN)).path + Path.SIGN
    here = f"{means.settings.path}/{SIGN}"

    @post(endpoint)
    async def make(request: AnyRequest) -> Response[bytes]:
        return await clients.make(request)

    @get(endpoint + "/{transaction_id:str}")
    async def fetch(request: AnyRequest, transaction_id: FromPath[str]) -> Response[bytes]:
        return await clients.fetch(request, word(transaction_id))

    @get(here + "/task/{txn:str}")
    async def show(request: AnyRequest, txn: FromPath[str]) -> Response[str]:
        return await pages.show(request, word(txn))

    @post(f"{here}/assertions", request_max_body_size=ASSERTION_BYTES_MAX, status_code=200)
    async def deliver(request: AnyRequest) -> Response[bytes]:
        return await pages.deliver(request)

    @get(f"{here}/return")
    async def back(request: AnyRequest) -> Response[str]:
        query = request.query_params
        return await pages.back(
            request, word(query.get("txn", "")), word(query.get("code", "")), declined="declined" in query
        )

    person = page_router(means.kit, [show, back])
    return [person, oauth_router([make, fetch]), Router(path="/", route_handlers=[deliver], include_in_schema=False)]
