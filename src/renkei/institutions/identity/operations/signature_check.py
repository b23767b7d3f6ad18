"""What the card answers to a signing task, verified when it comes. Whatever cannot be checked is refused.

Order of the checks, cheapest first: shape; certificate (issued by a trusted generation, for signatures, in its period);
the card signed this task's challenge, which covers the documents; each document's signature; the certificate is the
person's who is signed in; the authority says, asked anew, that the certificate is good: that answer is the evidence
that goes to the client, so a kept one does not do.
"""

from __future__ import annotations

from datetime import datetime

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.card_agent import CERTIFICATE_BYTES_MAX, Assertion, Task, challenge_bytes
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_certificates import PersonCertificate, Use, read_person_certificate, verify_signature
from renkei.crypto.revocation import StatusEvidence, check_good, ocsp_request, read_ocsp
from renkei.institutions.identity.errors.asks import SignatureWrong, SignerStatusUnavailable
from renkei.institutions.identity.errors.signin import CardForTestsRefused, CertificateWrongUse, HolderDiffers
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.signin import SOFTWARE
from renkei.institutions.identity.model.signing import DocumentSignature, SignResult
from renkei.institutions.identity.operations.accounts import holder_of
from renkei.institutions.identity.operations.card_signin import CardTrust
from renkei.institutions.identity.operations.signing import SetTask

SIGNATURE_CHARS_MAX = 1400  # RSA-8192 in base64url; a signature of ours has 342


async def check(means: Means, trust: CardTrust, waiting: SetTask, assertion: Assertion, now: datetime) -> SignResult:
    """Verify an answer and make of it what the client gets.

    Raises:
        SignatureWrong: malformed, not for this task, or a signature does not hold.
        CertificateMalformed, AuthorityUnknown, WrongProfile, CertificateNotYetValid, CertificateExpired,
        CertificateWrongUse: the certificate does not do.
        CardForTestsRefused: a software card where none is offered.
        HolderDiffers: somebody else's card.
        CertificateRevoked, CertificateSuspended: it stands no longer.
        SignerStatusUnavailable: nobody can tell whether it stands.
    """
    der, signature, signed = _read(assertion, len(waiting.task.documents))
    if assertion.medium == SOFTWARE and not means.settings.test_card:
        raise CardForTestsRefused()
    certificate = read_person_certificate(der, authorities=trust.authorities, at=now)
    if certificate.use is not Use.SIGNATURE:
        raise CertificateWrongUse()
    check_signatures(certificate, assertion.algorithm, waiting.task, signature, signed)
    account = await holder_of(means.db, trust.links, certificate)
    if account is None or account.account_id != waiting.account_id:
        raise HolderDiffers()
    evidence = await _status(means, trust, certificate, now)
    documents = zip(waiting.task.documents, assertion.documents, strict=True)
    return SignResult(
        sign_transaction_id=waiting.transaction_id, certificate=assertion.certificate, algorithm=assertion.algorithm,
        documents=tuple(DocumentSignature(name=one.name, digest=one.digest, signature=by) for one, by in documents),
        status=to_base64url(evidence.der), status_source=evidence.source,
        status_this_update_ms=evidence.this_update_ms, status_next_update_ms=evidence.next_update_ms,
        signed_ms=to_ms(now), medium=assertion.medium,
    )  # fmt: skip


def check_signatures(
    certificate: PersonCertificate, algorithm: str, task: Task, signature: bytes, signed: list[bytes]
) -> None:
    """Check the answer to the challenge and the signature of every document.

    Raises:
        SignatureWrong: naming which.
    """
    digests = tuple(one.digest for one in task.documents)
    message = challenge_bytes(task.origin, task.txn, from_base64url(task.challenge), digests)
    try:
        verify_signature(certificate, algorithm=algorithm, signature=signature, data=message)
    except SignatureInvalid:
        raise SignatureWrong(what="challenge") from None
    for number, (document, by) in enumerate(zip(task.documents, signed, strict=True), 1):
        try:
            verify_signature(certificate, algorithm=algorithm, signature=by, digest=from_base64url(document.digest))
        except SignatureInvalid:
            raise SignatureWrong(what=f"document {number}") from None


def _read(assertion: Assertion, documents: int) -> tuple[bytes, bytes, list[bytes]]:
    texts = (assertion.signature, *assertion.documents)
    if len(assertion.documents) != documents or not assertion.pin or assertion.medium not in {"card", SOFTWARE}:
        raise SignatureWrong(what="answer")
    if len(assertion.certificate) > CERTIFICATE_BYTES_MAX * 4 // 3 + 4 or max(map(len, texts)) > SIGNATURE_CHARS_MAX:
        raise SignatureWrong(what="size")
    try:
        signature, *signed = [from_base64url(text) for text in texts]
        return from_base64url(assertion.certificate), signature, signed
    except ValueError:
        raise SignatureWrong(what="answer") from None


async def _status(means: Means, trust: CardTrust, certificate: PersonCertificate, now: datetime) -> StatusEvidence:
    request = ocsp_request(certificate, authorities=trust.authorities)
    try:
        response = await means.status.ask(request)
        evidence = read_ocsp(response, certificate=certificate, authorities=trust.authorities, at=now, request=request)
    except RenkeiError as error:
        raise SignerStatusUnavailable(private=error.code) from error
    check_good(evidence, now)
    return evidence
