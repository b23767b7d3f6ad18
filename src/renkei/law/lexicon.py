"""The lexicon: every kind of body and information item that the tables name, from law/lexicon."""

from __future__ import annotations

import re
from functools import cache, cached_property

import msgspec

from renkei.law.data import read_toml
from renkei.law.errors import InformationUnknown
from renkei.law.model import Information, Kind

_PAYER_EN = "Body that pays "


class Group(msgspec.Struct, frozen=True):
    """A term that stands for several kinds, as the law defines it."""

    members: tuple[str, ...]
    source: str


class Delegation(msgspec.Struct, frozen=True):
    """A body that does another's affairs under another law, and so asks in its place (番号法19条8号)."""

    delegate: str
    principal: str
    edition: str
    rows: frozenset[str]
    source: str


class _KindEntry(msgspec.Struct, frozen=True):
    ja: str
    en: str
    aliases: tuple[str, ...] = ()
    narrower: tuple[str, ...] = ()


class _InformationEntry(msgspec.Struct, frozen=True):
    ja: str
    en: str
    names: tuple[str, ...] = ()
    of: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


class _OpenEntry(msgspec.Struct, frozen=True):
    provider: str
    information: str
    en: str


class _Qualifiers(msgspec.Struct, frozen=True):
    phrases: tuple[str, ...]


class _KindsFile(msgspec.Struct, frozen=True):
    kind: dict[str, _KindEntry]
    group: dict[str, Group]
    qualifiers: _Qualifiers
    inclusions: dict[str, tuple[str, ...]]
    delegation: tuple[Delegation, ...] = ()


class _InformationFile(msgspec.Struct, frozen=True):
    information: dict[str, _InformationEntry]


class _OpenFile(msgspec.Struct, frozen=True):
    open: dict[str, _OpenEntry]


class Lexicon:
    """Kinds and information items by slug, and by the words of the law."""

    def __init__(self, kinds: _KindsFile, informations: _InformationFile, opens: _OpenFile) -> None:
        self.kinds: dict[str, Kind] = {
            slug: Kind(slug, e.ja, e.en, e.aliases, e.narrower) for slug, e in kinds.kind.items()
        }
        self.informations: dict[str, Information] = {
            slug: Information(slug, e.ja, e.en, e.names, e.of, e.lines, e.includes)
            for slug, e in informations.information.items()
        }
        for key, entry in opens.open.items():
            kind = Kind(f"payer_{key}", entry.provider, _PAYER_EN + entry.en, open=True)
            item = Information(f"benefit_{key}", entry.information, entry.en.capitalize(), open=True)
            self.kinds[kind.slug] = kind
            self.informations[item.slug] = item
        self.groups = kinds.group
        self.qualifiers = kinds.qualifiers.phrases
        self.inclusions = kinds.inclusions
        self.delegations = kinds.delegation

    @cached_property
    def kind_words(self) -> dict[str, frozenset[str]]:
        """Every word for bodies, group terms included, and the kinds that it stands for."""
        words = {word: frozenset((kind.slug,)) for kind in self.kinds.values() for word in (kind.ja, *kind.aliases)}
        return words | {term: self._members(term) for term in self.groups}

    def _members(self, word: str) -> frozenset[str]:
        if word in self.groups:
            return frozenset().union(*(self._members(member) for member in self.groups[word].members))
        return frozenset(kind.slug for kind in self.kinds.values() if word == kind.ja or word in kind.aliases)

    @cached_property
    def information_names(self) -> dict[str, str]:
        """Defined terms and open phrases, with the slug of the item."""
        names = {name: item.slug for item in self.informations.values() for name in item.names}
        return names | {item.ja: item.slug for item in self.informations.values() if item.open}

    @cached_property
    def matters(self) -> dict[tuple[str, str], str]:
        """Pairs of law and matter, with the slug of the item."""
        return {pair: item.slug for item in self.informations.values() for pair in item.of}

    @cached_property
    def line_patterns(self) -> dict[str, re.Pattern[str]]:
        """For each item that has them, one expression for the lines of affairs items."""
        return {item.slug: re.compile("|".join(item.lines)) for item in self.informations.values() if item.lines}

    def information(self, slug: str) -> Information:
        """The item of that slug.

        Raises:
            InformationUnknown: there is none.
        """
        try:
            return self.informations[slug]
        except KeyError:
            raise InformationUnknown(information=slug) from None

    def with_narrower(self, kinds: frozenset[str]) -> frozenset[str]:
        """The kinds and every kind that is also one of them."""
        return kinds.union(*(self.kinds[kind].narrower for kind in kinds))

    def with_included(self, informations: frozenset[str]) -> frozenset[str]:
        """The items and every item that the definition of one of them lists."""
        return informations.union(*(self.informations[item].includes for item in informations))


@cache
def lexicon() -> Lexicon:
    """The lexicon that comes with the package."""
    return Lexicon(
        msgspec.convert(read_toml("lexicon", "kinds.toml"), _KindsFile),
        msgspec.convert(read_toml("lexicon", "information.toml"), _InformationFile),
        msgspec.convert(read_toml("lexicon", "open.toml"), _OpenFile),
    )
