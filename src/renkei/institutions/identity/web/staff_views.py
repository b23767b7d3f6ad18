"""What the administrator's templates show, in one language. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from renkei.base.time import from_ms
from renkei.contracts.staff import Role
from renkei.institutions.identity.model.staff import Staff, StaffState, Terminal, TerminalState
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Choice, Column, Fact, Field, FieldError, Lines, Link, Tone

_TONES: Mapping[str, Tone] = {
    StaffState.ENROLLED: "yellow",
    StaffState.ACTIVE: "green",
    StaffState.ENDED: "gray",
    TerminalState.PREPARED: "yellow",
    TerminalState.REGISTERED: "green",
}
_COLUMNS = {"people": ("person", "section", "roles", "state"), "terminals": ("place", "state", "since")}


class Entered(Protocol):
    """A form as it was filled in."""

    @property
    def staff_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def section(self) -> str: ...
    @property
    def affairs(self) -> str: ...
    @property
    def ticked(self) -> tuple[str, ...]: ...


class Teller:
    """Speaks to an administrator."""

    def __init__(self, kit: WebKit, language: Language) -> None:
        self._kit, self._language, self._formats = kit, language, kit.formats(language)

    @property
    def lang(self) -> str:
        """The language's value."""
        return self._language.value

    def say(self, key: str, **values: object) -> str:
        """A message of this area."""
        return self._kit.text(self._language, f"identity.staff.{key}", **values)

    def trail(self, home: str) -> list[Link]:
        """Where the reader stands; `home` where there is a page above."""
        return [Link(href=home, text=self.say("admin.title"))] if home else []

    def columns(self, table: str) -> list[Column]:
        """Heads of a table."""
        names = _COLUMNS[table]
        return [Column(text=self.say(f"column.{name}"), header=name == names[0]) for name in names]

    def person_row(self, one: Staff, sections: Mapping[str, str], href: str) -> list[object]:
        """One line of the list of staff."""
        return [
            Lines(Link(href=href, text=one.name), one.staff_id),
            sections.get(one.section, one.section),
            self._roles(one),
            self._state(one.state),
        ]

    def terminal_row(self, one: Terminal, href: str) -> list[object]:
        """One line of the list of terminals."""
        return [Link(href=href, text=one.place), self._state(one.state), self._since(one.registered_ms)]

    def person_facts(self, one: Staff, sections: Mapping[str, str]) -> list[Fact]:
        """Everything that is kept of a clerk."""
        comma = self.say("comma")
        return [
            Fact(term=self.say("field.staff_id"), value=one.staff_id),
            Fact(term=self.say("field.section"), value=sections.get(one.section, one.section)),
            Fact(term=self.say("field.roles"), value=self._roles(one)),
            Fact(term=self.say("field.affairs"), value=comma.join(sorted(one.affairs)) or self.say("none")),
            Fact(term=self.say("column.state"), value=self._state(one.state)),
        ]

    def terminal_facts(self, one: Terminal) -> list[Fact]:
        """Everything that is kept of a terminal."""
        return [
            Fact(term=self.say("column.state"), value=self._state(one.state)),
            Fact(term=self.say("column.since"), value=self._since(one.registered_ms)),
        ]

    def enrol_fields(
        self, form: Entered, sections: Sequence[tuple[str, str]], errors: Sequence[FieldError]
    ) -> list[Field]:
        """The form to enrol a clerk."""
        wrong = {error.name: error.text for error in errors}
        blank = Choice(value="", text=self.say("select"))

        def label(name: str) -> str:
            return self.say(f"field.{name}")

        return [
            Field(
                name="staff_id", label=label("staff_id"), support=self.say("support.staff_id"), required=True,
                value=form.staff_id, error=wrong.get("staff_id", ""), width="half", autocomplete="off",
            ),
            Field(
                name="name", label=label("name"), required=True, value=form.name, error=wrong.get("name", ""),
                width="half", autocomplete="off",
            ),
            Field(
                name="section", label=label("section"), kind="select", required=True, value=form.section,
                error=wrong.get("section", ""),
                choices=(blank, *(Choice(value=section, text=name) for section, name in sections)),
            ),
            Field(
                name="roles", label=label("roles"), kind="checkboxes", required=True, value=form.ticked,
                error=wrong.get("roles", ""), support=self.say("support.roles"),
                choices=tuple(
                    Choice(value=role, text=self.say(f"role.{role}"), note=self.say(f"role_note.{role}"))
                    for role in Role
                ),
            ),
            Field(
                name="affairs", label=label("affairs"), support=self.say("support.affairs"), value=form.affairs,
                error=wrong.get("affairs", ""), autocomplete="off",
            ),
        ]  # fmt: skip

    def place_fields(self, place: str, errors: Sequence[FieldError]) -> list[Field]:
        """The form to prepare a terminal."""
        wrong = {error.name: error.text for error in errors}
        return [
            Field(
                name="place", label=self.say("field.place"), support=self.say("support.place"), required=True,
                value=place, error=wrong.get("place", ""), autocomplete="off",
            )
        ]  # fmt: skip

    def _roles(self, one: Staff) -> str:
        return self.say("comma").join(self.say(f"role.{role}") for role in Role if role in one.roles)

    def _state(self, state: StaffState | TerminalState) -> Chip:
        return Chip(self.say(f"state.{state}"), _TONES[state])

    def _since(self, ms: int) -> str:
        return self._formats.moment(from_ms(ms)) if ms else self.say("none")
