"""How people are matched: what counts as the same text, and what does not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.contracts.addressees import FourItems
from renkei.institutions.addressees.model import (
    Own,
    Wanted,
    address_key,
    address_numbers,
    items_key,
    outsider_numbers,
    text_key,
)

BASE = FourItems(
    name="見本　はな子", kana="ミホン ハナコ", birth=date(1980, 2, 29), sex="female", address="見本町１－２"
)


def changed(**changes) -> FourItems:
    return FourItems(**{name: getattr(BASE, name) for name in BASE.__struct_fields__} | changes)


@pytest.mark.parametrize(
    "same",
    [
        {"name": "見本はな子"},
        {"name": "見本 ハナ子"},
        {"kana": "ﾐﾎﾝ ﾊﾅｺ"},
        {"kana": "みほん　はなこ"},
        {"address": "見本町1-2"},
        {"address": "見本町 1‐2"},
        {"address": "見本町１ー２"},
    ],
)
def test_width_spaces_kana_and_dashes_make_no_difference(same) -> None:
    assert items_key(changed(**same)) == items_key(BASE)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "見本 花子"},
        {"kana": "ミホン カコ"},
        {"birth": date(1980, 2, 28)},
        {"sex": "male"},
        {"address": "見本町12"},
        {"address": "見本町1-2-3"},
    ],
)
def test_every_one_of_the_items_counts(other) -> None:
    assert items_key(changed(**other)) != items_key(BASE)


def test_variant_characters_stay_different() -> None:
    """渡邊 and 渡邉 may be two people; a clerk decides, not a table."""
    assert text_key("渡邊") != text_key("渡邉")


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40))
def test_half_and_full_width_are_the_same(text: str) -> None:
    full_width = "　".join(chr(ord(letter) + 0xFEE0) for letter in text)
    assert address_key(full_width) == address_key(text)


@given(st.integers(1, 10**13), st.integers(1, 50))
def test_numbers_are_different_and_never_meet(first: int, count: int) -> None:
    inside, outside = address_numbers(first, count), outsider_numbers(first, count)
    assert len({*inside, *outside}) == 2 * count
    assert all(len(one) == 15 for one in [*inside, *outside])
    assert inside == sorted(inside)


def test_a_search_for_nothing_is_empty() -> None:
    assert Wanted(name=" 　", address="\t").empty
    assert not Wanted(birth=date(1980, 1, 1)).empty


def test_an_own_number_does_not_show_itself() -> None:
    assert "123" not in repr(Own("tax", "000000000000123"))
