"""The card signs in: challenge, certificate chain, status, account. Whatever cannot be checked is refused.

Order of the checks, cheapest and least telling first: the round is open; the certificate was issued by a generation of
the authority that is trusted, for this use, and is in its period; the card signed this round's challenge; the proof is
sure enough; the authority says that the certificate is good.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.card_agent import Assertion, Key
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_certificates import (
    PersonAuthorities,
    PersonCertificate,
    Use,
    read_person_certificate,
    verify_signature,
)
from renkei.crypto.person_errors import CertificateContentChanged, StatusUnknown
from renkei.crypto.revocation import StatusEvidence, StatusKind, check_good, ocsp_request, read_ocsp
from renkei.institutions.identity.errors.signin import (
    AssertionUnproved,
    CertificateWrongUse,
    StatusUnavailable,
    WrongRealm,
)
from renkei.institutions.identity.means import Means, StatusSource
from renkei.institutions.identity.model.signin import Answer, Round, read_assertion, signed_bytes, sureness
from renkei.institutions.identity.operations import accounts, rounds
from renkei.institutions.identity.operations.accounts import Links, certificate_id
from renkei.institutions.identity.queries import accounts as known

STATUS_KEPT_MAX = timedelta(minutes=5)
"""A good status is relied upon so long at most, and never past the moment up to which the authority vouches for it."""
STATUSES_MAX = 50_000
USES: Final = {Key.AUTHENTICATION: Use.AUTHENTICATION, Key.SIGNATURE: Use.SIGNATURE}


class _Kept(NamedTuple):
    evidence: StatusEvidence
    until_ms: int


class Statuses:
    """What the authority said of certificates, asked by OCSP and kept for a short while.

    Only good answers are kept: whoever was refused is asked about anew, so that a lifted suspension counts at once.
    """

    def __init__(self, source: StatusSource, authorities: PersonAuthorities) -> None:
        self._source, self._authorities = source, authorities
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()

    async def of(self, certificate: PersonCertificate, now: datetime) -> StatusEvidence:
        """The status of a certificate.

        Raises:
            StatusUnavailable: nobody answers, or what is answered proves nothing.
            StatusUnknown: the authority does not know the certificate.
        """
        at = (certificate.issuer_id, certificate.serial)
        kept = self._kept.get(at)
        if kept is not None and to_ms(now) < kept.until_ms:
            return kept.evidence
        evidence = await self._ask(certificate, now)
        if evidence.kind is StatusKind.GOOD:
            until = min(evidence.next_update_ms, to_ms(now + STATUS_KEPT_MAX))
            self._kept[at] = _Kept(evidence, until)
            self._kept.move_to_end(at)
            while len(self._kept) > STATUSES_MAX:
                self._kept.popitem(last=False)
        return evidence

    async def good(self, certificate: PersonCertificate, now: datetime) -> StatusEvidence:
        """Evidence that a certificate is good now.

        Raises:
            StatusUnavailable: it cannot be told.
            CertificateRevoked, CertificateSuspended, StatusUnknown, StatusStale: it is not.
        """
        evidence = await self.of(certificate, now)
        check_good(evidence, now)
        return evidence

    async def _ask(self, certificate: PersonCertificate, now: datetime) -> StatusEvidence:
        request = ocsp_request(certificate, authorities=self._authorities)
        try:
            response = await self._source.ask(request)
            return read_ocsp(response, certificate=certificate, authorities=self._authorities, at=now, request=request)
        except (StatusUnavailable, StatusUnknown):
            raise
        except RenkeiError as error:
            raise StatusUnavailable(private=error.code) from error


@dataclass(frozen=True, slots=True)
class CardTrust:
    """Whom the provider believes about cards."""

    authorities: PersonAuthorities
    statuses: Statuses
    links: Links


class Verified(NamedTuple):
    """What came of an answer."""

    certificate: PersonCertificate
    answer: Answer


def check_assertion(
    assertion: Assertion, *, message: bytes, key: Key, authorities: PersonAuthorities, at: datetime
) -> PersonCertificate:
    """The certificate of an assertion whose signature over `message` is right. Its status is another question.

    Raises:
        AssertionMalformed: the assertion cannot be read.
        CertificateMalformed, AuthorityUnknown, GenerationUnknown, WrongProfile, CertificateNotYetValid,
        CertificateExpired: see `crypto.person_errors`.
        AssertionUnproved: the signature is over something else, or by another key.
        CertificateWrongUse: the other certificate of the card.
    """
    shown = read_assertion(assertion)
    certificate = read_person_certificate(shown.certificate, authorities=authorities, at=at)
    if certificate.use is not USES[key]:
        raise CertificateWrongUse()
    try:
        verify_signature(certificate, algorithm=assertion.algorithm, signature=shown.signature, data=message)
    except SignatureInvalid as error:
        raise AssertionUnproved(private=error.private) from error
    return certificate


async def verify(means: Means, trust: CardTrust, round_: Round, assertion: Assertion, now: datetime) -> Verified:
    """Everything that is checked of an answer before the browser is back.

    Raises:
        As `check_assertion`, `model.signin.sureness` and `Statuses.good`.
    """
    message = signed_bytes(round_, means.settings.origin)
    certificate = check_assertion(assertion, message=message, key=round_.key, authorities=trust.authorities, at=now)
    sureness(medium=assertion.medium, pin=assertion.pin, wanted=round_.acr, test_cards=bool(means.settings.test_card))
    evidence = await trust.statuses.good(certificate, now)
    answer = Answer(
        certificate=certificate.der, medium=assertion.medium, pin=assertion.pin, status=evidence.der,
        answered_ms=to_ms(now),
    )  # fmt: skip
    return Verified(certificate, answer)


async def deliver(means: Means, trust: CardTrust, assertion: Assertion, *, code_hash: bytes, now: datetime) -> None:
    """Take an assertion from a card agent.

    Raises:
        RoundUnknown, RoundExpired, RoundAnswered, RoundUsed: see `rounds.awaiting`.
        As `verify`.
        WrongRealm: the certificate is known in the other realm.
    """
    round_ = await means.db.read(lambda conn: rounds.awaiting(conn, assertion.txn, now))
    certificate, given = await verify(means, trust, round_, assertion, now)
    at = certificate_id(certificate)

    def keep(conn: Connection) -> None:
        account = known.account_of(conn, at)
        if account is not None and account.realm is not round_.realm:
            raise WrongRealm()
        rounds.answer(conn, assertion.txn, given, code_hash=code_hash, now=now)

    await means.db.write(keep)


async def notice_changes(means: Means, trust: CardTrust, account_id: str, now: datetime) -> bool:
    """Whether the four items of an account are known and no longer to be relied upon, asked anew of the authority.

    A status that cannot be had changes nothing: what is known stays known as of when it was verified.
    """
    claims = await means.db.read(lambda conn: known.claims_of(conn, account_id))
    source = await means.db.read(lambda conn: known.claims_certificate(conn, account_id))
    if claims is None or claims.stale or source is None:
        return claims is not None and claims.stale
    try:
        certificate = read_person_certificate(source.der, authorities=trust.authorities, at=now)
        await trust.statuses.good(certificate, now)
    except CertificateContentChanged:
        await means.db.write(lambda conn: accounts.mark_stale(conn, account_id, source.at, now))
        return True
    except RenkeiError:
        return False
    return False
