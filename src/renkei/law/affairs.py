"""Affairs items of arts. 3 and after, and which of their row's information items their lines name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from renkei.law.lexicon import Lexicon
from renkei.law.model import Affairs
from renkei.law.numerals import kanji_number
from renkei.law.phrases import Reader

_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテ"
_REFERENCE = re.compile(
    rf"(?P<item>前号|第(?P<number>[一二三四五六七八九十百]+)号)(?P<letters>[{_IROHA}](?:[{_IROHA}]|から|まで|及び|、)*)?"
    r"に掲げる情報"
)
_LISTS = "次に掲げる情報"
_RANGE = re.compile(rf"([{_IROHA}])から([{_IROHA}])まで|([{_IROHA}])")


class ItemRow(msgspec.Struct, frozen=True):
    """One line of affairs.csv."""

    row: str
    item_no: int
    article: str
    only_requester: str
    affairs: str


class LineRow(msgspec.Struct, frozen=True):
    """One line of lines.csv; `lead_in` marks a line that only introduces a list."""

    row: str
    item_no: int
    seq: int
    lead_in: bool
    information: str


class _Lines:
    """What the lines of one row's items name; resolves references between the items of the row."""

    def __init__(self, lexicon: Lexicon, allowed: frozenset[str], lines: Mapping[int, list[LineRow]]) -> None:
        self._patterns = {slug: p for slug, p in lexicon.line_patterns.items() if slug in allowed}
        self._allowed = allowed
        # A line cannot tell that it names what an open phrase leaves to another law: such items always stand.
        self._open = frozenset(slug for slug in allowed if lexicon.informations[slug].open)
        self._lines = lines

    def named(self, number: int, following: frozenset[int] = frozenset()) -> frozenset[str] | None:
        """Items that the lines of one affairs item name; None where some line does not tell."""
        found: set[str] = set()
        if number in following:
            return None
        for line in self._lines.get(number, ()):
            said = self._line(line, following | {number})
            if said is None:
                return None
            found |= said
        return frozenset(found | self._open) or None

    def _line(self, line: LineRow, following: frozenset[int]) -> frozenset[str] | None:
        text = line.information
        found = {slug for slug, pattern in self._patterns.items() if pattern.search(text)}
        for reference in _REFERENCE.finditer(text):
            target = line.item_no - 1 if reference["item"] == "前号" else kanji_number(reference["number"])
            said = self._referenced(target, reference["letters"], following)
            if said is None:
                return None
            found |= said
        if not found and not line.lead_in and _LISTS not in text:
            return self._open or (self._allowed if len(self._allowed) == 1 else None)
        return frozenset(found)

    def _referenced(self, number: int, letters: str | None, following: frozenset[int]) -> frozenset[str] | None:
        listed = [line for line in self._lines.get(number, ()) if not line.lead_in]
        if not letters:
            return self.named(number, following)
        found: set[str] = set()
        for place in letter_places(letters):
            said = self._line(listed[place], following | {number}) if place < len(listed) else None
            if said is None:
                return None
            found |= said
        return frozenset(found)


def read_affairs(
    items: Iterable[ItemRow],
    lines: Iterable[LineRow],
    rows: Mapping[str, frozenset[str]],
    *,
    lexicon: Lexicon,
    reader: Reader,
) -> list[Affairs]:
    """The affairs items with their information.

    Args:
        items, lines: in the order of the text.
        rows: for each live row, the information items of all its records.
    """
    by_row: dict[str, dict[int, list[LineRow]]] = {}
    for line in lines:
        by_row.setdefault(line.row, {}).setdefault(line.item_no, []).append(line)
    readers = {
        row: _Lines(lexicon, lexicon.with_included(rows[row]), listed) for row, listed in by_row.items() if row in rows
    }
    found = []
    for item in items:
        named = readers[item.row].named(item.item_no) if item.row in readers else None
        found.append(
            Affairs(
                id=f"{item.row}.{item.item_no}",
                row=item.row,
                article=item.article,
                text=item.affairs,
                informations=named or lexicon.with_included(rows[item.row]),
                narrowed=named is not None,
                only_requester=reader.bodies(item.only_requester).slugs if item.only_requester else frozenset(),
                lines=tuple(line.information for line in by_row.get(item.row, {}).get(item.item_no, ())),
            )
        )
    return found


def letter_places(letters: str) -> list[int]:
    """Places (from 0) that letters of a list name: イからハまで及びホ is 0, 1, 2, 4."""
    places: list[int] = []
    for first, last, single in _RANGE.findall(letters):
        if single:
            places.append(_IROHA.index(single))
        else:
            places.extend(range(_IROHA.index(first), _IROHA.index(last) + 1))
    return places
