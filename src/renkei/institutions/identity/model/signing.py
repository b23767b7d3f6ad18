"""A client has a person sign documents: what it asks for, what the card signs, what it gets. Values in, values out.

transaction: OPEN -> SIGNED -> FETCHED
task:        SET -> ANSWERED -> TAKEN        (one card touch; a task that fails is set anew)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

import msgspec

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct, from_base64url, to_base64url
from renkei.contracts.card_agent import ToSign
from renkei.contracts.identity import Payment
from renkei.institutions.identity.errors.protocol import RequestMalformed
from renkei.institutions.identity.model.device import readable

DOCUMENTS_MAX = 20
DOCUMENT_NAME_MAX = 80
DIGEST_SIZES = (32, 48)
"""SHA-256, and SHA-384 for a card of the P-384 generation."""

TRANSACTION_LIFE = timedelta(minutes=30)
RESULT_LIFE = timedelta(minutes=30)
"""A result that nobody fetches is forgotten: it holds the four items."""

PAYMENT_DOCUMENT = "支払いの指示"
"""Name under which a payment is signed together with the documents."""


class TransactionState(StrEnum):
    """Where a sign transaction stands."""

    OPEN = "open"
    SIGNED = "signed"
    FETCHED = "fetched"


class TaskState(StrEnum):
    """Where the card's task stands."""

    SET = "set"
    ANSWERED = "answered"
    TAKEN = "taken"


class SignTransaction(MaskedStruct, frozen=True, kw_only=True):
    """Documents that a client wants signed."""

    transaction_id: str
    client_id: str
    documents: tuple[ToSign, ...]
    purpose: str
    """What for, in the client's own words."""
    made_ms: int
    expires_ms: int


class DocumentSignature(MaskedStruct, frozen=True, kw_only=True):
    """One document and its signature."""

    name: str
    digest: str
    signature: str
    """Over the digest, base64url: RSASSA-PKCS1-v1_5 or ECDSA (DER)."""


class SignResult(MaskedStruct, frozen=True, kw_only=True):
    """What a client gets: the signatures, whose they are, and proof that the certificate held at that time."""

    sign_transaction_id: str
    certificate: str
    """DER, base64url: the signature certificate, which discloses name, address, birth date and sex."""
    algorithm: str
    documents: tuple[DocumentSignature, ...]
    status: str
    """OCSP response (RFC 6960), DER, base64url."""
    status_source: str
    status_this_update_ms: int
    status_next_update_ms: int
    signed_ms: int
    medium: str
    """`card`, or `software` for a test card."""


def documents_of(listed: object) -> tuple[ToSign, ...]:
    """The documents that a client asks to have signed.

    Raises:
        RequestMalformed: none or too many, a name that no screen can show, a digest of a wrong or of mixed length.
    """
    try:
        documents = msgspec.convert(listed, tuple[ToSign, ...])
        sizes = {len(from_base64url(one.digest)) for one in documents}
    except (msgspec.ValidationError, ValueError):
        raise RequestMalformed(parameter="documents") from None
    names = all(one.name.strip() and readable(one.name, DOCUMENT_NAME_MAX) for one in documents)
    reserved = any(one.name == PAYMENT_DOCUMENT for one in documents)
    if not 0 < len(documents) <= DOCUMENTS_MAX or len(sizes) != 1 or not sizes <= set(DIGEST_SIZES):
        raise RequestMalformed(parameter="documents")
    if not names or reserved:
        raise RequestMalformed(parameter="documents.name")
    return documents


def payment_digest(payment: Payment, *, size: int = 32) -> str:
    """Digest of a payment order: of its canonical JSON (RFC 8785: its members are ASCII names and plain values)."""
    canonical = msgspec.json.encode(payment, order="sorted")
    return to_base64url((hashlib.sha256 if size == 32 else hashlib.sha384)(canonical).digest())


def all_documents(transaction: SignTransaction, payments: tuple[Payment, ...]) -> tuple[ToSign, ...]:
    """What the card signs: the documents, and the payments that the same ask carries. One touch, one consent."""
    size = len(from_base64url(transaction.documents[0].digest))
    orders = tuple(ToSign(name=PAYMENT_DOCUMENT, digest=payment_digest(one, size=size)) for one in payments)
    return transaction.documents + orders


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTransactionMade(AuditEvent):
    """A client asked for documents to be signed."""

    name: ClassVar[str] = "identity.sign_transaction_made"
    client: str
    transaction: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsSigned(AuditEvent):
    """A person signed; the signature certificate, and with it the four items, goes to the client."""

    name: ClassVar[str] = "identity.documents_signed"
    account: str
    client: str
    transaction: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignResultFetched(AuditEvent):
    """A client fetched the signatures; they are no longer kept here."""

    name: ClassVar[str] = "identity.sign_result_fetched"
    client: str
    transaction: str
