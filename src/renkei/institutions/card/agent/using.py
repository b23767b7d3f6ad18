"""What the agent does with the card for one task. Blocking: runs where the card source runs it."""

from __future__ import annotations

from renkei.base.encoding import to_base64url
from renkei.contracts.card_agent import Assertion, challenge_bytes
from renkei.institutions.card.agent.tasks import Asked
from renkei.institutions.card.host.session import CardSession, algorithm_of, digest_of


def answer(session: CardSession, asked: Asked, pin: str, *, medium: str) -> Assertion:
    """Verify the PIN, read the certificate, sign the challenge and the documents.

    Raises:
        PinWrong, PinLocked, PinNotFourDigits, PasswordFormatWrong: see `CardSession.verify_pin`.
        SignatureCertificateMissing, AuthenticationCertificateMissing: the card has no such certificate.
        DigestUnfit: a document was prepared for another kind of key; nothing is handed over.
        CardRemoved, CardAnswerUnexpected: see `host.errors`.
    """
    task = asked.task
    session.verify_pin(task.key, pin)
    certificate = session.certificate(task.key)
    algorithm = algorithm_of(certificate)
    listed = tuple(one.digest for one in task.documents)
    message = challenge_bytes(task.origin, task.txn, asked.challenge, listed)
    documents = [session.sign(task.key, digest, algorithm) for digest in asked.digests]
    return Assertion(
        txn=task.txn,
        certificate=to_base64url(certificate),
        algorithm=algorithm,
        signature=to_base64url(session.sign(task.key, digest_of(message, algorithm), algorithm)),
        documents=tuple(to_base64url(signature) for signature in documents),
        medium=medium,
    )
