"""Signed HTTP messages: RFC 9421 signatures over requests and responses, RFC 9530 digests of their content.

The profile fixes what a signature covers, so that verification needs no policy of its own:

    request   "@method" "@authority" "@path" "@query" "content-digest" ["content-type"] and every renkei-* field
    response  "@status" "content-digest" ["content-type"] and every renkei-* field,
              "content-digest";req "signature";req

The order is the signer's; a component more or less is refused, and so is a renkei-* field that is not covered.
Every message carries `renkei-request-id`; a response repeats its request's. Parameters: created, keyid, nonce
(requests), alg="ecdsa-p256-sha256", tag, and expires where the signer sets one. One signature, one digest
(sha-256), one line per covered field.

`@authority` is the name of the receiving body (`authority_of`), not of a host: the verifier puts in its *own* name,
so a message meant for someone else does not verify, and a proxy or the in-process transport changes nothing.
Replays are the caller's to judge, by (key id, nonce) or request id; ECDSA signatures themselves are malleable.
Every signature made or verified comes back as a `SignedMessage`, which `evidence` can check offline.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from renkei.crypto.certificates import BodyIdentity, Purpose, check_body_id
from renkei.crypto.errors import (
    ClockSkew,
    DigestMismatch,
    ResponseUnbound,
    SignatureInvalid,
    SignatureMissing,
)
from renkei.crypto.evidence import (
    ALGORITHM,
    ECDSA_SHA256,
    INPUT,
    LABEL,
    OWN_PREFIX,
    REQUEST_ID_FIELD,
    VALUE,
    SignedFields,
    SignedMessage,
    check_signature,
    decode_base64,
    read_base,
)

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_REQUEST_DERIVED: Final = ('"@method"', '"@authority"', '"@path"', '"@query"')
_RESPONSE_REQ: Final = ('"content-digest";req', '"signature";req')
_SF_STRING: Final = re.compile(r"[ !#-\[\]-~]+", re.ASCII)


class Signer(Protocol):
    """A P-256 signing key and the key id of its certificate; the key may live in a hardware module."""

    @property
    def key_id(self) -> str:
        """Key id (see `certificates.key_id_of`)."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`; r || s, 64 bytes (RFC 9421 §3.3.4)."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A signer whose private key lies in this process."""

    _key: ec.EllipticCurvePrivateKey = field(repr=False)
    key_id: str

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`; r || s, 64 bytes."""
        r, s = decode_dss_signature(self._key.sign(data, ECDSA_SHA256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class SignedHeaders(NamedTuple):
    """Header fields to add to a message, and the evidence that the signer keeps of its own signature."""

    headers: dict[str, str]
    signed: SignedMessage


class VerifiedMessage(NamedTuple):
    """Who signed, the evidence, and what it covers."""

    identity: BodyIdentity
    signed: SignedMessage
    fields: SignedFields


def authority_of(body_id: str, purpose: Purpose) -> str:
    """The authority under which a body receives messages, for example m-131121.gateway.renkei.invalid.

    It names the body, whatever host it is reached at (`.invalid` never resolves, RFC 6761 §6.4).
    """
    return f"{check_body_id(body_id)}.{purpose.name.lower()}.renkei.invalid"


def single_lines(lines: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header fields as received, lower-cased, where every field that this profile reads must be one line.

    Raises:
        SignatureInvalid: such a field stands twice or is not printable ASCII (RFC 9421 §2.1 would join the lines).
    """
    fields: dict[str, str] = {}
    for raw_name, raw_value in lines:
        name = raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1").strip(" \t")
        if name in fields:
            if name in _READ_FIELDS or name.startswith(OWN_PREFIX):
                raise SignatureInvalid(private=f"field {name[:40]!r} stands on several lines")
            value = f"{fields[name]}, {value}"
        fields[name] = value
    return fields


_READ_FIELDS: Final = frozenset(("content-digest", "content-type", "signature", "signature-input"))


def content_digest(body: bytes) -> str:
    """The Content-Digest field of a body (RFC 9530 §2), sha-256."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


# --- requests ---


def sign_request(
    *,
    method: str,
    authority: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    signer: Signer,
    created: datetime,
    nonce: str,
    tag: str,
    expires: datetime | None = None,
) -> SignedHeaders:
    """Sign a request.

    Args:
        authority: the receiver's, from `authority_of`.
        path: as sent, with its query if any ("/v1/permits?page=2").
        headers: lower-case names; holds `renkei-request-id` and, with a body, `content-type`.
        nonce: unique per key; the verifier refuses a second use.
        tag: what the signature is for, for example "renkei-request".

    Returns:
        content-digest, signature-input and signature to add; and the evidence.

    Raises:
        ValueError: a value that no HTTP message can carry, or a field that the profile asks for is missing.
    """
    digest = content_digest(body)
    values = _request_values(method, authority, path, digest, headers)
    params = _parameters(created, expires, signer.key_id, nonce, tag)
    return _sign(values, params, body, signer)


def verify_request(
    *,
    method: str,
    authority: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    lookup: Callable[[str], BodyIdentity],
    now: datetime,
    tag: str,
    tolerance: timedelta = CLOCK_TOLERANCE,
) -> VerifiedMessage:
    """Verify a request's signature, digest and time.

    Args:
        authority: the verifier's own name, not the one in the message.
        headers: from `single_lines`.
        lookup: identity by key id; raises for unknown, revoked and expired certificates.
        now: UTC.
        tag: the use that is expected here.

    Raises:
        SignatureMissing: no signature.
        SignatureInvalid: outside the profile, altered, for another receiver or use, or by another key.
        DigestMismatch: the body is not the one signed.
        ClockSkew: created more than `tolerance` away from `now`, or expired.
        CertificateInvalid, CertificateExpired: from `lookup`.
    """
    received = _received(headers)
    _check_content(headers, body)
    try:
        values = _request_values(method, authority, path, headers["content-digest"], headers)
    except ValueError as error:
        raise SignatureInvalid(private=str(error)) from error
    verified = _verify(received, values, lookup, now, tag, tolerance)
    if not verified.fields.nonce:
        raise SignatureInvalid(private="a request's signature needs a nonce")
    return verified


# --- responses ---


def sign_response(
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request_headers: Mapping[str, str],
    signer: Signer,
    created: datetime,
    tag: str,
    expires: datetime | None = None,
) -> SignedHeaders:
    """Sign a response, bound to the signed request that it answers.

    Args:
        headers: of the response, lower-case; `renkei-request-id` is taken from the request.
        request_headers: of the verified request.
        tag: for example "renkei-answer" or "renkei-permit".
        expires: until when the response may be used, for permits.

    Returns:
        renkei-request-id, content-digest, signature-input and signature to add; and the evidence.

    Raises:
        ValueError: as `sign_request`; or the request is not signed.
    """
    digest = content_digest(body)
    request_id = request_headers.get(REQUEST_ID_FIELD, "")
    complete = {**headers, REQUEST_ID_FIELD: request_id}
    values = _response_values(status, digest, complete, request_headers)
    params = _parameters(created, expires, signer.key_id, None, tag)
    signed = _sign(values, params, body, signer)
    signed.headers[REQUEST_ID_FIELD] = request_id
    return signed


def verify_response(
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request_headers: Mapping[str, str],
    lookup: Callable[[str], BodyIdentity],
    now: datetime,
    tag: str,
    tolerance: timedelta = CLOCK_TOLERANCE,
) -> VerifiedMessage:
    """Verify a response against the request that was sent.

    Args:
        request_headers: as sent, with content-digest and signature.

    Raises:
        ResponseUnbound: it names another request, or its signature does not cover ours.
        SignatureMissing, SignatureInvalid, DigestMismatch, ClockSkew, CertificateInvalid, CertificateExpired:
            as `verify_request`. A response to another request under our request's id is SignatureInvalid.
    """
    received = _received(headers)
    if headers.get(REQUEST_ID_FIELD) != request_headers[REQUEST_ID_FIELD]:
        raise ResponseUnbound(private="the response names another request")
    if not set(_RESPONSE_REQ) <= set(received.components):
        raise ResponseUnbound(private="the signature does not cover the request")
    _check_content(headers, body)
    try:
        values = _response_values(status, headers["content-digest"], headers, request_headers)
    except ValueError as error:
        raise SignatureInvalid(private=str(error)) from error
    return _verify(received, values, lookup, now, tag, tolerance)


# --- the signature base ---


class _Received(NamedTuple):
    components: tuple[str, ...]
    params: str
    signature: bytes


def _request_values(method: str, authority: str, path: str, digest: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Component values of a request in the profile's order (RFC 9421 §2.2)."""
    target, _, query = path.partition("?")
    values = {
        '"@method"': method,
        '"@authority"': authority,
        '"@path"': target or "/",
        '"@query"': "?" + query,
        '"content-digest"': digest,
    }
    return _add_fields(values, headers)


def _response_values(
    status: int, digest: str, headers: Mapping[str, str], request_headers: Mapping[str, str]
) -> dict[str, str]:
    """Component values of a response in the profile's order (RFC 9421 §2.2.9, §2.4)."""
    values = _add_fields({'"@status"': str(status), '"content-digest"': digest}, headers)
    try:
        values['"content-digest";req'] = request_headers["content-digest"]
        values['"signature";req'] = request_headers["signature"]
    except KeyError as error:
        raise ValueError("the request is not signed") from error
    return values


def _add_fields(values: dict[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    if not headers.get(REQUEST_ID_FIELD):
        raise ValueError(f"{REQUEST_ID_FIELD} is missing")
    if "content-type" in headers:
        values['"content-type"'] = headers["content-type"]
    for name in sorted(name for name in headers if name.startswith(OWN_PREFIX)):
        values[f'"{name}"'] = headers[name]
    return values


def _parameters(created: datetime, expires: datetime | None, key_id: str, nonce: str | None, tag: str) -> str:
    """Signature parameters as RFC 9421 §2.3 lists them, serialized."""
    strings = (key_id, tag) if nonce is None else (key_id, tag, nonce)
    if not all(_SF_STRING.fullmatch(value) for value in strings):
        raise ValueError("key id, nonce and tag are printable ASCII without quote and backslash")
    until = f";expires={int(expires.timestamp())}" if expires is not None else ""
    once = f';nonce="{nonce}"' if nonce is not None else ""
    return f';created={int(created.timestamp())}{until};keyid="{key_id}"{once};alg="{ALGORITHM}";tag="{tag}"'


def _base(values: Mapping[str, str], components: Iterable[str], params: str) -> str:
    """The signature base (RFC 9421 §2.5).

    Raises:
        ValueError: a value with a line break, surrounding space or anything but printable ASCII.
    """
    lines = [f"{component}: {values[component]}" for component in components]
    lines.append(f'"@signature-params": {params}')
    base = "\n".join(lines)
    # One look at the whole base: a line break within a value would add a line.
    if not base.isascii() or base.count("\n") != len(lines) - 1 or not base.replace("\n", "").isprintable():
        raise ValueError("a covered value is not printable ASCII")
    if " \n" in base or ":  " in base:
        raise ValueError("a covered value begins or ends with a space")
    return base


def _sign(values: dict[str, str], params: str, body: bytes, signer: Signer) -> SignedHeaders:
    if body and '"content-type"' not in values:
        raise ValueError("content without content-type")
    params = f"({' '.join(values)}){params}"
    base = _base(values, values, params)
    signature = signer.sign(base.encode("ascii"))
    headers = {
        "content-digest": values['"content-digest"'],
        "signature-input": f"{LABEL}={params}",
        "signature": f"{LABEL}=:{b2a_base64(signature, newline=False).decode('ascii')}:",
    }
    return SignedHeaders(headers, SignedMessage(base, signature, signer.key_id))


def _received(headers: Mapping[str, str]) -> _Received:
    """Read the one signature of a message.

    Raises:
        SignatureMissing, SignatureInvalid.
    """
    try:
        given, value = headers["signature-input"], headers["signature"]
    except KeyError as error:
        raise SignatureMissing(private="signature or signature-input is absent") from error
    match, signature = INPUT.fullmatch(given), VALUE.fullmatch(value)
    if match is None or signature is None or match["label"] != signature["label"]:
        raise SignatureInvalid(private="not exactly one signature of the profile's form")
    return _Received(tuple(match["components"].split(" ")), match["params"], decode_base64(signature["value"]))


def _check_content(headers: Mapping[str, str], body: bytes) -> None:
    """Check the digest (RFC 9530 §2); the profile's form of it is one, so the texts are compared."""
    if "content-digest" not in headers:
        raise SignatureInvalid(private="content-digest is missing")
    if body and "content-type" not in headers:
        raise SignatureInvalid(private="content without content-type")
    if headers["content-digest"] != content_digest(body):
        raise DigestMismatch(private="the body is not the one signed")


def _verify(
    received: _Received,
    values: Mapping[str, str],
    lookup: Callable[[str], BodyIdentity],
    now: datetime,
    tag: str,
    tolerance: timedelta,
) -> VerifiedMessage:
    """RFC 9421 §3.2, with the requirements of the profile in place of step 4's policy."""
    if len(received.components) != len(values) or set(received.components) != values.keys():
        raise SignatureInvalid(private="the signature covers other components than the profile asks for")
    try:
        base = _base(values, received.components, received.params)
    except ValueError as error:
        raise SignatureInvalid(private=str(error)) from error
    fields = read_base(base)
    if fields.tag != tag:
        raise SignatureInvalid(private=f"signed for another use than {tag}")
    if abs(now - fields.created) > tolerance:
        raise ClockSkew(private=f"created {fields.created}, now {now}")
    if fields.expires is not None and fields.expires < now:
        raise ClockSkew(private=f"expired {fields.expires}, now {now}")
    identity = lookup(fields.key_id)
    if identity.key_id != fields.key_id:
        raise SignatureInvalid(private="the key looked up is another one")
    check_signature(identity, received.signature, base)
    return VerifiedMessage(identity, SignedMessage(base, received.signature, fields.key_id), fields)
