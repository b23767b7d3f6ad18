"""XAdES (ETSI EN 319 132-1): XML signed enveloped by any signing key, to B-LT, and verified to a verdict."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESSigner, XAdESVerifier

from renkei.crypto.document_errors import DocumentNotSigned, DocumentTooLarge, DocumentUnreadable, TimestampInvalid
from renkei.crypto.documents.verdict import Parts, Verdict, judge
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_certificates import PersonAuthorities, PersonCertificate
from renkei.crypto.signing_keys import SigningKey
from renkei.crypto.timestamps import TOKEN_BYTES_MAX, Timestamp, verify_token

DOCUMENT_BYTES_MAX: Final = 8 * 1024 * 1024
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_NAMES: Final = {"ds": DS, "xades": XADES}
_METHOD: Final = {
    "RS256": SignatureMethod.RSA_SHA256,
    "ES256": SignatureMethod.ECDSA_SHA256,
    "ES384": SignatureMethod.ECDSA_SHA384,
}
_READING: Final = (etree.LxmlError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class _Utf8:
    """signxml copies trees by way of ASCII, which tag names in Japanese do not survive."""

    def _tostring(self, xml_node: Any, **kwargs: Any) -> bytes:
        return bytes(etree.tostring(xml_node, **(kwargs | {"encoding": "UTF-8"})))


class _Signer(_Utf8, XAdESSigner):
    pass


class _Verifier(_Utf8, XAdESVerifier):
    pass


class _Key:
    """A private key as signxml uses one: it hands over the data to be signed, hashing and padding are the key's own."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.key_size = 384 if key.algorithm == "ES384" else 256

    def sign(self, data: bytes, **_: object) -> bytes:
        return self._key.sign(data)

    def public_key(self) -> Any:
        return self._key.public_key


def sign_xml(
    document: bytes, key: SigningKey, *, chain: Sequence[bytes], stamp: Callable[[bytes], bytes] | None = None,
    status: Sequence[bytes] = (),
) -> bytes:  # fmt: skip
    """Sign an XML document, enveloped, over the whole of it.

    Args:
        chain: the signer's certificate first, DER.
        stamp: gives a timestamp token over a SHA-256 digest.
        status: OCSP responses about the signer's certificate, DER.

    Raises:
        DocumentTooLarge, DocumentUnreadable: no XML that can be signed.
    """
    root = _parse(document)
    signer = _Signer(signature_algorithm=_METHOD[key.algorithm], digest_algorithm=DigestAlgorithm.SHA256)
    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    signed = signer.sign(root, key=_Key(key), cert=certificates, always_add_key_value=False)  # type: ignore[arg-type]
    _add_evidence(signed, stamp, chain, status)
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))


def verify(document: bytes, *, authorities: PersonAuthorities, stampers: Sequence[bytes], now: Any) -> Verdict:
    """Answer the four questions about a document with one enveloped signature.

    Raises:
        DocumentTooLarge, DocumentUnreadable, DocumentNotSigned: there is nothing to judge.
    """
    root = _parse(document)
    signatures = root.findall("ds:Signature", _NAMES)
    if not signatures:
        raise DocumentNotSigned()
    if len(signatures) > 1:
        raise DocumentUnreadable(what="more than one signature")
    signature = signatures[0]
    try:
        certificate = _unb64(signature.findtext("ds:KeyInfo/ds:X509Data/ds:X509Certificate", "", _NAMES))
        tokens = [_unb64(one.text) for one in signature.iterfind(f".//{{{XADES}}}EncapsulatedTimeStamp")]
        responses = [_unb64(one.text) for one in signature.iterfind(f".//{{{XADES}}}EncapsulatedOCSPValue")]
        lists = [_unb64(one.text) for one in signature.iterfind(f".//{{{XADES}}}EncapsulatedCRLValue")]
        digest = _stamped_digest(signature)
    except _READING as error:
        raise DocumentUnreadable(what="XAdES", private=type(error).__name__) from error

    def stamped() -> Timestamp | None:
        if len(tokens) > 1 or any(len(token) > TOKEN_BYTES_MAX for token in tokens):
            raise TimestampInvalid(step="form")
        return verify_token(tokens[0], digest=digest, anchors=stampers) if tokens else None

    def check(signer: PersonCertificate) -> None:
        _check(document, signer)

    parts = Parts("xades", certificate, check, stamped, responses, lists)
    return judge(parts, authorities=authorities, now=now)


def _check(document: bytes, signer: PersonCertificate) -> None:
    """The signature holds under that certificate, and covers the whole document: nothing is wrapped around it."""
    pem = x509.load_der_x509_certificate(signer.der).public_bytes(Encoding.PEM).decode("ascii")
    try:
        found = _Verifier().verify(document, x509_cert=pem, expect_references=3)
    except (SignXMLException, *_READING) as error:
        raise SignatureInvalid(private=type(error).__name__) from error
    root = _parse(document)
    whole = [one for one in found if one.signed_xml is not None and one.signed_xml.tag == root.tag]
    uris = [one.get("URI") for one in root.iterfind("ds:Signature/ds:SignedInfo/ds:Reference", _NAMES)]
    if len(whole) != 1 or uris.count("") != 1:
        raise SignatureInvalid(private="not the whole document")
    spki = x509.load_der_x509_certificate(signer.der).public_key()
    if found[0].signature_key != spki.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo):
        raise SignatureInvalid(private="another key")


def _add_evidence(
    root: Any, stamp: Callable[[bytes], bytes] | None, chain: Sequence[bytes], status: Sequence[bytes]
) -> None:
    """Unsigned properties (EN 319 132-1 §5.3, §5.4): timestamp over the signature value, certificates, status."""
    signature = root.find("ds:Signature", _NAMES)
    qualifying = signature.find(".//xades:QualifyingProperties", _NAMES)
    unsigned = etree.SubElement(qualifying, f"{{{XADES}}}UnsignedProperties")
    held = etree.SubElement(unsigned, f"{{{XADES}}}UnsignedSignatureProperties")
    if stamp:
        stamped = etree.SubElement(held, f"{{{XADES}}}SignatureTimeStamp")
        etree.SubElement(stamped, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE)
        token = etree.SubElement(stamped, f"{{{XADES}}}EncapsulatedTimeStamp")
        token.text = _b64(stamp(_stamped_digest(signature)))
    values = etree.SubElement(held, f"{{{XADES}}}CertificateValues")
    for der in chain[1:]:
        etree.SubElement(values, f"{{{XADES}}}EncapsulatedX509Certificate").text = _b64(der)
    if status:
        revocation = etree.SubElement(held, f"{{{XADES}}}RevocationValues")
        responses = etree.SubElement(revocation, f"{{{XADES}}}OCSPValues")
        for der in status:
            etree.SubElement(responses, f"{{{XADES}}}EncapsulatedOCSPValue").text = _b64(der)


def _stamped_digest(signature: Any) -> bytes:
    value = signature.find("ds:SignatureValue", _NAMES)
    return hashlib.sha256(etree.tostring(value, method="c14n", exclusive=True, with_tail=False)).digest()


def _parse(document: bytes) -> Any:
    if len(document) > DOCUMENT_BYTES_MAX:
        raise DocumentTooLarge(limit_mb=DOCUMENT_BYTES_MAX // 1024 // 1024)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentUnreadable(what="XML", private=type(error).__name__) from error
    if root.getroottree().docinfo.doctype:
        raise DocumentUnreadable(what="DOCTYPE")
    return root


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _unb64(text: str | None) -> bytes:
    return b64decode("".join((text or "").split()), validate=True)
