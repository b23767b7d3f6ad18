"""A running network that the contract tests share, and what they ask of it.

Every test takes its own people, so that a network may serve a whole session of tests.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import MetaData, select
from tests.network import JPS, SAPPORO, Network, address, ask, differences

from renkei.base.errors import RenkeiError, catalogue
from renkei.contracts.exchange import Outcome
from renkei.contracts.information import LocalTax, LocalTaxYear
from renkei.contracts.inquiries import InquiryBatch, InquiryResult, PersonMarks, PersonMarksBatch
from renkei.contracts.records import AccessList, AccessRequest
from renkei.contracts.register import BodyState
from renkei.contracts.sheets import CORE, b64, encode
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.linkage import queries as core_queries
from renkei.institutions.linkage import store as core_store
from renkei.institutions.linkage.operations.register import set_body_state
from renkei.platform.audit_store import audited
from renkei.platform.database import Database

T = TypeVar("T")
PORTAL = "portal"


def local_tax(income_yen: int = 3_200_000) -> LocalTax:
    """A copy of one year."""
    return LocalTax(
        years=[
            LocalTaxYear(
                fiscal_year=2026, income_year=2025, salary_income_yen=income_yen, pension_income_yen=0,
                business_income_yen=0, total_income_yen=income_yen, dependants=0, income_levy_yen=0,
                per_capita_levy_yen=5000, exempt=False,
            )
        ]
    )  # fmt: skip


class World:
    """One network on one database and one wire, in an event loop of its own."""

    def __init__(self, folder: Path, *, postgres_url: str | None, http: bool) -> None:
        self.runner = asyncio.Runner()
        self._schemas = f"x_{uuid.uuid4().hex[:10]}"
        self._postgres_url = postgres_url
        self._people = 0
        self._marks: dict[str, int] = {}
        self.net = self.run(self._open(folder, http))

    async def _open(self, folder: Path, http: bool) -> Network:
        return await Network(folder, open_database=self._opener(), http=http).start()

    def _opener(self) -> Any:
        if self._postgres_url is None:
            return None
        url = self._postgres_url

        def open_database(name: str, metadata: MetaData) -> Database:
            return Database.open(url, metadata=metadata, schema=f"{self._schemas}_{name.replace('-', '_')}")

        return open_database

    def close(self) -> None:
        self.run(self.net.stop())
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to its end; a test that hangs fails."""
        return self.runner.run(asyncio.wait_for(work, 30))

    # --- people ---

    def people(self, count: int = 1, *, at: tuple[str, ...] = (JPS, SAPPORO), cases: bool = True) -> list[int]:
        """New people whom these bodies know, each with an open case in the pension section."""
        people = list(range(self._people + 1, self._people + 1 + count))
        self._people += count
        for body_id in at:
            self.run(self.net.give_codes(body_id, people))
        if cases:
            self.run(self.net.open_cases(people))
        return people

    def person(self, *, at: tuple[str, ...] = (JPS, SAPPORO), copy: bool = True, cases: bool = True) -> int:
        """One new person, with a tax copy at Sapporo."""
        [person] = self.people(at=at, cases=cases)
        if copy:
            self.give_copies([person])
        return person

    def give_copies(self, people: list[int], *, body_id: str = SAPPORO, income_yen: int = 3_200_000) -> None:
        self.run(self.net.give_copies(body_id, "local_tax", people, local_tax(income_yen)))

    def mark(self, person: int, *, body_id: str = SAPPORO, protected: bool = False, hidden: bool = False) -> None:
        """Set a person's marks at a body."""
        marks = PersonMarks(address_number=address(person), no_automatic_answer=protected, hidden=hidden)
        self.run(self.net.system(body_id).mark_persons(PersonMarksBatch(persons=[marks])))

    # --- asking ---

    def batch(self, *people: int, **changes: Any) -> InquiryBatch:
        return ask(*people, batch=uuid.uuid4().hex, **changes)

    def ask(self, *people: int, **changes: Any) -> list[InquiryResult]:
        """Ask as the pension section; results in the order of the people."""
        return self.inquire(self.batch(*people, **changes))

    def inquire(self, batch: InquiryBatch) -> list[InquiryResult]:
        return self.run(self.net.system(JPS).inquire(batch)).results

    def result(self, batch: str) -> list[InquiryResult]:
        return self.run(self.net.system(JPS).result(batch)).results

    def refusal(self, work: Coroutine[Any, Any, Any]) -> RenkeiError:
        """The error that a call ends in; its sentences are checked."""
        try:
            self.run(work)
        except RenkeiError as error:
            check_sentences(error.code, error.public)
            return error
        raise AssertionError("nothing was refused")

    def settle(self) -> None:
        self.run(self.net.settle())

    def tenant(self, body_id: str):  # type: ignore[no-untyped-def]
        return self.net.gateways[body_id].tenant

    def late_answers_arrive(self) -> None:
        """Wait until every outbox is empty."""
        self.run(self._empty_outboxes())

    async def _empty_outboxes(self) -> None:
        tables = gateway_store.outbox_table
        for node in self.net.gateways.values():
            while await node.tenant.db.read(
                lambda conn: conn.execute(select(tables).where(tables.c.parked.is_(False))).first()
            ):
                await asyncio.sleep(0.01)

    # --- what is kept ---

    def fresh(self) -> None:
        """From here on `events` tells what is new."""
        self._marks = {place: self._last(place) for place in (CORE, *self.net.gateways)}

    def _store(self, place: str) -> tuple[Database, Any]:
        if place == CORE:
            return self.net.core.core.db, core_store.audit_table
        return self.tenant(place).db, gateway_store.audit_table

    def _last(self, place: str) -> int:
        db, table = self._store(place)
        with db.reading() as conn:
            return conn.execute(select(table.c.number).order_by(table.c.number.desc()).limit(1)).scalar() or 0

    def events(self, place: str, name: str) -> list[dict[str, Any]]:
        """Audit events of one kind in the store of one party since `fresh`."""
        db, table = self._store(place)
        with db.reading() as conn:
            return [row.fields for row in audited(conn, table, name=name, after=self._marks.get(place, 0))]

    def refused_calls(self, place: str) -> list[str]:
        """Codes of the calls that one party did not carry out since `fresh`."""
        return [event["code"] for event in self.events(place, "platform.call_refused")]

    def faces_of(self, number: str) -> dict[str, Any]:
        """The records of one exchange, by party."""
        return self.net.faces().get(number, {})

    def check_records(self) -> None:
        """Once everything is reported, the three parties' records agree."""
        self.settle()
        assert differences(self.net.faces()) == []

    def records(self) -> int:
        """How many records all parties hold together."""
        return sum(map(len, self.net.faces().values()))

    def access_list(self, person: int) -> AccessList:
        """What the person sees, by the portal's own code."""
        core = self.net.core.core
        code = core.keys.issue(PORTAL, core.keys.handle(f"99{person:09d}"))
        request = AccessRequest(code=b64(code))
        with core.db.reading() as conn:
            return core_queries.access_list(
                conn, code=request.code, channel=PORTAL, keys=core.keys, log=core.log, now=self.net.clock.now(),
                limit=100,
            )  # fmt: skip

    # --- the world changes ---

    def set_state(self, body_id: str, state: BodyState) -> None:
        core = self.net.core
        with core.core.db.writing() as conn:
            set_body_state(conn, body_id, state=state, reason="pia_unpublished", now=self.net.clock.now())
        core.refresh(now=self.net.clock.now())

    def move(self, **by: float) -> None:
        self.net.clock.move(timedelta(**by))


def check_sentences(code: str, facts: dict[str, str]) -> None:
    """A code has a plain sentence in both languages that says more than a word."""
    error = catalogue()[code](**facts)
    ja, en = error.sentence("ja"), error.sentence("en")
    assert len(ja) > 15, (code, ja)
    assert ja.endswith("。"), (code, ja)
    assert len(en) > 30, (code, en)
    assert en.endswith((".", ")")), (code, en)
    assert en[0].isupper() or not en[0].isalpha()


def ended(result: InquiryResult, outcome: Outcome, reason: str) -> None:
    """The result says so, and its reason has a sentence."""
    assert (result.outcome, result.reason) == (outcome, reason), result
    assert (result.body() is not None) is (outcome is Outcome.GIVEN)
    if reason:
        facts = result.facts
        check_sentences(reason, dict(facts))


def raw(message: msgspec.Struct) -> bytes:
    return encode(message)
