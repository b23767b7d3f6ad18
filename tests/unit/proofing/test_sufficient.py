"""The rule itself: monotone, no document twice, in any order, on the day's law."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.institutions.proofing.errors import (
    CaseUnknown,
    DayUnreadable,
    DocumentUnknown,
    IssuerUnfit,
    ItemsNotMatched,
    NothingShown,
    ProofingInsufficient,
    ReferenceUnfit,
)
from renkei.institutions.proofing.model import records
from renkei.institutions.proofing.model.rules import Holder, Proof, ProofingLaw, capacities_of, proofing_law
from renkei.institutions.proofing.model.sufficient import SHOWN_MAX, Shown, assess

DAY = date(2026, 11, 23)
LAW = proofing_law(DAY)
P, A = Holder.PERSON, Holder.AGENT


def paper(kind: str, holder: Holder = P, **changes: object) -> Shown:
    document = LAW.documents[kind]
    term = DAY if document.expires else None
    issued = document.issued_from
    return Shown(**{"kind": kind, "holder": holder, "valid_until": term, "issued_on": issued, **changes})


def look(case_id: str, *shown: Shown, difficult: set[Proof] = frozenset(), body: str = "m-131121", law=LAW):
    return assess(
        shown, case=law.case(case_id), law=law, difficult=frozenset(difficult), capacities=capacities_of(body)
    )


def of_case(case_id: str) -> list[Shown]:
    case = LAW.case(case_id)
    return [
        paper(document.kind, holder)
        for holder in Holder
        for document in LAW.choices(case, holder, capacities=capacities_of("m-131121"))
    ]


CASES = st.sampled_from(sorted(LAW.cases))


@given(st.data())
def test_more_documents_never_prove_less(data: st.DataObject) -> None:
    case_id = data.draw(CASES)
    all_of_it = of_case(case_id)
    some = data.draw(st.lists(st.sampled_from(all_of_it), min_size=1, max_size=5))
    more = some + data.draw(st.lists(st.sampled_from(all_of_it), max_size=4))
    difficult = data.draw(st.sets(st.sampled_from(list(Proof))))
    few = {one.proof for one in look(case_id, *some, difficult=difficult).missing}
    many = {one.proof for one in look(case_id, *more, difficult=difficult).missing}
    assert many <= few
    eased = {one.proof for one in look(case_id, *some, difficult=set(Proof)).missing}
    assert eased <= few


@given(st.data())
def test_order_does_not_matter_and_no_document_counts_twice(data: st.DataObject) -> None:
    case_id = data.draw(CASES)
    some = data.draw(st.lists(st.sampled_from(of_case(case_id)), min_size=1, max_size=6, unique_by=id))
    found = look(case_id, *some, difficult=set(Proof))
    turned = look(case_id, *data.draw(st.permutations(some)), difficult=set(Proof))
    assert {one.proof for one in found.missing} == {one.proof for one in turned.missing}
    used = [id(shown) for one in found.met for shown in one.shown]
    assert len(used) == len(set(used))


def test_every_kind_that_a_measure_names_is_declared_and_every_kind_is_used() -> None:
    """On a day on which each is in force; a measure with no document left could never be met."""
    days = (DAY, date(2025, 1, 1))
    declared = {kind for day in days for kind in proofing_law(day).documents}
    named = set()
    for day in days:
        law = proofing_law(day)
        for case in law.cases.values():
            for measure in law.measures(case, capacities=frozenset(("municipality", "tax"))):
                assert set(measure.kinds) & set(law.documents), measure.id
                assert set(measure.cases) <= set(law.cases)
                assert bool(measure.all_of) != bool(measure.any_of)
                named |= set(measure.kinds)
    assert named == declared


def test_every_proof_of_every_case_has_a_way_open_to_every_body() -> None:
    for case in LAW.cases.values():
        open_ways = LAW.measures(case, capacities=frozenset())
        assert set(case.needs) <= {proof for measure in open_ways for proof in measure.proves}


@pytest.mark.parametrize(
    ("day", "old", "new"),
    [(date(2025, 12, 1), True, True), (date(2025, 12, 2), False, True), (date(2024, 12, 1), True, False)],
)
def test_insurance_cards_give_way_to_eligibility_certificates(day: date, old: bool, new: bool) -> None:
    law: ProofingLaw = proofing_law(day)
    assert ("health_insurance_card" in law.documents, "health_eligibility_certificate" in law.documents) == (old, new)


def test_terms_and_days_of_issue() -> None:
    number = paper("resident_record_with_number")
    late = look("person_counter", number, paper("passport", valid_until=DAY - timedelta(days=1)))
    assert [one.reason for one in late.unfit] == ["expired"]
    assert [one.proof for one in late.missing] == [Proof.IDENTITY]
    [unsaid] = look("person_counter", number, paper("passport", valid_until=None)).unfit
    assert unsaid.reason == "no_term"
    old = look("person_counter", number, paper("driving_record_certificate", issued_on=date(2012, 3, 31)))
    assert [one.reason for one in old.unfit] == ["too_old"]
    assert look("person_counter", number, paper("driving_record_certificate", issued_on=date(2012, 4, 1))).sufficient


def test_what_is_no_list_of_documents() -> None:
    with pytest.raises(NothingShown):
        look("person_counter")
    with pytest.raises(DocumentUnknown):
        look("person_counter", Shown(kind="library_card", holder=P))
    with pytest.raises(DocumentUnknown):
        look("person_counter", paper("driving_licence", A))
    with pytest.raises(DocumentUnknown):
        look("person_counter", *[paper("driving_licence")] * (SHOWN_MAX + 1))
    with pytest.raises(CaseUnknown):
        LAW.case("person_by_pigeon")


def test_require_says_what_is_missing_first() -> None:
    lacking = look("person_counter", paper("driving_licence"))
    with pytest.raises(ProofingInsufficient) as refusal:
        lacking.require(matched=False)
    assert refusal.value.public == {"missing": "number"}
    enough = look("person_counter", paper("personal_number_card"))
    with pytest.raises(ItemsNotMatched):
        enough.require(matched=False)
    enough.require(matched=True)


@given(st.binary(min_size=12, max_size=12))
def test_ids_are_typed_in_any_way(random: bytes) -> None:
    number = records.evidence_id(random)
    assert records.fold_id(number) == number
    assert records.fold_id(number.lower().replace("-", " ").removeprefix("pf")) == number
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number)
    assert records.fold_id(f" {wide} ") == number


@pytest.mark.parametrize("typed", ["", "PF", "PF-AAAA-BBBB-CCC", "あいうえおかきくけこさし", "x" * 10_000])
def test_what_is_no_id(typed: str) -> None:
    assert records.fold_id(typed) == ""


def test_no_number_gets_into_a_record() -> None:
    for text in ("123456789018", "１２３４５６７８９０１８", "免許番号 12345", "x" * 61, "a\x00b"):
        with pytest.raises(IssuerUnfit):
            records.parse_issuer(text)
    for text in ("123456789018", "1234-5678-9018", "a b", "あ", "x" * 33):
        with pytest.raises(ReferenceUnfit):
            records.parse_reference(text)
    assert records.parse_issuer("  東京都　公安委員会 ") == "東京都 公安委員会"
    assert records.parse_reference("２０２６-17") == "2026-17"


def test_days_are_typed_in_any_way() -> None:
    assert records.parse_day("２０３０/4/1") == records.parse_day("2030-04-01") == date(2030, 4, 1)
    assert records.parse_day(" ") is None
    for text in ("2030-02-30", "令和12年", "2030", "99999999-1-1"):
        with pytest.raises(DayUnreadable):
            records.parse_day(text)
