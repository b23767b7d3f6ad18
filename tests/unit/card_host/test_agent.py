"""The agent without a browser: delivery, double clicks, the order of steps, watching the card on a shared terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.unit.card_host.double import Double
from tests.unit.card_host.test_tasks import NOW, SITE, pack, task

from renkei.contracts.card_agent import Assertion, Key, Receipt
from renkei.institutions.card.agent import delivery
from renkei.institutions.card.agent.agent import CardAgent
from renkei.institutions.card.agent.app import own_names_only
from renkei.institutions.card.agent.errors import AgreementMissing, CardNotChosen, SiteUnreachable, TaskUsed
from renkei.institutions.card.agent.software_cards import SoftwareCard, SoftwareCards
from renkei.institutions.card.agent.tasks import Entry
from renkei.institutions.card.host.errors import CardMissing, CardRemoved, PinWrong
from renkei.platform.clock import MovableClock, StandIn
from renkei.platform.errors import PeerUnreachable
from renkei.platform.problems import Problem
from renkei.platform.wire import Response


class Desk:
    """An agent, two cards, and a site whose answers the test decides."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, bytes]] = []
        self.answer: Callable[[], Response] = lambda: Response(200, {}, msgspec.json.encode(Receipt(code="c1")))
        self.saved: list[str] = []
        self.chip = Double()
        pins = {Key.AUTHENTICATION: "1234", Key.SIGNATURE: "ABC123"}
        self.cards = SoftwareCards(
            [
                SoftwareCard(slug=slug, ja=slug, en="", chip=chip, pins=pins)
                for slug, chip in (("a", self.chip), ("b", Double()))
            ],
            saved=self._save,
        )
        self.clock = MovableClock(NOW)
        self.agent = CardAgent(source=self.cards, origins=[SITE], clock=self.clock, deliver=self._deliver)

    async def open(self, **changes: Any) -> Entry:
        entry, browser = self.agent.take(pack(task(**changes)), sender=SITE)
        assert self.agent.entry(entry.task_id, browser=browser) is entry
        await self.agent.choose(entry, "a")
        return entry

    async def _deliver(self, url: str, body: bytes) -> Response:
        self.posted.append((url, body))
        return self.answer()

    async def _save(self, card: SoftwareCard) -> None:
        self.saved.append(card.slug)


def run(act: Callable[[Desk], Awaitable[None]]) -> None:
    async def whole() -> None:
        desk = Desk()
        await act(desk)
        await desk.agent.close()

    asyncio.run(whole())


def fail() -> Response:
    raise PeerUnreachable(authority="id.example.jp")


def test_the_answer_is_handed_over_once_however_often_the_button_is_pressed() -> None:
    async def act(desk: Desk) -> None:
        entry = await desk.open()
        first, second = await asyncio.gather(desk.agent.answer(entry, "1234"), desk.agent.answer(entry, "1234"))
        assert first == second == f"{task().back}?txn={task().txn}&code=c1"
        ((url, body),) = desk.posted
        assert url == task().deliver
        assert msgspec.json.decode(body, type=Assertion).medium == "software"
        assert set(desk.saved) == {"a"}
        with pytest.raises(TaskUsed):
            await desk.agent.agree(entry)

    run(act)


def test_the_signature_key_is_not_used_before_the_agreement() -> None:
    async def act(desk: Desk) -> None:
        entry = await desk.open(key=Key.SIGNATURE)
        with pytest.raises(AgreementMissing):
            await desk.agent.answer(entry, "ABC123")
        assert desk.chip.sent == []
        await desk.agent.agree(entry)
        assert str(await desk.agent.answer(entry, "ABC123")).endswith("code=c1")

    run(act)


def test_a_wrong_pin_is_counted_by_the_card_and_kept() -> None:
    async def act(desk: Desk) -> None:
        entry = await desk.open()
        desk.saved.clear()
        with pytest.raises(PinWrong):
            await desk.agent.answer(entry, "0000")
        assert desk.saved
        assert (await desk.agent.look(entry)).tries == 2
        assert desk.posted == []

    run(act)


@pytest.mark.parametrize(
    "answer",
    [
        fail,
        lambda: Response(200, {}, b""),
        lambda: Response(200, {}, b'{"code":""}'),
        lambda: Response(200, {}, b'{"code":"a\\nb"}'),
        lambda: Response(500, {}, b"<html>"),
        lambda: Response(403, {}, b"{}"),
    ],
)
def test_a_site_that_does_not_answer_as_agreed(answer: Callable[[], Response]) -> None:
    """Fails closed: the browser is not sent back with anything, and the person may try again."""

    async def act(desk: Desk) -> None:
        entry = await desk.open()
        desk.answer = answer
        with pytest.raises(SiteUnreachable):
            await desk.agent.answer(entry, "1234")
        assert entry.done_href == ""

    run(act)


@pytest.mark.parametrize(("status", "over"), [(403, True), (409, True), (503, False)])
def test_a_refusal_of_the_site_ends_the_task_a_failure_does_not(status: int, over: bool) -> None:
    async def act(desk: Desk) -> None:
        problem = Problem(type="t", title="T", status=status, code="c", family="f", ja="だめ", en="No")
        desk.answer = lambda: Response(status, {}, msgspec.json.encode(problem))
        entry = await desk.open()
        assert await desk.agent.answer(entry, "1234") == problem
        assert bool(entry.done_href) is over
        assert "code=" not in entry.done_href

    run(act)


def test_a_card_that_is_not_there_can_not_be_chosen() -> None:
    async def act(desk: Desk) -> None:
        entry = await desk.open()
        with pytest.raises(CardNotChosen):
            await desk.agent.choose(entry, "c")
        entry.reader_id = ""
        with pytest.raises(CardMissing):
            await desk.agent.answer(entry, "1234")

    run(act)


def test_removal_on_a_shared_terminal_is_told_until_the_site_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """An 8-hour session must not outlive the person at a counter: the card gone, the site is told at once."""
    monkeypatch.setattr(delivery, "NOTICE_PAUSES_S", (0.0, 0.0, 0.0))

    async def act(desk: Desk) -> None:
        entry = await desk.open(shared_terminal=True)
        await desk.agent.answer(entry, "1234")
        await asyncio.sleep(0)
        assert len(desk.posted) == 1
        answers = [fail, lambda: Response(503, {}, b""), lambda: Response(204, {}, b"")]
        desk.answer = lambda: answers.pop(0)()
        desk.cards.take_away("a")
        for _ in range(20):
            await asyncio.sleep(0.005)
        told = [msgspec.json.decode(body) for url, body in desk.posted if url == task().deliver + "/removed"]
        assert told == [{"txn": task().txn}] * 3

    run(act)


def test_no_watch_without_a_shared_terminal() -> None:
    async def act(desk: Desk) -> None:
        entry = await desk.open()
        await desk.agent.answer(entry, "1234")
        desk.cards.take_away("a")
        await asyncio.sleep(0.01)
        assert len(desk.posted) == 1

    run(act)


def test_a_card_exchanged_before_its_use_is_not_used() -> None:
    async def act(desk: Desk) -> None:
        (reader, _) = await desk.cards.readers()
        desk.cards.put(SoftwareCard(slug="a", ja="x", en="", chip=Double(), pins={}))
        with pytest.raises(CardRemoved):
            await desk.cards.use(reader, lambda session: session.tries_left(Key.AUTHENTICATION))
        await asyncio.wait_for(desk.cards.removed(reader), 1)

    run(act)


def test_a_verified_pin_does_not_outlive_the_use() -> None:
    async def act(desk: Desk) -> None:
        entry = await desk.open()
        await desk.agent.answer(entry, "1234")
        assert desk.chip.open == set()

    run(act)


def test_the_agents_time_is_the_sites() -> None:
    async def act(desk: Desk) -> None:
        entry, browser = desk.agent.take(pack(task()), sender=SITE)
        desk.clock.move(timedelta(minutes=4))
        with pytest.raises(Exception, match="card_task_expired"):
            desk.agent.entry(entry.task_id, browser=browser)

    run(act)


def test_software_cards_are_a_stand_in_that_production_refuses() -> None:
    cards = SoftwareCards()
    assert isinstance(cards, StandIn)
    assert "1234" not in repr(SoftwareCard(slug="a", ja="", en="", chip=Double(), pins={Key.AUTHENTICATION: "1234"}))


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ([b"127.0.0.1:35970"], 200),
        ([b"localhost:35970"], 200),
        ([b"[::1]:35970"], 200),
        ([b"evil.example:35970"], 421),
        ([b"127.0.0.1"], 421),
        ([b"127.0.0.1:80"], 421),
        ([b"127.0.0.1:35970", b"evil.example"], 421),
        ([], 421),
    ],
)
def test_only_the_machines_own_names_lead_to_the_agent(hosts: list[bytes], status: int) -> None:
    """DNS rebinding: a page whose name was made to lead to this machine still says its own name."""
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    scope = {"type": "http", "headers": [(b"host", host) for host in hosts]}
    asyncio.run(own_names_only(app, port=35970)(scope, None, send))  # type: ignore[arg-type]
    assert sent == [status]
