"""The agent's pages over HTTP. A PIN goes to this origin only, and no page, address, cookie or log holds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from litestar import Response, Router, get, post
from litestar.enums import MediaType, RequestEncodingType
from litestar.params import Body, FromPath
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import PATH_USE, TASK_BYTES_MAX
from renkei.institutions.card.agent.agent import CardAgent, Look
from renkei.institutions.card.agent.errors import AgreementMissing, CardNotChosen
from renkei.institutions.card.agent.software_cards import SoftwareCards
from renkei.institutions.card.agent.tasks import Entry
from renkei.institutions.card.agent.web.views import CARD_FIELD, PIN_FIELD, Speaker
from renkei.institutions.card.host.errors import PasswordFormatWrong, PinLocked, PinNotFourDigits, PinWrong
from renkei.platform.problems import Problem
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import (
    PAGE_HEADERS,
    AnyRequest,
    content_policy,
    error_pages,
    language_of,
    page_router,
    respond,
    see_other,
    session_cookie,
    word,
)
from renkei.platform.web.parts import FieldError, Text

COOKIE = "renkei_card_agent"
SENTENCE_MAX = 400
AT_THE_FIELD = (PinWrong, PinNotFourDigits, PasswordFormatWrong)

UrlEncoded = Body(media_type=RequestEncodingType.URL_ENCODED)


@dataclass(frozen=True)
class TaskForm:
    """What a site's page sends."""

    task: str = ""


@dataclass(frozen=True)
class CardForm:
    """Which of the cards listed."""

    card: str = ""


@dataclass(frozen=True)
class PinForm:
    """What the holder enters."""

    pin: str = field(default="", repr=False)


class AgentPages:
    """The pages of one agent; see `handlers`."""

    def __init__(self, kit: WebKit, agent: CardAgent, *, counter_href: str = "") -> None:
        self._kit, self._agent, self._path, self._counter_href = kit, agent, agent.path, counter_href

    def use(self, request: AnyRequest, form: TaskForm) -> Response[str]:
        """A site's page brings a task. No cookie comes along with a form of another site: each task gets its own."""
        entry, browser = self._agent.take(form.task, sender=request.headers.get("origin", ""))
        href = self._href(entry)
        return see_other(href, cookies=[session_cookie(request, COOKIE, browser, path=href)] if browser else [])

    async def show(
        self, request: AnyRequest, entry: Entry, *, error: RenkeiError | None = None, choosing: bool = False
    ) -> Response[str]:
        """The task: who asks, what is handed over, and the next thing to do."""
        self._agent.still_open(entry)
        speaker, task = self._speaker(request), entry.asked.task
        seen = await self._agent.look(entry)
        choosing = len(seen.readers) > 1 and (choosing or seen.reader is None)
        part = self._part(entry, seen, choosing=choosing)
        problem = seen.trouble or (None if isinstance(error, (*AT_THE_FIELD, PinLocked)) else error)
        errors = self._field_errors(error, part, speaker)
        message = errors[0].text if errors else ""
        context = self._frame(speaker, speaker.title(task)) | {
            "part": part,
            "about": speaker.about(task, seen, f"{self._href(entry)}?choose=1"),
            "key": task.key.value,
            "documents": [one.name for one in task.documents],
            "disclosed": speaker.disclosed(),
            "steps": speaker.steps(entry, seen, choosing=choosing),
            "tries": speaker.tries(seen.tries),
            "last_try": seen.tries == 1,
            "problem": problem.sentence(speaker.language) if problem is not None and not errors else "",
            "locked": PinLocked().sentence(speaker.language),
            "counter_href": self._counter_href,
            "pin_field": speaker.pin_field(task, seen, message if part == "pin" else ""),
            "card_field": speaker.card_field(seen.readers, message if part == "choose" else ""),
            "action": self._href(entry),
            "asks": speaker.chosen(task.asks_ja, task.asks_en),
            "shared": task.shared_terminal,
            "errors": errors,
        }
        status = error.status.http if error is not None else 200
        return self._respond(request, entry, "agent/task.html", context, status)

    async def choose(self, request: AnyRequest, entry: Entry, form: CardForm) -> Response[str]:
        """The person chose a card."""
        try:
            await self._agent.choose(entry, form.card)
        except CardNotChosen as error:
            return await self.show(request, entry, error=error, choosing=True)
        return see_other(self._href(entry))

    async def agree(self, entry: Entry) -> Response[str]:
        """The person agrees to what the certificate discloses."""
        await self._agent.agree(entry)
        return see_other(self._href(entry))

    async def enter(self, request: AnyRequest, entry: Entry, form: PinForm) -> Response[str]:
        """The person entered the PIN."""
        try:
            taken = await self._agent.answer(entry, form.pin)
        except AgreementMissing:
            return see_other(self._href(entry))
        except RenkeiError as error:
            return await self.show(request, entry, error=error)
        if isinstance(taken, Problem):
            return self._refused(request, entry, taken)
        return self._leave(taken, entry)

    async def decline(self, entry: Entry) -> Response[str]:
        """The person does not want to."""
        return self._leave(await self._agent.decline(entry), entry)

    async def cards(self, request: AnyRequest) -> Response[str]:
        """Readers and cards, without any task."""
        speaker = self._speaker(request)
        trouble = ""
        try:
            readers = await self._agent.source.readers()
        except RenkeiError as error:
            readers, trouble = (), error.sentence(speaker.language)
        context = self._frame(speaker, speaker.say(f"cards.{'test' if self._agent.software else 'title'}")) | {
            "trouble": trouble,
            "cards": [
                {
                    "name": speaker.name(reader),
                    "present": reader.present,
                    "pins": speaker.pins(reader),
                    "reader_id": reader.reader_id,
                }
                for reader in readers
            ],
            "away_action": f"{self._path}/away" if self._agent.software else "",
            "told": "away" in request.query_params,
        }
        return respond(self._kit, request, "agent/cards.html", context)

    def take_away(self, form: CardForm) -> Response[str]:
        """A test card is taken off its reader: what a shared terminal watches for."""
        if isinstance(self._agent.source, SoftwareCards):
            self._agent.source.take_away(form.card)
        return see_other(f"{self._path or '/'}?away=1")

    def entry(self, request: AnyRequest, task_id: str) -> Entry:
        """The browser's own task."""
        return self._agent.entry(word(task_id), browser=_browser(request))

    def _part(self, entry: Entry, seen: Look, *, choosing: bool) -> str:
        if choosing:
            return "choose"
        if seen.trouble is not None or seen.reader is None:
            return "trouble"
        if seen.tries == 0:
            return "locked"
        return "agree" if entry.asked.task.key.value == "signature" and not entry.agreed else "pin"

    def _field_errors(self, error: RenkeiError | None, part: str, speaker: Speaker) -> list[FieldError]:
        if isinstance(error, AT_THE_FIELD) and part == "pin":
            return [FieldError(name=PIN_FIELD, text=error.sentence(speaker.language))]
        if isinstance(error, CardNotChosen) and part == "choose":
            return [FieldError(name=CARD_FIELD, text=error.sentence(speaker.language))]
        return []

    def _refused(self, request: AnyRequest, entry: Entry, problem: Problem) -> Response[str]:
        """The site did not take what the card said: its own sentence, and the way back."""
        speaker, task = self._speaker(request), entry.asked.task
        context = self._frame(speaker, speaker.title(task)) | {
            "asks": speaker.chosen(task.asks_ja, task.asks_en),
            "sentence": _plain(speaker.chosen(problem.ja, problem.en)),
            "code": word(problem.code),
            "again": "" if entry.done_href else self._href(entry),
            "back": f"{self._href(entry)}/decline",
        }
        status = 502 if problem.status >= 500 else 409
        return self._respond(request, entry, "agent/refused.html", context, status)

    def _frame(self, speaker: Speaker, title: str) -> dict[str, object]:
        software = self._agent.software
        standins: Sequence[str] = (speaker.say("test.sentence"),) if software else ()
        mark: Text = speaker.say("test.mark") if software else ""
        return {"title": title, "standins": standins, "mark": mark, "software": software}

    def _respond(
        self, request: AnyRequest, entry: Entry, template: str, context: dict[str, object], status: int
    ) -> Response[str]:
        """A page whose forms may lead on to the site that asks: a browser checks where a form's answer redirects to."""
        return respond(
            self._kit, request, template, context, status=status, form_origins=[entry.asked.task.origin],
            headers={"Referrer-Policy": PAGE_HEADERS["Referrer-Policy"]},  # the forms themselves stay on this origin
        )  # fmt: skip

    def _leave(self, href: str, entry: Entry) -> Response[str]:
        """Send the browser to the site: an address of the origin that the task was checked against."""
        policy = content_policy(form_origins=[entry.asked.task.origin])
        headers = PAGE_HEADERS | {"Content-Security-Policy": policy, "Location": href}
        return Response("", status_code=303, media_type=MediaType.TEXT, headers=headers)

    def _href(self, entry: Entry) -> str:
        return f"{self._path}/tasks/{entry.task_id}"

    def _speaker(self, request: AnyRequest) -> Speaker:
        return Speaker(self._kit, language_of(request))


def handlers(kit: WebKit, agent: CardAgent, *, counter_href: str = "") -> list[ControllerRouterHandler]:
    """Handlers of the agent, for an application's own level and not for a page router: `use` comes from other sites.

    The application closes the agent when it ends.

    Args:
        kit: with `agent.web.PACKAGE`.
        counter_href: in a demonstration, where a locked test card is unlocked.
    """
    pages, path = AgentPages(kit, agent, counter_href=counter_href), agent.path

    @post(f"{path}{PATH_USE}", status_code=200, sync_to_thread=False, request_max_body_size=TASK_BYTES_MAX + 1_024)
    def use(request: AnyRequest, data: Annotated[TaskForm, UrlEncoded]) -> Response[str]:
        return pages.use(request, data)

    @get(path or "/")
    async def cards(request: AnyRequest) -> Response[str]:
        return await pages.cards(request)

    @post(f"{path}/away", status_code=200, sync_to_thread=False)
    def away(data: Annotated[CardForm, UrlEncoded]) -> Response[str]:
        return pages.take_away(data)

    # A form that was refused stands under its own address: the language links and a reload lead there by GET.
    @get([f"{path}/tasks/{{task_id:str}}{form}" for form in ("", "/card", "/pin")])
    async def task(request: AnyRequest, task_id: FromPath[str]) -> Response[str]:
        choosing = "choose" in request.query_params
        return await pages.show(request, pages.entry(request, task_id), choosing=choosing)

    @post(f"{path}/tasks/{{task_id:str}}/card", status_code=200)
    async def card(request: AnyRequest, task_id: FromPath[str], data: Annotated[CardForm, UrlEncoded]) -> Response[str]:
        return await pages.choose(request, pages.entry(request, task_id), data)

    @post(f"{path}/tasks/{{task_id:str}}/agree", status_code=200)
    async def agree(request: AnyRequest, task_id: FromPath[str]) -> Response[str]:
        return await pages.agree(pages.entry(request, task_id))

    @post(f"{path}/tasks/{{task_id:str}}/pin", status_code=200, request_max_body_size=1_024)
    async def pin(request: AnyRequest, task_id: FromPath[str], data: Annotated[PinForm, UrlEncoded]) -> Response[str]:
        return await pages.enter(request, pages.entry(request, task_id), data)

    @post(f"{path}/tasks/{{task_id:str}}/decline", status_code=200)
    async def decline(request: AnyRequest, task_id: FromPath[str]) -> Response[str]:
        return await pages.decline(pages.entry(request, task_id))

    entrance = Router(path="/", route_handlers=[use], exception_handlers=error_pages(kit), include_in_schema=False)
    return [entrance, page_router(kit, [cards, away, task, card, agree, pin, decline])]


def _browser(request: AnyRequest) -> str:
    return word(request.cookies.get(COOKIE, ""))


def _plain(text: str) -> str:
    """A site's sentence, as far as it can be shown."""
    return "".join(char for char in text[:SENTENCE_MAX] if char.isprintable())
