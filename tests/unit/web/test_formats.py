"""Dates with the era beside the Western year, times of Japan, ages of copies, money."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from renkei.platform.web import Language, WebKit
from renkei.platform.web.parts import Pagination

KIT = WebKit()
JA = KIT.formats(Language.JA)
EN = KIT.formats(Language.EN)
NOW = datetime(2026, 11, 23, 15, 4, tzinfo=UTC)


def test_day_and_moment_are_those_of_japan() -> None:
    """15:04 UTC is after midnight in Japan: the day, on which retention and ages turn, is the next."""
    assert JA.moment(NOW) == "令和8年(2026年)11月24日 00:04"
    assert EN.moment(NOW) == "24 November 2026, 00:04 JST"
    assert JA.day(date(2019, 5, 1)) == "令和元年(2019年)5月1日"
    assert EN.day(date(2019, 5, 1)) == "1 May 2019"


def test_fiscal_year() -> None:
    assert JA.fiscal_year(2025) == "令和7年度(2025年度)"
    assert EN.fiscal_year(2025) == "fiscal year 2025"


@pytest.mark.parametrize(
    ("before", "ja", "en"),
    [
        (timedelta(seconds=-5), "たった今", "just now"),
        (timedelta(seconds=59), "たった今", "just now"),
        (timedelta(minutes=1), "1分前", "1 minute ago"),
        (timedelta(hours=23, minutes=59), "23時間前", "23 hours ago"),
        (timedelta(days=1), "1日前", "1 day ago"),
        (timedelta(days=400), "400日前", "400 days ago"),
    ],
)
def test_age_in_the_largest_whole_unit(before: timedelta, ja: str, en: str) -> None:
    assert JA.age(NOW - before, NOW) == ja
    assert EN.age(NOW - before, NOW) == en


def test_copy_age() -> None:
    assert JA.copy_age(NOW - timedelta(days=3), NOW) == "3日前の写し"
    assert EN.copy_age(NOW - timedelta(days=3), NOW) == "copy made 3 days ago"


@pytest.mark.parametrize(
    ("amount", "ja", "en"), [(0, "0円", "¥0"), (1234567, "1,234,567円", "¥1,234,567"), (-5, "-5円", "-¥5")]
)
def test_yen(amount: int, ja: str, en: str) -> None:
    assert (JA.yen(amount), EN.yen(amount)) == (ja, en)


@pytest.mark.parametrize(
    ("page", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 5, [1, 2, None, 5]),
        (3, 5, [1, 2, 3, 4, 5]),
        (4, 12, [1, 2, 3, 4, 5, None, 12]),
        (12, 12, [1, None, 11, 12]),
    ],
)
def test_pagination_shows_ends_and_neighbours(page: int, pages: int, shown: list[int | None]) -> None:
    assert Pagination(page=page, pages=pages, href="?page={page}").shown() == shown
