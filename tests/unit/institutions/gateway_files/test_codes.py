"""Codes of the files: every item and every affairs has one, no two the same, ours are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.institutions.gateway.files.codes import affairs_codes, affairs_of, information_codes, informations
from renkei.law import LawBook
from renkei.law.data import read_toml


def test_every_information_item_of_the_law_has_a_code() -> None:
    lexicon = read_toml("lexicon", "information.toml")["information"]
    assert set(information_codes()) == set(lexicon)
    assert len(informations()) == len(information_codes()), "no code stands for two items"
    assert all(len(code) == 16 for code in informations())


def test_codes_seen_in_public_are_used_as_seen() -> None:
    assert information_codes()["local_tax"] == "TM00000000000002"
    assert information_codes()["public_money_account"] == "TM00000000000089"
    others = [code for code in informations() if not code.startswith("TM99")]
    assert len(others) == 3, "every other code says that it is ours"


def test_every_affairs_item_of_every_edition_has_codes_of_its_own() -> None:
    book = LawBook.load()
    for edition in book.editions:
        _, affairs = book.read(edition)
        codes = {affairs_codes(item.id).procedure for item in affairs}
        assert len(codes) == len(affairs)
        assert all(affairs_of(affairs_codes(item.id).procedure) == item.id for item in affairs)


@given(st.integers(1, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_affairs_and_code_are_one_to_one(row: int, branch: int, item: int) -> None:
    affairs = f"{row}{f'-{branch}' if branch else ''}.{item}"
    codes = affairs_codes(affairs)
    assert affairs_of(codes.procedure) == affairs
    assert len(codes.affairs) == len(codes.procedure) == 16
    assert codes.affairs[2:12] == codes.procedure[2:12]


def test_what_is_no_affairs_item_has_no_code() -> None:
    with pytest.raises(ValueError, match="not an affairs item"):
        affairs_codes("73")
    assert affairs_of("JT01010000000214") is None
