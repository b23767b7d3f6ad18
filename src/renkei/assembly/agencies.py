"""The agencies of a country: opened beside its bodies, and loaded from a synthetic nation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from renkei.assembly.country import Country
from renkei.assembly.loading import Known, Loader, own_number
from renkei.assembly.nation import Household, Municipality, Person
from renkei.base.time import jst_date
from renkei.institutions.agencies.pension import store as pension_store
from renkei.institutions.agencies.pension.model.amount import Months
from renkei.institutions.agencies.pension.model.claims import Insured, InsuredKind, Residence
from renkei.institutions.agencies.pension.model.copies import Pension
from renkei.institutions.agencies.pension.operations.register import enter_insured, enter_pensions, set_residences
from renkei.institutions.agencies.pension.service import PensionOffice
from renkei.institutions.agencies.tax import store as tax_store
from renkei.institutions.agencies.tax.model.assessment import Relief, Statement
from renkei.institutions.agencies.tax.operations import assess_all, register_taxpayers
from renkei.institutions.agencies.tax.service import TaxOffice
from renkei.institutions.agencies.welfare import store as welfare_store
from renkei.institutions.agencies.welfare.model.allowance import Child, month_of
from renkei.institutions.agencies.welfare.model.registers import AidKind, Assistance, Certificate, CertificateKind
from renkei.institutions.agencies.welfare.operations.allowances import Entry, enter_allowances
from renkei.institutions.agencies.welfare.operations.registers import enter_assistance, enter_certificates
from renkei.institutions.agencies.welfare.service import WelfareOffice

JPS = "jps"
PENSION_SECTION = "pension-claims"
PENSION, TAX, WELFARE = "pension", "tax", "welfare"
PREFECTURES = "p-"
MONTHS_MAX = 480  # from twenty to sixty (国民年金法27条)
TAX_COPIED, PENSION_COPIED, WELFARE_COPIED = timedelta(days=20), timedelta(days=12), timedelta(days=6)
"""How long ago the agencies last made their copies."""


class Agencies:
    """Pension, tax and welfare offices, with their gateways behind their bodies' ledgers."""

    def __init__(self, country: Country, municipalities: Iterable[Municipality]) -> None:
        self._country = country
        self.designated = {municipality.body_id: municipality.designated for municipality in municipalities}
        pension_node = country.bodies[JPS]
        self.pension = PensionOffice(
            country.open_store(PENSION, pension_store.metadata, JPS), gateway=pension_node.relay(PENSION),
            addressees=pension_node.ledger, clock=country.clock, system=PENSION,
        )  # fmt: skip
        self.tax = {
            body_id: TaxOffice(
                country.open_store(TAX, tax_store.metadata, body_id), gateway=country.bodies[body_id].relay(TAX),
                clock=country.clock,
            )
            for body_id in self.designated
        }  # fmt: skip

        self.welfare = {
            body_id: WelfareOffice(
                country.open_store(WELFARE, welfare_store.metadata, body_id), body_id=body_id,
                gateway=node.relay(WELFARE), addressees=node.ledger, clock=country.clock, system=WELFARE,
            )
            for body_id, node in country.bodies.items()
            if body_id in self.designated or body_id.startswith(PREFECTURES)
        }  # fmt: skip

    async def load_tax(self, loader: Loader) -> None:
        """Assess everyone where they lived on 1 January, and hand the copies over (地方税法 39条, 318条)."""
        taxed: dict[str, dict[int, Known]] = {}
        for known in loader.people:
            if not (known.person.copies_missing or known.person.code_pending):
                for year in known.person.taxes:
                    taxed.setdefault(year.body_id, {})[known.person.index] = known
        now = self._country.clock.now() - TAX_COPIED
        for body_id, people in taxed.items():
            await loader.enrol(body_id, TAX, people.values())
            statements = [one for known in people.values() for one in _statements(known, body_id)]
            office = self.tax[body_id]
            with office.db.writing() as conn:
                register_taxpayers(conn, [(own_number(known.person), known.person.birth) for known in people.values()])
                assess_all(conn, statements, designated_city=self.designated[body_id], now=now)
            await office.publish_copies()

    async def load_pensions(self, loader: Loader) -> None:
        """Insured persons with their months, pensions and where they lived; then their copies."""
        insured = [known for known in loader.people if known.person.pension is not None]
        await loader.enrol(JPS, PENSION, insured)
        await loader.enrol_pending(JPS, PENSION, insured)
        now = self._country.clock.now() - PENSION_COPIED
        with self.pension.db.writing() as conn:
            enter_insured(conn, [_insured(known.person) for known in insured], now=now)
            set_residences(conn, [(own_number(known.person), at) for known in insured for at in _residences(known)])
            enter_pensions(conn, [one for known in insured for one in _pensions(known.person)], now=now)
        await self.pension.publish_copies()

    async def load_welfare(self, loader: Loader) -> None:
        """Allowances, public assistance and disability certificates of each office; then their copies."""
        found: dict[str, _Held] = {}
        today = jst_date(self._country.clock.now())
        for known in loader.people:
            if not (known.person.copies_missing or known.person.code_pending):
                _hold(found, known, today=today)
        now = self._country.clock.now() - WELFARE_COPIED
        for body_id, held in found.items():
            await loader.enrol(body_id, WELFARE, held.people.values())
            office = self.welfare[body_id]
            last_paid = _last_payment_month(jst_date(now))
            with office.db.writing() as conn:
                enter_allowances(conn, held.allowances, paid_through=last_paid, now=now)
                enter_assistance(conn, held.assistance, now=now)
                enter_certificates(conn, held.certificates, now=now)
            await office.publish_copies()


@dataclass(slots=True)
class _Held:
    """What one welfare office holds."""

    people: dict[int, Known] = field(default_factory=dict)
    allowances: list[Entry] = field(default_factory=list)
    assistance: list[Assistance] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)


def _hold(found: dict[str, _Held], known: Known, *, today: date) -> None:
    person, home = known.person, known.household
    number = own_number(person)
    allowance, aid, book = home.child_allowance, home.public_assistance, person.disability
    # Whoever has just moved in has not claimed here yet.
    if allowance is not None and allowance.recipient == person.index and allowance.since <= today:
        held = found.setdefault(home.municipality.body_id, _Held())
        held.people[person.index] = known
        since = max(month_of(allowance.since), _ALLOWANCE_KEPT_SINCE)
        held.allowances.append(Entry(number, since, tuple(children_of(home, since=since))))
    if aid is not None:
        held = found.setdefault(aid.body_id, _Held())
        held.people[person.index] = known
        held.assistance.append(
            Assistance(own_number=number, started_on=aid.since, kinds=tuple(_aids(aid.kinds)), monthly_yen=_AID_YEN)
        )
    if book is not None:
        held = found.setdefault(book.issuer, _Held())
        held.people[person.index] = known
        held.certificates.append(
            Certificate(
                own_number=number, kind=_certificate_kind(book.kind), grade=book.grade, issued_on=book.issued_on
            )
        )


def children_of(home: Household, *, since: int = 0) -> list[Child]:
    """Children of a household's recipient, as the welfare office counts them."""
    allowance = home.child_allowance
    wanted = set(allowance.children) if allowance else {child for one in home.members for child in one.children}
    return [
        Child(own_number=own_number(one), birth=one.birth, since=max(since, month_of(one.birth)))
        for one in home.members
        if one.index in wanted
    ]


_ALLOWANCE_KEPT_SINCE = month_of(date(2024, 10, 1))  # the amounts of the Act before its reform are not kept
_AID_YEN = 78_000  # synthetic; the standard of the 生活保護法 is not modelled
_AID_KINDS: tuple[AidKind, ...] = (
    "living", "education", "housing", "medical", "care", "maternity", "occupation", "funeral",
)  # fmt: skip


def _aids(kinds: Iterable[str]) -> list[AidKind]:
    wanted = set(kinds)
    return [kind for kind in _AID_KINDS if kind in wanted]


def _certificate_kind(kind: str) -> CertificateKind:
    kinds: tuple[CertificateKind, ...] = ("physical", "mental", "intellectual")
    return next(one for one in kinds if one == kind)


def _last_payment_month(day: date) -> int:
    """The last even month that has come (児童手当法8条4項)."""
    month = month_of(day)
    return month if (month % 12 + 1) % 2 == 0 else month - 1


BASIC_DEDUCTION_YEN = 430_000  # 地方税法314条の2第2項


def _statements(known: Known, body_id: str) -> list[Statement]:
    person, relief = known.person, Relief.NONE
    if known.household.public_assistance is not None:
        relief = Relief.ASSISTANCE
    elif person.disability is not None:
        relief = Relief.PROTECTED
    return [
        Statement(
            own_number=own_number(person),
            fiscal_year=year.fiscal_year,
            salary_yen=year.salary_yen,
            pension_yen=year.pension_yen,
            business_yen=year.business_yen,
            other_deductions_yen=max(0, year.deductions_yen - BASIC_DEDUCTION_YEN),
            spouse_deducted=year.spouse_deducted,
            dependants=year.dependants,
            relief=relief,
        )
        for year in person.taxes
        if year.body_id == body_id
    ]


def _insured(person: Person) -> Insured:
    record = person.pension
    if record is None:
        raise ValueError("not insured")
    room = MONTHS_MAX - record.paid_months - record.exempt_months - record.spouse_months
    months = Months(
        paid=record.paid_months, employed=max(0, min(record.employed_months, room)), dependant=record.spouse_months,
        exempt_full=record.exempt_months,
    )  # fmt: skip
    return Insured(
        own_number=own_number(person), name=person.name, kana=person.kana, birth=person.birth, months=months,
        kind=_KINDS.get(str(person.work), InsuredKind.NONE),
    )  # fmt: skip


_KINDS = {"employed": InsuredKind.SECOND, "self_employed": InsuredKind.FIRST, "learning": InsuredKind.FIRST}


def _residences(known: Known) -> list[Residence]:
    person, home = known.person, known.household
    here = home.municipality.body_id
    if home.move is None or person.birth >= home.move.moved_on:
        return [Residence(person.birth, here)]
    if home.move.former is None:
        return [Residence(home.move.moved_on, here)]
    return [Residence(person.birth, home.move.former.body_id), Residence(home.move.moved_on, here)]


def _pensions(person: Person) -> list[Pension]:
    benefit = person.benefit
    if benefit is None:
        return []
    from_month = f"{benefit.since:%Y-%m}"
    pensions = [
        Pension(
            own_number=own_number(person), kind="old_age_basic", from_month=from_month, yearly_yen=benefit.basic_yen
        )
    ]
    if benefit.employees_yen:
        pensions.append(
            Pension(
                own_number=own_number(person), kind="old_age_employees", from_month=from_month,
                yearly_yen=benefit.employees_yen,
            )
        )  # fmt: skip
    return pensions
