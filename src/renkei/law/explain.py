"""Why an exchange is permitted, or why not: the rows that permit it, or the first reason that none does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

import msgspec

from renkei.law.book import LawBook
from renkei.law.lexicon import Lexicon
from renkei.law.model import Information, Kind, Permit
from renkei.law.table import PermittedTable
from renkei.law.words import match_bodies, match_informations

_SHOWN_MAX = 12


class Reason(StrEnum):
    """What decided the answer. The order of the refusals is the order in which they are looked for."""

    PERMITTED = "permitted"
    ROW_NOT_IN_FORCE = "row_not_in_force"
    OTHER_AFFAIRS = "other_affairs"
    REQUESTER_NEVER_ASKS = "requester_never_asks"
    PROVIDER_NEVER_PROVIDES = "provider_never_provides"
    PROVIDER_NEVER_PROVIDES_THIS = "provider_never_provides_this"
    REQUESTER_NEVER_ASKS_THIS = "requester_never_asks_this"
    NEVER_TOGETHER = "never_together"


class GroundAffairs(msgspec.Struct, frozen=True):
    """One affairs item of a ground."""

    id: str
    text: str


class Ground(msgspec.Struct, frozen=True):
    """A record that permits, in the law's own words."""

    row: str
    record: str
    citation: str
    citation_en: str
    requester: str
    provider: str
    information: str
    affairs: tuple[GroundAffairs, ...]


class Explanation(msgspec.Struct, frozen=True):
    """The answer to "why".

    `others` are slugs that would do in place of the word that failed: information items, providers or requesters,
    as the sentence says.
    """

    permitted: bool
    reason: Reason
    on: date
    edition: str
    requester: tuple[str, ...]
    provider: tuple[str, ...]
    information: tuple[str, ...]
    affairs: str | None
    ja: str
    en: str
    grounds: tuple[Ground, ...] = ()
    others: tuple[str, ...] = ()


class _Question(msgspec.Struct, frozen=True):
    requesters: frozenset[str]
    providers: frozenset[str]
    informations: frozenset[str]
    affairs: str | None


def why(
    book: LawBook, *, on: date, requester: str, provider: str, information: str, affairs: str | None = None
) -> Explanation:
    """Which rows permit the exchange on that day, or why none does.

    Args:
        requester, provider, information: slugs, terms of the law (厚生労働大臣, 地方税関係情報), or a part of one that
            is not ambiguous. Of a term that stands for several kinds, any one is enough.
        affairs: id of an affairs item, to look at that item alone.

    Raises:
        NoEdition: no table of that day is kept.
        WordUnknown: a word matches nothing, or too much.
    """
    table = book.on(on)
    question = _Question(
        match_bodies(requester, book.lexicon),
        match_bodies(provider, book.lexicon),
        match_informations(information, book.lexicon),
        affairs,
    )
    permits = [permit for _, permit in _matching(table, question)]
    grounds = _grounds(table, permits)
    reason, others = (Reason.PERMITTED, ()) if grounds else _why_not(book, table, question)
    ja, en = _sentences(reason, book.lexicon, table, question, grounds, others, on)
    return Explanation(
        permitted=bool(grounds),
        reason=reason,
        on=on,
        edition=table.edition.id,
        requester=tuple(sorted(question.requesters)),
        provider=tuple(sorted(question.providers)),
        information=tuple(sorted(question.informations)),
        affairs=affairs,
        ja=ja,
        en=en,
        grounds=grounds,
        others=others,
    )


def _matching(table: PermittedTable, question: _Question) -> Iterable[tuple[tuple[str, str, str, str], Permit]]:
    return (
        (key, permit)
        for key, permit in table.combinations()
        if key[0] in question.requesters
        and key[2] in question.providers
        and key[3] in question.informations
        and question.affairs in (None, key[1])
    )


def _grounds(table: PermittedTable, permits: Iterable[Permit]) -> tuple[Ground, ...]:
    by_record: dict[str, dict[str, Permit]] = {}
    for permit in permits:
        by_record.setdefault(permit.record, {})[permit.affairs] = permit
    places = {affairs: place for place, affairs in enumerate(table.affairs)}
    grounds = []
    for record in (found for found in table.records if found.id in by_record):
        listed = sorted(by_record[record.id].values(), key=lambda permit: places[permit.affairs])
        grounds.append(
            Ground(
                row=record.row,
                record=record.id,
                citation=listed[0].citation,
                citation_en=listed[0].citation_en,
                requester=record.requester_words,
                provider=record.provider_words,
                information=record.information_words,
                affairs=tuple(GroundAffairs(p.affairs, table.affairs[p.affairs].plain) for p in listed),
            )
        )
    return tuple(grounds)


def _why_not(book: LawBook, table: PermittedTable, question: _Question) -> tuple[Reason, tuple[str, ...]]:
    whole = _whole(book, table)
    if any(_matching(whole, question)):
        return Reason.ROW_NOT_IN_FORCE, tuple(sorted({permit.row for _, permit in _matching(whole, question)}))
    anywhere = msgspec.structs.replace(question, affairs=None)
    if question.affairs is not None and (found := {key[1] for key, _ in _matching(table, anywhere)}):
        return Reason.OTHER_AFFAIRS, tuple(affairs for affairs in table.affairs if affairs in found)
    words, asked = book.lexicon, question.informations
    keys = [key for key, _ in table.combinations()]
    of_requester = {(key[2], key[3]) for key in keys if key[0] in question.requesters}
    of_provider = {(key[0], key[3]) for key in keys if key[2] in question.providers}
    if not of_requester:
        return Reason.REQUESTER_NEVER_ASKS, ()
    if not of_provider:
        return Reason.PROVIDER_NEVER_PROVIDES, ()
    if not any(item in asked for _, item in of_provider):
        return Reason.PROVIDER_NEVER_PROVIDES_THIS, _widest(words, (k[2] for k in keys if k[3] in asked))
    if not any(item in asked for _, item in of_requester):
        return Reason.REQUESTER_NEVER_ASKS_THIS, _widest(words, (r for r, item in of_provider if item in asked))
    return Reason.NEVER_TOGETHER, _widest(words, (p for p, item in of_requester if item in asked))


def _whole(book: LawBook, table: PermittedTable) -> PermittedTable:
    """The table with the rows that were not yet in force."""
    if not table.not_yet:
        return table
    latest = max(dated.valid_from for dated in table.edition.row)
    return book.on(latest)


def _widest(lexicon: Lexicon, kinds: Iterable[str]) -> tuple[str, ...]:
    """The kinds without those that are also another one of them."""
    found = set(kinds)
    return tuple(sorted(found - {narrower for kind in found for narrower in lexicon.kinds[kind].narrower}))


def _sentences(
    reason: Reason,
    lexicon: Lexicon,
    table: PermittedTable,
    question: _Question,
    grounds: tuple[Ground, ...],
    others: tuple[str, ...],
    on: date,
) -> tuple[str, str]:
    named: list[Kind | Information] = [*lexicon.kinds.values(), *lexicon.informations.values()]
    names_ja = {thing.slug: thing.ja for thing in named}
    names_en = {thing.slug: thing.en for thing in named}
    shown = others[:_SHOWN_MAX]
    more = " …" if len(others) > _SHOWN_MAX else ""
    rows = tuple(dict.fromkeys(ground.row for ground in grounds))
    facts = {"on": on.isoformat(), "affairs": question.affairs or ""}
    ja, en = _TEXTS[reason]
    return (
        ja.format(
            **facts,
            requester=_listed(question.requesters, names_ja, "・"),
            provider=_listed(question.providers, names_ja, "・"),
            information=_listed(question.informations, names_ja, "・"),
            others="、".join(names_ja.get(slug, slug) for slug in shown) + more,
            rows="、".join(rows),
            edition=table.edition.ja,
            count=len(rows),
        ),
        en.format(
            **facts,
            requester=_listed(question.requesters, names_en, " / "),
            provider=_listed(question.providers, names_en, " / "),
            information=_listed(question.informations, names_en, " / "),
            others=", ".join(names_en.get(slug, slug) for slug in shown) + more,
            rows=", ".join(rows),
            edition=table.edition.en,
            count=len(rows),
        ),
    )


def _listed(slugs: frozenset[str], names: dict[str, str], between: str) -> str:
    return between.join(names[slug] for slug in sorted(slugs))


_TEXTS: dict[Reason, tuple[str, str]] = {
    Reason.PERMITTED: (
        "認められます。{requester}は{provider}に「{information}」を求めることができます（{edition}、{rows}の項、{on}）。",
        "Permitted. {requester} may ask {provider} for “{information}” ({edition}, row {rows}, on {on}).",
    ),
    Reason.ROW_NOT_IN_FORCE: (
        "認められません。根拠となる{others}の項は{on}にはまだ効力がありません（{edition}）。",
        "Not permitted. Row {others}, which would permit it, is not yet in force on {on} ({edition}).",
    ),
    Reason.OTHER_AFFAIRS: (
        "認められません。事務手続{affairs}では求められません。"
        "求められるのは次の事務手続です: {others}（{edition}、{on}）。",
        "Not permitted in affairs {affairs}. It is permitted in these affairs: {others} ({edition}, on {on}).",
    ),
    Reason.REQUESTER_NEVER_ASKS: (
        "認められません。{requester}は、{edition}のどの項でも情報照会者になっていません（{on}）。",
        "Not permitted. {requester} is a requester in no row of {edition} (on {on}).",
    ),
    Reason.PROVIDER_NEVER_PROVIDES: (
        "認められません。{provider}は、{edition}のどの項でも情報提供者になっていません（{on}）。",
        "Not permitted. {provider} is a provider in no row of {edition} (on {on}).",
    ),
    Reason.PROVIDER_NEVER_PROVIDES_THIS: (
        "認められません。{provider}が「{information}」を提供する項はありません。"
        "提供するのは: {others}（{edition}、{on}）。",
        "Not permitted. {provider} provides “{information}” in no row. Those who do: {others} ({edition}, on {on}).",
    ),
    Reason.REQUESTER_NEVER_ASKS_THIS: (
        "認められません。{requester}が「{information}」を求められる項はありません。"
        "{provider}に求められるのは: {others}（{edition}、{on}）。",
        "Not permitted. {requester} may ask for “{information}” in no row. "
        "Those who may ask {provider}: {others} ({edition}, on {on}).",
    ),
    Reason.NEVER_TOGETHER: (
        "認められません。{requester}が「{information}」を求められる相手は{provider}ではなく、{others}です（{edition}、{on}）。",
        "Not permitted. {requester} may ask for “{information}”, yet not {provider} but: "
        "{others} ({edition}, on {on}).",
    ),
}
