"""The pages: one way through each, what is said at which field, and forms that no page made."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.institutions.identity.queries import proxies as queries

FORM = {"name": "見本花子", "affairs": ["tax", "health"], "acts": ["view", "apply"], "until": "２０２７/3/31"}


def entrust(browser, **changes):
    """From the form over the card to the page with the code."""
    drafted = browser.post("/proxies/new/mandate", **{**FORM, **changes})
    assert drafted.status_code == 303, drafted.text
    assert "fresh=1" in drafted.headers["location"]
    browser.world.clock.move(timedelta(seconds=2))
    confirm = browser.follow(drafted)
    assert "この内容で任せますか" in confirm.text
    proxy_id = re.search(r"/proxies/([\w-]+)/confirm", confirm.text).group(1)
    return proxy_id, browser.follow(browser.post(f"/proxies/{proxy_id}/confirm"))


def test_a_proxys_day(world) -> None:
    """A mother entrusts her daughter; the daughter acts; the mother sees it and cuts it."""
    mother, daughter = world.browser("mother"), world.browser("daughter")
    assert "誰もいません" in mother.get("/proxies").text
    proxy_id, page = entrust(mother)
    code = re.search(r'handed-code">([\w-]+)<', page.text).group(1)
    assert "承諾待ち" in mother.get("/proxies").text
    offered = daughter.follow(daughter.post("/proxies/accept", code=f" {code.lower()} "))
    assert "見本　ウメさんからの依頼" in offered.text
    assert "令和9年(2027年)3月31日" in offered.text
    assert code not in mother.get(f"/proxies/{proxy_id}").text, "the code was taken"
    listed = daughter.follow(daughter.post(f"/proxies/{proxy_id}/decide", decision="accept"))
    assert "代理をやめる" in listed.text
    token = world.token(world.sign_in("daughter"))
    world.exchange(token, proxy_id, act="view", affairs="tax")
    seen = mother.get("/proxies")
    assert "見本申告サービス" in seen.text
    assert "税：見る" in seen.text
    assert "税：見る" in mother.get(f"/proxies/{proxy_id}").text
    cut = mother.follow(mother.post(f"/proxies/{proxy_id}/cut"))
    assert "取り消しました" in cut.text
    gone = daughter.get("/proxies").text
    assert "終わりました" in gone
    assert "2027" not in gone
    assert "取り消" not in gone.split('id="by-me"')[1].split('id="counter"')[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "123456789018"}, "name"),
        ({"affairs": []}, "affairs"),
        ({"acts": []}, "acts"),
        ({"acts": ["steal"]}, "acts"),
        ({"affairs": ["x" * 500]}, "acts"),
        ({"until": ""}, "until"),
        ({"until": "いつか"}, "until"),
        ({"until": "2026-11-22"}, "until"),
        ({"until": "2027-11-25"}, "until"),
        ({"from_day": "2026-11-01"}, "until"),
        ({"from_day": "13/13/13"}, "from_day"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(world, change, field) -> None:
    page = world.browser("mother").post("/proxies/new/mandate", **{**FORM, **change})
    assert page.status_code == 422
    assert f'id="error-{field}"' in page.text
    assert 'value="apply" checked' in page.text.replace("\n", " ").replace("  ", " ") or "acts" in change


def test_the_card_is_asked_for_again(world) -> None:
    mother = world.browser("mother")
    drafted = mother.post("/proxies/new/mandate", **FORM)
    with world.db.reading() as conn:
        [draft] = queries.of_principal(conn, "mother")
    world.clock.move(timedelta(minutes=6))
    again = mother.post(f"/proxies/{draft.proxy_id}/confirm")
    assert "/identity/sign-in" in again.headers["location"]
    assert "fresh=1" in again.headers["location"]
    done = mother.follow(drafted)
    assert done.status_code == 200
    for _ in range(2):
        sent = mother.post(f"/proxies/{draft.proxy_id}/confirm")
        assert sent.headers["location"] == f"/identity/proxies/{draft.proxy_id}"


def test_wrong_codes_are_counted(world) -> None:
    daughter = world.browser("daughter")
    for _ in range(10):
        assert daughter.post("/proxies/accept", code="AAAAA-AAAAA").status_code == 422
    spent = daughter.post("/proxies/accept", code="AAAAA-AAAAA")
    assert spent.status_code == 429
    assert 'id="error-code"' in spent.text
    assert world.browser("child").post("/proxies/accept", code="x").status_code == 409


def test_pages_of_others(world) -> None:
    proxy_id, _ = entrust(world.browser("mother"))
    stranger = world.browser("stranger")
    for path in (f"/proxies/{proxy_id}", f"/proxies/{proxy_id}/confirm", f"/proxies/{proxy_id}/invitation"):
        assert stranger.get(path).status_code == 404
    for path in (f"/proxies/{proxy_id}/cut", f"/proxies/{proxy_id}/confirm"):
        assert stranger.post(path).status_code == 404
    assert stranger.post(f"/proxies/{proxy_id}/decide", decision="accept").status_code == 404
    assert stranger.get("/proxies/x-none").status_code == 404
    assert stranger.get("/proxies/new/parent").status_code == 404


def test_nobody_without_a_sign_in(world) -> None:
    anyone = world.browser()
    for path in ("/proxies", "/proxies/new/mandate", "/proxies/x", "/proxies/accept", "/proxies/protection"):
        assert "/identity/sign-in" in anyone.get(path).headers["location"]
    for path in ("/proxies/cut-all", "/proxies/protection", "/proxies/counter-code", "/proxies/x/cut"):
        assert "/identity/sign-in" in anyone.post(path).headers["location"]
    for path in ("/clerk/proxies", "/clerk/protection"):
        assert "realm=staff" in anyone.get(path).headers["location"]


def code_of(browser) -> str:
    return re.search(r'handed-code">([\w-]+)<', browser.follow(browser.post("/proxies/counter-code")).text).group(1)


def test_a_clerk_enters_a_parent(world) -> None:
    world.proofings.add()
    clerk = world.browser("clerk", realm=Realm.STAFF)
    child, mother = code_of(world.browser("child")), code_of(world.browser("mother"))
    form = {
        "kind": "parent", "evidence": "PF-AAAA-BBBB-CCCC", "principal_code": child, "actor_code": mother,
        "birth": "2015-04-01",
    }  # fmt: skip
    for change, field in (
        ({"kind": "mandate"}, "kind"), ({"evidence": ""}, "evidence"), ({"evidence": "PF-1"}, "evidence"),
        ({"principal_code": "x"}, "principal_code"), ({"actor_code": "AAAAAAAAAA"}, "actor_code"),
        ({"birth": ""}, "birth"), ({"birth": "x"}, "birth"), ({"birth": "2000-01-01"}, "birth"),
        ({"until": "2020-01-01"}, "until"),
    ):  # fmt: skip
        page = clerk.post("/clerk/proxies", **{**form, **change})
        assert page.status_code in (404, 409, 422)
        assert f'id="error-{field}"' in page.text, field
    done = clerk.post("/clerk/proxies", **form)
    assert done.headers["location"] == "/identity/clerk/proxies?done=1"
    assert "見本　" not in clerk.follow(done).text
    parent = world.browser("mother")
    page = parent.get("/proxies").text
    proxy_id = re.search(r"/proxies/([\w-]+)/invitation", page).group(1)
    assert "すべての分野" in parent.get(f"/proxies/{proxy_id}/invitation").text
    parent.post(f"/proxies/{proxy_id}/decide", decision="accept")
    with world.db.reading() as conn:
        assert queries.live(conn, proxy_id, "mother", world.now).evidence_id == "PF-AAAA-BBBB-CCCC"


def test_a_clerk_presses_the_switch(world) -> None:
    proxy_id = world.entrust("mother", "daughter", "見本花子")
    clerk = world.browser("clerk", realm=Realm.STAFF)
    assert clerk.post("/clerk/protection", code="x", step="on").status_code == 422
    done = clerk.follow(clerk.post("/clerk/protection", code=code_of(world.browser("mother")), step="on"))
    assert "停止しました" in done.text
    with world.db.reading() as conn:
        assert not queries.stands(conn, proxy_id, world.now)
        assert queries.protected(conn, "mother") == to_ms(world.now)
    clerk.post("/clerk/protection", code=code_of(world.browser("mother")), step="off")
    with world.db.reading() as conn:
        assert queries.protected(conn, "mother") == 0


def test_a_form_from_elsewhere_ends_nothing(world) -> None:
    browser = world.browser("mother")
    for path in ("/proxies/cut-all", "/proxies/protection"):
        answer = browser.client.post(
            f"/identity{path}", headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False
        )  # fmt: skip
        assert answer.status_code == 403


def test_on_a_shared_terminal_the_page_leaves_the_screen(world) -> None:
    page = world.browser("mother", shared_terminal=True).get("/proxies")
    assert page.headers["refresh"] == "121; url=/identity/signed-out"
    assert page.headers["cache-control"] == "no-store"


def test_in_english(world) -> None:
    world.entrust("mother", "daughter", "見本花子")
    page = world.browser("mother").get("/proxies?lang=en")
    assert "Who can act for you" in page.text
    assert "Tax, Residence and family register" in page.text
