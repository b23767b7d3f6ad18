"""What a copy says, field by field, in the reader's words. Values in, values out."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from renkei.contracts.information import SCHEMAS, InformationBody
from renkei.contracts.words import Words
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Column, Fact

_CODED = frozenset({"sex", "kind", "insured_kind", "insurer_kind"})
_YEARS = frozenset({"fiscal_year", "income_year"})


class Rows(NamedTuple):
    """Repeated parts of a copy as a table."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]


class Shown(NamedTuple):
    """A copy as the page shows it."""

    facts: list[Fact]
    tables: list[Rows]


class Reader:
    """Reads copies in one language."""

    def __init__(self, kit: WebKit, words: Words, language: Language) -> None:
        self._kit, self._words, self._language = kit, words, language
        self._formats = kit.formats(language)

    def read(self, body: InformationBody) -> Shown:
        """Every field of a copy; repeated parts become tables."""
        schema = str(body.__struct_config__.tag).partition("/")[0]
        facts: list[Fact] = []
        tables: list[Rows] = []
        for field in body.__struct_fields__:
            value = getattr(body, field)
            if isinstance(value, list) and value and isinstance(value[0], msgspec.Struct):
                tables.append(self._table(schema, field, value))
            else:
                facts.append(Fact(term=self.label(field), value=self._value(schema, field, value)))
        return Shown(facts, tables)

    def label(self, field: str) -> str:
        """Name of a field."""
        return self._kit.text(self._language, f"gateway.item.{field}")

    def fields_of(self, information: str) -> list[str]:
        """Names of what a copy of an item would tell; empty where the item has no schema."""
        found = [schema.body for schema in SCHEMAS if schema.information == information]
        return [self.label(field) for field in found[-1].__struct_fields__] if found else []

    def _table(self, schema: str, field: str, rows: list[msgspec.Struct]) -> Rows:
        names = rows[0].__struct_fields__
        columns = [Column(text=self.label(name), header=place == 0) for place, name in enumerate(names)]
        return Rows(
            self.label(field),
            columns,
            [[self._value(schema, name, getattr(row, name)) for name in names] for row in rows],
        )

    def _value(self, schema: str, field: str, value: object) -> str:
        text = self._kit.text
        if isinstance(value, bool):
            return text(self._language, f"gateway.value.{'yes' if value else 'no'}")
        if isinstance(value, int):
            if field in _YEARS:
                return self._formats.fiscal_year(value) if field == "fiscal_year" else str(value)
            return self._formats.yen(value) if field.endswith("_yen") else self._formats.number(value)
        if isinstance(value, date):
            return self._formats.day(value)
        if isinstance(value, list):
            shown = [text(self._language, f"gateway.code.{schema}.{one}") for one in value]
            return text(self._language, "gateway.value.comma").join(shown) or text(self._language, "gateway.value.none")
        if value is None or value == "":
            return text(self._language, "gateway.value.none")
        if field in _CODED:
            return text(self._language, f"gateway.code.{schema}.{value}")
        return self._words.municipality(str(value), self._language.value) if field == "moved_from" else str(value)
