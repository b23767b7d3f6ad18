"""Values of the protocol: what stands in tokens and answers, and what is shown of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from renkei.contracts.identity import ClaimsOf, Realm
from renkei.crypto.signing_keys import Algorithm, SoftwareKey
from renkei.institutions.identity.errors.asks import AskDenied
from renkei.institutions.identity.errors.protocol import GrantSpent, ParameterTwice, RequestMalformed, TokenWrong
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.requests import read_scopes
from renkei.institutions.identity.model.tokens import (
    ID_TYPE,
    GrantRequest,
    OwnClaims,
    TokenAnswer,
    at_hash,
)
from renkei.institutions.identity.model.verified import user_info
from renkei.institutions.identity.operations.grants import Brought
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.web.clients import read_form
from renkei.institutions.identity.web.finish import away
from renkei.institutions.identity.web.oauth_errors import description, oauth_code
from renkei.platform.clock import MovableClock
from renkei.platform.errors import StoreFailed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CLIENT = Client(client_id="c", name_ja="し", name_en="C", sector="s", scopes=frozenset(("openid", "name")))
CLAIMS = ClaimsOf(
    name="髙", name_substitutes="1", address="", address_substitutes="", birth=None, sex="not_known", verified_ms=0
)


class Keys:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.made: dict[str, SoftwareKey] = {}

    def obtain(self, name: str, algorithm: Algorithm) -> SoftwareKey:
        self.names.append(name)
        return self.made.setdefault(name, SoftwareKey.generate(algorithm))


def claims(**changes: object) -> OwnClaims:
    made: dict[str, object] = {"iss": "https://op", "sub": "s", "aud": "c", "iat": 0, "exp": 2**40}
    return OwnClaims(**(made | changes))  # type: ignore[arg-type]


def provider(store: Keys, clock: MovableClock, issuer: str = "https://op") -> ProviderKeys:
    return ProviderKeys(issuer, realm=Realm.MAIN, store=store, clock=clock)


def test_at_hash_is_that_of_openid_connect() -> None:
    """Half of SHA-256 (Core 1.0 §3.1.3.6); the example is that of §A.3 with its own access token."""
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_nothing_secret_is_shown() -> None:
    answer = TokenAnswer(access_token="at-secret", expires_in=300, scope="openid", refresh_token="rt-secret")
    request = GrantRequest(CLIENT, {"code": "code-secret"}, "jkt")
    brought = Brought(
        code_hash=b"h", client_id="c", redirect_uri="https://c/cb", verifier="verifier-secret", key_thumbprint="t"
    )
    for one in (answer, request, brought, claims(nonce="n-secret")):
        assert "secret" not in repr(one)


def test_a_token_answer_always_names_its_type() -> None:
    body = msgspec.json.decode(msgspec.json.encode(TokenAnswer(access_token="a", expires_in=1, scope="")))
    assert body == {"access_token": "a", "token_type": "DPoP", "expires_in": 1, "scope": ""}


def test_three_keys_are_published_and_one_signs() -> None:
    store, clock = Keys(), MovableClock(NOW)
    keys = provider(store, clock)
    shown = msgspec.json.decode(keys.jwks())["keys"]
    assert [key["alg"] for key in shown] == ["ES256"] * 3
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in shown)
    assert jose.opened(keys.sign_jwt(claims(), ID_TYPE)).header.kid == shown[1]["kid"]
    assert len(store.names) == 3
    keys.sign_jwt(claims(), ID_TYPE)
    assert len(store.names) == 3  # the store is asked once a period
    again = provider(store, clock)
    assert again.jwks() == keys.jwks()  # another process publishes the same


def test_own_tokens_are_told_apart() -> None:
    clock = MovableClock(NOW)
    store = Keys()
    keys, elsewhere = provider(store, clock), provider(store, clock, issuer="https://other")
    good = keys.sign_jwt(claims(), ID_TYPE)
    assert keys.verify_own(good, ID_TYPE, "c").sub == "s"
    for token, typ, audience, rule in (
        (good, "at+jwt", "c", "typ"), (good, ID_TYPE, "d", "aud"),
        (elsewhere.sign_jwt(claims(iss="https://other"), ID_TYPE), ID_TYPE, "c", "iss"),
        (keys.sign_jwt({"iss": "https://op"}, ID_TYPE), ID_TYPE, "c", "claims"),
        (keys.sign_jwt(claims(exp=1), ID_TYPE), ID_TYPE, "c", "expired"),
    ):  # fmt: skip
        with pytest.raises(jose.Unreadable, match=rule):
            keys.verify_own(token, typ, audience)
    assert keys.verify_own(keys.sign_jwt(claims(exp=1), ID_TYPE), ID_TYPE, "c", expired_ok=True).sub == "s"


def test_keys_of_another_period_are_not_ours_any_more() -> None:
    clock = MovableClock(NOW)
    keys = provider(Keys(), clock)
    token = keys.sign_jwt(claims(), ID_TYPE)
    clock.move(keys.changes_in(NOW))
    assert keys.verify_own(token, ID_TYPE, "c").sub == "s"
    clock.move(timedelta(days=30))
    with pytest.raises(jose.Unreadable, match="kid"):
        keys.verify_own(token, ID_TYPE, "c")


def test_forms_are_read_strictly() -> None:
    assert read_form(b"a=1&b=&c=%E9%AB%99+x") == {"a": "1", "c": "髙 x"}
    with pytest.raises(ParameterTwice):
        read_form(b"a=1&a=")
    for wrong in (b"\xff=1", b"a=%FF", b"&".join(b"a%d=1" % n for n in range(41))):
        with pytest.raises(RequestMalformed):
            read_form(wrong)


def test_scopes_are_read_once_each_in_their_order() -> None:
    assert read_scopes("name openid name", CLIENT) == ("name", "openid")
    assert read_scopes("", CLIENT) == ()


def test_unknown_birth_and_address_are_left_out() -> None:
    told = user_info("s", CLAIMS, scopes=("openid", "birthdate", "address", "gender"), claims=("name",))
    assert msgspec.json.decode(msgspec.json.encode(told)) == {
        "sub": "s", "gender": "not_known",
        "verified_claims": {
            "verification": {
                "trust_framework": "jp_jpki_test", "time": "1970-01-01T00:00:00Z",
                "evidence": [{
                    "type": "electronic_record", "check_details": [{"check_method": "vcrypt"}],
                    "record": {"type": "jpki_signature_certificate"},
                }],
            },
            "claims": {"name": "髙", "name_substitutes": "1", "gender": "not_known"},
        },
    }  # fmt: skip
    assert user_info("s", None, scopes=("name",), claims=()).verified_claims is None


def test_errors_have_the_codes_of_the_rfcs() -> None:
    assert oauth_code(TokenWrong(reason="expired")) == "invalid_token"
    assert oauth_code(AskDenied(reason="login_required")) == "login_required"
    assert oauth_code(StoreFailed()) == "temporarily_unavailable"
    assert description(GrantSpent(reason='a"b\\é')).isascii()
    assert '"' not in description(GrantSpent(reason='a"b\\é'))


def test_a_browser_leaves_with_what_it_brings_and_no_more() -> None:
    assert away("https://c/cb", {"code": "x", "state": ""}).headers["Location"] == "https://c/cb?code=x"
    assert away("https://c/cb?a=1", {"code": "x"}).headers["Location"] == "https://c/cb?a=1&code=x"
    assert away("https://c/bye", {}).headers["Location"] == "https://c/bye"
    assert away("https://c/cb", {"state": "a\r\nb: c&iss=x"}).headers["Location"] == (
        "https://c/cb?state=a%0D%0Ab%3A+c%26iss%3Dx"
    )
