"""The table in force on a date, as one dictionary: the check of an exchange is a look-up, not a scan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from renkei.law.errors import AffairsUnknown, NotPermitted, RowNotInForce, RowUnknown
from renkei.law.lexicon import Lexicon
from renkei.law.model import Affairs, Edition, Permit, Record
from renkei.law.numerals import article_ja, article_number


class PermittedTable:
    """What is permitted under one edition on a day. Immutable; safe to share between threads.

    Args:
        edition: the text.
        records: every record of it.
        affairs: every affairs item of it.
        lexicon: for narrower kinds, included items and delegations.
        not_yet: rows of the text that were not yet in force.
        on: the day, for messages.
    """

    def __init__(
        self,
        edition: Edition,
        records: Iterable[Record],
        affairs: Iterable[Affairs],
        *,
        lexicon: Lexicon,
        not_yet: frozenset[str] = frozenset(),
        on: date,
    ) -> None:
        self.edition = edition
        self.lexicon = lexicon
        self.records = tuple(records)
        self.affairs = {item.id: item for item in affairs}
        self.not_yet = not_yet
        self._on = on
        self._by_row: dict[str, list[Record]] = {}
        for record in self.records:
            self._by_row.setdefault(record.row, []).append(record)
        self._affairs_by_row: dict[str, list[Affairs]] = {}
        for item in self.affairs.values():
            self._affairs_by_row.setdefault(item.row, []).append(item)
        self._permits = self._index()
        self._answers: dict[tuple[frozenset[str], str, frozenset[str], str], Permit] = {}

    def check(
        self, requester_kinds: frozenset[str], affairs: str, provider_kinds: frozenset[str], information: str
    ) -> Permit:
        """The rule that lets a body of these kinds ask, in these affairs, a body of those kinds for the item.

        Args:
            requester_kinds, provider_kinds: slugs of kinds of body; one match is enough.
            affairs: id of an affairs item, as in 58.2.
            information: slug of an information item.

        Raises:
            AffairsUnknown: the edition has no such affairs item.
            InformationUnknown: the lexicon has no such item.
            RowNotInForce: the row is deleted or not yet in force.
            NotPermitted: no rule lets it happen.

        Source: 番号法19条8号 and the edition's table.
        """
        question = (requester_kinds, affairs, provider_kinds, information)
        known = self._answers.get(question)
        if known is not None:
            return known
        permits = self._permits
        for requester in requester_kinds:
            for provider in provider_kinds:
                permit = permits.get((requester, affairs, provider, information))
                if permit is not None:
                    # Only what is permitted is remembered: a caller cannot make the memory grow without end.
                    self._answers[question] = permit
                    return permit
        raise self._refusal(requester_kinds, affairs, provider_kinds, information)

    def row(self, row: str) -> tuple[Record, ...]:
        """The records of a row.

        Raises:
            RowUnknown: there is none.
        """
        if row not in self._by_row:
            raise RowUnknown(row=row, edition=self.edition.id)
        return tuple(self._by_row[row])

    def row_affairs(self, row: str) -> tuple[Affairs, ...]:
        """The affairs items of a row; none for a deleted one."""
        return tuple(self._affairs_by_row.get(row, ()))

    def in_force(self, row: str) -> bool:
        """Whether the row is there, not deleted, and in force on the day."""
        return row in self._by_row and row not in self.not_yet and not self._by_row[row][0].deleted

    def combinations(self) -> Iterable[tuple[tuple[str, str, str, str], Permit]]:
        """Every (requester kind, affairs, provider kind, information) that is permitted, with its permit."""
        return self._permits.items()

    def __len__(self) -> int:
        return len(self._permits)

    def _refusal(
        self, requesters: frozenset[str], affairs: str, providers: frozenset[str], information: str
    ) -> NotPermitted | RowNotInForce | AffairsUnknown:
        edition = self.edition.id
        if affairs not in self.affairs:
            row = affairs.rpartition(".")[0]
            if row in self._by_row and not self.in_force(row):
                return RowNotInForce(row=row, date=self._on, edition=edition)
            return AffairsUnknown(affairs=affairs, edition=edition)
        item = self.lexicon.information(information)
        row = self.affairs[affairs].row
        if not self.in_force(row):
            return RowNotInForce(row=row, date=self._on, edition=edition)
        return NotPermitted(
            affairs=affairs,
            requester=", ".join(sorted(requesters)),
            provider=", ".join(sorted(providers)),
            information=item.slug,
        )

    def requesters_of(self, record: Record, item: Affairs) -> frozenset[str]:
        """The kinds that may ask under a record in one of its row's affairs items, delegates included."""
        named = record.requesters & item.only_requester if item.only_requester else record.requesters
        delegates = {
            delegation.delegate
            for delegation in self.lexicon.delegations
            if delegation.edition == self.edition.id and record.row in delegation.rows and delegation.principal in named
        }
        return self.lexicon.with_narrower(named) | delegates

    def _index(self) -> dict[tuple[str, str, str, str], Permit]:
        index: dict[tuple[str, str, str, str], Permit] = {}
        words = self.lexicon
        for record in self.records:
            if record.row in self.not_yet:
                continue
            providers = words.with_narrower(record.providers)
            informations = words.with_included(record.informations)
            for item in self._affairs_by_row.get(record.row, ()):
                permit = _permit(self.edition, record, item)
                asked = informations & item.informations
                for requester in self.requesters_of(record, item):
                    for provider in providers:
                        for information in asked:
                            index.setdefault((requester, item.id, provider, information), permit)
        return index


def _permit(edition: Edition, record: Record, item: Affairs) -> Permit:
    article = item.article or record.article
    number = f"、{article_ja(article)}" if article else ""
    number_en = f", art. {article_number(article)}" if article else ""
    return Permit(
        edition=edition.id,
        basis=edition.basis,
        row=record.row,
        record=record.id,
        affairs=item.id,
        article=article,
        citation=f"{edition.act_article_ja}、{edition.table_ja}{record.row}の項{number}",
        citation_en=f"{edition.act_article_en}; {edition.table_en}, row {record.row}{number_en}",
    )
