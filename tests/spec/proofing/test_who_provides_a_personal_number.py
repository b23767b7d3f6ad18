"""Who provides a personal number

Whoever receives a personal number makes sure that the number is the person's, and that whoever provides it is the
person or their agent (番号法16条, 施行令12条).
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.institutions.proofing.model.rules import Holder, Proof, capacities_of, proofing_law
from renkei.institutions.proofing.model.sufficient import Assessment, Shown, assess

DAY = date(2026, 11, 23)
TERM = date(2030, 4, 1)
WITH_TERM = {kind for kind, one in proofing_law(DAY).documents.items() if one.expires}


def mine(kind: str, **changes: object) -> Shown:
    return Shown(kind=kind, holder=Holder.PERSON, valid_until=TERM if kind in WITH_TERM else None, **changes)


def agents(kind: str, **changes: object) -> Shown:
    return Shown(kind=kind, holder=Holder.AGENT, valid_until=TERM if kind in WITH_TERM else None, **changes)


def look(case: str, *shown: Shown, difficult: tuple[Proof, ...] = (), body: str = "m-131121") -> Assessment:
    law = proofing_law(DAY)
    return assess(
        shown, case=law.case(case), law=law, difficult=frozenset(difficult), capacities=capacities_of(body)
    )  # fmt: skip


def missing(found: Assessment) -> list[str]:
    return [one.proof.value for one in found.missing]


def test_the_card_proves_both() -> None:
    """The card proves number and identity at once (番号法16条1号); so does the card in a phone (2号)."""
    for kind in ("personal_number_card", "card_record_in_phone"):
        found = look("person_counter", mine(kind))
        assert found.sufficient
        assert len(found.met) == 1


def test_without_the_card_two_papers() -> None:
    """A resident record with the number, and a licence or another paper with a photo (施行令12条1項1号, 2号)."""
    number = mine("resident_record_with_number")
    assert look("person_counter", number, mine("driving_licence")).sufficient
    assert missing(look("person_counter", number)) == ["identity"]
    assert missing(look("person_counter", mine("driving_licence"))) == ["number"]


def test_where_a_photo_is_hard_to_show_two_papers_without_one() -> None:
    """Two papers such as an eligibility certificate do only where a photo is recognised as difficult (規則2条3項)."""
    number = mine("notification_card")
    two = mine("health_eligibility_certificate"), mine("pension_number_notice")
    assert missing(look("person_counter", number, *two)) == ["identity"]
    assert look("person_counter", number, *two, difficult=(Proof.IDENTITY,)).sufficient
    assert missing(look("person_counter", number, two[0], difficult=(Proof.IDENTITY,))) == ["identity"]


def test_only_a_mayor_looks_into_the_resident_register() -> None:
    """In place of a paper with the number: the resident register, for the mayor who keeps it (規則2条1項4号)."""
    shown = mine("driving_licence"), mine("resident_register")
    assert look("person_counter", *shown, difficult=(Proof.NUMBER,)).sufficient
    with pytest.raises(Exception, match="proofing_document_unknown"):
        look("person_counter", *shown, difficult=(Proof.NUMBER,), body="jps")


def test_a_copy_does_by_post_only() -> None:
    """By post a copy does (規則11条1項); at the counter the person's papers themselves are shown."""
    papers = mine("resident_record_with_number", copy=True), mine("driving_licence", copy=True)
    assert look("person_mail", *papers).sufficient
    assert missing(look("person_counter", *papers)) == ["number", "identity"]


def test_an_agent_shows_three_things() -> None:
    """Authority, the agent's own identity, and the person's number; of that a copy does (施行令12条2項, 規則8条)."""
    authority, identity = agents("family_register"), agents("personal_number_card")
    number = mine("personal_number_card", copy=True)
    assert look("statutory_agent_counter", authority, identity, number).sufficient
    assert missing(look("statutory_agent_counter", identity, number)) == ["authority"]
    assert missing(look("statutory_agent_counter", authority, number)) == ["agent_identity"]
    assert missing(look("statutory_agent_counter", authority, identity)) == ["number"]


def test_a_statutory_agent_shows_the_register_and_a_mandated_one_the_mandate() -> None:
    """A family register or proof of the office; a power of attorney (規則6条1項). Neither does for the other."""
    rest = agents("driving_licence"), mine("resident_record_with_number")
    assert look("mandated_agent_counter", agents("power_of_attorney"), *rest).sufficient
    with pytest.raises(Exception, match="proofing_document_unknown"):
        look("statutory_agent_counter", agents("power_of_attorney"), *rest)
    with pytest.raises(Exception, match="proofing_document_unknown"):
        look("mandated_agent_counter", agents("family_register"), *rest)


def test_where_authority_is_hard_to_show_a_paper_that_only_the_person_has() -> None:
    """What is issued to the person alone shows that it was entrusted to the agent (規則6条1項3号)."""
    shown = mine("care_insurance_card"), agents("driving_licence"), mine("resident_record_with_number")
    assert missing(look("mandated_agent_counter", *shown)) == ["authority"]
    assert look("mandated_agent_counter", *shown, difficult=(Proof.AUTHORITY,)).sufficient


def test_a_tax_accountant_is_looked_up() -> None:
    """In affairs of tax, the register of tax accountants stands for the agent's paper (規則9条3項)."""
    shown = agents("tax_agent_authority"), agents("tax_accountant_register"), mine("personal_number_card", copy=True)
    assert look("mandated_agent_counter", *shown).sufficient
    with pytest.raises(Exception, match="proofing_document_unknown"):
        look("mandated_agent_counter", *shown, body="jps")


def test_a_corporation_as_agent() -> None:
    """A corporation shows its registration, and its messenger the relation to it (規則7条2項): both."""
    number = mine("personal_number_card", copy=True)
    company = agents("company_registration"), agents("relation_to_company")
    assert look("mandated_agent_counter", agents("power_of_attorney"), *company, number).sufficient
    lacking = look("mandated_agent_counter", agents("power_of_attorney"), company[0], number)
    assert missing(lacking) == ["agent_identity"]


def test_online() -> None:
    """Online the card signs: data of its surface with a signature, or a look-up with a signature (規則3条1号, 2号)."""
    assert look("person_online", mine("signed_card_surface"), mine("card_signature")).sufficient
    assert look("person_online", mine("register_lookup"), mine("card_signature")).sufficient
    assert missing(look("person_online", mine("card_signature"))) == ["number"]
    agent = agents("sent_authority"), agents("card_signature")
    assert look("agent_online", *agent, mine("register_lookup")).sufficient
    assert missing(look("agent_online", *agent)) == ["number"]


def test_who_is_plainly_known() -> None:
    """An employer need not ask its own employee for a paper (規則2条6項)."""
    assert look("person_counter", mine("resident_record_with_number"), mine("employed_and_known")).sufficient
