"""Credentials shown in part (SD-JWT VC): what is shown is proved, what is not shown stays unknown."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.errors import RenkeiError
from renkei.crypto.sdjwt import Verified, check_status, issue, names_in, present, status_list, verify
from renkei.crypto.sdjwt_errors import (
    CredentialExpired,
    CredentialMalformed,
    CredentialNotTrusted,
    CredentialRevoked,
    CredentialStatusUnknown,
    PresentationNotBound,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ISSUER, KIND = "https://insurer.example/credentials", "urn:renkei:credential:health-insurance"
LIST = "https://insurer.example/credentials/status/1"
CLAIMS = {"name": "手本　千代", "birthdate": "1948-04-18", "insurer": "後期高齢者医療広域連合", "share": 1}


@cache
def keys() -> tuple[ECKey, ECKey]:
    issuer = ECKey.generate_key("P-256", {"kid": "k1"})
    return issuer, ECKey.generate_key("P-256")


def credential(**changes: object) -> str:
    issuer, holder = keys()
    given_ = {
        "hidden": ["name", "birthdate", "share"], "issuer": ISSUER, "kind": KIND, "key": issuer,
        "holder": holder.as_dict(private=False), "now": NOW - timedelta(days=3), "until": NOW + timedelta(days=300),
        "status_list": LIST, "status_index": 11,
    }  # fmt: skip
    return issue(CLAIMS, **(given_ | changes))


def shown(*names: str, of: str = "", **changes: object) -> str:
    given_ = {"key": keys()[1], "audience": "https://clinic.example", "nonce": "n-1", "now": NOW} | changes
    return present(of or credential(), disclose=names, **given_)


def read(presentation: str, **changes: object) -> Verified:
    given_ = {"issuers": {ISSUER: [keys()[0]]}, "audience": "https://clinic.example", "nonce": "n-1", "now": NOW}
    return verify(presentation, **(given_ | changes))


def test_only_what_is_shown_is_known() -> None:
    """A clinic needs the insurer and the share to be paid, not the name of everyone who passes by."""
    found = read(shown("share"))
    assert found.claims == {"insurer": "後期高齢者医療広域連合", "share": 1}
    assert (found.issuer, found.kind, found.status_index) == (ISSUER, KIND, 11)
    assert names_in(shown("share").rpartition("~")[0] + "~") == ["share"]
    assert read(shown("share", "name")).claims["name"] == "手本　千代"


def test_the_holder_sees_what_may_be_shown() -> None:
    assert names_in(credential()) == ["name", "birthdate", "share"]


def test_the_digest_is_the_standards() -> None:
    """RFC 9901 §4.2.3: the digest is over the base64url text of the disclosure, as its example has it."""
    disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert to_base64url(hashlib.sha256(disclosure.encode()).digest()) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"audience": "https://elsewhere.example"}, PresentationNotBound),
        ({"nonce": "n-2"}, PresentationNotBound),
        ({"now": NOW + timedelta(minutes=6)}, PresentationNotBound),
        ({"now": NOW + timedelta(days=301)}, CredentialExpired),
        ({"issuers": {}}, CredentialNotTrusted),
        ({"issuers": {ISSUER: [keys()[1]]}}, CredentialNotTrusted),
    ],
)
def test_the_wrong_place_time_or_issuer_is_refused(changes: dict[str, object], error: type[RenkeiError]) -> None:
    with pytest.raises(error):
        read(shown("share"), **changes)


def test_a_stranger_cannot_present_it() -> None:
    with pytest.raises(PresentationNotBound):
        read(shown("share", key=ECKey.generate_key("P-256")))
    with pytest.raises(PresentationNotBound):
        read(credential())


def test_a_disclosure_may_not_be_added_dropped_twice_or_made_up() -> None:
    one, more = shown("share").split("~"), shown("share", "name").split("~")
    made_up = to_base64url(json.dumps(["salt", "share", 0]).encode())
    for parts in (
        [one[0], one[1], one[1], one[2]],
        [one[0], made_up, one[2]],
        [one[0], to_base64url(json.dumps(["salt", "iss", "x"]).encode()), one[2]],
        [one[0], to_base64url(b"[" * 3_000), one[2]],
    ):
        with pytest.raises(CredentialMalformed):
            read("~".join(parts))
    with pytest.raises(RenkeiError):
        read("~".join([more[0], more[1], more[-1]]))


def test_another_algorithm_is_refused() -> None:
    """`none`, or an HMAC under the public key, must not pass (RFC 8725 §2.1)."""
    signed, *rest = shown("share").split("~")
    _, body, _ = signed.split(".")
    for header, signature in (
        ({"alg": "none", "typ": "dc+sd-jwt"}, ""),
        ({"alg": "HS256", "typ": "dc+sd-jwt"}, "AAAA"),
    ):
        forged = f"{to_base64url(json.dumps(header).encode())}.{body}.{signature}"
        with pytest.raises(CredentialMalformed):
            read("~".join([forged, *rest]))


def test_a_binding_of_another_kind_is_refused() -> None:
    """A JWT that the holder signed for something else is no presentation."""
    *parts, binding = shown("share").split("~")
    other = jws.serialize_compact({"alg": "ES256", "typ": "JWT"}, from_base64url(binding.split(".")[1]), keys()[1])
    with pytest.raises(PresentationNotBound):
        read("~".join([*parts, other]))


def listed(*revoked: int, **changes: object) -> str:
    given_ = {
        "size": 64, "address": LIST, "key": keys()[0], "now": NOW, "until": NOW + timedelta(hours=12)
    } | changes  # fmt: skip
    return status_list(revoked, **given_)


def test_the_status_list_decides() -> None:
    found = read(shown("share"))
    check_status(found, listed(3, 12), keys=[keys()[0]], now=NOW)
    with pytest.raises(CredentialRevoked):
        check_status(found, listed(11), keys=[keys()[0]], now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"until": NOW},
        {"address": "https://elsewhere.example/status"},
        {"key": keys()[1]},
        {"size": 8},
    ],
)
def test_a_list_that_does_not_speak_of_it_never_says_good(changes: dict[str, object]) -> None:
    with pytest.raises(CredentialStatusUnknown):
        check_status(read(shown("share")), listed(**changes), keys=[keys()[0]], now=NOW)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 5_000), letter=st.sampled_from("ABab09-_.~"))
def test_a_changed_letter_never_changes_what_is_known(at: int, letter: str) -> None:
    text = shown("share")
    at %= len(text)
    changed = text[:at] + letter + text[at + 1 :]
    try:
        found = read(changed)
    except RenkeiError:
        return
    assert found.claims == {"insurer": "後期高齢者医療広域連合", "share": 1}
