"""The verdict over a signed document: four questions answered apart, with the evidence that was looked at.

Was the document changed? Who vouches for the certificate? Had it been revoked? When was it signed? A certificate that
was revoked yesterday does not spoil what was signed last year, and only a timestamp tells the year; so no single yes or
no is given in place of the four, and there is no "valid" without evidence that the certificate stood (ETSI EN 319
102-1 §5.3 calls the three outcomes TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from renkei.base.encoding import MaskedStruct
from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, to_ms
from renkei.crypto.person_certificates import PersonAuthorities, PersonCertificate, read_person_certificate
from renkei.crypto.revocation import StatusEvidence, StatusKind, read_crl, read_ocsp
from renkei.crypto.timestamps import Timestamp

GRACE: Final = timedelta(minutes=10)
"""How much older than the signature a status may be: responders answer from a list that is some minutes old."""


class Question(StrEnum):
    """What is asked about a signature."""

    INTEGRITY = "integrity"
    CHAIN = "chain"
    REVOCATION = "revocation"
    SIGNING_TIME = "signing_time"


class Grade(StrEnum):
    """How a question is answered."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Conclusion(StrEnum):
    """What follows from the four answers."""

    VALID = "valid"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"


class Finding(MaskedStruct, frozen=True, kw_only=True):
    """The answer to one question."""

    question: Question
    grade: Grade
    code: str = ""
    """Stable code of the error that explains a grade other than passed."""
    source: str = ""
    """Where the answer comes from: `ocsp`, `crl`, `timestamp`, `claimed`, name of an authority."""
    moment_ms: int | None = None
    """Time that the answer speaks of: thisUpdate of a status, time of the stamp."""


class Kept(MaskedStruct, frozen=True, kw_only=True):
    """A piece of evidence that was looked at, whole, so that the verdict can be reached again without us."""

    kind: Literal["certificate", "ocsp", "crl", "timestamp"]
    der: bytes


class Verdict(MaskedStruct, frozen=True, kw_only=True):
    """Everything found about one signature."""

    form: Literal["pades", "xades", "jws"]
    signer: PersonCertificate | None
    """None where the certificate could not be read or nobody whom we trust vouches for it."""
    findings: Mapping[Question, Finding]
    kept: tuple[Kept, ...]

    @property
    def conclusion(self) -> Conclusion:
        """VALID only if all four passed, and only with a status among the evidence."""
        grades = [self.findings[question].grade for question in Question]
        if Grade.FAILED in grades:
            return Conclusion.INVALID
        status_kept = any(one.kind in ("ocsp", "crl") for one in self.kept)
        if all(grade is Grade.PASSED for grade in grades) and status_kept:
            return Conclusion.VALID
        return Conclusion.UNDETERMINED

    @property
    def signed_at(self) -> datetime | None:
        """When it was signed, where that is proved."""
        finding = self.findings[Question.SIGNING_TIME]
        if finding.grade is not Grade.PASSED or finding.moment_ms is None:
            return None
        return from_ms(finding.moment_ms)


class Parts(NamedTuple):
    """What a format yields of a signature, for the judge."""

    form: Literal["pades", "xades", "jws"]
    certificate: bytes
    check_integrity: Callable[[PersonCertificate], None]
    """Raises where the document or the signature does not hold under that certificate."""
    stamp: Callable[[], Timestamp | None]
    """The verified timestamp over the signature; None where there is none. Raises where it proves nothing."""
    ocsp: Sequence[bytes] = ()
    crls: Sequence[bytes] = ()


def judge(parts: Parts, *, authorities: PersonAuthorities, now: datetime) -> Verdict:
    """Answer the four questions.

    Args:
        now: the certificate and its status are judged at the proved time of signing, else at this moment.
    """
    findings: dict[Question, Finding] = {}
    kept = [Kept(kind="certificate", der=parts.certificate)]
    stamp = _judge_time(parts, findings, kept)
    at = stamp.moment if stamp else now
    signer = _judge_chain(parts, findings, authorities, at)
    if signer is None:
        for question in (Question.INTEGRITY, Question.REVOCATION):
            findings[question] = Finding(question=question, grade=Grade.UNKNOWN, code="chain")
    else:
        findings[Question.INTEGRITY] = _judged(Question.INTEGRITY, lambda: parts.check_integrity(signer))
        findings[Question.REVOCATION] = _judge_revocation(parts, signer, authorities, at, now, kept)
    return Verdict(form=parts.form, signer=signer, findings=findings, kept=tuple(kept))


def _judge_time(parts: Parts, findings: dict[Question, Finding], kept: list[Kept]) -> Timestamp | None:
    question = Question.SIGNING_TIME
    try:
        stamp = parts.stamp()
    except RenkeiError as error:
        findings[question] = Finding(question=question, grade=Grade.FAILED, code=error.code, source="timestamp")
        return None
    if stamp is None:
        findings[question] = Finding(question=question, grade=Grade.UNKNOWN, code="timestamp_missing", source="claimed")
        return None
    kept.append(Kept(kind="timestamp", der=stamp.token))
    findings[question] = Finding(
        question=question, grade=Grade.PASSED, source=stamp.authority, moment_ms=to_ms(stamp.moment)
    )
    return stamp


def _judge_chain(
    parts: Parts, findings: dict[Question, Finding], authorities: PersonAuthorities, at: datetime
) -> PersonCertificate | None:
    question = Question.CHAIN
    try:
        signer = read_person_certificate(parts.certificate, authorities=authorities, at=at)
    except RenkeiError as error:
        findings[question] = Finding(question=question, grade=Grade.FAILED, code=error.code, moment_ms=to_ms(at))
        return None
    findings[question] = Finding(question=question, grade=Grade.PASSED, source=signer.issuer_id, moment_ms=to_ms(at))
    return signer


def _judge_revocation(
    parts: Parts, signer: PersonCertificate, authorities: PersonAuthorities, at: datetime, now: datetime,
    kept: list[Kept],
) -> Finding:  # fmt: skip
    """The status that speaks of the moment `at`: the newest one decides (a later revocation names its own time)."""
    question = Question.REVOCATION
    found: list[StatusEvidence] = []
    problem = "status_missing"
    for source, pieces in (("ocsp", parts.ocsp), ("crl", parts.crls)):
        for der in pieces:
            try:
                found.append(_read_status(source, der, signer, authorities, now))
            except RenkeiError as error:
                problem = error.code
    if not found:
        return Finding(question=question, grade=Grade.UNKNOWN, code=problem)
    newest = max(found, key=lambda one: one.this_update_ms)
    kept.append(Kept(kind=newest.source, der=newest.der))
    grade, code = _grade(newest, to_ms(at))
    return Finding(question=question, grade=grade, code=code, source=newest.source, moment_ms=newest.this_update_ms)


def _read_status(
    source: str, der: bytes, signer: PersonCertificate, authorities: PersonAuthorities, now: datetime
) -> StatusEvidence:
    read = read_ocsp if source == "ocsp" else read_crl
    return read(der, certificate=signer, authorities=authorities, at=None)


def _grade(status: StatusEvidence, at_ms: int) -> tuple[Grade, str]:
    """Whether the certificate stood at that moment, as this status tells it."""
    if status.kind is StatusKind.GOOD:
        if status.this_update_ms + GRACE // timedelta(milliseconds=1) < at_ms:
            return Grade.UNKNOWN, "status_older_than_signature"
        return Grade.PASSED, ""
    if status.revoked_ms is not None and status.revoked_ms > at_ms:
        return Grade.PASSED, ""
    suspended = status.kind is StatusKind.SUSPENDED
    return Grade.FAILED, "certificate_suspended" if suspended else "certificate_revoked"


def _judged(question: Question, check: Callable[[], None]) -> Finding:
    try:
        check()
    except RenkeiError as error:
        return Finding(question=question, grade=Grade.FAILED, code=error.code)
    return Finding(question=question, grade=Grade.PASSED)
