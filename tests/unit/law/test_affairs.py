"""Affairs items: all 904, with the information that their lines name."""

from __future__ import annotations

from datetime import date

import pytest

from renkei.law import LawBook
from renkei.law.affairs import letter_places
from renkei.law.data import read_csv

BOOK = LawBook.load()
NOW = BOOK.on(date(2026, 11, 23))
THEN = BOOK.on(date(2020, 1, 1))


def test_every_item_is_there_with_its_words() -> None:
    source = NOW.edition.source
    rows = read_csv("exchange", "order-r6-9", "affairs.csv")
    assert len(NOW.affairs) == len(rows) == source.affairs
    assert sum(len(item.lines) for item in NOW.affairs.values()) == source.lines
    assert [(item.id, item.text) for item in NOW.affairs.values()] == [
        (f"{row['row']}.{row['item_no']}", row["affairs"]) for row in rows
    ]
    assert {item.row for item in NOW.affairs.values()} == {r.row for r in NOW.records if not r.deleted}


def test_every_line_tells_its_information() -> None:
    """No item has to fall back to its row's whole set; where one had to, `narrowed` would say so."""
    assert all(item.narrowed for item in NOW.affairs.values())
    assert all(item.informations for item in NOW.affairs.values())


def test_items_never_widen_their_row() -> None:
    words = NOW.lexicon
    for item in NOW.affairs.values():
        row = frozenset().union(*(record.informations for record in NOW.row(item.row)))
        assert item.informations <= words.with_included(row), item.id


def test_what_a_record_names_is_reached_by_some_item_of_its_row() -> None:
    """The one exception is in the text itself: no item of art. 83 spells 児童福祉法…就業の支援 out."""
    missed = {
        (record.id, slug)
        for record in NOW.records
        for slug in record.informations
        if not any(slug in item.informations for item in NOW.row_affairs(record.row))
    }
    assert missed == {("81.2", "independent_living_support")}


@pytest.mark.parametrize(
    ("affairs", "items"),
    [
        ("58.1", {"family_register", "resident_record"}),
        ("73.2", {"family_register", "local_tax", "resident_record", "public_money_account"}),
        ("74.1", {"public_assistance", "employment_insurance_benefit"}),
        ("107.1", {"pension_benefit"}),
    ],
)
def test_known_items(affairs: str, items: set[str]) -> None:
    assert NOW.affairs[affairs].informations == items


def test_references_between_items_are_followed() -> None:
    """「第一号に掲げる情報」 means what the first item of the same article names."""
    followed = [item for item in NOW.affairs.values() if item.lines and item.lines[0].endswith("第一号に掲げる情報")]
    assert len(followed) >= 10
    for item in followed:
        assert item.informations == NOW.affairs[f"{item.row}.1"].informations, item.id


def test_paragraphs_of_article_60_limit_who_may_ask() -> None:
    """Row 58 names five requesters, and art. 60 gives each its own items."""
    assert NOW.affairs["58.2"].only_requester == {"mhlw_minister"}
    assert NOW.affairs["58.4"].only_requester == {"national_mutual_federation"}
    assert NOW.affairs["58.6"].only_requester == {"local_mutual", "municipal_mutual_federation"}
    assert NOW.affairs["58.8"].only_requester == {"private_school_mutual"}


def test_an_edition_without_items_has_one_a_row() -> None:
    assert len(THEN.affairs) == 120
    assert THEN.affairs["1.0"].text.startswith("健康保険法第五条第二項")
    assert not THEN.affairs["1.0"].narrowed


def test_plain_text_has_no_parentheses() -> None:
    assert not any("（" in item.plain or "）" in item.plain for item in NOW.affairs.values())


def test_letters_of_a_list() -> None:
    assert letter_places("イからハまで及びホ") == [0, 1, 2, 4]
    assert letter_places("ロ及びハ") == [1, 2]
