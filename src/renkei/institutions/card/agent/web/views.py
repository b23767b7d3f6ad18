"""What the agent's templates show. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence

from renkei.contracts.card_agent import Key, Task
from renkei.institutions.card.agent.agent import Look
from renkei.institutions.card.agent.source import Reader
from renkei.institutions.card.agent.tasks import Entry
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Choice, Fact, Field, Lines, Step, StepState, Text

PIN_FIELD = "pin"
CARD_FIELD = "card"
FOUR_ITEMS = ("name", "address", "birth", "sex")


class Speaker:
    """Builds parts in one language."""

    def __init__(self, kit: WebKit, language: Language) -> None:
        self.language = language
        self._kit = kit

    def say(self, key: str, **values: object) -> str:
        """A message of the agent."""
        return self._kit.text(self.language, f"agent.{key}", **values)

    def chosen(self, ja: str, en: str) -> str:
        """One of two texts that came in both languages."""
        return ja if self.language is Language.JA or not en else en

    def name(self, reader: Reader) -> str:
        """Name of a reader, or of a test card's holder."""
        return self.chosen(reader.ja, reader.en)

    def title(self, task: Task) -> str:
        """What the card is wanted for, in a line."""
        return self.say(f"title.{'documents' if task.documents else task.key}")

    def about(self, task: Task, seen: Look, change_href: str) -> list[Fact]:
        """Who asks, for what, with which certificate, on which card."""
        asks = Lines(self.chosen(task.asks_ja, task.asks_en), task.origin)
        facts = [Fact(term=self.say("about.asks"), value=asks)]
        if task.purpose_ja or task.purpose_en:
            purpose = self.chosen(task.purpose_ja or task.purpose_en, task.purpose_en)
            facts.append(Fact(term=self.say("about.purpose"), value=purpose))
        facts.append(Fact(term=self.say("about.uses"), value=self.say(f"certificate.{task.key}")))
        if seen.reader is not None:
            several = change_href if len(seen.readers) > 1 else ""
            facts.append(Fact(term=self.say("about.card"), value=self.name(seen.reader), change_href=several))
        return facts

    def disclosed(self) -> list[str]:
        """The four items, which every signature certificate carries."""
        return [self.say(f"items.{name}") for name in FOUR_ITEMS]

    def steps(self, entry: Entry, seen: Look, *, choosing: bool) -> list[Step]:
        """Where the person stands; nothing where there is one step only."""
        names = ["card"] if len(seen.readers) > 1 else []
        names += ["agree"] if entry.asked.task.key is Key.SIGNATURE else []
        names.append(f"pin.{entry.asked.task.key}")
        if len(names) == 1:
            return []
        current = "card" if choosing else names[-1]
        if not choosing and "agree" in names and not entry.agreed:
            current = "agree"
        at = names.index(current) if current in names else len(names) - 1
        states = [StepState.DONE] * at + [StepState.CURRENT] + [StepState.AHEAD] * (len(names) - at - 1)
        return [Step(text=self.say(f"step.{name}"), state=state) for name, state in zip(names, states, strict=True)]

    def pin_field(self, task: Task, seen: Look, error: str) -> Field:
        """Where the PIN goes. Never filled in, never kept by the browser."""
        support = self.say(f"pin.{task.key}.support")
        shown = seen.reader.pins.get(task.key.value, "") if seen.reader is not None else ""
        if shown:
            support = self.say("pin.test", pin=shown)
        digits = task.key is Key.AUTHENTICATION
        return Field(
            name=PIN_FIELD,
            label=self.say(f"pin.{task.key}.label"),
            kind="password",
            support=support,
            required=True,
            error=error,
            inputmode="numeric" if digits else "",
            autocomplete="off",
            width="short" if digits else "half",
        )

    def tries(self, left: int) -> Chip:
        """How often a wrong PIN is still forgiven."""
        last = left <= 1
        return Chip(self.say("tries", count=left), "red" if last else "gray", "warning" if last else "")

    def card_field(self, readers: Sequence[Reader], error: str) -> Field:
        """The cards to choose from."""
        choices = tuple(
            Choice(value=reader.reader_id, text=self.name(reader), note=self._pins(reader)) for reader in readers
        )
        return Field(
            name=CARD_FIELD, label=self.say("choose.label"), kind="radios", required=True, choices=choices, error=error
        )

    def pins(self, reader: Reader) -> list[Fact]:
        """PINs of a test card."""
        return [Fact(term=self.say(f"pin.{key}.label"), value=pin) for key, pin in reader.pins.items()]

    def _pins(self, reader: Reader) -> Text:
        if not reader.pins:
            return ""
        return self.say("choose.pins", pins=self.say("choose.and").join(reader.pins.values()))
