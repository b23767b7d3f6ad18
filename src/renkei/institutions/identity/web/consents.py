"""The person's own page: what was agreed to with whom, every use of it, and how to end it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, to_ms
from renkei.contracts.identity import Realm, Scope
from renkei.institutions.identity.errors.asks import ConsentUnknown
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.consents import Consent, ConsentReceipt, Event, ReceiptItem
from renkei.institutions.identity.operations import consents
from renkei.institutions.identity.queries import consents as queries
from renkei.institutions.identity.queries.consents import Relation
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.asks.person import PersonPages, shared_headers
from renkei.institutions.identity.web.asks.views import Teller
from renkei.platform.web.pages import AnyRequest, download, page_router, respond, see_other, word
from renkei.platform.web.parts import Chip, Column, Lines, Text

CONSENTS = "consents"
EVENTS_MAX = 50


@dataclass(frozen=True)
class WithdrawForm:
    """What to end; empty for everything with that party."""

    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """One party as the page shows it."""

    client_id: str
    name: str
    kind: Chip | None
    sentence: str
    items: list[tuple[str, str, str]]
    """Item, its name, since when and last used."""


class ConsentPages(PersonPages):
    """Handlers of the page."""

    async def show(self, request: AnyRequest) -> Response[str]:
        """Everything that is agreed to."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(self._here)
        teller, account_id = self.teller(request), session.account_id
        relations = await self.means.db.read(partial(queries.of, account_id=account_id))
        events = await self.means.db.read(partial(queries.events, account_id=account_id, limit=EVENTS_MAX))
        ids = {one.client_id for one in relations} | {one.client_id for one in events}
        clients = await self.means.db.read(partial(self._clients, ids=ids))
        context = await self.frame(teller, session, teller.say("consents.title")) | {
            "parties": [self._party(one, clients[one.client_id], teller) for one in relations],
            "columns": [
                Column(text=teller.say(f"consents.column.{name}"), header=name == "when")
                for name in ("when", "party", "what", "items")
            ],
            "events": [_row(one, clients[one.client_id], teller) for one in events],
            "home": self._here,
            "ended": "ended" in request.query_params,
        }
        return respond(
            self.kit, request, "identity/asks/consents.html", context, headers=shared_headers(self.means, session)
        )

    async def withdraw(self, request: AnyRequest, client_id: str, form: WithdrawForm) -> Response[str]:
        """End a consent or one item of it; the party's tokens end with it."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(self._here)
        items = None if not form.item else [item for item in Scope if item.value == form.item]
        await self.means.db.write(
            partial(
                consents.withdraw, account_id=session.account_id, client_id=client_id, now=self.means.clock.now(),
                items=items,
            )
        )  # fmt: skip
        await self.people.revoked(session.account_id, client_id)
        return see_other(f"{self._here}?ended=1")

    async def receipt(self, request: AnyRequest, client_id: str) -> Response[str] | Response[bytes]:
        """A record of the consent for the person to keep."""
        session = await self.session(request)
        if session is None:
            return self.sign_in(self._here)
        relations = await self.means.db.read(partial(queries.of, account_id=session.account_id))
        found = next((one for one in relations if one.client_id == client_id), None)
        if found is None:
            raise ConsentUnknown()
        clients = await self.means.db.read(partial(self._clients, ids={client_id}))
        content = msgspec.json.format(msgspec.json.encode(self._receipt(found, clients[client_id])), indent=2)
        return download(content, "consent-receipt.json")

    def _receipt(self, relation: Relation, client: Client | None) -> ConsentReceipt:
        def stamp(ms: int) -> str:
            return from_ms(ms).isoformat(timespec="seconds")

        return ConsentReceipt(
            issuer=self.means.settings.issuer(Realm.MAIN), receipt_at=stamp(to_ms(self.means.clock.now())),
            party=client.name_ja if client else "", party_public_body=bool(client and client.public_body),
            client_id=relation.client_id, subject=relation.sub,
            items=tuple(
                ReceiptItem(item=one.item.value, since=stamp(one.since_ms), last_used=stamp(one.used_ms))
                for one in relation.consents
            ),
            withdraw_at=f"{self.means.settings.base_url}/{CONSENTS}",
        )  # fmt: skip

    def _party(self, relation: Relation, client: Client | None, teller: Teller) -> PartyView:
        moment = teller.formats.moment
        since, used = moment(from_ms(relation.since_ms)), moment(from_ms(relation.used_ms))
        return PartyView(
            client_id=relation.client_id, name=_name(client, relation.client_id, teller),
            kind=teller.kind(client) if client else None,
            sentence=teller.say("consents.sentence", since=since, used=used),
            items=[(one.item.value, teller.label(one.item), _since(one, teller)) for one in relation.consents],
        )  # fmt: skip

    def _clients(self, conn: Connection, ids: set[str]) -> dict[str, Client | None]:
        return {client_id: self._client(conn, client_id) for client_id in ids}

    def _client(self, conn: Connection, client_id: str) -> Client | None:
        try:
            return self.people.client_of(conn, client_id)
        except RenkeiError:  # no longer registered: what was agreed to with it can still be seen and ended
            return None

    @property
    def _here(self) -> str:
        return f"{self.path}/{CONSENTS}"


def _name(client: Client | None, client_id: str, teller: Teller) -> str:
    return teller.party(client) if client else teller.say("consents.gone", client_id=client_id)


def _since(one: Consent, teller: Teller) -> str:
    moment = teller.formats.moment
    return teller.say("consents.since", since=moment(from_ms(one.since_ms)), used=moment(from_ms(one.used_ms)))


def _row(event: Event, client: Client | None, teller: Teller) -> list[Text]:
    items = teller.say("consents.and").join(teller.label(item) for item in event.items)
    return [
        teller.formats.moment(from_ms(event.at_ms)),
        Lines(_name(client, event.client_id, teller), teller.kind(client) if client else ""),
        teller.say(f"consents.event.{event.kind}"),
        items or "—",
    ]


def handlers(means: Means, people: People) -> list[ControllerRouterHandler]:
    """The page, its forms and the receipts."""
    pages = ConsentPages(means, people)
    here = f"{means.settings.path}/{CONSENTS}"

    @get(here)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request)

    @post(here + "/{client_id:str}/withdraw", status_code=200)
    async def withdraw(
        request: AnyRequest,
        client_id: FromPath[str],
        data: Annotated[WithdrawForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Response[str]:
        return await pages.withdraw(request, word(client_id), data)

    # The address of the form opened by itself, for instance from the history, leads back to its page.
    @get(here + "/{client_id:str}/withdraw")
    async def withdrawn_before(client_id: FromPath[str]) -> Response[str]:
        return see_other(here)

    @get(here + "/{client_id:str}/receipt.json")
    async def receipt(request: AnyRequest, client_id: FromPath[str]) -> Response[str] | Response[bytes]:
        return await pages.receipt(request, word(client_id))

    return [page_router(means.kit, [show, withdraw, withdrawn_before, receipt])]
