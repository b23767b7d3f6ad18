"""A network of parties in one process: the core and the gateways, each with its own store, keys and log.

The embedded country, the tests and the measuring of roles all build on this; what differs is the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from sqlalchemy import MetaData, Table

from renkei.assembly.keyring import KeyRing, Party
from renkei.assembly.peers import CORE_AUTHORITY, GatewayClient, SignedPeers, deliver_codes, gateway_authority
from renkei.assembly.stores import open_store
from renkei.contracts.directory import Directory
from renkei.contracts.register import BodyEntry, SectionEntry
from renkei.contracts.sheets import CORE, b64
from renkei.crypto.certificates import Purpose
from renkei.crypto.notes import format_vkey
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.gateway.operations.tenant import Identity, Tenant
from renkei.institutions.gateway.web.business import mount_business
from renkei.institutions.gateway.web.exchange import mount_exchange
from renkei.institutions.linkage import store as core_store
from renkei.institutions.linkage.operations.register import enter_bodies
from renkei.institutions.linkage.web import Core, mount
from renkei.law import LawBook
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.logstore import LogStore, LogTables
from renkei.platform.signed_app import CallRefused, SignedApp
from renkei.platform.signed_client import SignedClient
from renkei.platform.wire import Wire


class BodySpec(Protocol):
    """What the network must know of a body (`assembly.nation.BodyPlan`)."""

    @property
    def body_id(self) -> str: ...
    @property
    def institution_code(self) -> str: ...
    @property
    def name_ja(self) -> str: ...
    @property
    def name_en(self) -> str: ...
    @property
    def kinds(self) -> frozenset[str]: ...


OpenDatabase = Callable[[str, MetaData], Database]
"""Opens the store of one institution by name."""


def sqlite_files(folder: Path) -> OpenDatabase:
    """One SQLite file an institution, in one folder."""
    folder.mkdir(parents=True, exist_ok=True)

    def open_database(name: str, metadata: MetaData) -> Database:
        return open_store(f"sqlite:///{folder / name}.db", metadata)

    return open_database


def postgres_schemas(url: str, *, prefix: str = "renkei_") -> OpenDatabase:
    """One PostgreSQL schema an institution, in one database.

    A store keeps one connection for writing and up to `platform.database.READERS_KEPT` for reading: the server's
    `max_connections` must allow for that.

    Args:
        url: `postgresql://…`.
        prefix: what the schemas' names begin with.
    """

    def open_database(name: str, metadata: MetaData) -> Database:
        return open_store(url, metadata, schema=prefix + name.replace("-", "_"))

    return open_database


class Means(NamedTuple):
    """What every party of a process shares."""

    keyring: KeyRing
    open_database: OpenDatabase
    wire: Wire
    clock: Clock
    book: LawBook
    directory: Directory

    def client(self, party: Party) -> SignedClient:
        """A client that signs as this party."""
        lookup = self.directory.lookup
        return SignedClient(wire=self.wire, signer=party.signer, lookup=lookup, clock=self.clock)

    def system(self, body_id: str, *, name: str) -> GatewayClient:
        """The gateway of a body, as one of its business systems."""
        party = self.keyring.party(body_id, Purpose.BUSINESS, name=name)
        self.directory.trust(party.certificate, at=self.clock.now())
        return GatewayClient(self.client(party), body_id)


class CoreNode(NamedTuple):
    """The running core."""

    core: Core
    app: SignedApp
    party: Party

    def enter(self, entries: Iterable[BodyEntry], *, now: datetime) -> None:
        """Enter bodies into the register, and read it anew."""
        with self.core.db.writing() as conn:
            enter_bodies(conn, entries, now=now)
        self.refresh(now=now)

    def refresh(self, *, now: datetime) -> None:
        """Take the register over into the directory."""
        with self.core.db.reading() as conn:
            self.core.view(conn, now)


class GatewayNode(NamedTuple):
    """One running gateway tenant."""

    tenant: Tenant
    app: SignedApp
    party: Party


def open_core(means: Means) -> CoreNode:
    """Open the core's store and mount its endpoints."""
    party = means.keyring.party(CORE, Purpose.CORE, name="情報提供ネットワークシステム")
    means.directory.trust(party.certificate, at=means.clock.now())
    db, log = _open(means, CORE, core_store.metadata, core_store.log_tables, party)
    client = means.client(party)
    core = Core(
        db=db, log=log, keys=means.keyring.code_keys(), book=means.book, directory=means.directory,
        log_key=format_vkey(party.note_signer.verifier), deliver=lambda delivery: deliver_codes(client, delivery),
    )  # fmt: skip
    app = _app(means, CORE_AUTHORITY, party, db, core_store.audit_table)
    mount(app, core)
    node = CoreNode(core, app, party)
    node.refresh(now=means.clock.now())
    return node


def open_gateway(means: Means, body_id: str, *, name: str) -> GatewayNode:
    """Open a body's gateway and mount its endpoints."""
    party = means.keyring.party(body_id, Purpose.GATEWAY, name=name)
    db, log = _open(means, f"gateway-{body_id}", gateway_store.metadata, gateway_store.log_tables, party)
    tenant = Tenant(
        Identity(body_id, party.sealing), db=db, log=log, book=means.book, directory=means.directory,
        peers=SignedPeers(means.client(party)), clock=means.clock,
    )  # fmt: skip
    app = _app(means, gateway_authority(body_id), party, db, gateway_store.audit_table)
    mount_exchange(app, tenant)
    mount_business(app, tenant)
    return GatewayNode(tenant, app, party)


def entry_of(spec: BodySpec, party: Party, sections: Iterable[SectionEntry] = ()) -> BodyEntry:
    """The register's entry of a body."""
    return BodyEntry(
        body_id=spec.body_id, institution_code=spec.institution_code, name_ja=spec.name_ja, name_en=spec.name_en,
        kinds=spec.kinds, authority=gateway_authority(spec.body_id), certificate=b64(party.certificate),
        log_key=format_vkey(party.note_signer.verifier), sections=tuple(sections),
    )  # fmt: skip


def _open(means: Means, name: str, metadata: MetaData, tables: LogTables, party: Party) -> tuple[Database, LogStore]:
    db = means.open_database(name, metadata)
    log = LogStore(tables, signer=party.note_signer)
    log.attach(db)
    return db, log


def _app(means: Means, authority: str, party: Party, db: Database, audit_table: Table) -> SignedApp:
    async def refused(event: CallRefused) -> None:
        now = means.clock.now()
        await db.write(lambda conn: audit(conn, audit_table, event, now=now))

    return SignedApp(
        authority=authority, signer=party.signer, lookup=means.directory.lookup, clock=means.clock, refused=refused
    )
