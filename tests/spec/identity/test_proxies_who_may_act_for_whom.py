"""Who may act for whom

A proxy rests on the law or on the person's own word, reaches as far as it was given, and ends with its last day.
"""

from __future__ import annotations

from datetime import date

import pytest

from renkei.contracts.identity import Act, ProxyKind
from renkei.institutions.identity.errors.proxies import NotAMinor, ProxyScopeWrong, ProxyTermWrong
from renkei.institutions.identity.model.proxies import chosen_limits, statutory_limits

TODAY = date(2026, 11, 23)


def entrust(kind: ProxyKind, affairs: list[str], acts: list[str], until: date):
    return chosen_limits(kind, affairs=affairs, acts=acts, from_day=None, until=until, today=TODAY)


def test_a_parent_acts_until_the_childs_eighteenth_birthday() -> None:
    """Parental authority covers everything (民法818条, 824条) and ends when the child is of age (4条)."""
    limits = statutory_limits(ProxyKind.PARENT, birth=date(2012, 5, 20), until=None, today=TODAY)
    assert limits.until == date(2030, 5, 19)
    with pytest.raises(NotAMinor):
        statutory_limits(ProxyKind.PARENT, birth=date(2008, 11, 23), until=None, today=TODAY)


def test_a_child_born_on_29_february() -> None:
    """Of age on 1 March where the year has no 29 February: the last day is the 28th (年齢計算ニ関スル法律)."""
    limits = statutory_limits(ProxyKind.PARENT, birth=date(2016, 2, 29), until=None, today=TODAY)
    assert limits.until == date(2034, 2, 28)


def test_a_guardian_shows_the_certificate_again_after_three_years() -> None:
    """A guardian acts in everything (民法859条); that the office lasts is shown anew, which is our own rule."""
    assert statutory_limits(ProxyKind.GUARDIAN, birth=None, until=None, today=TODAY).until == date(2029, 11, 22)


def test_a_mandate_is_chosen_and_lasts_a_year_at_most() -> None:
    """Whoever entrusts somebody (民法99条, 643条) chooses areas, acts and days; a year at most is our own rule."""
    limits = entrust(ProxyKind.MANDATE, ["health"], ["view", "apply"], date(2027, 11, 23))
    assert (limits.affairs, limits.acts) == (("health",), (Act.VIEW, Act.APPLY))
    with pytest.raises(ProxyTermWrong):
        entrust(ProxyKind.MANDATE, ["health"], ["view"], date(2027, 11, 24))


def test_a_tax_accountant_acts_in_tax_and_pays_nothing() -> None:
    """Representation in tax is filing and pleading before the tax offices (税理士法2条1項1号), not paying."""
    assert entrust(ProxyKind.TAX_ACCOUNTANT, ["tax"], ["view", "apply", "sign"], date(2028, 3, 31)).affairs == ("tax",)
    for affairs, acts in ((["pension"], ["view"]), (["tax"], ["pay"])):
        with pytest.raises(ProxyScopeWrong):
            entrust(ProxyKind.TAX_ACCOUNTANT, affairs, acts, date(2028, 3, 31))


def test_nobody_grants_parental_authority_to_themselves() -> None:
    """A parent or guardian is entered by a clerk who has seen the proof (施行令12条2項1号)."""
    for kind in (ProxyKind.PARENT, ProxyKind.GUARDIAN):
        with pytest.raises(ProxyScopeWrong):
            entrust(kind, ["*"], ["view"], date(2027, 1, 1))
