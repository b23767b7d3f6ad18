"""Tokens that others bring: whatever arrives is read, or refused with a fixed word, and nothing else happens."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from renkei.base.encoding import to_base64url
from renkei.institutions.identity.model import jose

KEY = ECKey.generate_key("P-256")
JWK = msgspec.convert({**KEY.as_dict(private=False), "kid": "k"}, jose.Jwk)
RULES = {"size", "form", "crit", "key", "alg", "signature", "claims", "kid", "typ"}


def token(payload: bytes = b"{}", **header: object) -> str:
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return jws.serialize_compact({"alg": "ES256", **header}, payload, KEY, registry=registry)


def test_a_good_token_is_read_and_verified() -> None:
    opened = jose.opened(token(b'{"a":1}', kid="k"))
    assert (opened.header.alg, opened.header.kid, opened.payload) == ("ES256", "k", b'{"a":1}')
    jose.verify(opened, jose.public_key(JWK))


@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_known_word(text: str) -> None:
    try:
        jose.opened(text)
    except jose.Unreadable as error:
        assert str(error) in RULES  # noqa: PT017  # most texts are refused, and none in another way


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=70))
def test_any_bytes_in_the_three_parts_are_refused_with_a_known_word(head: bytes, payload: bytes, tail: bytes) -> None:
    try:
        jose.verify(jose.opened(".".join(map(to_base64url, (head, payload, tail)))), jose.public_key(JWK))
    except jose.Unreadable as error:
        assert str(error) in RULES  # noqa: PT017
    else:
        raise AssertionError("nothing of this was ever signed")


@given(st.integers(0, 63), st.integers(1, 255))
def test_one_changed_bit_of_the_signature_is_seen(at: int, flip: int) -> None:
    head, payload, tail = TOKEN.split(".")
    raw = bytearray(jose.from_base64url(tail))
    raw[at] ^= flip
    with pytest.raises(jose.Unreadable, match="signature"):
        jose.verify(jose.opened(f"{head}.{payload}.{to_base64url(bytes(raw))}"), jose.public_key(JWK))


TOKEN = token()


@pytest.mark.parametrize("extra", [".", "=", " ", "\n"])
def test_one_token_has_one_text(extra: str) -> None:
    for text in (TOKEN + extra, extra + TOKEN, TOKEN.replace(".", extra + ".", 1)):
        with pytest.raises(jose.Unreadable):
            jose.verify(jose.opened(text), jose.public_key(JWK))


def test_sizes_are_bounded() -> None:
    with pytest.raises(jose.Unreadable, match="size"):
        jose.opened(token(b"x" * 8192))
    with pytest.raises(jose.Unreadable, match="size"):
        jose.opened(token(kid="k" * 3100))
    deep = to_base64url(b'{"alg":"ES256","x":' + b"[" * 2000 + b"]" * 2000 + b"}")
    with pytest.raises(jose.Unreadable):
        jose.opened(f"{deep}.e30.AA")


@pytest.mark.parametrize(
    "changes",
    [
        {"d": "AA"}, {"kty": "oct", "k": "AA"}, {"crv": "P-384"}, {"x": "AA"}, {"x": JWK.y, "y": JWK.x}, {"kty": "?"},
        {"crv": "secp256k1"}, {"x": "!"},
    ],
)  # fmt: skip
def test_keys_that_are_none_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(jose.Unreadable, match="key"):
        jose.public_key(msgspec.structs.replace(JWK, **changes))


def test_a_key_has_the_algorithm_of_its_kind_and_registration() -> None:
    assert jose.public_key(JWK).algorithms == ("ES256",)
    for changes in ({"alg": "PS256"}, {"use": "enc"}, {"alg": "none"}):
        with pytest.raises(jose.Unreadable, match="alg"):
            jose.public_key(msgspec.structs.replace(JWK, **changes))
    rsa = msgspec.convert(RSAKey.generate_key(2048).as_dict(private=False), jose.Jwk)
    assert jose.public_key(rsa).algorithms == ("PS256",)
    with pytest.raises(jose.Unreadable, match="key"):
        jose.public_key(msgspec.structs.replace(rsa, e="Aw"))


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    assert jose.public_key(JWK).thumbprint == KEY.thumbprint()


def test_whom_a_token_is_for_is_read_without_trust() -> None:
    assert jose.claimed_audience(token(b'{"aud":"bank"}')) == "bank"
    with pytest.raises(jose.Unreadable, match="claims"):
        jose.claimed_audience(token(b'{"aud":["bank"]}'))
