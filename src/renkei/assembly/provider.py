"""The identity provider as it runs beside a country: stores, keys, pages, and the relying parties that it knows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec
from litestar.types import ControllerRouterHandler
from sqlalchemy import Table

from renkei.assembly.cards import CardOffice
from renkei.base.errors import RenkeiError
from renkei.contracts.identity import BACKCHANNEL_GRANT, DEVICE_GRANT, EXCHANGE_GRANT, Acr, Realm, StaffUser
from renkei.crypto.codes import KeyUse
from renkei.crypto.signing_keys import SigningKey, SoftwareKeys
from renkei.institutions.card import queries as card_queries
from renkei.institutions.card.service import CardAuthority
from renkei.institutions.identity.errors.signin import AccountGone
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.accounts import CertificateId
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.tokens import TokenAnswer
from renkei.institutions.identity.operations import clients as client_operations
from renkei.institutions.identity.operations import helpers as helper_operations
from renkei.institutions.identity.operations import housekeeping, tokens
from renkei.institutions.identity.operations import proxies as proxy_operations
from renkei.institutions.identity.operations.card_signin import CardTrust, Statuses
from renkei.institutions.identity.operations.exchange import exchange_grant
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.logout import SessionEnds
from renkei.institutions.identity.queries import accounts as account_queries
from renkei.institutions.identity.queries import consents as consent_queries
from renkei.institutions.identity.queries.staff import staff_claims, user_of
from renkei.institutions.identity.web import (
    approve,
    backchannel,
    clients,
    consents,
    decisions,
    device,
    finish,
    helpers,
    proxies,
    proxy_clerk,
    signing,
    signing_out,
    staff,
    staff_enter,
    ways_in,
)  # fmt: skip
from renkei.institutions.identity.web.asks.people import people_of
from renkei.institutions.identity.web.endpoints import endpoints
from renkei.institutions.identity.web.proxy_parts import Parts
from renkei.institutions.identity.web.sessions import current, sign_in_href
from renkei.institutions.identity.web.ways import Ways
from renkei.institutions.proofing.service import ProofingOffice
from renkei.institutions.proofing.web.pages import handlers as proofing_handlers
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.errors import PeerRefused
from renkei.platform.http_client import HttpWire
from renkei.platform.openid.provider import Provider
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.openid.transport import ProviderHttp
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, page_router
from renkei.platform.web.rp_sessions import RpSessions
from renkei.platform.wire import Request

PATH = "/identity"
TEST_CARD_PATH = "/test-card"
SECRET_BYTES = 32
NOTICES_EVERY_S = 5.0
SWEEP_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Registered:
    """A relying party of the house: its registration and its own side."""

    client: Client
    party: RelyingParty


class CardLinks:
    """What the authority of the cards tells of certificates that belong to one holder."""

    def __init__(self, authority: CardAuthority) -> None:
        self._authority = authority

    async def replaced(self, at: CertificateId) -> CertificateId | None:
        """As `operations.accounts.Links`."""
        found = await self._authority.replaced(at.serial)
        return CertificateId(*found) if found else None

    async def partner(self, at: CertificateId) -> CertificateId | None:
        """As `operations.accounts.Links`."""
        found = await self._authority.partner(at.serial)
        return CertificateId(*found) if found else None


class IdentityHouse:
    """The provider with everything around it.

    Args:
        db: of the identity room.
        folder: of the country; keys stand below it.
        base_url: origin under which browsers reach the site.
        inside: base URL under which this process reaches itself; the public one where empty.
        cards: authority of the certificates, and the test cards.
        sections_of: sections of a body, for enrolling staff.
    """

    def __init__(
        self, *, db: Database, folder: Path, base_url: str, inside: str = "", kit: WebKit, clock: Clock,
        cards: CardOffice, sections_of: Callable[[str, str], Sequence[staff.SectionName]],
    ) -> None:  # fmt: skip
        self._folder, self._base, self._inside, self._kit = folder / "keys" / "identity", base_url, inside, kit
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sections_of = sections_of
        settings = Settings(base_url=base_url + PATH, test_card=base_url + TEST_CARD_PATH)
        self.means = Means(
            db=db, clock=clock, settings=settings, kit=kit, status=cards.authority,
            pairwise_key=self.secret("pairwise"), session_key=self.secret("sessions"),
        )  # fmt: skip
        self.keys = {
            realm: ProviderKeys(
                settings.issuer(realm), realm=realm, store=SoftwareKeys(self._folder, use=KeyUse.DEMONSTRATION),
                clock=clock,
            )
            for realm in Realm
        }  # fmt: skip
        self._providers: dict[Realm, Provider] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._cards = cards
        self.registered: dict[str, Registered] = {}

    # --- what the relying parties of the house need ---

    def secret(self, name: str) -> bytes:
        """A secret of 32 bytes, made on the first call."""
        path = self._folder / f"{name}.secret"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(os.urandom(SECRET_BYTES))
        return path.read_bytes()

    def client_key(self, client_id: str) -> SigningKey:
        """The key of a relying party of this house; made on the first call."""
        return SoftwareKeys(self._folder, use=KeyUse.DEMONSTRATION).obtain(f"client-{client_id}", "ES256")

    def provider(self, realm: Realm) -> Provider:
        """What relying parties of one process know of an issuer."""
        if realm not in self._providers:
            issuer = self.means.settings.issuer(realm)
            http = ProviderHttp.to(issuer, inside=self._inside)
            self._providers[realm] = Provider(issuer, http=http, clock=self.means.clock)
        return self._providers[realm]

    def party(self, client: Client, *, scopes: Sequence[str]) -> RelyingParty:
        """A relying party of this house, registered with its key.

        Args:
            client: its registration, without keys.
            scopes: what it asks for by default.
        """
        issuer = self.means.settings.issuer(client.realm)
        party = RelyingParty(
            client_id=client.client_id, issuer=issuer, key=self.client_key(client.client_id),
            redirect_uri=client.redirect_uris[0], http=ProviderHttp.to(issuer, inside=self._inside),
            clock=self.means.clock, scopes=scopes, provider=self.provider(client.realm),
        )  # fmt: skip
        client = msgspec.structs.replace(client, jwks=(party.public_jwk,))
        now = self.means.clock.now()
        with self.means.db.writing() as conn:
            client_operations.register(conn, client, now)
        self.registered[client.client_id] = Registered(client, party)
        return party

    def sessions(self, name: str, db: Database, table: Table, *, path: str) -> RpSessions:
        """Sessions of a relying party of this house in its own store."""
        return RpSessions(
            db, table, key=self.secret(f"rp-{name}"), clock=self.means.clock, path=path, cookie=f"renkei_{name}"
        )

    async def holder_of(self, client_id: str, sub: str) -> str:
        """As the card authority knows the person whom a client knows by a subject.

        For ordering codes and for synthetic papers, inside this house only: no relying party learns it.

        Raises:
            AccountGone: the client knows no such person, or the account was closed.
        """
        account_id = await self.means.db.read(lambda conn: consent_queries.account_named(conn, client_id, sub))
        bound = await self.means.db.read(lambda conn: account_queries.certificates(conn, account_id))
        if not bound:
            raise AccountGone()
        held = await self._cards.authority.db.read(lambda conn: card_queries.certificate(conn, bound[0].at.serial))
        return held.holder

    # --- the provider's own pages and endpoints ---

    async def clerk_of(self, request: AnyRequest) -> StaffUser | None:
        """Which clerk is signed in at the provider itself, at the counter."""
        session = await current(self.means, request, Realm.STAFF)
        if session is None:
            return None
        return await self.means.db.read(lambda conn: user_of(conn, session))

    def staff_sign_in(self, back: str) -> str:
        """Where a clerk signs in at the provider itself; afterwards the browser comes back to `back`."""
        return sign_in_href(self.means, realm=Realm.STAFF, back=back, acr=Acr.CARD)

    def handlers(self, *, proofing: ProofingOffice) -> list[ControllerRouterHandler]:
        """Everything that the provider answers, below `/identity`, and the counter's pages.

        Args:
            proofing: records of proofing, on which a clerk enters parents and guardians.
        """
        means, keys = self.means, self.keys
        authorities = self._cards.authority.authorities()
        trust = CardTrust(authorities, Statuses(means.status, authorities), CardLinks(self._cards.authority))
        ends = SessionEnds(means, keys, self._post)
        door = staff_enter.StaffDoor(means, test_terminals=True)
        ways = Ways(means, trust, ended=ends.ended, closed=self._closed, staff=door)
        self._ways, self._ends = ways, ends
        people = people_of(means, client_of=client_operations.get, revoked=ends.revoked)
        sign_pages = signing.SignPages(means, people, trust)
        authenticated = partial(clients.authenticated, means)
        main = keys[Realm.MAIN]
        parts = Parts(means, client_of=client_operations.find)

        async def issue(approved: Approved, client: Client, thumbprint: str) -> TokenAnswer:
            return await tokens.issue(means, main, approved, client, key_thumbprint=thumbprint)

        grants = {
            EXCHANGE_GRANT: exchange_grant(means, main),
            BACKCHANNEL_GRANT: backchannel.backchannel_grant(means, issue),
            DEVICE_GRANT: device.device_grant(means, issue),
        }
        return [
            *endpoints(means, main, extra_grants=grants, offers=proxy_operations.offers),
            *endpoints(means, keys[Realm.STAFF], id_claims=staff_claims),
            page_router(means.kit, finish.handlers(means)),
            *ways_in.handlers(ways),
            *signing_out.handlers(means, keys, ends),
            *approve.handlers(means, people, set_task=sign_pages.set_task),
            *consents.handlers(means, people),
            *backchannel.handlers(means, people, authenticated=authenticated),
            *device.handlers(means, people, authenticated=authenticated),
            *signing.handlers(means, sign_pages, authenticated=authenticated, token_of=clients.token_of(means, main)),
            *proxies.handlers(parts),
            *proxy_clerk.handlers(parts, staff_of=self.clerk_of, proofing=proofing),
            *helpers.handlers(parts, staff_of=self.clerk_of, session_ended=ends.ended),
            page_router(
                means.kit,
                proofing_handlers(
                    kit=means.kit,
                    office=proofing,
                    staff_of=self.clerk_of,
                    sign_in_href=self.staff_sign_in,
                    path=f"{PATH}/proofing",
                ),
            ),
            *staff.handlers(means, door, sections_of=self._sections_of, ended=ends.ended),
        ]

    def start(self) -> None:
        """Tell clients of sessions that ended, and tidy up, from time to time."""
        self._tasks = [
            asyncio.create_task(self._every(NOTICES_EVERY_S, self._ends.deliver)),
            asyncio.create_task(self._every(SWEEP_EVERY_S, self._sweep)),
        ]

    async def stop(self) -> None:
        """Stop what `start` began, and close the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.means.db.close()

    async def _closed(self, account_id: str) -> None:
        """A person closed their account: nobody acts for them any more, nor they for anybody."""
        now = self.means.clock.now()
        await self.means.db.write(lambda conn: proxy_operations.end_all_of(conn, account_id, now))
        await self._ends.closed(account_id)

    async def _sweep(self) -> int:
        """End what has run out, and tell who has to know."""
        now, idle = self.means.clock.now(), self.means.settings.shared_idle
        over = await self.means.db.write(lambda conn: helper_operations.end_lapsed(conn, now, idle=idle))
        for session_id in over:
            await self._ends.ended(session_id)
        settings = self.means.settings
        gone = await self.means.db.write(lambda conn: housekeeping.sweep(conn, settings, now))
        return len(over) + gone + await ways_in.sweep(self._ways) + await decisions.sweep(self.means)

    async def _every(self, pause_s: float, work: Callable[[], Awaitable[int]]) -> None:
        while True:
            await asyncio.sleep(pause_s)
            try:
                await work()
            except RenkeiError:
                continue  # the next turn may fare better

    async def _post(self, url: str, form: Mapping[str, str]) -> None:
        """Send a form to a relying party (back-channel logout)."""
        parts = urlsplit(url)
        origin = self._inside or f"{parts.scheme}://{parts.netloc}"
        wire = HttpWire(lambda _: origin, timeout_s=5.0, response_bytes_max=4_096)
        try:
            answer = await wire.send(
                Request(
                    "POST",
                    parts.netloc,
                    parts.path,
                    {"content-type": "application/x-www-form-urlencoded"},
                    urlencode(form).encode(),
                )
            )
        finally:
            await wire.close()
        if answer.status not in (200, 204):
            raise PeerRefused(code_there=str(answer.status))
