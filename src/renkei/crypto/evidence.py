"""Evidence: what a body signed, in a form that anyone with its certificate can check at any time.

The signature base of RFC 9421 §2.5 lists every covered component with its value, so the base, the signature and
the certificate together show what was signed, without the message. `read_base` is the only reading of a base:
verification on arrival (`messages`) and checks years later see the same fields.

The profile of components and parameters is written in `messages`. One hash of the certificate names the key, inside
the base, so no second key can be certified afterwards under which the same signature would verify too; a response
may therefore bind its request by the request's signature and digest (RFC 9421 §2.4, §7.3.7).
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from renkei.crypto.certificates import BodyIdentity
from renkei.crypto.errors import ResponseUnbound, SignatureInvalid

ALGORITHM: Final = "ecdsa-p256-sha256"
LABEL: Final = "renkei"
OWN_PREFIX: Final = "renkei-"
REQUEST_ID_FIELD: Final = "renkei-request-id"
MANIFEST_FIELD: Final = "renkei-manifest"
ECDSA_SHA256: Final = ec.ECDSA(hashes.SHA256())
_SIGNATURE_BYTES: Final = 64
# RFC 9421 §2.3: the parameters of one signature, as RFC 9651 serializes them.
INPUT: Final = re.compile(
    r"(?P<label>[a-z*][a-z0-9_.*-]*)="
    r'(?P<params>\((?P<components>"[^"\\\s]+"(?:;req)?(?: "[^"\\\s]+"(?:;req)?)*)\)'
    r'(?P<rest>(?:;[a-z]+=(?:[0-9]{1,15}|"[ !#-\[\]-~]*"))+))',
    re.ASCII,
)
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:([0-9]{1,15})|"([ !#-\[\]-~]*)")', re.ASCII)
VALUE: Final = re.compile(r"(?P<label>[a-z*][a-z0-9_.*-]*)=:(?P<value>[A-Za-z0-9+/]{86}==):", re.ASCII)
_DIGEST: Final = re.compile(r"sha-256=:(?P<value>[A-Za-z0-9+/]{43}=):", re.ASCII)
_NUMBERS: Final = frozenset(("created", "expires"))
_STRINGS: Final = frozenset(("keyid", "nonce", "alg", "tag"))


class SignedMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence that one body signed one message; anyone with its certificate can check it at any time.

    Attributes:
        base: the exact signature base (RFC 9421 §2.5), ASCII.
        signature: r || s, 64 bytes (base64 on JSON).
        key_id: names the signer's certificate.
    """

    base: str
    signature: bytes
    key_id: str


class SignedFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a signature covers, read back from its base. Method to query are set on requests, status on responses.

    Attributes:
        query: with its "?"; "?" alone where there is none (RFC 9421 §2.2.7).
        content_digest: SHA-256 of the content.
        fields: every covered renkei-* field by name.
        request_digest, request_signature: of the request that a response answers.
    """

    tag: str
    created: datetime
    expires: datetime | None = None
    nonce: str | None = None
    key_id: str
    method: str | None = None
    authority: str | None = None
    path: str | None = None
    query: str | None = None
    status: int | None = None
    content_digest: bytes
    content_type: str | None = None
    fields: dict[str, str]
    request_digest: bytes | None = None
    request_signature: bytes | None = None

    @property
    def request_id(self) -> str:
        """The exchange's request id."""
        return self.fields[REQUEST_ID_FIELD]

    @property
    def manifest(self) -> str | None:
        """The manifest field, where the message carries one."""
        return self.fields.get(MANIFEST_FIELD)


def verify_base(signed: SignedMessage, identity: BodyIdentity) -> SignedFields:
    """Check, later and offline, that this body signed this message, and read what it signed.

    Times are returned, not judged; the certificate is the caller's to verify as of `created`.

    Raises:
        SignatureInvalid: another key, an altered base, or a base outside the profile.
    """
    if signed.key_id != identity.key_id:
        raise SignatureInvalid(private="the evidence names another key")
    fields = read_base(signed.base)
    if fields.key_id != signed.key_id:
        raise SignatureInvalid(private="the signature base names another key")
    check_signature(identity, signed.signature, signed.base)
    return fields


def check_answers(request: SignedMessage, answer: SignedFields) -> None:
    """Check that a verified response answers this very request.

    Raises:
        ResponseUnbound: it answers another one.
        SignatureInvalid: the request's base is outside the profile.
    """
    asked = read_base(request.base)
    if (
        answer.request_signature != request.signature
        or answer.request_digest != asked.content_digest
        or answer.request_id != asked.request_id
    ):
        raise ResponseUnbound(private="the answer covers another request")


def check_signature(identity: BodyIdentity, signature: bytes, base: str) -> None:
    """Check r || s over a signature base (RFC 9421 §3.3.4).

    Raises:
        SignatureInvalid: it does not verify.
    """
    if len(signature) != _SIGNATURE_BYTES:
        raise SignatureInvalid(private="a signature has 64 bytes")
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        identity.public_key.verify(der, base.encode("ascii"), ECDSA_SHA256)
    except (InvalidSignature, UnicodeEncodeError) as error:
        raise SignatureInvalid(private=f"does not verify under {identity.key_id}") from error


def read_base(base: str) -> SignedFields:
    """Read a signature base back: the one reading of what was signed, at verification and for third parties.

    Raises:
        SignatureInvalid: outside the profile.
    """
    values: dict[str, str] = {}
    *lines, last = base.split("\n")
    for line in lines:
        component, separator, value = line.partition(": ")
        if not separator or component in values:
            raise SignatureInvalid(private="malformed signature base")
        values[component] = value
    label, _, params = last.partition(": ")
    match = INPUT.fullmatch(f"{LABEL}={params}")
    if label != '"@signature-params"' or match is None or tuple(match["components"].split(" ")) != tuple(values):
        raise SignatureInvalid(private="the signature base does not list its own components")
    names = _read_parameters(match["rest"])
    try:
        request = '"@method"' in values
        result = SignedFields(
            tag=names["tag"],
            created=datetime.fromtimestamp(int(names["created"]), UTC),
            expires=datetime.fromtimestamp(int(names["expires"]), UTC) if "expires" in names else None,
            nonce=names.get("nonce"),
            key_id=names["keyid"],
            method=values.pop('"@method"') if request else None,
            authority=values.pop('"@authority"') if request else None,
            path=values.pop('"@path"') if request else None,
            query=values.pop('"@query"') if request else None,
            status=None if request else int(values.pop('"@status"')),
            content_digest=_read_digest(values.pop('"content-digest"')),
            content_type=values.pop('"content-type"', None),
            request_digest=None if request else _read_digest(values.pop('"content-digest";req')),
            request_signature=None if request else _read_signature(values.pop('"signature";req')),
            fields={name[1:-1]: value for name, value in values.items()},
        )
    except (KeyError, ValueError, OverflowError, OSError) as error:
        raise SignatureInvalid(private=f"a component or parameter is missing or malformed: {error}") from error
    own = all(name.startswith(f'"{OWN_PREFIX}') and name.endswith('"') for name in values)
    if not own or not values.get(f'"{REQUEST_ID_FIELD}"'):
        raise SignatureInvalid(private="other components than the profile asks for")
    return result


def _read_parameters(text: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, number, string in _PARAMETER.findall(text):
        if name in names or name not in (_NUMBERS if number else _STRINGS):
            raise SignatureInvalid(private=f"unexpected signature parameter {name[:20]!r}")
        names[name] = number or string
    if names.get("alg") != ALGORITHM:
        raise SignatureInvalid(private="another algorithm than the profile's")
    return names


def _read_digest(text: str) -> bytes:
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise ValueError("not one sha-256 digest")
    return decode_base64(match["value"])


def _read_signature(text: str) -> bytes:
    match = VALUE.fullmatch(text)
    if match is None:
        raise ValueError("not one signature")
    return decode_base64(match["value"])


def decode_base64(value: str) -> bytes:
    """Strict base64, for a value that a pattern here matched.

    Raises:
        SignatureInvalid: malformed.
    """
    try:
        return a2b_base64(value, strict_mode=True)
    except Base64Error as error:
        raise SignatureInvalid(private="malformed base64") from error
