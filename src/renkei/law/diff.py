"""What changed between two editions: who may ask whom for what, and how each affair's row changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from renkei.law.book import LawBook
from renkei.law.model import without_parentheses
from renkei.law.phrases import without_rule
from renkei.law.table import PermittedTable


class Combination(msgspec.Struct, frozen=True, order=True):
    """Requester kind, provider kind and information item, as the cells name them."""

    requester: str
    provider: str
    information: str


class Change(msgspec.Struct, frozen=True):
    """An affair that stands in both editions in the same words, with what its rows gained and lost."""

    affairs: str
    rows_from: tuple[str, ...]
    rows_to: tuple[str, ...]
    added: tuple[Combination, ...]
    removed: tuple[Combination, ...]


class AffairsOnly(msgspec.Struct, frozen=True):
    """An affair that stands in one of the editions only, in these words."""

    affairs: str
    rows: tuple[str, ...]
    combinations: int


class LawDiff(msgspec.Struct, frozen=True):
    """The difference between the tables of two days.

    `added`, `removed` and `kept` look at the whole table: who may ask whom for what in any affairs. The rest goes by
    affairs; an affair whose words were amended appears in both `affairs_added` and `affairs_removed`.
    """

    edition_from: str
    edition_to: str
    added: tuple[Combination, ...]
    removed: tuple[Combination, ...]
    kept: int
    changed: tuple[Change, ...]
    affairs_added: tuple[AffairsOnly, ...]
    affairs_removed: tuple[AffairsOnly, ...]
    affairs_same: int


def diff(book: LawBook, *, from_date: date, to_date: date) -> LawDiff:
    """What changed from one day to the other.

    Raises:
        NoEdition: no table of one of the days is kept.
    """
    before, after = book.on(from_date), book.on(to_date)
    old, new = _by_affairs(before), _by_affairs(after)
    old_all, new_all = _all(old.values()), _all(new.values())
    both = [words for words in new if words in old]
    changed = tuple(
        Change(
            affairs=words,
            rows_from=_rows(old[words]),
            rows_to=_rows(new[words]),
            added=tuple(sorted(_combinations(new[words]) - _combinations(old[words]))),
            removed=tuple(sorted(_combinations(old[words]) - _combinations(new[words]))),
        )
        for words in both
        if _combinations(old[words]) != _combinations(new[words])
    )
    return LawDiff(
        edition_from=before.edition.id,
        edition_to=after.edition.id,
        added=tuple(sorted(new_all - old_all)),
        removed=tuple(sorted(old_all - new_all)),
        kept=len(old_all & new_all),
        changed=changed,
        affairs_added=_only(new, old),
        affairs_removed=_only(old, new),
        affairs_same=len(both) - len(changed),
    )


def counterparts(book: LawBook, *, on: date, other: date) -> dict[str, tuple[str, ...]]:
    """For rows of the table of `on`, the rows of the other day's table that name the same affairs in the same words.

    A row whose words were amended has no counterpart here: it is not guessed.
    """
    mine, theirs = _by_affairs(book.on(on)), _by_affairs(book.on(other))
    found: dict[str, tuple[str, ...]] = {}
    for words, entries in mine.items():
        if words in theirs:
            for row in _rows(entries):
                found[row] = _rows(theirs[words])
    return found


def affairs_key(words: str) -> str:
    """The words of an affairs cell without parentheses and without the article that spells them out."""
    return without_rule(without_parentheses(words))


_Entries = list[tuple[str, Combination]]


def _by_affairs(table: PermittedTable) -> dict[str, _Entries]:
    """For each affair in force, its rows and combinations, as the cells name them."""
    found: dict[str, _Entries] = {}
    for record in table.records:
        if table.in_force(record.row):
            entries = found.setdefault(affairs_key(record.affairs_words), [])
            entries.extend(
                (record.row, Combination(requester, provider, information))
                for requester in record.requesters
                for provider in record.providers
                for information in record.informations
            )
    return found


def _combinations(entries: _Entries) -> set[Combination]:
    return {combination for _, combination in entries}


def _all(groups: Iterable[_Entries]) -> set[Combination]:
    return {combination for entries in groups for _, combination in entries}


def _rows(entries: _Entries) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row for row, _ in entries))


def _only(here: dict[str, _Entries], there: dict[str, _Entries]) -> tuple[AffairsOnly, ...]:
    return tuple(
        AffairsOnly(words, _rows(entries), len(_combinations(entries)))
        for words, entries in here.items()
        if words not in there
    )
