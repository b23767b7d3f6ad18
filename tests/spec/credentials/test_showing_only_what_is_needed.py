"""Showing only what is needed.

The card consolidates other papers: the insurance card, licences, the seal registration, the staff card. Each stays the
word of the body that is competent for it, and the holder decides which line of it anyone sees.
"""

from __future__ import annotations

import pytest

from renkei.institutions.credentials.errors import IssuerNotCompetent
from renkei.institutions.credentials.model import KINDS, check_competent, kind_of


def test_a_paper_is_the_word_of_the_competent_body_alone() -> None:
    """A licence is entered in the minister's register (保健師助産師看護師法10条); a city that employs the nurse cannot
    certify it, nor can an insurer."""
    licence = kind_of("urn:renkei:credential:national-licence")
    check_competent(licence, frozenset({"mhlw_minister"}))
    for other in ("municipality_mayor", "health_insurance_association"):
        with pytest.raises(IssuerNotCompetent) as caught:
            check_competent(licence, frozenset({other}))
        assert "保健師助産師看護師法10条" in caught.value.sentence("ja")


def test_only_what_cannot_be_left_out_is_always_shown() -> None:
    """Each kind always shows who speaks for what (the insurer, the licence, the municipality, the body); name, birth
    date and numbers are the holder's to show."""
    for kind in KINDS.values():
        fields = set(kind.content.__struct_fields__)
        assert kind.shown_always < fields
        assert not kind.shown_always & {"name", "birthdate", "number", "registration_number", "staff_id"}
