"""Reads the phrases of the table cells into kinds of body and information items.

Every letter of a cell must be accounted for: parentheses by their sort (a law's number, a definition, an inclusion,
an explanation), the rest by terms, connectives and qualifiers of the lexicon. What is left over is an error, so
that an amended table can never be half understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import and_

import msgspec

from renkei.law.errors import PhraseUnread
from renkei.law.lexicon import Lexicon
from renkei.law.model import without_parentheses

_ARTICLE = r"第[一二三四五六七八九十百]+条(?:の[一二三四五六七八九十]+)?"
_BY_RULE = re.compile(rf"であって(?:主務省令|次条|{_ARTICLE})で定めるもの$")
_DEFINES = re.compile(r"以下[^「]*「([^」]+)」という")
_INCLUDES = re.compile(r"^(?P<what>.+?)を含む")
_LAW_NUMBER = re.compile(r"^(?:明治|大正|昭和|平成|令和)[^（）]*?(?:号|通知)(?:。.*)?$")
_KNOWN_NOTES = frozenset(("公共供給型",))
_SEGMENT = re.compile(r"(.+?(?:情報|事項(?=〔)))(?:〔([^〕]+)〕)?(?:(?:、|又は|若しくは|及び|並びに)(?=.)|$)")
_CONNECTIVES = ("又は", "若しくは", "及び", "並びに", "、")
_GLUE = (*_CONNECTIVES, "に関する情報", "による", "にいう", "の支給", "の実施", "の")


class Reading(msgspec.Struct, frozen=True):
    """What a phrase resolves to."""

    slugs: frozenset[str]
    qualifiers: tuple[str, ...] = ()
    open_phrases: tuple[str, ...] = ()


class Definition(msgspec.Struct, frozen=True):
    """A term that a cell defines, with the words that define it."""

    term: str
    words: str
    record: str


class Reader:
    """Reads phrases of one edition; each distinct phrase is read once."""

    def __init__(self, lexicon: Lexicon, edition: str) -> None:
        self._lexicon = lexicon
        self._edition = edition
        self._bodies: dict[str, Reading] = {}
        self._informations: dict[str, Reading] = {}
        self._body_terms = _Scanner((*lexicon.kind_words, *lexicon.qualifiers, *_CONNECTIVES))
        laws = {law for law, _ in lexicon.matters}
        self._laws = frozenset((*laws, "同法"))
        self._matters = frozenset(matter for _, matter in lexicon.matters)
        self._matter_terms = _Scanner((*self._laws, *self._matters, *_GLUE))

    def bodies(self, phrase: str, record: str = "") -> Reading:
        """The kinds of body that a requester or provider phrase names.

        Raises:
            PhraseUnread: words that the lexicon does not know.
        """
        if phrase not in self._bodies:
            self._bodies[phrase] = self._read_bodies(phrase, record)
        return self._bodies[phrase]

    def informations(self, phrase: str, record: str = "") -> Reading:
        """The information items that an information phrase names.

        Raises:
            PhraseUnread: words that the lexicon does not know.
        """
        bare = without_rule(phrase)
        if bare not in self._informations:
            self._informations[bare] = self._read_informations(bare, record)
        return self._informations[bare]

    def _read_bodies(self, phrase: str, record: str) -> Reading:
        slugs: set[str] = set()
        for note in parentheses(phrase):
            slugs.update(self._body_note(note, record))
        qualifiers = []
        terms = self._scan(self._body_terms, without_parentheses(phrase), record)
        if _joins_nothing(terms):
            raise PhraseUnread(edition=self._edition, record=record, rest=phrase)
        for term in terms:
            if term in self._lexicon.kind_words:
                slugs.update(self._lexicon.kind_words[term])
            elif term in self._lexicon.qualifiers:
                qualifiers.append(term)
        opens = tuple(sorted(slug for slug in slugs if self._lexicon.kinds[slug].open))
        return Reading(frozenset(slugs), tuple(qualifiers), opens)

    def _body_note(self, note: str, record: str) -> tuple[str, ...]:
        """The kinds that a parenthesis adds: none, unless it includes further bodies."""
        if included := _INCLUDES.match(without_parentheses(note)):
            what = included["what"]
            if what in self._lexicon.inclusions:
                return self._lexicon.inclusions[what]
        elif _is_note(note) or self.group_of(note) is not None:
            return ()
        raise PhraseUnread(edition=self._edition, record=record, rest=note)

    def group_of(self, note: str) -> str | None:
        """The group whose members a parenthesis lists ("A、B又はCをいう"), if it lists exactly one group's."""
        listed = without_parentheses(note).split("をいう")[0].rsplit("を行う", 1)[-1]
        names = tuple(re.split("、|又は|若しくは", listed))
        return next((term for term, group in self._lexicon.groups.items() if group.members == names), None)

    def _read_informations(self, phrase: str, record: str) -> Reading:
        names = self._lexicon.information_names
        if phrase in names:
            slug = names[phrase]
            return Reading(frozenset((slug,)), (), (slug,) if self._lexicon.informations[slug].open else ())
        slugs: set[str] = set()
        marked, qualifiers = self._mark_definitions(phrase, record)
        end = 0
        laws: list[str] = []
        for segment in _SEGMENT.finditer(marked):
            if segment.start() != end:
                break
            end = segment.end()
            words, defined = segment[1], segment[2]
            if (defined or words) in names:
                slugs.add(names[defined or words])
            elif defined:
                raise PhraseUnread(edition=self._edition, record=record, rest=defined)
            else:
                slugs.update(self._read_matters(words, laws, record))
        if end != len(marked) or not slugs:
            raise PhraseUnread(edition=self._edition, record=record, rest=marked[end:])
        return Reading(frozenset(slugs), tuple(qualifiers))

    def _mark_definitions(self, phrase: str, record: str) -> tuple[str, list[str]]:
        """The phrase without parentheses, each definition of an item left as 〔term〕; and limiting notes."""
        marked, depth, start = [], 0, 0
        qualifiers: list[str] = []
        for place, letter in enumerate(phrase):
            if letter == "（":
                depth += 1
                start = place + 1 if depth == 1 else start
            elif letter == "）":
                depth -= 1
                if not depth:
                    note = phrase[start:place]
                    defines = _DEFINES.search(without_parentheses(note))
                    if defines and defines[1] in self._lexicon.information_names:
                        marked.append(f"〔{defines[1]}〕")
                    elif "をいう。" in note:
                        qualifiers.append(note)
                    elif not _is_note(note) and not _INCLUDES.match(note):
                        raise PhraseUnread(edition=self._edition, record=record, rest=note)
            elif not depth:
                marked.append(letter)
        return "".join(marked), qualifiers

    def _read_matters(self, words: str, laws: list[str], record: str) -> set[str]:
        """Items of "A法によるX、Y若しくはZ又はB法によるWに関する情報": a matter belongs to the laws before it.

        `laws` are those in force at the end of the segment before, for "同法"; it is left as the next one needs it.
        """
        slugs: set[str] = set()
        matter_since_law = True
        for term in self._scan(self._matter_terms, words, record):
            if term in self._laws:
                term = laws[-1] if term == "同法" and laws else term
                laws[:] = [term] if matter_since_law else [*laws, term]
                matter_since_law = False
            elif term in self._matters:
                found = [self._lexicon.matters[law, term] for law in laws if (law, term) in self._lexicon.matters]
                if len(found) != len(laws) or not found:
                    raise PhraseUnread(edition=self._edition, record=record, rest=term)
                slugs.update(found)
                matter_since_law = True
        return slugs

    def _scan(self, scanner: _Scanner, text: str, record: str) -> list[str]:
        terms, rest = scanner.scan(text)
        if rest:
            raise PhraseUnread(edition=self._edition, record=record, rest=rest)
        return terms


class _Scanner:
    """Cuts a text into the longest known terms."""

    def __init__(self, terms: Iterable[str]) -> None:
        ordered = sorted(set(terms), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)))

    def scan(self, text: str) -> tuple[list[str], str]:
        """The terms in order, and what is left from the first unknown letter on ("" if nothing is)."""
        terms: list[str] = []
        place = 0
        while place < len(text):
            match = self._pattern.match(text, place)
            if match is None:
                return terms, text[place:]
            terms.append(match[0])
            place = match.end()
        return terms, ""


def parentheses(text: str) -> list[str]:
    """The contents of the outermost （…）, in order."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter == "（":
            depth += 1
            start = place + 1 if depth == 1 else start
        elif letter == "）":
            depth -= 1
            if not depth:
                found.append(text[start:place])
    return found


def without_rule(words: str) -> str:
    """The words without "であって第…条で定めるもの" at their end."""
    return _BY_RULE.sub("", words)


def _joins_nothing(terms: list[str]) -> bool:
    """Whether a connective stands at an end or beside another one."""
    joins = [term in _CONNECTIVES for term in terms]
    return not terms or joins[0] or joins[-1] or any(map(and_, joins, joins[1:]))


def _is_note(note: str) -> bool:
    """A parenthesis that adds and removes nothing: a law's number, a definition of a term, a known remark."""
    bare = without_parentheses(note)
    return bool(_LAW_NUMBER.match(bare) or _DEFINES.match(bare) or note in _KNOWN_NOTES)


def definitions(cells: Iterable[tuple[str, str]]) -> list[Definition]:
    """Every term that the cells define ("以下「…」という"), with the words before it, in order of the cells.

    Args:
        cells: record id and the cell's words.
    """
    found: list[Definition] = []
    for record, text in cells:
        for place, letter in enumerate(text):
            if letter != "（":
                continue
            note = parentheses(text[place:])[:1]
            if note and (match := _DEFINES.search(without_parentheses(note[0]))):
                found.append(Definition(match[1], text[:place], record))
    return found
