"""The words of the law

The table is kept in the law's own words. The software reads them into kinds of body and information items, and each
record still carries the words that it was read from.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.law import LawBook, lexicon, why
from renkei.law.errors import PhraseUnread, WordUnknown
from renkei.law.phrases import Reader

BOOK = LawBook.load()
TODAY = date(2026, 11, 23)


def test_defined_terms_stand_for_what_the_law_lists() -> None:
    """「医療保険者」 is defined in row 2: six sorts of body. Wherever the term is used, it stands for these."""
    assert {lexicon().kinds[slug].ja for slug in lexicon().kind_words["医療保険者"]} == {
        "全国健康保険協会",
        "健康保険組合",
        "日本私立学校振興・共済事業団",
        "国家公務員共済組合",
        "地方公務員共済組合",
        "市町村長",
        "国民健康保険組合",
    }


def test_open_phrases_stay_open() -> None:
    """「他の法令による給付の支給を行うこととされている者」 names nobody. It is a kind of its own: no known body is
    guessed into it.
    """
    words = "健康保険法第五十五条に規定する他の法令による給付の支給を行うこととされている者"
    reading = Reader(lexicon(), "order-r6-9").bodies(words)
    assert reading.slugs == {"payer_health_insurance_55"}
    assert lexicon().kinds["payer_health_insurance_55"].open


def test_words_that_are_not_understood_stop_the_reading() -> None:
    """An amended table with a word that the lexicon does not know is not used: nothing is skipped in silence."""
    with pytest.raises(PhraseUnread):
        Reader(lexicon(), "amended").bodies("厚生労働大臣又は新設庁長官")


def test_questions_may_be_asked_in_the_laws_words() -> None:
    """`renkei law why` understands slugs, the law's terms, and a part of one that is not ambiguous."""
    by_slug = why(BOOK, on=TODAY, requester="mhlw_minister", provider="municipality_mayor", information="local_tax")
    by_words = why(BOOK, on=TODAY, requester="厚生労働大臣", provider="市町村長", information="地方税")
    assert by_slug == by_words


def test_ambiguous_words_are_not_guessed() -> None:
    """「大臣」 could be any of the ministers. The answer is a list of candidates."""
    with pytest.raises(WordUnknown) as refused:
        why(BOOK, on=TODAY, requester="大臣", provider="市町村長", information="地方税")
    assert "mhlw_minister" in refused.value.sentence("en")


def test_a_refusal_says_whom_one_could_ask() -> None:
    """Where nothing permits, the sentence says what is nearest: who does provide the item, or who may ask."""
    found = why(BOOK, on=TODAY, requester="日本年金機構", provider="市町村長", information="児童手当関係情報")
    assert not found.permitted
    assert "独立行政法人日本学生支援機構" in found.ja
