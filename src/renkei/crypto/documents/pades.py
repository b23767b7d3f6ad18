"""PAdES (ETSI EN 319 142-1): PDF signed to baseline B-LTA by any signing key, verified to a verdict."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import zlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from asn1crypto import algos, cms, ocsp, tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.functions import async_sign_pdf
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from renkei.crypto.document_errors import DocumentNotSigned, DocumentTooLarge, DocumentUnreadable, TimestampInvalid
from renkei.crypto.documents.verdict import Parts, Verdict, judge
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_certificates import PersonAuthorities, PersonCertificate
from renkei.crypto.signing_keys import SigningKey
from renkei.crypto.timestamps import TOKEN_BYTES_MAX, Timestamp, hash_name_of, verify_token

DOCUMENT_BYTES_MAX: Final = 20 * 1024 * 1024
FIELD: Final = "Signature"
_MECHANISM: Final = {"RS256": "sha256_rsa", "ES256": "sha256_ecdsa", "ES384": "sha384_ecdsa"}
_HASH: Final = {"RS256": "sha256", "ES256": "sha256", "ES384": "sha384"}
_RAW_BYTES: Final = {"RS256": 256, "ES256": 72, "ES384": 104}
_READING: Final = (
    PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, NotImplementedError,
    OverflowError, AssertionError, zlib.error, struct.error,
)  # fmt: skip
"""What a reader of files that anyone may send can stumble over."""

Stamp = Callable[[bytes], Awaitable[bytes]]
"""An RFC 3161 request (DER) to its response (DER): a call to a stamping authority."""


class _KeySigner(Signer):
    """pyHanko's seam to our signing keys."""

    def __init__(self, key: SigningKey, chain: Sequence[bytes]) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        for der in chain:
            store.register(asn1_x509.Certificate.load(der))
        self._key = key
        super().__init__(
            signing_cert=asn1_x509.Certificate.load(chain[0]),
            cert_registry=store,
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": _MECHANISM[key.algorithm]}),
            embed_roots=False,
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if dry_run:
            return bytes(_RAW_BYTES[self._key.algorithm])
        return await asyncio.to_thread(self._key.sign, data)


class _Stamper(TimeStamper):
    """pyHanko's seam to a stamping authority."""

    def __init__(self, stamp: Stamp) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._stamp = stamp

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(await self._stamp(req.dump()))


async def sign_pdf(
    pdf: bytes, key: SigningKey, *, chain: Sequence[bytes], stamp: Stamp, stampers: Sequence[bytes],
    status: Sequence[bytes], now: datetime, reason: str = "",
) -> bytes:  # fmt: skip
    """Sign a PDF to B-LTA: signature, timestamp, status of the certificate, and a timestamp over all of it.

    Args:
        key: of the signer: software, card (PKCS#11) or remote.
        chain: the signer's certificate, then its authority's, DER.
        stamp: the stamping authority.
        stampers: certificates that vouch for the stamping authority, DER.
        status: OCSP responses about the signer's certificate, DER, fresh.

    Raises:
        DocumentTooLarge, DocumentUnreadable: no PDF that can be signed.
        SignatureInvalid: the evidence does not let the certificate be validated now; nothing is signed.
    """
    _check_size(pdf)
    trusted = [asn1_x509.Certificate.load(der) for der in (*chain[1:], *stampers)]
    context = ValidationContext(
        trust_roots=trusted, ocsps=[ocsp.OCSPResponse.load(der) for der in status], allow_fetching=False,
        revocation_mode="hard-fail", moment=now,
    )  # fmt: skip
    metadata = PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=_HASH[key.algorithm], subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True, use_pades_lta=True, validation_context=context, reason=reason or None,
    )  # fmt: skip
    out = BytesIO()
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        await async_sign_pdf(writer, metadata, _KeySigner(key, chain), timestamper=_Stamper(stamp), output=out)
    except (SigningError, ValidationError, PathError) as error:
        raise SignatureInvalid(private=type(error).__name__) from error
    except _READING as error:
        raise DocumentUnreadable(what="PDF", private=type(error).__name__) from error
    return out.getvalue()


async def verify(
    pdf: bytes, *, authorities: PersonAuthorities, stampers: Sequence[bytes], now: datetime
) -> list[Verdict]:
    """Answer the four questions for every signature of a PDF, in the order of signing.

    Raises:
        DocumentTooLarge, DocumentUnreadable, DocumentNotSigned: there is nothing to judge.
    """
    _check_size(pdf)
    try:
        reader = PdfFileReader(BytesIO(pdf))
        signatures = list(reader.embedded_regular_signatures)
        status = DocumentSecurityStore.read_dss(reader) if "/DSS" in reader.root else None
        found = [await _parts(one, status, stampers, now) for one in signatures]
    except _READING as error:
        raise DocumentUnreadable(what="PDF", private=type(error).__name__) from error
    if not found:
        raise DocumentNotSigned()
    return [judge(parts, authorities=authorities, now=now) for parts in found]


async def _parts(
    embedded: EmbeddedPdfSignature, status: DocumentSecurityStore | None, stampers: Sequence[bytes], now: datetime
) -> Parts:
    problem = await _integrity(embedded, now)
    signature = embedded.signer_info["signature"].native
    tokens = _tokens(embedded.signer_info)

    def check(_: PersonCertificate) -> None:
        if problem:
            raise SignatureInvalid(private=problem)

    def stamped() -> Timestamp | None:
        if not tokens:
            return None
        if len(tokens) > 1 or len(tokens[0]) > TOKEN_BYTES_MAX:
            raise TimestampInvalid(step="form")
        name = hash_name_of(tokens[0])
        digest = hashlib.new(name, signature).digest()
        return verify_token(tokens[0], digest=digest, hash_name=name, anchors=stampers)

    return Parts(
        "pades", embedded.signer_cert.dump(), check, stamped,
        [one.get_object().data for one in status.ocsps] if status else (),
        [one.get_object().data for one in status.crls] if status else (),
    )  # fmt: skip


async def _integrity(embedded: EmbeddedPdfSignature, now: datetime) -> str:
    """Why the document or its signature does not hold; empty where it does.

    pyHanko judges the bytes and the later revisions; whom to trust is judged elsewhere, so it gets no trust roots.
    """
    nobody = ValidationContext(trust_roots=[], allow_fetching=False, moment=now)
    try:
        found = await async_validate_pdf_signature(embedded, signer_validation_context=nobody)
    except (SignatureValidationError, ValidationError, PathError) as error:
        return type(error).__name__
    if not (found.intact and found.valid):
        return "changed"
    if found.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return "not covered"
    # What is added after signing may only be evidence and timestamps.
    level = found.modification_level
    allowed = level is not None and level <= ModificationLevel.LTA_UPDATES
    return "" if allowed else "added to after signing"


def _tokens(signer: cms.SignerInfo) -> list[bytes]:
    found = []
    for attribute in signer["unsigned_attrs"]:
        if attribute["type"].native == "signature_time_stamp_token":
            found += [value.dump() for value in attribute["values"]]
    return found


def _check_size(pdf: bytes) -> None:
    if len(pdf) > DOCUMENT_BYTES_MAX:
        raise DocumentTooLarge(limit_mb=DOCUMENT_BYTES_MAX // 1024 // 1024)
