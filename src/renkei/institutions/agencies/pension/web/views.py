"""What the claim page shows, made from the office's own values: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from renkei.base.errors import catalogue
from renkei.base.time import Instant, from_ms
from renkei.contracts.exchange import Outcome
from renkei.contracts.information import FamilyRegister, LocalTax, ResidentRecord
from renkei.contracts.words import Words
from renkei.institutions.agencies.pension.model.claims import Answer, Claim, Ground, Need, State
from renkei.institutions.agencies.pension.model.examining import body_of
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Fact, Step, StepState, Tone

TONES: dict[Outcome, Tone] = {
    Outcome.GIVEN: "green",
    Outcome.PENDING: "yellow",
    Outcome.NONE: "gray",
    Outcome.REFUSED: "red",
    Outcome.LAPSED: "orange",
    Outcome.FAILED: "orange",
}
STATE_TONES: dict[State, Tone] = {
    State.FILED: "blue",
    State.WAITING: "yellow",
    State.READY: "blue",
    State.HELD: "orange",
    State.GRANTED: "green",
    State.REFUSED: "red",
    State.WITHDRAWN: "gray",
}


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer as a card."""

    title: str
    chip: Chip
    sentence: str
    facts: list[Fact]
    source: list[Fact]
    evidence_href: str


class Views:
    """Makes the parts of the claim page in one language."""

    def __init__(self, kit: WebKit, words: Words, language: Language) -> None:
        self._kit, self._words, self._language = kit, words, language
        self._formats = kit.formats(language)

    def text(self, key: str, **values: object) -> str:
        """A message of this package."""
        return self._kit.text(self._language, f"pension.{key}", **values)

    def state(self, claim: Claim) -> Chip:
        """The claim's state."""
        return Chip(self.text(f"state.{claim.state.value}"), STATE_TONES[claim.state])

    def steps(self, claim: Claim) -> list[Step]:
        """File, ask, decide: where the claim stands."""
        decided = claim.decided_ms != 0
        asked = decided or claim.state in (State.READY, State.HELD)
        states = (
            StepState.DONE,
            StepState.DONE if asked else StepState.CURRENT,
            StepState.DONE if decided else (StepState.CURRENT if asked else StepState.AHEAD),
        )
        names = ("filed", "asked", "decided")
        return [Step(text=self.text(f"step.{name}"), state=state) for name, state in zip(names, states, strict=True)]

    def papers(self, needs: Sequence[Need]) -> list[str]:
        """The papers that people brought before."""
        return [self.text(f"paper.{need.value}") for need in needs]

    def answer(self, answer: Answer, now: Instant, evidence_href: str) -> AnswerView:
        """One answer with what it says, where it comes from, how old it is, and by which row."""
        lang = self._language.value
        source = [Fact(term=self.text("answer.source"), value=self._words.body(answer.provider, lang))]
        if answer.copied_ms:
            copied = from_ms(answer.copied_ms)
            source.append(
                Fact(
                    term=self.text("answer.age"), value=self._formats.copy_age(copied, now),
                    note=self._formats.moment(copied),
                )
            )  # fmt: skip
        if answer.row:
            ground = self._words.ground(edition=answer.edition, row=answer.row, affairs="73.2", language=lang)
            source.append(Fact(term=self.text("answer.law"), value=ground.citation, note=ground.affairs))
        if answer.number:
            source.append(Fact(term=self.text("answer.number"), value=answer.number))
        return AnswerView(
            title=self._words.information(answer.information, lang),
            chip=Chip(self.text(f"outcome.{answer.outcome.value}"), TONES[answer.outcome]),
            sentence=self._sentence(answer),
            facts=self._says(answer),
            source=source,
            evidence_href=evidence_href if answer.outcome is Outcome.GIVEN else "",
        )

    def ground(self, ground: Ground) -> Fact:
        """What a decision rested on for one need."""
        said = ", ".join(f"{self.text(f'fact.{name}')} {value}" for name, value in ground.facts.items())
        origin = (
            self.text("ground.paper") if ground.by_paper else self._words.body(ground.provider, self._language.value)
        )
        note = f"{origin} · {ground.number}" if ground.number else origin
        return Fact(term=self.text(f"need.{ground.need.value}"), value=said or "–", note=note)

    def decision(self, claim: Claim) -> list[Fact]:
        """The decision in figures."""
        facts = [Fact(term=self.text("decision.on"), value=self._formats.moment(from_ms(claim.decided_ms)))]
        if claim.state is State.GRANTED:
            facts.append(Fact(term=self.text("decision.yearly"), value=self._formats.yen(claim.yearly_yen)))
            facts.append(Fact(term=self.text("decision.from"), value=claim.from_month))
        return facts

    def _sentence(self, answer: Answer) -> str:
        error = catalogue().get(answer.reason)
        return error(**answer.facts).sentence(self._language.value) if error else ""

    def _says(self, answer: Answer) -> list[Fact]:
        body = body_of(answer)
        if isinstance(body, ResidentRecord):
            values: Mapping[str, str] = {
                "name": body.name, "address": body.address, "birth": self._day(body.birth),
                "resident_since": self._day(body.resident_since), "household_size": str(body.household_size),
            }  # fmt: skip
        elif isinstance(body, LocalTax) and body.years:
            year = body.years[0]
            values = {
                "fiscal_year": self._formats.fiscal_year(year.fiscal_year),
                "total_income_yen": self._formats.yen(year.total_income_yen),
                "levies": self._formats.yen(year.income_levy_yen + year.per_capita_levy_yen),
                "dependants": str(year.dependants),
            }
        elif isinstance(body, FamilyRegister):
            values = {"domicile": body.domicile, "spouse": self.text("yes" if body.spouse else "no")}
        else:
            values = {}
        return [Fact(term=self.text(f"fact.{name}"), value=value) for name, value in values.items()]

    def _day(self, day: date) -> str:
        return self._formats.day(day)
