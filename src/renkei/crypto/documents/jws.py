"""JWS documents in the shape of JAdES (ETSI TS 119 182-1): any payload, one signature, evidence beside it.

Flattened JSON serialization (RFC 7515 §7.2.2). What a card signs is the SHA-256 of `signing_input`, so the signature
can be made elsewhere (`prepare`, then `assemble`). The certificate stands in the unprotected header: with a card that
discloses it only together with the signature it is not known before, and the key of a JPKI card signs for its one
certificate alone; where it is known beforehand, `x5t#S256` protects it.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from renkei.base.encoding import MaskedStruct, from_base64url, to_base64url
from renkei.base.time import to_ms
from renkei.crypto.document_errors import DocumentNotSigned, DocumentTooLarge, DocumentUnreadable, TimestampInvalid
from renkei.crypto.documents.verdict import Parts, Verdict, judge
from renkei.crypto.person_certificates import PersonAuthorities, PersonCertificate, verify_signature
from renkei.crypto.signing_keys import SigningKey, from_jose, to_jose
from renkei.crypto.timestamps import Timestamp, verify_token

DOCUMENT_BYTES_MAX: Final = 8 * 1024 * 1024
ParsedT = TypeVar("ParsedT")


class Protected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Protected header."""

    alg: str
    cty: str
    """Media type of the payload."""
    iat: int
    """Claimed time, s (JAdES B-B, RFC 7519)."""
    thumbprint: str = msgspec.field(name="x5t#S256", default="")


class _Value(msgspec.Struct, frozen=True):
    val: str


class _Tokens(msgspec.Struct, frozen=True):
    tokens: list[_Value] = msgspec.field(name="tstTokens", default_factory=list)


class _Revocation(msgspec.Struct, frozen=True, omit_defaults=True):
    ocsp: list[_Value] = msgspec.field(name="ocspVals", default_factory=list)
    crl: list[_Value] = msgspec.field(name="crlVals", default_factory=list)


class _Unsigned(msgspec.Struct, frozen=True, omit_defaults=True):
    """One member of `etsiU`."""

    stamp: _Tokens | None = msgspec.field(name="sigTst", default=None)
    revocation: _Revocation | None = msgspec.field(name="rVals", default=None)


class _Header(msgspec.Struct, frozen=True, omit_defaults=True):
    x5c: list[str] = []
    evidence: list[str] = msgspec.field(name="etsiU", default_factory=list)


class SignedJson(MaskedStruct, frozen=True, omit_defaults=True):
    """The document."""

    payload: str
    protected: str
    signature: str
    header: _Header


def prepare(payload: bytes, *, algorithm: str, content_type: str, now: datetime, certificate: bytes = b"") -> bytes:
    """The signing input (RFC 7515 §5.1): what is hashed and signed.

    Args:
        certificate: DER where it is known before signing.
    """
    thumbprint = to_base64url(hashlib.sha256(certificate).digest()) if certificate else ""
    protected = Protected(alg=algorithm, cty=content_type, iat=to_ms(now) // 1000, thumbprint=thumbprint)
    return f"{to_base64url(msgspec.json.encode(protected))}.{to_base64url(payload)}".encode("ascii")


def assemble(
    signing_input: bytes, signature: bytes, *, chain: Sequence[bytes], stamp: bytes = b"", ocsp: Sequence[bytes] = ()
) -> bytes:
    """The document from its parts.

    Args:
        signature: in the form of JWS, see `signing_keys.to_jose`.
        chain: the signer's certificate first, DER.
        stamp: token over the signature value (JAdES `sigTst`), DER.
        ocsp: responses about the signer's certificate, DER.
    """
    protected, payload = signing_input.decode("ascii").split(".")
    evidence = []
    if stamp:
        evidence.append(_Unsigned(stamp=_Tokens([_Value(_b64(stamp))])))
    if ocsp:
        evidence.append(_Unsigned(revocation=_Revocation(ocsp=[_Value(_b64(one)) for one in ocsp])))
    header = _Header([_b64(one) for one in chain], [to_base64url(msgspec.json.encode(one)) for one in evidence])
    return msgspec.json.encode(SignedJson(payload, protected, to_base64url(signature), header))


def stamped_digest(signature: bytes) -> bytes:
    """What a timestamp of the document is over: SHA-256 of the signature (in the form of JWS) as it stands there."""
    return hashlib.sha256(to_base64url(signature).encode("ascii")).digest()


def sign(
    payload: bytes, key: SigningKey, *, content_type: str, chain: Sequence[bytes], now: datetime,
    stamp: Callable[[bytes], bytes] | None = None, ocsp: Sequence[bytes] = (),
) -> bytes:  # fmt: skip
    """Sign with a key at hand.

    Args:
        stamp: gives a timestamp token over a SHA-256 digest.
    """
    signing_input = prepare(payload, algorithm=key.algorithm, content_type=content_type, now=now, certificate=chain[0])
    signature = to_jose(key.algorithm, key.sign(signing_input))
    token = stamp(stamped_digest(signature)) if stamp else b""
    return assemble(signing_input, signature, chain=chain, stamp=token, ocsp=ocsp)


def payload_of(document: bytes) -> bytes:
    """What is signed; says nothing of whether the signature holds.

    Raises:
        DocumentTooLarge, DocumentUnreadable: otherwise.
    """
    return _decoded(_read(document).payload)


def verify(document: bytes, *, authorities: PersonAuthorities, stampers: Sequence[bytes], now: datetime) -> Verdict:
    """Answer the four questions about a document.

    Args:
        stampers: certificates of trusted stamping authorities, or of who certifies them.

    Raises:
        DocumentTooLarge, DocumentUnreadable, DocumentNotSigned: there is nothing to judge.
    """
    read = _read(document)
    protected = _parsed(_decoded(read.protected), Protected)
    if not read.header.x5c or not read.signature:
        raise DocumentNotSigned()
    certificate, signature = _unb64(read.header.x5c[0]), _decoded(read.signature)
    evidence = [_parsed(_decoded(one), _Unsigned) for one in read.header.evidence]
    tokens = [_unb64(one.val) for each in evidence if each.stamp for one in each.stamp.tokens]
    status = [each.revocation for each in evidence if each.revocation]

    def check(signer: PersonCertificate) -> None:
        if protected.thumbprint and from_base64url(protected.thumbprint) != hashlib.sha256(certificate).digest():
            raise DocumentUnreadable(what="x5t#S256")
        signing_input = f"{read.protected}.{read.payload}".encode("ascii")
        made = from_jose(signer.algorithm, signature)
        verify_signature(signer, algorithm=protected.alg, signature=made, data=signing_input)

    def stamped() -> Timestamp | None:
        if len(tokens) > 1:
            raise TimestampInvalid(step="form")
        return verify_token(tokens[0], digest=stamped_digest(signature), anchors=stampers) if tokens else None

    parts = Parts(
        "jws", certificate, check, stamped,
        [_unb64(one.val) for each in status for one in each.ocsp],
        [_unb64(one.val) for each in status for one in each.crl],
    )  # fmt: skip
    return judge(parts, authorities=authorities, now=now)


def _read(document: bytes) -> SignedJson:
    if len(document) > DOCUMENT_BYTES_MAX:
        raise DocumentTooLarge(limit_mb=DOCUMENT_BYTES_MAX // 1024 // 1024)
    return _parsed(document, SignedJson)


def _parsed(data: bytes, kind: type[ParsedT]) -> ParsedT:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentUnreadable(what="JSON") from error


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise DocumentUnreadable(what="base64") from error


def _decoded(text: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError as error:
        raise DocumentUnreadable(what="base64url") from error
