"""Registering copies: each good one is taken, each bad one is named, a repetition changes nothing."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.exchange.world import World, check_sentences, local_tax
from tests.network import SAPPORO, address

from renkei.base.time import to_ms
from renkei.contracts.exchange import ITEMS_MAX
from renkei.contracts.information import BODY_BYTES_MAX, LocalTax, read_body
from renkei.contracts.inquiries import Copy, CopyBatch
from renkei.contracts.sheets import encode
from renkei.platform.http_client import RESPONSE_BYTES_MAX


def copy_of(world: World, person: int, **changes: object) -> Copy:
    made = Copy(
        address_number=address(person), information="local_tax", body=msgspec.Raw(encode(local_tax())),
        copied_ms=to_ms(world.net.clock.now()), valid_from="2026-04-01",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


BAD = {
    "person_unknown": {"address_number": "999999999999999"},
    "copy_from_future": {"copied_ms": 4_000_000_000_000},
    "copy_period_invalid": {"valid_from": "2026-05-01", "valid_to": "2026-04-30"},
    "information_unsupported": {"information": "shoe_size"},
    "copy_body_invalid": {"body": msgspec.Raw(b'{"schema":"local_tax/2026-04","years":[],"number":"1"}')},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_copy_is_named_and_the_good_ones_are_taken(world: World, reason: str) -> None:
    one, other = world.people(2)
    bad, good = copy_of(world, one, **BAD[reason]), copy_of(world, other)
    batch = CopyBatch(batch=world.batch().batch, copies=[bad, good])
    receipt = world.run(world.net.system(SAPPORO).register_copies(batch))
    assert (receipt.stored, receipt.unchanged) == (1, 0)
    [problem] = receipt.problems
    assert (problem.at, problem.reason) == (0, reason)
    check_sentences(problem.reason, problem.facts)
    assert world.run(world.net.system(SAPPORO).register_copies(batch)) == receipt, "the first receipt again"
    [event] = world.events(SAPPORO, "gateway.copies_registered")
    assert (event["stored"], event["problems"]) == (1, 1)


def test_other_copies_under_the_same_id_are_a_conflict(world: World) -> None:
    one, other = world.people(2)
    batch = CopyBatch(batch=world.batch().batch, copies=[copy_of(world, one)])
    world.run(world.net.system(SAPPORO).register_copies(batch))
    changed = msgspec.structs.replace(batch, copies=[copy_of(world, other)])
    assert world.refusal(world.net.system(SAPPORO).register_copies(changed)).code == "request_conflict"


def test_an_older_copy_never_replaces_a_newer_one(world: World) -> None:
    person = world.person()
    old = copy_of(world, person, body=msgspec.Raw(encode(local_tax(1))), copied_ms=5)
    receipt = world.run(
        world.net.system(SAPPORO).register_copies(CopyBatch(batch=world.batch().batch, copies=[old]))
    )  # fmt: skip
    assert (receipt.stored, receipt.unchanged) == (0, 1)
    [answer] = world.ask(person)
    assert read_body("local_tax", answer.body() or b"").years[0].total_income_yen == 3_200_000


def test_a_copy_too_long_for_a_full_answer_is_not_taken(world: World) -> None:
    """An answer of as many copies as a presentation may ask for must fit one message, else it could never arrive."""
    year = local_tax().years[0]
    long = encode(LocalTax(years=[year] * 60))
    assert len(long) > BODY_BYTES_MAX
    [person] = world.people()
    batch = CopyBatch(batch=world.batch().batch, copies=[copy_of(world, person, body=msgspec.Raw(long))])
    [problem] = world.run(world.net.system(SAPPORO).register_copies(batch)).problems
    assert problem.reason == "copy_body_invalid"
    assert ITEMS_MAX * (BODY_BYTES_MAX * 4 // 3 + 1_000) < RESPONSE_BYTES_MAX
