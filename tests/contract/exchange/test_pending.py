"""Inquiries that a clerk decides: a protected person is never answered by the machine."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.contract.exchange.world import World, ended
from tests.network import JPS, SAPPORO, SETAGAYA

from renkei.contracts.errors import BodyStopped, DecisionStale
from renkei.contracts.exchange import PATH_LATE_ANSWERS, PATH_PRESENTATIONS, TAG_REPLY, Outcome
from renkei.contracts.inquiries import InquiryBatch, InquiryResult
from renkei.contracts.register import BodyState
from renkei.contracts.sheets import CORE
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.operations.lapsing import GRACE
from renkei.platform.errors import PeerUnreachable
from renkei.platform.outbox import waiting

CLERK = "clerk-of-sapporo"


def ask_about_protected(world: World, *, copy: bool = True, hidden: bool = False) -> tuple[InquiryBatch, InquiryResult]:
    person = world.person(copy=copy)
    world.mark(person, protected=True, hidden=hidden)
    batch = world.batch(person)
    [answer] = world.inquire(batch)
    ended(answer, Outcome.PENDING, "waiting_for_clerk")
    return batch, answer


def decide(world: World, number: str, *, give: bool = True) -> Outcome:
    return world.run(world.tenant(SAPPORO).decide(number, give=give, user=CLERK))


def shown_to_clerk(world: World) -> set[str]:
    now_ms = int(world.net.clock.now().timestamp() * 1000)
    with world.tenant(SAPPORO).db.reading() as conn:
        return {row.number for row in queries.waiting(conn, now_ms=now_ms)}


def outcomes(world: World, number: str) -> dict[str, str]:
    world.settle()
    return {party: face.outcome for party, face in world.faces_of(number).items()}


def unreachable(*paths: str):  # type: ignore[no-untyped-def]
    async def meddle(request, send):  # type: ignore[no-untyped-def]
        if request.path in paths:
            raise PeerUnreachable(authority=request.authority)
        return await send(request)

    return meddle


@pytest.mark.parametrize("copy", [True, False], ids=["with_copy", "without_copy"])
def test_a_protected_person_is_never_answered_automatically(world: World, copy: bool) -> None:
    """支援措置: not even "nothing held" is said, as that alone may tell where someone lives or does not live."""
    _, answer = ask_about_protected(world, copy=copy)
    assert answer.number in shown_to_clerk(world)
    assert outcomes(world, answer.number) == {"core": "", "requester": "pending", "provider": "pending"}
    [event] = world.events(SAPPORO, "gateway.permits_answered")
    assert event["outcomes"] == {"pending": 1}
    decide(world, answer.number)
    world.late_answers_arrive()


@pytest.mark.parametrize(
    ("copy", "give", "outcome", "reason"),
    [(True, True, "given", ""), (True, False, "none", "withheld"), (False, True, "none", "no_copy")],
)
def test_the_clerk_decides_and_the_answer_comes_later(
    world: World, copy: bool, give: bool, outcome: str, reason: str
) -> None:
    batch, answer = ask_about_protected(world, copy=copy)
    world.move(days=3)
    assert decide(world, answer.number, give=give).value == outcome
    world.late_answers_arrive()
    [late] = world.result(batch.batch)
    ended(late, Outcome(outcome), reason)
    assert (late.number, late.asked_ms) == (answer.number, answer.asked_ms)
    assert late.given_ms > answer.asked_ms + 2 * 86_400_000
    assert world.inquire(batch) == [late], "the same request is answered with the late answer now"
    assert set(outcomes(world, answer.number).values()) == {outcome}
    faces = world.faces_of(answer.number)
    assert faces["core"] == faces["requester"] == faces["provider"]
    [decided] = world.events(SAPPORO, "gateway.pending_decided")
    assert decided == {"number": answer.number, "state": "given" if give else "withheld", "user": CLERK}
    [taken] = world.events(JPS, "gateway.late_answer_taken")
    assert taken == {"number": answer.number, "outcome": outcome}
    assert answer.number not in shown_to_clerk(world)


def test_what_is_decided_is_decided(world: World) -> None:
    _, answer = ask_about_protected(world)
    decide(world, answer.number, give=False)
    for give in (True, False):
        error = world.refusal(world.tenant(SAPPORO).decide(answer.number, give=give, user=CLERK))
        assert isinstance(error, DecisionStale)
    error = world.refusal(world.tenant(SAPPORO).decide("20990101000000000001", give=True, user=CLERK))
    assert isinstance(error, DecisionStale), "nor is there anything to decide about a number never seen"
    world.late_answers_arrive()
    assert len(world.events(SAPPORO, "gateway.pending_decided")) == 1


def test_nothing_is_given_to_a_body_stopped_since(world: World) -> None:
    """番号法28条6項 holds on the day of the answer too; to withhold is always possible."""
    _, answer = ask_about_protected(world)
    world.set_state(JPS, BodyState.STOPPED)
    try:
        error = world.refusal(world.tenant(SAPPORO).decide(answer.number, give=True, user=CLERK))
        assert isinstance(error, BodyStopped)
        assert answer.number in shown_to_clerk(world)
    finally:
        world.set_state(JPS, BodyState.ACTIVE)
    assert decide(world, answer.number) is Outcome.GIVEN
    world.late_answers_arrive()


def test_nobody_decides_in_time(world: World) -> None:
    """The inquiry lapses at the provider, which tells requester and core: the same end in all three records."""
    batch, answer = ask_about_protected(world)
    world.move(days=14)
    error = world.refusal(world.tenant(SAPPORO).decide(answer.number, give=True, user=CLERK))
    assert isinstance(error, DecisionStale)
    assert answer.number not in shown_to_clerk(world)
    lapsed_now = world.run(world.tenant(SAPPORO).lapse_overdue())
    assert lapsed_now >= 1, "others of this shared network may have waited as long"
    assert world.run(world.tenant(SAPPORO).lapse_overdue()) == 0
    world.late_answers_arrive()
    [lapsed] = world.result(batch.batch)
    ended(lapsed, Outcome.LAPSED, "answer_overdue")
    assert set(outcomes(world, answer.number).values()) == {"lapsed"}
    assert len(set(world.faces_of(answer.number).values())) == 1
    [event] = world.events(SAPPORO, "gateway.inquiries_lapsed")
    assert event == {"asked": 0, "to_answer": lapsed_now}
    assert world.run(world.tenant(JPS).lapse_overdue()) == 0, "the requester has nothing left to give up"


def test_a_provider_that_is_never_heard_of_again(world: World) -> None:
    """After a long grace the requester closes its own record; a decision that comes even later is turned away."""
    batch, answer = ask_about_protected(world)
    world.net.between.meddle = unreachable(PATH_LATE_ANSWERS)
    decide(world, answer.number)
    world.move(days=14, seconds=GRACE.total_seconds() - 1)
    assert world.run(world.tenant(JPS).lapse_overdue()) == 0
    ended(world.result(batch.batch)[0], Outcome.PENDING, "waiting_for_clerk")
    world.move(seconds=1)
    assert world.run(world.tenant(JPS).lapse_overdue()) == 1
    ended(world.result(batch.batch)[0], Outcome.LAPSED, "answer_overdue")
    world.net.between.meddle = None
    with world.tenant(SAPPORO).db.reading() as conn:
        [message] = conn.execute(select(store.outbox_table).where(store.outbox_table.c.destination == JPS)).all()
    late = world.tenant(SAPPORO)._deliver
    from renkei.platform.outbox import OutboxMessage

    error = world.refusal(late(OutboxMessage(message.number, JPS, message.kind, bytes(message.body), 1)))
    assert isinstance(error, DecisionStale)
    assert world.refused_calls(JPS) == ["decision_stale"]
    ended(world.result(batch.batch)[0], Outcome.LAPSED, "answer_overdue")
    # Sapporo did give, the Pension Service never took: the records rightly differ, and are told apart by name.
    from tests.network import differences

    world.settle()
    assert [line.partition(":")[0] for line in differences(world.net.faces())] == [answer.number]
    for db, table in (
        (world.tenant(SAPPORO).db, "provision_record"), (world.tenant(JPS).db, "request_record"),
        (world.net.core.core.db, "exchange"),
    ):  # fmt: skip
        with db.writing() as conn:  # so that the next tests begin with records that agree
            conn.exec_driver_sql(f"DELETE FROM {table} WHERE number = '{answer.number}'")
    with world.tenant(SAPPORO).db.writing() as conn:
        conn.exec_driver_sql(f"DELETE FROM outbox_message WHERE number = {message.number}")


def test_an_answer_that_overtakes_the_word_that_it_will_come_later(world: World) -> None:
    """Sapporo answered "later", but that reply was lost; its clerk decides before the requester asks again.

    The late answer must not be thrown away as unknown: it waits until the requester has recorded the exchange.
    """
    person = world.person()
    world.mark(person, protected=True)
    batch = world.batch(person)

    async def lose_the_reply(request, send):  # type: ignore[no-untyped-def]
        reply = await send(request)
        if request.path == PATH_PRESENTATIONS:
            raise PeerUnreachable(authority=request.authority)
        return reply

    world.net.between.meddle = lose_the_reply
    ended(world.inquire(batch)[0], Outcome.FAILED, "exchange_interrupted")
    with world.tenant(SAPPORO).db.reading() as conn:
        [number] = conn.execute(
            select(store.pending.c.number).where(store.pending.c.state == "waiting", store.pending.c.address_number
                                                 == f"{person:015d}")
        ).scalars()  # fmt: skip
    decide(world, number)
    deadline = 50
    while "answer_early" not in world.refused_calls(JPS) and deadline:
        world.run(_pause())
        deadline -= 1
    assert "answer_early" in world.refused_calls(JPS)
    with world.tenant(SAPPORO).db.reading() as conn:
        assert waiting(conn, store.outbox_table) >= 1
        assert waiting(conn, store.outbox_table, parked=True) == 0, "it was not given up"
    world.net.between.meddle = None
    world.inquire(batch)
    world.move(minutes=10)  # the next delivery is due
    world.tenant(SAPPORO).outbox._wake.set()
    world.late_answers_arrive()
    ended(world.result(batch.batch)[0], Outcome.GIVEN, "")
    assert set(outcomes(world, number).values()) == {"given"}


async def _pause() -> None:
    import asyncio

    await asyncio.sleep(0.02)


def test_a_late_answer_twice_changes_nothing(world: World) -> None:
    batch, answer = ask_about_protected(world)
    world.net.between.sent.clear()
    decide(world, answer.number)
    world.late_answers_arrive()
    [first] = world.result(batch.batch)
    from renkei.assembly.peers import SignedPeers
    from renkei.contracts.exchange import Accepted
    from renkei.contracts.sheets import decode
    from renkei.crypto.manifest import parse_manifest_field

    [sent] = [request for request in world.net.between.sent if request.path == PATH_LATE_ANSWERS]
    manifest = parse_manifest_field(sent.headers["renkei-manifest"])
    sapporo = SignedPeers(world.net.means.client(world.net.gateways[SAPPORO].party))
    call = sapporo.body(JPS, PATH_LATE_ANSWERS, sent.body, request_id="again", tag=TAG_REPLY, manifest=manifest)
    assert decode(world.run(call).body, Accepted).accepted == 0
    assert world.result(batch.batch) == [first]
    setagaya = SignedPeers(world.net.means.client(world.net.gateways[SETAGAYA].party))
    call = setagaya.body(JPS, PATH_LATE_ANSWERS, sent.body, request_id="false", tag=TAG_REPLY, manifest=manifest)
    assert world.refusal(call).code == "caller_mismatch"


# --- non-disclosure (不開示) ---


@pytest.mark.parametrize("side", ["none", "requester_item", "requester_person", "provider"])
def test_a_mark_on_either_side_hides_the_entry(world: World, side: str) -> None:
    """番号法23条2項: an exchange marked by either side is counted, not shown, in the person's access list."""
    person = world.person()
    if side == "requester_person":
        world.mark(person, body_id=JPS, hidden=True)
    if side == "provider":
        world.mark(person, hidden=True)
    [answer] = world.ask(person, hidden=side == "requester_item")
    ended(answer, Outcome.GIVEN, "")
    world.settle()
    assert len(set(world.faces_of(answer.number).values())) == 1
    assert all(face.hidden is (side != "none") for face in world.faces_of(answer.number).values())
    found = world.access_list(person)
    assert [entry.number for entry in found.entries] == ([] if side != "none" else [answer.number])
    assert found.withheld == (0 if side == "none" else 1)


def test_an_entry_is_not_shown_before_the_provider_could_mark_it(world: World) -> None:
    """The core learns of a provider's mark by its report only; until then the entry is held back."""
    person = world.person()
    world.mark(person, hidden=True)
    sapporo = world.tenant(SAPPORO)
    peers, sapporo.reporting._peers = sapporo.reporting._peers, _Silent()
    try:
        world.ask(person)
        assert world.access_list(person).entries == []
    finally:
        sapporo.reporting._peers = peers
    world.settle()
    found = world.access_list(person)
    assert (found.entries, found.withheld) == ([], 1)


def test_a_hidden_inquiry_that_waits_for_a_clerk_stays_hidden(world: World) -> None:
    _, answer = ask_about_protected(world, hidden=True)
    person = int(answer.ref.removeprefix("ref-"))
    world.settle()
    world.move(days=1)
    assert world.access_list(person).entries == []
    decide(world, answer.number)
    world.late_answers_arrive()
    world.settle()
    assert (world.access_list(person).entries, world.access_list(person).withheld) == ([], 1)


def test_a_waiting_inquiry_is_shown_as_not_answered_yet(world: World) -> None:
    _, answer = ask_about_protected(world)
    person = int(answer.ref.removeprefix("ref-"))
    world.settle()
    [entry] = world.access_list(person).entries
    assert (entry.number, entry.outcome) == (answer.number, None)
    decide(world, answer.number)
    world.late_answers_arrive()
    world.settle()
    [entry] = world.access_list(person).entries
    assert entry.outcome is Outcome.GIVEN


def test_a_mark_set_while_a_clerk_thinks_counts(world: World) -> None:
    batch, answer = ask_about_protected(world)
    person = int(answer.ref.removeprefix("ref-"))
    world.mark(person, protected=True, hidden=True)
    decide(world, answer.number)
    world.late_answers_arrive()
    ended(world.result(batch.batch)[0], Outcome.GIVEN, "")
    world.settle()
    assert (world.access_list(person).entries, world.access_list(person).withheld) == ([], 1)
    assert len(set(world.faces_of(answer.number).values())) == 1


class _Silent:
    async def core(self, *_: object, **__: object) -> object:
        raise PeerUnreachable(authority=CORE)
