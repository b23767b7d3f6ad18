"""Evidence of every way an inquiry can end holds, and says so in one sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.network import NOW
from tests.unit.assembly.verify import samples
from tests.unit.assembly.verify.samples import CASES, country

from renkei.assembly.verdict import STEPS, StepFailed, Verdict
from renkei.assembly.verify import verify_file
from renkei.contracts.exchange import Outcome
from renkei.law import LawBook

BOOK = LawBook.load()
OUTCOMES = {
    samples.GIVEN: Outcome.GIVEN,
    samples.NONE: Outcome.NONE,
    samples.PENDING: Outcome.PENDING,
    samples.LATE: Outcome.GIVEN,
    samples.WITHHELD: Outcome.NONE,
    samples.OVERDUE: Outcome.LAPSED,
    samples.LAPSED: Outcome.LAPSED,
    samples.REFUSED: Outcome.REFUSED,
}


def verdict(case: str) -> Verdict:
    return verify_file(country().files[case], country().trust, book=BOOK)


@pytest.mark.parametrize("case", CASES)
def test_every_outcome_has_evidence_that_holds(case: str) -> None:
    found = verdict(case)
    assert found.facts.outcome is OUTCOMES[case]
    assert (found.facts.requester, found.facts.provider) == ("jps", "m-011002")
    for sentence, names in ((found.ja, ("日本年金機構", "札幌市")), (found.en, ("Japan Pension Service", "Sapporo"))):
        assert all(name in sentence for name in names)
        assert "{" not in sentence
    assert "地方税関係情報" in found.ja
    if case != samples.REFUSED:
        assert found.facts.number in found.ja
        assert found.facts.row in found.en


def test_no_two_outcomes_look_alike() -> None:
    sentences = [verdict(case).en.split(": ", 1)[-1] for case in CASES]
    assert len(set(sentences)) == len(sentences)


def test_steps_that_an_exchange_never_came_to_are_said_so() -> None:
    assert set(verdict(samples.GIVEN).as_json()["steps"].values()) == {"held"}
    steps = verdict(samples.LAPSED).as_json()["steps"]
    assert [step.id for step in STEPS if steps[step.id] == "not_reached"] == [
        "answer_signature", "answer_item", "agreement", "payload",
    ]  # fmt: skip
    steps = verdict(samples.REFUSED).as_json()["steps"]
    assert [name for name, state in steps.items() if state == "held"] == [
        "form", "certificates", "request", "permit_signature", "permit_item",
    ]  # fmt: skip


def test_evidence_is_as_good_years_later() -> None:
    """The certificates have run out long since; they were valid when the signatures were made."""
    years_later = NOW + timedelta(days=30 * 365)
    verify_file(country().files[samples.LATE], country().trust, book=BOOK, now=years_later)


def test_nothing_may_be_signed_in_the_future() -> None:
    with pytest.raises(StepFailed) as caught:
        verify_file(country().files[samples.GIVEN], country().trust, book=BOOK, now=NOW - timedelta(minutes=6))
    assert (caught.value.step.id, caught.value.cause.code) == ("certificates", "evidence_from_future")


def test_the_others_of_the_batch_stay_unseen() -> None:
    """Seven persons were asked about in one batch; the file of one holds neither numbers nor codes of the others."""
    for case in CASES:
        text = country().files[case].decode()
        others = [verdict(other).facts.number for other in CASES if other not in (case, samples.REFUSED)]
        assert not [number for number in others if number in text]
