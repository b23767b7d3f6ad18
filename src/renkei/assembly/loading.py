"""Moving a synthetic nation into a country: through the same doors as everybody else.

Numbers are assigned, residents entered, people enrolled in the ledgers of the bodies that deal with them, codes
obtained (ledger → numbers → core → gateway), copies registered by the business systems. Nothing is written past a room.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, TypeVar

import msgspec

from renkei.assembly.country import BodyNode, Country
from renkei.assembly.nation import Household, Nation, Person
from renkei.assembly.nation.model import MALE
from renkei.base.identifiers import ResidentRecordCode
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import to_ms
from renkei.contracts.addressees import Enrolment, FourItems, Sex
from renkei.contracts.exchange import ITEMS_MAX
from renkei.contracts.information import (
    FamilyEvent,
    FamilyRegister,
    InformationBody,
    MedicalInsuranceBenefit,
)  # fmt: skip
from renkei.contracts.inquiries import Copy, CopyBatch, InquiryPort
from renkei.contracts.sheets import encode
from renkei.institutions.numbers.model import Assignment
from renkei.institutions.numbers.operations import take_over
from renkei.institutions.residents import copies as resident_copies
from renkei.institutions.residents.model import Entry
from renkei.institutions.residents.model import Person as Registered
from renkei.institutions.residents.operations.loading import enter_households

ItemT = TypeVar("ItemT")
RESIDENTS_COPIED = timedelta(days=9)
"""How long ago the registries last made their copies."""
REGISTER, INSURED = "family-register", "insured"
"""Business systems of the Minister of Justice and of the insurers."""


class Known(NamedTuple):
    """A person with what the loader needs to know of the household."""

    person: Person
    household: Household


def own_number(person: Person) -> str:
    """The own number (宛名番号) of a person in every business system of the demonstration."""
    return f"{person.index + 1:015d}"


def enrolment_of(nation: Nation, known: Known) -> Enrolment:
    """What a business system tells its ledger about a person."""
    person = known.person
    items = FourItems(
        name=person.name, kana=person.kana, birth=person.birth, sex=_sex(person), address=known.household.address.text
    )
    number = nation.numbers.personal_number(person.index)
    return Enrolment(own_number=own_number(person), personal_number=number, items=items)


class Loader:
    """Loads one nation into one country."""

    def __init__(self, country: Country, nation: Nation) -> None:
        self._country, self._nation = country, nation
        self._now: datetime = country.clock.now()
        self._people = [Known(person, home) for home in nation.households() for person in home.members]

    @property
    def people(self) -> Sequence[Known]:
        """Everyone, in the order of the nation."""
        return self._people

    def number(self, person: Person) -> PersonalNumber:
        """The person's synthetic personal number."""
        return self._nation.numbers.personal_number(person.index)

    def assign_numbers(self) -> None:
        """Personal numbers of everyone (番号法 7条)."""
        assignments = [
            Assignment(ResidentRecordCode(known.person.resident_record_code), self.number(known.person))
            for known in self._people
        ]
        with self._country.numbers_db.writing() as conn:
            take_over(conn, assignments, now=self._now)

    def enter_residents(self) -> None:
        """Every household in the registry of its municipality."""
        homes: dict[str, list[list[Entry]]] = {}
        for home in self._nation.households():
            homes.setdefault(home.municipality.body_id, []).append([self._entry(home, one) for one in home.members])
        for body_id, households in homes.items():
            with self._country.bodies[body_id].stores["residents"].writing() as conn:
                enter_households(conn, households, now=self._now - RESIDENTS_COPIED)

    def _entry(self, home: Household, person: Person) -> Entry:
        former = home.move.former if home.move else None
        return Entry(
            person=Registered(
                name=person.name, kana=person.kana, birth=person.birth, sex=_sex(person),
                resident_record_code=ResidentRecordCode(person.resident_record_code),
                personal_number=self.number(person),
            ),
            relation=str(person.relation), address=home.address.text, resident_since=person.resident_since,
            moved_from=former.body_id.removeprefix("m-") if former else "",
            protected_until=self._now.date() + timedelta(days=365) if person.protected else None,
            own_number=own_number(person),
        )  # fmt: skip

    async def enrol(self, body_id: str, system: str, people: Iterable[Known]) -> None:
        """Make people known to a body's ledger and obtain their codes; those whose code is pending wait."""
        node = self._country.bodies[body_id]
        ready = [enrolment_of(self._nation, known) for known in people if not known.person.code_pending]
        await node.ledger.enrol(system, ready)
        await node.ledger.acquire_codes()

    async def enrol_pending(self, body_id: str, system: str, people: Iterable[Known]) -> None:
        """Make those known whose code no body has obtained yet: the ledger numbers them, no code is ordered."""
        node = self._country.bodies[body_id]
        late = [enrolment_of(self._nation, known) for known in people if known.person.code_pending]
        await node.ledger.enrol(system, late)

    async def register(
        self, port: InquiryPort, batch: str, made: Iterable[tuple[Known, str, InformationBody]], *, since: date
    ) -> int:
        """Register copies that a body makes of its own records; returns how many were stored."""
        stored = 0
        usable = (one for one in made if not (one[0].person.copies_missing or one[0].person.code_pending))
        for place, part in enumerate(_parts(usable, ITEMS_MAX)):
            copies = [
                Copy(
                    address_number=own_number(known.person), information=information, body=msgspec.Raw(encode(body)),
                    copied_ms=_copied_ms(known.person, information, self._now), valid_from=since.isoformat(),
                )
                for known, information, body in part
            ]  # fmt: skip
            receipt = await port.register_copies(CopyBatch(batch=f"{batch}-{place}", copies=copies))
            if receipt.problems:
                raise ValueError(f"{batch}: {receipt.problems[0].reason} at {receipt.problems[0].at}")
            stored += receipt.stored
        return stored

    async def residents_feed(self) -> None:
        """Enrolments, copies and marks of every registry, as the registries themselves give them."""
        skipped = {own_number(known.person) for known in self._people if known.person.copies_missing}
        pending = {own_number(known.person) for known in self._people if known.person.code_pending}
        for node in self._country.bodies.values():
            db = node.stores.get("residents")
            if db is None:
                continue
            with db.reading() as conn:
                enrolments = [one for page in resident_copies.enrolment_pages(conn) for one in page.enrolments]
                batches = [page.batch for page in resident_copies.copy_pages(conn)]
                marks = resident_copies.marks_now(conn)
            await node.ledger.enrol("residents", [one for one in enrolments if one.own_number not in pending])
            await node.ledger.acquire_codes()
            await node.ledger.enrol("residents", [one for one in enrolments if one.own_number in pending])
            relay = node.relay("residents")
            for batch in batches:
                kept = [copy for copy in batch.copies if copy.address_number not in skipped | pending]
                await relay.register_copies(CopyBatch(batch=batch.batch, copies=kept))
            if marks.persons:
                await relay.mark_persons(marks)

    async def family_registers(self) -> None:
        """戸籍関係情報 at the Minister of Justice."""
        await self.enrol("moj", REGISTER, self._people)
        made = ((known, "family_register", _family_register(known)) for known in self._people)
        await self.register(self._port("moj", REGISTER), "moj-family-register", made, since=date(2024, 5, 27))

    async def insurances(self) -> None:
        """医療保険給付関係情報 at the insurers."""
        by_insurer: dict[str, list[Known]] = {}
        for known in self._people:
            if known.person.insurance is not None:
                by_insurer.setdefault(known.person.insurance.insurer, []).append(known)
        for body_id, people in by_insurer.items():
            await self.enrol(body_id, INSURED, people)
            made = ((known, "medical_insurance_benefit", _insurance(known.person)) for known in people)
            port = self._port(body_id, INSURED)
            await self.register(port, f"{body_id}-insured", made, since=date(2024, 5, 27))

    def _port(self, body_id: str, system: str) -> InquiryPort:
        node: BodyNode = self._country.bodies[body_id]
        return node.relay(system)


def _sex(person: Person) -> Sex:
    return "male" if person.sex == MALE else "female"


def _copied_ms(person: Person, information: str, now: datetime) -> int:
    """When a copy was made: some weeks ago, spread by person, so that ages of copies differ as they do in life."""
    digest = hashlib.sha256(f"{information}/{person.index}".encode()).digest()
    return to_ms(now) - (1 + digest[0] % 40) * 86_400_000 - int.from_bytes(digest[1:4], "big")


def _family_register(known: Known) -> FamilyRegister:
    person = known.person
    events = [FamilyEvent(kind="birth", on=person.birth)]
    return FamilyRegister(
        domicile=person.family_register.domicile, spouse=person.spouse is not None, children=len(person.children),
        events=events,
    )  # fmt: skip


InsurerKind = Literal["national", "association", "society", "mutual_aid", "late_elderly"]
_INSURERS: dict[str, InsurerKind] = {"jhia": "association", "hs-sample": "society"}


def _insurer_kind(body_id: str) -> InsurerKind:
    if body_id.startswith("lu-"):
        return "late_elderly"
    return _INSURERS.get(body_id, "national")


def _insurance(person: Person) -> MedicalInsuranceBenefit:
    insurance = person.insurance
    if insurance is None:
        raise ValueError("not insured")
    return MedicalInsuranceBenefit(
        insurer_kind=_insurer_kind(insurance.insurer),
        insured_since=insurance.since,
        dependant=insurance.dependant_of is not None,
    )


def _parts(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    part: list[ItemT] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
