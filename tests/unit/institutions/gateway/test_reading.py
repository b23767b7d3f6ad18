"""What a gateway believes of the core's and a provider's replies: each permit and each answer once, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.contracts.errors import AnswerInvalid, MessageMalformed, PermitInvalid
from renkei.contracts.exchange import (
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitHeader,
    PermitItem,
    Purpose,
    RefusalHeader,
    RefusalItem,
    Sheet,
)
from renkei.contracts.sheets import decode, write_sheet, write_sheets
from renkei.crypto.errors import CertificateExpired
from renkei.crypto.manifest import Manifest, sheets_of
from renkei.institutions.gateway.model.asking import without_answer
from renkei.institutions.gateway.model.reading import PermitSheet, read_answer, read_permits

ASKS = [PermitAsk("code", provider, "73.2", "local_tax", "s", False) for provider in ("a", "b", "a", "c")]


def permit(at: int) -> PermitItem:
    return PermitItem(at, f"n{at}", "s", "73.2", ASKS[at].information, "73", False, "sealed")


def header(provider: str, items: int, *, requester: str = "me", batch: str = "b") -> PermitHeader:
    return PermitHeader(
        provider=provider, requester=requester, batch=batch, purpose=Purpose.REVIEW, edition="e", issued_ms=1,
        expires_ms=2, answer_by_ms=3, items=items, wrap="w",
    )  # fmt: skip


def reply(*sheets: tuple[str, list[int]], refused: list[int], **changes: str) -> tuple[bytes, Manifest]:
    refusals = [RefusalItem(at, "no_code", {}) for at in refused]
    written = [write_sheet(RefusalHeader(batch="b", requester="me", issued_ms=1, items=len(refused)), refusals)]
    for provider, places in sheets:
        written.append(write_sheet(header(provider, len(places), **changes), [permit(at) for at in places]))
    return write_sheets(written), sheets_of([sheet.root for sheet in written])


def read(body: bytes, manifest: Manifest) -> object:
    return read_permits(body, manifest, requester="me", batch="b", asks=ASKS)


def test_a_reply_that_answers_everything_once_is_believed() -> None:
    found = read_permits(*reply(("a", [0, 2]), ("b", [1]), refused=[3]), requester="me", batch="b", asks=ASKS)
    assert [[item.at for item in sheet.items] for sheet in found.sheets] == [[0, 2], [1]]
    assert [item.at for item in found.refusals] == [3]


@pytest.mark.parametrize(
    "made",
    [
        lambda: reply(("a", [0, 2]), ("b", [1]), refused=[]),
        lambda: reply(("a", [0, 2, 2]), ("b", [1]), refused=[3]),
        lambda: reply(("a", [0, 2]), ("b", [1]), refused=[1, 3]),
        lambda: reply(("a", [0, 1]), ("b", [2]), refused=[3]),
        lambda: reply(("a", [0, 2]), ("b", [1]), refused=[3], requester="you"),
        lambda: reply(("a", [0, 2]), ("b", [1]), refused=[3], batch="another"),
        lambda: (reply(("a", [0, 2]), ("b", [1]), refused=[3])[0], reply(refused=[0, 1, 2, 3])[1]),
    ],
    ids=["omitted", "twice", "permitted_and_refused", "other_provider", "other_requester", "other_batch", "unsigned"],
)
def test_any_other_reply_is_not(made: Callable[[], tuple[bytes, Manifest]]) -> None:
    with pytest.raises(PermitInvalid):
        read(*made())


def sheet_of(places: list[int]) -> PermitSheet:
    return Sheet(header("a", len(places)), [permit(at) for at in places], b"", [])


def answer(items: list[AnswerItem], *, provider: str = "a", presentation: str = "p") -> tuple[bytes, Manifest]:
    made = write_sheet(
        AnswerHeader(provider=provider, requester="me", presentation=presentation, given_ms=1, wrap="w"), items
    )
    return made.body, Manifest(made.root, len(items) + 1)


def given_item(number: str, outcome: Outcome = Outcome.NONE) -> AnswerItem:
    return AnswerItem(number, outcome, "no_copy", False, 0, "", "")


@given(st.lists(st.sampled_from(["n0", "n2", "n7"]), max_size=4))
def test_an_answer_is_believed_only_if_it_answers_each_permit_once_in_order(numbers: list[str]) -> None:
    made = answer([given_item(number) for number in numbers])
    if numbers == ["n0", "n2"]:
        assert len(read_answer(*made, sheet_of([0, 2]), presentation="p").items) == 2
        return
    with pytest.raises(AnswerInvalid):
        read_answer(*made, sheet_of([0, 2]), presentation="p")


@pytest.mark.parametrize("outcome", [Outcome.LAPSED, Outcome.FAILED])
def test_no_provider_can_let_a_permit_lapse_or_fail(outcome: Outcome) -> None:
    with pytest.raises(AnswerInvalid):
        read_answer(*answer([given_item("n0", outcome)]), sheet_of([0]), presentation="p")


@pytest.mark.parametrize("change", [{"provider": "b"}, {"presentation": "q"}])
def test_an_answer_to_another_presentation_is_not_believed(change: dict[str, str]) -> None:
    with pytest.raises(AnswerInvalid):
        read_answer(*answer([given_item("n0")], **change), sheet_of([0]), presentation="p")


@given(st.binary(max_size=60))
def test_no_bytes_make_the_decoder_fail_in_another_way(junk: bytes) -> None:
    for kind in (RefusalHeader, PermitItem, AnswerItem):
        with contextlib.suppress(MessageMalformed):
            decode(junk, kind)


@given(st.text(max_size=12))
def test_a_refusal_names_the_place_never_the_value(secret: str) -> None:
    body = msgspec.json.encode(["n", "given", secret, "not a flag", 0, "", ""])
    with pytest.raises(MessageMalformed) as refused:
        decode(body, AnswerItem)
    assert "not a flag" not in str(refused.value)


def test_what_heals_is_a_failure_and_what_is_refused_is_final() -> None:
    from renkei.contracts.errors import BodyStopped
    from renkei.platform.errors import PeerTimeout

    errors = (BodyStopped(body="a"), PeerTimeout(authority="a"), CertificateExpired())
    found = [without_answer(error) for error in errors]
    assert [(one.outcome, one.reason) for one in found] == [
        (Outcome.REFUSED, "body_stopped"),
        (Outcome.FAILED, "exchange_interrupted"),
        (Outcome.FAILED, "certificate_expired"),
    ]
