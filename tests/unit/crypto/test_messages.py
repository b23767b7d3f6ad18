"""Signed HTTP messages: each way in which a message can differ from what its sender signed is refused by name."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import http_message_signatures as library
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from tests.vectors_messages import NOW, p256_key, two_gateways

from renkei.crypto.certificates import BodyIdentity, IdentityCache, Purpose
from renkei.crypto.errors import (
    CertificateInvalid,
    ClockSkew,
    DigestMismatch,
    ResponseUnbound,
    SignatureInvalid,
    SignatureMissing,
)
from renkei.crypto.evidence import SignedMessage, check_answers, verify_base
from renkei.crypto.messages import (
    KeySigner,
    VerifiedMessage,
    authority_of,
    content_digest,
    sign_request,
    sign_response,
    single_lines,
    verify_request,
    verify_response,
)

PKI = two_gateways()
ASKER, ANSWERER = PKI.signers["m-131121"], PKI.signers["jps"]
BODY, ANSWER = b'{"items":[1,2]}', b'{"answers":[1,2]}'
HEADERS = {
    "content-type": "application/json",
    "renkei-manifest": f"root=:{b64encode(bytes(32)).decode()}:;leaves=3",
    "renkei-request-id": "r-1",
}
SENT: dict[str, Any] = {
    "method": "POST",
    "authority": authority_of("jps", Purpose.GATEWAY),
    "path": "/v1/answers?sheet=1",
    "headers": HEADERS,
    "body": BODY,
}


def signed_request(**change: Any) -> dict[str, Any]:
    """A signed request as it arrives; `change` is what the signer does otherwise."""
    parts = SENT | {"signer": ASKER, "created": NOW, "nonce": "n-1", "tag": "renkei-request"} | change
    signed = sign_request(**parts)
    added = {"host": "127.0.0.1:8080", "accept": "*/*"}
    return {name: parts[name] for name in SENT} | {"headers": {**parts["headers"], **signed.headers, **added}}


def check(arrived: dict[str, Any], *, now: datetime = NOW, tag: str = "renkei-request", **more: Any) -> VerifiedMessage:
    return verify_request(**arrived, **{"lookup": PKI.lookup, "now": now, "tag": tag} | more)


def with_header(arrived: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    headers = {**arrived["headers"], name: value}
    return arrived | {"headers": {key: kept for key, kept in headers.items() if kept is not None}}


def signed_response(arrived: dict[str, Any], **change: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {"status": 200, "headers": {"content-type": "application/json"}, "body": ANSWER}
    parts |= {"request_headers": arrived["headers"], "signer": ANSWERER, "created": NOW, "tag": "renkei-answer"}
    parts |= change
    signed = sign_response(**parts)
    return {"status": parts["status"], "headers": parts["headers"] | signed.headers, "body": parts["body"]}


def check_response(answer: dict[str, Any], arrived: dict[str, Any], **more: Any) -> VerifiedMessage:
    given: dict[str, Any] = {"request_headers": arrived["headers"], "lookup": PKI.lookup, "now": NOW}
    return verify_response(**answer, **given | {"tag": "renkei-answer"} | more)


# --- requests ---


def test_a_signed_request_shows_who_sent_what() -> None:
    verified = check(signed_request())
    fields = verified.fields
    assert verified.identity.body_id == "m-131121"
    assert (fields.method, fields.authority) == ("POST", "jps.gateway.renkei.invalid")
    assert (fields.path, fields.query, fields.request_id) == ("/v1/answers", "?sheet=1", "r-1")
    assert (fields.created, fields.nonce, fields.tag) == (NOW, "n-1", "renkei-request")
    assert fields.manifest == HEADERS["renkei-manifest"]
    assert f"sha-256=:{b64encode(fields.content_digest).decode()}:" == content_digest(BODY)


def test_a_request_without_content_needs_no_content_type() -> None:
    verified = check(signed_request(method="GET", path="/v1/log", body=b"", headers={"renkei-request-id": "r-2"}))
    assert (verified.fields.query, verified.fields.content_type, verified.fields.manifest) == ("?", None, None)
    assert verified.fields.fields == {"renkei-request-id": "r-2"}


@pytest.mark.parametrize("name", ["signature", "signature-input"])
def test_an_unsigned_request_is_told_so(name: str) -> None:
    with pytest.raises(SignatureMissing):
        check(with_header(signed_request(), name, None))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path": "/v1/answers?sheet=2"},
        {"path": "/v1/answers"},
        {"path": "/v1/answer?sheet=1"},
        {"authority": authority_of("jps", Purpose.CORE)},
        {"authority": authority_of("moj", Purpose.GATEWAY)},
    ],
)
def test_a_request_holds_for_its_own_receiver_and_target(change: dict[str, str]) -> None:
    """A request shown to another body, as a permit shown to the wrong provider would be, does not verify there."""
    with pytest.raises(SignatureInvalid):
        check(signed_request() | change)


@pytest.mark.parametrize("name", ["content-type", "renkei-manifest", "renkei-request-id"])
@pytest.mark.parametrize("value", ["altered", None, ""])
def test_an_altered_or_removed_field_is_refused(name: str, value: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        check(with_header(signed_request(), name, value))


@pytest.mark.parametrize("name", ["renkei-extra", "renkei-manifest2"])
def test_an_extra_field_of_ours_that_is_not_signed_is_refused(name: str) -> None:
    """What could change the meaning of a message may not be added on the way; other fields of HTTP may."""
    with pytest.raises(SignatureInvalid):
        check(with_header(signed_request(), name, "1"))
    check(with_header(signed_request(), "x-forwarded-for", "1"))


def test_an_altered_body_is_a_digest_mismatch() -> None:
    with pytest.raises(DigestMismatch):
        check(signed_request() | {"body": BODY + b" "})


def test_an_altered_body_with_its_digest_is_an_invalid_signature() -> None:
    altered = signed_request() | {"body": BODY + b" "}
    with pytest.raises(SignatureInvalid):
        check(with_header(altered, "content-digest", content_digest(BODY + b" ")))
    with pytest.raises(SignatureInvalid):
        check(with_header(signed_request(), "content-digest", None))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_off_by_more_than_five_minutes_is_refused(minutes: int) -> None:
    with pytest.raises(ClockSkew):
        check(signed_request(), now=NOW + timedelta(minutes=minutes))
    check(signed_request(), now=NOW + timedelta(minutes=minutes), tolerance=timedelta(minutes=6))


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_off_by_five_minutes_is_borne(minutes: int) -> None:
    check(signed_request(), now=NOW + timedelta(minutes=minutes))


def test_an_expired_message_is_refused() -> None:
    arrived = signed_request(expires=NOW + timedelta(seconds=30))
    assert check(arrived, now=NOW + timedelta(seconds=30)).fields.expires == NOW + timedelta(seconds=30)
    with pytest.raises(ClockSkew):
        check(arrived, now=NOW + timedelta(seconds=31))


def test_a_signature_for_another_use_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        check(signed_request(tag="renkei-permit"))


def test_another_key_under_the_same_key_id_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        check(signed_request(signer=KeySigner(p256_key("someone"), ASKER.key_id)))


def test_an_unknown_key_is_refused_by_the_look_up() -> None:
    cache = IdentityCache([PKI.authority.cert_der])
    with pytest.raises(CertificateInvalid):
        check(signed_request(), lookup=lambda key_id: cache.lookup(key_id, at=NOW))


def test_a_look_up_that_gives_another_body_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        check(signed_request(), lookup=lambda _: PKI.identities["jps"])


@given(st.integers(0, 511))
def test_any_altered_bit_of_the_signature_is_refused(bit: int) -> None:
    arrived = ARRIVED
    signature = bytearray(b64decode(arrived["headers"]["signature"][8:-1]))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureInvalid):
        check(with_header(arrived, "signature", f"renkei=:{b64encode(signature).decode()}:"))


ARRIVED = signed_request()
INPUT = ARRIVED["headers"]["signature-input"]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "renkei",
        INPUT.replace("renkei=", "other="),
        INPUT + ", second=" + INPUT.partition("=")[2],
        INPUT.replace('"@method" ', ""),
        INPUT.replace('"@method" ', '"@method" "@method" '),
        INPUT.replace('"@method" ', '"accept" '),
        INPUT.replace('"@method"', '"@method";req'),
        INPUT.replace(" ", "  ", 1),
        INPUT.replace("ecdsa-p256-sha256", "hmac-sha256"),
        INPUT.replace(';alg="ecdsa-p256-sha256"', ""),
        INPUT.replace(';tag="renkei-request"', ""),
        INPUT.replace(';nonce="n-1"', ""),
        INPUT.replace(";created=", ";made="),
        INPUT.replace(";created=", ";created=9"),
        INPUT.replace(";created=", ';created="x";created='),
        INPUT.replace(";keyid=", ';keyid="x";keyid='),
        INPUT + ";bs",
        INPUT + ";more=1",
    ],
)
def test_a_signature_input_outside_the_profile_is_refused(given: str) -> None:
    with pytest.raises((SignatureInvalid, ClockSkew)):
        check(with_header(ARRIVED, "signature-input", given))


@pytest.mark.parametrize("value", ["", "renkei=::", "renkei=:AAAA:", "other=:" + "A" * 86 + "==:", "renkei=1"])
def test_a_signature_outside_the_profile_is_refused(value: str) -> None:
    with pytest.raises(SignatureInvalid):
        check(with_header(ARRIVED, "signature", value))


def test_zero_is_no_signature() -> None:
    with pytest.raises(SignatureInvalid):
        check(with_header(ARRIVED, "signature", "renkei=:" + "A" * 86 + "==:"))


@pytest.mark.parametrize("value", ["a\nb", "a\r", "é", " a", "a ", "a\tb", "\x00"])
def test_a_value_that_could_shift_the_signed_lines_is_refused(value: str) -> None:
    headers = HEADERS | {"renkei-manifest": value}
    with pytest.raises(ValueError, match="covered value"):
        signed_request(headers=headers)
    with pytest.raises(SignatureInvalid):
        check(with_header(ARRIVED, "renkei-manifest", value))


def test_what_the_profile_asks_for_must_be_there_to_sign() -> None:
    with pytest.raises(ValueError, match="renkei-request-id"):
        signed_request(headers={"content-type": "text/plain"})
    with pytest.raises(ValueError, match="content-type"):
        signed_request(headers={"renkei-request-id": "1"})
    with pytest.raises(ValueError, match="printable"):
        signed_request(nonce='a"b')


@pytest.mark.parametrize("name", [b"Content-Digest", b"signature", b"RENKEI-Manifest", b"content-type"])
def test_a_field_on_two_lines_is_refused(name: bytes) -> None:
    """Two readers could take different lines for the signed one."""
    with pytest.raises(SignatureInvalid):
        single_lines([(name, b"1"), (b"accept", b"*"), (name.lower(), b"1")])


def test_received_lines_become_lower_case_names() -> None:
    lines = [(b"Host", b"a"), (b"Accept", b" x\t"), (b"accept", b"y")]
    assert single_lines(lines) == {"host": "a", "accept": "x, y"}


# --- responses ---


def test_a_signed_response_answers_its_request() -> None:
    answer = signed_response(ARRIVED)
    verified = check_response(answer, ARRIVED)
    assert verified.identity.body_id == "jps"
    assert (verified.fields.status, verified.fields.request_id) == (200, "r-1")
    assert verified.fields.request_signature == b64decode(ARRIVED["headers"]["signature"][8:-1])


@pytest.mark.parametrize("change", [{"status": 201}, {"body": b"{}"}])
def test_an_altered_response_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((SignatureInvalid, DigestMismatch)):
        check_response(signed_response(ARRIVED) | change, ARRIVED)


def test_the_answer_to_another_request_is_unbound() -> None:
    """An answer about someone else, swapped in on the way, is never taken for ours."""
    other = signed_request(headers=HEADERS | {"renkei-request-id": "r-2"})
    with pytest.raises(ResponseUnbound):
        check_response(signed_response(other), ARRIVED)


@pytest.mark.parametrize("change", [{"body": b"[]"}, {"nonce": "n-2"}, {"signer": ANSWERER}])
def test_the_answer_to_another_request_under_our_id_does_not_verify(change: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        check_response(signed_response(signed_request(**change)), ARRIVED)


@pytest.mark.parametrize("component", ['"signature";req', '"content-digest";req'])
def test_a_response_signed_without_its_request_is_unbound(component: str) -> None:
    answer = signed_response(ARRIVED)
    answer["headers"]["signature-input"] = answer["headers"]["signature-input"].replace(f" {component}", "")
    with pytest.raises(ResponseUnbound):
        check_response(answer, ARRIVED)


def test_a_response_needs_a_signed_request() -> None:
    with pytest.raises(ValueError, match="not signed"):
        signed_response({"headers": HEADERS})
    with pytest.raises(SignatureMissing):
        check_response({"status": 200, "headers": {"renkei-request-id": "r-1"}, "body": b""}, ARRIVED)


def test_a_request_does_not_pass_for_a_response_nor_the_other_way_round() -> None:
    answer = signed_response(ARRIVED, tag="renkei-request")
    with pytest.raises(SignatureInvalid):
        check(ARRIVED | {"headers": answer["headers"], "body": answer["body"]})
    with pytest.raises(ResponseUnbound):
        check_response({"status": 200, "headers": ARRIVED["headers"], "body": BODY}, ARRIVED, tag="renkei-request")


# --- evidence ---


def identity(body_id: str) -> BodyIdentity:
    return PKI.identities[body_id]


def test_evidence_holds_for_anyone_at_any_time() -> None:
    """Years later a third party sees what was signed, with nothing but the evidence and the certificate."""
    request, answer = check(ARRIVED), check_response(signed_response(ARRIVED), ARRIVED)
    for verified in (request, answer):
        kept = msgspec.json.decode(msgspec.json.encode(verified.signed), type=SignedMessage)
        assert verify_base(kept, verified.identity) == verified.fields
    check_answers(request.signed, answer.fields)


def test_the_signer_keeps_the_same_evidence_as_the_verifier() -> None:
    parts = SENT | {"signer": ASKER, "created": NOW, "nonce": "n", "tag": "renkei-request"}
    signed = sign_request(**parts)
    arrived = SENT | {"headers": HEADERS | signed.headers}
    assert check(arrived).signed == signed.signed


def test_evidence_of_another_body_or_of_other_words_is_refused() -> None:
    signed = check(ARRIVED).signed
    with pytest.raises(SignatureInvalid):
        verify_base(signed, identity("jps"))
    with pytest.raises(SignatureInvalid):
        verify_base(SignedMessage(signed.base, signed.signature, identity("jps").key_id), identity("jps"))
    with pytest.raises(SignatureInvalid):
        verify_base(
            SignedMessage(signed.base.replace("POST", "PUT"), signed.signature, signed.key_id), identity("m-131121")
        )
    with pytest.raises(SignatureInvalid):
        verify_base(signed, replace(identity("m-131121"), public_key=p256_key("someone").public_key()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"@method": POST\n', ""),
        ('"@method": POST\n', '"@method": POST\n"@method": PUT\n'),
        ('"@method": POST\n', '"@method" POST\n'),
        ("renkei-request-id", "x-request-id"),
        ("sha-256=:", "sha-512=:"),
        ('"@signature-params"', '"@params"'),
        ("POST", "PÖST"),
        (";created=", ";created=99999999999"),
    ],
)
def test_a_base_outside_the_profile_is_no_evidence_whoever_signed_it(old: str, new: str) -> None:
    """A body cannot be held to, or hide behind, lines that verification on arrival would never accept."""
    base = check(ARRIVED).signed.base.replace(old, new)
    signature = ASKER.sign(base.encode("utf-8"))
    with pytest.raises(SignatureInvalid):
        verify_base(SignedMessage(base, signature, ASKER.key_id), identity("m-131121"))


def test_an_answer_is_evidence_for_its_own_request_only() -> None:
    other = check(signed_request(nonce="n-2"))
    answer = check_response(signed_response(ARRIVED), ARRIVED)
    with pytest.raises(ResponseUnbound):
        check_answers(other.signed, answer.fields)
    with pytest.raises(ResponseUnbound):
        check_answers(other.signed, other.fields)


def test_private_keys_are_never_shown() -> None:
    assert repr(KeySigner(p256_key("x"), "k")) == "KeySigner(key_id='k')"


# --- against an independent implementation of RFC 9421 ---


class Keys(library.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> ec.EllipticCurvePublicKey:
        return PKI.lookup(key_id).public_key

    def resolve_private_key(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        return PKI.keys[PKI.lookup(key_id).body_id]


ALGORITHM = {"signature_algorithm": library.algorithms.ECDSA_P256_SHA256, "key_resolver": Keys()}
COVERED = ("@method", "@authority", "@path", "@query", "content-digest", "content-type", *sorted(HEADERS)[1:])


def as_library_request(arrived: dict[str, Any]) -> SimpleNamespace:
    url = f"https://{arrived['authority']}{arrived['path']}"
    headers = library.structures.CaseInsensitiveDict(arrived["headers"])
    return SimpleNamespace(method=arrived["method"], url=url, headers=headers)


class AtVectorTime(library.HTTPMessageVerifier):
    """The library reads the system clock; the tests stand at a fixed time, so its look at the time is left out."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        assert sig_input.params["created"] >= NOW.timestamp()


def test_the_library_verifies_our_request_and_response() -> None:
    request = as_library_request(ARRIVED)
    (found,) = AtVectorTime(**ALGORITHM).verify(request, expect_tag="renkei-request", body=BODY, max_age=None)
    assert tuple(found.covered_components)[:-1] == tuple(f'"{name}"' for name in COVERED)
    answer = signed_response(ARRIVED)
    headers = library.structures.CaseInsensitiveDict(answer["headers"])
    response = SimpleNamespace(status_code=200, headers=headers, request=request)
    (found,) = AtVectorTime(**ALGORITHM).verify(response, expect_tag="renkei-answer", body=ANSWER, max_age=None)
    assert '"signature";req' in found.covered_components


@pytest.mark.parametrize("covered", [COVERED, tuple(reversed(COVERED))])
def test_we_verify_the_library_s_request(covered: tuple[str, ...]) -> None:
    arrived = SENT | {"headers": HEADERS | {"content-digest": content_digest(BODY)}}
    request = as_library_request(arrived)
    library.HTTPMessageSigner(**ALGORITHM).sign(
        request,
        key_id=ASKER.key_id,
        created=NOW,
        expires=NOW + timedelta(minutes=1),
        nonce="n",
        label="other-label",
        tag="renkei-request",
        covered_component_ids=covered,
        use_existing_digest=True,
    )
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert check(arrived | {"headers": headers}).identity.body_id == "m-131121"


def test_we_verify_the_library_s_response() -> None:
    headers = {"content-type": "application/json", "content-digest": content_digest(ANSWER), "renkei-request-id": "r-1"}
    response = SimpleNamespace(
        status_code=200,
        headers=library.structures.CaseInsensitiveDict(headers),
        request=as_library_request(ARRIVED),
    )
    library.HTTPMessageSigner(**ALGORITHM).sign(
        response,
        key_id=ANSWERER.key_id,
        created=NOW,
        tag="renkei-answer",
        covered_component_ids=("@status", *headers, '"signature";req', '"content-digest";req'),
        use_existing_digest=True,
    )
    signed = {name.lower(): value for name, value in response.headers.items()}
    verified = check_response({"status": 200, "headers": signed, "body": ANSWER}, ARRIVED)
    check_answers(check(ARRIVED).signed, verified.fields)
