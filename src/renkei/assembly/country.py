"""A whole country in one process: every party with its own store, keys and log, over the in-process wire.

The same parties, stores and messages as in processes of their own; what is missing is only the network between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import MetaData

from renkei.assembly.keyring import KeyRing
from renkei.assembly.nation import BodyPlan, Municipality
from renkei.assembly.network import (
    CoreNode,
    GatewayNode,
    Means,
    OpenDatabase,
    entry_of,
    open_core,
    open_gateway,
    sqlite_files,
)  # fmt: skip
from renkei.assembly.peers import CORE_AUTHORITY, CoreClient, GatewayClient, gateway_authority
from renkei.assembly.trust import TRUST_FILE, write_trust
from renkei.base.identifiers import InstitutionCode
from renkei.channels.portal import store as portal_store
from renkei.channels.portal.operations import PORTAL, Portal
from renkei.channels.portal.operations import mount as mount_portal
from renkei.contracts.directory import Directory
from renkei.contracts.register import SectionEntry
from renkei.contracts.words import Words
from renkei.crypto.certificates import Purpose
from renkei.institutions.addressees import store as ledger_store
from renkei.institutions.addressees.relay import Relay
from renkei.institutions.addressees.service import Addressees
from renkei.institutions.gateway.operations.persons import set_sections
from renkei.institutions.gateway.queries import Section
from renkei.institutions.linkage.web import NUMBERS_BODY
from renkei.institutions.numbers import store as numbers_store
from renkei.institutions.numbers.service import Numbers
from renkei.institutions.residents import store as residents_store
from renkei.law import LawBook
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.in_process import InProcessWire
from renkei.platform.signed_app import SignedApp


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """A section (部署) of a body and the affairs items for which it may ask."""

    section: str
    name_ja: str
    name_en: str
    affairs: frozenset[str] = frozenset()


@dataclass(slots=True)
class BodyNode:
    """One body: its gateway, its addressee ledger, and the stores of its business systems by name."""

    plan: BodyPlan
    gateway: GatewayNode
    system: GatewayClient
    ledger: Addressees
    ledger_db: Database
    stores: dict[str, Database] = field(default_factory=dict)

    def relay(self, system: str) -> Relay:
        """The gateway as one business system of the body sees it: by its own numbers."""
        return Relay(self.ledger_db, system, self.system)


class Country:
    """Every party of a country, opened.

    Args:
        folder: stores and keys; made where missing, opened again otherwise.
        bodies: who takes part.
        municipalities: which of them have a resident registry.
        sections: sections by body.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        bodies: Sequence[BodyPlan],
        municipalities: Iterable[Municipality],
        sections: Mapping[str, Sequence[SectionPlan]],
        open_database: OpenDatabase | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.clock = folder, clock
        self.wire = InProcessWire()
        self._open = open_database or sqlite_files(folder)
        keyring = KeyRing(folder / "keys", now=clock.now())
        directory = Directory([keyring.anchor])
        self.means = Means(keyring, self._open, self.wire, clock, LawBook.load(), directory)
        self.words = Words(directory, self.means.book)
        self.core: CoreNode = open_core(self.means)
        self.numbers_db, self.numbers_core, self.numbers = self._open_numbers()
        self.bodies = {plan.body_id: self._open_body(plan) for plan in bodies}
        for municipality in municipalities:
            self.open_store("residents", residents_store.metadata, municipality.body_id)
        self.portal_app, self.portal = self._open_portal()
        self._enter(sections)
        self._register()

    @property
    def directory(self) -> Directory:
        """What is known of every body."""
        return self.means.directory

    async def start(self) -> None:
        """Finish what an earlier process left open, then serve."""
        await asyncio.gather(*(node.gateway.tenant.start() for node in self.bodies.values()))

    async def stop(self) -> None:
        """Stop serving and close every store."""
        await asyncio.gather(*(node.gateway.tenant.stop() for node in self.bodies.values()))
        for node in self.bodies.values():
            for db in (node.gateway.tenant.db, node.ledger_db, *node.stores.values()):
                db.close()
        for db in (self.core.core.db, self.numbers_db, self.portal.db):
            db.close()

    async def settle(self) -> None:
        """Send every report that is due: afterwards the three parties' records agree."""
        await asyncio.gather(*(node.gateway.tenant.reporting.flush() for node in self.bodies.values()))

    def apps(self) -> Iterable[SignedApp]:
        """Every party that answers signed calls."""
        yield self.core.app
        yield self.portal_app
        for node in self.bodies.values():
            yield node.gateway.app

    def open_store(self, name: str, metadata: MetaData, body_id: str) -> Database:
        """Open the store of one business system of a body."""
        db = self._open(f"{name}-{body_id}", metadata)
        self.bodies[body_id].stores[name] = db
        return db

    def open_house_store(self, name: str, metadata: MetaData) -> Database:
        """Open the store of a party that no body runs; whoever opens it closes it."""
        return self._open(name, metadata)

    def _open_numbers(self) -> tuple[Database, CoreClient, Numbers]:
        party = self.means.keyring.party(NUMBERS_BODY, Purpose.GATEWAY, name="地方公共団体情報システム機構")
        self.means.directory.trust(party.certificate, at=self.clock.now())
        db = self._open("numbers", numbers_store.metadata)
        core = CoreClient(self.means.client(party))
        return db, core, Numbers(db, send=core.issue_codes, clock=self.clock)

    def _open_body(self, plan: BodyPlan) -> BodyNode:
        gateway = open_gateway(self.means, plan.body_id, name=plan.name_ja)
        system = self.means.system(plan.body_id, name=f"{plan.name_ja} 業務システム")
        ledger_db = self._open(f"addressees-{plan.body_id}", ledger_store.metadata)
        ledger = Addressees(
            ledger_db, body_id=plan.body_id, gateway=system.expect_codes, numbers=self.numbers, clock=self.clock
        )
        return BodyNode(plan, gateway, system, ledger, ledger_db)

    def _open_portal(self) -> tuple[SignedApp, Portal]:
        party = self.means.keyring.party(PORTAL, Purpose.GATEWAY, name="マイポータル")
        self.means.directory.trust(party.certificate, at=self.clock.now())
        client = self.means.client(party)
        db = self._open(PORTAL, portal_store.metadata)
        portal = Portal(
            db=db, access_list=CoreClient(client).access_list, directory=self.means.directory, clock=self.clock
        )
        app = SignedApp(
            authority=gateway_authority(PORTAL), signer=party.signer, lookup=self.means.directory.lookup,
            clock=self.clock,
        )  # fmt: skip
        mount_portal(app, portal)
        return app, portal

    def _enter(self, sections: Mapping[str, Sequence[SectionPlan]]) -> None:
        """Enter every body in the register, and its sections at its gateway, the first time."""
        now = self.clock.now()
        if self.directory.version == 0:
            entries = [
                entry_of(node.plan, node.gateway.party, _published(sections.get(body_id, ())))
                for body_id, node in self.bodies.items()
            ]
            portal_party = self.means.keyring.party(PORTAL, Purpose.GATEWAY, name="マイポータル")
            portal_plan = BodyPlan(
                body_id=PORTAL, institution_code=InstitutionCode(_PORTAL_CODE), name_ja="マイポータル",
                name_en="My Portal",
                kinds=frozenset(),
            )  # fmt: skip
            self.core.enter([*entries, entry_of(portal_plan, portal_party)], now=now)
            for body_id, plans in sections.items():
                held = [Section(plan.section, plan.name_ja, plan.name_en, plan.affairs) for plan in plans]
                with self.bodies[body_id].gateway.tenant.db.writing() as conn:
                    set_sections(conn, held)
        with self.core.core.db.reading() as conn:
            register = self.core.core.published(self.core.core.view(conn, now), now)
        write_trust(self.folder / TRUST_FILE, anchors=[self.means.keyring.anchor], register=register, synthetic=True)

    def _register(self) -> None:
        self.wire.register(CORE_AUTHORITY, self.core.app)
        for app in self.apps():
            self.wire.register(app.authority, app)


_PORTAL_CODE = "9904000000000001"


def _published(plans: Iterable[SectionPlan]) -> list[SectionEntry]:
    return [SectionEntry(section=plan.section, name_ja=plan.name_ja, name_en=plan.name_en) for plan in plans]
