"""What agencies may ask

An office asks what the law of that day permits for its affairs, and nothing that would be merely convenient.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.institutions.agencies.pension.errors import ResidenceUnknown
from renkei.institutions.agencies.pension.model.claims import AFFAIRS, PAPERS, Need, Question, Residence
from renkei.institutions.agencies.pension.model.examining import questions, tax_year_on
from renkei.institutions.agencies.welfare.errors import FormerHomeUnknown
from renkei.institutions.agencies.welfare.model import claims as welfare
from renkei.institutions.agencies.welfare.model.allowance import Child
from renkei.law import LawBook
from renkei.law.errors import NotPermitted

TODAY = date(2026, 11, 23)
TABLE = LawBook.load().on(TODAY)
MAYOR = frozenset({"municipality_mayor", "city_mayor"})
JPS = frozenset({"jps"})
PROVIDERS = {"resident_record": MAYOR, "local_tax": MAYOR, "family_register": frozenset({"moj_minister"})}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.need.value)
def test_every_paper_of_a_pension_claim_has_a_lawful_question_in_its_place(paper) -> None:
    """The Service examines claims for the Minister (番号法19条8号); row 73 names what may be asked of whom."""
    permit = TABLE.check(JPS, AFFAIRS, PROVIDERS[paper.information], paper.information)
    assert (permit.row, permit.article) == ("73", "第七十五条")


def test_a_years_income_is_asked_where_one_lived_on_the_first_of_january() -> None:
    """Moved in February: last year's tax is known to the former municipality (地方税法39条, 318条)."""
    residences = [Residence(date(1999, 4, 1), "m-011002"), Residence(date(2026, 2, 14), "m-131121")]
    assert questions([Need.RESIDENCE, Need.INCOME, Need.FAMILY], residences, on=TODAY) == [
        Question(Need.RESIDENCE, "resident_record", "m-131121"),
        Question(Need.INCOME, "local_tax", "m-011002"),
        Question(Need.FAMILY, "family_register", "moj"),
    ]


def test_a_move_on_the_first_of_january_counts_for_the_new_municipality() -> None:
    """The day of assessment is 1 January itself."""
    residences = [Residence(date(1999, 4, 1), "m-011002"), Residence(date(2026, 1, 1), "m-131121")]
    assert questions([Need.INCOME], residences, on=TODAY)[0].provider == "m-131121"


def test_until_june_the_year_before_is_the_newest_known() -> None:
    """A municipality notifies the year's tax by 31 May (地方税法321条の4)."""
    assert [tax_year_on(date(2026, month, 1)) for month in (1, 5, 6, 12)] == [2025, 2025, 2026, 2026]


def test_an_address_history_that_is_too_short_is_said_so() -> None:
    """Nobody is asked on a guess."""
    with pytest.raises(ResidenceUnknown):
        questions([Need.INCOME], [Residence(date(2026, 2, 14), "m-131121")], on=TODAY)


def claim(moved_in_on: date | None, moved_from: str) -> welfare.Claim:
    return welfare.Claim(
        claim_id="2026-000001", own_number="7", children=(Child(own_number="8", birth=date(2022, 1, 20)),),
        moved_in_on=moved_in_on, moved_from=moved_from, state=welfare.State.FILED, filed_ms=0, round=0, note="",
        decided_ms=0, since=0,
    )  # fmt: skip


def test_a_claimant_who_moved_in_is_asked_about_at_the_former_municipality_and_the_pension_service() -> None:
    """Tax of the claimant under row 106 (児童手当法4条3項), pension contributions under row 107 (18条)."""
    asked = welfare.questions(claim(date(2026, 11, 11), "m-203211"), own_body="m-131121", on=TODAY)
    assert [(one.affairs, one.information, one.provider) for one in asked] == [
        ("106.1", "local_tax", "m-203211"),
        ("107.1", "pension_benefit", "jps"),
    ]
    for one in asked:
        kinds = JPS if one.provider == "jps" else MAYOR
        assert TABLE.check(MAYOR, one.affairs, kinds, one.information).row == one.affairs.split(".")[0]


def test_what_the_own_tax_room_knows_is_not_asked_through_the_exchange() -> None:
    """Who lived here on 1 January was assessed here."""
    for moved in (None, date(2025, 12, 1)):
        asked = welfare.questions(claim(moved, "m-203211" if moved else ""), own_body="m-131121", on=TODAY)
        assert [one.need for one in asked] == [welfare.Need.PENSION]


def test_who_came_without_saying_from_where_is_asked_first() -> None:
    """The claim has to name the former municipality before anyone can be asked."""
    with pytest.raises(FormerHomeUnknown):
        welfare.questions(claim(date(2026, 11, 11), ""), own_body="m-131121", on=TODAY)


def test_what_the_former_municipality_paid_may_not_be_asked() -> None:
    """Row 106 names tax, family register, resident record and account; not the allowance itself."""
    with pytest.raises(NotPermitted):
        TABLE.check(MAYOR, welfare.RECOGNITION, MAYOR, "child_allowance")
