"""Every refusal has its own code, its own sentence and an audit event in the store of the party that refused."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.exchange.world import World, ended
from tests.network import JPS, MOJ, PENSION_CLAIM, SAPPORO, SECTION, SETAGAYA, address, ask, case_of

from renkei.contracts.errors import BatchUnknown
from renkei.contracts.exchange import PATH_PRESENTATIONS, Outcome
from renkei.contracts.inquiries import Case, CaseBatch, CopyBatch
from renkei.contracts.register import BodyState
from renkei.contracts.sheets import CORE
from renkei.institutions.gateway.operations.persons import set_sections
from renkei.institutions.gateway.queries import Section
from renkei.platform.errors import PeerUnreachable

DELETED_ROW = "157.1"
OTHER_SECTION = "other-section"


@pytest.fixture(autouse=True)
def _sections(world: World) -> None:
    """The pension section may ask in a deleted row too; another section has the same affairs."""
    affairs = frozenset({PENSION_CLAIM, DELETED_ROW})
    with world.tenant(JPS).db.writing() as conn:
        set_sections(
            conn,
            [
                Section(SECTION, "年金給付課", "Pension claims", affairs),
                Section(OTHER_SECTION, "別の課", "Another section", frozenset({PENSION_CLAIM})),
            ],
        )


def refused_by_core(world: World, reason: str) -> list[int]:
    return [
        event["count"] for event in world.events(CORE, "linkage.permit_refused") if event["reason"] == reason
    ]  # fmt: skip


def refused_by_own_gateway(world: World, reason: str) -> int:
    return sum(event["refused"].get(reason, 0) for event in world.events(JPS, "gateway.inquiries_accepted"))


# --- what the core refuses ---


def test_not_permitted(world: World) -> None:
    """No row lets the Pension Service ask a municipality for medical insurance benefits in a pension claim."""
    [answer] = world.ask(world.person(), information="medical_insurance_benefit")
    ended(answer, Outcome.REFUSED, "not_permitted")
    assert answer.facts["affairs"] == PENSION_CLAIM
    assert refused_by_core(world, "not_permitted") == [1]
    assert answer.number == "", "nothing was permitted, so nothing is numbered"


def test_row_not_in_force(world: World) -> None:
    """Row 157 is deleted: it stands in the table without force on any day."""
    [person] = world.people(cases=False)
    world.run(world.net.open_cases([person], affairs=DELETED_ROW))
    [answer] = world.ask(person, affairs=DELETED_ROW)
    ended(answer, Outcome.REFUSED, "row_not_in_force")
    assert answer.facts["row"] == "157"
    assert refused_by_core(world, "row_not_in_force") == [1]


def test_unknown_body(world: World) -> None:
    [answer] = world.ask(world.person(), provider="m-999999")
    ended(answer, Outcome.REFUSED, "body_unknown")
    assert refused_by_core(world, "body_unknown") == [1]


def test_unknown_information(world: World) -> None:
    [answer] = world.ask(world.person(), information="shoe_size")
    ended(answer, Outcome.REFUSED, "information_unknown")
    assert refused_by_core(world, "information_unknown") == [1]


def test_no_code(world: World) -> None:
    """The provider has never obtained a code of the person (施行令 20条)."""
    [answer] = world.ask(world.person(at=(JPS,), copy=False))
    ended(answer, Outcome.REFUSED, "no_code")
    assert refused_by_core(world, "no_code") == [1]


def test_a_stopped_provider_is_not_asked(world: World) -> None:
    """番号法28条6項: no exchange with a body whose impact assessment is not published."""
    one, other = world.people(2, at=(JPS, SAPPORO, SETAGAYA))
    world.give_copies([other], body_id=SETAGAYA)
    batch = world.batch(one, other)
    mixed = [batch.inquiries[0], msgspec.structs.replace(batch.inquiries[1], provider=SETAGAYA)]
    world.set_state(SAPPORO, BodyState.STOPPED)
    try:
        stopped, given = world.inquire(msgspec.structs.replace(batch, inquiries=mixed))
    finally:
        world.set_state(SAPPORO, BodyState.ACTIVE)
    ended(stopped, Outcome.REFUSED, "body_stopped")
    ended(given, Outcome.GIVEN, "")
    assert refused_by_core(world, "body_stopped") == [1]
    changes = [event["state"] for event in world.events(CORE, "linkage.body_changed")]
    assert changes == ["stopped", "active"]
    assert world.ask(one)[0].reason == "no_copy", "after it resumed it is asked again"


def test_a_stopped_requester_may_not_ask(world: World) -> None:
    person = world.person()
    batch = world.batch(person)
    world.set_state(JPS, BodyState.STOPPED)
    try:
        [answer] = world.inquire(batch)
    finally:
        world.set_state(JPS, BodyState.ACTIVE)
    ended(answer, Outcome.REFUSED, "body_stopped")
    assert answer.facts == {"body": JPS}
    assert world.refused_calls(CORE) == ["body_stopped"]
    [refused] = world.events(JPS, "gateway.dispatch_refused")
    assert (refused["peer"], refused["reason"]) == (CORE, "body_stopped")
    assert world.inquire(batch) == [answer], "the same request has the same answer, also after the body resumed"
    ended(world.ask(person)[0], Outcome.GIVEN, "")


# --- what the provider refuses ---


def test_stopped_between_permit_and_presentation(world: World) -> None:
    """The provider checks anew: a requester stopped a moment ago is given nothing, its permit notwithstanding."""
    person = world.person()
    batch = world.batch(person)

    async def stop_first(request, send):  # type: ignore[no-untyped-def]
        if request.path == PATH_PRESENTATIONS:
            world.set_state(JPS, BodyState.STOPPED)
        return await send(request)

    world.net.between.meddle = stop_first
    try:
        [answer] = world.inquire(batch)
    finally:
        world.net.between.meddle = None
        world.set_state(JPS, BodyState.ACTIVE)
    ended(answer, Outcome.REFUSED, "body_stopped")
    [event] = world.events(SAPPORO, "gateway.presentation_refused")
    assert (event["reason"], event["count"]) == ("body_stopped", 1)
    assert world.result(batch.batch) == [answer]
    world.settle()
    assert set(world.faces_of(answer.number)) == {"core", "requester"}, "nothing was provided, so nothing is recorded"


@pytest.mark.parametrize("why", ["never", "not_yet", "no_more"])
def test_no_copy(world: World, why: str) -> None:
    """Permitted, and recorded by all three, but there is no copy, or none that may be given on this day."""
    person = world.person(copy=False)
    if why != "never":
        world.give_copies([person])
        day = ("valid_from", "2099-01-01") if why == "not_yet" else ("valid_to", "2026-05-01")
        with world.tenant(SAPPORO).db.writing() as conn:
            conn.exec_driver_sql(
                f"UPDATE copy SET {day[0]} = '{day[1]}' WHERE address_number = '{address(person)}'"
            )  # fmt: skip
    [answer] = world.ask(person)
    ended(answer, Outcome.NONE, "no_copy")
    world.settle()
    assert {face.outcome for face in world.faces_of(answer.number).values()} == {"none"}
    [event] = world.events(SAPPORO, "gateway.permits_answered")
    assert event["outcomes"] == {"none": 1}


def test_expired_permit(world: World) -> None:
    """A permit that could not be presented inside its validity lapses; nobody provided, and a new inquiry works."""
    person = world.person()
    batch = world.batch(person)

    async def out_of_reach(request, send):  # type: ignore[no-untyped-def]
        if request.path == PATH_PRESENTATIONS:
            raise PeerUnreachable(authority=request.authority)
        return await send(request)

    world.net.between.meddle = out_of_reach
    [interrupted] = world.inquire(batch)
    ended(interrupted, Outcome.FAILED, "exchange_interrupted")
    [event] = world.events(JPS, "gateway.inquiries_interrupted")
    assert (event["peer"], event["reason"]) == (SAPPORO, "peer_unreachable")
    world.move(minutes=6)
    world.net.between.meddle = None
    [answer] = world.inquire(batch)
    ended(answer, Outcome.LAPSED, "permit_expired")
    assert "permit_expired" in world.refused_calls(SAPPORO)
    assert world.result(batch.batch) == [answer]
    ended(world.ask(person)[0], Outcome.GIVEN, "")


# --- what the body's own gateway refuses ---


def test_person_unknown(world: World) -> None:
    [answer] = world.inquire(ask(999_999, batch=world.batch().batch))
    ended(answer, Outcome.REFUSED, "person_unknown")
    assert refused_by_own_gateway(world, "person_unknown") == 1
    assert world.events(CORE, "linkage.permits_issued") == [], "the core hears of it only what may be asked"


def test_own_code_missing(world: World) -> None:
    person = world.person(copy=False)
    with world.tenant(JPS).db.writing() as conn:
        conn.exec_driver_sql(f"UPDATE person SET code = NULL WHERE address_number = '{address(person)}'")
    ended(world.ask(person)[0], Outcome.REFUSED, "own_code_missing")
    assert refused_by_own_gateway(world, "own_code_missing") == 1


def test_not_entitled(world: World) -> None:
    """The section is not entitled to the affairs, whatever the law would let the body ask."""
    person = world.person(copy=False)
    ended(world.ask(person, affairs="73.1")[0], Outcome.REFUSED, "not_entitled")
    assert refused_by_own_gateway(world, "not_entitled") == 1


@pytest.mark.parametrize("case", ["none", "closed", "of_another_person", "of_another_section", "of_other_affairs"])
def test_case_missing(world: World, case: str) -> None:
    """Without an open case of that very person in that very section there is nothing that the inquiry could serve."""
    person, neighbour = world.people(2, cases=False)
    if case != "none":
        entry = Case(
            case=case_of(person), section=SECTION, address_number=address(person), affairs=PENSION_CLAIM, opened_ms=1
        )
        change = {
            "closed": {"closed_ms": 2},
            "of_another_person": {"address_number": address(neighbour)},
            "of_another_section": {"section": OTHER_SECTION},
            "of_other_affairs": {"affairs": DELETED_ROW},
        }[case]
        changed = msgspec.structs.replace(entry, **change)
        world.run(world.net.system(JPS).register_cases(CaseBatch(cases=[changed])))
    ended(world.ask(person)[0], Outcome.REFUSED, "case_missing")
    assert refused_by_own_gateway(world, "case_missing") == 1


def test_a_case_may_be_closed_and_opened_again(world: World) -> None:
    person = world.person()
    entry = Case(
        case=case_of(person), section=SECTION, address_number=address(person), affairs=PENSION_CLAIM, opened_ms=1
    )
    system = world.net.system(JPS)
    outcomes = []
    for closed_ms in (5, 0):
        world.run(system.register_cases(CaseBatch(cases=[msgspec.structs.replace(entry, closed_ms=closed_ms)])))
        outcomes.append(world.ask(person)[0].outcome.value)
    assert outcomes == ["refused", "given"]
    registered = world.events(JPS, "gateway.cases_registered")
    assert [(event["opened"], event["closed"]) for event in registered[-2:]] == [(0, 1), (1, 0)]


# --- another tenant's person ---


def test_nobody_reaches_another_bodys_persons(world: World) -> None:
    """A business system of Setagaya asks the Pension Service's gateway: whatever it wants there, it is turned away."""
    from renkei.assembly.peers import GatewayClient
    from renkei.crypto.certificates import Purpose

    person = world.person()
    means = world.net.means
    party = means.keyring.party(SETAGAYA, Purpose.BUSINESS, name=f"{SETAGAYA} business system")
    means.directory.trust(party.certificate, at=world.net.clock.now())
    stranger = GatewayClient(means.client(party), JPS)
    calls = (
        stranger.inquire(world.batch(person)),
        stranger.result("any"),
        stranger.register_copies(CopyBatch(batch="x", copies=[])),
        stranger.register_cases(CaseBatch(cases=[])),
    )
    for call in calls:
        assert world.refusal(call).code == "caller_mismatch"
    assert world.refused_calls(JPS) == ["caller_mismatch"] * len(calls)


def test_results_of_an_unknown_id(world: World) -> None:
    assert isinstance(world.refusal(world.net.system(JPS).result("never-asked")), BatchUnknown)
    assert world.refused_calls(JPS) == ["batch_unknown"]


def test_a_foreign_code_opens_nothing(world: World) -> None:
    """A code of another body, or one changed by a bit, is no code: the check is part of its encryption."""
    person = world.person()
    core = world.net.core.core
    handle = core.keys.handle(f"99{person:09d}")
    own = core.keys.issue(JPS, handle)
    for wrong in (core.keys.issue(MOJ, handle), own[:-1] + bytes([own[-1] ^ 1])):
        with world.tenant(JPS).db.writing() as conn:
            conn.exec_driver_sql(
                f"UPDATE person SET code = NULL WHERE address_number = '{address(person)}'"
            )  # fmt: skip
            from sqlalchemy import update

            from renkei.institutions.gateway import store

            table = store.person
            conn.execute(update(table).where(table.c.address_number == address(person)).values(code=wrong))
        ended(world.ask(person)[0], Outcome.REFUSED, "code_foreign")
    assert refused_by_core(world, "code_foreign") == [1, 1]
