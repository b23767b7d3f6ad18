"""What the templates show: cases, documents and what is missing, turned into parts of a page. Values in, values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms
from renkei.institutions.proofing.model.records import Record
from renkei.institutions.proofing.model.rules import Case, Document, Holder, Measure, Proof, ProofingLaw
from renkei.institutions.proofing.model.sufficient import Assessment, Missing, Shown, Unfit
from renkei.institutions.proofing.web.forms import Chosen, Value, field_name
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Choice, Column, Fact, Field, Lines, Link


class Speaker:
    """Builds parts in one language."""

    def __init__(self, kit: WebKit, language: Language, law: ProofingLaw) -> None:
        self.language, self.law = language, law
        self.formats = kit.formats(language)
        self._kit = kit

    def say(self, key: str, **values: object) -> str:
        """A message of this room."""
        return self._kit.text(self.language, f"proofing.{key}", **values)

    def title(self, case: Case) -> str:
        """A case's name."""
        return case.ja if self.language is Language.JA else case.en

    def document(self, kind: str) -> str:
        """A document's name; its kind where the law of the day no longer knows it."""
        found = self.law.documents.get(kind)
        return found.title(self.language.value) if found else kind

    # --- the list ---

    def columns(self) -> list[Column]:
        """Columns of the list of records."""
        names = ("evidence", "case", "at", "clerk", "state")
        return [Column(text=self.say(f"column.{name}"), header=name == "evidence") for name in names]

    def row(self, record: Record, href: str) -> list[object]:
        """One record in the list."""
        case = self.law.cases.get(record.case)
        return [
            Link(href=href, text=record.evidence_id),
            self.title(case) if case else record.case,
            self.formats.moment(from_ms(record.at_ms)),
            Lines(record.clerk, record.section),
            self.state(record),
        ]

    def state(self, record: Record) -> Chip:
        """Whether a record stands."""
        if record.withdrawn_ms:
            return Chip(self.say("state.withdrawn"), "gray")
        return Chip(self.say("state.stands"), "green")

    # --- the form ---

    def choice_fields(self, case: Case, chosen: Chosen, measures: Sequence[Measure], error: str) -> list[Field]:
        """The first step: which documents."""
        fields: list[Field] = []
        for holder in Holder:
            kinds = {kind for measure in measures if measure.holder is holder for kind in measure.kinds}
            documents = [one for kind, one in self.law.documents.items() if kind in kinds]
            if documents:
                fields.append(self._documents(holder, documents, chosen, error if not fields else ""))
        hard = [
            proof for proof in case.needs if any(one.difficult and proof in one.proves for one in measures)
        ]  # fmt: skip
        if hard:
            fields.append(
                Field(
                    name="difficult", label=self.say("difficult.label"), support=self.say("difficult.support"),
                    kind="checkboxes", value=tuple(chosen.difficult),
                    choices=tuple(Choice(value=proof, text=self.say(f"difficult.{proof}")) for proof in hard),
                )
            )  # fmt: skip
        return fields

    def _documents(self, holder: Holder, documents: Sequence[Document], chosen: Chosen, error: str) -> Field:
        return Field(
            name=holder, label=self.say(f"holder.{holder}"), kind="checkboxes", error=error,
            value=tuple(kind for whose, kind in chosen.kinds if whose is holder),
            choices=tuple(
                Choice(value=one.kind, text=one.title(self.language.value), note=one.source) for one in documents
            ),
        )  # fmt: skip

    def detail_fields(
        self, case: Case, chosen: Chosen, value: Value, errors: Mapping[str, RenkeiError]
    ) -> list[tuple[str, list[Field]]]:
        """The second step: for each document its heading, and what has to be said of it."""
        return [
            (self.say(f"of.{holder}", document=self.document(kind)), self._of_one(case, holder, kind, value, errors))
            for holder, kind in chosen.kinds
        ]

    def _of_one(
        self, case: Case, holder: Holder, kind: str, value: Value, errors: Mapping[str, RenkeiError]
    ) -> list[Field]:
        document = self.law.documents[kind]

        def text(what: str, *, required: bool, default: str = "") -> Field:
            name = field_name(holder, kind, what)
            error = errors.get(name)
            return Field(
                name=name, label=self.say(f"field.{what}"), support=self.say(f"field.{what}_support"),
                value=value(name) or default, required=required, width="half" if what == "issuer" else "short",
                error=error.sentence(self.language.value) if error else "",
            )  # fmt: skip

        fields = [text("issuer", required=not document.issuer, default=document.issuer)]
        if document.expires:
            fields.append(text("until", required=True))
        if document.issued_from is not None:
            fields.append(text("issued", required=True))
        if case.copies or (holder is Holder.PERSON and Proof.AUTHORITY in case.needs):
            name = field_name(holder, kind, "copy")
            fields.append(
                Field(
                    name=name, label=self.say("field.copy"), kind="checkboxes",
                    value=("yes",) if value(name) == "yes" else (),
                    choices=(Choice(value="yes", text=self.say("field.copy_yes")),),
                )
            )  # fmt: skip
        return fields

    def last_fields(self, value: Value, errors: Mapping[str, RenkeiError]) -> list[Field]:
        """What is said once for all documents."""

        def told(name: str) -> str:
            return errors[name].sentence(self.language.value) if name in errors else ""

        return [
            Field(
                name="matched", label=self.say("field.matched"), kind="checkboxes", required=True,
                value=("yes",) if value("matched") == "yes" else (), error=told("matched"),
                choices=(Choice(value="yes", text=self.say("field.matched_yes")),),
            ),
            Field(
                name="reference", label=self.say("field.reference"), support=self.say("field.reference_support"),
                value=value("reference"), width="half", error=told("reference"),
            ),
        ]  # fmt: skip

    # --- what is missing, in words ---

    def missing(self, found: Assessment) -> list[tuple[str, list[str], list[str]]]:
        """For each missing proof: its name, the ways to give it, and those open after a difficulty."""
        return [
            (self.say(f"proof.{one.proof}"), self._ways(one, one.ways), self._ways(one, one.after_difficulty))
            for one in found.missing
        ]

    def _ways(self, missing: Missing, measures: Sequence[Measure]) -> list[str]:
        return [self.way(measure) for measure in measures]

    def way(self, measure: Measure) -> str:
        """A measure as a clerk would say it, with its article."""
        names = [self.document(kind) for kind in measure.kinds if kind in self.law.documents]
        listed = self.say("and" if measure.all_of else "or").join(names)
        if measure.count > 1:
            return self.say("way_several", documents=listed, number=measure.count, source=measure.source)
        return self.say("way", documents=listed, source=measure.source)

    def unfit(self, found: Assessment) -> list[str]:
        """Why a document does not count."""
        return [self._reason(one) for one in found.unfit]

    def _reason(self, one: Unfit) -> str:
        return self.say(f"unfit.{one.reason}", document=self.document(one.shown.kind))

    # --- one record ---

    def facts(self, record: Record) -> list[Fact]:
        """What a record says."""
        case = self.law.cases.get(record.case)
        facts = [
            Fact(term=self.say("column.case"), value=self.title(case) if case else record.case),
            Fact(term=self.say("column.at"), value=self.formats.moment(from_ms(record.at_ms))),
            Fact(term=self.say("column.clerk"), value=record.clerk, note=record.section),
            Fact(term=self.say("fact.law"), value="、".join(record.sources), note=record.edition),
        ]
        if record.difficult:
            hard = [self.say(f"difficult.{proof}") for proof in record.difficult]
            facts.append(Fact(term=self.say("difficult.label"), value=" / ".join(hard)))
        if record.reference:
            facts.append(Fact(term=self.say("field.reference"), value=record.reference))
        return facts

    def shown(self, documents: Sequence[Shown]) -> list[Fact]:
        """The documents of a record."""
        return [
            Fact(term=self.say(f"whose.{one.holder}"), value=self.document(one.kind), note=self._note(one))
            for one in documents
        ]

    def _note(self, one: Shown) -> str:
        parts = [one.issuer] if one.issuer else []
        day: Callable[..., str] = self.formats.day
        if one.valid_until:
            parts.append(self.say("until", day=day(one.valid_until)))
        if one.issued_on:
            parts.append(self.say("issued", day=day(one.issued_on)))
        if one.copy:
            parts.append(self.say("field.copy_yes"))
        return " · ".join(parts)
