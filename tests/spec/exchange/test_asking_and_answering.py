"""Asking and answering

A body that needs a fact about a person, which another body holds, asks for it through the network (情報照会) and is
answered (情報提供). No personal number travels: each body has a code (符号) of its own for the person, and only the
core can tell that two codes mean the same one. The examples are of a pension claim: the Japan Pension Service asks a
city for the claimant's tax.
"""

from __future__ import annotations

from tests.contract.exchange.world import World, ended
from tests.network import JPS, SAPPORO, SETAGAYA

from renkei.contracts.exchange import PATH_PERMITS, PATH_PRESENTATIONS, Outcome
from renkei.contracts.information import read_body
from renkei.contracts.sheets import b64


def test_a_question_is_answered_from_a_copy(world: World) -> None:
    """番号法19条8号、22条: the city must answer what the core permitted. It answers at once, from the copy (副本) that
    it registered, and says when that copy was made. The answer names the row of the order that permitted it.
    """
    [answer] = world.ask(world.person())
    ended(answer, Outcome.GIVEN, "")
    assert read_body("local_tax", answer.body() or b"").years[0].fiscal_year == 2026
    assert answer.copied_ms <= answer.given_ms
    assert answer.row == "73"


def test_one_request_may_carry_many_questions(world: World) -> None:
    """Each has a processing number (処理通番) and an end of its own; what one body cannot be asked does not hold up the
    others.
    """
    people = world.people(3)
    world.give_copies(people[:2])
    results = world.ask(*people)
    assert [result.outcome.value for result in results] == ["given", "given", "none"]
    assert len({result.number for result in results}) == 3


def test_no_number_and_no_shared_code_travels(world: World) -> None:
    """The two bodies know the person by different codes. What the Pension Service sends holds its own code; the city's
    is sealed inside the permit to the city, and the answer is sealed to the Pension Service: the core reads neither
    the city's answer nor does the Pension Service learn the city's code.
    """
    person = world.person()
    world.net.between.sent.clear()
    world.ask(person)
    keys = world.net.core.core.keys
    handle = keys.handle(f"99{person:09d}")
    own, theirs = (b64(keys.issue(body_id, handle)).encode() for body_id in (JPS, SAPPORO))
    sent = {request.path: request.body for request in world.net.between.sent}
    assert own in sent[PATH_PERMITS]
    assert theirs not in sent[PATH_PERMITS] + sent[PATH_PRESENTATIONS]
    assert b"local_tax" in sent[PATH_PRESENTATIONS]
    assert b"fiscal_year" not in b"".join(sent.values())


def test_all_three_write_it_down(world: World) -> None:
    """番号法23条: who asked, who answered, for which affairs, what, when. Requester, provider and core keep the same
    record, each under its own code of the person, for seven years.
    """
    [answer] = world.ask(world.person())
    world.settle()
    faces = world.faces_of(answer.number)
    assert faces["requester"] == faces["provider"] == faces["core"]
    assert (faces["core"].requester, faces["core"].provider, faces["core"].affairs) == (JPS, SAPPORO, "73.2")


def test_asking_again_is_not_asking_twice(world: World) -> None:
    """A line breaks, a computer restarts, a clerk presses the button twice: the same request under the same id gets the
    same answer, and there is one record.
    """
    person = world.person()
    batch = world.batch(person)
    first = world.inquire(batch)
    before = world.records()
    assert world.inquire(batch) == first
    world.settle()
    assert world.records() - before <= 1, "at most the core's share of the first one, which the report brought"
    assert len([number for number in world.net.faces() if number == first[0].number]) == 1


def test_the_person_sees_it(world: World) -> None:
    """番号法附則6条3項: the person reads who asked whom for what under which row of the law, with a proof that the
    entry stands in the core's log.
    """
    person = world.person()
    [answer] = world.ask(person)
    world.settle()
    [entry] = world.access_list(person).entries
    assert (entry.number, entry.requester, entry.provider, entry.row) == (answer.number, JPS, SAPPORO, "73")
    assert entry.outcome is Outcome.GIVEN
    assert entry.proof is not None


def test_marked_entries_are_counted_but_not_shown(world: World) -> None:
    """番号法23条2項: where either body marked the exchange as not to be disclosed, its entry is not shown."""
    person = world.person()
    world.mark(person, hidden=True)
    world.ask(person)
    world.settle()
    found = world.access_list(person)
    assert (found.entries, found.withheld) == ([], 1)


def test_the_requester_may_learn_who_holds_a_code(world: World) -> None:
    """Asked of a city that never obtained a code of the person, the core says so: another city has to be asked."""
    person = world.person(at=(JPS, SETAGAYA), copy=False)
    ended(world.ask(person)[0], Outcome.REFUSED, "no_code")
    ended(world.ask(person, provider=SETAGAYA)[0], Outcome.NONE, "no_copy")
