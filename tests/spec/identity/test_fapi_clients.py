"""Who a relying party is

A client proves who it is with a signature by its own key (private_key_jwt, RFC 7523), each time anew. There are no
shared secrets that could leak.
"""

from __future__ import annotations

import msgspec
import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from tests.contract.identity_protocol.world import ISSUER, STAFF_ISSUER, Http, Relying, path, refused, sign, url

from renkei.base.encoding import to_base64url
from renkei.contracts.identity import Path
from renkei.institutions.identity.operations import clients


def wrong(fapi: Http, assertion: str | None, reason: str, **changes: str | None) -> None:
    """Asserts that the assertion is refused at every endpoint of a client."""
    for place in (Path.PUSHED, Path.TOKEN, Path.INTROSPECT, Path.REVOKE):
        form = fapi.world.bank.form({"grant_type": "client_credentials"}, client_assertion=assertion, **changes)
        refused(fapi.raw.post(path(place), data=form), "invalid_client", reason, 401)


def test_fapi2_ensure_client_assertion_is_required(fapi: Http) -> None:
    """No request of a client is read without its proof; `client_id` alone, or a secret, is none."""
    wrong(fapi, None, "form")
    wrong(fapi, None, "method", client_assertion_type=None)
    wrong(fapi, None, "method", client_assertion_type=None, client_secret="s")
    basic = fapi.raw.post(path(Path.TOKEN), data=fapi.world.bank.form({}), headers={"Authorization": "Basic YTpi"})
    refused(basic, "invalid_client", "method", 401)


def test_fapi2_ensure_signature_holds(fapi: Http) -> None:
    """A signature that does not hold proves nothing."""
    good = fapi.world.bank.assertion()
    head, payload, _ = good.split(".")
    wrong(fapi, f"{head}.{payload}.{to_base64url(b'x' * 64)}", "signature")
    wrong(fapi, f"{head}.{payload}.", "signature")


def test_fapi2_ensure_clients_key_signed(fapi: Http) -> None:
    """Another client's key, or a key that comes along in the header, is not this client's."""
    stranger = ECKey.generate_key("P-256")
    wrong(fapi, fapi.world.bank.assertion(key=stranger), "signature")
    embedded = {"jwk": stranger.as_dict(private=False), "kid": stranger.thumbprint()}
    wrong(fapi, fapi.world.bank.assertion(key=stranger, header=embedded), "kid")
    wrong(fapi, fapi.world.evil.assertion(iss="bank", sub="bank"), "kid")


def test_fapi2_ensure_alg_none_fails(fapi: Http) -> None:
    """An unsigned token says only what its writer wished for."""
    header = to_base64url(msgspec.json.encode({"alg": "none"}))
    claims = msgspec.json.encode({"iss": "bank", "sub": "bank", "aud": ISSUER, "jti": "1", "exp": 2**31})
    wrong(fapi, f"{header}.{to_base64url(claims)}.", "alg")


def test_fapi2_ensure_alg_confusion_fails(fapi: Http) -> None:
    """The key decides the algorithm: a public key never serves as a shared secret."""
    bank = fapi.world.bank
    claims = {"iss": "bank", "sub": "bank", "aud": ISSUER, "jti": "1", "exp": bank.seconds + 60}
    secret = OctKey.import_key(to_base64url(str(bank.key.as_dict(private=False)).encode()))
    kid = bank.key.thumbprint()
    wrong(fapi, sign({"alg": "HS256", "kid": kid}, claims, secret), "alg")  # type: ignore[arg-type]
    rsa = RSAKey.generate_key(2048)
    wrong(fapi, sign({"alg": "RS256", "kid": kid}, claims, rsa), "alg")
    wrong(fapi, sign({"alg": "PS256", "kid": kid}, claims, rsa), "alg")


@pytest.mark.parametrize(
    ("alg", "make"),
    [
        ("PS256", lambda: RSAKey.generate_key(2048)),
        ("Ed25519", lambda: OKPKey.generate_key("Ed25519")),
        ("ES256", lambda: ECKey.generate_key("P-256")),
    ],
)
def test_fapi2_ensure_allowed_algorithms(fapi: Http, alg: str, make: object) -> None:
    """ES256, PS256 and Ed25519 are allowed, each with a key of its kind (FAPI 2.0 §5.4.1)."""
    other = Relying("other", fapi.world.clock, key=make(), alg=alg)  # type: ignore[operator]
    with fapi.world.means.db.reading() as conn:
        bank = clients.get(conn, "bank")
    fapi.world.register(msgspec.structs.replace(bank, client_id="other", jwks=(other.jwk,)))
    assert fapi.push(other).status_code == 201


def test_fapi2_ensure_weak_rsa_key_fails(fapi: Http) -> None:
    """A key that is too short verifies nothing, even where it was registered."""
    other = Relying("other", fapi.world.clock, key=RSAKey.generate_key(1024), alg="PS256")
    with fapi.world.means.db.reading() as conn:
        bank = clients.get(conn, "bank")
    fapi.world.register(msgspec.structs.replace(bank, client_id="other", jwks=(other.jwk,)))
    refused(fapi.push(other), "invalid_client", "alg", 401)


@pytest.mark.parametrize(
    "audience",
    [
        "https://evil.example", url(Path.TOKEN), url(Path.PUSHED), [ISSUER], [ISSUER, "https://evil.example"],
        ISSUER + "/", STAFF_ISSUER, None,
    ],
)  # fmt: skip
def test_fapi2_ensure_client_assertion_audience_is_the_issuer_as_a_string(fapi: Http, audience: object) -> None:
    """An assertion is for this issuer and for nobody else besides (FAPI 2.0 §5.3.2.1): a list, or an endpoint that a
    client may have read in an attacker's metadata, is refused.
    """
    reason = "aud" if isinstance(audience, str) else "claims"
    wrong(fapi, fapi.world.bank.assertion(aud=audience), reason)


def test_fapi2_ensure_issuer_and_subject_are_the_client(fapi: Http) -> None:
    """A client speaks for itself."""
    wrong(fapi, fapi.world.bank.assertion(iss="evil"), "iss")
    wrong(fapi, fapi.world.bank.assertion(sub="nobody"), "client")
    wrong(fapi, fapi.world.bank.assertion(), "client", client_id="evil")


def test_fapi2_ensure_expired_client_assertion_fails(fapi: Http) -> None:
    """An assertion lives for five minutes at most, and not a moment after its end but for the clocks' tolerance."""
    now = fapi.world.bank.seconds
    wrong(fapi, fapi.world.bank.assertion(exp=now - 31), "expired")
    wrong(fapi, fapi.world.bank.assertion(exp=now + 3600), "exp")
    wrong(fapi, fapi.world.bank.assertion(exp=None), "claims")
    assert fapi.push(client_assertion=fapi.world.bank.assertion(exp=now + 300)).status_code == 201


def test_fapi2_ensure_client_assertion_clock_skew(fapi: Http) -> None:
    """A client's clock may run ten seconds ahead of ours, and not sixty."""
    now = fapi.world.bank.seconds
    for name in ("iat", "nbf"):
        assert fapi.push(client_assertion=fapi.world.bank.assertion(**{name: now + 10})).status_code == 201
        wrong(fapi, fapi.world.bank.assertion(**{name: now + 61}), "future")


def test_fapi2_ensure_client_assertion_is_used_once(fapi: Http) -> None:
    """An assertion that was used is used up, at every endpoint."""
    used = fapi.world.bank.assertion()
    assert fapi.push(client_assertion=used).status_code == 201
    refused(fapi.push(client_assertion=used), "invalid_client", "replayed", 401)
    token = fapi.token({"grant_type": "client_credentials"}, client_assertion=used)
    refused(token, "invalid_client", "replayed", 401)
    wrong(fapi, fapi.world.bank.assertion(jti=None), "claims")
    wrong(fapi, fapi.world.bank.assertion(jti=""), "jti")


def test_fapi2_ensure_critical_extensions_fail(fapi: Http) -> None:
    """An extension that we do not know and must understand (`crit`) is refused."""
    wrong(fapi, fapi.world.bank.assertion(header={"crit": ["b64"], "b64": True}), "crit")


def test_fapi2_ensure_another_kind_of_token_is_no_assertion(fapi: Http) -> None:
    """A token of another kind (`typ`) is none, even if the right key signed it."""
    wrong(fapi, fapi.world.bank.assertion(header={"typ": "dpop+jwt"}), "typ")


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "a.b.c.d", "e30.e30.e30", "." * 2, "A" * 9000])
def test_malformed_assertions_are_refused(fapi: Http, token: str) -> None:
    """What is no token at all is refused like a token that does not hold."""
    wrong(fapi, token, "size" if len(token) > 8192 else "form")


def test_a_client_changes_its_key(fapi: Http) -> None:
    """During a change of keys both are registered, and each serves; afterwards the old one does not."""
    bank, new = fapi.world.bank, ECKey.generate_key("P-256")
    renewed = Relying("bank", fapi.world.clock, key=new)
    with fapi.world.means.db.reading() as conn:
        kept = clients.get(conn, "bank")
    fapi.world.register(msgspec.structs.replace(kept, jwks=(bank.jwk, renewed.jwk)))
    assert fapi.push(bank).status_code == fapi.push(renewed).status_code == 201
    refused(fapi.push(client_assertion=bank.assertion(header={"kid": ""})), "invalid_client", "kid", 401)
    fapi.world.register(msgspec.structs.replace(kept, jwks=(renewed.jwk,)))
    refused(fapi.push(bank), "invalid_client", "kid", 401)
    assert fapi.push(renewed).status_code == 201


def test_a_stopped_client_gets_nothing(fapi: Http) -> None:
    """A client that was stopped is told so, whatever it asks."""
    given = fapi.tokens()
    with fapi.world.means.db.reading() as conn:
        bank = clients.get(conn, "bank")
    fapi.world.register(msgspec.structs.replace(bank, stopped=True))
    refused(fapi.push(), "unauthorized_client", status=403)
    asked = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    refused(fapi.token(asked), "unauthorized_client", status=403)
