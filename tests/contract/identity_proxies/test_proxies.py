"""Proxies on both databases: granted, accepted, used, ended; and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.contract.identity_proxies.world import CLIENT, NOW, PORTAL, TODAY, staff

from renkei.base.time import to_ms
from renkei.contracts.identity import Acr, Act, ProxyKind, Realm
from renkei.institutions.identity.errors.proxies import (
    BirthDiffers,
    CautionNeeded,
    CounterCodeUnknown,
    EvidenceUnfit,
    NameUnconfirmed,
    NotAMinor,
    ProxyCardNeeded,
    ProxyEnded,
    ProxyNameWrong,
    ProxyNotYet,
    ProxyOfOneself,
    ProxyOfProxy,
    ProxyOutsideLimits,
    ProxyOverlaps,
    ProxyScopeWrong,
    ProxyStepRefused,
    ProxyUnknown,
    TaxAccountantUnregistered,
)
from renkei.institutions.identity.model.proxies import EndedBy, ProxyState, chosen_limits
from renkei.institutions.identity.operations import protection, proxies
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.store import audit_table
from renkei.platform.audit_store import audited

KEY = b"s" * 32


def limits(**changes):
    values = {"affairs": ["tax"], "acts": ["view"], "from_day": None, "until": date(2027, 3, 31), "today": TODAY}
    return chosen_limits(ProxyKind.MANDATE, **{**values, **changes})


def drafted(conn, world, session, *, proxy_id="x-1", kind=ProxyKind.MANDATE, name="見本花子", **changes):
    return proxies.draft(
        conn, session, proxy_id=proxy_id, kind=kind, limits=limits(**changes), actor_name=name, now=world.now
    )


def test_a_mandate_from_draft_to_cut(world) -> None:
    mother, daughter = world.sign_in("mother"), world.sign_in("daughter")
    with world.db.writing() as conn:
        drafted(conn, world, mother)
        assert proxies.claim(conn, daughter, world.code("x-1"), key=KEY, now=world.now) is None, "not confirmed yet"
        assert proxies.confirm(conn, mother, "x-1", key=KEY, now=world.now).state is ProxyState.OPEN
        typed = world.code("x-1").lower()[:5] + " - " + world.code("x-1").lower()[5:]
        assert proxies.claim(conn, daughter, typed, key=KEY, now=world.now) is not None
        assert proxies.claim(conn, daughter, typed, key=KEY, now=world.now) is None, "a code is spent once"
        assert proxies.offers(conn, "daughter", world.now) == ()
        accepted = proxies.decide(conn, daughter, "x-1", accept=True, now=world.now)
        assert (accepted.state, accepted.actor_name, accepted.principal_name) == (
            ProxyState.ACTIVE, "見本　花子", "見本　ウメ",
        )  # fmt: skip
        [offer] = proxies.offers(conn, "daughter", world.now)
        assert (offer.principal, offer.affairs, offer.acts) == ("見本　ウメ", ("tax",), (Act.VIEW,))
        acting = proxies.acting(conn, "x-1", "daughter", world.now, actor="sub-d")
        assert acting.may(Act.VIEW, "tax")
        assert not acting.may(Act.PAY, "tax")
        proxies.record_use(conn, "x-1", "daughter", world.now, client_id="filing", act=Act.VIEW, affairs="tax")
        with pytest.raises(ProxyOutsideLimits):
            proxies.record_use(conn, "x-1", "daughter", world.now, client_id="filing", act=Act.APPLY, affairs="tax")
        with pytest.raises(ProxyOutsideLimits):
            proxies.record_use(conn, "x-1", "daughter", world.now, client_id="filing", act=Act.VIEW, affairs="pension")
        [use] = queries.uses(conn, "mother")
        assert (use.client_id, use.act, use.affairs, use.at_ms) == ("filing", Act.VIEW, "tax", to_ms(NOW))
        ended = []
        cut = proxies.cut(conn, "x-1", "mother", world.now, ended=lambda conn, ids, now: ended.append(ids))
        assert (cut.state, cut.ended_by, ended) == (ProxyState.CUT, EndedBy.PRINCIPAL, [("x-1",)])
        assert proxies.offers(conn, "daughter", world.now) == ()
        for call in (proxies.acting, proxies.record_use):
            with pytest.raises(ProxyEnded):
                call(conn, "x-1", "daughter", world.now, **({"client_id": "f"} if call is proxies.record_use else {}))
        names = [row.name for row in audited(conn, audit_table) if "proxy" in row.name]
        assert names == [f"identity.proxy_{name}" for name in ("granted", "decided", "used", "cut")]


def test_the_card_is_shown_between_draft_and_confirmation(world) -> None:
    earlier = world.sign_in("mother")
    world.clock.move(timedelta(seconds=5))
    phone = world.sign_in("mother", acr=Acr.PHONE)
    with world.db.writing() as conn:
        drafted(conn, world, earlier)
        for session in (earlier, phone):
            with pytest.raises(ProxyCardNeeded):
                proxies.confirm(conn, session, "x-1", key=KEY, now=world.now)
    fresh = world.sign_in("mother")
    world.clock.move(timedelta(minutes=6))
    with world.db.writing() as conn:
        with pytest.raises(ProxyCardNeeded):
            proxies.confirm(conn, fresh, "x-1", key=KEY, now=world.now)
        with pytest.raises(ProxyUnknown):
            proxies.confirm(conn, world_session(world, "stranger"), "x-1", key=KEY, now=world.now)
    world.clock.move(timedelta(minutes=30))
    late = world.sign_in("mother")
    with world.db.writing() as conn, pytest.raises(ProxyStepRefused):
        proxies.confirm(conn, late, "x-1", key=KEY, now=world.now)


def world_session(world, account_id, **more):
    """A session that is not kept: enough for what is refused before it matters."""
    from renkei.institutions.identity.model.sessions import Session

    at = to_ms(world.now)
    return Session(
        session_id="sid-x", realm=Realm.MAIN, account_id=account_id, acr=Acr.CARD, amr=(), auth_ms=at, started_ms=at,
        seen_ms=at, device="?", **more,
    )  # fmt: skip


def test_only_the_person_named_takes_an_invitation(world) -> None:
    mother = world.sign_in("mother")
    with world.db.writing() as conn:
        drafted(conn, world, mother)
        proxies.confirm(conn, mother, "x-1", key=KEY, now=world.now)
        code = world.code("x-1")
        assert proxies.claim(conn, world_session(world, "stranger"), code, key=KEY, now=world.now) is None
        with pytest.raises(ProxyOfOneself):
            proxies.claim(conn, mother, code, key=KEY, now=world.now)
        with pytest.raises(NameUnconfirmed):
            proxies.claim(conn, world_session(world, "child"), code, key=KEY, now=world.now)
        for _ in range(9):
            assert proxies.claim(conn, world_session(world, "stranger"), "AAAAA-AAAAA", key=KEY, now=world.now) is None
        assert proxies.guesses_left(conn, "stranger", world.now) == 0
        assert proxies.guesses_left(conn, "daughter", world.now) == 10
    world.clock.move(timedelta(days=14))
    with world.db.writing() as conn:
        assert proxies.claim(conn, world_session(world, "daughter"), code, key=KEY, now=world.now) is None


def test_whoever_is_asked_may_refuse_and_may_give_up(world) -> None:
    mother, daughter = world.sign_in("mother"), world.sign_in("daughter")
    with world.db.writing() as conn:
        for proxy_id in ("x-1", "x-2"):
            drafted(conn, world, mother, proxy_id=proxy_id)
            proxies.confirm(conn, mother, proxy_id, key=KEY, now=world.now)
            assert proxies.claim(conn, daughter, world.code(proxy_id), key=KEY, now=world.now)
        assert proxies.decide(conn, daughter, "x-1", accept=False, now=world.now).state is ProxyState.REFUSED
        with pytest.raises(ProxyStepRefused):
            proxies.decide(conn, daughter, "x-1", accept=True, now=world.now)
        proxies.decide(conn, daughter, "x-2", accept=True, now=world.now)
        with pytest.raises(ProxyUnknown):
            proxies.cut(conn, "x-2", "stranger", world.now)
        assert proxies.cut(conn, "x-2", "daughter", world.now).ended_by is EndedBy.PROXY
        assert proxies.cut(conn, "x-2", "mother", world.now).ended_by is EndedBy.PROXY, "over already"


def test_cut_all_ends_those_for_me_and_leaves_those_by_me(world) -> None:
    first = world.entrust("mother", "daughter", "見本花子", affairs=["tax"])
    second = world.entrust("mother", "daughter", "見本花子", affairs=["pension"])
    other = world.entrust("daughter", "mother", "見本ウメ")
    with world.db.writing() as conn:
        assert proxies.cut_all(conn, "mother", world.now) == 2
        assert [queries.stands(conn, one, world.now) for one in (first, second, other)] == [False, False, True]
        assert proxies.cut_all(conn, "mother", world.now) == 0


def test_overlapping_proxies_are_refused(world) -> None:
    world.entrust("mother", "daughter", "見本花子", affairs=["tax"], acts=["view"])
    with pytest.raises(ProxyOverlaps):
        world.entrust("mother", "daughter", "見本花子", affairs=["tax", "pension"], acts=["view", "apply"])
    world.entrust("mother", "daughter", "見本花子", affairs=["tax"], acts=["apply"])
    world.entrust("mother", "stranger", "模範次郎", affairs=["tax"], acts=["view"])


def test_a_proxy_begins_and_ends_by_the_day_in_japan(world) -> None:
    proxy_id = world.entrust(
        "mother", "daughter", "見本花子", from_day=date(2026, 11, 25), until=date(2026, 11, 25)
    )  # fmt: skip
    world.clock.move_to(NOW.replace(day=24, hour=14, minute=59))
    with world.db.reading() as conn:
        with pytest.raises(ProxyNotYet):
            proxies.acting(conn, proxy_id, "daughter", world.now)
        assert not queries.stands(conn, proxy_id, world.now)
    world.clock.move(timedelta(minutes=1))
    with world.db.reading() as conn:
        assert proxies.acting(conn, proxy_id, "daughter", world.now).until == date(2026, 11, 25)
    world.clock.move(timedelta(days=1))
    with world.db.reading() as conn, pytest.raises(ProxyEnded):
        proxies.acting(conn, proxy_id, "daughter", world.now)


def test_nothing_is_handed_on_by_whoever_is_helped(world) -> None:
    """Beside a helper nobody entrusts or accepts anything: that is done alone (民法104条 for the proxy itself)."""
    with world.db.writing() as conn, pytest.raises(ProxyOfProxy):
        drafted(conn, world, world_session(world, "mother", helper="staff-1"))


def test_a_tax_accountant_is_registered(world) -> None:
    mother, other = world.sign_in("mother"), world.sign_in("stranger")
    with world.db.writing() as conn:
        made = chosen_limits(
            ProxyKind.TAX_ACCOUNTANT, affairs=["tax"], acts=["view", "apply", "sign"], from_day=None,
            until=date(2028, 3, 31), today=TODAY,
        )  # fmt: skip
        kind = ProxyKind.TAX_ACCOUNTANT
        proxies.draft(conn, mother, proxy_id="x-1", kind=kind, limits=made, actor_name="模範 次郎", now=world.now)
        proxies.confirm(conn, mother, "x-1", key=KEY, now=world.now)
        assert proxies.claim(conn, other, world.code("x-1"), key=KEY, now=world.now)
        with pytest.raises(TaxAccountantUnregistered):
            proxies.decide(conn, other, "x-1", accept=True, now=world.now)
        proxies.decide(conn, other, "x-1", accept=True, registered=True, now=world.now)


@pytest.mark.parametrize("name", ["", "  ", "123456789018", "見本　１２３", "x" * 61, "a\x00b"])
def test_names_hold_no_numbers(world, name) -> None:
    with world.db.writing() as conn, pytest.raises(ProxyNameWrong):
        drafted(conn, world, world_session(world, "mother"), name=name)


# --- by a clerk ---


def granted(conn, world, *, kind=ProxyKind.PARENT, birth=date(2015, 4, 1), evidence=None, **changes):
    values = {"principal_id": "child", "actor_id": "mother", **changes}
    return proxies.grant_by_clerk(
        conn, staff(), proxy_id=f"c-{kind}", kind=kind, evidence=evidence or world.proofings.add(), birth=birth,
        now=world.now, **values,
    )  # fmt: skip


def test_a_parent_acts_until_the_child_is_of_age(world) -> None:
    with world.db.writing() as conn:
        made = granted(conn, world)
        assert (made.state, made.until, made.affairs) == (ProxyState.OPEN, date(2033, 3, 31), ("*",))
        session = world_session(world, "mother")
        with pytest.raises(ProxyUnknown):
            proxies.decide(conn, world_session(world, "stranger"), made.proxy_id, accept=True, now=world.now)
        proxies.decide(conn, session, made.proxy_id, accept=True, now=world.now)
        assert proxies.acting(conn, made.proxy_id, "mother", world.now).may(Act.SIGN, "anything")


def test_evidence_is_of_the_right_case_body_and_age_and_is_used_once(world) -> None:
    with world.db.writing() as conn:
        for changes, reason in (
            ({"case": "mandated_agent_counter"}, "case"),
            ({"body_id": "m-131130"}, "body"),
            ({"at_ms": to_ms(NOW - timedelta(days=31))}, "age"),
            ({"at_ms": to_ms(NOW + timedelta(days=1))}, "age"),
        ):
            with pytest.raises(EvidenceUnfit) as refusal:
                granted(conn, world, evidence=world.proofings.add("PF-ZZZZ-ZZZZ-ZZZZ", **changes))
            assert refusal.value.public["reason"] == reason
        granted(conn, world)
        with pytest.raises(EvidenceUnfit) as used:
            granted(conn, world, kind=ProxyKind.GUARDIAN, actor_id="stranger")
        assert used.value.public["reason"] == "used"


def test_what_a_clerk_cannot_grant(world) -> None:
    with world.db.writing() as conn:
        with pytest.raises(ProxyScopeWrong):
            granted(conn, world, kind=ProxyKind.MANDATE)
        with pytest.raises(ProxyOfOneself):
            granted(conn, world, actor_id="child")
        with pytest.raises(NotAMinor):
            granted(conn, world, birth=date(2008, 11, 23))
        with pytest.raises(NotAMinor):
            granted(conn, world, birth=None)
        with pytest.raises(BirthDiffers):
            granted(conn, world, principal_id="daughter", birth=date(2015, 4, 1))
        protection.protect(conn, "child", world.now)
        with pytest.raises(CautionNeeded):
            granted(conn, world)
        protection.lift(conn, "child", world.now, staff=staff())
        protection.protect(conn, "mother", world.now)
        with pytest.raises(CautionNeeded):
            granted(conn, world)


def test_a_counter_code_works_once_and_for_a_quarter_of_an_hour(world) -> None:
    with world.db.writing() as conn:
        first = proxies.new_counter_code(conn, "mother", row_id="r-1", key=KEY, now=world.now)
        second = proxies.new_counter_code(conn, "mother", row_id="r-2", key=KEY, now=world.now)
        with pytest.raises(CounterCodeUnknown):
            proxies.use_counter_code(conn, first, key=KEY, now=world.now)
        assert proxies.use_counter_code(conn, second.lower(), key=KEY, now=world.now) == "mother"
        for typed in (second, "", "x" * 500):
            with pytest.raises(CounterCodeUnknown):
                proxies.use_counter_code(conn, typed, key=KEY, now=world.now)
        third = proxies.new_counter_code(conn, "mother", row_id="r-3", key=KEY, now=world.now)
        with pytest.raises(CounterCodeUnknown):
            proxies.use_counter_code(conn, third, key=KEY, now=world.now + timedelta(minutes=15))


def test_nothing_personal_shows_itself(world) -> None:
    proxy_id = world.entrust("mother", "daughter", "見本花子")
    with world.db.reading() as conn:
        found = queries.get(conn, proxy_id)
        assert "見本" not in repr(found)
        assert "見本" not in repr(proxies.offers(conn, "daughter", world.now))
        logged = "".join(str(row.fields) for row in audited(conn, audit_table))
        assert "見本" not in logged
        assert world.code(proxy_id) not in logged
    assert (CLIENT.first_party, PORTAL.first_party) == (False, True)
