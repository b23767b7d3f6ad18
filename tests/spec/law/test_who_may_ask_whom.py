"""Who may ask whom

One body may ask another for a person's information through the network only where a row of the law's table names
all four: who asks (情報照会者), for which affairs (事務), who answers (情報提供者), and which information
(利用特定個人情報).
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.law import LawBook, PermittedTable
from renkei.law.errors import AffairsUnknown, InformationUnknown, NotPermitted, RowNotInForce

TODAY = date(2026, 11, 23)
MINISTER = frozenset({"mhlw_minister"})
PENSION_SERVICE = frozenset({"jps"})
CITY = frozenset({"municipality_mayor", "city_mayor", "local_body_organ"})
TOWN = frozenset({"municipality_mayor", "local_body_organ"})
JUSTICE = frozenset({"moj_minister"})
PRIME_MINISTER = frozenset({"prime_minister"})


@pytest.fixture(scope="module")
def table() -> PermittedTable:
    return LawBook.load().on(TODAY)


def test_a_permit_names_its_row(table: PermittedTable) -> None:
    """When a person claims a national pension, two papers need not be brought: the certificate of taxation and the
    copy of the resident record. Row 73 lets the municipality be asked for both, and article 75, item 2, is the
    affairs item (`73.2`). The permit cites row and article, so that the person can read which rule it was.
    """
    for paper in ("local_tax", "resident_record"):
        assert table.check(MINISTER, "73.2", CITY, paper).citation.endswith("73の項、75条")


def test_the_same_claim_may_ask_others_too(table: PermittedTable) -> None:
    """The same item lets the Minister of Justice be asked for the family register, and the Prime Minister for the
    account to which public money is paid.
    """
    assert table.check(MINISTER, "73.2", JUSTICE, "family_register").record == "73.1"
    assert table.check(MINISTER, "73.2", PRIME_MINISTER, "public_money_account").record == "73.3"


def test_the_pension_service_asks_for_the_minister(table: PermittedTable) -> None:
    """The order names the Minister of Health, Labour and Welfare. The Japan Pension Service does the pension affairs
    in the Minister's place, and the Act (art. 19, item 8) includes a body that does so. It may ask in those rows and
    in no other of the Minister's.
    """
    assert table.check(PENSION_SERVICE, "73.2", CITY, "local_tax").row == "73"
    with pytest.raises(NotPermitted):
        table.check(PENSION_SERVICE, "7.1", PRIME_MINISTER, "public_money_account")


def test_the_affairs_decide(table: PermittedTable) -> None:
    """It is not enough that a body may ask for an item at all. In deciding an exemption from contributions (`74.1`)
    public assistance may be asked for, in deciding a pension (`73.2`) it may not.
    """
    assert table.check(MINISTER, "74.1", CITY, "public_assistance").row == "74"
    with pytest.raises(NotPermitted):
        table.check(MINISTER, "73.2", CITY, "public_assistance")


def test_child_allowance(table: PermittedTable) -> None:
    """For child allowance a municipality may ask the former municipality for tax and residence (row 106) and the
    pension insurers for pension information (row 107). No row lets it ask a health insurer for this.
    """
    assert table.check(TOWN, "106.1", CITY, "local_tax").record == "106.2"
    assert table.check(TOWN, "107.1", PENSION_SERVICE, "pension_benefit").record == "107.1"
    for affairs in ("106.1", "107.1"):
        with pytest.raises(NotPermitted):
            table.check(TOWN, affairs, frozenset({"health_insurance_association"}), "medical_insurance_benefit")


def test_nobody_asks_for_child_allowance_to_decide_a_pension(table: PermittedTable) -> None:
    """A pension office that is curious whether a claimant draws child allowance is refused: there is no row for it,
    in any pension affair.
    """
    for affairs in ("58.2", "72.1", "73.1", "73.2", "74.1", "156.1"):
        with pytest.raises(NotPermitted):
            table.check(PENSION_SERVICE, affairs, CITY, "child_allowance")


def test_a_body_acts_in_its_capacities(table: PermittedTable) -> None:
    """A body is known by its capacities, not by its name. A city is a municipality, and its mayor is also one of
    「都道府県知事等」, who hold public assistance; a town without a welfare office is only a municipality.
    """
    assert table.check(MINISTER, "74.1", CITY, "public_assistance").row == "74"
    with pytest.raises(NotPermitted):
        table.check(MINISTER, "74.1", TOWN, "public_assistance")


def test_refusals_never_look_alike(table: PermittedTable) -> None:
    """What is refused by law, what does not exist, and what is no longer in force are told apart."""
    with pytest.raises(NotPermitted):
        table.check(MINISTER, "73.2", CITY, "disability")
    with pytest.raises(AffairsUnknown):
        table.check(MINISTER, "73.99", CITY, "local_tax")
    with pytest.raises(InformationUnknown):
        table.check(MINISTER, "73.2", CITY, "shoe_size")
    with pytest.raises(RowNotInForce):
        table.check(MINISTER, "157.1", CITY, "local_tax")
