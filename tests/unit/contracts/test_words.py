"""Records in plain words."""

from __future__ import annotations

import pytest

from renkei.base.errors import catalogue
from renkei.contracts.directory import Directory
from renkei.contracts.words import Words, everyday
from renkei.law import LawBook

BOOK = LawBook.load()
WORDS = Words(Directory([]), BOOK)
EDITION = "order-r6-9"


def test_a_citation_as_a_reader_looks_it_up() -> None:
    ground = WORDS.ground(edition=EDITION, row="73", affairs="73.2", language="ja")
    assert ground.citation == "番号法19条8号、令和6年デジタル庁・総務省令9号2条の表73の項"
    assert "（" not in ground.affairs
    assert "row 73" in WORDS.ground(edition=EDITION, row="73", affairs="73.2", language="en").citation
    assert WORDS.ground(edition="lost", row="1", affairs="1.1", language="ja").citation == "lost 1"


def test_every_affairs_item_has_everyday_words() -> None:
    for edition in BOOK.editions:
        for item in BOOK.read(edition)[1]:
            told = WORDS.purpose(edition=edition.id, affairs=item.id, language="ja")
            assert told, item.id
            assert not told.endswith("に関する事務"), item.id


@pytest.mark.parametrize(
    ("affairs", "told"),
    [
        (
            "児童手当法第九条第一項の額の改定の請求に係る事実についての審査に関する事務",
            "児童手当法第九条第一項の額の改定の請求の審査",
        ),
        ("生活保護法第二十六条の保護の停止又は廃止に関する事務", "生活保護法第二十六条の保護の停止又は廃止"),
        ("前条に掲げる事務", "前条に掲げる事務"),
    ],
)
def test_only_set_phrases_are_left_out(affairs: str, told: str) -> None:
    """An article or an item number is part of what the words say: 第二号被保険者 stays what it is."""
    assert everyday(affairs) == told


def test_a_purpose_in_each_language() -> None:
    assert WORDS.purpose(edition=EDITION, affairs="73.2", language="ja") == "年金の請求の審査"
    assert WORDS.purpose(edition=EDITION, affairs="73.2", language="en") == "examine a claim for a pension"
    assert WORDS.purpose(edition=EDITION, affairs="1.1", language="en") == ""
    assert WORDS.purpose(edition="lost", affairs="73.2", language="ja") == ""


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_sentence_never_fails_for_a_missing_fact(language: str) -> None:
    for code in catalogue():
        assert WORDS.sentence(code, {}, language)
    assert WORDS.sentence("no_such_code", {}, language) == ""


def test_a_sentence_names_items_and_kinds_of_body() -> None:
    facts = {
        "requester": "jps",
        "provider": "health_insurance_association",
        "information": "local_tax",
        "affairs": "73.2",
    }
    told = WORDS.sentence("not_permitted", facts, "ja")
    assert "全国健康保険協会" in told
    assert "地方税関係情報" in told


def test_a_municipality_by_its_code_or_as_it_is() -> None:
    assert WORDS.municipality("011002", "ja") == "011002"
    assert WORDS.municipality("", "ja") == ""
