"""What the access list shows of one entry: a sentence first, the facts behind it, the proof. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass

from renkei.base.time import from_ms, jst_date
from renkei.channels.portal.model import Shown
from renkei.contracts.exchange import Outcome
from renkei.contracts.identity import ProxyOffer
from renkei.contracts.records import AccessEntry
from renkei.contracts.standing import standing_of
from renkei.contracts.words import Words
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Fact, Foreign, Text
from renkei.platform.web.standing import standing_chip

AFFAIRS = frozenset({"*", "tax", "pension", "welfare", "childcare", "health", "residence", "access-list"})
"""Areas of affairs that have a name of their own here; others are shown as they are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry as the template shows it."""

    day: str
    who: str
    chip: Chip
    sentence: str
    facts: list[Fact]
    proof: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """Somebody for whom the reader may act."""

    proxy_id: str
    name: str
    facts: list[Fact]
    here: bool
    """The reader acts for them now."""


def offer_view(kit: WebKit, language: Language, offer: ProxyOffer, *, here: str) -> OfferView:
    """What the page of proxies shows of one offer.

    Args:
        here: id of the proxy in use.
    """

    def say(key: str) -> str:
        return kit.text(language, f"portal.acting.{key}")

    comma = say("comma")
    affairs = comma.join(say(f"affairs.{name}") if name in AFFAIRS else name for name in offer.affairs)
    facts = [
        Fact(term=say("ground"), value=say(f"kind.{offer.kind}")),
        Fact(term=say("area"), value=affairs),
        Fact(term=say("may"), value=comma.join(say(f"act.{act}") for act in offer.acts)),
        Fact(term=say("until"), value=kit.formats(language).day(offer.until) if offer.until else say("no_end")),
    ]
    name = offer.principal or kit.text(language, "portal.somebody")
    return OfferView(proxy_id=offer.proxy_id, name=name, facts=facts, here=offer.proxy_id == here)


class Teller:
    """Tells entries in one language."""

    def __init__(self, kit: WebKit, words: Words, language: Language) -> None:
        self._kit, self._words, self._language = kit, words, language
        self._formats = kit.formats(language)

    def say(self, key: str, **values: object) -> str:
        """A message of the access list."""
        return self._kit.text(self._language, f"portal.access.{key}", **values)

    def entry(self, shown: Shown) -> EntryView:
        """One entry."""
        entry, number = shown.entry, self._formats.number
        standing = standing_of(entry.outcome)
        return EntryView(
            day=self._formats.day(jst_date(from_ms(entry.asked_ms))),
            who=self._words.body(entry.requester, self._language.value),
            chip=standing_chip(standing, self.say(f"state.{standing}")),
            sentence=self._sentence(entry, standing),
            facts=self._facts(entry),
            proof=self.say("proof", index=number(shown.leaf_index + 1), size=number(shown.size)),
            number=entry.number,
        )

    def fiscal_year(self, shown: Shown) -> str:
        """Fiscal year of an entry, under which it is listed."""
        day = jst_date(from_ms(shown.entry.asked_ms))
        return self._formats.fiscal_year(day.year if day.month >= 4 else day.year - 1)

    def _sentence(self, entry: AccessEntry, standing: str) -> str:
        lang = self._language.value
        purpose = self._words.purpose(edition=entry.edition, affairs=entry.affairs, language=lang)
        values: dict[str, object] = {
            "who": self._words.body(entry.requester, lang),
            "section": self._words.section(entry.requester, entry.section, lang),
            "whom": self._words.body(entry.provider, lang),
            "what": self._words.information(entry.information, lang),
        }
        if purpose:
            return self.say(f"sentence.{standing}", purpose=purpose, **values)
        return self.say(f"bare.{standing}", **values)

    def _facts(self, entry: AccessEntry) -> list[Fact]:
        lang, words, moment = self._language.value, self._words, self._formats.moment
        ground = words.ground(edition=entry.edition, row=entry.row, affairs=entry.affairs, language=lang)
        affairs: Text = ground.affairs if self._language is Language.JA else Foreign(ground.affairs, "ja")
        section = words.section(entry.requester, entry.section, lang)
        facts = [
            Fact(term=self.say("who"), value=words.body(entry.requester, lang), note=section),
            Fact(term=self.say("whom"), value=words.body(entry.provider, lang)),
            Fact(term=self.say("what"), value=words.information(entry.information, lang)),
            Fact(term=self.say("why"), value=affairs, note=ground.citation),
            Fact(term=self.say("asked_on"), value=moment(from_ms(entry.asked_ms))),
        ]
        if entry.outcome in (Outcome.GIVEN, Outcome.NONE, Outcome.LAPSED):
            facts.append(Fact(term=self.say("given_on"), value=moment(from_ms(entry.given_ms))))
        facts.append(Fact(term=self.say("number"), value=entry.number, note=self.say("number_use", section=section)))
        return facts
