"""Authorization requests of relying parties

The provider follows the FAPI 2.0 Security Profile. What a client wants is pushed from its server to ours (RFC 9126),
where the client proves who it is; a browser only carries a reference. The tests are named after the conditions of the
profile's conformance suite.
"""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest
from tests.contract.identity_protocol.world import (
    BANK_API,
    ISSUER,
    OTHER_REDIRECT,
    REDIRECT,
    Http,
    answered,
    path,
    refused,
    url,
)

from renkei.contracts.identity import Path


def page(answer: object, code: str) -> None:
    """Asserts an error page of ours: nothing goes to an address that was not verified."""
    assert answer.status_code in (400, 403, 409, 410), answer.text  # type: ignore[attr-defined]
    assert "location" not in answer.headers  # type: ignore[attr-defined]
    assert code in answer.text  # type: ignore[attr-defined]


def test_fapi2_ensure_request_without_par_fails(fapi: Http) -> None:
    """Parameters that a browser brings itself are not read, however good they look."""
    query = {"client_id": "bank", "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "s"}
    page(fapi.raw.get(path(Path.AUTHORIZE), params=query, follow_redirects=False), "oauth_pushed_required")


def test_fapi2_ensure_parameters_beside_the_request_uri_are_ignored(fapi: Http) -> None:
    """What was pushed counts; a browser cannot change it on the way."""
    reference = fapi.pushed()
    answer = fapi.authorize(reference, redirect_uri="https://evil.example/cb", scope="openid address")
    ask_id = answer.headers["location"].rpartition("/")[2]
    person = fapi.world.sign_in()
    person.approve(ask_id)
    assert fapi.finish(ask_id, person).headers["location"].startswith(REDIRECT)


def test_fapi2_par_ensure_request_uri_is_bound_to_the_client(fapi: Http) -> None:
    """A reference serves the client that pushed, and nobody who found it (mix-up of clients)."""
    page(fapi.authorize(fapi.pushed(), "evil"), "oauth_pushed_unknown")
    page(fapi.authorize(fapi.pushed(), None), "oauth_pushed_required")


def test_fapi2_par_attempt_to_use_expired_request_uri_fails(fapi: Http) -> None:
    """A reference lives for ninety seconds."""
    pushed = fapi.push().json()
    assert pushed["expires_in"] == 90
    fapi.world.clock.move(timedelta(seconds=90))
    page(fapi.authorize(pushed["request_uri"]), "oauth_pushed_unknown")


def test_fapi2_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(fapi: Http) -> None:
    """A page that is loaded again before the person has answered is the same page, not an error."""
    reference = fapi.pushed()
    first, second = fapi.authorize(reference), fapi.authorize(reference)
    assert first.headers["location"] == second.headers["location"]


def test_fapi2_par_attempt_reuse_request_uri_fails(fapi: Http) -> None:
    """Once the person has answered, the reference is worth nothing."""
    reference = fapi.pushed()
    ask_id = fapi.authorize(reference).headers["location"].rpartition("/")[2]
    person = fapi.world.sign_in()
    person.approve(ask_id)
    page(fapi.authorize(reference), "oauth_pushed_unknown")
    fapi.finish(ask_id, person)
    page(fapi.authorize(reference), "oauth_pushed_unknown")


def test_fapi2_par_attempt_to_use_request_uri_not_issued_fails(fapi: Http) -> None:
    """A reference that was never given, or is an address to be fetched, is refused; nothing is ever fetched."""
    page(fapi.authorize("urn:ietf:params:oauth:request_uri:AAAA"), "oauth_pushed_unknown")
    page(fapi.authorize("https://evil.example/request.jwt"), "oauth_pushed_required")
    page(fapi.authorize(fapi.pushed() + "\r\nx: y"), "oauth_pushed_required")


def test_fapi2_par_pushed_request_with_request_uri_fails(fapi: Http) -> None:
    """A pushed request does not refer to another one (RFC 9126 §2.1)."""
    refused(fapi.push(request_uri=fapi.pushed()), "invalid_request", "request_uri")


def test_fapi2_par_pushed_request_object_is_refused_plainly(fapi: Http) -> None:
    """Request objects are not supported, and never half read."""
    refused(fapi.push(request="eyJhbGciOiJub25lIn0.e30."), "request_not_supported")


def test_fapi2_par_without_duplicated_parameters(fapi: Http) -> None:
    """A parameter that stands there twice means two things to two readers."""
    form = list(fapi.world.bank.form({"response_type": "code"}).items())
    body = "&".join(f"{name}={value}" for name, value in [*form, ("response_type", "code")])
    headers = {"content-type": "application/x-www-form-urlencoded"}
    refused(fapi.raw.post(path(Path.PUSHED), content=body, headers=headers), "invalid_request", "response_type")


def test_fapi2_ensure_redirect_uri_in_authorization_request(fapi: Http) -> None:
    """The redirect URI is always named, also where only one is registered."""
    refused(fapi.push(redirect_uri=None), "invalid_request")


@pytest.mark.parametrize(
    "changed",
    [
        REDIRECT + "/", REDIRECT + "?x=1", REDIRECT.upper(), REDIRECT + "#f", "https://bank.example:443/cb",
        "https://bank.example/cb/../cb", "https://bank.example.evil.example/cb", "http://bank.example/cb",
        "https://bank.example@evil.example/cb", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_fapi2_ensure_registered_redirect_uri_matches_exactly(fapi: Http, changed: str) -> None:
    """A redirect URI is compared character by character with the registered ones."""
    refused(fapi.push(redirect_uri=changed), "invalid_request")


def test_fapi2_ensure_redirect_uri_with_query_keeps_it(fapi: Http) -> None:
    """A registered query stays, and the answer stands behind it."""
    person = fapi.world.sign_in()
    ask_id = fapi.ask(redirect_uri=OTHER_REDIRECT)
    person.approve(ask_id)
    assert fapi.finish(ask_id, person).headers["location"].startswith(OTHER_REDIRECT + "&code=")


def test_fapi2_ensure_pkce_required(fapi: Http) -> None:
    """Every request carries a challenge (RFC 7636): a stolen code alone opens nothing."""
    refused(fapi.push(code_challenge=None), "invalid_request", "code_challenge")
    refused(fapi.push(code_challenge="short"), "invalid_request", "code_challenge")


@pytest.mark.parametrize("method", [None, "plain", "s256"])
def test_fapi2_ensure_pkce_code_challenge_method_is_s256(fapi: Http, method: str | None) -> None:
    """The challenge is a hash. A verifier sent in the open protects nobody."""
    refused(fapi.push(code_challenge_method=method), "invalid_request", "code_challenge_method")


@pytest.mark.parametrize("kind", ["token", "id_token", "code id_token", "code token", "none", None])
def test_fapi2_ensure_response_type_code_only(fapi: Http, kind: str | None) -> None:
    """No token ever travels through a browser's address."""
    refused(fapi.push(response_type=kind), "invalid_request", "response_type")


@pytest.mark.parametrize("mode", ["fragment", "form_post", "jwt"])
def test_fapi2_ensure_response_mode_query(fapi: Http, mode: str) -> None:
    """The answer stands in the query, where the client's server reads it."""
    refused(fapi.push(response_mode=mode), "invalid_request", "response_mode")


def test_fapi2_ensure_state_and_nonce(fapi: Http) -> None:
    """As デジタル認証アプリ has it, `state` and `nonce` are always there; both may be as long as clients make them."""
    refused(fapi.push(state=None), "invalid_request", "state")
    refused(fapi.push(nonce=None), "invalid_request", "nonce")
    refused(fapi.push(nonce="n" * 257), "invalid_request", "nonce")
    assert fapi.push(nonce="n" * 64, state="s" * 512).status_code == 201


def test_fapi2_ensure_scope_openid_and_registered_scopes_only(fapi: Http) -> None:
    """A client asks for nothing that it is not registered for, by scope or by claim."""
    refused(fapi.push(scope="name"), "invalid_request", "scope")
    refused(fapi.push(scope="openid admin"), "invalid_scope", "admin")
    refused(fapi.push(fapi.world.evil, redirect_uri="https://evil.example/cb", scope="openid name"), "invalid_scope")
    wish = '{"userinfo":{"verified_claims":{"verification":{"trust_framework":null},"claims":{"address":null}}}}'
    refused(fapi.push(fapi.world.evil, redirect_uri="https://evil.example/cb", claims=wish), "invalid_scope", "address")


@pytest.mark.parametrize(
    "claims", ["{", "[]", '{"userinfo":{"verified_claims":{"claims":[]}}}', "[" * 3000, "x" * 5000]
)
def test_claims_that_cannot_be_read_are_refused(fapi: Http, claims: str) -> None:
    """A malformed or oversize `claims` parameter is said to be so; nobody guesses what it meant."""
    refused(fapi.push(claims=claims), "invalid_request", "claims")


PAYMENT = {
    "type": "payment_initiation", "locations": [BANK_API], "amount_yen": 100, "payee": "見本税務署", "reference": "r-1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "credit"}, "type"), ({"amount_yen": 0}, "amount_yen"), ({"amount_yen": -1}, "amount_yen"),
        ({"amount_yen": 1.5}, "form"), ({"locations": ["https://evil.example"]}, "locations"),
        ({"locations": []}, "locations"), ({"payee": ""}, "payee"), ({"payee": "a\u202eb"}, "payee"),
        ({"reference": "a b"}, "reference"), ({"note": "x"}, "form"), ({"amount_yen": 10**13}, "amount_yen"),
    ],
)  # fmt: skip
def test_rar_ensure_unknown_or_excessive_authorization_details_fail(
    fapi: Http, change: dict[str, object], reason: str
) -> None:
    """ "Pay this" (RFC 9396) is read strictly: of a known type, at a bank for which the client is registered, an amount
    and a payee that can be shown to the person as they are.
    """
    details = msgspec.json.encode([PAYMENT | change]).decode()
    refused(fapi.push(authorization_details=details), "invalid_authorization_details", reason)


def test_rar_ensure_client_without_registration_fails(fapi: Http) -> None:
    """Only clients registered for a bank may ask for payments there."""
    details = msgspec.json.encode([PAYMENT]).decode()
    answer = fapi.push(fapi.world.evil, redirect_uri="https://evil.example/cb", authorization_details=details)
    refused(answer, "invalid_authorization_details", "locations")


@pytest.mark.parametrize(
    ("name", "value"),
    [("prompt", "none login"), ("prompt", "maybe"), ("max_age", "-1"), ("max_age", "1e3"), ("purpose", "p" * 301)],
)
def test_values_that_say_nothing_are_refused(fapi: Http, name: str, value: str) -> None:
    """A parameter that cannot mean what it says is refused rather than passed over."""
    refused(fapi.push(**{name: value}), "invalid_request", name)


def test_fapi2_par_ensure_body_size_is_bounded(fapi: Http) -> None:
    """A request that is too large is refused before it is read."""
    answer = fapi.push(purpose="p" * 40_000)
    assert answer.status_code == 413
    assert fapi.raw.post(path(Path.PUSHED), json={}).json()["error"] == "invalid_request"


def test_fapi2_user_rejects_authentication(fapi: Http) -> None:
    """A person who says no sends the client `access_denied`, with its state and our issuer, and no code."""
    person = fapi.world.sign_in()
    ask_id = fapi.ask()
    person.deny(ask_id)
    assert answered(fapi.finish(ask_id, person)) == {"error": "access_denied", "state": "state-1", "iss": ISSUER}


def test_fapi2_ensure_issuer_in_the_authorization_response(fapi: Http) -> None:
    """Every answer names who gave it (RFC 9207), so that a client of several providers cannot be mixed up."""
    person = fapi.world.sign_in()
    ask_id = fapi.ask()
    person.approve(ask_id)
    answer = answered(fapi.finish(ask_id, person))
    assert answer["iss"] == ISSUER
    assert set(answer) == {"code", "state", "iss"}
    assert fapi.raw.get(path(Path.CONFIGURATION)).json()["authorization_response_iss_parameter_supported"] is True


def test_fapi2_ensure_303_and_no_referrer(fapi: Http) -> None:
    """A browser leaves by 303, which never sends a form on, and tells nobody where it was."""
    person = fapi.world.sign_in()
    ask_id = fapi.ask()
    person.approve(ask_id)
    answer = fapi.finish(ask_id, person)
    assert answer.status_code == 303
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_the_answer_is_for_the_browser_that_decided(fapi: Http) -> None:
    """Who learns the address of an answer cannot fetch it: another browser, another person, nobody signed in."""
    person, other = fapi.world.sign_in(), fapi.world.sign_in("taro")
    ask_id = fapi.ask()
    person.approve(ask_id)
    page(fapi.finish(ask_id, other), "oauth_finish_elsewhere")
    page(fapi.finish(ask_id, None), "oauth_finish_elsewhere")
    assert "code" in answered(fapi.finish(ask_id, person))
    page(fapi.finish(ask_id, person), "ask_used")


def test_a_registration_that_changed_meanwhile_counts(fapi: Http) -> None:
    """A client that was stopped, or lost its address, while the person was reading gets nothing."""
    from renkei.institutions.identity.operations import clients

    person = fapi.world.sign_in()
    ask_id = fapi.ask()
    person.approve(ask_id)
    with fapi.world.means.db.reading() as conn:
        bank = clients.get(conn, "bank")
    fapi.world.register(msgspec.structs.replace(bank, redirect_uris=("https://bank.example/new",)))
    page(fapi.finish(ask_id, person), "oauth_redirect_unregistered")
    fapi.world.register(msgspec.structs.replace(bank, stopped=True))
    page(fapi.finish(ask_id, person), "oauth_client_stopped")


def test_secrets_are_long_and_random(fapi: Http) -> None:
    """References, codes and refresh tokens carry 256 bits, and no two are alike."""
    person = fapi.world.sign_in()
    found = [fapi.pushed().rpartition(":")[2], fapi.pushed().rpartition(":")[2]]
    found += [fapi.code(person=person), fapi.code(person=person)]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in found)
    assert url(Path.PUSHED).startswith(ISSUER)
