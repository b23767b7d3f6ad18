"""Records in plain words: names of bodies and sections, information items, affairs, and the row of the law."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from renkei.base.errors import catalogue
from renkei.contracts.directory import Directory
from renkei.contracts.errors import BodyUnknown
from renkei.law import LawBook
from renkei.law.errors import InformationUnknown

# What a section does, in everyday words, for affairs that people of the demonstration meet; (edition, affairs item).
_EVERYDAY: Mapping[tuple[str, str], tuple[str, str]] = {
    ("order-r6-9", "73.1"): (
        "国民年金の加入の届出の審査",
        "examine a notice about insurance under the National Pension",
    ),
    ("order-r6-9", "73.2"): ("年金の請求の審査", "examine a claim for a pension"),
    ("order-r6-9", "73.3"): ("国民年金の保険料の申請の審査", "examine an application about pension contributions"),
    ("order-r6-9", "106.1"): ("児童手当の請求の審査", "examine a claim for child allowance"),
    ("order-r6-9", "107.1"): ("児童手当の請求の審査", "examine a claim for child allowance"),
}
_FACTS_ONLY = re.compile("に係る(?:事実についての)?審査に関する事務$")
_AFFAIRS_ONLY = re.compile("に関する事務$")


def everyday(affairs: str) -> str:
    """The order's words for affairs, without the set phrases at their end: what is done, not that it is "affairs".

    Args:
        affairs: without parentheses.
    """
    return _AFFAIRS_ONLY.sub("", _FACTS_ONLY.sub("の審査", affairs))


class Ground(NamedTuple):
    """Why an exchange was lawful, in words."""

    affairs: str
    """What the requester was doing (Japanese: the order's own words)."""
    citation: str
    """Act, order, row and article."""


class Words:
    """Words for what records name by id. Unknown ids come back as they are: a record is never hidden for a name.

    Args:
        directory: names of bodies and sections.
        book: the law, with every edition that a record may name.
    """

    def __init__(self, directory: Directory, book: LawBook) -> None:
        self._directory, self._book = directory, book

    def body(self, body_id: str, language: str) -> str:
        """Name of a body."""
        try:
            entry = self._directory.entry(body_id)
        except BodyUnknown:
            return body_id
        return entry.name_ja if language == "ja" else entry.name_en

    def municipality(self, code: str, language: str) -> str:
        """Name of a municipality by its local government code (全国地方公共団体コード), or by its body id."""
        body_id = f"m-{code}" if code.isdigit() else code
        name = self.body(body_id, language)
        return code if name == body_id else name

    def section(self, body_id: str, section: str, language: str) -> str:
        """Name of a section of a body."""
        try:
            entries = self._directory.entry(body_id).sections
        except BodyUnknown:
            return section
        for entry in entries:
            if entry.section == section:
                return entry.name_ja if language == "ja" else entry.name_en
        return section

    def information(self, slug: str, language: str) -> str:
        """Name of an information item."""
        try:
            found = self._book.lexicon.information(slug)
        except InformationUnknown:
            return slug
        return found.ja if language == "ja" else found.en

    def ground(self, *, edition: str, row: str, affairs: str, language: str) -> Ground:
        """Affairs and citation, in the words of the edition under which the permit was issued."""
        for known in self._book.editions:
            if known.id != edition:
                continue
            _, items = self._book.read(known)
            plain = next((item.plain for item in items if item.id == affairs), affairs)
            if language == "ja":
                return Ground(plain, f"{known.act_article_ja}、{known.table_ja}{row}の項")
            return Ground(plain, f"{known.act_article_en}, {known.table_en}, row {row}")
        return Ground(affairs, f"{edition} {row}")

    def purpose(self, *, edition: str, affairs: str, language: str) -> str:
        """What the requester was doing, in everyday words; empty where this language has none."""
        known = _EVERYDAY.get((edition, affairs))
        if known is not None:
            return known[0] if language == "ja" else known[1]
        if language != "ja":
            return ""
        plain = self._plain(edition, affairs)
        return everyday(plain) if plain else ""

    def sentence(self, reason: str, facts: Mapping[str, str], language: str) -> str:
        """The plain sentence of a reason, with names for the ids among its facts; empty for an unknown reason."""
        error = catalogue().get(reason)
        if error is None:
            return ""
        named = {name: self._fact(name, value, language) for name, value in facts.items()}
        template = error.ja if language == "ja" else error.en
        return template.format_map(defaultdict(lambda: "—", named))

    def _plain(self, edition: str, affairs: str) -> str:
        for known in self._book.editions:
            if known.id == edition:
                return next((item.plain for item in self._book.read(known)[1] if item.id == affairs), "")
        return ""

    def _fact(self, name: str, value: str, language: str) -> str:
        if name == "information":
            return self.information(value, language)
        if name not in {"requester", "provider", "body"}:
            return value
        names = [self._kind(part, language) for part in value.split(", ")]
        return ("、" if language == "ja" else ", ").join(names)

    def _kind(self, slug: str, language: str) -> str:
        """Name of a body, or of a kind of body."""
        kind = self._book.lexicon.kinds.get(slug)
        if kind is None:
            return self.body(slug, language)
        return kind.ja if language == "ja" else kind.en
