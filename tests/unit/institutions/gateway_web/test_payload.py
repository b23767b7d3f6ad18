"""Every field and every code of every schema has a name in both languages."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import date
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from renkei.contracts.directory import Directory
from renkei.contracts.information import (
    SCHEMAS,
    InformationBody,
    LocalTax,
    LocalTaxYear,
    PublicAssistance,
    ResidentRecord,
)
from renkei.contracts.words import Words
from renkei.institutions.gateway.web import PACKAGE
from renkei.institutions.gateway.web.payload import Reader
from renkei.law import LawBook
from renkei.platform.web import Language, WebKit

KIT = WebKit([PACKAGE])
WORDS = Words(Directory([]), LawBook.load())


def names(kind: type[msgspec.Struct]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Fields of a schema and of its parts, with the codes that each may hold."""
    for name, hint in typing.get_type_hints(kind).items():
        codes: list[str] = []
        for part in parts(hint):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                yield from names(part)
            elif get_origin(part) is Literal:
                codes += get_args(part)
        yield name, tuple(codes)


def parts(hint: Any) -> Iterator[Any]:
    if get_origin(hint) in (list, UnionType, typing.Union):
        for part in get_args(hint):
            yield from parts(part)
    else:
        yield hint


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.version)
def test_everything_has_a_name(schema: Any) -> None:
    for name, codes in names(schema.body):
        for language in Language:
            assert KIT.text(language, f"gateway.item.{name}")
            for code in codes:
                assert KIT.text(language, f"gateway.code.{schema.information}.{code}")


def shown(body: InformationBody, language: Language = Language.JA) -> dict[str, str]:
    facts = Reader(KIT, WORDS, language).read(body).facts
    return {fact.term: str(fact.value) for fact in facts}


def test_values_are_told_as_people_write_them() -> None:
    record = ResidentRecord(
        name="見本 和子", kana="ミホン カズコ", address="見本町1-1", birth=date(1961, 11, 2), sex="female",
        resident_since=date(2026, 2, 14), moved_from="", household="1", relation="妻", household_size=2,
    )  # fmt: skip
    told = shown(record)
    assert told["生年月日"] == "昭和36年(1961年)11月2日"
    assert told["性別"] == "女"
    assert told["転出した日"] == "なし"
    assistance = PublicAssistance(started_on=date(2024, 4, 1), kinds=["living", "housing"], monthly_yen=78_000)
    assert shown(assistance, Language.EN)["Kinds of assistance"] == "livelihood, housing"
    assert shown(assistance)["月額"] == "78,000円"


def test_repeated_parts_become_a_table() -> None:
    year = LocalTaxYear(
        fiscal_year=2026, income_year=2025, salary_income_yen=370_000, pension_income_yen=0, business_income_yen=0,
        total_income_yen=370_000, dependants=0, income_levy_yen=0, per_capita_levy_yen=0, exempt=True,
    )  # fmt: skip
    [table] = Reader(KIT, WORDS, Language.JA).read(LocalTax(years=[year])).tables
    assert table.caption == "課税の年度ごと"
    assert table.rows[0][:3] == ["令和8年度(2026年度)", "2025", "370,000円"]
    assert table.columns[0].header


def test_what_an_answer_would_tell_is_known_without_opening_it() -> None:
    reader = Reader(KIT, WORDS, Language.JA)
    assert "住所" in reader.fields_of("resident_record")
    assert reader.fields_of("no_such_item") == []
