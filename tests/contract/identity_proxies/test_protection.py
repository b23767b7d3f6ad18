"""The safety switch: everything ends at once, and the other side sees a proxy whose term is over, byte for byte."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from tests.contract.identity_proxies.world import staff

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.institutions.identity.model.proxies import EndedBy
from renkei.institutions.identity.operations import protection, proxies
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.store import audit_table
from renkei.platform.audit_store import audited
from renkei.platform.problems import encode_problem


def two_people(make_world, name: str):
    world = make_world(name)
    world.person("wife", "見本　ユキ")
    world.person("husband", "見本　太郎")
    return world


def told(call) -> bytes:
    """What the other side is told."""
    with pytest.raises(RenkeiError) as refusal:
        call()
    return encode_problem(refusal.value)


def everything_seen_by(world, account_id: str, proxy_id: str) -> list[bytes | str]:
    """Every answer that this person can obtain about a proxy, ids and secrets taken out."""
    browser = world.browser(account_id)
    token = world.token(world.sign_in(account_id))
    answers: list[bytes | str] = []
    for path in ("/proxies", f"/proxies/{proxy_id}", f"/proxies/{proxy_id}/invitation", f"/proxies/{proxy_id}/confirm"):
        answer = browser.get(path)
        answers += [str(answer.status_code), answer.headers.get("location", ""), answer.text]
    for path in (f"/proxies/{proxy_id}/cut", f"/proxies/{proxy_id}/confirm"):
        answer = browser.post(path)
        answers += [str(answer.status_code), answer.headers.get("location", ""), answer.text]
    answer = browser.post(f"/proxies/{proxy_id}/decide", decision="accept")
    answers += [str(answer.status_code), answer.headers.get("location", ""), answer.text]
    answers.append(browser.get("/proxies").text)
    answers.append(told(lambda: world.exchange(token, proxy_id)))
    with world.db.reading() as conn:
        answers.append(told(lambda: proxies.acting(conn, proxy_id, account_id, world.now)))
        answers.append(str(proxies.offers(conn, account_id, world.now)))
        answers.append(str(queries.stands(conn, proxy_id, world.now)))
    cleared = [
        one.replace(proxy_id, "ID") if isinstance(one, str) else one.replace(proxy_id.encode(), b"ID")
        for one in answers
    ]
    return [re.sub(r"受付番号 [0-9a-f]+", "", one) if isinstance(one, str) else one for one in cleared]


@pytest.mark.parametrize("reader", ["actor", "principal"])
def test_the_other_side_sees_what_it_sees_of_a_lapsed_term(make_world, reader: str) -> None:
    """支援措置: neither screen, answer nor error tells that it was not simply the last day.

    The other side once as whoever acted for the protected person, once as the one for whom the protected person acted.
    """
    lapsed, protected = two_people(make_world, "lapsed"), two_people(make_world, "protected")
    ends, lasts = date(2026, 11, 24), date(2027, 3, 31)
    seen = []
    for world, until in ((lapsed, ends), (protected, lasts)):
        if reader == "actor":
            proxy_id = world.entrust("wife", "husband", "見本太郎", until=until)
        else:
            proxy_id = world.entrust("husband", "wife", "見本ユキ", until=until)
        world.clock.move(timedelta(days=2))
        if world is protected:
            with world.db.writing() as conn:
                assert protection.protect(conn, "wife", world.now) == 1
        seen.append(everything_seen_by(world, "husband", proxy_id))
    assert seen[0] == seen[1]


def test_rows_that_tell_a_place_are_left_out(make_world) -> None:
    """What a wife did for her husband at a town's service stays off his screen; what tells nothing stays on it."""
    world = two_people(make_world, "rows")
    proxy_id = world.entrust("husband", "wife", "見本ユキ")
    with world.db.writing() as conn:
        for client_id, reveals in (("town", True), ("portal", False)):
            proxies.record_use(conn, proxy_id, "wife", world.now, client_id=client_id, reveals=reveals)
        assert [one.client_id for one in queries.uses(conn, "husband")] == ["portal", "town"]
        protection.protect(conn, "wife", world.now)
        assert [one.client_id for one in queries.uses(conn, "husband")] == ["portal"]
    page = world.browser("husband").get("/proxies").text
    assert "town" not in page


def test_everything_to_and_from_the_person_ends_and_nothing_else(make_world) -> None:
    world = two_people(make_world, "ends")
    world.person("friend", "模範　次郎")
    to_her = world.entrust("wife", "husband", "見本太郎")
    from_her = world.entrust("husband", "wife", "見本ユキ")
    others = world.entrust("husband", "friend", "模範次郎")
    ended = []
    with world.db.writing() as conn:
        keep = lambda conn, ids, now: ended.extend(ids)  # noqa: E731
        assert protection.protect(conn, "wife", world.now, ended=keep) == 2
        assert sorted(ended) == sorted([to_her, from_her])
        assert [queries.stands(conn, one, world.now) for one in (to_her, from_her, others)] == [False, False, True]
        assert queries.get(conn, to_her).ended_by is EndedBy.PROTECTION
        assert queries.protected(conn, "wife") == to_ms(world.now)
        assert queries.protected(conn, "husband") == 0


def test_tokens_of_the_other_side_end_at_once(make_world) -> None:
    world = two_people(make_world, "tokens")
    proxy_id = world.entrust("wife", "husband", "見本太郎")
    token = world.token(world.sign_in("husband"))
    acting = world.exchange(token, proxy_id).access_token
    with world.db.writing() as conn:
        protection.protect(conn, "wife", world.now)
    told(lambda: world.exchange(acting, proxy_id))
    told(lambda: world.exchange(token, proxy_id))


def test_only_a_clerk_lifts_it_and_nothing_comes_back(make_world) -> None:
    world = two_people(make_world, "lift")
    proxy_id = world.entrust("wife", "husband", "見本太郎")
    with world.db.writing() as conn:
        protection.protect(conn, "wife", world.now, staff=staff())
        assert protection.lift(conn, "wife", world.now, staff=staff())
        assert not protection.lift(conn, "wife", world.now, staff=staff())
        assert not queries.stands(conn, proxy_id, world.now)
        names = [row.name for row in audited(conn, audit_table) if "protection" in row.name]
    assert names == ["identity.protection_set", "identity.protection_lifted"]
    pages = world.browser("wife")
    assert 'name="step"' not in pages.get("/proxies/protection").text


def test_pressed_again_it_ends_what_was_granted_since(make_world) -> None:
    world = two_people(make_world, "again")
    world.person("lawyer", "模範　次郎")
    wife = world.browser("wife")
    assert wife.follow(wife.post("/proxies/protection")).status_code == 200
    proxy_id = world.entrust("wife", "lawyer", "模範次郎")
    page = wife.get("/proxies/protection")
    assert "もう一度、すべて止める" in page.text
    wife.post("/proxies/protection")
    with world.db.reading() as conn:
        assert not queries.stands(conn, proxy_id, world.now)
