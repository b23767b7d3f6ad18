"""A synthetic country: real municipalities and codes, invented people; the same for the same seed, size and day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from itertools import accumulate

from renkei.assembly.nation import bodies, personas, places
from renkei.assembly.nation.dice import Dice, key_of
from renkei.assembly.nation.drafts import BLOCK, SINGLE, SIZES
from renkei.assembly.nation.errors import NationSizeInvalid
from renkei.assembly.nation.households import Builder
from renkei.assembly.nation.model import BodyPlan, Household, Municipality, Persona
from renkei.assembly.nation.numbers import RESIDENTS_MAX, Numbers

RESIDENTS_MIN = 200
AS_OF = date(2026, 11, 23)
"""The day on which the country stands unless told otherwise; fixed, so that a seed alone names a country."""

_BLOCK_PEOPLE = sum(SIZES[kind] for kind in BLOCK)


class Nation:
    """A country of `residents` people.

    Households come as a stream and are never all in memory. Each is made from the seed and its own number, so that
    `household(k)` is the same whether or not the ones before it were made.

    Args:
        seed: any integer.
        residents: 200 to 1,000,000; met exactly.
        as_of: the day on which ages, moves and claims are judged.

    Raises:
        NationSizeInvalid: fewer or more residents.
    """

    def __init__(self, seed: int, residents: int, *, as_of: date = AS_OF) -> None:
        if not RESIDENTS_MIN <= residents <= RESIDENTS_MAX:
            raise NationSizeInvalid(low=RESIDENTS_MIN, high=RESIDENTS_MAX)
        self.seed = seed
        self.residents = residents
        self.as_of = as_of
        everywhere = places.load(as_of)
        chosen = places.choose(everywhere, places.count_for(residents, len(everywhere)), seed)
        self._builder = Builder(seed=seed, places=places.Places(chosen), as_of=as_of)
        self._order_key = key_of(seed, "block")
        self._blocks, rest = divmod(residents - personas.PEOPLE, _BLOCK_PEOPLE)
        self._tail = self._tail_kinds(rest)
        self._block_at: tuple[int, list[int], list[int]] = (-1, [], [])

    @property
    def numbers(self) -> Numbers:
        """The synthetic numbers of persons, derived from their index."""
        return self._builder.numbers

    @property
    def municipalities(self) -> tuple[Municipality, ...]:
        """The municipalities of the country, in the order of their codes."""
        return self._builder.places.municipalities

    @property
    def household_count(self) -> int:
        """How many households the country has."""
        return len(personas.ROLES) + self._blocks * len(BLOCK) + len(self._tail)

    def bodies(self) -> tuple[BodyPlan, ...]:
        """Every body of the country."""
        return bodies.plan(self.municipalities)

    def personas(self) -> tuple[Persona, ...]:
        """The eight people whom every country has."""
        return personas.personas(self._persona_households)

    def households(self) -> Iterator[Household]:
        """Every household, the personas' first; memory stays flat."""
        return (self.household(index) for index in range(self.household_count))

    def household(self, index: int) -> Household:
        """Household `index`, 0 to `household_count` − 1.

        Raises:
            IndexError: there is no such household.
        """
        if not 0 <= index < self.household_count:
            raise IndexError(index)
        if index < len(personas.ROLES):
            return self._persona_households[index]
        block, at = divmod(index - len(personas.ROLES), len(BLOCK))
        kinds, firsts = self._block(block)
        first = personas.PEOPLE + block * _BLOCK_PEOPLE + firsts[at]
        return self._builder.household(index, first, kinds[at])

    def household_of(self, person_index: int) -> Household:
        """The household in which a person lives.

        Raises:
            IndexError: there is no such person.
        """
        if not 0 <= person_index < self.residents:
            raise IndexError(person_index)
        if person_index < personas.PEOPLE:
            return next(
                household for household in self._persona_households if person_index <= household.members[-1].index
            )
        block, offset = divmod(person_index - personas.PEOPLE, _BLOCK_PEOPLE)
        _, firsts = self._block(block)
        return self.household(len(personas.ROLES) + block * len(BLOCK) + bisect_right(firsts, offset) - 1)

    @cached_property
    def _persona_households(self) -> tuple[Household, ...]:
        return personas.households(self._builder)

    def _block(self, block: int) -> tuple[list[int], list[int]]:
        """Kinds of the households of a block, and the offset of each one's first person."""
        known, kinds, firsts = self._block_at
        if known != block:
            kinds = self._tail if block == self._blocks else Dice(self._order_key, block).shuffled(BLOCK)
            firsts = [0, *accumulate(SIZES[kind] for kind in kinds)][:-1]
            self._block_at = (block, kinds, firsts)
        return kinds, firsts

    def _tail_kinds(self, people: int) -> list[int]:
        """Kinds of the last, incomplete block: as many as fit, the last places filled by people who live alone."""
        kinds: list[int] = []
        for kind in Dice(self._order_key, self._blocks).shuffled(BLOCK):
            if SIZES[kind] <= people:
                kinds.append(kind)
                people -= SIZES[kind]
        return kinds + [SINGLE] * people
