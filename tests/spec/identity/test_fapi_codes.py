"""Codes and tokens

A code passes through a browser, so it is worth nothing alone: it is bound to its client, to the verifier that only the
client knows, and to a key that only the client holds. So are the tokens that it gives.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from joserfc.jwk import ECKey
from tests.contract.identity_protocol.world import (
    OTHER_REDIRECT,
    Http,
    Relying,
    claims_in,
    path,
    refused,
    sign,
    url,
)

from renkei.contracts.identity import Path


def test_fapi2_ensure_authorization_code_is_used_once(fapi: Http) -> None:
    """A second use is refused, and whatever the first one gave ends: one of the two was not the client (RFC 9700)."""
    code = fapi.code()
    first = fapi.redeem(code).json()
    assert fapi.userinfo(first["access_token"]).status_code == 200
    refused(fapi.redeem(code), "invalid_grant", "used")
    refused(fapi.userinfo(first["access_token"]), "invalid_token", "ended", 401)
    asked = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    refused(fapi.token(asked), "invalid_grant", "ended")


def test_fapi2_ensure_authorization_code_expires(fapi: Http) -> None:
    """A code lives for sixty seconds."""
    code = fapi.code()
    fapi.world.clock.move(timedelta(seconds=60))
    refused(fapi.redeem(code), "invalid_grant", "expired")


def test_fapi2_ensure_authorization_code_is_bound_to_client(fapi: Http) -> None:
    """A code that another client stole or was handed (mix-up) is worth nothing to it, and stays good for its own."""
    code = fapi.code()
    refused(fapi.redeem(code, fapi.world.evil), "invalid_grant", "client")
    assert fapi.redeem(code).status_code == 200


def test_fapi2_ensure_code_verifier_is_required(fapi: Http) -> None:
    """Without its verifier a code is not even looked up."""
    refused(fapi.redeem(fapi.code(), code_verifier=None), "invalid_request", "code_verifier")


@pytest.mark.parametrize("verifier", ["w" * 43, "v" * 44, "v" * 128])
def test_fapi2_ensure_wrong_code_verifier_fails(fapi: Http, verifier: str) -> None:
    """A code injected into another sign-in meets another verifier. It is tried once: then it is spent."""
    code = fapi.code()
    refused(fapi.redeem(code, code_verifier=verifier), "invalid_grant", "code_verifier")
    refused(fapi.redeem(code), "invalid_grant", "used")


def test_fapi2_ensure_redirect_uri_at_the_token_endpoint_is_the_same(fapi: Http) -> None:
    """The address that the code went to is named again, and compared."""
    refused(fapi.redeem(fapi.code(), redirect_uri=OTHER_REDIRECT), "invalid_grant", "redirect_uri")
    refused(fapi.redeem(fapi.code(), redirect_uri=None), "invalid_request", "redirect_uri")


def test_fapi2_ensure_dpop_key_of_the_code_is_kept(fapi: Http) -> None:
    """A code pushed with a key (`dpop_jkt`, or a proof at the push, RFC 9449 §10) is good with this key alone."""
    bank, stranger = fapi.world.bank, ECKey.generate_key("P-256")
    code = fapi.code(dpop_jkt=bank.thumbprint)
    refused(fapi.redeem(code, proof=bank.proof(url(Path.TOKEN), key=stranger)), "invalid_grant", "dpop_key")
    assert fapi.redeem(fapi.code(dpop_jkt=bank.thumbprint)).status_code == 200
    refused(
        fapi.push(proof=bank.proof(url(Path.PUSHED)), dpop_jkt=stranger.thumbprint()), "invalid_request", "dpop_jkt"
    )
    assert fapi.push(proof=bank.proof(url(Path.PUSHED)), dpop_jkt=bank.thumbprint).status_code == 201


def test_fapi2_ensure_unknown_codes_and_grant_types_fail(fapi: Http) -> None:
    """What we never gave is refused without saying more."""
    refused(fapi.redeem("A" * 43), "invalid_grant", "unknown")
    refused(fapi.redeem("x" * 4000), "invalid_request", "code")
    refused(fapi.token({"grant_type": "password", "username": "a", "password": "b"}), "unsupported_grant_type")
    refused(fapi.token({"grant_type": "implicit"}), "unsupported_grant_type")
    refused(fapi.token({}), "invalid_request", "grant_type")


def test_fapi2_ensure_bearer_access_token_fails(fapi: Http) -> None:
    """A token that is bound to a key is not good as a bearer token, nor in the query (RFC 9449 §7.2)."""
    token = fapi.tokens()["access_token"]
    refused(fapi.userinfo(token, scheme="Bearer"), "invalid_token", "scheme", 401)
    answer = fapi.raw.get(path(Path.USERINFO), params={"access_token": token})
    refused(answer, "invalid_token", "missing", 401)
    assert answer.headers["www-authenticate"].startswith("DPoP ")


def test_fapi2_ensure_access_token_of_another_issuer_or_kind_fails(fapi: Http) -> None:
    """An ID token is no access token, and nobody else's signature is ours."""
    given, bank = fapi.tokens(), fapi.world.bank
    refused(fapi.userinfo(given["id_token"]), "invalid_token", "typ", 401)
    claims = claims_in(given["access_token"])
    forged = sign({"alg": "ES256", "typ": "at+jwt", "kid": "x"}, claims, bank.key)
    refused(fapi.userinfo(forged), "invalid_token", "kid", 401)
    kid = fapi.raw.get(path(Path.KEYS)).json()["keys"][1]["kid"]
    forged = sign({"alg": "ES256", "typ": "at+jwt", "kid": kid}, claims, bank.key)
    refused(fapi.userinfo(forged), "invalid_token", "signature", 401)
    head, _, tail = given["access_token"].split(".")
    payload = given["id_token"].split(".")[1]
    refused(fapi.userinfo(f"{head}.{payload}.{tail}"), "invalid_token", "signature", 401)


def test_fapi2_ensure_staff_and_people_are_two_issuers(fapi: Http) -> None:
    """A token of the one realm is worth nothing in the other."""
    token = fapi.tokens()["access_token"]
    staff = path(Path.USERINFO).replace("/main/", "/staff/")
    proof = fapi.world.bank.proof(url(Path.USERINFO).replace("/main/", "/staff/"), "GET", token=token)
    answer = fapi.raw.get(staff, headers={"Authorization": f"DPoP {token}", "DPoP": proof})
    refused(answer, "invalid_token", "kid", 401)


def test_fapi2_ensure_tokens_are_short_lived(fapi: Http) -> None:
    """An access token is good for five minutes."""
    given = fapi.tokens()
    claims = claims_in(given["access_token"])
    assert claims["exp"] - claims["iat"] == given["expires_in"] == 300
    fapi.world.clock.move(timedelta(minutes=5))
    refused(fapi.userinfo(given["access_token"]), "invalid_token", "expired", 401)


def test_no_secret_is_kept_as_it_is(fapi: Http) -> None:
    """Whoever copies our store holds no code, no refresh token, no reference."""
    given = fapi.tokens()
    reference = fapi.pushed()
    code = fapi.code()
    fapi.world.means.db.close()
    name = fapi.world.means.db._engine.url.database
    assert name is not None
    with open(name, "rb") as file:
        content = file.read()
    for secret in (given["refresh_token"], reference.rpartition(":")[2], code, given["access_token"][-20:]):
        assert secret.encode() not in content


def test_errors_name_no_person_and_show_no_secret(fapi: Http) -> None:
    """An error says which rule was broken. It repeats nothing that was sent."""
    answer = fapi.redeem("S3cretCodeThatIsWrong")
    assert "S3cretCodeThatIsWrong" not in answer.text
    body = answer.json()
    assert set(body) == {"error", "error_description", "code"}
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in body["error_description"])
    relying = Relying("nobody-here", fapi.world.clock)
    assert "nobody-here" not in fapi.push(relying).text
    assert msgspec.json.decode(answer.content)["error"] == "invalid_grant"
