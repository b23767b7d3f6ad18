"""Asking: many batches at once, parties that hang, callers that leave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from tests.contract.exchange.world import local_tax
from tests.network import JPS, SAPPORO, SETAGAYA, MeddlingWire, Network, Send, ask, differences

from renkei.contracts.exchange import PATH_PERMITS, PATH_PRESENTATIONS, Outcome
from renkei.contracts.sheets import encode
from renkei.institutions.gateway import queries
from renkei.institutions.gateway.operations import asking
from renkei.platform.errors import PeerUnreachable
from renkei.platform.wire import Request, Response

PEOPLE = range(1, 9)
Meddle = Callable[[Request, Send], Awaitable[Response]]


def run(folder: Path, story: Callable[[Network], Awaitable[None]]) -> None:
    """Let a network live through a story; afterwards the parties' records agree."""

    async def main() -> None:
        net = await Network(folder).start()
        for body_id in (JPS, SAPPORO, SETAGAYA):
            await net.give_codes(body_id, PEOPLE)
        for body_id in (SAPPORO, SETAGAYA):
            await net.give_copies(body_id, "local_tax", PEOPLE, local_tax())
        await net.open_cases(PEOPLE)
        await story(net)
        net.between.meddle = None
        await net.settle()
        assert differences(net.faces()) == []
        await net.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


def hanging(authority_of: str, until: asyncio.Event) -> Meddle:
    async def meddle(request: Request, send: Send) -> Response:
        if request.path == PATH_PRESENTATIONS and request.authority.startswith(authority_of):
            await until.wait()
        return await send(request)

    return meddle


def outcomes(answer: object) -> list[str]:
    return [result.outcome.value for result in answer.results]  # type: ignore[attr-defined]


def test_a_provider_that_hangs_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "GIVE_WAY_S", 0.05)

    async def story(net: Network) -> None:
        healed = asyncio.Event()
        net.between.meddle = hanging(SETAGAYA, healed)
        system = net.system(JPS)
        stuck = [asyncio.create_task(system.inquire(ask(1, provider=SETAGAYA, batch=f"stuck-{at}"))) for at in range(6)]
        await asyncio.sleep(0.2)
        for at in range(3):
            answer = await asyncio.wait_for(system.inquire(ask(2, provider=SAPPORO, batch=f"free-{at}")), 3)
            assert outcomes(answer) == ["given"]
        assert not any(task.done() for task in stuck)
        healed.set()
        assert [outcomes(answer) for answer in await asyncio.gather(*stuck)] == [["given"]] * 6
        assert net.gateways[JPS].tenant.asking._dispatching == 0

    run(tmp_path, story)


def test_those_who_share_a_dispatch_wait_for_the_slowest_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_WITHIN_S", 0.1)
    monkeypatch.setattr(asking, "RETRY_S", (0.2,))

    async def story(net: Network) -> None:
        healed = asyncio.Event()
        net.between.meddle = hanging(SETAGAYA, healed)
        batch = ask(1, 2)
        inquiries = [batch.inquiries[0], msgspec.structs.replace(batch.inquiries[1], provider=SETAGAYA)]
        batch = msgspec.structs.replace(batch, inquiries=inquiries)
        system = net.system(JPS)
        first = await system.inquire(batch)
        assert outcomes(first) == ["given", "failed"]
        assert (await system.result(batch.batch)) == first
        healed.set()
        while (found := await system.result(batch.batch)) == first:
            await asyncio.sleep(0.02)
        assert outcomes(found) == ["given", "given"]
        assert found.results[0] == first.results[0], "what was given stays as it was"

    run(tmp_path, story)


def test_a_caller_who_leaves_takes_nothing_along(tmp_path: Path) -> None:
    """Callers whose batches travel together: one gives up waiting, the other is answered, and both are recorded."""

    async def story(net: Network) -> None:
        release = asyncio.Event()
        net.between.meddle = hanging(SAPPORO, release)
        tenant = net.gateways[JPS].tenant
        batches = [ask(person, batch=f"b-{person}") for person in (1, 2)]
        leaver, stayer = (asyncio.create_task(tenant.asking.inquire(batch, encode(batch))) for batch in batches)
        await asyncio.sleep(0.1)
        leaver.cancel()
        release.set()
        assert outcomes(await stayer) == ["given"]
        found = await tenant.asking.result("b-1")
        assert outcomes(found) == ["given"]

    run(tmp_path, story)


def test_a_fault_of_one_dispatch_does_not_keep_the_gateway_from_starting(tmp_path: Path) -> None:
    """A dispatch that cannot be read any more stays open and is named; everything else goes on."""

    async def story(net: Network) -> None:
        async def nobody_answers(request: Request, send: Send) -> Response:
            if request.path == PATH_PERMITS:
                raise PeerUnreachable(authority=request.authority)
            return await send(request)

        net.between.meddle = nobody_answers
        system = net.system(JPS)
        assert outcomes(await system.inquire(ask(1, batch="broken"))) == ["failed"]
        assert outcomes(await system.inquire(ask(2, batch="whole"))) == ["failed"]
        tenant = net.gateways[JPS].tenant
        await tenant.stop()
        with tenant.db.writing() as conn:
            [broken, _] = queries.open_dispatches(conn)
            original = conn.exec_driver_sql("SELECT request FROM dispatch WHERE dispatch = ?", (broken,)).scalar()
            conn.exec_driver_sql("UPDATE dispatch SET request = x'00' WHERE dispatch = ?", (broken,))
        net.between.meddle = None
        tenant.asking._closing = False
        assert await tenant.asking.recover() == 2
        assert outcomes(await tenant.asking.result("whole")) == ["given"]
        with tenant.db.reading() as conn:
            assert queries.open_dispatches(conn) == [broken]
        with tenant.db.writing() as conn:
            conn.exec_driver_sql("UPDATE dispatch SET request = ? WHERE dispatch = ?", (original, broken))
        assert await tenant.asking.recover() == 1
        assert outcomes(await tenant.asking.result("broken")) == ["given"]

    run(tmp_path, story)


def test_the_core_that_never_got_the_request_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that did get it is asked again too: it answers as it did, with the same numbers."""
    monkeypatch.setattr(asking, "RETRY_S", (0.05,))

    async def story(net: Network) -> None:
        for lost in ("request", "reply"):

            async def lose(request: Request, send: Send, lost: str = lost) -> Response:
                if request.path == PATH_PERMITS:
                    if lost == "reply":
                        await send(request)
                    raise PeerUnreachable(authority=request.authority)
                return await send(request)

            net.between.meddle = lose
            system = net.system(JPS)
            assert outcomes(await system.inquire(ask(1, 2, batch=lost))) == ["failed", "failed"]
            net.between.meddle = None
            while outcomes(found := await system.result(lost)) == ["failed", "failed"]:
                await asyncio.sleep(0.02)
            assert outcomes(found) == ["given", "given"]
        assert len(net.faces()) == 4

    run(tmp_path, story)


def test_a_permit_once_known_is_not_asked_for_again(tmp_path: Path) -> None:
    """The core may be away: the exchange with the provider goes on by the permit that is kept."""

    async def story(net: Network) -> None:
        async def sapporo_is_away(request: Request, send: Send) -> Response:
            if request.path == PATH_PRESENTATIONS and request.authority.startswith(SAPPORO):
                raise PeerUnreachable(authority=request.authority)
            return await send(request)

        net.between.meddle = sapporo_is_away
        batch = ask(1, 2)
        inquiries = [batch.inquiries[0], msgspec.structs.replace(batch.inquiries[1], provider=SETAGAYA)]
        batch = msgspec.structs.replace(batch, inquiries=inquiries)
        system = net.system(JPS)
        assert outcomes(await system.inquire(batch)) == ["failed", "given"]

        async def core_is_away(request: Request, send: Send) -> Response:
            if request.path == PATH_PERMITS:
                raise PeerUnreachable(authority=request.authority)
            return await send(request)

        net.between.meddle = core_is_away
        assert outcomes(await system.inquire(batch)) == ["given", "given"]

    run(tmp_path, story)


def test_batches_travel_together_by_purpose_and_size() -> None:
    """Every offer is taken once, in messages of one purpose, of at most ITEMS_MAX items, no id twice in one."""
    from hypothesis import given
    from hypothesis import strategies as st

    from renkei.contracts.exchange import ITEMS_MAX, Purpose

    offers = st.lists(st.tuples(st.sampled_from(Purpose), st.integers(1, ITEMS_MAX), st.integers(0, 5)), max_size=30)

    @given(offers)
    def check(drawn: list[tuple[Purpose, int, int]]) -> None:
        part = asking.Asking.__new__(asking.Asking)
        waiting = []
        for purpose, size, name in drawn:
            one = ask(1, batch=f"b-{name}")
            batch = msgspec.structs.replace(one, purpose=purpose, inquiries=one.inquiries * size)
            waiting.append(asking._Offer(batch, b"", None))  # type: ignore[arg-type]
        part._offers = list(waiting)
        taken = []
        while part._offers:
            message = part._take_offers()
            assert len({offer.batch.purpose for offer in message}) == 1
            assert len({offer.batch.batch for offer in message}) == len(message)
            assert sum(len(offer.batch.inquiries) for offer in message) <= ITEMS_MAX
            taken += message
        assert sorted(map(id, taken)) == sorted(map(id, waiting))

    check()


def test_the_wire_of_a_test_passes_everything_on() -> None:
    """The tests' own tool: without a meddler it changes nothing."""

    class Echo:
        async def send(self, request: Request) -> Response:
            return Response(200, {}, request.body)

    wire = MeddlingWire(Echo())
    assert asyncio.run(wire.send(Request("GET", "a", "/", {}, b"x"))).body == b"x"
    assert Outcome.GIVEN == "given"
