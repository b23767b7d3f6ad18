"""OCSP answers, written down in DER (RFC 6960 §4.2.1) around one signature.

The general builder parses and encodes every answer several times over, which costs ten times the signature, and always
says that an answer was produced at the machine's own time. Here the answer is written once, at the time that is given.
Only what an authority of this software says is written: one certificate, answered by a delegated responder.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509

from renkei.crypto.signing_keys import Algorithm, SigningKey

_SEQUENCE, _INTEGER, _BIT_STRING, _OCTETS, _ENUMERATED, _TIME = 0x30, 0x02, 0x03, 0x04, 0x0A, 0x18
_CONTEXT: Final = 0xA0  # explicit tags of the syntax: [0], [1], [2]

GOOD: Final = b"\x80\x00"
UNKNOWN: Final = b"\x82\x00"
_REASON_NUMBERS: Final = {
    x509.ReasonFlags.unspecified: 0,
    x509.ReasonFlags.key_compromise: 1,
    x509.ReasonFlags.ca_compromise: 2,
    x509.ReasonFlags.affiliation_changed: 3,
    x509.ReasonFlags.superseded: 4,
    x509.ReasonFlags.cessation_of_operation: 5,
    x509.ReasonFlags.certificate_hold: 6,
    x509.ReasonFlags.privilege_withdrawn: 9,
}
"""CRLReason (RFC 5280 §5.3.1)."""

_HASHES: Final = {
    "sha1": bytes.fromhex("300906052b0e03021a0500"),
    "sha256": bytes.fromhex("300d06096086480165030402010500"),
}
_SIGNATURES: Final[dict[Algorithm, bytes]] = {
    "RS256": bytes.fromhex("300d06092a864886f70d01010b0500"),
    "ES256": bytes.fromhex("300a06082a8648ce3d040302"),
    "ES384": bytes.fromhex("300a06082a8648ce3d040303"),
}
_BASIC: Final = bytes.fromhex("06092b0601050507300101")  # id-pkix-ocsp-basic
_NONCE: Final = bytes.fromhex("06092b0601050507300102")  # id-pkix-ocsp-nonce
_SUCCESSFUL: Final = b"\x0a\x01\x00"


class Named(NamedTuple):
    """The certificate that an answer is about, as the question named it (CertID, §4.1.1)."""

    hash: str
    """`sha1` or `sha256`."""
    name_hash: bytes
    key_hash: bytes
    serial: int


class Responder(NamedTuple):
    """Who answers."""

    key_hash: bytes
    """SHA-1 of the public key, as ResponderID has it (§4.2.1)."""
    certificate: bytes
    key: SigningKey


def revoked_status(since: datetime, flag: x509.ReasonFlags | None) -> bytes:
    """CertStatus of a certificate that does not stand; without a reason where `flag` is None."""
    reason = b"" if flag is None else _der(_CONTEXT, _der(_ENUMERATED, bytes((_REASON_NUMBERS[flag],))))
    return _der(0xA1, _time(since), reason)


def write_answer(
    named: Named, status: bytes, *, this_update: datetime, next_update: datetime, nonce: bytes, responder: Responder
) -> bytes:
    """Sign and write an answer, DER; produced at `this_update`.

    Args:
        status: `GOOD`, `UNKNOWN` or a `revoked_status`.
        nonce: repeated from the question; empty where it had none.
    """
    moment = _time(this_update)
    certificate_id = _der(
        _SEQUENCE, _HASHES[named.hash], _der(_OCTETS, named.name_hash), _der(_OCTETS, named.key_hash),
        _der(_INTEGER, named.serial.to_bytes(named.serial.bit_length() // 8 + 1, "big", signed=True)),
    )  # fmt: skip
    single = _der(_SEQUENCE, certificate_id, status, moment, _der(_CONTEXT, _time(next_update)))
    extensions = b""
    if nonce:
        extension = _der(_SEQUENCE, _NONCE, _der(_OCTETS, _der(_OCTETS, nonce)))
        extensions = _der(_CONTEXT | 1, _der(_SEQUENCE, extension))
    by = _der(_CONTEXT | 2, _der(_OCTETS, responder.key_hash))
    data = _der(_SEQUENCE, by, moment, _der(_SEQUENCE, single), extensions)
    basic = _der(
        _SEQUENCE, data, _SIGNATURES[responder.key.algorithm], _der(_BIT_STRING, b"\x00", responder.key.sign(data)),
        _der(_CONTEXT, _der(_SEQUENCE, responder.certificate)),
    )  # fmt: skip
    return _der(_SEQUENCE, _SUCCESSFUL, _der(_CONTEXT, _der(_SEQUENCE, _BASIC, _der(_OCTETS, basic))))


def _time(moment: datetime) -> bytes:
    return _der(_TIME, f"{moment:%Y%m%d%H%M%SZ}".encode("ascii"))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
