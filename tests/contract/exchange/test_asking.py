"""Asking and answering: what a section gets, and what is kept of it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.contract.exchange.world import World, ended
from tests.network import JPS, MOJ, PENSION_CLAIM, SAPPORO, SETAGAYA, ask

from renkei.contracts.errors import MessageMalformed, RequestConflict, TooManyItems
from renkei.contracts.exchange import ITEMS_MAX, Outcome, Purpose
from renkei.contracts.information import read_body
from renkei.contracts.sheets import CORE


def test_an_answer_says_everything_that_a_clerk_needs(world: World) -> None:
    person = world.person()
    [answer] = world.ask(person)
    ended(answer, Outcome.GIVEN, "")
    assert read_body("local_tax", answer.body() or b"").years[0].total_income_yen == 3_200_000
    assert (answer.provider, answer.row, answer.edition) == (SAPPORO, "73", world.net.core.core.table(
        world.net.clock.now()).edition.id)  # fmt: skip
    assert 0 < answer.copied_ms <= answer.asked_ms <= answer.given_ms
    world.settle()
    faces = world.faces_of(answer.number)
    assert set(faces) == {"core", "requester", "provider"}
    assert faces["core"] == faces["requester"] == faces["provider"]
    assert faces["core"].outcome == "given"


def test_every_way_an_inquiry_can_end_looks_different(world: World) -> None:
    """Data, a clerk decides, no data, no code and not permitted: five answers in one batch, never alike."""
    known, protected, copyless = world.people(3)
    world.give_copies([known, protected])
    world.mark(protected, protected=True)
    [codeless] = world.people(at=(JPS,))
    batch = world.batch(known, protected, copyless, codeless, codeless)
    *first, last = batch.inquiries
    last = msgspec.structs.replace(last, information="medical_insurance_benefit")
    results = world.inquire(msgspec.structs.replace(batch, inquiries=[*first, last]))
    found = [(result.outcome.value, result.reason) for result in results]
    assert found == [
        ("given", ""),
        ("pending", "waiting_for_clerk"),
        ("none", "no_copy"),
        ("refused", "no_code"),
        ("refused", "not_permitted"),
    ]
    assert [bool(result.number) for result in results] == [True, True, True, False, False]


@pytest.mark.parametrize("again", ["after", "at_once"])
def test_a_repetition_gets_the_same_answer_and_one_record(world: World, again: str) -> None:
    people = world.people(3)
    world.give_copies(people[:2])
    batch = world.batch(*people)
    system = world.net.system(JPS)

    async def ask_thrice() -> list[object]:
        if again == "after":
            return [await system.inquire(batch) for _ in range(3)]
        return list(await asyncio.gather(*(system.inquire(batch) for _ in range(3))))

    before = world.records()
    first, *more = world.run(ask_thrice())
    assert more == [first, first]
    world.settle()
    assert world.records() - before == 3 * len(people), "one record each in core, requester and provider"
    assert world.run(system.result(batch.batch)) == first


def test_the_same_id_never_stands_for_two_requests(world: World) -> None:
    one, other = world.people(2)
    batch = world.batch(one)
    world.inquire(batch)
    changed = ask(other, batch=batch.batch)
    before = world.records()
    assert isinstance(world.refusal(world.net.system(JPS).inquire(changed)), RequestConflict)
    assert world.refused_calls(JPS) == ["request_conflict"]
    world.settle()
    assert world.records() - before in (0, 1)  # the report of the first one may only now have come
    assert world.result(batch.batch)[0].ref == f"ref-{one}"


def test_two_requests_of_one_id_at_the_same_moment(world: World) -> None:
    """One is accepted, the other is told of the conflict; neither is lost, neither waits for ever."""
    one, other = world.people(2)
    batch = world.batch(one)
    changed = ask(other, batch=batch.batch)
    system = world.net.system(JPS)

    async def both() -> list[object]:
        return list(await asyncio.gather(system.inquire(batch), system.inquire(changed), return_exceptions=True))

    answers = world.run(both())
    assert sum(isinstance(answer, RequestConflict) for answer in answers) == 1
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


def test_many_batches_at_once_share_dispatches_and_keep_their_own_answers(world: World) -> None:
    people = world.people(24)
    world.give_copies(people)
    world.settle()
    purposes = [Purpose.APPLICATION, Purpose.REVIEW, Purpose.CORRECTION]
    batches = [
        msgspec.structs.replace(world.batch(*people[at : at + 2]), purpose=purposes[at % 3])
        for at in range(0, len(people), 2)
    ]
    system = world.net.system(JPS)

    async def all_at_once() -> list[object]:
        return list(await asyncio.gather(*(system.inquire(batch) for batch in batches)))

    for batch, answer in zip(batches, world.run(all_at_once()), strict=True):
        assert answer.batch == batch.batch
        assert [result.ref for result in answer.results] == [inquiry.ref for inquiry in batch.inquiries]
        assert all(result.outcome is Outcome.GIVEN for result in answer.results)
    asked = len(world.events(CORE, "linkage.permits_issued"))
    assert len({batch.purpose for batch in batches}) <= asked < len(batches), "batches travelled together"
    world.check_records()


def test_one_batch_may_ask_several_providers(world: World) -> None:
    people = world.people(2, at=(JPS, SAPPORO, SETAGAYA, MOJ))
    world.give_copies([people[0]], body_id=SETAGAYA)
    batch = world.batch(*people)
    inquiries = [
        msgspec.structs.replace(inquiry, ref=f"{inquiry.ref}-{provider}", provider=provider)
        for inquiry in batch.inquiries
        for provider in (SAPPORO, SETAGAYA, MOJ)
    ]
    results = world.inquire(msgspec.structs.replace(batch, inquiries=inquiries))
    assert [result.ref for result in results] == [inquiry.ref for inquiry in inquiries]
    assert [result.provider for result in results] == [SAPPORO, SETAGAYA, MOJ] * 2
    assert [result.outcome.value for result in results] == ["none", "given", "refused", "none", "none", "refused"]
    assert results[2].reason == "not_permitted", "the Minister of Justice has no tax records to give"


def test_an_empty_batch_and_one_too_long_are_told_apart(world: World) -> None:
    batch = world.batch()
    system = world.net.system(JPS)
    assert isinstance(world.refusal(system.inquire(batch)), MessageMalformed)
    person = world.person(copy=False)
    one = world.batch(person)
    long = msgspec.structs.replace(one, inquiries=one.inquiries * (ITEMS_MAX + 1))
    error = world.refusal(system.inquire(long))
    assert isinstance(error, TooManyItems)
    assert error.public == {"limit": str(ITEMS_MAX)}
    assert world.refused_calls(JPS) == ["message_malformed", "too_many_items"]


def test_a_full_batch_goes_through(world: World) -> None:
    """As many items as one message takes, all about one person."""
    person = world.person()
    one = world.batch(person)
    inquiries = [msgspec.structs.replace(one.inquiries[0], ref=str(at)) for at in range(ITEMS_MAX)]
    results = world.inquire(msgspec.structs.replace(one, inquiries=inquiries))
    assert len(results) == ITEMS_MAX
    assert {result.outcome for result in results} == {Outcome.GIVEN}
    assert len({result.number for result in results}) == ITEMS_MAX
    world.check_records()


def test_who_holds_a_code(world: World) -> None:
    """A requester may ask the core which bodies hold a code of the person and may be asked under its affairs."""
    person = world.person(at=(JPS, SAPPORO, MOJ))
    core = world.net.core.core
    code = core.keys.issue(JPS, core.keys.handle(f"99{person:09d}"))
    from renkei.contracts.exchange import PATH_HOLDERS, TAG_REPLY, Holders, HoldersRequest
    from renkei.contracts.sheets import b64, decode, encode

    request = HoldersRequest(requester=JPS, code=b64(code), affairs=PENSION_CLAIM, information="local_tax")
    peers = world.tenant(JPS).peers
    reply = world.run(peers.core(PATH_HOLDERS, encode(request), request_id="holders", tag=TAG_REPLY))
    assert decode(reply.body, Holders).bodies == [SAPPORO]
