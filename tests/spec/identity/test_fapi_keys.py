"""Possession of a key

Every token is bound to a key, and every request proves anew that its sender holds it (DPoP, RFC 9449). A token that was
overheard or stolen from a log opens nothing.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from tests.contract.identity_protocol.world import Http, path, refused, sign, url

from renkei.base.encoding import to_base64url
from renkei.contracts.identity import Path

CLIENT = {"grant_type": "client_credentials"}
TOKEN = url(Path.TOKEN)


def wrong(fapi: Http, proof: str | None, reason: str) -> None:
    """Asserts that the proof is refused at the token endpoint."""
    refused(fapi.token(CLIENT, proof=proof), "invalid_dpop_proof", reason)


def test_dpop_ensure_proof_is_required(fapi: Http) -> None:
    """No token is given without a key to bind it to."""
    wrong(fapi, None, "missing")
    refused(fapi.userinfo(fapi.tokens()["access_token"], proof=None), "invalid_dpop_proof", "missing")


def test_dpop_ensure_one_proof(fapi: Http) -> None:
    """Two proofs are none: nobody could say which of them counts."""
    bank = fapi.world.bank
    headers = [("DPoP", bank.proof(TOKEN)), ("DPoP", bank.proof(TOKEN))]
    refused(fapi.raw.post(path(Path.TOKEN), data=bank.form(CLIENT), headers=headers), "invalid_dpop_proof", "twice")


@pytest.mark.parametrize("method", ["GET", "post", "PUT"])
def test_dpop_ensure_htm(fapi: Http, method: str) -> None:
    """A proof is for one method."""
    wrong(fapi, fapi.world.bank.proof(TOKEN, method), "htm")


@pytest.mark.parametrize(
    "address",
    [url(Path.USERINFO), TOKEN + "/", TOKEN.replace("http:", "https:"), "http://evil.example/token", "::", ""],
)
def test_dpop_ensure_htu(fapi: Http, address: str) -> None:
    """A proof is for one address."""
    wrong(fapi, fapi.world.bank.proof(address), "htu")


def test_dpop_ensure_htu_is_compared_as_an_address(fapi: Http) -> None:
    """Query, default port and the case of the host make no other address of it (RFC 9449 §4.3)."""
    for same in (TOKEN + "?a=b", TOKEN.replace("nation.example", "NATION.example:80"), TOKEN + "#x"):
        assert fapi.token(CLIENT, proof=fapi.world.bank.proof(same)).status_code == 200


def test_dpop_ensure_proof_is_fresh(fapi: Http) -> None:
    """A proof is good for a minute, and a clock may run ten seconds ahead but not sixty."""
    bank = fapi.world.bank
    wrong(fapi, bank.proof(TOKEN, iat=bank.seconds - 120), "iat")
    wrong(fapi, bank.proof(TOKEN, iat=bank.seconds + 61), "iat")
    wrong(fapi, bank.proof(TOKEN, iat=None), "claims")
    wrong(fapi, bank.proof(TOKEN, iat=1e300), "iat")
    assert fapi.token(CLIENT, proof=bank.proof(TOKEN, iat=bank.seconds + 10)).status_code == 200
    assert fapi.token(CLIENT, proof=bank.proof(TOKEN, iat=bank.seconds - 50)).status_code == 200


def test_dpop_ensure_proof_is_used_once(fapi: Http) -> None:
    """A proof that was overheard is used up, also on the other process of the provider and after a restart."""
    used = fapi.world.bank.proof(TOKEN)
    assert fapi.token(CLIENT, proof=used).status_code == 200
    answer = fapi.token(CLIENT, proof=used)
    assert answer.status_code in (400, 401)
    assert "replayed" in answer.json()["error_description"]
    token = fapi.tokens()["access_token"]
    shown = fapi.world.bank.proof(url(Path.USERINFO), "GET", token=token)
    assert fapi.userinfo(token, proof=shown).status_code == 200
    refused(fapi.userinfo(token, proof=shown), "invalid_dpop_proof", "replayed")
    wrong(fapi, fapi.world.bank.proof(TOKEN, jti=None), "claims")
    wrong(fapi, fapi.world.bank.proof(TOKEN, jti="j" * 201), "jti")


def test_dpop_ensure_typ(fapi: Http) -> None:
    """A token of another kind is no proof."""
    wrong(fapi, fapi.world.bank.proof(TOKEN, header={"typ": "JWT"}), "typ")
    wrong(fapi, fapi.world.bank.assertion(), "typ")


def test_dpop_ensure_public_key_is_there_and_public(fapi: Http) -> None:
    """The proof carries its public key; a private one is refused, so that nobody gets used to sending it."""
    bank = fapi.world.bank
    wrong(fapi, bank.proof(TOKEN, header={"jwk": None}), "jwk")
    wrong(fapi, bank.proof(TOKEN, header={"jwk": bank.dpop_key.as_dict(private=True)}), "key")
    wrong(fapi, bank.proof(TOKEN, header={"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}), "key")
    secret = OctKey.generate_key(256)
    claims = {"htm": "POST", "htu": TOKEN, "jti": "1", "iat": bank.seconds}
    head = {"alg": "HS256", "typ": "dpop+jwt", "jwk": secret.as_dict()}
    wrong(fapi, sign(head, claims, secret), "key")  # type: ignore[arg-type]


def test_dpop_ensure_alg_none_and_wrong_signature_fail(fapi: Http) -> None:
    """An unsigned proof, or one signed by another key than it shows, is forged."""
    bank, stranger = fapi.world.bank, ECKey.generate_key("P-256")
    wrong(fapi, bank.proof(TOKEN, key=stranger, header={"jwk": bank.dpop_key.as_dict(private=False)}), "signature")
    head, payload, _ = bank.proof(TOKEN).split(".")
    wrong(fapi, f"{head}.{payload}.{to_base64url(b'0' * 64)}", "signature")
    wrong(fapi, "x.y.z", "form")
    wrong(fapi, "A" * 7000, "form")


@pytest.mark.parametrize(
    ("alg", "make"),
    [("Ed25519", lambda: OKPKey.generate_key("Ed25519")), ("PS256", lambda: RSAKey.generate_key(2048))],
)
def test_dpop_ensure_allowed_algorithms(fapi: Http, alg: str, make: object) -> None:
    """Keys of the other allowed kinds serve as well."""
    key = make()  # type: ignore[operator]
    assert fapi.token(CLIENT, proof=fapi.world.bank.proof(TOKEN, key=key, header={"alg": alg})).status_code == 200


def test_dpop_ensure_ath(fapi: Http) -> None:
    """At a resource the proof names the token that it goes with."""
    bank, token = fapi.world.bank, fapi.tokens()["access_token"]
    place = url(Path.USERINFO)
    refused(fapi.userinfo(token, proof=bank.proof(place, "GET")), "invalid_dpop_proof", "ath")
    refused(fapi.userinfo(token, proof=bank.proof(place, "GET", token="other")), "invalid_dpop_proof", "ath")


def test_dpop_ensure_token_is_bound_to_the_key(fapi: Http) -> None:
    """A stolen token fails with the thief's own key, however good the proof."""
    token = fapi.tokens()["access_token"]
    theirs = fapi.world.bank.proof(url(Path.USERINFO), "GET", token=token, key=ECKey.generate_key("P-256"))
    refused(fapi.userinfo(token, proof=theirs), "invalid_token", "key", 401)


def test_dpop_proofs_are_forgotten_when_they_are_worthless(fapi: Http) -> None:
    """What was seen is remembered for as long as it could be accepted again, and no longer."""
    from renkei.institutions.identity.operations import replay

    fapi.token(CLIENT)
    world = fapi.world
    with world.means.db.writing() as conn:
        assert replay.sweep(conn, world.clock.now()) == 0
        world.clock.move(timedelta(minutes=7))
        assert replay.sweep(conn, world.clock.now()) == 2
