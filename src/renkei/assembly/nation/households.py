"""From drafts to frozen households: where they live, what they earn, pay, receive and are insured with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from renkei.assembly.nation import taxes
from renkei.assembly.nation.bodies import JHIA, SOCIETY, late_elderly_union_id
from renkei.assembly.nation.dice import Dice, key_of
from renkei.assembly.nation.drafts import Caster, Draft, cast_household
from renkei.assembly.nation.living import choose_earnings, choose_work, pension_benefit, pension_in, pension_record
from renkei.assembly.nation.model import (
    MALE,
    Account,
    Address,
    DisabilityBook,
    FamilyRegister,
    Household,
    Insurance,
    LocalTax,
    Move,
    Municipality,
    PensionBenefit,
    PensionClaim,
    PensionRecord,
    Person,
    PublicAssistance,
    Work,
)
from renkei.assembly.nation.numbers import Numbers
from renkei.assembly.nation.places import Places, draw_address, draw_domicile
from renkei.assembly.nation.welfare import assistance_per_mille, child_allowance, disability_book
from renkei.base.time import attains_on, fiscal_year

MOVED_PER_MILLE = 85
ABROAD_PER_MILLE = 30  # of those who moved
MOVED_WITHIN_DAYS = 730
ACCOUNTS_FROM = date(2022, 3, 28)  # the register of accounts opened (公金受取口座登録法)
TAX_YEARS = 3
DEPENDANT_EARNED_MAX_YEN = (1_300_000, 1_800_000)  # 健康保険法3条7項; in practice below, from sixty on
SINGLE_PARENT_INCOME_MAX_YEN = 5_000_000  # 地方税法292条1項12号


class Home(NamedTuple):
    """Where a household lives and whence it came."""

    municipality: Municipality
    address: Address
    move: Move | None
    origin: Municipality | None
    """The municipality it came from; None where it did not move or came from abroad."""

    @property
    def moved_on(self) -> date | None:
        """The day of the move."""
        return self.move.moved_on if self.move else None


class Facts(NamedTuple):
    """What was found out about one draft on the way."""

    record: PensionRecord | None
    benefit: PensionBenefit | None
    book: DisabilityBook | None
    taxes: tuple[LocalTax, ...]


class Builder:
    """Builds the households of one nation on one day.

    Args:
        seed: the nation's seed.
        places: the chosen municipalities.
        as_of: the day on which ages, moves and claims are judged.
    """

    def __init__(self, *, seed: int, places: Places, as_of: date) -> None:
        self.numbers = Numbers(seed)
        self.places = places
        self.as_of = as_of
        self._caster = Caster(as_of)
        self._key = key_of(seed, "household")
        year = fiscal_year(as_of)
        # Local tax of a fiscal year is fixed in June; until then the year before is the newest there is.
        newest = year if as_of >= date(year, 6, 1) else year - 1
        self._years = tuple(
            (back, year, date(year, 1, 1), taxes.rules_for(year))
            for back, year in enumerate(range(newest, newest - TAX_YEARS, -1))
        )
        self._claim_year = (date(year, 4, 1), date(year + 1, 3, 31))

    def dice(self, index: int) -> Dice:
        """The die of household `index`."""
        return Dice(self._key, index)

    def household(self, index: int, first_person: int, kind: int) -> Household:
        """Household `index`, of a kind; its members are numbered from `first_person`."""
        dice = self.dice(index)
        home = self._home(dice)
        drafts = cast_household(self._caster, dice, kind)
        assisted = dice.chance(assistance_per_mille(drafts))
        for draft in drafts:
            choose_work(dice, draft)
            if assisted and draft.work in (Work.EMPLOYED, Work.SELF_EMPLOYED):
                draft.work = Work.HOME
            choose_earnings(dice, draft)
        return self.freeze(dice, index, first_person, drafts, home, assisted=assisted, protected=dice.chance(1))

    def freeze(
        self,
        dice: Dice,
        index: int,
        first_person: int,
        drafts: Sequence[Draft],
        home: Home,
        *,
        assisted: bool = False,
        protected: bool = False,
    ) -> Household:
        """Work everything out that follows from the drafts, and freeze the household."""
        for position, draft in enumerate(drafts):
            draft.position = position
        facts = self._facts(dice, first_person, drafts, home, assisted)
        registers = self._registers(dice, drafts, home)
        insured = self._main_insured(drafts)
        insurer = SOCIETY if dice.below(100) < 35 else JHIA
        members = tuple(
            self._person(
                dice,
                first_person,
                draft,
                home,
                fact=fact,
                register=registers[draft.relation in ("父", "母")],
                insurance=None if assisted else self._insurance(dice, first_person, draft, insured, insurer, home),
                protected=protected,
            )
            for draft, fact in zip(drafts, facts, strict=True)
        )
        return Household(
            index=index,
            municipality=home.municipality,
            address=home.address,
            move=home.move,
            members=members,
            child_allowance=child_allowance(drafts, first_person, home.moved_on, self.as_of),
            public_assistance=self._assistance(dice, drafts, home) if assisted else None,
        )

    def _home(self, dice: Dice) -> Home:
        municipality = self.places.draw(dice)
        address = draw_address(dice, municipality)
        if not dice.chance(MOVED_PER_MILLE):
            return Home(municipality, address, None, None)
        moved_on = self.as_of - timedelta(days=1 + dice.below(MOVED_WITHIN_DAYS))
        if dice.chance(ABROAD_PER_MILLE):
            return Home(municipality, address, Move(moved_on, None), None)
        origin = self.places.draw_other(dice, municipality)
        return Home(municipality, address, Move(moved_on, draw_address(dice, origin)), origin)

    def _facts(self, dice: Dice, first_person: int, drafts: Sequence[Draft], home: Home, assisted: bool) -> list[Facts]:
        pensions: list[tuple[PensionRecord | None, PensionBenefit | None, DisabilityBook | None]] = []
        for draft in drafts:
            number = self.numbers.basic_pension_number(first_person + draft.position)
            record = pension_record(dice, draft, number, self.as_of)
            benefit = None
            if record is not None and draft.age >= 64 and attains_on(draft.birth, 65) < self._claim_year[0]:
                benefit = pension_benefit(record, draft.birth)
            pensions.append((record, benefit, disability_book(dice, draft, home.municipality, self.as_of)))
            if benefit is not None:
                draft.pension = tuple(pension_in(benefit, year - 1) for _, year, _, _ in self._years)
            self._add_up(draft)
        mains = tuple(_main_earner(drafts, back) for back in range(TAX_YEARS))
        return [
            Facts(record, benefit, book, self._taxes(draft, drafts, mains, book is not None, home, assisted))
            for draft, (record, benefit, book) in zip(drafts, pensions, strict=True)
        ]

    def _add_up(self, draft: Draft) -> None:
        if not any(draft.salary + draft.pension + draft.business):
            return
        draft.totals = tuple(
            taxes.total_income(
                rules, draft.salary[back], draft.pension[back], draft.business[back], year - 1 - draft.birth.year >= 65
            )
            for back, year, _, rules in self._years
        )

    def _taxes(
        self,
        draft: Draft,
        drafts: Sequence[Draft],
        mains: Sequence[Draft],
        disabled: bool,
        home: Home,
        assisted: bool,
    ) -> tuple[LocalTax, ...]:
        """Local tax of the last years, newest first, each by the municipality of 1 January (地方税法39条, 318条)."""
        found: list[LocalTax] = []
        if draft.age < 17:
            return ()
        for back, year, assessed_on, rules in self._years:
            assessor = home.municipality
            if home.move is not None and home.move.moved_on > assessed_on:
                if home.origin is None:
                    break
                assessor = home.origin
            if year - 1 - draft.birth.year < 18:
                break
            income = draft.totals[back]
            if not income:
                found.append(_untaxed(year, assessor, draft.salary[back], draft.pension[back], disabled))
                continue
            spouse, dependants, relief = False, 0, 0
            if draft is mains[back] and income > rules.dependant_income_max_yen and len(drafts) > 1:
                spouse, dependants, relief = _family(draft, drafts, back, year, rules.dependant_income_max_yen)
            single_parent = _is_single_parent(draft, income, year)
            relief += taxes.SINGLE_PARENT_YEN * single_parent + taxes.DISABLED_YEN * disabled
            salary, pension, business = draft.salary[back], draft.pension[back], draft.business[back]
            levied = taxes.assess(
                taxes.Circumstances(
                    assessor.designated,
                    salary,
                    pension,
                    business,
                    income,
                    disabled or single_parent,
                    assisted,
                    relief,
                    spouse,
                    dependants,
                )
            )
            found.append(LocalTax(year, assessor.body_id, salary, pension, business, *levied, spouse, dependants))
        return tuple(found)

    def _registers(self, dice: Dice, drafts: Sequence[Draft], home: Home) -> tuple[FamilyRegister, FamilyRegister]:
        """The register of the head's own family, and that of the head's parents."""
        kept_by = home.municipality if dice.below(100) < 55 else self.places.draw(dice)
        domicile = draw_domicile(dice, kept_by)
        head = drafts[0]
        first = next((draft for draft in drafts[:2] if draft.sex == MALE and draft.spouse), head)
        elder = next((draft for draft in reversed(drafts) if draft.relation in ("父", "母")), head)
        return (
            FamilyRegister(kept_by.body_id, domicile, _name(first)),
            FamilyRegister(kept_by.body_id, domicile, _name(elder)) if elder is not head else _EMPTY,
        )

    def _main_insured(self, drafts: Sequence[Draft]) -> Draft | None:
        """Whose health insurance covers the household's dependants: the best paid employee under 75."""
        employees = [draft for draft in drafts if _insured_by_employer(draft)]
        return max(employees, key=lambda draft: draft.salary[0], default=None)

    def _insurance(
        self, dice: Dice, first_person: int, draft: Draft, main: Draft | None, insurer: str, home: Home
    ) -> Insurance:
        number = self.numbers.insured_number(first_person + draft.position)
        since = home.moved_on or self.as_of.replace(month=4, day=1, year=self.as_of.year - 1 - dice.below(15))
        if draft.age >= 75:
            union = late_elderly_union_id(home.municipality.prefecture_code)
            since = max(draft.birth.replace(year=draft.birth.year + 75, day=min(draft.birth.day, 28)), since)
            return Insurance(union, number, min(since, self.as_of), None)
        since = max(since, draft.birth)
        if _insured_by_employer(draft):
            return Insurance(insurer, number, since, None)
        earned = draft.salary[0] + draft.pension[0] + draft.business[0]
        if main is not None and earned < DEPENDANT_EARNED_MAX_YEN[draft.age >= 60]:
            main_number = self.numbers.insured_number(first_person + main.position)
            return Insurance(insurer, main_number, since, first_person + main.position)
        return Insurance(home.municipality.body_id, number, since, None)

    def _assistance(self, dice: Dice, drafts: Sequence[Draft], home: Home) -> PublicAssistance:
        since = home.moved_on or self.as_of - timedelta(days=30 + dice.below(3000))
        kinds = ["生活扶助", "住宅扶助", "医療扶助"]
        if any(6 <= draft.age < 15 for draft in drafts):
            kinds.append("教育扶助")
        return PublicAssistance(since, tuple(kinds), home.municipality.body_id)

    def _person(
        self,
        dice: Dice,
        first_person: int,
        draft: Draft,
        home: Home,
        *,
        fact: Facts,
        register: FamilyRegister,
        insurance: Insurance | None,
        protected: bool,
    ) -> Person:
        index = first_person + draft.position
        attained = attains_on(draft.birth, 65) if 63 <= draft.age <= 65 else None
        low, high = self._claim_year
        account = None
        if draft.age >= 18 and dice.below(100) < 62:
            registered = ACCOUNTS_FROM + timedelta(
                days=dice.below(max(1, min(4096, (self.as_of - ACCOUNTS_FROM).days)))
            )
            account = Account("9999", "999", self.numbers.account_number(index), _kana(draft), registered)
        return Person(
            index=index,
            name=_name(draft),
            kana=_kana(draft),
            birth=draft.birth,
            sex=draft.sex,
            relation=draft.relation,
            work=draft.work,
            resident_record_code=self.numbers.resident_record_digits(index),
            resident_since=max(draft.birth, home.moved_on or self.as_of - timedelta(days=800 + dice.below(4000))),
            family_register=register,
            father=_at(first_person, draft.father),
            mother=_at(first_person, draft.mother),
            spouse=_at(first_person, draft.spouse),
            children=tuple(first_person + child.position for child in draft.children),
            taxes=fact.taxes,
            pension=fact.record,
            benefit=fact.benefit,
            claim=PensionClaim(attained) if attained is not None and low <= attained <= high else None,
            insurance=insurance,
            disability=fact.book,
            account=account,
            protected=protected,
        )


_EMPTY = FamilyRegister("", "", "")


def _at(first_person: int, draft: Draft | None) -> int | None:
    return None if draft is None else first_person + draft.position


def _name(draft: Draft) -> str:
    return f"{draft.family[0]}　{draft.given[0]}"


def _kana(draft: Draft) -> str:
    return f"{draft.family[1]}　{draft.given[1]}"


def _insured_by_employer(draft: Draft) -> bool:
    """Employees under 75 who are not short-time workers (健康保険法3条1項)."""
    return draft.work is Work.EMPLOYED and not draft.part_time and draft.age < 75


def _main_earner(drafts: Sequence[Draft], back: int) -> Draft:
    """Who earned most in a year; the first of several."""
    best = drafts[0]
    for draft in drafts:
        if draft.totals[back] > best.totals[back]:
            best = draft
    return best


def _untaxed(year: int, assessor: Municipality, salary: int, pension: int, disabled: bool) -> LocalTax:
    """The record of somebody whose income is nothing after deductions."""
    deductions = taxes.BASIC_YEN + taxes.DISABLED_YEN * disabled
    return LocalTax(year, assessor.body_id, salary, pension, 0, 0, deductions, 0, 0, 0, 0, 0, False, 0)


def _is_single_parent(draft: Draft, income: int, year: int) -> bool:
    """ひとり親 (地方税法292条1項12号): no spouse, a child to care for, a limited income."""
    if draft.spouse is not None or not draft.children or income > SINGLE_PARENT_INCOME_MAX_YEN:
        return False
    return any(child.birth.year >= year - 19 for child in draft.children)


def _family(draft: Draft, drafts: Sequence[Draft], back: int, year: int, income_max: int) -> tuple[bool, int, int]:
    """Whether the main earner's spouse is deducted, how many dependants, and the deductions for them in yen.

    The member who earned most claims everybody else in the household, so that nobody is claimed twice.
    """
    spouse, dependants, relief = False, 0, 0
    for other in drafts:
        if other is draft or other.totals[back] > income_max:
            continue
        age = year - 1 - other.birth.year
        if age < 0:
            continue
        if other is draft.spouse:
            spouse = True
            relief += taxes.OLD_SPOUSE_YEN if age >= 70 else taxes.SPOUSE_YEN
            continue
        dependants += 1
        if age >= 70:
            relief += taxes.OLD_PARENT_YEN
        elif 19 <= age <= 22:
            relief += taxes.STUDENT_YEN
        elif age >= 16:
            relief += taxes.DEPENDANT_YEN
    return spouse, dependants, relief
