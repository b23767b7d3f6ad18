"""What the console's templates show, in one language. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from renkei.base.time import from_ms
from renkei.contracts.exchange import Outcome
from renkei.contracts.information import read_body
from renkei.contracts.inquiries import Inquiry, InquiryResult
from renkei.contracts.standing import Standing, standing_of
from renkei.contracts.standins import DemoCase
from renkei.contracts.words import Words
from renkei.institutions.gateway.model.asking import CaseKey
from renkei.institutions.gateway.web.forms import OTHER, AskForm, target_of
from renkei.institutions.gateway.web.payload import Reader, Shown
from renkei.law import Affairs
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Choice, Fact, Field, FieldError, Foreign, Lines, Link, Text

CONSOLE = "/gateway/console"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """The result of one inquiry."""

    chip: Chip
    meaning: str
    """What the standing means and what to do."""
    sentence: str
    """The reason, where nothing was given."""
    facts: list[Fact]
    copy: Shown | None
    evidence_href: str


class Desk:
    """Speaks to a clerk in one language."""

    def __init__(self, kit: WebKit, words: Words, language: Language, *, now: datetime) -> None:
        self.language, self.words, self.now = language, words, now
        self.formats = kit.formats(language)
        self._kit = kit
        self._reader = Reader(kit, words, language)

    @property
    def lang(self) -> str:
        """The language's value."""
        return self.language.value

    def say(self, key: str, **values: object) -> str:
        """A message of the console."""
        return self._kit.text(self.language, f"gateway.console.{key}", **values)

    def chip(self, outcome: Outcome, reason: str) -> Chip:
        """How an inquiry stands."""
        return self._kit.standing(self.language, standing_of(outcome, reason))

    def waiting(self, row: Row[Any]) -> list[object]:
        """One line of the list of inquiries that wait for a decision."""
        return [
            Link(href=f"{CONSOLE}/pending/{row.number}", text=self.words.information(row.information, self.lang)),
            Lines(self.words.body(row.requester, self.lang), self.words.section(row.requester, row.section, self.lang)),
            self.formats.moment(from_ms(row.asked_ms)),
            self.formats.moment(from_ms(row.answer_by_ms)),
        ]

    def pending(self, row: Row[Any], *, edition: str) -> list[Fact]:
        """Everything that the deciding clerk is told of one inquiry."""
        say, lang = self.say, self.lang
        told = self._reader.fields_of(row.information)
        comma = self._kit.text(self.language, "gateway.value.comma")
        return [
            Fact(
                term=say("waiting.requester"), value=self.words.body(row.requester, lang),
                note=self.words.section(row.requester, row.section, lang),
            ),
            Fact(
                term=say("waiting.information"), value=self.words.information(row.information, lang),
                note=say("waiting.tells", fields=comma.join(told)) if told else "",
            ),
            self._ground(edition=edition, row=row.row, affairs=row.affairs),
            Fact(term=say("waiting.person"), value=row.address_number),
            Fact(term=say("waiting.number"), value=row.number),
            Fact(term=say("waiting.asked"), value=self.formats.moment(from_ms(row.asked_ms))),
            Fact(term=say("waiting.until"), value=self.formats.moment(from_ms(row.answer_by_ms))),
        ]  # fmt: skip

    def recent(self, row: Row[Any]) -> list[object]:
        """One line of the section's latest inquiries."""
        return [
            Link(
                href=f"{CONSOLE}/results/{row.batch}?at={row.position}",
                text=self.words.information(row.information, self.lang),
            ),
            self.words.body(row.provider, self.lang),
            self.chip(Outcome(row.outcome), row.reason),
            self.formats.moment(from_ms(row.asked_ms)),
            row.number,
        ]

    def result(self, inquiry: Inquiry, found: InquiryResult, *, on: str) -> ResultView:
        """The result of one inquiry.

        Args:
            on: edition of the law in force now, in whose words affairs are told where nothing was permitted.
        """
        body = found.body()
        standing = standing_of(found.outcome, found.reason)
        return ResultView(
            chip=self._kit.standing(self.language, standing),
            meaning=self.say(f"meaning.{standing}"),
            sentence=self.words.sentence(found.reason, found.facts, self.lang),
            facts=self._result_facts(inquiry, found, on=on),
            copy=self._reader.read(read_body(inquiry.information, body)) if body is not None else None,
            evidence_href=f"{CONSOLE}/evidence/{found.number}.json" if found.number else "",
        )

    def _result_facts(self, inquiry: Inquiry, found: InquiryResult, *, on: str) -> list[Fact]:
        say, moment = self.say, self.formats.moment
        facts = [
            Fact(term=say("fact.information"), value=self.words.information(inquiry.information, self.lang)),
            Fact(term=say("fact.source"), value=self.words.body(inquiry.provider, self.lang)),
        ]
        if found.copied_ms:
            copied = from_ms(found.copied_ms)
            age = self.formats.copy_age(copied, self.now)
            facts.append(Fact(term=say("fact.age"), value=age, note=moment(copied)))
        facts.append(self._ground(edition=found.edition or on, row=found.row, affairs=inquiry.affairs))
        facts.append(Fact(term=say("fact.person"), value=inquiry.address_number))
        facts.append(Fact(term=say("fact.case"), value=inquiry.case))
        for term, millis in (("fact.asked", found.asked_ms), ("fact.given", found.given_ms)):
            if millis:
                facts.append(Fact(term=say(term), value=moment(from_ms(millis))))
        if found.number:
            facts.append(Fact(term=say("fact.number"), value=found.number))
        return facts

    def _ground(self, *, edition: str, row: str, affairs: str) -> Fact:
        ground = self.words.ground(edition=edition, row=row, affairs=affairs, language=self.lang)
        return Fact(
            term=self.say("fact.law"), value=self.affairs(ground.affairs),
            note=ground.citation if row else self.say("fact.no_row"),
        )  # fmt: skip

    def affairs(self, text: str) -> Text:
        """The order's words, which are Japanese in every language."""
        return text if self.language is Language.JA else Foreign(text, "ja")

    # --- the form to ask ---

    def fields(
        self,
        form: AskForm,
        errors: Sequence[FieldError],
        *,
        cases: Iterable[CaseKey],
        affairs: Sequence[Affairs],
        providers: Sequence[str],
        guide: Mapping[str, DemoCase],
    ) -> tuple[list[Field], list[Field], list[Field]]:
        """Fields of the form to ask: whom about; by number instead; what of whom."""
        blank = Choice(value="", text=self.say("select"))
        plain = {item.id: item.plain for item in affairs}
        targets = [
            Choice(
                value=target_of(case),
                text=self.say("ask.case", case=case.case, number=case.address_number),
                note=self._case_note(case, plain.get(case.affairs, case.affairs), guide),
            )
            for case in cases
        ]
        slugs = sorted({slug for item in affairs for slug in item.informations})
        choices: dict[str, tuple[Choice, ...]] = {
            "target": (*targets, Choice(value=OTHER, text=self.say("ask.other"), note=self.say("ask.other_note"))),
            "affairs": (blank, *(Choice(value=item.id, text=f"{item.id} {item.plain}") for item in affairs)),
            "information": (
                blank,
                *(Choice(value=slug, text=self.words.information(slug, self.lang)) for slug in slugs),
            ),
            "provider": (blank, *(Choice(value=body, text=self.words.body(body, self.lang)) for body in providers)),
        }
        wrong = {error.name: error.text for error in errors}

        def field(name: str) -> Field:
            support = "" if name == "target" else self.say(f"support.{name}")
            return Field(
                name=name, label=self.say(f"field.{name}"), support=support, value=getattr(form, name),
                kind="radios" if name == "target" else "select" if name in choices else "text",
                required=name in {"target", "information", "provider"}, choices=choices.get(name, ()),
                error=wrong.get(name, ""), inputmode="numeric" if name == "address_number" else "",
                width="half" if name in {"address_number", "case"} else "full",
            )  # fmt: skip

        return (
            [field("target")],
            [field(name) for name in ("address_number", "case", "affairs")],
            [field(name) for name in ("information", "provider")],
        )

    def _case_note(self, case: CaseKey, affairs: str, guide: Mapping[str, DemoCase]) -> Text:
        shown = guide.get(case.case)
        return shown.shows(self.lang) if shown else self.affairs(affairs)

    # --- deciding ---

    def decision_fields(self, errors: Sequence[FieldError], *, decision: str, checked: bool) -> list[Field]:
        """Fields of a decision; giving needs the tick as well."""
        wrong = {error.name: error.text for error in errors}
        return [
            Field(
                name="decision", label=self.say("decide.label"), kind="radios", required=True, value=decision,
                error=wrong.get("decision", ""),
                choices=tuple(
                    Choice(value=value, text=self.say(f"decide.{value}"), note=self.say(f"decide.{value}_note"))
                    for value in ("withhold", "give")
                ),
            ),
            Field(
                name="checked", label=self.say("decide.check_label"), kind="checkboxes",
                value=("yes",) if checked else (), error=wrong.get("checked", ""),
                choices=(Choice(value="yes", text=self.say("decide.check")),),
            ),
        ]  # fmt: skip


def is_open(found: InquiryResult) -> bool:
    """Whether more may come of it by itself."""
    return standing_of(found.outcome, found.reason) in (Standing.PENDING, Standing.FAILED)
