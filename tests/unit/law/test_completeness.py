"""Every record of both editions is read, none is dropped, and each still carries the law's own words."""

from __future__ import annotations

import re
from datetime import date

import pytest

from renkei.law import LawBook
from renkei.law.data import read_csv
from renkei.law.lexicon import lexicon
from renkei.law.model import Edition, Record, without_parentheses
from renkei.law.phrases import Reader, definitions, parentheses, without_rule

BOOK = LawBook.load()
EDITIONS = [pytest.param(edition, id=edition.id) for edition in BOOK.editions]
NOW = BOOK.on(date(2026, 11, 23))

# Words by which a cell leaves the body or the item to another law. Nothing else may be read as open, and nothing less.
_OPEN_BODY = re.compile("こととされている者")
_OPEN_ITEM = re.compile(
    "他の法[令律]による|他の法令により行われる|に規定する公的年金給付|その他の法令による|を支給事由とする給付"
)


def records(edition: Edition) -> list[Record]:
    return BOOK.read(edition)[0]


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_record_is_read(edition: Edition) -> None:
    """The order's table has 457 records in 181 rows, that of 2015 has 260 in 121."""
    read = records(edition)
    assert len(read) == edition.source.records
    assert len({record.row for record in read}) == edition.source.rows
    assert len({record.id for record in read}) == len(read)
    for record in read:
        if not record.deleted:
            assert record.requesters, record.id
            assert record.providers, record.id
            assert record.informations, record.id


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_record_carries_its_words(edition: Edition) -> None:
    lines = read_csv("exchange", edition.id, "table.csv")
    assert [
        (r.row, str(r.seq), r.requester_words, r.affairs_words, r.provider_words, r.information_words)
        for r in records(edition)
    ] == [
        tuple(line[name] for name in ("row", "seq", "requester", "affairs", "provider", "information"))
        for line in lines
    ]


@pytest.mark.parametrize(("edition", "row"), [(BOOK.editions[0], "36"), (BOOK.editions[1], "157")])
def test_a_deleted_row_stays_as_a_dead_row(edition: Edition, row: str) -> None:
    """Row 157 of the order (36 in 2015) reads 削除: it stays in its place and permits nothing."""
    (dead,) = [record for record in records(edition) if record.deleted]
    assert dead.row == row
    assert dead.requester_words == "削除"
    assert not dead.requesters | dead.providers | dead.informations


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(
    ("slug", "word"),
    [
        ("family_register", "戸籍関係情報"),
        ("local_tax", "地方税関係情報"),
        ("public_money_account", "公的給付支給等口座登録簿関係情報"),
        ("resident_record", "住民票関係情報"),
        ("child_allowance", "児童手当関係情報"),
        ("pension_benefit", "年金給付関係情報"),
        ("medical_insurance_benefit", "医療保険給付関係情報"),
        ("long_term_care_benefit", "介護保険給付等関係情報"),
        ("worker_accident", "労働者災害補償関係情報"),
    ],
)
def test_counts_agree_with_a_plain_search(edition: Edition, slug: str, word: str) -> None:
    """A second, independent way: the item is in as many records as its name is in cells."""
    found = [record for record in records(edition) if slug in record.informations]
    assert len(found) == sum(word in line["information"] for line in read_csv("exchange", edition.id, "table.csv"))


def test_the_most_asked_items() -> None:
    counts = {
        slug: sum(slug in record.informations for record in NOW.records)
        for slug in ("family_register", "local_tax", "public_money_account", "resident_record", "public_assistance")
    }
    assert counts == {
        "family_register": 95,
        "local_tax": 74,
        "public_money_account": 68,
        "resident_record": 60,
        "public_assistance": sum(
            bool(re.search("(?<!外国人)生活保護関係情報", r.information_words)) for r in NOW.records
        ),
    }
    assert counts["public_assistance"] == 36


@pytest.mark.parametrize("edition", EDITIONS)
def test_bodies_agree_with_a_plain_search(edition: Edition) -> None:
    for record in records(edition):
        for words, kinds in (
            (record.requester_words, record.requesters),
            (record.provider_words, record.providers),
        ):
            assert ("mhlw_minister" in kinds) == ("厚生労働大臣" in words), record.id
            assert ("moj_minister" in kinds) == ("法務大臣" in words), record.id
            assert ("jps" in kinds) == ("日本年金機構" in words), record.id
            insurers = bool(re.search("(?<!国民)健康保険組合|医療保険者", words))
            assert ("health_insurance_society" in kinds) == insurers, record.id


@pytest.mark.parametrize("edition", EDITIONS)
def test_exactly_the_open_phrases_are_open(edition: Edition) -> None:
    """A phrase that names no body is a kind of its own and listed; every other phrase resolves in full."""
    words = lexicon()
    for record in records(edition):
        opens = set(record.open_phrases)
        bodies = bool(_OPEN_BODY.search(record.provider_words))
        items = bool(_OPEN_ITEM.search(without_parentheses(record.information_words)))
        assert any(slug.startswith("payer_") for slug in opens) == bodies, record.id
        assert any(slug.startswith("benefit_") for slug in opens) == items, record.id
        assert opens == {s for s in record.providers if words.kinds[s].open} | {
            s for s in record.informations if words.informations[s].open
        }


def test_every_term_that_the_cells_define_is_known() -> None:
    """Terms are collected from the definitions in the cells ("以下「…」という"); the lexicon has each of them."""
    words = lexicon()
    known = {*words.kind_words, *words.information_names, *(law for law, _ in words.matters)}
    cells = [
        (record.id, cell)
        for edition in BOOK.editions
        for record in records(edition)
        for cell in (record.requester_words, record.provider_words, record.information_words)
    ]
    found = {definition.term for definition in definitions(cells)}
    abbreviations = {"昭和六十年法律第三十四号", "令和七年法律第二十九号", "昭和二十九年社発第三百八十二号通知"}
    former = {"旧児童手当法", "旧特例給付"}
    assert found - known <= abbreviations | former
    assert len([term for term in found if term.endswith("関係情報")]) >= 21


@pytest.mark.parametrize("group", ["医療保険者", "共済組合等", "行政機関の長等"])
def test_groups_are_those_that_the_law_defines(group: str) -> None:
    """医療保険者 and the like stand for exactly the bodies that the first cell to use them lists."""
    reader = Reader(lexicon(), "order-r6-9")
    cells = [cell for record in NOW.records for cell in (record.requester_words, record.provider_words)]
    (note, *_) = [
        note
        for cell in cells
        for note in parentheses(cell)
        if without_parentheses(cell.split(f"（{note}）")[0]).endswith(group)
    ]
    assert reader.group_of(note) == group


def test_governor_and_the_like_are_the_three_heads_that_row_13_lists() -> None:
    (cell, *_) = [r.provider_words for r in NOW.records if "以下この条において「都道府県知事等」" in r.provider_words]
    assert Reader(lexicon(), "").bodies(cell).slugs == lexicon().kind_words["都道府県知事等"]
    assert len(lexicon().kind_words["都道府県知事等"]) == 3


def test_every_entry_of_the_lexicon_is_used() -> None:
    """Nothing stands in the lexicon that no edition names."""
    words = lexicon()
    read = [record for edition in BOOK.editions for record in records(edition)]
    used = frozenset().union(*(record.informations for record in read))
    assert used == set(words.informations)
    kinds = frozenset().union(*(record.requesters | record.providers for record in read))
    assert kinds == set(words.kinds)


def test_rule_words_are_all_cut_off() -> None:
    assert not any("で定めるもの" in without_rule(record.information_words) for record in NOW.records)
