"""The law's own things as frozen values: kinds of body, information items, editions, records, affairs, permits."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec


class Basis(StrEnum):
    """Which item of art. 19 of the Act lets the exchange happen."""

    ORDER = "19-8"  # the Order's table (番号法19条8号)
    ORDINANCE = "19-9"  # affairs of a local ordinance (番号法19条9号); no data are kept yet


class Kind(msgspec.Struct, frozen=True, gc=False):
    """A kind of body: a capacity in which a body asks or provides.

    `narrower` kinds are also this kind. An `open` kind stands for a phrase that names no body.
    """

    slug: str
    ja: str
    en: str
    aliases: tuple[str, ...] = ()
    narrower: tuple[str, ...] = ()
    open: bool = False


class Information(msgspec.Struct, frozen=True, gc=False):
    """An information item (利用特定個人情報): a defined term, or a matter under a law.

    `includes` are items that this one's definition lists; `lines` spell it in the lines of affairs items.
    """

    slug: str
    ja: str
    en: str
    names: tuple[str, ...] = ()
    of: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    open: bool = False


class Source(msgspec.Struct, frozen=True):
    """Where an edition's text comes from, with the numbers that a complete reading must reach."""

    name: str
    licence: str
    records: int
    rows: int
    affairs: int
    lines: int


class RowDate(msgspec.Struct, frozen=True):
    """When one row of an edition came into force, where that differs from the edition."""

    row: str
    valid_from: date
    reason: str


class Edition(msgspec.Struct, frozen=True):
    """One dated text of the table; in force from `valid_from`, no longer on `valid_to`."""

    id: str
    basis: Basis
    ja: str
    en: str
    law_ja: str
    law_id: str
    act_article_ja: str
    act_article_en: str
    table_ja: str
    table_en: str
    valid_from: date
    text_as_of: date
    note: str
    source: Source
    valid_to: date | None = None
    row: tuple[RowDate, ...] = ()

    def in_force(self, on: date) -> bool:
        """Whether the edition is in force on that day (JST)."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the table: its original words and the sets that they resolve to.

    `qualifiers` are words that limit a known kind ("…事業主体である"); `open_phrases` the slugs of phrases that
    name no body or item. A deleted row (削除) has empty sets.
    """

    row: str
    seq: int
    article: str
    requester_words: str
    affairs_words: str
    provider_words: str
    information_words: str
    requesters: frozenset[str]
    providers: frozenset[str]
    informations: frozenset[str]
    qualifiers: tuple[str, ...] = ()
    open_phrases: tuple[str, ...] = ()
    deleted: bool = False

    @property
    def id(self) -> str:
        """Row and place in the row, as in 58.3."""
        return f"{self.row}.{self.seq}"


class Affairs(msgspec.Struct, frozen=True, gc=False):
    """One affairs item (事務手続) of a row, with the information that its lines name.

    `narrowed` is false where the lines do not tell, so that the row's whole set stands. `only_requester`: the
    paragraph limits the item to these kinds. Where an edition has no items, a row is one item, numbered 0.
    """

    id: str
    row: str
    article: str
    text: str
    informations: frozenset[str]
    narrowed: bool
    only_requester: frozenset[str] = frozenset()
    lines: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The text without its parentheses, for screens."""
        return without_parentheses(self.text)


class Permit(msgspec.Struct, frozen=True, gc=False):
    """The rule that lets one exchange happen."""

    edition: str
    basis: Basis
    row: str
    record: str
    affairs: str
    article: str
    citation: str
    citation_en: str


def without_parentheses(text: str) -> str:
    """The text without anything in （…）, nested or not."""
    kept: list[str] = []
    depth = 0
    for letter in text:
        if letter == "（":
            depth += 1
        elif letter == "）" and depth:
            depth -= 1
        elif not depth:
            kept.append(letter)
    return "".join(kept)
