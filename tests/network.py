"""A small network for tests: the core, two municipalities, the Pension Service, the Minister of Justice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from renkei.assembly.keyring import KeyRing
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
from renkei.assembly.peers import CORE_AUTHORITY, gateway_authority
from renkei.base.time import to_ms
from renkei.contracts.directory import Directory
from renkei.contracts.exchange import Purpose
from renkei.contracts.inquiries import Case, CaseBatch, Copy, CopyBatch, Inquiry, InquiryBatch
from renkei.contracts.numbering import AcquisitionBatch, AcquisitionItem, CodeIssueItem, CodeIssueRequest
from renkei.contracts.records import RecordFace
from renkei.contracts.sheets import CORE, encode
from renkei.institutions.gateway import queries as gateway_queries
from renkei.institutions.gateway.operations.persons import set_sections
from renkei.institutions.gateway.queries import Section
from renkei.institutions.linkage import queries as core_queries
from renkei.institutions.linkage.operations.codes import issue_codes
from renkei.law import LawBook
from renkei.platform.clock import Clock, MovableClock
from renkei.platform.http_client import HttpWire
from renkei.platform.http_server import HostApp, HttpServer
from renkei.platform.in_process import InProcessWire
from renkei.platform.wire import Request, Response, Wire

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PENSION_CLAIM = "73.2"
SECTION = "pension-claims"
SETAGAYA, SAPPORO, JPS, MOJ = "m-131121", "m-011002", "jps", "moj"


class Spec(NamedTuple):
    """A body of the test network."""

    body_id: str
    institution_code: str
    name_ja: str
    name_en: str
    kinds: frozenset[str]


SPECS = (
    Spec(SETAGAYA, "0220113112101700", "世田谷区", "Setagaya", frozenset({"municipality_mayor", "city_mayor"})),
    Spec(SAPPORO, "0220101100201700", "札幌市", "Sapporo", frozenset({"municipality_mayor", "city_mayor"})),
    Spec(JPS, "9901000000000002", "日本年金機構", "Japan Pension Service", frozenset({"jps"})),
    Spec(MOJ, "9901000000000003", "法務大臣", "Minister of Justice", frozenset({"moj_minister"})),
)

Send = Callable[[Request], Awaitable[Response]]


@dataclass
class OffsetClock:
    """Somebody's clock: that of everybody, and how far off it is."""

    base: Clock
    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.base.now() + self.offset


@dataclass
class MeddlingWire:
    """A wire on which a test may stand between: `meddle` gets each request and the way on, and answers."""

    inner: Wire
    meddle: Callable[[Request, Send], Awaitable[Response]] | None = None
    sent: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        if self.meddle is None:
            return await self.inner.send(request)
        return await self.meddle(request, self.inner.send)


class Network:
    """The running network. Persons are numbered 1, 2, …; each has the address number of the same digits everywhere.

    Args:
        http: parties reach each other by HTTP on the loopback instead of in the process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        open_database: OpenDatabase | None = None,
        clock: MovableClock | None = None,
        http: bool = False,
    ):
        self.clock = clock or MovableClock(NOW)
        self.wire = InProcessWire()
        self.host = HostApp()
        self.server = HttpServer(self.host, port=0) if http else None
        self.http = HttpWire(lambda _: self.server.url, timeout_s=10.0) if self.server else None
        self.between = MeddlingWire(self.http or self.wire)
        self.clocks = {name: OffsetClock(self.clock) for name in (CORE, *(spec.body_id for spec in SPECS))}
        keyring = KeyRing(folder / "keys", now=self.clock.now())
        self.means = Means(
            keyring, open_database or sqlite_files(folder), self.between, self.clock, LawBook.load(),
            Directory([keyring.anchor]),
        )  # fmt: skip
        self.core: CoreNode = open_core(self.means._replace(clock=self.clocks[CORE]))
        self.gateways: dict[str, GatewayNode] = {
            spec.body_id: open_gateway(
                self.means._replace(clock=self.clocks[spec.body_id]), spec.body_id, name=spec.name_ja
            )
            for spec in SPECS
        }
        if self.means.directory.version == 0:
            entries = [entry_of(spec, self.gateways[spec.body_id].party) for spec in SPECS]
            self.core.enter(entries, now=self.clock.now())
        self.wire.register(CORE_AUTHORITY, self.core.app)
        self.host.register(self.core.app)
        for body_id, node in self.gateways.items():
            self.wire.register(gateway_authority(body_id), node.app)
            self.host.register(node.app)

    async def start(self) -> Network:
        """Start every gateway and entitle the pension section."""
        if self.server is not None:
            await self.server.start()
        for node in self.gateways.values():
            await node.tenant.start()
        with self.gateways[JPS].tenant.db.writing() as conn:
            set_sections(conn, [Section(SECTION, "年金給付課", "Pension claims", frozenset({PENSION_CLAIM}))])
        return self

    async def stop(self) -> None:
        """Stop gateways and close every store."""
        for node in self.gateways.values():
            await node.tenant.stop()
            node.tenant.db.close()
        if self.server is not None and self.http is not None:
            await self.http.close()
            await self.server.stop()
        self.core.core.db.close()

    async def settle(self) -> None:
        """Send every report that is due."""
        for node in self.gateways.values():
            await node.tenant.reporting.flush()

    async def give_codes(self, body_id: str, persons: Sequence[int]) -> None:
        """Let a body obtain codes, as `numbers` would have them issued."""
        system = self.system(body_id)
        await system.expect_codes(
            AcquisitionBatch([AcquisitionItem(f"acq-{body_id}-{person}", address(person)) for person in persons])
        )
        request = CodeIssueRequest(
            body_id, [CodeIssueItem(f"acq-{body_id}-{person}", f"99{person:09d}") for person in persons]
        )
        now = self.clock.now()
        with self.core.core.db.writing() as conn:
            view = self.core.core.view(conn, now)
            delivery = issue_codes(conn, request, view=view, keys=self.core.core.keys, now=now)
        await self.core.core.deliver(delivery)

    def system(self, body_id: str):  # type: ignore[no-untyped-def]
        """The body's gateway as its business system sees it."""
        return self.means.system(body_id, name=f"{body_id} business system")

    async def give_copies(self, body_id: str, information: str, persons: Sequence[int], body: msgspec.Struct) -> None:
        """Register the same copy for each person."""
        raw = msgspec.Raw(encode(body))
        copies = [
            Copy(
                address_number=address(person), information=information, body=raw,
                copied_ms=to_ms(self.clock.now()), valid_from="2026-04-01",
            )
            for person in persons
        ]  # fmt: skip
        receipt = await self.system(body_id).register_copies(
            CopyBatch(batch=f"copies-{body_id}-{information}-{persons[0]}", copies=copies)
        )
        assert receipt.stored == len(persons), receipt

    async def open_cases(self, persons: Sequence[int], *, affairs: str = PENSION_CLAIM) -> None:
        """Open a case of each person in the pension section."""
        cases = [
            Case(
                case=case_of(person), section=SECTION, address_number=address(person), affairs=affairs,
                opened_ms=to_ms(self.clock.now()),
            )
            for person in persons
        ]  # fmt: skip
        await self.system(JPS).register_cases(CaseBatch(cases=cases))

    def faces(self) -> dict[str, dict[str, RecordFace]]:
        """The records of all parties: by processing number, then by party (`core`, `requester`, `provider`)."""
        found: dict[str, dict[str, RecordFace]] = {}
        everything = 1_000_000

        def add(party: str, records: list[RecordFace]) -> None:
            for record in records:
                assert party not in found.setdefault(record.number, {}), "one party has two records of one number"
                found[record.number][party] = record

        with self.core.core.db.reading() as conn:
            add("core", core_queries.faces(conn, limit=everything))
        for body_id, node in self.gateways.items():
            with node.tenant.db.reading() as conn:
                add("requester", gateway_queries.requester_faces(conn, body_id=body_id, limit=everything))
                add("provider", gateway_queries.provider_faces(conn, body_id=body_id, limit=everything))
        return found


def differences(faces: dict[str, dict[str, RecordFace]]) -> list[str]:
    """What the parties' records disagree about, once nothing is under way.

    Harmless, since nothing was provided: a permit that no provider answered (refused or lapsed at the requester), and
    an inquiry that waits for a clerk (pending at both gateways, still open at the core).
    """
    found = []
    for number, by_party in sorted(faces.items()):
        core, asked, given = (by_party.get(party) for party in ("core", "requester", "provider"))
        if core is None or asked is None:
            found.append(f"{number}: no record at the {'core' if core is None else 'requester'}")
        elif given is None:
            if asked.outcome not in ("refused", "lapsed") or core.outcome:
                found.append(f"{number}: {asked.outcome} at the requester, {core.outcome} at the core, none provided")
        elif given.outcome == "pending":
            if asked != given or core.outcome:
                found.append(f"{number}: pending at the provider, {asked.outcome} at the requester")
        elif not core == asked == given:
            found.append(f"{number}: {core} {asked} {given}")
    return found


def address(person: int) -> str:
    """Address number of a person at every body."""
    return f"{person:015d}"


def case_of(person: int) -> str:
    """The person's case in the pension section."""
    return f"case-{person}"


def ask(
    *persons: int, provider: str = SAPPORO, information: str = "local_tax", affairs: str = PENSION_CLAIM,
    batch: str = "batch-1", hidden: bool = False,
) -> InquiryBatch:  # fmt: skip
    """A batch of the same question about some persons."""
    return InquiryBatch(
        batch=batch, section=SECTION, user="clerk-1", purpose=Purpose.APPLICATION,
        inquiries=[
            Inquiry(
                ref=f"ref-{person}", address_number=address(person), case=case_of(person), affairs=affairs,
                information=information, provider=provider, hidden=hidden,
            )
            for person in persons
        ],
    )  # fmt: skip
