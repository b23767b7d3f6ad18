"""The law has dates

Every question is asked of a day. The table is kept as dated editions, and a value of the law (a retention, a
threshold) is looked up by its name and the day.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.law import LawBook, diff, why
from renkei.law.errors import NoEdition, RowNotInForce

BOOK = LawBook.load()


def test_the_table_of_the_day_is_used() -> None:
    """Until 26 May 2024 the table stood in the Act itself (別表第二). On 27 May 2024 an order took its place."""
    assert BOOK.on(date(2024, 5, 26)).edition.ja == "番号法旧別表第二"
    assert BOOK.on(date(2024, 5, 27)).edition.ja == "番号法19条8号命令"


def test_what_was_not_yet_law_is_refused() -> None:
    """In 2020 nobody could ask the Minister of Justice for a family register: the table had no such row."""
    question = {"requester": "厚生労働大臣", "provider": "法務大臣", "information": "戸籍関係情報"}
    assert not why(BOOK, on=date(2020, 1, 1), **question).permitted
    assert why(BOOK, on=date(2026, 11, 23), **question).permitted


def test_a_row_may_be_younger_than_its_table() -> None:
    """Row 160-2 cites an Act of 2025 and is not in force before that year."""
    zone, justice = frozenset({"special_zone_local_body_head"}), frozenset({"moj_minister"})
    with pytest.raises(RowNotInForce):
        BOOK.on(date(2024, 6, 1)).check(zone, "160-2.1", justice, "family_register")


def test_days_without_a_table_are_refused() -> None:
    """For a day before the first edition that is kept, no answer is made up."""
    with pytest.raises(NoEdition):
        BOOK.on(date(2014, 1, 1))


def test_two_days_can_be_compared() -> None:
    """`renkei law diff` says what changed: who may now ask whom for what, and how the rows of each affair changed."""
    found = diff(BOOK, from_date=date(2020, 1, 1), to_date=date(2026, 11, 23))
    (pension,) = [change for change in found.changed if change.rows_to == ("73",)]
    assert pension.rows_from == ("48",)
    assert {gained.information for gained in pension.added} == {"family_register", "public_money_account"}


def test_values_of_law_and_values_of_ours_are_told_apart() -> None:
    """Records are kept seven years because the Cabinet Order says so. How long a permit is good is not written in
    any law: that value is ours, and marked so.
    """
    retention = BOOK.parameter("record_retention", date(2026, 11, 23))
    assert (retention.value, retention.unit, retention.ours) == (7, "years", False)
    assert BOOK.parameter("permit_validity", date(2026, 11, 23)).ours
