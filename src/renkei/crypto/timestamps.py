"""RFC 3161 timestamps: requests read, tokens made and verified. The serial number and the clock are the caller's.

Tokens carry the authority's certificate, the ESSCertIDv2 of it (RFC 5816) and nothing that names who asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final, NamedTuple

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from renkei.crypto.document_errors import TimestampAlgorithmRefused, TimestampInvalid, TimestampRequestMalformed
from renkei.crypto.signing_keys import SigningKey

POLICY: Final = "2.25.199148315874613270912483650237718804213"
"""Of our own making under the arc for UUIDs (ITU-T X.667), which needs no registration."""
REQUEST_BYTES_MAX: Final = 4_096
TOKEN_BYTES_MAX: Final = 65_536
ACCURACY_MS: Final = 1_000
_DIGEST_BYTES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_SIGNATURES: Final = {
    "RS256": ("sha256_rsa", "sha256"),
    "ES256": ("sha256_ecdsa", "sha256"),
    "ES384": ("sha384_ecdsa", "sha384"),
}


class _Refusal(core.Sequence):  # type: ignore[misc]
    """A TimeStampResp without its optional token, which asn1crypto's own type insists on."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo)]


class TimestampRequest(NamedTuple):
    """What is to be stamped."""

    hash_name: str
    digest: bytes
    nonce: int | None
    certificate_wanted: bool


class StampingAuthority(NamedTuple):
    """Who stamps: certificate (DER, extended key usage timeStamping alone) and its key."""

    certificate: bytes
    key: SigningKey


class Timestamp(NamedTuple):
    """A verified timestamp."""

    moment: datetime
    serial: int
    authority: str
    """Common name in the certificate of the authority."""
    token: bytes
    """DER of the token (CMS ContentInfo)."""
    certificate: bytes


def make_request(digest: bytes, *, hash_name: str = "sha256", nonce: int | None = None) -> bytes:
    """A request for a timestamp over a digest (RFC 3161 §2.4.1), DER."""
    fields = {
        "version": 1,
        "message_imprint": {"hash_algorithm": {"algorithm": hash_name}, "hashed_message": digest},
        "cert_req": True,
    }
    if nonce is not None:
        fields["nonce"] = nonce
    return bytes(tsp.TimeStampReq(fields).dump())


def read_request(der: bytes) -> TimestampRequest:
    """Read a request.

    Raises:
        TimestampRequestMalformed: not a request, of a policy that we do not serve, or with extensions.
        TimestampAlgorithmRefused: another hash than SHA-256, SHA-384 or SHA-512.
    """
    if len(der) > REQUEST_BYTES_MAX:
        raise TimestampRequestMalformed(private="too long")
    try:
        request = tsp.TimeStampReq.load(der, strict=True)
        imprint = request["message_imprint"]
        hash_name = imprint["hash_algorithm"]["algorithm"].native
        digest = imprint["hashed_message"].native
        nonce = request["nonce"].native
        policy = request["req_policy"].native
        wanted = bool(request["cert_req"].native)
        extended = bool(request["extensions"].native)
        version = request["version"].native
    except (ValueError, TypeError, KeyError) as error:
        raise TimestampRequestMalformed(private=type(error).__name__) from error
    if hash_name not in _DIGEST_BYTES:
        raise TimestampAlgorithmRefused()
    if version != "v1" or extended or policy not in (None, POLICY) or len(digest) != _DIGEST_BYTES[hash_name]:
        raise TimestampRequestMalformed(private="version, policy, extensions or length")
    return TimestampRequest(hash_name, digest, nonce, wanted)


def make_response(request: TimestampRequest, *, authority: StampingAuthority, serial: int, now: datetime) -> bytes:
    """Grant a request: a TimeStampResp with its token, DER (RFC 3161 §2.4.2).

    Args:
        serial: never given before by this authority.
        now: UTC.
    """
    certificate = asn1_x509.Certificate.load(authority.certificate)
    info = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": {
            "hash_algorithm": {"algorithm": request.hash_name},
            "hashed_message": request.digest,
        },
        "serial_number": serial,
        "gen_time": now.astimezone(UTC),
        "accuracy": {"seconds": ACCURACY_MS // 1000},
    }
    if request.nonce is not None:
        info["nonce"] = request.nonce
    content = bytes(tsp.TSTInfo(info).dump())
    signature_name, hash_name = _SIGNATURES[authority.key.algorithm]
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", "tst_info"),
            _attribute("message_digest", hashlib.new(hash_name, content).digest()),
            _attribute("signing_certificate_v2", _certificate_id(certificate, hash_name)),
        ]
    )
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                )
            }
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": hash_name}),
        "signed_attrs": attributes,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": signature_name}),
        "signature": authority.key.sign(attributes.dump()),
    }
    signed = {
        "version": "v3",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": hash_name})],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "signer_infos": [signer],
    }
    if request.certificate_wanted:
        signed["certificates"] = [certificate]
    token = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def refuse(failure: str = "bad_data_format") -> bytes:
    """A TimeStampResp that refuses (RFC 3161 §2.4.2); `failure` is asn1crypto's name of a PKIFailureInfo."""
    return bytes(_Refusal({"status": {"status": "rejection", "fail_info": {failure}}}).dump())


def token_of(response: bytes) -> bytes:
    """The token in a response.

    Raises:
        TimestampInvalid: refused, or no response.
    """
    try:
        if _Refusal.load(response)[0]["status"].native not in ("granted", "granted_with_mods"):
            raise TimestampInvalid(step="refused")
        read = tsp.TimeStampResp.load(response, strict=True)
        return bytes(read["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError) as error:
        raise TimestampInvalid(step="response", private=type(error).__name__) from error


def hash_name_of(token: bytes) -> str:
    """The hash that a token is over, to compute the digest for `verify_token`.

    Raises:
        TimestampInvalid: not a token, or another hash than SHA-256, SHA-384 or SHA-512.
    """
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        info = tsp.TSTInfo.load(bytes(signed["encap_content_info"]["content"].contents), strict=True)
        name = str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TimestampInvalid(step="form", private=type(error).__name__) from error
    if name not in _DIGEST_BYTES:
        raise TimestampInvalid(step="imprint")
    return name


def verify_token(
    token: bytes, *, digest: bytes, hash_name: str = "sha256", anchors: Sequence[bytes], nonce: int | None = None
) -> Timestamp:
    """Verify a token over a digest (RFC 3161 §2.4.2, RFC 5652 §5.4, RFC 5816).

    Args:
        digest: what the token must be over.
        anchors: certificates of trusted stamping authorities or of those who certify them, DER.
        nonce: of our request, if we sent one.

    Raises:
        TimestampInvalid: naming the step that failed.
    """
    if len(token) > TOKEN_BYTES_MAX:
        raise TimestampInvalid(step="size")
    try:
        return _verify(token, digest, hash_name, anchors, nonce)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, x509.InvalidVersion) as error:
        raise TimestampInvalid(step="form", private=type(error).__name__) from error


def _verify(token: bytes, digest: bytes, hash_name: str, anchors: Sequence[bytes], nonce: int | None) -> Timestamp:
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    if len(signed["signer_infos"]) != 1 or signed["encap_content_info"]["content_type"].native != "tst_info":
        raise TimestampInvalid(step="form")
    signer = signed["signer_infos"][0]
    content = bytes(signed["encap_content_info"]["content"].contents)
    info = tsp.TSTInfo.load(content, strict=True)
    imprint = info["message_imprint"]
    same = imprint["hash_algorithm"]["algorithm"].native == hash_name and imprint["hashed_message"].native == digest
    if not same or (nonce is not None and info["nonce"].native != nonce):
        raise TimestampInvalid(step="imprint")
    attributes = {entry["type"].native: entry["values"][0] for entry in signer["signed_attrs"]}
    signed_hash = signer["digest_algorithm"]["algorithm"].native
    if attributes["message_digest"].native != hashlib.new(signed_hash, content).digest():
        raise TimestampInvalid(step="content")
    certificate = _named_certificate(signed, attributes)
    _check_signature(certificate, signer, signed_hash)
    moment = info["gen_time"].native
    _check_certificate(certificate, moment, anchors)
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Timestamp(
        moment, info["serial_number"].native, str(name[0].value) if name else "", token,
        certificate.public_bytes(Encoding.DER),
    )  # fmt: skip


def _named_certificate(signed: cms.SignedData, attributes: dict[str, core.Asn1Value]) -> x509.Certificate:
    """The certificate that the signed attributes name (RFC 5816 §2.2.1), among those in the token."""
    named = attributes["signing_certificate_v2"]["certs"][0]
    wanted, by = named["cert_hash"].native, named["hash_algorithm"]["algorithm"].native
    for choice in signed["certificates"]:
        der = choice.chosen.dump()
        if hashlib.new(by, der).digest() == wanted:
            return x509.load_der_x509_certificate(der)
    raise TimestampInvalid(step="certificate")


def _check_signature(certificate: x509.Certificate, signer: cms.SignerInfo, hash_name: str) -> None:
    data = signer["signed_attrs"].untag().dump()
    key, signature = certificate.public_key(), signer["signature"].native
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), _HASHES[hash_name])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(_HASHES[hash_name]))
        else:
            raise TimestampInvalid(step="algorithm")
    except InvalidSignature as error:
        raise TimestampInvalid(step="signature") from error


def _check_certificate(certificate: x509.Certificate, moment: datetime, anchors: Sequence[bytes]) -> None:
    """RFC 3161 §2.3: the key stamps and does nothing else; and somebody whom we trust says so."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise TimestampInvalid(step="usage") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampInvalid(step="usage")
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        raise TimestampInvalid(step="period")
    der = certificate.public_bytes(Encoding.DER)
    if der in anchors:
        return
    for anchor in anchors:
        try:
            certificate.verify_directly_issued_by(x509.load_der_x509_certificate(anchor))
        except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion):
            continue
        return
    raise TimestampInvalid(step="authority")


def _attribute(name: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": cms.CMSAttributeType(name), "values": (value,)})


def _certificate_id(certificate: asn1_x509.Certificate, hash_name: str) -> tsp.SigningCertificateV2:
    digest = hashlib.new(hash_name, certificate.dump()).digest()
    return tsp.SigningCertificateV2({"certs": [{"hash_algorithm": {"algorithm": hash_name}, "cert_hash": digest}]})
