"""Token exchange (RFC 8693) with real keys and grants: what it gives, what it records, what it refuses."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from tests.contract.identity_proxies.world import CLIENT, PORTAL, THUMBPRINT

from renkei.contracts.identity import Act
from renkei.institutions.identity.errors.protocol import (
    DetailsRefused,
    RequestMalformed,
    ScopeUnregistered,
    TokenWrong,
)
from renkei.institutions.identity.errors.proxies import (
    ProxyEnded,
    ProxyNotYet,
    ProxyOfProxy,
    ProxyOutsideLimits,
    ProxyUnknown,
)
from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.model.tokens import ACCESS_TYPE, ID_TYPE
from renkei.institutions.identity.operations import grants, protection, proxies
from renkei.institutions.identity.operations.exchange import ACCESS_TOKEN
from renkei.institutions.identity.queries import proxies as queries


def sub(client, account_id: str) -> str:
    return pairwise_subject(b"p" * 32, sector=client.sector, account_id=account_id)


@pytest.fixture
def proxy_id(world) -> str:
    return world.entrust("mother", "daughter", "見本花子")


@pytest.fixture
def token(world) -> str:
    return world.token(world.sign_in("daughter"))


def test_the_answer_says_for_whom_and_by_whom(world, proxy_id, token) -> None:
    answer = world.exchange(token, proxy_id)
    assert (answer.issued_token_type, answer.token_type, answer.refresh_token) == (ACCESS_TOKEN, "DPoP", "")
    access = world.keys.verify_own(answer.access_token, ACCESS_TYPE, world.keys.issuer)
    assert access.sub == sub(CLIENT, "mother")
    assert access.act is not None
    assert (access.act.sub, access.act.proxy_id) == (sub(CLIENT, "daughter"), proxy_id)
    assert (access.act.affairs, access.act.acts) == (("tax", "residence"), ("view", "apply"))
    assert access.cnf is not None
    assert access.cnf.jkt == THUMBPRINT
    identity = world.keys.verify_own(answer.id_token, ID_TYPE, "filing")
    assert identity.act is not None
    assert (identity.principal, identity.act.name) == ("見本　ウメ", "見本　花子")
    assert "offline_access" not in answer.scope
    assert "proxies" not in answer.scope


def test_the_exchange_is_what_the_principal_sees(world, proxy_id, token) -> None:
    world.exchange(token, proxy_id)
    world.exchange(token, proxy_id, act=Act.APPLY, affairs="tax")
    with world.db.reading() as conn:
        newest, first = queries.uses(conn, "mother")
    assert (first.act, first.client_id) == (None, "filing")
    assert (newest.act, newest.affairs) == (Act.APPLY, "tax")
    for act, affairs in ((Act.PAY, "tax"), (Act.VIEW, "pension"), (Act.VIEW, "*")):
        with pytest.raises(ProxyOutsideLimits):
            world.exchange(token, proxy_id, act=act, affairs=affairs)
    with world.db.reading() as conn:
        assert len(queries.uses(conn, "mother")) == 2, "what was refused is no use"


def test_scopes_are_limited(world, token) -> None:
    narrow = world.entrust("mother", "daughter", "見本花子", affairs=["pension"])
    assert world.exchange(token, narrow).scope == "openid name"
    wide = world.entrust("mother", "daughter", "見本花子", affairs=["residence"])
    assert world.exchange(token, wide).scope == "openid name address"
    assert world.exchange(token, wide, scope="openid").scope == "openid"
    for scope in ("offline_access", "proxies", "openid gender", "everything"):
        with pytest.raises(ScopeUnregistered):
            world.exchange(token, wide, scope=scope)


def test_there_is_no_chain(world, proxy_id, token) -> None:
    """RFC 8693 lets `act` nest; here one who acts for somebody is never acted for (民法104条)."""
    acting = world.exchange(token, proxy_id).access_token
    onward = world.entrust("mother", "stranger", "模範次郎")
    for target in (proxy_id, onward):
        with pytest.raises(ProxyOfProxy):
            world.exchange(acting, target)
    with pytest.raises(ProxyOfProxy):
        world.exchange(token, proxy_id, actor_token=token)


def test_a_cut_ends_tokens_at_once(world, proxy_id, token) -> None:
    answer = world.exchange(token, proxy_id)
    claims = world.keys.verify_own(answer.access_token, ACCESS_TYPE, world.keys.issuer)
    own = world.keys.verify_own(token, ACCESS_TYPE, world.keys.issuer)
    with world.db.writing() as conn:
        assert grants.of_token(conn, claims, world.now).account_id == "mother"
        proxies.cut(conn, proxy_id, "mother", world.now)
        with pytest.raises(TokenWrong):
            grants.of_token(conn, claims, world.now)
        assert grants.of_token(conn, own, world.now).account_id == "daughter"
    with pytest.raises(ProxyEnded):
        world.exchange(token, proxy_id)


def test_tokens_end_with_the_proxy(world) -> None:
    """The last day of a proxy ends at midnight in Japan, and no token outlives it."""
    proxy_id = world.entrust("mother", "daughter", "見本花子", until=date(2026, 11, 23))
    world.clock.move_to(world.now.replace(hour=14, minute=58))
    answer = world.exchange(world.token(world.sign_in("daughter")), proxy_id)
    assert answer.expires_in == 120
    full = world.exchange(world.token(world.sign_in("daughter")), world.entrust("mother", "daughter", "見本花子",
        affairs=["pension"]))  # fmt: skip
    assert full.expires_in == 300


def test_whose_proxy_it_is(world, proxy_id) -> None:
    for account_id in ("stranger", "mother"):
        with pytest.raises(ProxyUnknown):
            world.exchange(world.token(world.sign_in(account_id)), proxy_id)
    token = world.token(world.sign_in("daughter"))
    for target in ("x-none", "", "あ", "x" * 65):
        with pytest.raises(ProxyUnknown):
            world.exchange(token, target)
    ahead = world.entrust("mother", "daughter", "見本花子", affairs=["pension"], from_day=date(2026, 12, 1))
    with pytest.raises(ProxyNotYet):
        world.exchange(token, ahead)


def test_the_subject_token_is_this_clients_and_this_keys(world, proxy_id, token) -> None:
    with pytest.raises(TokenWrong):
        world.exchange(token, proxy_id, client=PORTAL)
    with pytest.raises(TokenWrong):
        world.exchange(token, proxy_id, thumbprint="j" * 43)
    with pytest.raises(TokenWrong):
        world.exchange("x.y.z", proxy_id)
    with pytest.raises(TokenWrong):
        world.exchange(token[:-4] + "AAAA", proxy_id)
    id_token = world.exchange(token, proxy_id).id_token
    with pytest.raises(TokenWrong):
        world.exchange(id_token, proxy_id)
    world.clock.move(timedelta(minutes=6))
    with pytest.raises(TokenWrong):
        world.exchange(token, proxy_id)


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"subject_token": None}, "subject_token"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "subject_token_type"),
        ({"subject_token_type": None}, "subject_token_type"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "requested_token_type"),
        ({"resource": "https://bank.example"}, "resource"),
    ],
)
def test_parameters(world, proxy_id, token, change, parameter) -> None:
    with pytest.raises(RequestMalformed) as refusal:
        world.exchange(token, proxy_id, **change)
    assert refusal.value.public == {"parameter": parameter}


@pytest.mark.parametrize(
    "details",
    [
        "", "{}", "[]", "null", "[1]", "[[]]", '[{"type":"urn:renkei:proxy"}]', "[" * 5000,
        '[{"type":"payment_initiation","proxy_id":"x"}]',
        '[{"type":"urn:renkei:proxy","proxy_id":"x","act":"steal","affairs":"tax"}]',
        '[{"type":"urn:renkei:proxy","proxy_id":"x","act":"view"}]',
        '[{"type":"urn:renkei:proxy","proxy_id":"x","affairs":"tax"}]',
        '[{"type":"urn:renkei:proxy","proxy_id":"x","more":1}]',
        '[{"type":"urn:renkei:proxy","proxy_id":"x"},{"type":"urn:renkei:proxy","proxy_id":"y"}]',
    ],
)  # fmt: skip
def test_details(world, token, details) -> None:
    with pytest.raises(DetailsRefused):
        world.exchange(token, "x", authorization_details=details)


def test_the_address_of_a_protected_person_is_given_to_nobody(world, token) -> None:
    """A lawyer entrusted after the protection began gets the name, never the address."""
    with world.db.writing() as conn:
        protection.protect(conn, "mother", world.now)
    proxy_id = world.entrust("mother", "daughter", "見本花子", affairs=["residence"])
    assert world.exchange(token, proxy_id).scope == "openid name"
    with pytest.raises(ScopeUnregistered):
        world.exchange(token, proxy_id, scope="openid address")


def test_errors_carry_codes_of_the_rfc() -> None:
    for error, code in (
        (ProxyEnded(), "invalid_target"), (ProxyUnknown(), "invalid_target"), (ProxyOfProxy(), "invalid_request"),
        (ProxyOutsideLimits(), "access_denied"),
    ):  # fmt: skip
        assert error.oauth == code
    assert msgspec.json.encode(ProxyEnded().public) == b"{}"
