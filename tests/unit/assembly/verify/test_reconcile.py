"""Reconciliation: what is in order, and what is named as a difference."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.assembly.reconcile import LISTED_MAX, Difference, Reconciliation, reconcile
from renkei.contracts.records import RecordFace

NUMBER = "20261123000000000001"


def face(outcome: str = "given", *, number: str = NUMBER, hidden: bool = False, given_ms: int = 7) -> RecordFace:
    final = outcome in ("given", "none")
    return RecordFace(
        number, "jps", "m-011002", "pension-claims", "73.2", "local_tax", "73", 5, hidden, outcome,
        given_ms if final else 0,
    )  # fmt: skip


def run(*faces: RecordFace | None, open_bodies: frozenset[str] = frozenset()) -> Reconciliation:
    """Faces of the core, the requester and the provider."""
    streams = [[one] if one else [] for one in faces]
    return reconcile(streams[0], [streams[1]], [streams[2]], open_bodies=open_bodies)


@pytest.mark.parametrize(
    ("core", "asked", "provided", "state"),
    [
        (face(), face(), face(), "settled"),
        (face(""), face(), face(), "report_due"),
        (face(""), face("pending"), face("pending"), "pending"),
        (face(""), face("lapsed"), None, "unanswered"),
        (face(""), face("refused"), None, "unanswered"),
        (face(""), None, None, "unused"),
        (face(""), face("pending"), face("given"), "unfinished"),
        (face("none"), face("pending"), face("none"), "unfinished"),
        (face(""), face(hidden=True), face(hidden=True), "report_due"),
        (face("", hidden=True), face(hidden=True), face(hidden=True), "report_due"),
    ],
)
def test_states_that_are_in_order(core, asked, provided, state: str) -> None:
    found = run(core, asked, provided)
    assert found.holds
    assert {name for name, count in found.states.items() if count} == {state}


def test_an_exchange_that_was_cut_off_is_named_to_be_finished() -> None:
    """The requester's process was killed before it recorded the answer: it still has the request open."""
    for provided in (None, face()):
        found = run(face(""), None, provided, open_bodies=frozenset({"jps"}))
        assert found.holds
        assert found.unfinished == [NUMBER]


@pytest.mark.parametrize(
    ("core", "asked", "provided", "field"),
    [
        (None, face(), face(), "record"),
        (face(), None, face(), "record"),
        (face(), face(), None, "record"),
        (face(""), face("pending"), None, "record"),
        (face(), face("lapsed"), None, "outcome"),
        (face(), face("lapsed"), face(), "outcome"),
        (face("none"), face(), face(), "outcome"),
        (face(), face("none"), face("given"), "outcome"),
        (face(), face("pending"), face("pending"), "outcome"),
        (face(), face(given_ms=8), face(), "given_ms"),
        (face(given_ms=8), face(), face(), "given_ms"),
        (face(hidden=True), face(), face(), "hidden"),
        (face("", hidden=True), face(), face(), "hidden"),
        (face(""), face(hidden=True), face(), "hidden"),
    ],
)
def test_differences_are_named(core, asked, provided, field: str) -> None:
    found = run(core, asked, provided)
    assert not found.holds
    assert field in {difference.field for difference in found.differences}
    assert {difference.number for difference in found.differences} == {NUMBER}


def test_a_difference_says_what_each_party_says() -> None:
    altered = msgspec.structs.replace(face(), affairs="74.1")
    assert run(face(), altered, face()).differences == [
        Difference(NUMBER, "affairs", {"core": "73.2", "requester": "74.1", "provider": "73.2"})
    ]
    assert run(face(), None, face()).differences == [
        Difference(NUMBER, "record", {"core": "present", "requester": "missing", "provider": "present"})
    ]


FIELDS = (
    "requester",
    "provider",
    "section",
    "affairs",
    "information",
    "row",
    "asked_ms",
    "hidden",
    "outcome",
    "given_ms",
)


@given(party=st.integers(0, 2), field=st.sampled_from(FIELDS))
def test_any_altered_field_of_any_party_is_found(party: int, field: str) -> None:
    value = getattr(face(), field)
    other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else "none"
    faces = [face()] * 3
    faces[party] = msgspec.structs.replace(faces[party], **{field: other})
    found = run(*faces)
    assert [difference.field for difference in found.differences] == [field]


def test_a_long_list_is_counted_and_its_beginning_named() -> None:
    def many(outcome: str) -> Iterator[RecordFace]:
        return (face(outcome, number=f"{n:020d}") for n in range(3_000))

    found = reconcile(many("given"), [many("given")], [many("none")], open_bodies=())
    assert (found.exchanges, found.differing, len(found.differences)) == (3_000, 3_000, LISTED_MAX)


def test_streams_of_many_gateways_are_merged() -> None:
    """Each gateway holds its own share of the numbers; together they are all of the core's."""
    numbers = [f"{n:020d}" for n in range(100)]
    core = [face(number=number) for number in numbers]
    asked = [[face(number=number) for number in numbers[at::3]] for at in range(3)]
    provided = [[face(number=number) for number in numbers[at::7]] for at in range(7)]
    assert reconcile(core, asked, provided, open_bodies=()).states["settled"] == 100
