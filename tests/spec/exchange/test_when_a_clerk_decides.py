"""When a clerk decides

Some people must not be found: victims of violence under the support measures (支援措置). Their municipality marks
them, and a machine then never answers about them. A clerk does.
"""

from __future__ import annotations

import pytest
from tests.contract.exchange.world import World, ended
from tests.network import SAPPORO

from renkei.contracts.errors import DecisionStale
from renkei.contracts.exchange import Outcome
from renkei.contracts.inquiries import InquiryBatch


def asked(world: World, *, copy: bool = True) -> tuple[InquiryBatch, str]:
    person = world.person(copy=copy)
    world.mark(person, protected=True)
    batch = world.batch(person)
    [answer] = world.inquire(batch)
    ended(answer, Outcome.PENDING, "waiting_for_clerk")
    return batch, answer.number


def decide(world: World, number: str, *, give: bool) -> None:
    world.run(world.tenant(SAPPORO).decide(number, give=give, user="clerk"))
    world.late_answers_arrive()


def test_nothing_is_said_by_the_machine(world: World) -> None:
    """Whether the city holds anything or not, the first answer is the same: a clerk decides. That there is nothing, or
    something, may already tell where a person lives.
    """
    held, _ = asked(world)
    not_held, _ = asked(world, copy=False)
    answers = [world.result(batch.batch)[0] for batch in (held, not_held)]
    assert {(answer.outcome, answer.reason, answer.copied_ms) for answer in answers} == {
        (Outcome.PENDING, "waiting_for_clerk", 0)
    }


@pytest.mark.parametrize(("give", "outcome", "reason"), [(True, Outcome.GIVEN, ""), (False, Outcome.NONE, "withheld")])
def test_the_clerk_gives_or_withholds(world: World, give: bool, outcome: Outcome, reason: str) -> None:
    """The answer arrives later by itself. Of a refusal the asking section learns that a clerk decided so, not why."""
    batch, number = asked(world)
    decide(world, number, give=give)
    ended(world.result(batch.batch)[0], outcome, reason)


def test_a_decision_stands(world: World) -> None:
    """It can be taken once, by one clerk; the other sees that it was taken."""
    _, number = asked(world)
    decide(world, number, give=False)
    with pytest.raises(DecisionStale):
        decide(world, number, give=True)


def test_who_is_not_answered_in_time_is_told(world: World) -> None:
    """施行令26条 asks for a prompt answer and sets no number of days; the fourteen days are ours. When they have passed
    the inquiry lapses, and requester, provider and core record that no answer was given.
    """
    batch, number = asked(world)
    world.move(days=14)
    with pytest.raises(DecisionStale):
        decide(world, number, give=True)
    world.run(world.tenant(SAPPORO).lapse_overdue())
    world.late_answers_arrive()
    ended(world.result(batch.batch)[0], Outcome.LAPSED, "answer_overdue")
    world.settle()
    assert {face.outcome for face in world.faces_of(number).values()} == {"lapsed"}
