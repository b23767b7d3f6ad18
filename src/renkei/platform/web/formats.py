"""How screens write dates, instants, ages of copies, numbers and money, in either language. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from babel.dates import format_date as babel_date
from babel.numbers import format_decimal

from renkei.base import wareki
from renkei.base.time import JST, Instant, instant
from renkei.platform.web.catalogue import Catalogue, Language

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Formats:
    """Formatting in one language; every method is a template filter of the same name."""

    language: Language
    catalogue: Catalogue

    def day(self, value: date) -> str:
        """令和8年(2026年)11月23日 / 23 November 2026."""
        if self.language is Language.JA:
            return wareki.format_date(value)
        return babel_date(value, "d MMMM y", locale="en_GB")

    def moment(self, value: Instant) -> str:
        """Date and time in Japan, to the minute: 令和8年(2026年)11月23日 18:05 / 23 November 2026, 18:05 JST."""
        local = instant(value).astimezone(JST)
        if self.language is Language.JA:
            return f"{self.day(local.date())} {local:%H:%M}"
        return f"{self.day(local.date())}, {local:%H:%M} JST"

    def fiscal_year(self, value: int) -> str:
        """令和8年度(2026年度) / fiscal year 2026."""
        return wareki.format_fiscal_year(value) if self.language is Language.JA else f"fiscal year {value}"

    def age(self, value: Instant, now: Instant) -> str:
        """How long ago, in the largest whole unit: 3日前 / 3 days ago; an instant still to come counts as now."""
        seconds = max(0.0, (now - value).total_seconds())
        for unit, length in (("days", DAY_S), ("hours", HOUR_S), ("minutes", MINUTE_S)):
            if count := int(seconds // length):
                return self.catalogue.text(self.language, f"kit.age.{unit}", count=count)
        return self.catalogue.text(self.language, "kit.age.now")

    def copy_age(self, value: Instant, now: Instant) -> str:
        """Age of a copy (副本): 3日前の写し / copy made 3 days ago."""
        return self.catalogue.text(self.language, "kit.age.copy", age=self.age(value, now))

    def number(self, value: int) -> str:
        """1,234,567."""
        return format_decimal(value, locale=self.language.value)

    def yen(self, value: int) -> str:
        """Whole yen: 1,234,567円 / ¥1,234,567."""
        if self.language is Language.JA:
            return f"{self.number(value)}円"
        return f"-¥{self.number(-value)}" if value < 0 else f"¥{self.number(value)}"

    def filters(self) -> dict[str, Callable[..., str]]:
        """The filters by name."""
        names = ("day", "moment", "fiscal_year", "age", "copy_age", "number", "yen")
        return {name: getattr(self, name) for name in names}
