"""A sign-in from the pushed request to the person's data, as a bank does it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from tests.contract.identity_protocol.world import (
    BANK_API,
    CLAIMS,
    ISSUER,
    REDIRECT,
    Http,
    World,
    answered,
    approved_in,
    claims_in,
    path,
    refused,
)

from renkei.base.encoding import to_base64url
from renkei.contracts.identity import Path
from renkei.institutions.identity.errors.protocol import ClientRegistrationFaulty
from renkei.institutions.identity.model.asks import Outcome
from renkei.institutions.identity.model.subjects import pairwise_session, pairwise_subject
from renkei.institutions.identity.operations import asks, clients, consents
from renkei.institutions.identity.queries.consents import events


def test_a_person_signs_in_at_a_bank(world: World, http: Http) -> None:
    person = world.sign_in()
    ask_id = http.ask()
    person.approve(ask_id)
    back = http.finish(ask_id, person)
    assert back.headers["location"].startswith(REDIRECT + "?")
    assert back.headers["referrer-policy"] == "no-referrer"
    brought = answered(back)
    assert (brought["state"], brought["iss"]) == ("state-1", ISSUER)
    answer = http.redeem(brought["code"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("DPoP", 300, "openid")
    claims = claims_in(given["id_token"])
    sub = pairwise_subject(b"p" * 32, sector="bank.example", account_id="hanako")
    assert claims["iss"] == ISSUER
    assert claims["aud"] == "bank"
    assert claims["sub"] == sub
    assert (claims["nonce"], claims["acr"], claims["amr"]) == ("nonce-1", "aal3", ["sc", "pin", "mfa"])
    assert claims["sid"] == pairwise_session(b"p" * 32, sector="bank.example", session_id=person.session.session_id)
    assert claims["auth_time"] == person.session.auth_ms // 1000
    half = hashlib.sha256(given["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == to_base64url(half)
    access = claims_in(given["access_token"])
    assert access["cnf"] == {"jkt": world.bank.thumbprint}
    assert (access["aud"], access["client_id"], access["sub"]) == (ISSUER, "bank", sub)
    assert http.userinfo(given["access_token"]).json() == {"sub": sub}


def test_tokens_verify_with_the_published_keys(http: Http) -> None:
    given = http.tokens()
    keys = KeySet.import_key_set(http.raw.get(path(Path.KEYS)).json())
    for token, typ in ((given["id_token"], "JWT"), (given["access_token"], "at+jwt")):
        verified = jws.deserialize_compact(token, keys, algorithms=["ES256"])
        assert verified.headers()["typ"] == typ


def test_the_configuration_names_every_endpoint_below_the_issuer(http: Http) -> None:
    found = http.raw.get(path(Path.CONFIGURATION)).json()
    assert found == http.raw.get("/.well-known/oauth-authorization-server/identity/realms/main").json()
    assert found["issuer"] == ISSUER
    assert found["require_pushed_authorization_requests"] is True
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert all(value.startswith(ISSUER) for name, value in found.items() if name.endswith(("_endpoint", "_uri")))


@pytest.mark.parametrize(
    "address",
    [
        "https://*.example/cb", "https://bank.example/cb#x", "javascript:alert(1)", "/cb", "https://a@b.example/", "https://",
        "https://bank.example/a b", "https://bank.example\\@evil.example/", "data:text/html,x", "https://[x/",
    ],
)  # fmt: skip
def test_addresses_that_could_lead_anywhere_are_not_registered(world: World, address: str) -> None:
    with world.means.db.reading() as conn:
        bank = clients.get(conn, "bank")
    for name, value in (
        ("redirect_uris", (address,)),
        ("logout_uris", (address,)),
        ("backchannel_logout_uri", address),
    ):
        with pytest.raises(ClientRegistrationFaulty, match=name):
            world.register(msgspec.structs.replace(bank, **{name: value}))


def test_a_person_who_would_have_to_be_asked_is_not_asked(world: World, http: Http) -> None:
    """`prompt=none`, and nobody is signed in: the client is told, by whichever browser came."""
    ask_id = http.ask(prompt="none")
    with world.means.db.writing() as conn:
        asks.deny(conn, ask_id, world.clock.now(), reason=Outcome.LOGIN)
    assert answered(http.finish(ask_id, None)) == {"error": "login_required", "state": "state-1", "iss": ISSUER}


def test_an_ask_that_is_not_decided_goes_back_to_its_page(world: World, http: Http) -> None:
    ask_id = http.ask()
    assert http.finish(ask_id, world.sign_in()).headers["location"] == f"/identity/approve/{ask_id}"
    assert http.finish("nothing", None).status_code == 404


def test_every_realm_is_an_issuer_of_its_own(http: Http, world: World) -> None:
    found = http.raw.get(path(Path.CONFIGURATION).replace("/main/", "/staff/")).json()
    assert found["issuer"].endswith("/realms/staff")
    staff_keys = http.raw.get(path(Path.KEYS).replace("/main/", "/staff/")).json()["keys"]
    main_keys = http.raw.get(path(Path.KEYS)).json()["keys"]
    assert not {key["kid"] for key in staff_keys} & {key["kid"] for key in main_keys}
    staff_push = path(Path.PUSHED).replace("/main/", "/staff/")
    refused(http.raw.post(staff_push, data=world.bank.form({})), "invalid_client", "client", 401)


def test_two_sectors_know_a_person_by_two_names(world: World, http: Http) -> None:
    person = world.sign_in()
    mine = http.tokens(person=person)
    ask_id = http.ask(world.evil, redirect_uri="https://evil.example/cb")
    person.approve(ask_id)
    code = answered(http.finish(ask_id, person))["code"]
    theirs = http.redeem(code, world.evil, redirect_uri="https://evil.example/cb").json()
    one, other = claims_in(mine["id_token"]), claims_in(theirs["id_token"])
    assert one["sub"] != other["sub"]
    assert one["sid"] != other["sid"]
    assert not {part for token in mine.values() for part in str(token).split(".")} & set(str(theirs).split("."))
    assert "refresh_token" not in theirs


def test_four_items_are_verified_claims_with_their_substitutes(world: World, http: Http) -> None:
    wish = {"userinfo": {"verified_claims": {"verification": {"trust_framework": None}, "claims": {
        "name": {"essential": True, "purpose": "口座の開設"}, "birthdate": None, "nickname": None,
    }}}}  # fmt: skip
    given = http.tokens(claims=msgspec.json.encode(wish).decode(), scope="openid address")
    found = http.userinfo(given["access_token"]).json()
    assert found["verified_claims"]["verification"]["trust_framework"] == "jp_jpki_test"
    assert found["verified_claims"]["verification"]["time"] == "2026-11-24T03:00:00Z"
    assert found["verified_claims"]["claims"] == {
        "name": CLAIMS.name, "name_substitutes": "1000", "birthdate": "1960-04-01",
        "address": {"formatted": CLAIMS.address, "country": "JP"}, "address_substitutes": CLAIMS.address_substitutes,
    }  # fmt: skip
    assert found["address"]["formatted"] == CLAIMS.address
    assert "name" not in found
    assert "serial" not in str(found)


def test_what_is_fetched_stands_in_the_persons_record_of_consents(world: World, http: Http) -> None:
    given = http.tokens(scope="openid name")
    http.userinfo(given["access_token"])
    with world.means.db.reading() as conn:
        (event,) = events(conn, "hanako", "bank")
    assert [item.value for item in event.items] == ["name"]


def test_stale_claims_are_not_given(world: World, http: Http) -> None:
    """Her address changed, so her signature certificate was revoked: what it said is not what the register says."""
    world.claims["hanako"] = msgspec.structs.replace(CLAIMS, stale=True)
    found = http.userinfo(http.tokens(scope="openid name address")["access_token"]).json()
    assert set(found) == {"sub", "claims_stale"}


def test_a_payment_goes_to_the_bank_that_was_named(world: World, http: Http) -> None:
    payment = {
        "type": "payment_initiation", "locations": [BANK_API], "amount_yen": 12300, "payee": "見本税務署",
        "reference": "2026-0001", "purpose": "所得税",
    }  # fmt: skip
    given = http.tokens(authorization_details=msgspec.json.encode([payment]).decode())
    assert given["authorization_details"] == [payment]
    access = claims_in(given["access_token"])
    assert access["aud"] == [ISSUER, BANK_API]
    assert access["authorization_details"] == [payment]
    told = http.call(Path.INTROSPECT, world.api, {"token": given["access_token"]}).json()
    assert told["active"] is True
    assert told["authorization_details"] == [payment]
    assert told["cnf"] == {"jkt": world.bank.thumbprint}
    assert told["sub"] == pairwise_subject(b"p" * 32, sector="api.example", account_id="hanako")
    assert told["sub"] != access["sub"]


def test_a_resource_server_learns_nothing_of_tokens_for_others(world: World, http: Http) -> None:
    given = http.tokens()
    assert http.call(Path.INTROSPECT, world.api, {"token": given["access_token"]}).json() == {"active": False}
    assert http.call(Path.INTROSPECT, world.api, {"token": "x"}).json() == {"active": False}
    refused(http.call(Path.INTROSPECT, world.bank, {"token": "x"}), "unauthorized_client")


def test_a_refresh_token_gives_access_tokens_and_stays(world: World, http: Http) -> None:
    given = http.tokens()
    asked = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    world.clock.move(timedelta(minutes=10))
    refused(http.userinfo(given["access_token"]), "invalid_token", "expired", 401)
    for _ in range(2):
        again = http.token(asked)
        assert again.status_code == 200
        assert "refresh_token" not in again.json()
        assert http.userinfo(again.json()["access_token"]).status_code == 200
    refused(http.token({**asked, "scope": "openid name"}), "invalid_scope")


def test_a_refresh_token_serves_its_own_client_and_key_alone(world: World, http: Http) -> None:
    asked = {"grant_type": "refresh_token", "refresh_token": http.tokens()["refresh_token"]}
    other = type(world.bank)("bank", world.clock, key=world.bank.key)
    refused(http.token(asked, other), "invalid_grant", "dpop_key")
    refused(http.token(asked, world.evil), "unauthorized_client")


def test_without_offline_access_tokens_last_as_long_as_a_session_may(world: World, http: Http) -> None:
    asked = {"grant_type": "refresh_token", "refresh_token": http.tokens()["refresh_token"]}
    lasting = {
        "grant_type": "refresh_token",
        "refresh_token": http.tokens(scope="openid offline_access")["refresh_token"],
    }
    world.clock.move(timedelta(hours=9))
    refused(http.token(asked), "invalid_grant", "expired")
    assert http.token(lasting).status_code == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_token_ends_the_whole_grant(http: Http, world: World, which: str) -> None:
    given = http.tokens()
    assert http.call(Path.REVOKE, world.evil, {"token": given[which]}).status_code == 200
    assert http.userinfo(given["access_token"]).status_code == 200
    assert http.call(Path.REVOKE, world.bank, {"token": given[which]}).status_code == 200
    refused(http.userinfo(given["access_token"]), "invalid_token", "ended", 401)
    asked = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    refused(http.token(asked), "invalid_grant", "ended")
    assert http.call(Path.REVOKE, world.bank, {"token": "unknown"}).status_code == 200


def test_a_client_on_its_own_gets_nothing_of_a_person(http: Http) -> None:
    given = http.token({"grant_type": "client_credentials", "scope": "sign"}).json()
    access = claims_in(given["access_token"])
    assert (access["sub"], access["scope"]) == ("bank", "sign")
    assert "id_token" not in given
    refused(http.userinfo(given["access_token"]), "insufficient_scope", "openid", 403)
    refused(http.token({"grant_type": "client_credentials", "scope": "openid"}), "invalid_scope")
    refused(http.token({"grant_type": "client_credentials", "scope": "name"}), "invalid_scope")


def test_a_hint_asks_for_this_person_alone(world: World, http: Http) -> None:
    given = http.tokens()
    ask_id = http.ask(id_token_hint=given["id_token"])
    with world.means.db.reading() as conn:
        nobody = asks.get(conn, ask_id, world.clock.now()).account_id
    assert nobody.startswith("unknown-")  # the person withdrew everything: nobody is meant, and not just anybody
    session = world.sign_in().session
    with world.means.db.writing() as conn:
        approved = approved_in(session, asks.get(conn, ask_id, world.clock.now()))
        consents.record(conn, approved, world.clock.now(), sub=claims_in(given["id_token"])["sub"])
    ask_id = http.ask(id_token_hint=given["id_token"])
    with world.means.db.reading() as conn:
        assert asks.get(conn, ask_id, world.clock.now()).account_id == "hanako"
    refused(http.push(id_token_hint=given["access_token"]), "invalid_request", "id_token_hint")
    refused(http.push(id_token_hint=given["id_token"][:-4] + "AAAA"), "invalid_request", "id_token_hint")


def test_keys_change_and_tokens_of_the_one_before_still_hold(world: World, http: Http) -> None:
    before = http.tokens(scope="openid")
    kids = [key["kid"] for key in http.raw.get(path(Path.KEYS)).json()["keys"]]
    assert len(set(kids)) == 3
    hint = jws.extract_compact(before["id_token"].encode()).headers()["kid"]
    assert hint == kids[1]
    keys = world.keys[next(iter(world.keys))]
    world.clock.move(keys.changes_in(world.clock.now()))
    after = [key["kid"] for key in http.raw.get(path(Path.KEYS)).json()["keys"]]
    assert after[:2] == kids[1:]
    assert jws.extract_compact(http.tokens()["id_token"].encode()).headers()["kid"] == kids[2]
    assert http.push(id_token_hint=before["id_token"]).status_code == 201
    world.clock.move(timedelta(days=31))
    refused(http.push(id_token_hint=before["id_token"]), "invalid_request", "id_token_hint")
