"""`renkei law`: which rows permit an exchange, what changed between two days, and what a row says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from renkei.base.errors import RenkeiError
from renkei.law.book import LawBook
from renkei.law.diff import Combination, LawDiff
from renkei.law.diff import diff as diff_tables
from renkei.law.explain import Explanation
from renkei.law.explain import why as explain
from renkei.law.model import Affairs, Record
from renkei.law.table import PermittedTable

_NOT_PERMITTED = 3
_LISTED_MAX = 40
_WORDS_MAX = 60

_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


def _plain_errors(command: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
    """Shows an error of ours as one sentence, with its own exit status."""

    @wraps(command)
    def shown(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        try:
            return command(*args, **kwargs)
        except RenkeiError as error:
            click.echo(f"{error.code}: {error.sentence('ja')}\n{error.sentence('en')}", err=True)
            sys.exit(error.status.exit)

    return shown


class _Day(click.ParamType[date]):
    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no date; write it as 2026-04-01", param, ctx)


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Tokyo")).date()


@click.group()
def law() -> None:
    """The law as data: who may ask whom for what, on which day, under which row."""


@law.command()
@click.option("--requester", required=True, help="Who asks: slug or the law's words, such as 厚生労働大臣.")
@click.option("--provider", required=True, help="Who is asked, such as 市町村長.")
@click.option("--information", required=True, help="The information item, such as 地方税関係情報.")
@click.option("--affairs", help="Look at one affairs item only, such as 73.2.")
@click.option("--on", "on", type=_Day(), help="Day to look at (default: today in Japan).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_plain_errors
def why(requester: str, provider: str, information: str, affairs: str | None, on: date | None, as_json: bool) -> None:
    """Name the rows that permit an exchange (exit 0), or say why none does (exit 3)."""
    found = explain(
        LawBook.load(),
        on=on or _today(),
        requester=requester,
        provider=provider,
        information=information,
        affairs=affairs,
    )
    if as_json:
        _json(found)
    else:
        _show_explanation(found)
    sys.exit(0 if found.permitted else _NOT_PERMITTED)


@law.command()
@click.option("--from", "from_date", type=_Day(), required=True, help="The earlier day.")
@click.option("--to", "to_date", type=_Day(), required=True, help="The later day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every combination.")
@_plain_errors
def diff(from_date: date, to_date: date, as_json: bool) -> None:
    """Say what changed between the tables of two days."""
    found = diff_tables(LawBook.load(), from_date=from_date, to_date=to_date)
    if as_json:
        _json(found)
    else:
        _show_diff(found)


@law.command()
@click.argument("row")
@click.option("--on", "on", type=_Day(), help="Day to look at (default: today in Japan).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_plain_errors
def show(row: str, on: date | None, as_json: bool) -> None:
    """Print a row of the table in its own words, what they resolve to, and its affairs items."""
    table = LawBook.load().on(on or _today())
    found = RowShown(table.edition.id, table.in_force(row), table.row(row), table.row_affairs(row))
    if as_json:
        _json(found)
    else:
        _show_row(table, found)


class RowShown(msgspec.Struct, frozen=True):
    """A row as `show --json` prints it."""

    edition: str
    in_force: bool
    records: tuple[Record, ...]
    affairs: tuple[Affairs, ...]


def _json(value: Explanation | LawDiff | RowShown) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2).decode())


def _console() -> Console:
    # A pipe gets whole lines: nothing is cut or folded to the width of a screen that is not there.
    return Console() if sys.stdout.isatty() else Console(no_color=True, width=240, soft_wrap=True)


def _grid(console: Console, *headers: str) -> Table:
    grid = Table(box=box.SIMPLE if console.is_terminal else None, show_edge=False, pad_edge=False)
    for header in headers:
        grid.add_column(header, overflow="fold")
    return grid


def _show_explanation(found: Explanation) -> None:
    console = _console()
    console.print(Text(found.ja))
    console.print(Text(found.en))
    if not found.grounds:
        return
    grid = _grid(console, "record", "requester", "provider", "information", "affairs")
    for ground in found.grounds:
        affairs = ", ".join(item.id for item in ground.affairs)
        grid.add_row(ground.record, *map(_cut, (ground.requester, ground.provider, ground.information)), affairs)
    console.print()
    console.print(grid)
    console.print()
    for ground in found.grounds:
        console.print(Text(f"{ground.record}  {ground.citation} / {ground.citation_en}"))
        for item in ground.affairs[:_LISTED_MAX]:
            console.print(Text(f"  {item.id}  {item.text}"))


def _show_diff(found: LawDiff) -> None:
    console = _console()
    console.print(Text(f"{found.edition_from} → {found.edition_to}"))
    console.print(
        Text(
            f"照会者・提供者・情報の組 / combinations: +{len(found.added)} −{len(found.removed)} ={found.kept}\n"
            f"事務 / affairs: +{len(found.affairs_added)} −{len(found.affairs_removed)} "
            f"~{len(found.changed)} ={found.affairs_same}"
        )
    )
    grid = _grid(console, "", "rows", "affairs", "combinations")
    for change in found.changed:
        rows = f"{','.join(change.rows_from)} → {','.join(change.rows_to)}"
        grid.add_row("~", rows, _cut(change.affairs), _gained(change.added, change.removed))
    for only in found.affairs_added:
        grid.add_row("+", ",".join(only.rows), _cut(only.affairs), f"+{only.combinations}")
    for only in found.affairs_removed:
        grid.add_row("−", ",".join(only.rows), _cut(only.affairs), f"−{only.combinations}")
    console.print(grid)


def _gained(added: tuple[Combination, ...], removed: tuple[Combination, ...]) -> str:
    gained = ", ".join(dict.fromkeys(f"+{combination.information}" for combination in added))
    lost = ", ".join(dict.fromkeys(f"−{combination.information}" for combination in removed))
    return " ".join(part for part in (gained, lost) if part)


def _show_row(table: PermittedTable, found: RowShown) -> None:
    console = _console()
    for record in found.records:
        state = "" if found.in_force else "（効力なし / not in force）"
        console.print(Text(f"[{record.id}] {table.edition.ja} {table.edition.table_ja}{record.row}の項 {state}"))
        console.print(Text(f"  照会者 requester    {record.requester_words}\n    = {_slugs(record.requesters)}"))
        console.print(Text(f"  事務   affairs      {record.affairs_words}"))
        console.print(Text(f"  提供者 provider     {record.provider_words}\n    = {_slugs(record.providers)}"))
        console.print(Text(f"  情報   information  {record.information_words}\n    = {_slugs(record.informations)}"))
        for qualifier in record.qualifiers:
            console.print(Text(f"  限定   qualifier    {qualifier}"))
    for item in found.affairs:
        note = "" if item.narrowed else " *"
        console.print(Text(f"  {item.id}  {item.plain}\n    = {_slugs(item.informations)}{note}"))


def _slugs(slugs: frozenset[str]) -> str:
    return ", ".join(sorted(slugs)) or "—"


def _cut(words: str) -> str:
    return words if len(words) <= _WORDS_MAX else words[: _WORDS_MAX - 1] + "…"
