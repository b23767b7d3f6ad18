"""What the pages show of a return, in one language: every figure with where it comes from. Values in, values out."""

from __future__ import annotations

from renkei.base.errors import catalogue
from renkei.base.time import from_ms
from renkei.channels.filing.model.returns import Return
from renkei.channels.filing.model.states import State
from renkei.channels.filing.model.tax import Computation, due_day, year_name
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Fact, Field, Figure, Step, StepState

BANK_REASONS = frozenset({"account_not_linked", "funds_insufficient", "reference_taken"})
LINES = (
    "pay", "employment_income", "side_income", "total_income", "social_insurance", "basic_deduction", "deductions",
    "taxable", "income_tax", "reconstruction_tax", "total_tax", "withheld",
)  # fmt: skip
"""Figures of the return, in the order of the form."""


class Teller:
    """Tells returns in one language."""

    def __init__(self, kit: WebKit, language: Language) -> None:
        self._kit, self.language = kit, language
        self.formats = kit.formats(language)

    def say(self, key: str, **values: object) -> str:
        """A message of these pages."""
        return self._kit.text(self.language, f"filing.{key}", **values)

    def year(self, year: int) -> str:
        """令和7年分 / 2025."""
        return year_name(year) if self.language is Language.JA else str(year)

    def title(self, found: Return) -> str:
        """What the return is called."""
        return self.say("return", year=self.year(found.year))

    def slips(self, found: Return) -> list[list[Fact]]:
        """The withholding slips from which the draft was made."""
        return [
            [
                Fact(term=self.say("slip.payer"), value=slip.payer),
                Fact(term=self.say("slip.pay"), value=self.formats.yen(slip.pay_yen)),
                Fact(term=self.say("slip.social"), value=self.formats.yen(slip.social_insurance_yen)),
                Fact(term=self.say("slip.withheld"), value=self.formats.yen(slip.withheld_yen)),
            ]
            for slip in found.slips
        ]

    def fields(self, found: Return, *, typed: tuple[str, str] | None, errors: dict[str, str]) -> list[Field]:
        """The side income, to be entered."""
        kept = (str(found.side.revenue_yen or ""), str(found.side.expense_yen or ""))
        values = dict(zip(("revenue", "expense"), typed or kept, strict=True))
        return [
            Field(
                name=name, label=self.say(f"field.{name}"), support=self.say(f"field.{name}_support"), value=value,
                inputmode="numeric", width="half", error=errors.get(name, ""),
            )
            for name, value in values.items()
        ]  # fmt: skip

    def lines(self, figures: Computation) -> list[Fact]:
        """The computation, each figure with its source and its article."""
        return [
            Fact(
                term=self.say(f"line.{name}"), value=self.formats.yen(getattr(figures, f"{name}_yen")),
                note=self.say("from", source=self.say(f"source.{name}"), article=self.say(f"article.{name}")),
            )
            for name in LINES
        ]  # fmt: skip

    def result(self, figures: Computation) -> list[Figure]:
        """What it comes to."""
        kind = "due" if figures.due_yen else "refund" if figures.refund_yen else "nothing"
        value = figures.due_yen or figures.refund_yen
        return [
            Figure(
                label=self.say(f"result.{kind}"), value=self.formats.yen(value), note=self.say(f"result.{kind}_note")
            )
        ]

    def late(self, year: int) -> str:
        """That the day has passed, and what follows."""
        return self.say("late.text", day=self.formats.day(due_day(year)))

    def steps(self, found: Return, *, pays: bool) -> list[Step]:
        """Where the return stands."""
        names = ["draft", "sign", "file", *(["pay"] if pays else [])]
        done = {State.DRAFT: 0, State.ASKED: 1, State.SIGNED: 2, State.FILED: 3, State.PAID: 4}[found.state]
        states = [
            StepState.DONE if at < done else StepState.CURRENT if at == done else StepState.AHEAD
            for at in range(len(names))
        ]
        return [Step(text=self.say(f"step.{name}"), state=state) for name, state in zip(names, states, strict=True)]

    def problem(self, found: Return) -> str:
        """What last kept the return from going on; empty where nothing did."""
        code = found.problem
        if not code:
            return ""
        if code.startswith("bank:"):
            reason = code.removeprefix("bank:")
            return self.say(f"bank.{reason}" if reason in BANK_REASONS else "bank.other", code=reason)
        known = catalogue().get(code)
        try:
            return known().sentence(self.language.value) if known else self.say("went_wrong", code=code)
        except KeyError:  # a sentence with facts that were not kept
            return self.say("went_wrong", code=code)

    def filed(self, found: Return) -> list[Fact]:
        """The receipt of the filing."""
        if found.filed is None:
            return []
        return [
            Fact(term=self.say("filed.number"), value=found.filed.number),
            Fact(term=self.say("filed.at"), value=self.formats.moment(from_ms(found.filed.filed_ms))),
            Fact(term=self.say("filed.due"), value=self.formats.yen(found.filed.due_yen)),
            Fact(term=self.say("filed.reference"), value=found.reference),
        ]

    def paid(self, found: Return) -> list[Fact]:
        """The bank's receipt."""
        if found.paid is None or found.filed is None:
            return []
        return [
            Fact(term=self.say("paid.amount"), value=self.formats.yen(found.filed.due_yen)),
            Fact(term=self.say("paid.at"), value=self.formats.moment(from_ms(found.paid.paid_ms))),
            Fact(term=self.say("paid.number"), value=found.paid.number),
        ]
