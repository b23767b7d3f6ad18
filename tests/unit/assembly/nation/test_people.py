"""People of the synthetic country: families, moves, taxes, pensions and benefits that could be true."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from renkei.assembly.nation import Household, Nation, Person
from renkei.assembly.nation.living import pension_benefit, pension_in
from renkei.assembly.nation.model import FEMALE, MALE, PensionRecord, Relation
from renkei.assembly.nation.names import FAMILY, GIVEN
from renkei.assembly.nation.taxes import Circumstances, assess, rules_for, total_income
from renkei.base.time import age_on, attains_on, fiscal_year_end_after, fiscal_year_period

RESIDENTS = 6_000


@pytest.fixture(scope="module")
def nation() -> Nation:
    return Nation(seed=8, residents=RESIDENTS)


@pytest.fixture(scope="module")
def households(nation: Nation) -> list[Household]:
    return list(nation.households())


@pytest.fixture(scope="module")
def people(households: list[Household]) -> list[Person]:
    return [person for household in households for person in household.members]


def test_there_are_names_enough_and_each_has_a_reading() -> None:
    assert len(set(FAMILY)) >= 150
    assert len(set(GIVEN)) >= 150
    for characters, reading in (*FAMILY, *GIVEN):
        assert characters
        assert all("ァ" <= letter <= "ヺ" or letter == "ー" for letter in reading), reading


def test_links_between_people_are_mutual(people: list[Person]) -> None:
    for person in people:
        if person.spouse is not None:
            spouse = people[person.spouse]
            assert spouse.spouse == person.index
            assert spouse.sex != person.sex
        for child in person.children:
            parent = people[child].mother if person.sex == FEMALE else people[child].father
            assert parent == person.index
        for parent, sex in ((person.father, MALE), (person.mother, FEMALE)):
            if parent is not None:
                assert people[parent].sex == sex
                assert person.index in people[parent].children


def test_nobody_is_unborn_and_parents_are_older(nation: Nation, people: list[Person]) -> None:
    for person in people:
        assert person.birth <= nation.as_of
        assert 0 <= age_on(person.birth, nation.as_of) <= 115
        assert person.resident_since <= nation.as_of
        assert person.resident_since >= person.birth
        for parent in (person.father, person.mother):
            if parent is not None:
                assert age_on(people[parent].birth, person.birth) >= 17


def test_every_household_has_one_head_who_comes_first(households: list[Household]) -> None:
    for household in households:
        assert household.head.relation is Relation.HEAD
        assert age_on(household.head.birth, date(2026, 11, 23)) >= 18
        assert [person.relation for person in household.members].count(Relation.HEAD) == 1
        assert household.address.body_id == household.municipality.body_id


def test_who_moved_came_from_another_municipality_of_the_country(nation: Nation, households: list[Household]) -> None:
    """The provider is found from the former address."""
    ids = {municipality.body_id for municipality in nation.municipalities}
    moved = [household for household in households if household.move is not None]
    assert len(households) * 5 // 100 < len(moved) < len(households) * 12 // 100
    abroad = 0
    for household in moved:
        assert household.move is not None
        assert nation.as_of - timedelta(days=731) < household.move.moved_on < nation.as_of
        if household.move.former is None:
            abroad += 1
            continue
        assert household.move.former.body_id in ids - {household.municipality.body_id}
    assert 0 < abroad < len(moved) // 5


def test_tax_is_assessed_where_one_lived_on_1_january(households: list[Household]) -> None:
    """地方税法39条, 318条: the day of assessment is 1 January of the year in which the fiscal year begins."""
    former = 0
    for household in households:
        for person in household.members:
            for tax in person.taxes:
                move = household.move
                if move is None or move.moved_on <= date(tax.fiscal_year, 1, 1):
                    assert tax.body_id == household.municipality.body_id
                else:
                    assert move.former is not None
                    assert tax.body_id == move.former.body_id
                    former += 1
    assert former


def test_taxes_add_up(people: list[Person]) -> None:
    taxed = 0
    for person in people:
        assert [tax.fiscal_year for tax in person.taxes] == list(range(2026, 2026 - len(person.taxes), -1))
        for tax in person.taxes:
            assert tax.taxable_yen % 1000 == 0
            assert tax.income_levy_municipal_yen % 100 == tax.income_levy_prefectural_yen % 100 == 0
            assert 0 <= tax.total_income_yen <= tax.salary_yen + tax.pension_yen + tax.business_yen
            assert (tax.per_capita_municipal_yen, tax.per_capita_prefectural_yen) in {(0, 0), (3_000, 1_000)}
            if tax.income_levy_municipal_yen:
                assert tax.per_capita_municipal_yen
                assert tax.taxable_yen == (tax.total_income_yen - tax.deductions_yen) // 1000 * 1000
                taxed += 1
    assert taxed > len(people) // 2


def test_nobody_is_claimed_as_a_dependant_twice(households: list[Household]) -> None:
    for household in households:
        for year in (2024, 2025, 2026):
            claims = sum(
                tax.dependants + tax.spouse_deducted
                for person in household.members
                for tax in person.taxes
                if tax.fiscal_year == year
            )
            assert claims < len(household.members)


def test_a_known_salary_gives_a_known_tax() -> None:
    """令和8年度, single, 3,000,000 yen: 2,020,000 − 430,000 − 450,000 = 1,140,000, of which 6 and 4 per cent."""
    rules = rules_for(2026)
    income = total_income(rules, 3_000_000, 0, 0, past_65=False)
    assert income == 2_020_000
    single = Circumstances(False, 3_000_000, 0, 0, income, False, False, 0, False, 0)
    assert assess(single) == (2_020_000, 880_000, 1_140_000, 66_900, 44_600, 3_000, 1_000)
    designated = assess(single._replace(designated_city=True))
    assert (designated.income_levy_municipal, designated.income_levy_prefectural) == (89_200, 22_300)


@pytest.mark.parametrize(
    ("year", "salary", "income"), [(2025, 1_000_000, 450_000), (2026, 1_000_000, 350_000), (2026, 10**7, 8_050_000)]
)
def test_the_salary_deduction_is_the_one_in_force(year: int, salary: int, income: int) -> None:
    """所得税法28条3項: at least 550,000, from incomes of 2025 on 650,000; at most 1,950,000 yen."""
    assert total_income(rules_for(year), salary, 0, 0, past_65=False) == income


@pytest.mark.parametrize(("past_65", "income"), [(True, 900_000), (False, 1_225_000)])
def test_the_pension_deduction_depends_on_age(past_65: bool, income: int) -> None:
    """所得税法35条4項."""
    assert total_income(rules_for(2026), 0, 2_000_000, 0, past_65=past_65) == income


def test_little_income_or_public_assistance_is_not_taxed() -> None:
    """地方税法295条1項, 3項."""
    little = Circumstances(False, 0, 0, 450_000, 450_000, False, False, 0, False, 0)
    assert assess(little)[2:] == (0, 0, 0, 0, 0)
    assert assess(little._replace(business_yen=460_000, total_income_yen=460_000)).per_capita_municipal == 3_000
    assisted = Circumstances(False, 3_000_000, 0, 0, 2_020_000, False, True, 0, False, 0)
    assert assess(assisted)[2:] == (0, 0, 0, 0, 0)


def test_a_full_record_gives_a_full_pension() -> None:
    """国民年金法27条: 780,900 yen for 480 months; 厚生年金保険法43条: 5.481 per mille a month."""
    record = PensionRecord("9900000000", 0, 0, 0, 480, 0, 300_000)
    benefit = pension_benefit(record, date(1961, 12, 1))
    assert (benefit.basic_yen, benefit.employees_yen) == (780_900, 789_264)
    assert benefit.since == date(2026, 12, 1)
    assert pension_in(benefit, 2026) == (780_900 + 789_264) // 12
    assert pension_in(benefit, 2025) == 0
    halved = PensionRecord("9900000000", 240, 240, 0, 0, 0, 0)
    assert pension_benefit(halved, date(1961, 12, 1)).basic_yen == 780_900 * 360 // 480


def test_pension_records_cover_every_month_from_twenty_to_sixty(nation: Nation, people: list[Person]) -> None:
    for person in people:
        record, age = person.pension, age_on(person.birth, nation.as_of)
        assert (record is None) == (age < 20)
        if record is None:
            continue
        months = record.paid_months + record.exempt_months + record.unpaid_months + record.spouse_months
        assert min(months, record.employed_months) >= 0
        assert months <= 480
        if age >= 60:
            assert months + record.employed_months >= 480


def test_who_attains_65_this_fiscal_year_is_to_claim(nation: Nation, people: list[Person]) -> None:
    claimants = [person for person in people if person.claim is not None]
    assert claimants
    for person in people:
        attained = attains_on(person.birth, 65)
        assert (person.claim is not None) == (attained in fiscal_year_period(2026))
        assert (person.benefit is not None) == (attained < date(2026, 4, 1))


def test_child_allowance_is_for_children_until_18(
    nation: Nation, households: list[Household], people: list[Person]
) -> None:
    """児童手当法3条1項: until the 31 March after attaining 18; paid by the municipality where the recipient lives."""
    paid = 0
    for household in households:
        eligible = {
            person.index
            for person in household.members
            if (person.father is not None or person.mother is not None)
            and nation.as_of <= fiscal_year_end_after(person.birth, 18)
        }
        allowance = household.child_allowance
        assert (set(allowance.children) if allowance else set()) == eligible
        if allowance is not None:
            paid += 1
            assert set(allowance.children) <= set(people[allowance.recipient].children)
            assert allowance.monthly_yen >= 10_000 * len(allowance.children)
            assert allowance.since.day == 1
            if household.move is not None:
                assert allowance.since > household.move.moved_on
    assert paid > len(households) // 10


def test_public_assistance_excludes_medical_insurance_and_salary(households: list[Household]) -> None:
    """国民健康保険法6条9号."""
    assisted = [household for household in households if household.public_assistance is not None]
    assert assisted
    for household in households:
        for person in household.members:
            assert (person.insurance is None) == (household.public_assistance is not None)
    for household in assisted:
        assert not any(person.taxes[0].salary_yen for person in household.members if person.taxes)


def test_medical_insurance_follows_age_and_work(nation: Nation, people: list[Person]) -> None:
    """高齢者の医療の確保に関する法律50条: the union of the prefecture from 75 on."""
    ids = {body.body_id for body in nation.bodies()}
    for person in people:
        insurance = person.insurance
        if insurance is None:
            continue
        assert insurance.insurer in ids
        assert insurance.since <= nation.as_of
        assert insurance.insurer.startswith("lu-") == (age_on(person.birth, nation.as_of) >= 75)
        if insurance.dependant_of is not None:
            insured = people[insurance.dependant_of]
            assert insured.insurance is not None
            assert (insured.insurance.insurer, insured.insurance.number) == (insurance.insurer, insurance.number)


def test_every_kind_of_case_occurs(people: list[Person], households: list[Household]) -> None:
    assert {person.disability.kind for person in people if person.disability} == {"physical", "intellectual", "mental"}
    assert 0.3 < sum(person.account is not None for person in people) / len(people) < 0.7
    assert 1 <= sum(person.protected for person in people) < len(people) // 100
    assert any(len({person.birth.year // 25 for person in household.members}) >= 3 for household in households)
