"""Time as the law counts it: instants in UTC, days in Japan, fiscal years, eras, periods and ages.

An `Instant` is an aware `datetime` in UTC and nothing else; on the wire it is integer milliseconds since 1970.
Japan has kept UTC+9 without summer time since 1952, and no instant here is older, so its day is a fixed offset away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeAlias

from renkei.base.identifier_errors import PeriodInvalid

Instant: TypeAlias = datetime
"""An aware datetime in UTC."""

JST = timezone(timedelta(hours=9), "JST")
EPOCH: Instant = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant(moment: datetime) -> Instant:
    """`moment` in UTC.

    Raises:
        ValueError: a naive datetime, which names no instant. This is our mistake, never the other side's.
    """
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone is no instant")
    return moment.astimezone(UTC)


def to_ms(moment: Instant) -> int:
    """Whole milliseconds since 1970-01-01 UTC, rounded down."""
    return (moment - EPOCH) // _MILLISECOND


def from_ms(ms: int) -> Instant:
    """The instant `ms` milliseconds after 1970-01-01 UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def jst_date(moment: Instant) -> date:
    """The day it is in Japan."""
    return instant(moment).astimezone(JST).date()


def jst_midnight(day: date) -> Instant:
    """The instant at which `day` begins in Japan."""
    return datetime(day.year, day.month, day.day, tzinfo=JST).astimezone(UTC)


def fiscal_year(day: date) -> int:
    """年度: April of the year to March of the next (財政法11条, 地方自治法208条1項)."""
    return day.year if day.month >= 4 else day.year - 1


def fiscal_year_period(year: int) -> Period:
    """The days of a fiscal year."""
    return Period(date(year, 4, 1), date(year + 1, 4, 1))


def add_years(day: date, years: int) -> date:
    """The corresponding day `years` later; 29 February becomes the 28th where the year has none.

    Source: 民法143条2項 (no corresponding day: the month's last day).
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `valid_from` up to, not including, `valid_to`; no end where `valid_to` is None.

    Half-open, so that one edition's end is the next one's beginning and no day is lost or counted twice. Where a
    document names the last day, `Period.through` takes it and `last_day` gives it back.

    Raises:
        PeriodInvalid: the end is before the beginning. An empty period (both the same day) is allowed.
    """

    valid_from: date
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise PeriodInvalid()

    @classmethod
    def through(cls, first: date, last: date) -> Period:
        """The days from `first` to `last`, both included."""
        return cls(first, last + timedelta(days=1))

    @property
    def last_day(self) -> date | None:
        """The last day that belongs to the period; None where it has no end."""
        return None if self.valid_to is None else self.valid_to - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: Period) -> bool:
        """Whether some day belongs to both."""
        start = max(self.valid_from, other.valid_from)
        return start in self and start in other


def attains_on(birth: date, age: int) -> date:
    """The day at the end of which a person attains `age`: the one before the birthday.

    Counting begins on the day of birth (年齢計算ニ関スル法律1項) and a term of years ends with the day before the
    corresponding day (2項, 民法143条2項). Who is born on 29 February attains an age with 28 February, in every year.
    """
    try:
        birthday = birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 2, 28)
    return birthday - timedelta(days=1)


def age_on(birth: date, day: date) -> int:
    """Completed years of age during `day`: one more from the birthday on, since the day before only ends with it.

    For a rule that speaks of the day *on which* an age is attained, use `attains_on`. Negative before the birth.
    """
    years = day.year - birth.year
    return years if day > attains_on(birth, years) else years - 1


def fiscal_year_end_after(birth: date, age: int) -> date:
    """The first 31 March on or after the day on which `age` is attained (for instance 児童手当法3条1項: 18)."""
    return date(fiscal_year(attains_on(birth, age)) + 1, 3, 31)
