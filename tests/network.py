"""A small network for tests: the core, two municipalities, the Pension Service, the Minister of Justice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import (
    CoreNode, GatewayNode, Means, OpenDatabase, entry_of, open_core, open_gateway, sqlite_files,
)  # fmt: skip
from renkei.assembly.peers import CORE_AUTHORITY, gateway_authority
from renkei.base.time import to_ms
from renkei.contracts.directory import Directory
from renkei.contracts.exchange import Purpose
from renkei.contracts.inquiries import Case, CaseBatch, Copy, CopyBatch, Inquiry, InquiryBatch
from renkei.contracts.numbering import AcquisitionBatch, AcquisitionItem, CodeIssueItem, CodeIssueRequest
from renkei.contracts.sheets import encode
from renkei.institutions.gateway.operations.persons import set_sections
from renkei.institutions.gateway.queries import Section
from renkei.institutions.linkage.operations.codes import issue_codes
from renkei.law import LawBook
from renkei.platform.clock import MovableClock
from renkei.platform.in_process import InProcessWire

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

Wrap = Callable[[object], object]


class Network:
    """The running network. Persons are numbered 1, 2, …; each has the address number of the same digits everywhere."""

    def __init__(self, folder: Path, *, open_database: OpenDatabase | None = None, clock: MovableClock | None = None):
        self.clock = clock or MovableClock(NOW)
        self.wire = InProcessWire()
        keyring = KeyRing(folder / "keys", now=self.clock.now())
        self.means = Means(
            keyring, open_database or sqlite_files(folder), self.wire, self.clock, LawBook.load(),
            Directory([keyring.anchor]),
        )  # fmt: skip
        self.core: CoreNode = open_core(self.means)
        self.gateways: dict[str, GatewayNode] = {
            spec.body_id: open_gateway(self.means, spec.body_id, name=spec.name_ja) for spec in SPECS
        }
        if self.means.directory.version == 0:
            entries = [entry_of(spec, self.gateways[spec.body_id].party) for spec in SPECS]
            self.core.enter(entries, now=self.clock.now())
        self.wire.register(CORE_AUTHORITY, self.core.app)
        for body_id, node in self.gateways.items():
            self.wire.register(gateway_authority(body_id), node.app)

    async def start(self) -> Network:
        """Start every gateway and entitle the pension section."""
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
