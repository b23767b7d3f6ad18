"""The filing service at work: draft, ask for the signature, take it, file, pay. Each step happens once.

Whatever ends in between, the row says how far the return came, and the next call goes on from there: a signature that
was fetched is kept before anything is done with it, a return is filed before it is paid, and a payment asked for twice
gives the same receipt.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import IntegrityError

from renkei.base.audit import AuditEvent
from renkei.base.errors import RenkeiError
from renkei.base.time import JST, to_ms
from renkei.channels.filing import queries, store
from renkei.channels.filing.bank import BankClient, agreed, problem_code
from renkei.channels.filing.errors import (
    PaymentConsentMissing,
    ReturnMissing,
    ReturnStepRefused,
    SignatureMissing,
    SignatureNotValid,
    SlipMissing,
    StampFailed,
)
from renkei.channels.filing.model.figures import figures
from renkei.channels.filing.model.returns import (
    ALGORITHM,
    CONTENT_TYPE,
    FILING_TYPE,
    Attempt,
    Filed,
    FilingReceipt,
    PaidAt,
    Return,
    ReturnFiled,
    ReturnPaid,
    ReturnRejected,
    ReturnSignAsked,
    ReturnSigned,
    Signatures,
    canonical,
    content_of,
    digest_of,
    document_of,
    payment_of,
)
from renkei.channels.filing.model.states import State, Step, after
from renkei.channels.filing.model.tax import Computation, SideIncome, Slip, compute
from renkei.contracts.identity import Payment, Scope, SignedIn
from renkei.crypto.document_errors import TimestampInvalid
from renkei.crypto.documents import jws
from renkei.crypto.documents.verdict import Conclusion, Grade, Question, Verdict
from renkei.crypto.person_certificates import PersonAuthorities
from renkei.crypto.signing_keys import SigningKey
from renkei.crypto.timestamps import make_request, token_of
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.openid.errors import ActingEnded
from renkei.platform.openid.jose import ALGORITHM as ES256
from renkei.platform.openid.jose import Header, ec_public, jwk_of, sign_jws
from renkei.platform.openid.messages import Grant
from renkei.platform.openid.relying_party import Documents, RelyingParty

YEARS: Final = (2025,)
"""Years of income for which returns are taken."""
Slips = Callable[[SignedIn, int], Awaitable[Sequence[Slip]]]
Stamp = Callable[[bytes], Awaitable[bytes]]


class Asked(NamedTuple):
    """What to send a person to the provider with."""

    transaction_id: str
    payments: tuple[Payment, ...]


class Trust(NamedTuple):
    """Whom the filing service believes about signatures and times."""

    people: PersonAuthorities
    stampers: Sequence[bytes]
    """Certificates of stamping authorities, DER."""


# --- the row ---


def begin(conn: Connection, person: SignedIn, year: int, slips: Sequence[Slip], *, now: datetime) -> None:
    """Begin a return; one that was begun stays as it is."""
    try:
        queries.return_of(conn, person.sub, year)
    except ReturnMissing:
        row = {
            "return_id": secrets.token_hex(8), "sub": person.sub, "year": year, "version": 1, "name": person.name,
            "slips": msgspec.json.encode(list(slips)), "side": msgspec.json.encode(SideIncome()),
            "state": State.DRAFT.value, "reference": f"{year}-{secrets.randbelow(10**12):012d}", "problem": "",
            "made_ms": to_ms(now),
        }  # fmt: skip
        conn.execute(insert(store.tax_return).values(**row))


def move(
    conn: Connection,
    found: Return,
    step: Step,
    *,
    now: datetime,
    event: AuditEvent | None = None,
    values: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Take a step, if the return still stands where it was read.

    Raises:
        ReturnStepRefused: it moved on, or the step does not follow.
    """
    state, table = after(found.state, step), store.tax_return
    here = (
        table.c.return_id == found.return_id,
        table.c.state == found.state.value,
        table.c.version == found.version,
    )
    moved = update(table).where(*here).values(state=state.value, **({"problem": ""} | dict(values)))
    if conn.execute(moved).rowcount != 1:
        raise ReturnStepRefused(state=found.state.value)
    if event is not None:
        audit(conn, store.audit_table, event, now=now)


def keep_attempt(conn: Connection, found: Return, attempt: Attempt, *, now: datetime) -> None:
    """Keep a request to sign."""
    event = ReturnSignAsked(tax_return=found.return_id, transaction=attempt.transaction_id)
    move(conn, found, Step.ASK, now=now, event=event)
    table = store.attempt
    conn.execute(delete(table).where(table.c.return_id == found.return_id, table.c.version != found.version))
    row = {name: getattr(attempt, name) for name in attempt.__struct_fields__}
    conn.execute(insert(table).values(**row, asked_ms=to_ms(now)))


def keep_filed(conn: Connection, found: Return, filed: Filed, *, now: datetime) -> None:
    """Keep a filed return. What the card signed is kept as well: it holds the signed payment order."""
    values = {
        "number": filed.number, "filed_ms": filed.filed_ms, "due_yen": filed.due_yen, "document": filed.document,
        "filing_receipt": filed.receipt,
    }  # fmt: skip
    event = ReturnFiled(tax_return=found.return_id, number=filed.number)
    move(conn, found, Step.FILE, now=now, event=event, values=values)
    conn.execute(delete(store.attempt).where(store.attempt.c.return_id == found.return_id))


def note(conn: Connection, found: Return, problem: str) -> None:
    """Keep what kept the return from going on, for the person to see."""
    table = store.tax_return
    here = (table.c.return_id == found.return_id, table.c.state == found.state.value)
    conn.execute(update(table).where(*here).values(problem=problem[:80]))


class Filing:
    """The filing service as it runs.

    Args:
        rp: its registration; scopes `openid name sign`, the bank among its payment locations.
        bank: where taxes are paid.
        payee: name of the tax office as the payment has it.
        issuer: base URL under which receipts of filed returns are signed.
        key: P-256; signs those receipts.
        slips: withholding slips of a person for a year.
        stamp: answers a timestamp request (RFC 3161), DER to DER.
        trust: whom it believes about signatures and times.
    """

    def __init__(
        self, *, db: Database, rp: RelyingParty, bank: BankClient, payee: str, issuer: str, key: SigningKey,
        slips: Slips, stamp: Stamp, trust: Trust, clock: Clock,
    ) -> None:  # fmt: skip
        self.db, self.clock, self.bank, self.payee = db, clock, bank, payee
        self._rp, self._issuer, self._key = rp, issuer, key
        self._slips, self._stamp, self._trust = slips, stamp, trust
        self.jwk = jwk_of(ec_public(key))

    # --- drafting ---

    async def open(self, person: SignedIn, year: int) -> Return:
        """The person's return, begun from their withholding slips where there is none.

        Raises:
            IncomeYearUnknown: not a year that is handled.
            SlipMissing: there is nothing to begin from.
        """
        figures(year)
        try:
            return await self.find(person.sub, year)
        except ReturnMissing:
            slips = await self._slips(person, year)
        if not slips:
            raise SlipMissing()
        begun = partial(begin, person=person, year=year, slips=slips, now=self.clock.now())
        with suppress(IntegrityError):  # two windows at once: the other one began it
            await self.db.write(begun)
        return await self.find(person.sub, year)

    async def find(self, sub: str, year: int) -> Return:
        """The person's return as it stands.

        Raises:
            ReturnMissing: none was begun.
        """
        return await self.db.read(partial(queries.return_of, sub=sub, year=year))

    def figures_of(self, found: Return) -> Computation:
        """Every figure of a return."""
        return compute(found.slips, found.side, figures(found.year))

    def payment_of(self, found: Return) -> Payment | None:
        """What is to be paid of a return; None where nothing is."""
        due = found.filed.due_yen if found.filed else self.figures_of(found).due_yen
        return payment_of(found, due_yen=due, payee=self.payee, bank=self.bank.base_url) if due else None

    async def edit(self, found: Return, side: SideIncome) -> None:
        """Change the figures; requests to sign those of before are worth nothing from now on.

        Raises:
            ReturnStepRefused: it is signed already.
        """
        if side == found.side and found.state is State.DRAFT:
            return
        values = {"side": msgspec.json.encode(side), "version": found.version + 1}
        await self.db.write(partial(move, found=found, step=Step.EDIT, now=self.clock.now(), values=values))

    # --- signing ---

    async def ask(self, found: Return) -> Asked:
        """Announce the return to be signed, with the payment that ends it.

        Raises:
            ReturnStepRefused: it is signed already.
            ProviderUnreachable, ProviderRefused, ProviderGarbled: the provider's part.
        """
        after(found.state, Step.ASK)
        now = self.clock.now()
        edition = figures(found.year).rates.edition
        payload = canonical(content_of(found, self.figures_of(found), edition=edition))
        prepared = jws.prepare(payload, algorithm=ALGORITHM, content_type=CONTENT_TYPE, now=now)
        document = document_of(found, prepared)
        transaction_id = await self._rp.sign_transaction(Documents(document.name, [document]))
        attempt = Attempt(
            transaction_id=transaction_id, return_id=found.return_id, version=found.version, signing_input=prepared
        )
        await self.db.write(partial(keep_attempt, found=found, attempt=attempt, now=now))
        payment = self.payment_of(found)
        return Asked(transaction_id, (payment,) if payment else ())

    async def arrived(self, person: SignedIn, grant: Grant) -> None:
        """Go on with whatever the person has just agreed to at the provider. What fails is noted beside the return, and
        the sign-in stands: the page says what happened and has the button to go on."""
        if person.acting is not None:
            raise ActingEnded()
        for year in YEARS:
            try:
                found = await self.find(person.sub, year)
            except ReturnMissing:
                continue
            if Scope.SIGN in grant.scopes and found.state is State.ASKED:
                await self._noted(found, partial(self._take, grant=grant))
                found = await self.find(person.sub, year)
            if found.state is State.SIGNED:
                await self._noted(found, self.file)
                found = await self.find(person.sub, year)
            payment = self.payment_of(found)
            if found.state is State.FILED and payment is not None and agreed(grant, payment):
                await self._noted(found, partial(self.pay, grant=grant))

    async def _noted(self, found: Return, step: Callable[[Return], Awaitable[None]]) -> None:
        try:
            await step(found)
        except ReturnStepRefused:  # another window did it
            return
        except SignatureNotValid:  # noted with the step back
            return
        except RenkeiError as error:
            await self.db.write(partial(note, found=found, problem=problem_code(error)))

    async def _take(self, found: Return, *, grant: Grant) -> None:
        """Fetch the signature and keep it, before anything else is done with it: the provider gives it once."""
        failure: RenkeiError = SignatureMissing()
        for attempt in await self.db.read(partial(queries.attempts, found=found)):
            try:
                signatures = await self._rp.signatures(grant, attempt.transaction_id, Signatures)
                signatures.signature_of(attempt.signing_input)
            except RenkeiError as error:  # of another window, not signed, or fetched before
                failure = error
                continue
            values = {"signing_input": attempt.signing_input, "signatures": msgspec.json.encode(signatures)}
            event = ReturnSigned(tax_return=found.return_id)
            step = partial(move, found=found, step=Step.TAKE, now=self.clock.now(), event=event, values=values)
            await self.db.write(step)
            return
        raise SignatureMissing(private=failure.code)

    # --- filing ---

    async def file(self, found: Return) -> None:
        """Stamp, assemble and check the signed return; file it if it is valid in every respect.

        Raises:
            ReturnStepRefused: it is not waiting to be filed.
            StampFailed: it waits on; to be tried again.
            SignatureNotValid: nothing was filed; the person has to sign anew.
        """
        kept = await self.db.read(partial(queries.signature_kept, return_id=found.return_id))
        if kept is None:
            raise ReturnStepRefused(state=found.state.value)
        signature = kept.signatures.signature_of(kept.signing_input)
        certificate, status = kept.signatures.parts
        token = await self._stamped(jws.stamped_digest(signature))
        document = jws.assemble(kept.signing_input, signature, chain=[certificate], stamp=token, ocsp=[status])
        now = self.clock.now()
        verdict = jws.verify(document, authorities=self._trust.people, stampers=self._trust.stampers, now=now)
        if verdict.conclusion is not Conclusion.VALID:
            await self._reject(found, verdict)
        filed = self._filed(found, document, now)
        await self.db.write(partial(keep_filed, found=found, filed=filed, now=now))

    async def _stamped(self, digest: bytes) -> bytes:
        try:
            return token_of(await self._stamp(make_request(digest, nonce=secrets.randbits(63))))
        except TimestampInvalid as error:
            raise StampFailed(private=error.code) from error
        except (OSError, RenkeiError) as error:
            raise StampFailed(private=type(error).__name__) from error

    async def _reject(self, found: Return, verdict: Verdict) -> None:
        failed = (one for one in Question if verdict.findings[one].grade is not Grade.PASSED)
        question = next(failed, Question.REVOCATION).value
        values = {
            "problem": SignatureNotValid.code,
            "version": found.version + 1,
            "signatures": None,
            "signing_input": None,
        }
        event = ReturnRejected(tax_return=found.return_id, question=question)
        step = partial(move, found=found, step=Step.REJECT, now=self.clock.now(), event=event, values=values)
        await self.db.write(step)
        raise SignatureNotValid(question=question)

    def _filed(self, found: Return, document: bytes, now: datetime) -> Filed:
        number = f"{now.astimezone(JST):%Y%m%d}-{secrets.randbelow(10**10):010d}"
        due = self.figures_of(found).due_yen
        said = FilingReceipt(
            iss=self._issuer, number=number, year=found.year, filed_ms=to_ms(now), digest=digest_of(document),
            due_yen=due,
        )  # fmt: skip
        receipt = sign_jws(Header(alg=ES256, typ=FILING_TYPE, kid=self.jwk.kid), said, self._key)
        return Filed(number=number, filed_ms=said.filed_ms, due_yen=due, document=document, receipt=receipt)

    # --- paying ---

    async def pay(self, found: Return, *, grant: Grant) -> None:
        """Pay at the bank; asked again, the bank gives the same receipt.

        Raises:
            ReturnStepRefused: it is not filed, or nothing is to be paid, or it is paid.
            PaymentConsentMissing: the person has to agree (again).
            PaymentUnreachable, PaymentRefused, BankReceiptInvalid: the bank's part; to be tried again.
        """
        after(found.state, Step.PAY)
        payment = self.payment_of(found)
        if payment is None:
            raise ReturnStepRefused(state=found.state.value)
        if not agreed(grant, payment):
            raise PaymentConsentMissing()
        said, signed = await self.bank.pay(payment, grant)
        paid = PaidAt(number=said.jti, paid_ms=said.paid_ms, receipt=signed)
        values = {"bank_number": paid.number, "paid_ms": paid.paid_ms, "bank_receipt": paid.receipt}
        event = ReturnPaid(tax_return=found.return_id, receipt=paid.number)
        await self.db.write(partial(move, found=found, step=Step.PAY, now=self.clock.now(), event=event, values=values))

    async def resume(self, found: Return) -> None:
        """Go on after the signature, as far as no person is needed. What fails is noted."""
        if found.state is State.SIGNED:
            await self._noted(found, self.file)

    async def pay_noted(self, found: Return, *, grant: Grant) -> None:
        """Pay; what the bank says against it is noted.

        Raises:
            PaymentConsentMissing: the person has to agree (again).
        """
        try:
            await self.pay(found, grant=grant)
        except (PaymentConsentMissing, ReturnStepRefused):
            raise
        except RenkeiError as error:
            await self.db.write(partial(note, found=found, problem=problem_code(error)))
