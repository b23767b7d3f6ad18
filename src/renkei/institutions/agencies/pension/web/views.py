"""What the templates show: claims, questions and answers turned into parts of a page. Values in, values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from renkei.base.time import from_ms
from renkei.contracts.information import FamilyRegister, InformationBody, LocalTax, ResidentRecord
from renkei.contracts.standing import Standing, standing_of
from renkei.contracts.words import Words
from renkei.institutions.agencies.pension.model.claims import AFFAIRS, Answer, Ground, Need, State
from renkei.institutions.agencies.pension.model.examining import Finding, body_of
from renkei.law.model import without_parentheses
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Fact, Text, Tone

STATE_TONES: Mapping[State, Tone] = {
    State.FILED: "blue",
    State.WAITING: "yellow",
    State.READY: "blue",
    State.HELD: "orange",
    State.GRANTED: "green",
    State.REFUSED: "red",
    State.WITHDRAWN: "gray",
}

EvidenceHref = Callable[[str], str]
"""Processing number → where the evidence of that exchange is saved from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One need of a claim: the paper of before, and what the exchange gave in its place."""

    need: str
    heading: str
    paper: str
    chip: Chip
    sentence: str
    """What the standing means for the claim."""
    reason: str
    """Why nothing was given, where nothing was."""
    facts: list[Fact]
    content: list[Fact]
    """What the answer says; empty once the copy is erased."""
    findings: list[tuple[bool, str]]
    """Whether each finding holds, and its sentence."""
    evidence_href: str


class Speaker:
    """Builds parts in one language."""

    def __init__(self, kit: WebKit, words: Words, language: Language, *, now: datetime) -> None:
        self.language = language
        self.formats = kit.formats(language)
        self.words, self.now = words, now
        self._kit = kit

    def say(self, key: str, **values: object) -> str:
        """A message of this room."""
        return self._kit.text(self.language, f"pension.{key}", **values)

    def state_chip(self, state: State) -> Chip:
        """State of a claim."""
        return Chip(self.say(f"state.{state}"), STATE_TONES[state])

    def card(
        self,
        need: Need,
        answer: Answer | None,
        findings: Sequence[Finding],
        ground: Ground | None,
        *,
        evidence_href: EvidenceHref,
    ) -> Card:
        """The card of one need."""
        standing = Standing.UNASKED if answer is None else standing_of(answer.outcome, answer.reason)
        return Card(
            need=need.value,
            heading=self.say(f"need.{need}.heading"),
            paper=self.say(f"need.{need}.paper"),
            chip=self._kit.standing(self.language, standing),
            sentence=self._sentence(standing, answer, ground),
            reason=self._reason(answer),
            facts=[] if answer is None else self._facts(answer),
            content=self._content(answer, ground),
            findings=[(one.holds, self.finding(one.code, holds=one.holds)) for one in findings if one.need is need],
            evidence_href=evidence_href(answer.number) if answer and answer.number else "",
        )

    def finding(self, code: str, *, holds: bool) -> str:
        """What a finding says."""
        return self.say(f"finding.{code}.{'yes' if holds else 'no'}")

    def _sentence(self, standing: Standing, answer: Answer | None, ground: Ground | None) -> str:
        erased = answer is not None and standing is Standing.GIVEN and answer.body is None
        if erased:
            return self.say("meaning.kept" if ground is not None else "meaning.erased")
        return self.say(f"meaning.{standing}")

    def _reason(self, answer: Answer | None) -> str:
        return "" if answer is None else self.words.sentence(answer.reason, answer.facts, self.language.value)

    def _facts(self, answer: Answer) -> list[Fact]:
        """Source, age, law and number: the same rows for every outcome, as far as there is something to say."""
        lang = self.language.value
        found = [Fact(term=self.say("fact.source"), value=self.words.body(answer.provider, lang))]
        if answer.copied_ms:
            copied = from_ms(answer.copied_ms)
            age = self.formats.copy_age(copied, self.now)
            found.append(Fact(term=self.say("fact.age"), value=age, note=self.formats.moment(copied)))
        if answer.row:
            ground = self.words.ground(edition=answer.edition, row=answer.row, affairs=AFFAIRS, language=lang)
            affairs = without_parentheses(ground.affairs) if self.language is Language.JA else self.say("affairs")
            found.append(Fact(term=self.say("fact.law"), value=affairs, note=ground.citation))
        if answer.number:
            found.append(Fact(term=self.say("fact.number"), value=answer.number))
        if answer.given_ms:
            given = self.formats.moment(from_ms(answer.given_ms))
            found.append(Fact(term=self.say("fact.given"), value=given))
        return found

    def _content(self, answer: Answer | None, ground: Ground | None) -> list[Fact]:
        body = body_of(answer) if answer is not None else None
        if body is not None:
            return self._body(body)
        if ground is None:
            return []
        if ground.by_paper:
            return [Fact(term=self.say("content.basis"), value=self.say("content.paper"))]
        return [
            Fact(term=self.say(f"content.{name}"), value=self._kept(name, value))
            for name, value in ground.facts.items()
        ]

    def _kept(self, name: str, value: str) -> str:
        if name in {"birth", "resident_since"}:
            return self.formats.day(date.fromisoformat(value))
        if name == "total_income_yen":
            return self.formats.yen(int(value))
        if name == "fiscal_year":
            return self.formats.fiscal_year(int(value))
        return self.say(f"content.{value}")

    def _body(self, body: InformationBody) -> list[Fact]:
        def fact(name: str, value: Text) -> Fact:
            return Fact(term=self.say(f"content.{name}"), value=value)

        if isinstance(body, ResidentRecord):
            return [
                fact("name", body.name),
                fact("birth", self.formats.day(body.birth)),
                fact("address", body.address),
                fact("resident_since", self.formats.day(body.resident_since)),
                fact("household", self.say("content.people", relation=body.relation, count=body.household_size)),
            ]
        if isinstance(body, LocalTax) and body.years:
            newest = body.years[0]
            return [
                fact("fiscal_year", self.formats.fiscal_year(newest.fiscal_year)),
                fact("total_income_yen", self.formats.yen(newest.total_income_yen)),
                fact("taxed", self._yes_no(not newest.exempt)),
                fact("levies", self.formats.yen(newest.income_levy_yen + newest.per_capita_levy_yen)),
            ]
        if isinstance(body, FamilyRegister):
            return [
                fact("domicile", body.domicile),
                fact("spouse", self._yes_no(body.spouse)),
                fact("children", self.formats.number(body.children)),
            ]
        return []

    def _yes_no(self, value: bool) -> str:
        return self.say("content.yes" if value else "content.no")
