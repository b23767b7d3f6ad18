"""Checking evidence offline: twelve steps in order, each one a plain question; the first that fails ends the check.

Pure: evidence, what the reader trusts, and the law go in; a verdict comes out, or the step that fails is raised.
Times are those that were signed: a certificate must have been valid when it was used, the law in force when it
was applied, so that the same evidence gives the same verdict years later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from renkei.assembly.verdict import STEPS, Facts, Step, StepFailed, Verdict, Word, verdict_of
from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, jst_date, to_ms
from renkei.contracts.errors import AnswerInvalid, BodyUnknown, PermitInvalid
from renkei.contracts.evidence import (
    Evidence,
    EvidenceForeign,
    EvidenceFromFuture,
    EvidenceInconsistent,
    EvidenceMalformed,
    EvidenceMemberUnknown,
    EvidenceOutOfTime,
    SignedItem,
    Trust,
    read_evidence,
)
from renkei.contracts.exchange import (
    PATH_LATE_ANSWERS,
    PATH_PERMITS,
    PATH_PRESENTATIONS,
    TAG_ANSWER,
    TAG_PERMIT,
    TAG_REQUEST,
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitHeader,
    PermitItem,
    PermitRequestHeader,
    RefusalHeader,
    RefusalItem,
)  # fmt: skip
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.register import BodyEntry
from renkei.contracts.sheets import CORE, decode, encode, unb64
from renkei.crypto.certificates import BodyIdentity, Purpose, key_id_of, read_revocations, verify_chain
from renkei.crypto.errors import CertificateInvalid, ManifestMismatch, SignatureInvalid, SignatureMissing
from renkei.crypto.evidence import SignedFields, SignedMessage, check_answers, read_base, verify_base
from renkei.crypto.manifest import Manifest, parse_manifest_field, verify_item, verify_sheets
from renkei.crypto.merkle import leaf_hash, verify_inclusion
from renkei.crypto.messages import authority_of
from renkei.crypto.notes import parse_note, parse_vkey, verify_checkpoint
from renkei.crypto.sealing import check_payload
from renkei.crypto.tlog import commit
from renkei.institutions.gateway.operations.late import late_presentation
from renkei.law import LawBook, Permit

CLOCK_TOLERANCE = timedelta(minutes=5)
_FINAL = (Outcome.GIVEN, Outcome.NONE, Outcome.LAPSED)


def verify_file(data: bytes, trust: Trust, *, book: LawBook, now: datetime | None = None) -> Verdict:
    """Check an evidence file.

    Args:
        data: the file's bytes.
        trust: what the reader believes beforehand.
        book: the law, with the editions that the evidence may name.
        now: UTC; nothing may be signed after it. None skips that question.

    Raises:
        StepFailed: names the first step that does not hold, and why.
    """
    with _step(1):
        evidence = read_evidence(data)
    return verify(evidence, trust, book=book, now=now)


def verify(evidence: Evidence, trust: Trust, *, book: LawBook, now: datetime | None = None) -> Verdict:
    """Check evidence already read; as `verify_file` from step 2."""
    return _Check(evidence, trust, book, now).run()


@contextmanager
def _step(number: int) -> Iterator[Step]:
    step = STEPS[number - 1]
    try:
        yield step
    except RenkeiError as error:
        raise StepFailed(step, error) from error
    except (ValueError, OverflowError) as error:  # a signed value that no instant, name or number can have
        raise StepFailed(step, EvidenceMalformed(where=step.id, private=type(error).__name__)) from error


class _Asked(NamedTuple):
    header: PermitRequestHeader
    item: PermitAsk


class _Permitted(NamedTuple):
    header: PermitHeader
    item: PermitItem


class _Answered(NamedTuple):
    header: AnswerHeader
    item: AnswerItem
    signed: SignedMessage


class _Check:
    """One run over one piece of evidence; each method is a step."""

    def __init__(self, evidence: Evidence, trust: Trust, book: LawBook, now: datetime | None) -> None:
        self.evidence, self.trust, self.book, self.now = evidence, trust, book, now
        self.bodies: dict[str, BodyEntry] = {entry.body_id: entry for entry in trust.register.bodies}
        self.identities: dict[str, BodyIdentity] = {}

    def run(self) -> Verdict:
        """Every step in order."""
        evidence = self.evidence
        with _step(2):
            self.check_certificates()
        with _step(3):
            asked = self.check_asked()
        with _step(4):
            manifest = self.check_core()
        with _step(5):
            permitted = self.check_permit(manifest, asked)
        if isinstance(permitted, RefusalItem):
            return self.refused(asked, permitted)
        with _step(6):
            self.check_terms(asked, permitted)
        with _step(7):
            law = self.check_law(permitted)
        with _step(8):
            signed = self.check_answer_signed(permitted)
        with _step(9):
            answer = self.check_item(evidence.answer, signed)
            late = self.check_item(evidence.late, self.check_late_signed(permitted))
        with _step(10):
            self.check_agreement(permitted, answer, late)
        with _step(11):
            self.check_payload(late or answer)
        with _step(12):
            record = self.check_record(asked, permitted, answer, late)
        final = late or answer
        skipped = frozenset() if answer else frozenset((8, 9, 10, 11))
        outcome = Outcome(record.outcome)
        word = Word.PROVIDER_LATER if late else Word.PROVIDER
        if final is None or final.item.outcome is not outcome:
            word = Word.REQUESTER
        facts = Facts(
            outcome=outcome, number=permitted.item.number, requester=permitted.header.requester,
            provider=permitted.header.provider, affairs=permitted.item.affairs,
            information=permitted.item.information, row=permitted.item.row, edition=permitted.header.edition,
            asked_ms=permitted.header.issued_ms, given_ms=record.given_ms,
            reason=final.item.reason if final else "", word=word, citation_ja=law.citation, citation_en=law.citation_en,
        )  # fmt: skip
        return verdict_of(facts, self.trust, self.book, skipped=skipped)

    def refused(self, asked: _Asked, refusal: RefusalItem) -> Verdict:
        """The verdict on a refusal by the core: nothing after it may stand in the file."""
        evidence = self.evidence
        if any((evidence.presented, evidence.answer, evidence.late, evidence.payload, evidence.record)):
            raise StepFailed(STEPS[5], EvidenceInconsistent(fact="outcome"))
        facts = Facts(
            outcome=Outcome.REFUSED, number="", requester=asked.header.requester, provider=asked.item.provider,
            affairs=asked.item.affairs, information=asked.item.information, row="", edition="",
            asked_ms=asked.header.asked_ms, given_ms=0, reason=refusal.reason, word=Word.CORE,
            citation_ja="", citation_en="",
        )  # fmt: skip
        return verdict_of(facts, self.trust, self.book, skipped=frozenset(range(6, 13)))

    # --- 2: certificates ---

    def check_certificates(self) -> None:
        """Every signer's certificate was valid when it was used; no other certificate stands in the file."""
        evidence = self.evidence
        if evidence.synthetic is not self.trust.synthetic:
            raise EvidenceForeign(private="synthetic mark")
        held = {key_id_of(certificate): certificate for certificate in evidence.certificates}
        messages = self.messages()
        used = list(dict.fromkeys(message.key_id for message in messages))
        if used != [key_id_of(certificate) for certificate in evidence.certificates]:
            if set(used) <= set(held):
                raise EvidenceMemberUnknown(private="a certificate that nobody used, or another order")
            raise CertificateInvalid(private="a signer's certificate is missing")
        anchors = self.trust.anchors
        lists = [read_revocations(crl, anchors=anchors) for crl in self.trust.revocations]
        for message in messages:
            created = read_base(message.base).created
            if self.now is not None and created > self.now + CLOCK_TOLERANCE:
                raise EvidenceFromFuture()
            self.identities[message.key_id] = verify_chain(
                held[message.key_id], anchors=anchors, at=created, purpose=None, revocations=lists
            )

    def messages(self) -> list[SignedMessage]:
        """Every signed message of the file, in its order."""
        parts = (self.evidence.answer, self.evidence.late)
        found = [self.evidence.asked.signed, self.evidence.permit.signed, self.evidence.presented]
        found += [part.signed if part else None for part in parts]
        return [message for message in found if message is not None]

    def check_signed(self, message: SignedMessage, *, body_id: str, purpose: Purpose, tag: str) -> SignedFields:
        """This body signed this message, for this use.

        Raises:
            SignatureInvalid: another body or use, or altered.
        """
        identity = self.identities[message.key_id]
        fields = verify_base(message, identity)
        if identity.body_id != body_id or identity.purpose is not purpose:
            raise SignatureInvalid(private=f"signed by {identity.body_id}, not by {body_id}")
        if fields.tag != tag:
            raise SignatureInvalid(private=f"signed as {fields.tag}, not as {tag}")
        return fields

    def check_request(self, message: SignedMessage, *, sender: str, receiver: str, path: str) -> SignedFields:
        """A gateway's signed request to another party."""
        fields = self.check_signed(message, body_id=sender, purpose=Purpose.GATEWAY, tag=TAG_REQUEST)
        if (fields.method, fields.path, fields.authority) != ("POST", path, receiver):
            raise SignatureInvalid(private="a request to another receiver, or for another purpose")
        return fields

    # --- 3..5: asked and permitted ---

    def check_asked(self) -> _Asked:
        """The requester signed a request for permits, and this item stands in it."""
        part = self.evidence.asked
        header = decode(part.header.encode(), PermitRequestHeader)
        receiver = authority_of(CORE, Purpose.CORE)
        fields = self.check_request(part.signed, sender=header.requester, receiver=receiver, path=PATH_PERMITS)
        _verify_item(part, _manifest(fields))
        return _Asked(header, decode(part.item.encode(), PermitAsk))

    def check_core(self) -> Manifest:
        """The core signed its reply as permits, and as the reply to that very request."""
        fields = self.check_signed(self.evidence.permit.signed, body_id=CORE, purpose=Purpose.CORE, tag=TAG_PERMIT)
        check_answers(self.evidence.asked.signed, fields)
        if fields.status != 200:
            raise SignatureInvalid(private="not a reply of success")
        return _manifest(fields)

    def check_permit(self, manifest: Manifest, asked: _Asked) -> _Permitted | RefusalItem:
        """The item stands in a sheet that the core signed, and answers what was asked."""
        part = self.evidence.permit
        verify_sheets(manifest, part.roots)
        if not 0 <= part.at < len(part.roots):
            raise ManifestMismatch(private="no such sheet")
        if part.at == 0:
            refusal = decode(part.item.encode(), RefusalItem)
            self.check_sheet(decode(part.header.encode(), RefusalHeader), refusal.at, asked)
            return refusal
        permitted = _Permitted(decode(part.header.encode(), PermitHeader), decode(part.item.encode(), PermitItem))
        self.check_sheet(permitted.header, permitted.item.at, asked)
        return permitted

    def check_sheet(self, header: PermitHeader | RefusalHeader, at: int, asked: _Asked) -> None:
        """Header and item stand under the sheet's root; the header signs how many items there are."""
        part = self.evidence.permit
        _verify_item(part, Manifest(part.roots[part.at], header.items + 1))
        if (header.requester, header.batch) != (asked.header.requester, asked.header.batch):
            raise PermitInvalid(private="it answers another request")
        if at != self.evidence.asked.proof.index:
            raise PermitInvalid(private="it answers another item of the request")

    # --- 6, 7: terms and law ---

    def check_terms(self, asked: _Asked, permitted: _Permitted) -> None:
        """The permit is for what was asked, and was made and signed in the right order of time."""
        ask, header, item = asked.item, permitted.header, permitted.item
        _agree("provider", ask.provider, header.provider)
        _agree("affairs", ask.affairs, item.affairs)
        _agree("information", ask.information, item.information)
        _agree("section", ask.section, item.section)
        _agree("hidden", ask.hidden, item.hidden)
        _agree("purpose", asked.header.purpose, header.purpose)
        if not header.issued_ms < header.expires_ms <= header.answer_by_ms:
            raise EvidenceInconsistent(fact="expires_ms")
        _not_after("issued_ms", header.issued_ms, self.evidence.permit.signed)

    def check_law(self, permitted: _Permitted) -> Permit:
        """The table in force on the day of the permit has a row that lets these two bodies do this (番号法 19条8号)."""
        header, item = permitted.header, permitted.item
        table = self.book.on(jst_date(from_ms(header.issued_ms)))
        _agree("edition", table.edition.id, header.edition)
        kinds = [self.body(body_id).kinds for body_id in (header.requester, header.provider)]
        permit = table.check(kinds[0], item.affairs, kinds[1], item.information)
        _agree("row", permit.row, item.row)
        return permit

    def body(self, body_id: str) -> BodyEntry:
        """A body of the trusted register.

        Raises:
            BodyUnknown: not in it.
        """
        try:
            return self.bodies[body_id]
        except KeyError:
            raise BodyUnknown(body=body_id[:40]) from None

    # --- 8..11: the answer ---

    def check_answer_signed(self, permitted: _Permitted) -> SignedFields | None:
        """The provider signed an answer, bound to the presentation that the requester signed."""
        evidence, header = self.evidence, permitted.header
        if evidence.answer is None:
            if evidence.presented is not None or evidence.late is not None or evidence.payload is not None:
                raise SignatureMissing(private="parts of an answer without the answer")
            return None
        if evidence.presented is None:
            raise SignatureMissing(private="the presentation is missing")
        receiver = authority_of(header.provider, Purpose.GATEWAY)
        self.check_request(evidence.presented, sender=header.requester, receiver=receiver, path=PATH_PRESENTATIONS)
        fields = self.check_signed(
            evidence.answer.signed, body_id=header.provider, purpose=Purpose.GATEWAY, tag=TAG_ANSWER
        )
        check_answers(evidence.presented, fields)
        if fields.status != 200:
            raise SignatureInvalid(private="not a reply of success")
        return fields

    def check_late_signed(self, permitted: _Permitted) -> SignedFields | None:
        """The provider sent a later answer to the requester."""
        late, header = self.evidence.late, permitted.header
        if late is None:
            return None
        receiver = authority_of(header.requester, Purpose.GATEWAY)
        return self.check_request(late.signed, sender=header.provider, receiver=receiver, path=PATH_LATE_ANSWERS)

    def check_item(self, part: SignedItem | None, fields: SignedFields | None) -> _Answered | None:
        """The item stands in the answer that was signed."""
        if part is None or fields is None:
            return None
        _verify_item(part, _manifest(fields))
        header, item = decode(part.header.encode(), AnswerHeader), decode(part.item.encode(), AnswerItem)
        return _Answered(header, item, part.signed)

    def check_agreement(self, permitted: _Permitted, answer: _Answered | None, late: _Answered | None) -> None:
        """The answer is to this permit, between these bodies, and was given while it was valid."""
        if answer is None:
            return
        header = permitted.header
        for found in (answer, late) if late else (answer,):
            _agree("number", found.item.number, permitted.item.number)
            _agree("provider", found.header.provider, header.provider)
            _agree("requester", found.header.requester, header.requester)
            if found.header.given_ms < header.issued_ms - CLOCK_TOLERANCE // timedelta(milliseconds=1):
                raise EvidenceOutOfTime(fact="issued_ms")
        _not_after("given_ms", answer.header.given_ms, answer.signed)
        if answer.header.given_ms >= header.expires_ms:
            raise EvidenceOutOfTime(fact="expires_ms")
        if late is None:
            return
        _not_after("given_ms", late.header.given_ms, late.signed)
        _agree("presentation", late.header.presentation, late_presentation(permitted.item.number))
        if (late.header.given_ms >= header.answer_by_ms) is not (late.item.outcome is Outcome.LAPSED):
            raise EvidenceOutOfTime(fact="answer_by_ms")
        if answer.item.outcome is not Outcome.PENDING or late.item.outcome not in _FINAL:
            raise EvidenceInconsistent(fact="outcome")

    def check_payload(self, final: _Answered | None) -> None:
        """What was opened is what the provider committed to; nothing is shown where nothing was given."""
        payload = self.evidence.payload
        if final is None:
            return
        if (final.item.outcome is Outcome.GIVEN) is not (payload is not None):
            raise AnswerInvalid(private="a payload that was not given, or one given that is not shown")
        if payload is not None:
            check_payload(unb64(final.item.commitment), payload.salt, payload.body.encode())

    # --- 12: the record ---

    def check_record(
        self, asked: _Asked, permitted: _Permitted, answer: _Answered | None, late: _Answered | None
    ) -> RecordLeaf:
        """The requester recorded just this, and its log, signed with the key of the register, holds the record."""
        part = self.evidence.record
        if part is None:
            raise SignatureMissing(private="the record is missing")
        leaf = decode(part.leaf.encode(), RecordLeaf)
        if encode(leaf).decode() != part.leaf:
            raise EvidenceMalformed(where="record.leaf")
        outcome, given_ms = _recorded(leaf, answer, late)
        header, item = permitted.header, permitted.item
        expected = RecordLeaf(
            Party.REQUESTER, asked.item.code, item.number, header.requester, header.provider, item.section,
            item.affairs, item.information, item.row, header.issued_ms,
            item.hidden or any(found.item.hidden for found in (answer, late) if found), outcome, given_ms,
        )  # fmt: skip
        for name in RecordLeaf.__struct_fields__:
            _agree(name, getattr(leaf, name), getattr(expected, name))
        key = parse_vkey(self.body(header.requester).log_key)
        note = part.checkpoint.encode()
        head = verify_checkpoint(note, key).checkpoint
        if len(parse_note(note).signatures) != 1:
            raise EvidenceMemberUnknown(private="a further signature on the checkpoint")
        entry = leaf_hash(commit(part.salt, part.leaf.encode()))
        verify_inclusion(entry, part.index, head.size, part.path, head.root)
        return leaf


def _recorded(leaf: RecordLeaf, answer: _Answered | None, late: _Answered | None) -> tuple[str, int]:
    """Outcome and time that the record must state."""
    if late is not None:
        return late.item.outcome.value, late.header.given_ms
    if answer is None or (answer.item.outcome is Outcome.PENDING and leaf.outcome == Outcome.LAPSED.value):
        # No provider's signature says how it ended: the requester's own word is all there is, and it cannot be "given".
        if leaf.outcome not in (Outcome.LAPSED.value, Outcome.REFUSED.value):
            raise EvidenceInconsistent(fact="outcome")
        return leaf.outcome, leaf.given_ms
    pending = answer.item.outcome is Outcome.PENDING
    return answer.item.outcome.value, 0 if pending else answer.header.given_ms


def _verify_item(part: SignedItem, manifest: Manifest) -> None:
    verify_item(manifest, part.header.encode(), part.item.encode(), part.proof)


def _manifest(fields: SignedFields) -> Manifest:
    if fields.manifest is None:
        raise ManifestMismatch(private="the signature covers no manifest")
    return parse_manifest_field(fields.manifest)


def _agree(fact: str, found: object, expected: object) -> None:
    if found != expected:
        raise EvidenceInconsistent(fact=fact)


def _not_after(fact: str, ms: int, signed: SignedMessage) -> None:
    """What a message says happened cannot be later than its signature."""
    if ms > to_ms(read_base(signed.base).created + CLOCK_TOLERANCE):
        raise EvidenceInconsistent(fact=fact)
