"""Matches a user's words to kinds of body and information items: slug, the law's term, a phrase, or a part of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from renkei.law.errors import PhraseUnread, WordUnknown
from renkei.law.lexicon import Lexicon
from renkei.law.phrases import Reader

_CANDIDATES_MAX = 8


def match_bodies(word: str, lexicon: Lexicon) -> frozenset[str]:
    """The kinds of body that a word stands for; a term such as 医療保険者 stands for several.

    Raises:
        WordUnknown: it matches none, or more than one without naming them.
    """
    wanted = word.strip()
    if wanted in lexicon.kinds:
        return frozenset((wanted,))
    if wanted in lexicon.kind_words:
        return lexicon.kind_words[wanted]
    try:
        found = Reader(lexicon, "").bodies(wanted).slugs
    except PhraseUnread:
        names = {slug: (slug, kind.ja, kind.en, *kind.aliases) for slug, kind in lexicon.kinds.items()}
        return frozenset((_one(wanted, names),))
    return found or _unknown(wanted, ())


def match_informations(word: str, lexicon: Lexicon) -> frozenset[str]:
    """The information items that a word stands for.

    Raises:
        WordUnknown: it matches none, or more than one without naming them.
    """
    wanted = word.strip()
    if wanted in lexicon.informations:
        return frozenset((wanted,))
    exact = {name: item.slug for item in lexicon.informations.values() for name in (item.ja, item.en, *item.names)}
    for name in (wanted, f"{wanted}関係情報", f"{wanted}に関する情報"):
        if name in exact:
            return frozenset((exact[name],))
    try:
        return Reader(lexicon, "").informations(wanted).slugs
    except PhraseUnread:
        names = {slug: (slug, item.ja, item.en, *item.names) for slug, item in lexicon.informations.items()}
        return frozenset((_one(wanted, names),))


def _one(word: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """The only slug one of whose names holds the word, letter case aside."""
    folded = word.casefold()
    whole = [slug for slug, known in names.items() if folded in (name.casefold() for name in known)]
    part = [slug for slug, known in names.items() if folded and any(folded in name.casefold() for name in known)]
    found = whole or part
    if len(found) != 1:
        _unknown(word, tuple(found))
    return found[0]


def _unknown(word: str, found: tuple[str, ...]) -> NoReturn:
    shown = ", ".join(found[:_CANDIDATES_MAX]) + (" …" if len(found) > _CANDIDATES_MAX else "")
    raise WordUnknown(word=word, candidates=shown or "—")
