"""Reading phrases: what each form of words resolves to, and that nothing unknown slips through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.law.data import read_csv
from renkei.law.errors import PhraseUnread
from renkei.law.lexicon import lexicon
from renkei.law.numerals import article_ja, article_number, kanji_number
from renkei.law.phrases import Reader

READER = Reader(lexicon(), "test")
TABLE = read_csv("exchange", "order-r6-9", "table.csv")
PLAIN_BODIES = sorted({r[c] for r in TABLE for c in ("requester", "provider") if r[c] and "（" not in r[c]} - {"削除"})
PLAIN_ITEMS = sorted({r["information"] for r in TABLE if r["information"] and "（" not in r["information"]})


@pytest.mark.parametrize(
    ("phrase", "kinds"),
    [
        ("厚生労働大臣", {"mhlw_minister"}),
        ("市町村長又は国民健康保険組合", {"municipality_mayor", "national_health_insurance_society"}),
        (
            "厚生労働大臣若しくは日本年金機構又は共済組合等",
            {
                "mhlw_minister",
                "jps",
                "private_school_mutual",
                "national_mutual_federation",
                "local_mutual",
                "municipal_mutual_federation",
            },
        ),
        (
            "都道府県知事又は保健所を設置する市（特別区を含む。）の長",
            {"prefecture_governor", "health_centre_city_mayor"},
        ),
        (
            "市町村長（児童手当法第十七条第一項の表の下欄に掲げる者を含む。）",
            {"municipality_mayor", "child_allowance_public_employer"},
        ),
        (
            "健康保険法第五十五条に規定する他の法令による給付の支給を行うこととされている者",
            {"payer_health_insurance_55"},
        ),
    ],
)
def test_bodies(phrase: str, kinds: set[str]) -> None:
    assert READER.bodies(phrase).slugs == kinds


def test_insurers_and_other_payers_are_both_named() -> None:
    """「医療保険者その他の…者」 names the insurers as examples and leaves the rest open."""
    reading = READER.bodies("医療保険者その他の法令による医療に関する給付の支給を行うこととされている者")
    assert reading.slugs == lexicon().kind_words["医療保険者"] | {"payer_medical_other"}
    assert reading.open_phrases == ("payer_medical_other",)


def test_a_qualifier_is_kept_and_the_kind_stays_known() -> None:
    reading = READER.bodies(
        "公営住宅法（昭和二十六年法律第百九十三号）第二条第十六号に規定する事業主体である都道府県知事又は市町村長"
    )
    assert reading.slugs == {"prefecture_governor", "municipality_mayor"}
    assert reading.qualifiers == ("公営住宅法第二条第十六号に規定する事業主体である",)


@pytest.mark.parametrize(
    ("phrase", "items"),
    [
        ("地方税関係情報又は住民票関係情報であって第六十条で定めるもの", {"local_tax", "resident_record"}),
        ("予防接種法による予防接種の実施に関する情報", {"vaccination"}),
        (
            "予防接種法又は新型インフルエンザ等対策特別措置法による予防接種の実施に関する情報であって第百五十六条で定めるもの",
            {"vaccination", "pandemic_vaccination"},
        ),
        (
            "児童福祉法による障害児通所支援若しくは母子保健法による妊娠の届出に関する情報又は介護保険給付等関係情報",
            {"child_day_support", "pregnancy_notification", "long_term_care_benefit"},
        ),
        (
            "子ども・子育て支援法による妊婦のための支援給付の支給に関する情報又は同法による地域子ども・子育て支援事業の実施に関する情報",
            {"pregnancy_support_benefit", "community_childcare"},
        ),
        (
            "雇用保険法（昭和四十九年法律第百十六号）による給付の支給に関する情報（以下「失業等給付関係情報」という。）",
            {"employment_insurance_benefit"},
        ),
    ],
)
def test_informations(phrase: str, items: set[str]) -> None:
    assert READER.informations(phrase).slugs == items


def test_an_explanation_that_limits_a_matter_is_kept() -> None:
    reading = READER.informations("児童福祉法による措置（同法第二十七条第一項第三号の措置をいう。）に関する情報")
    assert reading.slugs == {"child_welfare_measure"}
    assert reading.qualifiers == ("同法第二十七条第一項第三号の措置をいう。",)


@pytest.mark.parametrize(
    "phrase",
    [
        "宇宙大臣",
        "厚生労働大臣又は宇宙大臣",
        "市町村長（火星を含む。）",
        "市町村長（謎の括弧）",
        "市町村長又は",
        "、市町村長",
        "",
    ],
)
def test_unknown_bodies_are_an_error(phrase: str) -> None:
    with pytest.raises(PhraseUnread):
        READER.bodies(phrase)


@pytest.mark.parametrize(
    "phrase",
    ["宇宙関係情報", "予防接種法による宇宙旅行に関する情報", "宇宙法による予防接種に関する情報", "地方税関係情報又は"],
)
def test_unknown_informations_are_an_error(phrase: str) -> None:
    with pytest.raises(PhraseUnread):
        READER.informations(phrase)


@given(st.sampled_from(PLAIN_BODIES), st.data())
def test_a_strange_letter_anywhere_in_a_body_cell_is_noticed(phrase: str, data: st.DataObject) -> None:
    """Nothing of a cell is skipped: an amended cell can never be half understood."""
    place = data.draw(st.integers(0, len(phrase)))
    with pytest.raises(PhraseUnread):
        READER.bodies(phrase[:place] + "〓" + phrase[place:])


@given(st.sampled_from(PLAIN_ITEMS), st.data())
def test_a_strange_letter_anywhere_in_an_information_cell_is_noticed(phrase: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(phrase)))
    with pytest.raises(PhraseUnread):
        READER.informations(phrase[:place] + "〓" + phrase[place:])


@given(st.lists(st.sampled_from(sorted(lexicon().kinds)), min_size=1, max_size=5, unique=True))
def test_joined_terms_are_the_union_of_their_kinds(slugs: list[str]) -> None:
    joined = "、".join(lexicon().kinds[slug].ja for slug in slugs)
    assert READER.bodies(joined).slugs == set(slugs)


@given(st.lists(st.sampled_from(sorted(lexicon().information_names)), min_size=1, max_size=5, unique=True))
def test_joined_items_are_their_union_in_any_order(names: list[str]) -> None:
    defined = [name for name in names if name.endswith("関係情報")]
    if defined:
        wanted = {lexicon().information_names[name] for name in defined}
        assert READER.informations("又は".join(defined)).slugs == wanted
        assert READER.informations("、".join(reversed(defined))).slugs == wanted


def test_numerals() -> None:
    assert [kanji_number(text) for text in ("一", "十", "十一", "二十", "百", "百六十二", "百七十")] == [
        1,
        10,
        11,
        20,
        100,
        162,
        170,
    ]
    assert article_number("第百六十二条の二") == "162-2"
    assert article_ja("第百六十二条の二") == "162条の2"
    assert article_ja("第三条") == "3条"
