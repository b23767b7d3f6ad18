"""The front page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from renkei.contracts.register import BodyState
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond
from renkei.platform.web.parts import Chip, Column, Figure, Lines, Link


class BodyCounts(NamedTuple):
    """One body, with live counts of its gateway."""

    body_id: str
    name_ja: str
    name_en: str
    state: BodyState
    persons: int
    copies: int
    asked: int
    answered: int
    waiting: int


class CountryCounts(NamedTuple):
    """The country at this moment."""

    residents: int
    codes: int
    exchanges: int
    bodies: list[BodyCounts]


class Way(NamedTuple):
    """A place to start, in the order in which a newcomer should see them."""

    href: str
    key: str


WAYS = (Way("/pension", "pension"), Way("/portal", "portal"), Way("/gateway", "gateway"))
TOLD = ("ask", "answer", "stay")
_COLUMNS = ("body", "persons", "copies", "asked", "answered")


def front_handlers(
    *, kit: WebKit, counts: Callable[[], Awaitable[CountryCounts]], folder: str
) -> Sequence[ControllerRouterHandler]:
    """Handlers of the front page.

    Args:
        counts: taken anew for each view.
        folder: where the country's data lie, as the reader may type it.
    """
    checks = (
        ("check.logs", f".venv/bin/renkei log verify {folder}"),
        ("check.evidence", f".venv/bin/renkei verify evidence-….json --trust {folder}/trust.json"),
    )

    def text(language: Language, key: str) -> str:
        return kit.text(language, f"front.{key}")

    def name_of(found: BodyCounts, language: Language) -> str:
        return found.name_ja if language is Language.JA else found.name_en

    def row(found: BodyCounts, language: Language) -> list[object]:
        name = name_of(found, language)
        shown: object = Lines(name, found.body_id)
        if found.state is not BodyState.ACTIVE:
            shown = Lines(name, Chip(text(language, "stopped"), "red"))
        number = kit.formats(language).number
        return [shown, *(number(count) for count in (found.persons, found.copies, found.asked, found.answered))]

    @get("/")
    async def front(request: AnyRequest) -> Response[str]:
        language = language_of(request)
        found = await counts()
        number = kit.formats(language).number
        context: dict[str, object] = {
            "title": text(language, "title"),
            "figures": [
                Figure(label=text(language, "figure.residents"), value=number(found.residents)),
                Figure(label=text(language, "figure.bodies"), value=number(len(found.bodies))),
                Figure(label=text(language, "figure.codes"), value=number(found.codes)),
                Figure(label=text(language, "figure.exchanges"), value=number(found.exchanges)),
                Figure(
                    label=text(language, "figure.waiting"), value=number(sum(body.waiting for body in found.bodies))
                ),
            ],
            "told": [(text(language, f"told.{part}"), text(language, f"told.{part}_text")) for part in TOLD],
            "checks": [(text(language, key), command) for key, command in checks],
            "ways": [
                Link(href=way.href, text=text(language, f"way.{way.key}"), note=text(language, f"way.{way.key}_note"))
                for way in WAYS
            ],
            "columns": [
                Column(text=text(language, f"column.{name}"), numeric=name != "body", header=name == "body")
                for name in _COLUMNS
            ],
            "rows": [row(body, language) for body in found.bodies if body.persons or body.asked],
            "quiet": [name_of(body, language) for body in found.bodies if not (body.persons or body.asked)],
        }
        return respond(kit, request, "front/front.html", context)

    return [front]
