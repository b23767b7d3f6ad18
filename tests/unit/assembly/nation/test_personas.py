"""Eight people whom every country has, wherever its seed leads."""

from __future__ import annotations

from datetime import date

import pytest

from renkei.assembly.nation import Nation, Persona
from renkei.base.time import age_on, attains_on, fiscal_year, fiscal_year_period

DAYS = [date(2026, 11, 23), date(2026, 4, 1), date(2027, 3, 31), date(2028, 2, 29)]

SLUGS = ["claimant", "mother", "protected", "no-code", "no-copy", "elder", "nurse", "officer"]


def personas(seed: int = 1, as_of: date = DAYS[0]) -> dict[str, Persona]:
    return {persona.slug: persona for persona in Nation(seed, 200, as_of=as_of).personas()}


def test_every_country_has_the_same_eight() -> None:
    first, second = personas(1), personas(99)
    assert list(first) == list(second) == SLUGS
    for slug, persona in first.items():
        other = second[slug]
        assert persona.person.name == other.person.name
        assert persona.person.index == other.person.index
        assert persona.household.address == other.household.address
        assert persona.person.taxes == other.person.taxes
        assert persona.person in persona.household.members
        assert persona.person.resident_record_code != other.person.resident_record_code


def test_they_come_first_in_the_stream() -> None:
    nation = Nation(4, 2_000)
    stream = nation.households()
    assert [next(stream) for _ in SLUGS] == [persona.household for persona in nation.personas()]


@pytest.mark.parametrize("as_of", DAYS)
def test_the_claimant_attained_65_this_fiscal_year_and_moved_in_the_last(as_of: date) -> None:
    """The newest tax is at the former city, where she lived on 1 January; a designated city, asked by its own code."""
    persona = personas(as_of=as_of)["claimant"]
    person, year = persona.person, fiscal_year(as_of)
    assert person.claim is not None
    assert person.claim.attains_65_on == attains_on(person.birth, 65) <= as_of
    assert person.claim.attains_65_on in fiscal_year_period(year)
    assert person.benefit is None
    move = persona.household.move
    assert move is not None
    assert move.former is not None
    assert move.moved_on in fiscal_year_period(year - 1)
    assert move.former.body_id == "m-011002"
    assert move.former.area_code != "011002"
    assert persona.household.municipality.code == "131121"
    assert {tax.body_id for tax in person.taxes if tax.fiscal_year <= year} == {"m-011002"}
    assert person.account is not None
    assert person.spouse is not None


@pytest.mark.parametrize("as_of", DAYS)
def test_the_mother_has_just_moved_in_with_a_small_child(as_of: date) -> None:
    persona = personas(as_of=as_of)["mother"]
    allowance = persona.household.child_allowance
    assert allowance is not None
    assert allowance.recipient == persona.person.index
    assert persona.household.move is not None
    assert allowance.since > persona.household.move.moved_on
    child = persona.household.members[1]
    assert allowance.children == (child.index,)
    assert 2 <= age_on(child.birth, as_of) <= 5
    assert {tax.body_id for tax in persona.person.taxes} == {"m-203211"}


def test_the_protected_person_and_her_child_are_both_marked() -> None:
    persona = personas()["protected"]
    assert all(person.protected for person in persona.household.members)
    assert sum(person.protected for household in Nation(1, 200).households() for person in household.members) >= 2


def test_one_has_no_code_and_one_has_no_copy() -> None:
    found = personas()
    assert found["no-code"].person.code_pending
    assert found["no-code"].household.move is not None
    assert found["no-code"].household.move.former is None
    assert found["no-code"].person.taxes == ()
    assert found["no-copy"].person.copies_missing
    others = [found[slug].person for slug in ("claimant", "mother", "protected")]
    assert not any(person.code_pending or person.copies_missing for person in others)


def test_their_names_say_that_they_are_invented() -> None:
    families = [persona.person.name.split("　")[0] for persona in personas().values()]
    assert families == ["見本", "例示", "仮名", "架空", "想定", "手本", "手本", "模範"]


@pytest.mark.parametrize("as_of", DAYS)
def test_the_nurse_and_her_mother_live_in_the_same_ward(as_of: date) -> None:
    """A daughter near by, with two children of school age; the mother draws a pension."""
    found = personas(as_of=as_of)
    elder, nurse = found["elder"], found["nurse"]
    assert elder.household.municipality == nurse.household.municipality
    assert elder.person.benefit is not None
    assert len(elder.household.members) == 1
    assert age_on(elder.person.birth, as_of) in (77, 78)
    assert age_on(nurse.person.birth, as_of) in (41, 42)
    assert nurse.person.spouse is None
    assert len(nurse.person.children) == 2
    assert nurse.household.child_allowance is not None


@pytest.mark.parametrize("as_of", DAYS)
def test_the_officers_daughter_is_not_yet_one(as_of: date) -> None:
    """Parental leave (育児休業) lasts to the first birthday; the wife earns and is married to the officer."""
    household = personas(as_of=as_of)["officer"].household
    officer, wife, baby = household.members
    assert officer.spouse == wife.index
    assert age_on(baby.birth, as_of) == 0
    assert (as_of - baby.birth).days > 280
