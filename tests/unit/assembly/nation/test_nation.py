"""The synthetic country: the same by its seed, as large as asked, and marked as synthetic everywhere."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tracemalloc
from datetime import date

import msgspec
import pytest
from rich.console import Console

from renkei.assembly.nation import AS_OF, Household, Nation, with_progress
from renkei.assembly.nation.errors import NationSizeInvalid
from renkei.base.encoding import mask

DIGEST_CODE = (
    "import hashlib, msgspec; from renkei.assembly.nation import Nation; d = hashlib.sha256();"
    "[d.update(msgspec.json.encode(h)) for h in Nation(3, 400).households()]; print(d.hexdigest())"
)


def digest(nation: Nation) -> str:
    running = hashlib.sha256()
    for household in nation.households():
        running.update(msgspec.json.encode(household))
    return running.hexdigest()


@pytest.fixture(scope="module")
def nation() -> Nation:
    return Nation(seed=3, residents=4_000)


@pytest.fixture(scope="module")
def households(nation: Nation) -> list[Household]:
    return list(nation.households())


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", DIGEST_CODE],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": "src", "PYTHONHASHSEED": hash_seed},
        ).stdout.strip()
        for hash_seed in ("0", "1")
    }
    assert found == {digest(Nation(3, 400))}


def test_another_seed_or_day_is_another_country() -> None:
    digests = {digest(Nation(3, 400)), digest(Nation(4, 400)), digest(Nation(3, 400, as_of=date(2027, 1, 10)))}
    assert len(digests) == 3


def test_a_household_does_not_depend_on_the_ones_before_it(nation: Nation, households: list[Household]) -> None:
    fresh = Nation(seed=3, residents=4_000)
    for index in (nation.household_count - 1, 700, 5, 3):
        assert fresh.household(index) == households[index]


@pytest.mark.parametrize("residents", [200, 201, 233, 234, 235, 1_000, 2_345])
def test_a_country_has_exactly_as_many_residents_as_asked(residents: int) -> None:
    nation = Nation(seed=11, residents=residents)
    households = list(nation.households())
    assert len(households) == nation.household_count
    assert [person.index for household in households for person in household.members] == list(range(residents))
    assert [household.index for household in households] == list(range(len(households)))


def test_a_person_is_found_by_index(nation: Nation, households: list[Household]) -> None:
    for household in (households[0], households[4], households[5], households[200], households[-1]):
        for person in household.members:
            assert nation.household_of(person.index) == household
    for beyond in (-1, 4_000):
        with pytest.raises(IndexError):
            nation.household_of(beyond)
    with pytest.raises(IndexError):
        nation.household(nation.household_count)


@pytest.mark.parametrize("residents", [0, 199, 1_000_001])
def test_a_size_out_of_range_is_refused_with_the_range(residents: int) -> None:
    with pytest.raises(NationSizeInvalid) as caught:
        Nation(seed=1, residents=residents)
    assert "200" in caught.value.sentence("ja")


def test_a_million_can_be_reached_without_making_the_others() -> None:
    nation = Nation(seed=1, residents=1_000_000)
    last = nation.household(nation.household_count - 1)
    assert last.members[-1].index == 999_999
    assert len(nation.municipalities) == 1_741


def test_memory_stays_flat() -> None:
    nation = Nation(seed=2, residents=6_000)
    nation.household(0)
    tracemalloc.start()
    seen = sum(len(household.members) for household in nation.households())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == 6_000
    assert peak < 4_000_000


def test_every_number_is_marked_synthetic_and_belongs_to_one_person(
    nation: Nation, households: list[Household]
) -> None:
    records, personals, pensions, accounts = set(), set(), set(), set()
    for household in households:
        for person in household.members:
            personal = nation.numbers.personal_number(person.index).reveal()
            assert personal.startswith("9999")
            assert person.resident_record_code.startswith("99")
            assert nation.numbers.resident_record_code(person.index).reveal() == person.resident_record_code
            records.add(person.resident_record_code)
            personals.add(personal)
            if person.pension:
                assert person.pension.basic_pension_number.startswith("99")
                pensions.add(person.pension.basic_pension_number)
            if person.account:
                assert person.account.bank_code == "9999"
                accounts.add(person.account.number)
    assert len(records) == len(personals) == 4_000
    assert len(pensions) == sum(person.pension is not None for h in households for person in h.members)
    assert len(accounts) == sum(person.account is not None for h in households for person in h.members)


@pytest.mark.parametrize("seed", range(8))
def test_number_series_never_repeat_within_a_million(seed: int) -> None:
    numbers = Nation(seed, 200).numbers
    for series in (numbers._record, numbers._personal, numbers._pension, numbers._insured, numbers._account):
        assert series.step % 2
        assert series.step % 5
        assert series.size >= 1_000_000
        assert len({series.at(index) for index in range(0, 1_000_000, 97)}) == len(range(0, 1_000_000, 97))


def test_nobody_is_shown_by_a_repr(households: list[Household]) -> None:
    household = households[0]
    person = household.head
    for shown in (
        repr(household),
        str(person),
        f"{household.address}",
    ):
        assert person.name not in shown
        assert person.resident_record_code not in shown
        assert household.address.text not in shown
    assert mask(person.resident_record_code).startswith("*********")


def test_progress_passes_everything_on_and_counts_residents(nation: Nation, households: list[Household]) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    seen = list(with_progress(iter(households[:300]), residents=4_000, text="building", console=screen))
    assert seen == households[:300]
    quiet = Console(file=io.StringIO())
    assert list(with_progress(iter(households[:3]), residents=4_000, text="building", console=quiet)) == households[:3]
    assert not quiet.file.getvalue()  # type: ignore[attr-defined]


def test_the_day_is_fixed_unless_told() -> None:
    assert Nation(1, 200).as_of == AS_OF == date(2026, 11, 23)
