"""Records in plain words: names of bodies and sections, information items, affairs, and the row of the law."""

from __future__ import annotations

from typing import NamedTuple

from renkei.contracts.directory import Directory
from renkei.contracts.errors import BodyUnknown
from renkei.law import LawBook
from renkei.law.errors import InformationUnknown


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
