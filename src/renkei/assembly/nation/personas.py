"""Eight people whom every country has, with names that say that they are invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from renkei.assembly.nation.dice import Dice, key_of
from renkei.assembly.nation.drafts import Draft, adopt, marry
from renkei.assembly.nation.households import Builder, Home
from renkei.assembly.nation.model import FEMALE, MALE, Account, Household, Move, Persona, Relation, Work
from renkei.assembly.nation.places import draw_address
from renkei.base.time import add_years, age_on, fiscal_year

REGISTERED_ON = date(2023, 6, 1)
_KEY = key_of(0, "personas")
"""Not the nation's own: in every country the personas have the same addresses, careers and incomes."""

WARD, CITY, TOWN = "131121", "011002", "203211"


class Role(NamedTuple):
    """What a persona is there to show."""

    slug: str
    ja: str
    en: str
    size: int
    """Residents of the household."""
    build: Callable[[Builder, Dice, int, int], Household]
    at: int = 0
    """Position of the persona in the household."""


def _home(builder: Builder, dice: Dice, code: str, former: str | None, moved_on: date | None) -> Home:
    municipality = builder.places.by_code[code]
    address = draw_address(dice, municipality)
    if moved_on is None:
        return Home(municipality, address, None, None)
    if former is None:
        return Home(municipality, address, Move(moved_on, None), None)
    origin = builder.places.by_code[former]
    return Home(municipality, address, Move(moved_on, draw_address(dice, origin)), origin)


def _draft(
    builder: Builder,
    sex: str,
    birth: date,
    family: tuple[str, str],
    given: tuple[str, str],
    relation: Relation,
    work: Work,
) -> Draft:
    draft = Draft(sex, birth, age_on(birth, builder.as_of), family, given, relation)
    draft.work = work
    return draft


def _claimant(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Attained 65 some weeks ago, in this fiscal year; came from the designated city in February before it began."""
    year = fiscal_year(builder.as_of)
    birthday = max(builder.as_of - timedelta(days=21), date(year, 4, 2))
    family = ("見本", "ミホン")
    wife = _draft(builder, FEMALE, add_years(birthday, -65), family, ("和子", "カズコ"), Relation.WIFE, Work.EMPLOYED)
    wife.salary = (2_160_000, 2_220_000, 2_280_000)
    birth = date(year - 70, 6, 15)
    husband = _draft(builder, MALE, birth, family, ("年男", "トシオ"), Relation.HEAD, Work.RETIRED)
    marry(husband, wife)
    home = _home(builder, dice, WARD, CITY, date(year, 2, 14))
    return _with_account(builder, builder.freeze(dice, index, first, [husband, wife], home))


def _mother(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Moved in with her child from the town twelve days ago, and claims the child allowance anew."""
    family = ("例示", "レイジ")
    as_of = builder.as_of
    mother = _draft(builder, FEMALE, date(as_of.year - 34, 5, 9), family, ("彩", "アヤ"), Relation.HEAD, Work.EMPLOYED)
    mother.salary = (2_640_000, 2_580_000, 2_400_000)
    child = _draft(builder, MALE, date(as_of.year - 4, 1, 20), family, ("蓮", "レン"), Relation.CHILD, Work.LEARNING)
    adopt(child, [mother])
    home = _home(builder, dice, WARD, TOWN, as_of - timedelta(days=12))
    return _with_account(builder, builder.freeze(dice, index, first, [mother, child], home))


def _protected(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Under support measures: moved away with her child, and nobody is told where by machine."""
    family = ("仮名", "カリナ")
    as_of = builder.as_of
    birth = date(as_of.year - 38, 2, 3)
    mother = _draft(builder, FEMALE, birth, family, ("恵", "メグミ"), Relation.HEAD, Work.EMPLOYED)
    mother.salary = (2_100_000, 3_000_000, 2_950_000)
    child = _draft(
        builder, FEMALE, date(as_of.year - 9, 2, 11), family, ("遥", "ハルカ"), Relation.CHILD, Work.LEARNING
    )
    adopt(child, [mother])
    home = _home(builder, dice, TOWN, CITY, as_of - timedelta(days=200))
    return builder.freeze(dice, index, first, [mother, child], home, protected=True)


def _without_code(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Came back from abroad five days ago: no body has obtained a code yet."""
    as_of = builder.as_of
    birth = date(as_of.year - 29, 3, 30)
    man = _draft(builder, MALE, birth, ("架空", "カクウ"), ("進", "ススム"), Relation.HEAD, Work.HOME)
    home = _home(builder, dice, WARD, None, as_of - timedelta(days=5))
    household = builder.freeze(dice, index, first, [man], home)
    return _changed(household, code_pending=True, account=None)


def _without_copy(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Works on his own account in the city; nothing about him is registered at any gateway."""
    birth = date(builder.as_of.year - 52, 1, 17)
    man = _draft(builder, MALE, birth, ("想定", "ソウテイ"), ("明", "アキラ"), Relation.HEAD, Work.SELF_EMPLOYED)
    man.business = (3_200_000, 3_100_000, 3_350_000)
    household = builder.freeze(dice, index, first, [man], _home(builder, dice, CITY, None, None))
    return _changed(household, copies_missing=True)


def _elder(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Lives alone on her pension; the nurse is her daughter, who looks after her papers."""
    birth = date(builder.as_of.year - 78, 4, 18)
    woman = _draft(builder, FEMALE, birth, ("手本", "テホン"), ("千代", "チヨ"), Relation.HEAD, Work.RETIRED)
    woman.pension = (980_000, 972_000, 951_000)
    return _with_account(builder, builder.freeze(dice, index, first, [woman], _home(builder, dice, WARD, None, None)))


def _nurse(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Divorced and back near her mother with two children six weeks ago, in shifts, without time."""
    family = ("手本", "テホン")
    as_of = builder.as_of
    birth = date(as_of.year - 42, 2, 9)
    nurse = _draft(builder, FEMALE, birth, family, ("真由美", "マユミ"), Relation.HEAD, Work.EMPLOYED)
    nurse.salary = (4_310_000, 4_220_000, 4_150_000)
    son = _draft(builder, MALE, date(as_of.year - 14, 5, 21), family, ("陸", "リク"), Relation.CHILD, Work.LEARNING)
    girl = _draft(
        builder, FEMALE, date(as_of.year - 8, 4, 3), family, ("美月", "ミヅキ"), Relation.CHILD, Work.LEARNING
    )
    for child in (son, girl):
        adopt(child, [nurse])
    home = _home(builder, dice, WARD, CITY, as_of - timedelta(days=42))
    return _with_account(builder, builder.freeze(dice, index, first, [nurse, son, girl], home))


def _officer(builder: Builder, dice: Dice, index: int, first: int) -> Household:
    """Communications officer, home late; his wife is on parental leave with a daughter of eleven months."""
    family = ("模範", "モハン")
    as_of = builder.as_of
    birth = date(as_of.year - 33, 3, 14)
    officer = _draft(builder, MALE, birth, family, ("健太", "ケンタ"), Relation.HEAD, Work.EMPLOYED)
    officer.salary = (5_120_000, 4_980_000, 4_760_000)
    wife = _draft(builder, FEMALE, date(as_of.year - 32, 8, 30), family, ("由紀", "ユキ"), Relation.WIFE, Work.EMPLOYED)
    wife.salary = (1_240_000, 3_450_000, 3_380_000)
    month = as_of.replace(day=1) - timedelta(days=320)
    baby = _draft(builder, FEMALE, month.replace(day=12), family, ("結衣", "ユイ"), Relation.CHILD, Work.HOME)
    marry(officer, wife)
    adopt(baby, [officer, wife])
    home = _home(builder, dice, WARD, None, None)
    return _with_account(builder, builder.freeze(dice, index, first, [officer, wife, baby], home))


def _with_account(builder: Builder, household: Household) -> Household:
    """The adults have registered an account for public money."""
    members = tuple(
        msgspec.structs.replace(
            member,
            account=Account("9999", "999", builder.numbers.account_number(member.index), member.kana, REGISTERED_ON),
        )
        if member.taxes
        else member
        for member in household.members
    )
    return msgspec.structs.replace(household, members=members)


def _changed(household: Household, **changes: object) -> Household:
    members = tuple(msgspec.structs.replace(member, **changes) for member in household.members)
    return msgspec.structs.replace(household, members=members)


ROLES: tuple[Role, ...] = (
    Role(
        "claimant",
        "老齢年金の請求者。昨年度に政令指定都市から転入し、今年度65歳に達した",
        "Claims an old-age pension: attained 65 this fiscal year, moved in from a designated city in the last one",
        2,
        _claimant,
        at=1,
    ),
    Role(
        "mother",
        "転入して間もなく、児童手当を請求する母",
        "A mother who has just moved in and claims the child allowance",
        2,
        _mother,
    ),
    Role(
        "protected",
        "支援措置を受けている人。自動では回答されない",
        "Under support measures: nothing is answered automatically",
        2,
        _protected,
    ),
    Role(
        "no-code",
        "国外から転入したばかりで、まだどの機関にも符号がない人",
        "Just back from abroad: no body has a linkage code yet",
        1,
        _without_code,
    ),
    Role("no-copy", "どの機関にも副本が登録されていない人", "No copy is registered at any body", 1, _without_copy),
    Role(
        "elder",
        "一人で暮らす78歳の年金受給者。娘（看護師）に手続を任せたい",
        "78, lives alone on her pension and would leave her errands to her daughter, the nurse",
        1,
        _elder,
    ),
    Role(
        "nurse",
        "離婚して間もない看護師。子ども2人と、母の近くに転入した",
        "A nurse, newly divorced, who moved near her mother with two children",
        3,
        _nurse,
    ),
    Role(
        "officer",
        "帰りの遅い会社員。妻は育児休業中で、生後11か月の娘がいる",
        "Home late; his wife is on parental leave with their daughter of eleven months",
        3,
        _officer,
    ),
)

PEOPLE = sum(role.size for role in ROLES)
"""Residents who live in the personas' households; they come first in every country."""


def households(builder: Builder) -> tuple[Household, ...]:
    """The personas' households, numbered from 0."""
    found: list[Household] = []
    first = 0
    for index, role in enumerate(ROLES):
        found.append(role.build(builder, Dice(_KEY, index), index, first))
        first += role.size
    return tuple(found)


def personas(built: tuple[Household, ...]) -> tuple[Persona, ...]:
    """The personas of those households."""
    return tuple(
        Persona(role.slug, role.ja, role.en, household, household.members[role.at])
        for role, household in zip(ROLES, built, strict=True)
    )
