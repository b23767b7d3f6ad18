"""The editions of the table by date, and the dated parameters."""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec

from renkei.law.affairs import ItemRow, LineRow, read_affairs
from renkei.law.data import data_dir, read_csv, read_toml
from renkei.law.errors import NoEdition, ParameterMissing
from renkei.law.lexicon import Lexicon, lexicon
from renkei.law.model import Affairs, Edition, Record
from renkei.law.phrases import Reader
from renkei.law.table import PermittedTable

_DELETED = "削除"


class Parameter(msgspec.Struct, frozen=True):
    """One value by date, with its unit and source; `ours` where no law sets it."""

    name: str
    value: int
    unit: str
    edition: str
    source: str
    valid_from: date = date.min
    valid_to: date | None = None
    ours: bool = False


class LawBook:
    """Every edition that is kept, in the order of time. Editions are read when first asked for.

    Example:
        LawBook.load().on(date(2026, 4, 1)).check(...)
    """

    def __init__(self, editions: tuple[Edition, ...], parameters: tuple[Parameter, ...], words: Lexicon) -> None:
        self.editions = editions
        self.parameters = parameters
        self.lexicon = words
        self._read: dict[str, tuple[list[Record], list[Affairs]]] = {}
        self._tables: dict[tuple[str, frozenset[str]], PermittedTable] = {}

    @staticmethod
    @cache
    def load() -> LawBook:
        """The book that comes with the package; read once per process.

        Raises:
            LawDataMissing: the data are not there.
        """
        folders = sorted(path.name for path in (data_dir() / "exchange").iterdir() if path.is_dir())
        editions = [msgspec.convert(read_toml("exchange", name, "edition.toml"), Edition) for name in folders]
        parameters = msgspec.convert(read_toml("parameters.toml")["parameter"], tuple[Parameter, ...])
        return LawBook(tuple(sorted(editions, key=lambda edition: edition.valid_from)), parameters, lexicon())

    def edition(self, on: date) -> Edition:
        """The edition in force on that day (JST).

        Raises:
            NoEdition: none is kept for it.
        """
        for edition in reversed(self.editions):
            if edition.in_force(on):
                return edition
        raise NoEdition(date=on, first=min(edition.valid_from for edition in self.editions))

    def on(self, on: date) -> PermittedTable:
        """The table in force on that day (JST); the same object for every day with the same rows.

        Raises:
            NoEdition: none is kept for it.
        """
        edition = self.edition(on)
        early = frozenset(dated.row for dated in edition.row if on < dated.valid_from)
        key = (edition.id, early)
        if key not in self._tables:
            records, affairs = self.read(edition)
            self._tables[key] = PermittedTable(edition, records, affairs, lexicon=self.lexicon, not_yet=early, on=on)
        return self._tables[key]

    def read(self, edition: Edition) -> tuple[list[Record], list[Affairs]]:
        """Every record and every affairs item of an edition, deleted rows included.

        Raises:
            PhraseUnread: the lexicon does not know a word of the text.
        """
        if edition.id not in self._read:
            reader = Reader(self.lexicon, edition.id)
            records = _read_records(edition.id, reader)
            self._read[edition.id] = (records, _read_affairs(edition.id, records, self.lexicon, reader))
        return self._read[edition.id]

    def parameter(self, name: str, on: date) -> Parameter:
        """The value of that name on that day (JST).

        Raises:
            ParameterMissing: none is kept.
        """
        for found in self.parameters:
            if found.name == name and found.valid_from <= on and (found.valid_to is None or on < found.valid_to):
                return found
        raise ParameterMissing(name=name, date=on)


def _read_records(edition: str, reader: Reader) -> list[Record]:
    records = []
    for line in read_csv("exchange", edition, "table.csv"):
        record_id = f"{line['row']}.{line['seq']}"
        if line["requester"] == _DELETED:
            requesters = providers = informations = None
        else:
            requesters = reader.bodies(line["requester"], record_id)
            providers = reader.bodies(line["provider"], record_id)
            informations = reader.informations(line["information"], record_id)
        readings = [reading for reading in (requesters, providers, informations) if reading is not None]
        records.append(
            Record(
                row=line["row"],
                seq=int(line["seq"]),
                article=line.get("implementing_article") or "",
                requester_words=line["requester"],
                affairs_words=line["affairs"],
                provider_words=line["provider"],
                information_words=line["information"],
                requesters=requesters.slugs if requesters else frozenset(),
                providers=providers.slugs if providers else frozenset(),
                informations=informations.slugs if informations else frozenset(),
                qualifiers=tuple(word for reading in readings for word in reading.qualifiers),
                open_phrases=tuple(slug for reading in readings for slug in reading.open_phrases),
                deleted=not readings,
            )
        )
    return records


def _read_affairs(edition: str, records: list[Record], words: Lexicon, reader: Reader) -> list[Affairs]:
    rows: dict[str, frozenset[str]] = {}
    for record in records:
        if not record.deleted:
            rows[record.row] = rows.get(record.row, frozenset()) | record.informations
    items = msgspec.convert(read_csv("exchange", edition, "affairs.csv"), list[ItemRow], strict=False)
    if items:
        lines = msgspec.convert(read_csv("exchange", edition, "lines.csv"), list[LineRow], strict=False)
        return read_affairs(items, lines, rows, lexicon=words, reader=reader)
    first = {record.row: record for record in reversed(records) if not record.deleted}
    return [
        Affairs(f"{row}.0", row, record.article, record.affairs_words, words.with_included(rows[row]), narrowed=False)
        for row, record in sorted(first.items(), key=lambda pair: records.index(pair[1]))
    ]
