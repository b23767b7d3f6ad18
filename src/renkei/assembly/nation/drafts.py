"""Households before they are frozen: who lives together, how old, how related, what each lives on.

Shares of the kinds of household follow the census of 2020 roughly: 38 single, 20 couples, 25 couples with children,
9 single parents, 8 of three generations or with an aged parent in a hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from renkei.assembly.nation.dice import Dice
from renkei.assembly.nation.model import FEMALE, MALE, Relation, Work
from renkei.assembly.nation.names import FAMILY, Name, given_names
from renkei.base.time import add_years


class Draft:
    """A person being made; positions in the household stand for indices until the person is frozen."""

    __slots__ = (
        "age",
        "birth",
        "business",
        "children",
        "family",
        "father",
        "given",
        "mother",
        "part_time",
        "pension",
        "position",
        "relation",
        "salary",
        "sex",
        "spouse",
        "totals",
        "work",
    )

    def __init__(self, sex: str, birth: date, age: int, family: Name, given: Name, relation: Relation) -> None:
        self.sex = sex
        self.birth = birth
        self.age = age
        self.family = family
        self.given = given
        self.relation = relation
        self.position = 0
        self.spouse: Draft | None = None
        self.father: Draft | None = None
        self.mother: Draft | None = None
        self.children: list[Draft] = []
        self.work = Work.HOME
        self.part_time = False
        self.salary: tuple[int, ...] = (0, 0, 0)
        self.business: tuple[int, ...] = (0, 0, 0)
        self.pension: tuple[int, ...] = (0, 0, 0)
        self.totals: tuple[int, ...] = (0, 0, 0)


class Caster:
    """Casts the members of a household, as old as they are on one day."""

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of

    def person(self, dice: Dice, sex: str, age: int, family: Name, relation: Relation) -> Draft:
        """Somebody of that age, born on any day that makes it."""
        birth = add_years(self.as_of, -age) - timedelta(days=dice.below(365))
        return Draft(sex, birth, age, family, dice.pick(given_names(sex, birth.year)), relation)

    def single(self, dice: Dice, low: int, high: int) -> list[Draft]:
        """One person alone."""
        sex = FEMALE if dice.below(100) < 50 else MALE
        return [self.person(dice, sex, dice.between(low, high), dice.pick(FAMILY), Relation.HEAD)]

    def couple(self, dice: Dice, low: int, high: int) -> list[Draft]:
        """A married couple; in one of seven the wife is the head."""
        family = dice.pick(FAMILY)
        wife_age = dice.between(low, high)
        husband = self.person(dice, MALE, max(20, wife_age + dice.between(-3, 7)), family, Relation.HEAD)
        wife = self.person(dice, FEMALE, wife_age, family, Relation.WIFE)
        marry(husband, wife)
        if dice.chance(140):
            husband.relation, wife.relation = Relation.HUSBAND, Relation.HEAD
            return [wife, husband]
        return [husband, wife]

    def children(self, dice: Dice, parents: list[Draft], mother_age: int, count: int) -> list[Draft]:
        """Children of the parents, the eldest first; never older than thirty."""
        age = mother_age - dice.between(22, 34)
        born: list[Draft] = []
        for _ in range(count):
            age = min(30, max(0, age))
            sex = FEMALE if dice.below(100) < 49 else MALE
            child = self.person(dice, sex, age, parents[0].family, Relation.CHILD)
            adopt(child, parents)
            born.append(child)
            age -= dice.between(2, 4)
        return sorted(born, key=lambda child: child.birth)

    def family(self, dice: Dice, count: int) -> list[Draft]:
        """A couple with children."""
        parents = self.couple(dice, 26, 52)
        mother_age = parents[1].age if parents[1].sex == FEMALE else parents[0].age
        return parents + self.children(dice, parents, mother_age, count)

    def single_parent(self, dice: Dice, count: int) -> list[Draft]:
        """A parent, mostly a mother, with children."""
        age = dice.between(26, 52)
        sex = FEMALE if dice.chance(860) else MALE
        parent = self.person(dice, sex, age, dice.pick(FAMILY), Relation.HEAD)
        return [parent, *self.children(dice, [parent], age, count)]

    def with_elders(self, dice: Dice, members: list[Draft], elders: int) -> list[Draft]:
        """The head's mother, or both parents, live with the family."""
        head = members[0]
        age = head.age + dice.between(21, 32)
        mother = self.person(dice, FEMALE, age, head.family, Relation.MOTHER)
        adopt(head, [mother])
        if elders == 1:
            return [*members, mother]
        father = self.person(dice, MALE, age + dice.between(0, 5), head.family, Relation.FATHER)
        adopt(head, [father])
        marry(father, mother)
        return [*members, father, mother]


def marry(one: Draft, other: Draft) -> None:
    """Make two people each other's spouse."""
    one.spouse, other.spouse = other, one


def adopt(child: Draft, parents: list[Draft]) -> None:
    """Make the child theirs."""
    for parent in parents:
        parent.children.append(child)
        if parent.sex == FEMALE:
            child.mother = parent
        else:
            child.father = parent


Cast = Callable[[Caster, Dice], list[Draft]]

# How many of a hundred, how many people, how they are cast.
_KINDS: tuple[tuple[int, int, Cast], ...] = (
    (13, 1, lambda cast, dice: cast.single(dice, 20, 39)),
    (12, 1, lambda cast, dice: cast.single(dice, 40, 64)),
    (13, 1, lambda cast, dice: cast.single(dice, 65, 95)),
    (6, 2, lambda cast, dice: cast.couple(dice, 22, 61)),
    (14, 2, lambda cast, dice: cast.couple(dice, 62, 90)),
    (12, 3, lambda cast, dice: cast.family(dice, 1)),
    (10, 4, lambda cast, dice: cast.family(dice, 2)),
    (3, 5, lambda cast, dice: cast.family(dice, 3)),
    (6, 2, lambda cast, dice: cast.single_parent(dice, 1)),
    (3, 3, lambda cast, dice: cast.single_parent(dice, 2)),
    (3, 3, lambda cast, dice: cast.with_elders(dice, cast.couple(dice, 45, 64), 1)),
    (3, 5, lambda cast, dice: cast.with_elders(dice, cast.family(dice, 2), 1)),
    (2, 6, lambda cast, dice: cast.with_elders(dice, cast.family(dice, 2), 2)),
)

BLOCK: tuple[int, ...] = tuple(kind for kind, (share, _, _) in enumerate(_KINDS) for _ in range(share))
"""Kinds of a hundred households; every block of a hundred is one order of these, so sizes add up without counting."""

SIZES: tuple[int, ...] = tuple(size for _, size, _ in _KINDS)
"""Residents of a household of each kind."""

SINGLE = 1
"""The kind that fills the last places of a nation."""


def cast_household(caster: Caster, dice: Dice, kind: int) -> list[Draft]:
    """The members of a household of one kind, the head first."""
    return _KINDS[kind][2](caster, dice)
