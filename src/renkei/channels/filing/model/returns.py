"""A return: what is drafted, what exactly is signed, what comes back from the signature, the bank and the office."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct, fold_digits, from_base64url, to_base64url
from renkei.channels.filing.errors import AmountMalformed, SignatureMissing
from renkei.channels.filing.model.states import State
from renkei.channels.filing.model.tax import Computation, SideIncome, Slip, year_name
from renkei.contracts.card_agent import ToSign
from renkei.contracts.identity import Payment

AMOUNT_MAX_YEN: Final = 999_999_999
ALGORITHM: Final = "RS256"
"""What today's cards sign with; it stands in what is signed, so it has to be known before."""
CONTENT_TYPE: Final = "application/vnd.renkei.income-tax-return+json"
FILING_TYPE: Final = "filing-receipt+jwt"
TAX_JA: Final = "所得税及び復興特別所得税"


class Return(MaskedStruct, frozen=True, kw_only=True):
    """A return of one person for one year, as it stands."""

    return_id: str
    sub: str
    year: int
    version: int
    """Counts the changes of the figures: a signature is for one version."""
    name: str
    slips: tuple[Slip, ...]
    side: SideIncome
    state: State
    reference: str
    """納付番号: one for the whole life of the return, so that it cannot be paid twice."""
    problem: str = ""
    """Code of what last kept the return from going on; for a refusal of the bank, `bank:` and its code."""
    filed: Filed | None = None
    paid: PaidAt | None = None


class Filed(MaskedStruct, frozen=True, kw_only=True):
    """What was filed."""

    number: str
    """受付番号."""
    filed_ms: int
    due_yen: int
    document: bytes
    """The signed return: JWS with certificate, status and timestamp."""
    receipt: str
    """Signed by the filing service."""


class PaidAt(MaskedStruct, frozen=True, kw_only=True):
    """What the bank said."""

    number: str
    paid_ms: int
    receipt: str
    """Signed by the bank."""


class Content(MaskedStruct, frozen=True, kw_only=True):
    """The return as it is signed. No personal number: the certificate says who signed."""

    form: str = msgspec.field(default_factory=lambda: "income-tax-return")
    year: int
    edition: str
    taxpayer: str
    reference: str
    version: int
    slips: tuple[Slip, ...]
    side_income: SideIncome
    figures: Computation


class Attempt(MaskedStruct, frozen=True, kw_only=True):
    """One request to sign, kept until its signature comes."""

    transaction_id: str
    return_id: str
    version: int
    signing_input: bytes


class SignedPiece(MaskedStruct, frozen=True, kw_only=True):
    """A document and its signature."""

    name: str
    digest: str
    signature: str


class Signatures(MaskedStruct, frozen=True, kw_only=True):
    """What the provider gives of a sign transaction, the part that is needed here."""

    sign_transaction_id: str
    certificate: str
    """DER, base64url."""
    algorithm: str
    documents: tuple[SignedPiece, ...]
    status: str
    """OCSP response, DER, base64url."""

    def signature_of(self, signing_input: bytes) -> bytes:
        """The signature over what was prepared.

        Raises:
            SignatureMissing: none, or by another algorithm than was prepared for.
        """
        digest = digest_of(signing_input)
        found = [piece.signature for piece in self.documents if piece.digest == digest]
        if not found or self.algorithm != ALGORITHM:
            raise SignatureMissing()
        return _bytes(found[0])

    @property
    def parts(self) -> tuple[bytes, bytes]:
        """Certificate and status, DER."""
        return _bytes(self.certificate), _bytes(self.status)


class FilingReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the receipt of a filed return says."""

    iss: str
    number: str
    year: int
    filed_ms: int
    digest: str
    """SHA-256 of the signed return, base64url."""
    due_yen: int


def digest_of(data: bytes) -> str:
    """SHA-256, base64url."""
    return to_base64url(hashlib.sha256(data).digest())


def canonical(content: Content) -> bytes:
    """Canonical JSON (RFC 8785: members sorted, which are ASCII; integers and texts only)."""
    return msgspec.json.encode(content, order="sorted")


def content_of(found: Return, figures: Computation, *, edition: str) -> Content:
    """What is signed of a return."""
    return Content(
        year=found.year, edition=edition, taxpayer=found.name, reference=found.reference, version=found.version,
        slips=found.slips, side_income=found.side, figures=figures,
    )  # fmt: skip


def document_of(found: Return, signing_input: bytes) -> ToSign:
    """The return as the person sees it named before they sign."""
    return ToSign(name=f"{year_name(found.year)} {TAX_JA}の確定申告書", digest=digest_of(signing_input))


def payment_of(found: Return, *, due_yen: int, payee: str, bank: str) -> Payment:
    """The payment order of a return.

    Args:
        bank: base URL of the bank's interface.
    """
    return Payment(
        locations=(bank,), amount_yen=due_yen, payee=payee, reference=found.reference,
        purpose=f"{year_name(found.year)} {TAX_JA}",
    )  # fmt: skip


def amount(text: str) -> int:
    """An amount as people type it.

    Raises:
        AmountMalformed: not whole yen, or too large.
    """
    digits = fold_digits(text).replace(",", "").replace("\uff0c", "").removesuffix("円") or "0"
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12) or int(digits) > AMOUNT_MAX_YEN:
        raise AmountMalformed(limit=f"{AMOUNT_MAX_YEN:,}")
    return int(digits)


def _bytes(text: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError:
        raise SignatureMissing() from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSignAsked(AuditEvent):
    """A person was sent to sign their return."""

    name: ClassVar[str] = "filing.sign_asked"
    tax_return: str
    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSigned(AuditEvent):
    """The signature was fetched and kept."""

    name: ClassVar[str] = "filing.signed"
    tax_return: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRejected(AuditEvent):
    """The signed return did not verify; nothing was filed."""

    name: ClassVar[str] = "filing.rejected"
    tax_return: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFiled(AuditEvent):
    """A return was filed under a receipt number."""

    name: ClassVar[str] = "filing.filed"
    tax_return: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPaid(AuditEvent):
    """The bank's receipt of a return's payment was kept."""

    name: ClassVar[str] = "filing.paid"
    tax_return: str
    receipt: str
