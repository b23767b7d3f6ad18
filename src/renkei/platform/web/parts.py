"""What pages hand to the components: small frozen values. Texts are already in the reader's language.

Where a component takes `Text` it takes plain text, which is escaped, or something that shows itself: a `Chip`, a
`Link`, `Lines`, or what a template captured with `{% set %}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from markupsafe import Markup

from renkei.platform.web.icons import icon

Tone = Literal["gray", "blue", "green", "yellow", "orange", "red"]


class Shows(Protocol):
    """Knows its own HTML, safely escaped."""

    def __html__(self) -> str: ...


Text: TypeAlias = str | Shows


@dataclass(frozen=True, slots=True)
class Chip:
    """A short status. The word says it; the tone and the drawing only help the eye."""

    text: str
    tone: Tone = "gray"
    icon: str = ""
    """Name of a drawing (`icons.SHAPES`); none where empty."""

    def __html__(self) -> str:
        drawing = icon(self.icon) if self.icon else ""
        return Markup('<span class="chip" data-tone="{}">{}{}</span>').format(self.tone, drawing, self.text)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A text in a language that is not the page's, so that it is read aloud and broken into lines as it should be."""

    text: str
    language: str

    def __html__(self) -> str:
        return Markup('<span lang="{}">{}</span>').format(self.language, self.text)


@dataclass(frozen=True, slots=True)
class Lines:
    """A text with a smaller line under it."""

    text: Text
    note: Text

    def __html__(self) -> str:
        return Markup('{}<span class="under">{}</span>').format(self.text, self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place to go; `note` says in a line what is there, `meta` is a chip or figure beside it."""

    href: str
    text: str
    note: Text = ""
    meta: Text = ""

    def __html__(self) -> str:
        return Markup('<a href="{}">{}</a>').format(self.href, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. `numeric` aligns right; the `header` column names its row."""

    text: str
    numeric: bool = False
    header: bool = False


class StepState(StrEnum):
    """Where the reader stands on a step."""

    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a procedure; a step that may be visited again has an `href`."""

    text: str
    state: StepState
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A term and its value; `note` (source, age) stands under it, `change_href` leads to where it is changed."""

    term: str
    value: Text
    note: Text = ""
    change_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A count worth a glance."""

    label: str
    value: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One option of radios, checkboxes or a select."""

    value: str
    text: str
    note: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with the field `name` and how to put it right."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A form field. `kind` is an input type, or textarea, select, radios, checkboxes.

    No field has a placeholder, is disabled or read-only: what cannot be changed is shown as text, with the reason.
    Accept any width, hyphen and space in `value`, and normalise; never send a reader back over 全角/半角.
    """

    name: str
    label: str
    kind: Literal["text", "search", "email", "tel", "password", "textarea", "select", "radios", "checkboxes"] = "text"
    value: str | tuple[str, ...] = ""
    support: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = field(default=())
    error: str = ""
    inputmode: Literal["", "numeric", "decimal", "email", "tel"] = ""
    autocomplete: str = ""
    width: Literal["full", "half", "short"] = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """Where the reader stands in a long list; pages count from 1. `href` holds `{page}`."""

    page: int
    pages: int
    href: str

    def at(self, page: int) -> str:
        """Address of a page."""
        return self.href.replace("{page}", str(page))

    def shown(self) -> list[int | None]:
        """Page numbers to list: the ends, the neighbours, and None for a gap."""
        near = {1, self.pages, self.page - 1, self.page, self.page + 1}
        numbers = sorted(number for number in near if 1 <= number <= self.pages)
        out: list[int | None] = []
        for number in numbers:
            if out and out[-1] is not None and number - out[-1] > 1:
                out.append(number - 1 if number - out[-1] == 2 else None)
            out.append(number)
        return out
