"""The end of a session: at the provider, at every client of it, and for every token that hangs on it."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from tests.contract.identity_protocol.world import (
    ISSUER,
    SIGNED_OUT,
    Http,
    Person,
    World,
    answered,
    claims_in,
    path,
    refused,
)

from renkei.contracts.identity import Act, Acting, Path, ProxyKind, Realm
from renkei.institutions.identity.operations import clients, sessions
from renkei.institutions.identity.operations.housekeeping import sweep
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.queries.sessions import live
from renkei.platform.errors import PeerUnreachable

LOGOUT = path(Path.LOGOUT)


def sign_out(http: Http, person: Person | None, **query: str) -> Any:
    http.raw.cookies.clear()
    for name, value in (person.cookies if person else {}).items():
        http.raw.cookies.set(name, value)
    return http.raw.get(LOGOUT, params=query, follow_redirects=False)


def is_live(world: World, person: Person) -> bool:
    with world.means.db.reading() as conn:
        return live(conn, person.session.session_id, world.clock.now())


def test_a_client_signs_its_person_out_everywhere(world: World, http: Http) -> None:
    """The bank's button ends the session here, the bank's tokens, and tells every client of the session."""
    person = world.sign_in()
    given = http.tokens(person=person)
    answer = sign_out(
        http, person, id_token_hint=given["id_token"], post_logout_redirect_uri=SIGNED_OUT, state="s-1"
    )  # fmt: skip
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{SIGNED_OUT}?state=s-1"
    assert "renkei_sid_main=" in answer.headers["set-cookie"]
    assert not is_live(world, person)
    refused(http.userinfo(given["access_token"]), "invalid_token", "ended", 401)
    ((address, form),) = world.posted
    assert address == "https://bank.example/logout"
    keys = KeySet.import_key_set(http.raw.get(path(Path.KEYS)).json())
    token = jws.deserialize_compact(form["logout_token"], keys, algorithms=["ES256"])
    assert token.headers()["typ"] == "logout+jwt"
    claims = claims_in(form["logout_token"])
    assert claims["sid"] == claims_in(given["id_token"])["sid"]
    assert claims["sub"] == claims_in(given["id_token"])["sub"]
    assert (claims["iss"], claims["aud"]) == (ISSUER, "bank")
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims


def test_an_old_hint_serves(world: World, http: Http) -> None:
    """The ID token has long expired when somebody signs out; it still says for which client and session."""
    person = world.sign_in()
    given = http.tokens(person=person)
    world.clock.move(timedelta(minutes=20))
    assert (
        sign_out(http, person, id_token_hint=given["id_token"]).headers["location"].startswith("/identity/signed-out")
    )
    assert not is_live(world, person)


@pytest.mark.parametrize("hint", ["", "x", "forged", "other"])
def test_a_link_that_anybody_could_have_made_asks_first(world: World, http: Http, hint: str) -> None:
    """Without the ID token of this very session, the person is asked; a page elsewhere cannot sign them out."""
    person, other = world.sign_in(), world.sign_in("taro")
    theirs = http.tokens(person=other)["id_token"]
    token = {"forged": theirs[:-6] + "AAAAAA", "other": theirs}.get(hint, hint)
    page = sign_out(http, person, **({"id_token_hint": token} if token else {}), client_id="bank")
    assert page.status_code == 200
    assert "みほん銀行" in page.text
    assert is_live(world, person)
    elsewhere = http.raw.post("/identity/sign-out/main", data={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    answer = http.raw.post(
        "/identity/sign-out/main",
        data={"client_id": "bank", "post_logout_redirect_uri": SIGNED_OUT, "state": "x"},
        headers={"Sec-Fetch-Site": "same-origin"},
        follow_redirects=False,
    )
    assert answer.headers["location"] == f"{SIGNED_OUT}?state=x"
    assert not is_live(world, person)
    assert is_live(world, other)


@pytest.mark.parametrize(
    "query",
    [
        {"post_logout_redirect_uri": SIGNED_OUT},
        {"post_logout_redirect_uri": "https://evil.example", "client_id": "bank"},
        {"post_logout_redirect_uri": SIGNED_OUT + "/", "client_id": "bank"},
        {"post_logout_redirect_uri": SIGNED_OUT, "client_id": "evil"}, {"client_id": "bank", "state": "s" * 513},
    ],
)  # fmt: skip
def test_nobody_is_sent_to_an_address_that_is_not_registered(world: World, http: Http, query: dict[str, str]) -> None:
    person = world.sign_in()
    answer = sign_out(http, person, **query)
    assert answer.status_code == 400
    assert "oauth_sign_out_unreadable" in answer.text
    assert is_live(world, person)


def test_a_sign_out_by_form_comes_again_by_address(world: World, http: Http) -> None:
    """A form of another site brings no cookie of ours; the address that follows does."""
    person = world.sign_in()
    given = http.tokens(person=person)
    answer = http.raw.post(
        LOGOUT, data={"id_token_hint": given["id_token"], "x": "y"}, headers={"Sec-Fetch-Site": "cross-site"},
        follow_redirects=False,
    )  # fmt: skip
    assert answer.headers["location"] == f"{LOGOUT}?id_token_hint={given['id_token']}"


def test_nobody_signed_in_is_no_error(world: World, http: Http) -> None:
    given = http.tokens()
    answer = sign_out(http, None, id_token_hint=given["id_token"], post_logout_redirect_uri=SIGNED_OUT)
    assert answer.headers["location"] == SIGNED_OUT
    assert world.posted == []


def test_on_a_shared_terminal_nothing_stays_in_the_browser(world: World, http: Http) -> None:
    person = world.sign_in(shared=True)
    given = http.tokens(person=person)
    answer = sign_out(http, person, id_token_hint=given["id_token"])
    assert "cookies" in answer.headers["clear-site-data"]
    assert "shared=1" in answer.headers["location"]


def test_a_client_that_is_down_hears_of_it_later(world: World, http: Http) -> None:
    """Notices are kept until they arrive, with pauses that grow; after an hour they are given up."""
    person = world.sign_in()
    http.tokens(person=person)
    world.post_fails = PeerUnreachable(authority="bank.example")
    asyncio.run(world.ends.ended(person.session.session_id))
    assert world.posted == []
    assert asyncio.run(world.ends.deliver()) == 0  # not due yet
    world.post_fails = None
    world.clock.move(timedelta(seconds=5))
    assert asyncio.run(world.ends.deliver()) == 1
    assert len(world.posted) == 1
    world.clock.move(timedelta(minutes=10))
    assert asyncio.run(world.ends.deliver()) == 0
    world.post_fails = TimeoutError()
    second = world.sign_in()
    http.tokens(person=second)
    asyncio.run(world.ends.ended(second.session.session_id))
    world.post_fails = None
    world.clock.move(timedelta(hours=1))
    assert asyncio.run(world.ends.deliver()) == 0


def test_offline_access_outlives_signing_out_but_not_not_me(world: World, http: Http) -> None:
    """Consent to lasting access stays when a person signs out; not where whoever gave it was not that person."""
    for why, holds in ((Why.SIGNED_OUT, True), (Why.NOT_ME, False)):
        person = world.sign_in()
        given = http.tokens(person=person, scope="openid offline_access")
        with world.means.db.writing() as conn:
            sessions.end(conn, person.session.session_id, why=why, now=world.clock.now())
        asyncio.run(world.ends.ended(person.session.session_id))
        asked = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert (http.token(asked).status_code == 200) is holds


def test_a_withdrawn_consent_ends_the_clients_tokens(world: World, http: Http) -> None:
    mine, theirs = http.tokens(), http.tokens(person=world.sign_in("taro"))
    asyncio.run(world.ends.revoked("hanako", "bank"))
    refused(http.userinfo(mine["access_token"]), "invalid_token", "ended", 401)
    assert http.userinfo(theirs["access_token"]).status_code == 200


def test_a_closed_account_ends_everything(world: World, http: Http) -> None:
    given = http.tokens(scope="openid offline_access")
    asyncio.run(world.ends.closed("hanako"))
    refused(http.userinfo(given["access_token"]), "invalid_token", "ended", 401)
    asyncio.run(world.ends.closed(""))


def test_tokens_of_one_who_acts_end_with_the_proxy(world: World, http: Http) -> None:
    """A daughter acts for her mother at the bank: the subject is the mother, `act` says who acts, and when the mother
    cuts the proxy the token ends at once. There is no refresh token that could outlive it.
    """
    daughter = world.sign_in("daughter")
    acting = Acting(
        proxy_id="proxy-1", kind=ProxyKind.MANDATE, principal="髙橋花子", actor="?", actor_name="髙橋葉子",
        affairs=("pension",), acts=(Act.VIEW, Act.APPLY), until=date(2027, 3, 31),
    )  # fmt: skip
    ask_id = http.ask()
    daughter.approve(ask_id, acting=acting, actor="daughter", subject="hanako")
    given = http.redeem(answered(http.finish(ask_id, daughter))["code"]).json()
    assert "refresh_token" not in given
    mother, own = http.tokens(), http.tokens(person=daughter)
    access, shown = claims_in(given["access_token"]), claims_in(given["id_token"])
    assert access["sub"] == claims_in(mother["id_token"])["sub"]
    assert access["act"]["sub"] == claims_in(own["id_token"])["sub"]
    assert access["act"]["acts"] == ["view", "apply"]
    assert access["act"]["until"] == "2027-03-31"
    assert "name" not in access["act"]
    assert (shown["act"]["name"], shown["principal"]) == ("髙橋葉子", "髙橋花子")
    asyncio.run(world.ends.cut("proxy-1"))
    refused(http.userinfo(given["access_token"]), "invalid_token", "ended", 401)
    assert http.userinfo(mother["access_token"]).status_code == 200
    asyncio.run(world.ends.cut(""))
    assert http.userinfo(mother["access_token"]).status_code == 200


def test_a_stopped_client_loses_its_tokens(world: World, http: Http) -> None:
    given = http.tokens()
    with world.means.db.writing() as conn:
        bank = clients.get(conn, "bank")
        clients.register(conn, msgspec.structs.replace(bank, stopped=True), world.clock.now())
    refused(http.userinfo(given["access_token"]), "invalid_token", "ended", 401)
    assert [one.client_id for one in _all(world)] == ["api", "bank", "evil"]


def test_what_is_over_is_forgotten(world: World, http: Http) -> None:
    """Rows go when nothing could come of them any more, and not before a session's clients could be told of its end."""
    person = world.sign_in()
    http.tokens(person=person)
    http.pushed()
    world.clock.move(timedelta(hours=8))
    with world.means.db.writing() as conn:
        sweep(conn, world.means.settings, world.clock.now())
    asyncio.run(world.ends.ended(person.session.session_id))
    assert len(world.posted) == 1
    world.clock.move(timedelta(hours=40))
    with world.means.db.writing() as conn:
        assert sweep(conn, world.means.settings, world.clock.now()) > 0
        assert sweep(conn, world.means.settings, world.clock.now()) == 0
    assert Realm.MAIN in world.keys


def _all(world: World) -> Any:
    with world.means.db.reading() as conn:
        return clients.all_of(conn)
