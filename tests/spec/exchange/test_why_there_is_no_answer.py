"""Why there is no answer

An answer that is missing always says why, in a sentence that tells what to do. "Not permitted", "no code", "no data",
"a clerk decides" and "we failed" never look alike, since different people have to act on each.
"""

from __future__ import annotations

from tests.contract.exchange.world import World, ended
from tests.network import JPS, SAPPORO, SECTION

from renkei.base.errors import catalogue
from renkei.contracts.exchange import PATH_PERMITS, Outcome
from renkei.contracts.register import BodyState
from renkei.platform.errors import PeerUnreachable


def test_the_law_does_not_permit_it(world: World) -> None:
    """No row lets the Pension Service ask a city for medical insurance benefits in a pension claim. Nothing is numbered
    and nothing is recorded, but the core keeps the refusal as an audit event.
    """
    [answer] = world.ask(world.person(), information="medical_insurance_benefit")
    ended(answer, Outcome.REFUSED, "not_permitted")
    sentence = catalogue()[answer.reason](**answer.facts).sentence("en")
    assert sentence.startswith("In affairs 73.2 no rule lets the requester (jps) ask the provider")
    assert answer.number == ""


def test_the_section_has_no_case_of_the_person(world: World) -> None:
    """An inquiry serves a case (事案). Where the asking section has no open case of that very person, its own gateway
    refuses before anybody else hears of it: curiosity is not an affair.
    """
    [person] = world.people(cases=False)
    ended(world.ask(person)[0], Outcome.REFUSED, "case_missing")


def test_the_section_is_not_entitled(world: World) -> None:
    """What the law permits to a body, the body permits to those of its sections that need it."""
    person = world.person(copy=False)
    ended(world.ask(person, affairs="73.1")[0], Outcome.REFUSED, "not_entitled")
    assert SECTION == "pension-claims"


def test_the_body_is_stopped(world: World) -> None:
    """番号法28条6項: a body without a published impact assessment takes no part, on either side, until it has one."""
    person = world.person()
    world.set_state(SAPPORO, BodyState.STOPPED)
    ended(world.ask(person)[0], Outcome.REFUSED, "body_stopped")
    world.set_state(SAPPORO, BodyState.ACTIVE)
    ended(world.ask(person)[0], Outcome.GIVEN, "")


def test_there_is_no_code_and_there_is_no_data(world: World) -> None:
    """No code: the city does not know the person, or has not obtained a code yet (施行令20条). No copy: the city knows
    the person and was rightly asked, but has registered no such fact; this is recorded like any other answer.
    """
    ended(world.ask(world.person(at=(JPS,), copy=False))[0], Outcome.REFUSED, "no_code")
    [answer] = world.ask(world.person(copy=False))
    ended(answer, Outcome.NONE, "no_copy")
    world.settle()
    assert {face.outcome for face in world.faces_of(answer.number).values()} == {"none"}


def test_we_failed_and_go_on(world: World) -> None:
    """When a line or a machine fails, the inquiry is written down already. It goes on by itself, and the section finds
    the answer under the id of its request.
    """

    async def core_is_away(request, send):  # type: ignore[no-untyped-def]
        if request.path == PATH_PERMITS:
            raise PeerUnreachable(authority=request.authority)
        return await send(request)

    batch = world.batch(world.person())
    world.net.between.meddle = core_is_away
    ended(world.inquire(batch)[0], Outcome.FAILED, "exchange_interrupted")
    world.net.between.meddle = None
    ended(world.inquire(batch)[0], Outcome.GIVEN, "")


def test_a_permit_does_not_last(world: World) -> None:
    """施行令26条: a permit has a validity period. One that could not be shown in time lapses; the section asks anew."""

    async def city_is_away(request, send):  # type: ignore[no-untyped-def]
        if request.authority.startswith(SAPPORO):
            raise PeerUnreachable(authority=request.authority)
        return await send(request)

    batch = world.batch(world.person())
    world.net.between.meddle = city_is_away
    world.inquire(batch)
    world.move(minutes=6)
    world.net.between.meddle = None
    ended(world.inquire(batch)[0], Outcome.LAPSED, "permit_expired")
