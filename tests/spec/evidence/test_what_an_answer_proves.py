"""What an answer proves

Every answer can be saved as a file. Whoever holds the file can check it without asking anyone, and years later: a
court, the commission, the person. `renkei verify FILE` says in one sentence what holds, or which step fails and why.
"""

from __future__ import annotations

import pytest
from tests.unit.assembly.verify import samples
from tests.unit.assembly.verify.samples import country

from renkei.assembly.verdict import STEPS, StepFailed, Verdict, Word
from renkei.assembly.verify import verify_file
from renkei.contracts.evidence import read_evidence
from renkei.contracts.exchange import Outcome
from renkei.law import LawBook


def verdict(case: str) -> Verdict:
    return verify_file(country().files[case], country().trust, book=LawBook.load())


def test_who_gave_what_to_whom_under_which_row() -> None:
    """The file of an answer proves that the provider gave this information to this requester at this time, that the
    core had permitted it, and under which row of the law (番号法19条8号, 22条1項).
    """
    found = verdict(samples.GIVEN)
    assert found.facts.outcome is Outcome.GIVEN
    assert "札幌市は2026年11月23日12時00分に「地方税関係情報」を提供しました" in found.ja
    assert "73の項" in found.ja


def test_every_step_is_a_question_of_its_own() -> None:
    """The check asks twelve questions in order: the form of the file; the certificates, at the time of signing; the
    signatures of requester, core and provider; the place of request, permit and answer in what was signed; whether
    they agree with each other and with the time limits; the law of that day; what was provided; and the requester's
    record in its log. The first that fails ends the check.
    """
    assert [step.number for step in STEPS] == list(range(1, 13))
    assert set(verdict(samples.GIVEN).as_json()["steps"].values()) == {"held"}


def test_a_changed_amount_is_found() -> None:
    """Someone changes the income in a saved answer. The signatures still hold; what is shown is not what the provider
    committed to.
    """
    altered = country().files[samples.GIVEN].replace(b"2090000", b"1090000")
    with pytest.raises(StepFailed) as caught:
        verify_file(altered, country().trust, book=LawBook.load())
    assert (caught.value.step.id, caught.value.cause.code) == ("payload", "digest_mismatch")


def test_the_others_of_the_batch_stay_unseen() -> None:
    """A body asks about many people in one message, and the message is signed as a whole. The file of one person shows
    that person's part and hashes of the rest (番号法23条: records are the business of each person alone).
    """
    numbers = {case: verdict(case).facts.number for case in samples.CASES if case != samples.REFUSED}
    shown = country().files[samples.GIVEN].decode()
    assert [case for case, number in numbers.items() if number in shown] == [samples.GIVEN]


def test_a_clerks_later_answer_is_proved_with_the_first_one() -> None:
    """A person under protection is never answered by the machine. The first answer says that a clerk decides, the
    later one what was decided; both are in the file, and each must lie within its own time limit.
    """
    evidence = read_evidence(country().files[samples.LATE])
    assert evidence.answer is not None
    assert evidence.late is not None
    assert verdict(samples.LATE).facts.word is Word.PROVIDER_LATER


def test_a_refusal_is_evidence_too() -> None:
    """The core refuses to permit an inquiry. The file shows what was asked and what the core signed; there is no
    processing number and no record, since nothing was exchanged.
    """
    found = verdict(samples.REFUSED)
    assert (found.facts.outcome, found.facts.reason, found.facts.number) == (Outcome.REFUSED, "no_code", "")


def test_what_nobody_else_signed_is_said_to_be_the_requesters_word() -> None:
    """The provider never answered, and the permit ran out. That the permit was issued is proved; that no answer came
    stands in the requester's own record only, and the sentence says so.
    """
    found = verdict(samples.LAPSED)
    assert found.facts.word is Word.REQUESTER
    assert "照会者の記録による" in found.ja
