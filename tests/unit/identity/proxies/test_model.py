"""States, limits, overlaps and codes of proxies: pure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.time import age_on, attains_on
from renkei.contracts.identity import ALL_AFFAIRS, Act, ProxyKind
from renkei.institutions.identity.errors.proxies import (
    NotAMinor,
    ProxyScopeWrong,
    ProxyStepRefused,
    ProxyTermWrong,
)
from renkei.institutions.identity.model import proxy_codes
from renkei.institutions.identity.model.proxies import (
    TRANSITIONS,
    Proxy,
    ProxyState,
    ProxyStep,
    acting_of,
    after,
    chosen_limits,
    collide,
    rule_of,
    standing,
    statutory_limits,
)

TODAY = date(2026, 11, 23)
DAYS = st.dates(date(2026, 1, 1), date(2030, 1, 1))
FINAL = (ProxyState.REFUSED, ProxyState.CUT, ProxyState.EXPIRED)


def proxy(**changes: object) -> Proxy:
    values: dict[str, object] = {
        "proxy_id": "x", "kind": ProxyKind.MANDATE, "state": ProxyState.ACTIVE, "principal_id": "a", "actor_id": "b",
        "affairs": ("tax",), "acts": (Act.VIEW,), "from_day": TODAY, "until": TODAY, "granted_by": "principal",
        "made_ms": 0, "confirmed_ms": 0,
    }  # fmt: skip
    return Proxy(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(ProxyState))
@pytest.mark.parametrize("step", list(ProxyStep))
def test_nothing_leads_out_of_an_end(state: ProxyState, step: ProxyStep) -> None:
    if state in FINAL:
        assert (state, step) not in TRANSITIONS
    if (state, step) in TRANSITIONS:
        assert after(state, step) is TRANSITIONS[(state, step)]
    else:
        with pytest.raises(ProxyStepRefused):
            after(state, step)


def test_every_standing_proxy_can_be_cut() -> None:
    for state in (ProxyState.DRAFT, ProxyState.OPEN, ProxyState.ACTIVE):
        assert after(state, ProxyStep.CUT) is ProxyState.CUT


def test_time_ends_drafts_invitations_and_terms() -> None:
    minute, day = 60_000, 24 * 3600_000
    drafted = proxy(state=ProxyState.DRAFT, until=None)
    assert standing(drafted, TODAY, now_ms=30 * minute - 1) is ProxyState.DRAFT
    assert standing(drafted, TODAY, now_ms=30 * minute) is ProxyState.EXPIRED
    invited = proxy(state=ProxyState.OPEN, until=None)
    assert standing(invited, TODAY, now_ms=14 * day - 1) is ProxyState.OPEN
    assert standing(invited, TODAY, now_ms=14 * day) is ProxyState.EXPIRED
    assert standing(proxy(), TODAY, now_ms=0) is ProxyState.ACTIVE
    assert standing(proxy(), TODAY + timedelta(days=1), now_ms=0) is ProxyState.EXPIRED
    assert standing(proxy(state=ProxyState.CUT), TODAY + timedelta(days=1), now_ms=0) is ProxyState.CUT


@given(st.dates(date(1900, 1, 1), TODAY))
def test_a_parents_last_day_is_the_last_of_minority(birth: date) -> None:
    if age_on(birth, TODAY) >= 18:
        with pytest.raises(NotAMinor):
            statutory_limits(ProxyKind.PARENT, birth=birth, until=None, today=TODAY)
        return
    limits = statutory_limits(ProxyKind.PARENT, birth=birth, until=None, today=TODAY)
    assert limits.until == attains_on(birth, 18)
    assert age_on(birth, limits.until) == 17
    assert age_on(birth, limits.until + timedelta(days=1)) == 18
    assert limits.affairs == (ALL_AFFAIRS,)


@given(birth=st.dates(date(2009, 1, 1), TODAY), until=DAYS)
def test_a_clerk_may_only_shorten(birth: date, until: date) -> None:
    whole = statutory_limits(ProxyKind.PARENT, birth=birth, until=None, today=TODAY).until
    assert whole is not None
    if until < TODAY:
        with pytest.raises(ProxyTermWrong):
            statutory_limits(ProxyKind.PARENT, birth=birth, until=until, today=TODAY)
    else:
        assert statutory_limits(ProxyKind.PARENT, birth=birth, until=until, today=TODAY).until == min(whole, until)


def test_a_guardian_has_three_years() -> None:
    limits = statutory_limits(ProxyKind.GUARDIAN, birth=None, until=None, today=TODAY)
    assert limits.until == TODAY + timedelta(days=1095)
    early = statutory_limits(ProxyKind.GUARDIAN, birth=None, until=date(2027, 1, 1), today=TODAY)
    assert early.until == date(2027, 1, 1)


def test_what_a_principal_may_choose() -> None:
    def choose(kind: ProxyKind = ProxyKind.MANDATE, **changes: object):
        values: dict[str, object] = {
            "affairs": ["pension", "tax"], "acts": ["apply", "view"], "from_day": None, "until": TODAY, **changes
        }  # fmt: skip
        return chosen_limits(kind, today=TODAY, **values)  # type: ignore[arg-type]

    assert choose().affairs == ("tax", "pension"), "in the order of the rule, whatever that of the form"
    assert choose().acts == (Act.VIEW, Act.APPLY)
    assert choose(until=TODAY + timedelta(days=365)).until == TODAY + timedelta(days=365)
    for wrong in ({"affairs": []}, {"acts": []}, {"affairs": ["*"]}, {"affairs": ["tax", "x"]}, {"acts": ["steal"]}):
        with pytest.raises(ProxyScopeWrong):
            choose(**wrong)
    for term in (
        {"until": None}, {"until": TODAY - timedelta(days=1)}, {"until": TODAY + timedelta(days=366)},
        {"from_day": TODAY - timedelta(days=1)}, {"from_day": TODAY + timedelta(days=1)},
    ):  # fmt: skip
        with pytest.raises(ProxyTermWrong):
            choose(**term)
    for kind in (ProxyKind.PARENT, ProxyKind.GUARDIAN, ProxyKind.HELPER):
        with pytest.raises(ProxyScopeWrong):
            choose(kind, affairs=["*"])
    assert choose(ProxyKind.TAX_ACCOUNTANT, affairs=["tax"]).affairs == ("tax",)
    with pytest.raises(ProxyScopeWrong):
        choose(ProxyKind.TAX_ACCOUNTANT, affairs=["tax"], acts=["pay"])


def test_majority_is_dated() -> None:
    """The rule is kept from 2022-04-01, when 18 took the place of 20; nothing is guessed for earlier days."""
    assert rule_of(ProxyKind.PARENT, date(2022, 4, 1)).ends_at_age == 18
    with pytest.raises(ProxyScopeWrong):
        rule_of(ProxyKind.PARENT, date(2022, 3, 31))


def test_what_acting_may() -> None:
    some = acting_of(proxy(affairs=("tax", "pension")), principal="", actor="", actor_name="")
    assert some.may(Act.VIEW, "tax")
    assert not some.may(Act.APPLY, "tax")
    assert not some.may(Act.VIEW, "health")
    assert not some.may(Act.VIEW, "*")
    every = acting_of(proxy(affairs=("*",), acts=tuple(Act)), principal="", actor="", actor_name="")
    assert all(every.may(act, area) for act in Act for area in ("tax", "anything"))


PROXIES = st.builds(
    lambda affairs, acts, first, length: proxy(
        affairs=tuple(sorted(affairs)), acts=tuple(sorted(acts)), from_day=first,
        until=None if length is None else first + timedelta(days=length),
    ),
    st.sets(st.sampled_from(["tax", "pension", "*"]), min_size=1), st.sets(st.sampled_from(list(Act)), min_size=1),
    DAYS, st.none() | st.integers(0, 400),
)  # fmt: skip


@given(PROXIES, PROXIES, DAYS, st.sampled_from(["tax", "pension"]), st.sampled_from(list(Act)))
def test_two_that_allow_the_same_on_a_day_collide(one: Proxy, other: Proxy, day: date, area: str, act: Act) -> None:
    def allows(found: Proxy) -> bool:
        within = found.from_day <= day and (found.until is None or day <= found.until)
        return within and acting_of(found, principal="", actor="", actor_name="").may(act, area)

    if allows(one) and allows(other):
        assert collide(one, other)
    assert collide(one, other) == collide(other, one)


def test_other_people_and_kinds_do_not_collide() -> None:
    assert collide(proxy(), proxy())
    for change in ({"principal_id": "c"}, {"actor_id": "c"}, {"kind": ProxyKind.PARENT}):
        assert not collide(proxy(), proxy(**change))


@given(st.binary(min_size=32, max_size=32), st.text(max_size=40))
def test_codes_are_read_as_they_are_shown(key: bytes, row: str) -> None:
    code = proxy_codes.code_of(key, proxy_codes.INVITATION, row)
    assert set(code) <= set(proxy_codes.ALPHABET)
    for typed in (code, proxy_codes.shown(code), code.lower(), " ".join(code)):
        assert proxy_codes.typed(typed) == code
    assert proxy_codes.typed("".join(chr(ord(char) + 0xFEE0) for char in code)) == code
    assert proxy_codes.code_of(key, proxy_codes.COUNTER, row) != code
    kept = proxy_codes.kept(key, proxy_codes.INVITATION, code)
    assert code not in kept
    assert kept != proxy_codes.kept(key, proxy_codes.COUNTER, code)


@given(st.text(max_size=200))
def test_anything_may_be_typed(text: str) -> None:
    read = proxy_codes.typed(text)
    assert read == "" or (len(read) == proxy_codes.LENGTH and set(read) <= set(proxy_codes.ALPHABET))


def test_names_are_compared_as_people_write_them() -> None:
    assert proxy_codes.folded_name("見本　花子") == proxy_codes.folded_name("見本 花子 ") == "見本花子"
    assert proxy_codes.folded_name("ＪＯＨＮ　ＳＭＩＴＨ") == proxy_codes.folded_name("John Smith")
    assert proxy_codes.folded_name("見本花子") != proxy_codes.folded_name("見本花江")
