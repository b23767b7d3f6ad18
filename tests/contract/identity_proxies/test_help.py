"""Help at a counter: a record of its own, the card for what matters, a hard end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contract.identity_proxies.world import staff

from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.errors.proxies import HelpCardAgain, HelpEnded, HelpNeedsBoth, HelpOpen
from renkei.institutions.identity.operations import helpers
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.store import audit_table
from renkei.platform.audit_store import audited

IDLE = timedelta(minutes=2)


def begin(conn, world, session, clerk, help_id="h-1"):
    return helpers.begin(conn, session, clerk, staff(), help_id=help_id, now=world.now, idle=IDLE)


def deed(conn, world, session, what="apply", *, sensitive=False):
    return helpers.with_help(conn, session, what=what, sensitive=sensitive, now=world.now, idle=IDLE)


@pytest.fixture
def both(world):
    world.person("clerk-account")
    return world.sign_in("mother"), world.sign_in("clerk-account", realm=Realm.STAFF)


def test_from_beginning_to_hard_end(world, both) -> None:
    mother, clerk = both
    with world.db.writing() as conn:
        assert deed(conn, world, mother) is None, "nobody helps yet"
        begun = begin(conn, world, mother, clerk)
        assert (begun.helper, begun.body_id, begun.terminal) == ("s-1", "m-131121", "t-1")
        assert deed(conn, world, mother, "consent")
        assert deed(conn, world, mother, "pay", sensitive=True), "the card was shown within the minute"
    kept = world.session(mother.session_id)
    assert (kept.helper, kept.shared_terminal) == ("clerk-account", True)
    world.clock.move(timedelta(seconds=61))
    with world.db.writing() as conn:
        with pytest.raises(HelpCardAgain):
            deed(conn, world, mother, "sign", sensitive=True)
        assert deed(conn, world, mother, "apply")
        assert helpers.end(conn, "h-1", world.now)
        assert not helpers.end(conn, "h-1", world.now)
        assert [one.what for one in queries.deeds(conn, "h-1")] == ["consent", "pay", "apply"]
        [told] = queries.helps(conn, "mother")
        assert told.ended_why == "by_hand"
        assert deed(conn, world, mother) is None
        names = [row.name for row in audited(conn, audit_table) if "help" in row.name]
    assert names == ["identity.help_begun", *["identity.help_given"] * 3, "identity.help_over"]
    assert world.session(mother.session_id) is None, "the person's session ended with it"
    assert world.session(clerk.session_id) is not None


def test_both_are_needed(world, both) -> None:
    mother, clerk = both
    phone = world.sign_in("mother", acr=Acr.PHONE)
    own = world.sign_in("clerk-account")
    with world.db.writing() as conn:
        for person, helper in ((phone, clerk), (mother, world.sign_in_not_kept()), (mother, mother), (own, clerk)):
            with pytest.raises(HelpNeedsBoth):
                begin(conn, world, person, helper)
        begin(conn, world, mother, clerk)
        with pytest.raises(HelpOpen):
            begin(conn, world, mother, clerk, "h-2")
    world.clock.move(timedelta(minutes=6))
    with world.db.writing() as conn, pytest.raises(HelpNeedsBoth):
        begin(conn, world, phone, clerk, "h-3")


def test_two_minutes_without_a_touch_end_it(world, both) -> None:
    mother, clerk = both
    with world.db.writing() as conn:
        begin(conn, world, mother, clerk)
    world.clock.move(timedelta(seconds=110))
    with world.db.writing() as conn:
        deed(conn, world, mother)
        assert helpers.end_lapsed(conn, world.now, idle=IDLE) == ()
    world.clock.move(timedelta(seconds=125))
    with world.db.writing() as conn:
        assert helpers.current(conn, mother.session_id, world.now, idle=IDLE) is None
        with pytest.raises(HelpEnded):
            deed(conn, world, mother)
        assert helpers.end_lapsed(conn, world.now, idle=IDLE) == (mother.session_id,)
        assert helpers.end_lapsed(conn, world.now, idle=IDLE) == ()
    assert world.session(mother.session_id) is None


def test_the_page_begins_and_ends_it(world) -> None:
    world.person("clerk-account")
    browser = world.browser("mother")
    page = browser.get("/helpers")
    assert "職員がこの端末でサインインしてください" in page.text
    assert browser.post("/helpers/begin").status_code == 403
    browser.enter("clerk-account", realm=Realm.STAFF)
    assert "見本職員" in browser.get("/helpers").text
    assert browser.post("/helpers/begin").status_code == 303
    helped = browser.get("/helpers")
    assert "職員が補助しています" in helped.text
    assert "Refresh" in helped.headers
    over = browser.post("/helpers/end")
    assert over.headers["location"] == "/identity/helpers/over"
    assert len(world.sessions_over) == 1
    left = browser.get("/helpers/over")
    assert "見本" not in left.text.replace("見本市", "")
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.get("/proxies").status_code == 303, "nobody is signed in"
    seen = world.browser("mother").get("/proxies")
    assert "窓口で補助を受けた記録" in seen.text
