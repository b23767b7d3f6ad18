"""`why`: the rows that permit, or the first reason that none does, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from renkei.law import LawBook, Reason, counterparts, diff, why
from renkei.law.errors import WordUnknown
from renkei.law.explain import Explanation
from renkei.law.lexicon import lexicon
from renkei.law.words import match_bodies, match_informations

BOOK = LawBook.load()
ON = date(2026, 11, 23)


def ask(requester: str, provider: str, information: str, affairs: str | None = None, on: date = ON) -> Explanation:
    return why(BOOK, on=on, requester=requester, provider=provider, information=information, affairs=affairs)


def test_permitted() -> None:
    found = ask("厚生労働大臣", "市町村長", "地方税関係情報")
    assert found.permitted
    assert found.reason is Reason.PERMITTED
    assert "73" in {ground.row for ground in found.grounds}
    (national,) = [ground for ground in found.grounds if ground.row == "73"]
    assert [item.id for item in national.affairs] == ["73.1", "73.2", "73.3", "73.4"]
    assert national.provider == "市町村長"
    assert found.ja.startswith("認められます。")
    assert found.en.startswith("Permitted.")


@pytest.mark.parametrize(
    ("requester", "provider", "information", "affairs", "reason"),
    [
        ("厚生労働大臣", "市町村長", "地方税", "74.1", Reason.OTHER_AFFAIRS),
        ("広島市長", "日本税理士会連合会", "地方税", None, Reason.PROVIDER_NEVER_PROVIDES),
        ("payer_long_term_care_20", "市町村長", "地方税", None, Reason.REQUESTER_NEVER_ASKS),
        ("厚生労働大臣", "法務大臣", "地方税", None, Reason.PROVIDER_NEVER_PROVIDES_THIS),
        ("日本年金機構", "市町村長", "児童手当", None, Reason.REQUESTER_NEVER_ASKS_THIS),
        ("日本税理士会連合会", "法務大臣", "戸籍", None, Reason.PERMITTED),
        ("市町村長", "都道府県知事", "健康増進事業", None, Reason.PROVIDER_NEVER_PROVIDES_THIS),
    ],
)
def test_reasons(requester: str, provider: str, information: str, affairs: str | None, reason: Reason) -> None:
    found = ask(requester, provider, information, affairs)
    assert found.reason is reason
    assert found.permitted == (reason is Reason.PERMITTED)
    assert found.permitted == bool(found.grounds)
    assert "{" not in found.ja + found.en


def test_never_together() -> None:
    """Both sides deal in the item, yet never with one another: the answer says whom to ask instead."""
    found = ask("日本私立学校振興・共済事業団", "農林漁業団体職員共済組合", "年金給付")
    assert found.reason is Reason.NEVER_TOGETHER
    assert "mhlw_minister" in found.others


def test_a_row_not_yet_in_force() -> None:
    found = ask("特区", "法務大臣", "戸籍", on=date(2024, 6, 1))
    assert found.reason is Reason.ROW_NOT_IN_FORCE
    assert found.others == ("160-2",)


@pytest.mark.parametrize(
    "word", ["mhlw_minister", "厚生労働大臣", "厚生労働", "Minister of Health, Labour and Welfare"]
)
def test_words_for_a_body(word: str) -> None:
    assert match_bodies(word, lexicon()) == {"mhlw_minister"}


@pytest.mark.parametrize("word", ["local_tax", "地方税関係情報", "地方税", "Local tax", "local TAX"])
def test_words_for_an_item(word: str) -> None:
    assert match_informations(word, lexicon()) == {"local_tax"}


def test_a_phrase_of_the_law_is_a_word_too() -> None:
    assert match_bodies("市町村長又は国民健康保険組合", lexicon()) == {
        "municipality_mayor",
        "national_health_insurance_society",
    }
    assert match_informations("身体障害者手帳", lexicon()) == {"physical_disability_certificate"}


@pytest.mark.parametrize("word", ["大臣", "宇宙大臣", ""])
def test_unclear_words_are_refused_with_candidates(word: str) -> None:
    with pytest.raises(WordUnknown) as refused:
        match_bodies(word, lexicon())
    assert refused.value.status.exit == 2


def test_diff_between_the_editions() -> None:
    """The order brought the family register and the account register, which the table of 2015 did not know."""
    found = diff(BOOK, from_date=date(2020, 1, 1), to_date=ON)
    added = {combination.information for combination in found.added}
    assert {"family_register", "public_money_account"} <= added
    assert not any(combination.information == "family_register" for combination in found.removed)
    (pension,) = [change for change in found.changed if change.rows_to == ("73",)]
    assert pension.rows_from == ("48",)
    assert {combination.information for combination in pension.added} == {"family_register", "public_money_account"}


def test_diff_is_its_own_mirror() -> None:
    there = diff(BOOK, from_date=date(2020, 1, 1), to_date=ON)
    back = diff(BOOK, from_date=ON, to_date=date(2020, 1, 1))
    assert (there.added, there.removed, there.kept) == (back.removed, back.added, back.kept)
    assert len(there.affairs_added) == len(back.affairs_removed)
    same = diff(BOOK, from_date=ON, to_date=ON)
    assert not same.added
    assert not same.removed
    assert not same.changed


def test_diff_inside_an_edition_shows_the_row_that_came() -> None:
    found = diff(BOOK, from_date=date(2024, 6, 1), to_date=ON)
    assert [only.rows for only in found.affairs_added] == [("160-2",)]
    assert not found.affairs_removed


def test_counterparts_are_found_only_where_the_words_are_the_same() -> None:
    found = counterparts(BOOK, on=ON, other=date(2020, 1, 1))
    assert found["73"] == ("48",)
    assert "160-2" not in found
    assert 60 < len(found) < 180
