"""Whatever is changed in an evidence file, the check fails and names the step."""

from __future__ import annotations

import random
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.unit.assembly.verify import samples
from tests.unit.assembly.verify.samples import CASES, country

from renkei.assembly.verdict import STEPS, StepFailed, Word
from renkei.assembly.verify import verify_file
from renkei.contracts.evidence import Trust
from renkei.law import LawBook

BOOK = LawBook.load()
Json = Any
Path = tuple[str | int, ...]


def check(data: bytes, trust: Trust | None = None) -> None:
    verify_file(data, trust or country().trust, book=BOOK)


def failing(data: bytes, trust: Trust | None = None) -> tuple[str, str]:
    """The step at which the check fails, and the code of the cause."""
    with pytest.raises(StepFailed) as caught:
        check(data, trust)
    assert caught.value.step in STEPS
    for language in ("ja", "en"):
        assert caught.value.cause.sentence(language) in caught.value.sentence(language)
    return caught.value.step.id, caught.value.cause.code


def tree(case: str) -> Json:
    return msgspec.json.decode(country().files[case])


def places(node: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every value of the file, containers included."""
    if path:
        yield path, node
    if isinstance(node, dict):
        for name, value in node.items():
            yield from places(value, (*path, name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*path, index))


def put(node: Json, path: Path, value: Json) -> Json:
    """The tree with one value replaced."""
    if not path:
        return value
    copy = node.copy()
    copy[path[0]] = put(node[path[0]], path[1:], value)
    return copy


def without(node: Json, path: Path) -> Json:
    """The tree with one member or element left out."""
    copy = node.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(node[path[0]], path[1:])
    return copy


def changes(value: Json, dice: random.Random) -> Iterator[Json]:
    """Other values that could stand in this one's place."""
    if value is None:
        yield from ("", 0, {})
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -value - 1, 2**70)
    elif isinstance(value, str):
        yield from altered_texts(value, dice)
    elif isinstance(value, list):
        yield from (value[:-1], [*value, *value[-1:]], value[::-1] if len(value) > 1 else [], None)
    else:
        yield None


def altered_texts(value: str, dice: random.Random) -> Iterator[str]:
    """A text with one character changed, added or lost, at several places; and, where it is base64, one bit flipped."""
    for at in {0, len(value) - 1, *(dice.randrange(len(value)) for _ in range(6))}:
        other = chr(ord(value[at]) ^ 1)
        yield value[:at] + other + value[at + 1 :]
        yield value[:at] + value[at + 1 :]
    yield value + "="
    yield value + "\n"
    try:
        raw = bytearray(b64decode(value, validate=True))
    except ValueError:
        return
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    yield b64encode(raw).decode()


@pytest.mark.parametrize("case", CASES)
def test_no_value_can_be_changed(case: str) -> None:
    """Each field in turn, the texts inside signed parts included; every change is found and a step is named."""
    dice, whole, tried = random.Random(case), tree(case), 0
    for path, value in places(whole):
        for other in changes(value, dice):
            if (case, path, other) == (samples.OVERDUE, ("late",), None):
                continue  # see test_without_the_providers_word_the_requesters_own_is_left
            if other != value or type(other) is not type(value):
                failing(msgspec.json.encode(put(whole, path, other)))
                tried += 1
    assert tried > 300


@pytest.mark.parametrize("case", CASES)
def test_no_value_can_be_left_out(case: str) -> None:
    whole = tree(case)
    for path, _ in places(whole):
        failing(msgspec.json.encode(without(whole, path)))


@pytest.mark.parametrize("case", CASES)
def test_an_extra_member_is_refused_with_its_own_code(case: str) -> None:
    """Anything that nobody signed could be believed by a hasty reader, so the file may not hold it, anywhere."""
    whole = tree(case)
    for path, value in [((), whole), *places(whole)]:
        if isinstance(value, dict):
            data = msgspec.json.encode(put(whole, path, {**value, "note": "given by hand"}))
            assert failing(data) == ("form", "evidence_member_unknown")


def test_white_space_is_free_and_nothing_else() -> None:
    data = country().files[samples.GIVEN]
    check(msgspec.json.format(data, indent=-1))
    check(msgspec.json.format(data, indent=7))
    twice = data.replace(b'"synthetic"', b'"synthetic": true, "synthetic"', 1)
    escaped = data.replace(b'"renkei-evidence/1"', b'"renkei-evidence\\/1"', 1)
    order = dict(reversed(tree(samples.GIVEN).items()))
    for other in (twice, escaped, msgspec.json.encode(order)):
        assert failing(other) == ("form", "evidence_malformed")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b"{" * 1_000, b"null", b"x" * (17 << 20)])
def test_anything_else_is_no_evidence(data: bytes) -> None:
    assert failing(data) == ("form", "evidence_malformed")


def grafted(path: Path, *, onto: str, source: str) -> bytes:
    """Evidence of one exchange with a part of another, well signed each."""
    value = tree(source)
    for name in path:
        value = value[name]
    return msgspec.json.encode(put(tree(onto), path, value))


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("asked", "permit_item"),  # the same request, another item of it
        ("permit", "permit_item"),
        ("answer", "agreement"),
        ("payload", "payload"),
        ("record", "record"),
        ("late", "agreement"),
    ],
)
def test_parts_of_two_exchanges_do_not_make_one(part: str, step: str) -> None:
    """Every part is genuine and well signed, and still the file is refused: the parts name each other."""
    onto, source = (samples.LATE, samples.WITHHELD) if part != "payload" else (samples.GIVEN, samples.LATE)
    assert failing(grafted((part,), onto=onto, source=source))[0] == step


def test_the_provider_cannot_answer_without_a_presentation() -> None:
    whole = put(tree(samples.GIVEN), ("presented",), None)
    assert failing(msgspec.json.encode(whole)) == ("answer_signature", "signature_missing")


def test_another_presentation_does_not_bind_the_answer() -> None:
    """The answer's signature covers the request that it answers; another request of the same requester is not it."""
    late = tree(samples.LATE)
    whole = put(tree(samples.GIVEN), ("presented",), late["asked"]["signed"])
    assert failing(msgspec.json.encode(whole)) == ("answer_signature", "signature_invalid")


def test_an_answer_cannot_be_hidden_behind_a_pending_one() -> None:
    """The requester got a late answer and shows only that a clerk was to decide: its own record says otherwise."""
    whole = put(put(tree(samples.WITHHELD), ("late",), None), ("payload",), None)
    assert failing(msgspec.json.encode(whole)) == ("record", "evidence_inconsistent")


def test_a_given_answer_cannot_be_called_lapsed() -> None:
    whole = tree(samples.GIVEN)
    for part in ("answer", "presented", "payload"):
        whole = put(whole, (part,), None)
    whole = put(whole, ("certificates",), whole["certificates"][:2])
    assert failing(msgspec.json.encode(whole)) == ("record", "evidence_inconsistent")


def test_without_the_providers_word_the_requesters_own_is_left() -> None:
    """That nobody decided in time is told by a late answer of the provider. Leaving it out forges nothing: what is
    left shows less, and the sentence says whose word it is.
    """
    whole, part = country().files[samples.OVERDUE], put(tree(samples.OVERDUE), ("late",), None)
    words = [verify_file(data, country().trust, book=BOOK).facts.word for data in (whole, msgspec.json.encode(part))]
    assert words == [Word.PROVIDER_LATER, Word.REQUESTER]


def changed_trust(**values: Callable[[Any], Any]) -> Trust:
    trust = country().trust
    return msgspec.structs.replace(trust, **{name: change(getattr(trust, name)) for name, change in values.items()})


def test_evidence_of_another_country_is_refused() -> None:
    """Same bodies, same names, another authority."""
    elsewhere = samples.other_country_trust()
    assert failing(country().files[samples.GIVEN], elsewhere) == ("certificates", "certificate_invalid")


def test_a_real_network_does_not_take_synthetic_evidence() -> None:
    trust = changed_trust(synthetic=lambda _: False)
    assert failing(country().files[samples.GIVEN], trust) == ("certificates", "evidence_foreign")


def entries(change: Callable[[Any], Any], body_id: str) -> Trust:
    """Trust in which one body's register entry is another."""

    def changed(register: Any) -> Any:
        bodies = [change(entry) if entry.body_id == body_id else entry for entry in register.bodies]
        return msgspec.structs.replace(register, bodies=[entry for entry in bodies if entry is not None])

    return changed_trust(register=changed)


def test_the_checkpoint_of_another_log_is_refused() -> None:
    """The record has to stand in the log of the body that asked, signed with the key that the register names."""
    provider = next(entry for entry in country().trust.register.bodies if entry.body_id == "m-011002")
    trust = entries(lambda entry: msgspec.structs.replace(entry, log_key=provider.log_key), "jps")
    assert failing(country().files[samples.GIVEN], trust) == ("record", "signature_missing")
    foreign = grafted(("record", "checkpoint"), onto=samples.GIVEN, source=samples.PENDING)
    assert failing(foreign)[0] == "record"


def test_a_body_that_is_not_registered_proves_nothing() -> None:
    assert failing(country().files[samples.GIVEN], entries(lambda _: None, "m-011002")) == ("law", "body_unknown")


def test_the_law_is_asked_again() -> None:
    """The core signed the permit, but no row lets a body of these kinds ask: the evidence shows what is wrong."""
    trust = entries(lambda entry: msgspec.structs.replace(entry, kinds=frozenset({"moj_minister"})), "jps")
    assert failing(country().files[samples.GIVEN], trust) == ("law", "not_permitted")


def test_a_revoked_certificate_is_not_believed_from_then_on() -> None:
    before, after = samples.revoking_trust("m-011002")
    assert failing(country().files[samples.GIVEN], before) == ("certificates", "certificate_invalid")
    check(country().files[samples.GIVEN], after)
