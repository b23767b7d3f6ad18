"""A page that shows every component, for people who build pages and for the browser tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body

from renkei.base.time import Instant, from_ms, jst_date
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other
from renkei.platform.web.parts import (
    Chip,
    Choice,
    Column,
    Fact,
    Field,
    FieldError,
    Figure,
    Lines,
    Link,
    Pagination,
    Step,
    StepState,
    Tone,
)

PACKAGE = Path(__file__).parent
PATH = "/kit"
# The page shows the same day for ever, so that two pictures of it can be compared.
NOW: Instant = from_ms(1_795_424_700_000)


def context(kit: WebKit, language: Language) -> dict[str, object]:
    """Everything that `gallery/gallery.html` needs, without errors in the form."""
    t = partial(kit.text, language)
    return {
        "title": t("gallery.title"),
        "reader": t("gallery.reader"),
        "standins": [t("gallery.standin")],
        "nav": [
            Link(href=PATH, text=t("gallery.nav.kit")),
            Link(href="#table", text=t("gallery.nav.access")),
            Link(href="#form", text=t("gallery.nav.claims")),
        ],
        "breadcrumb": [Link(href="/", text=t("gallery.home")), Link(href=PATH, text=t("gallery.office"))],
        "form_action": PATH,
        "now": NOW,
        "today": jst_date(NOW),
        "fields": fields(kit, language),
        **_lists(kit, language),
        **_table(kit, language),
    }


def fields(kit: WebKit, language: Language) -> list[Field]:
    """One field of every kind."""
    t = partial(kit.text, language)
    return [
        Field(
            name="holder",
            label=t("gallery.form.name"),
            support=t("gallery.form.name_support"),
            required=True,
            width="half",
        ),
        Field(
            name="retired",
            label=t("gallery.form.date"),
            support=t("gallery.form.date_support"),
            value="R8.3.31",
            width="short",
        ),
        Field(
            name="branch",
            label=t("gallery.form.branch"),
            kind="select",
            width="half",
            choices=(
                Choice(value="e", text=t("gallery.form.branch_east")),
                Choice(value="w", text=t("gallery.form.branch_west")),
            ),
        ),
        Field(
            name="contact",
            label=t("gallery.form.contact"),
            kind="radios",
            required=True,
            choices=(
                Choice(value="mail", text=t("gallery.form.mail"), note=t("gallery.form.mail_note")),
                Choice(value="box", text=t("gallery.form.box")),
            ),
        ),
        Field(
            name="agree",
            label=t("gallery.form.agree"),
            kind="checkboxes",
            value=("truth",),
            choices=(
                Choice(value="truth", text=t("gallery.form.agree_truth")),
                Choice(value="notice", text=t("gallery.form.agree_notice")),
            ),
        ),
        Field(name="reason", label=t("gallery.form.reason"), support=t("gallery.form.reason_support"), kind="textarea"),
    ]


def check(kit: WebKit, language: Language, sent: dict[str, str]) -> tuple[list[Field], list[FieldError]]:
    """The fields as they were sent, each with its error, and the errors for the summary."""
    filled: list[Field] = []
    errors: list[FieldError] = []
    wanting = {"holder": "gallery.form.name_error", "contact": "gallery.form.contact_error"}
    for item in fields(kit, language):
        value = sent.get(item.name, "")
        error = kit.text(language, wanting[item.name]) if item.name in wanting and not value.strip() else ""
        if error:
            errors.append(FieldError(name=item.name, text=error))
        filled.append(replace(item, value=value, error=error))
    return filled, errors


def gallery_handlers(kit: WebKit) -> list[HTTPRouteHandler]:
    """Handlers for a page router: the page, and the form's way back with errors or on."""

    @get(PATH, sync_to_thread=False)
    def show(request: AnyRequest) -> Response[str]:
        return respond(kit, request, "gallery/gallery.html", context(kit, language_of(request)))

    @post(PATH, sync_to_thread=False)
    def send(
        request: AnyRequest, data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str] | Response[None]:
        language = language_of(request)
        filled, errors = check(kit, language, data)
        if not errors:
            return see_other(PATH)
        shown = context(kit, language) | {"fields": filled, "errors": errors}
        return respond(kit, request, "gallery/gallery.html", shown, status=422)

    return [show, send]


def _lists(kit: WebKit, language: Language) -> dict[str, object]:
    t = partial(kit.text, language)
    formats = kit.formats(language)
    income = t("gallery.facts.income", year=formats.fiscal_year(2025))
    age = formats.copy_age(NOW - timedelta(days=3), NOW)
    return {
        "steps": [
            Step(text=t("gallery.steps.identify"), state=StepState.DONE, href=PATH),
            Step(text=t("gallery.steps.ask"), state=StepState.DONE, note=t("gallery.steps.ask_note")),
            Step(text=t("gallery.steps.check"), state=StepState.CURRENT),
            Step(text=t("gallery.steps.send"), state=StepState.AHEAD),
        ],
        "figures": [
            Figure(label=t("gallery.figures.residents"), value=formats.number(2000), unit=t("gallery.figures.people")),
            Figure(
                label=t("gallery.figures.bodies"), value=formats.number(31), unit=t("gallery.figures.organisations")
            ),
            Figure(label=t("gallery.figures.exchanges"), value=formats.number(1284), unit=t("gallery.figures.cases")),
            Figure(
                label=t("gallery.figures.papers"),
                value="0",
                unit=t("gallery.figures.sheets"),
                note=t("gallery.figures.none_needed"),
            ),
        ],
        "links": [
            Link(href=PATH, text=t("gallery.links.portal"), note=t("gallery.links.portal_note")),
            Link(href=PATH, text=t("gallery.links.office"), note=t("gallery.links.office_note")),
            Link(
                href=PATH,
                text=t("gallery.links.console"),
                note=t("gallery.links.console_note"),
                meta=t("gallery.links.waiting"),
            ),
        ],
        "facts": [
            Fact(term=t("gallery.facts.name"), value=t("gallery.facts.hanako")),
            Fact(term=t("gallery.facts.birth"), value=formats.day(date(1962, 3, 14))),
            Fact(term=income, value=formats.yen(2_184_000), note=t("gallery.facts.income_note", age=age)),
            Fact(term=t("gallery.facts.account"), value=t("gallery.facts.account_value"), change_href=PATH),
        ],
    }


def _table(kit: WebKit, language: Language) -> dict[str, object]:
    t = partial(kit.text, language)
    formats = kit.formats(language)
    names = ("who", "what", "law", "when", "rows", "state")
    columns = [Column(text=t(f"gallery.table.{n}"), header=n == "who", numeric=n == "rows") for n in names]
    asked: tuple[tuple[str, str, str, int, int, Tone, str], ...] = (
        ("jps", "residence", "pension", 1, 1, "green", "given"),
        ("jps", "tax", "pension", 1, 12, "green", "given"),
        ("city", "tax", "child", 40, 0, "yellow", "waiting"),
    )
    rows = [
        (
            Lines(t(f"gallery.table.{who}"), t(f"gallery.table.{who}_section")),
            t(f"gallery.table.{what}"),
            t(f"gallery.table.law_{law}"),
            formats.moment(NOW - timedelta(days=days)),
            formats.number(count),
            Chip(t(f"gallery.chips.{state}"), tone),
        )
        for who, what, law, days, count, tone, state in asked
    ]
    return {"columns": columns, "rows": rows, "place": Pagination(page=4, pages=12, href=PATH + "?page={page}")}
