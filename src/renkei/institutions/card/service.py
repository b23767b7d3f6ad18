"""The authority that issues the card's certificates and answers for them.

authority = CardAuthority(db, keys=SoftwareKeys(folder), base_url="https://example.jp", clock=clock)
await authority.start()
issued = await authority.issue(application, user="clerk-1")
answer = await authority.ocsp(request_der)
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from cryptography.x509.ocsp import OCSPResponseStatus
from sqlalchemy.exc import IntegrityError

from renkei.base.time import jst_date, to_ms
from renkei.crypto.person_authority import (
    Addresses,
    OcspRequestMalformed,
    PersonAuthority,
    Question,
    read_ocsp_request,
    refuse_ocsp,
)
from renkei.crypto.person_certificates import CertificateItems, PersonAuthorities, Use
from renkei.crypto.revocation import Reason
from renkei.crypto.signing_keys import KeyStore, PublicKey
from renkei.institutions.card import queries
from renkei.institutions.card.errors import ContentUnfit, GenerationUnknownHere
from renkei.institutions.card.model.issuing import (
    Application,
    Unavailable,
    check_application,
    check_key,
    period_of,
    unavailable,
)
from renkei.institutions.card.model.profiles import PRESENT, PROFILES, Profile
from renkei.institutions.card.model.standing import CertificateKey, Held, Issued, StatusAt
from renkei.institutions.card.operations import certificates, generations, lists
from renkei.institutions.card.operations.certificates import Signed
from renkei.institutions.card.queries import Generation, Present
from renkei.platform.clock import Clock
from renkei.platform.database import Database

PATH: Final = "/jpki"
ANSWER_GOOD_FOR: Final = timedelta(minutes=10)
ANSWER_KEPT: Final = timedelta(minutes=5)
"""An answer to a question without nonce is given again for so long: half of the time for which it may be relied on."""
ANSWERS_MAX: Final = 20_000
SERIAL_BITS: Final = 127

Draw = Callable[[int], int]
"""A random number of so many bits."""


class _Open(NamedTuple):
    kept: Generation
    authority: PersonAuthority

    @property
    def profile(self) -> Profile:
        return PROFILES[self.kept.profile]


class CardAuthority:
    """Certification authority of the card: issues, revokes, tells how a certificate stands.

    Args:
        db: opened with `store.metadata`.
        keys: the authority's keys, in files or in a hardware module.
        base_url: where its statements are found, without a slash at the end; stands in every certificate.
        profile: for generations opened from now on.
        draw: source of serial numbers.
    """

    def __init__(
        self, db: Database, *, keys: KeyStore, base_url: str, clock: Clock, profile: Profile = PRESENT,
        draw: Draw = secrets.randbits,
    ) -> None:  # fmt: skip
        self.db, self.clock, self.profile = db, clock, profile
        self._keys, self._base, self._draw = keys, f"{base_url}{PATH}", draw
        self._open: dict[str, _Open] = {}
        self._authorities = PersonAuthorities(())
        self._by_hashes: dict[tuple[str, bytes, bytes], _Open] = {}
        self._answers: OrderedDict[tuple[object, ...], tuple[datetime, bytes]] = OrderedDict()

    # --- generations ---

    async def start(self) -> None:
        """Open what is kept, and a first generation for each use where there is none."""
        now = self.clock.now()
        await self._load()
        for use in Use:
            if not any(one.kept.use is use for one in self._open.values()):
                try:
                    await self._open_numbered(use, self.profile, 1)
                except IntegrityError:  # another process opened it at the same moment
                    await self._load()
        for one in list(self._open.values()):
            await self._fresh(one, now)

    async def open_generation(self, use: Use, profile: Profile | None = None) -> str:
        """Open a new generation, which issues from now on; earlier ones answer on. Returns its issuer id."""
        number = await self.db.read(partial(generations.number_of_next, use=use))
        return await self._open_numbered(use, profile or self.profile, number)

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """Certificates of every generation, DER: what a verifier trusts."""
        return tuple(one.kept.certificate for one in self._open.values())

    def authorities(self) -> PersonAuthorities:
        """The same, ready to verify with."""
        return self._authorities

    def ca(self, issuer_id: str) -> bytes:
        """Certificate of one generation, DER.

        Raises:
            GenerationUnknownHere: there is none of this id.
        """
        return self._generation(issuer_id).kept.certificate

    # --- certificates ---

    def signature_unavailable(self, application: Application) -> Unavailable | None:
        """Why this holder gets no signature certificate today; None where they may have one."""
        on = jst_date(self.clock.now())
        return unavailable(application.items.birth, adult_ward=application.adult_ward, on=on)

    async def issue(self, application: Application, *, user: str) -> Issued:
        """Issue what is applied for to a holder without a good certificate of that use (公的個人認証法3条, 22条).

        Raises:
            CertificateStands: a good one stands: `renew` it.
            SignatureCertificateRefused, CardExpired, KeyUnfit, ContentUnfit, GenerationMissing: as they say.
        """
        return await self._issue(application, renew=False, user=user)

    async def renew(self, application: Application, *, user: str) -> Issued:
        """Issue anew; what stood for the same uses is revoked as renewed, and the new ones say what they replace.

        Raises:
            SignatureCertificateRefused, CardExpired, KeyUnfit, ContentUnfit, GenerationMissing: as `issue`.
        """
        return await self._issue(application, renew=True, user=user)

    async def suspend(self, holder: str, *, user: str) -> list[Held]:
        """Put everything of a holder on hold: the card was reported lost.

        Raises:
            HolderWithoutCertificate: there is nothing to put on hold.
        """
        return await self.db.write(partial(certificates.suspend, holder=holder, user=user, now=self.clock.now()))

    async def resume(self, holder: str, *, user: str) -> list[Held]:
        """Lift the hold: the card was found. The signature certificate stays on hold and is issued anew.

        Raises:
            HoldNotLifted: nothing is on hold that could be lifted.
            HolderWithoutCertificate: there is nothing at all.
        """
        profiles = {issuer_id: one.profile for issuer_id, one in self._open.items()}
        work = partial(certificates.resume, holder=holder, profiles=profiles, user=user, now=self.clock.now())
        return await self.db.write(work)

    async def revoke(self, holder: str, reason: Reason, *, uses: Iterable[Use] = Use, user: str) -> list[Held]:
        """Revoke what a holder has for these uses (公的個人認証法9条, 10条, 13条).

        Raises:
            HolderWithoutCertificate: there is nothing to revoke.
        """
        work = partial(certificates.revoke, holder=holder, reason=reason, uses=tuple(uses), user=user)
        return await self.db.write(partial(work, now=self.clock.now()))

    async def four_items_changed(self, holder: str, items: CertificateItems, *, user: str) -> Held | None:
        """The register has other items now: the signature certificate is revoked (公的個人認証法12条1号).

        Returns:
            What was revoked; None where nothing of its content changed, or there is no such certificate.
        """
        work = partial(certificates.four_items_changed, holder=holder, items=items, authorities=self.authorities())
        return await self.db.write(partial(work, user=user, now=self.clock.now()))

    async def holder_gone(self, holder: str, reason: Reason, *, user: str) -> list[Held]:
        """The resident record was closed: both certificates are revoked (公的個人認証法12条2号, 31条).

        Args:
            reason: `Reason.DEATH` or `Reason.CESSATION`.

        Raises:
            HolderWithoutCertificate: there is nothing to revoke.
        """
        if reason not in (Reason.DEATH, Reason.CESSATION):
            raise ValueError("the holder died or left the registers")
        return await self.revoke(holder, reason, user=user)

    # --- what is known of a certificate ---

    async def of_holder(self, holder: str) -> list[Held]:
        """Everything issued to a holder, the newest first."""
        return await self.db.read(partial(queries.of_holder, holder=holder))

    async def status_at(self, serial: int, moment: datetime) -> StatusAt:
        """How a certificate stood at a moment, as it was then.

        Raises:
            CertificateUnknown: not issued, or not yet.
        """
        return await self.db.read(partial(queries.status_at, serial=serial, moment=moment))

    async def replaced(self, serial: int) -> CertificateKey | None:
        """The holder's earlier certificate of the same use: accounts survive a renewal by this.

        Raises:
            CertificateUnknown: never issued.
        """
        return await self.db.read(partial(queries.replaced, serial=serial))

    async def partner(self, serial: int) -> CertificateKey | None:
        """The newest certificate for the other use of the same holder.

        Raises:
            CertificateUnknown: never issued.
        """
        return await self.db.read(partial(queries.partner, serial=serial))

    # --- statements ---

    async def ocsp(self, request_der: bytes) -> bytes:
        """Answer an OCSP request (RFC 6960), DER to DER. A question that cannot be answered is answered so."""
        try:
            question = read_ocsp_request(request_der)
        except OcspRequestMalformed:
            return refuse_ocsp(OCSPResponseStatus.MALFORMED_REQUEST)
        asked = (question.hash.name, question.name_hash, question.key_hash)
        if asked not in self._by_hashes:
            await self._load()  # another process may have opened a generation
        found = self._by_hashes.get(asked)
        if found is None:
            return refuse_ocsp(OCSPResponseStatus.UNAUTHORIZED)
        found = await self._fresh(found, self.clock.now())
        present = self.db.read_now(partial(queries.present, issuer_id=found.kept.issuer_id, serial=question.serial))
        return self._answer(found, question, present)

    async def ask(self, request_der: bytes) -> bytes:
        """`ocsp`, by the name that the identity provider's status source has."""
        return await self.ocsp(request_der)

    async def crl(self, issuer_id: str) -> bytes:
        """The list of a generation's revoked certificates, DER; made anew where a day has passed.

        Raises:
            GenerationUnknownHere: there is no such generation.
        """
        self._generation(issuer_id)
        last = await self.db.read(partial(queries.latest_list, issuer_id=issuer_id))
        if last is None or lists.due(last, now=self.clock.now()):
            return await self.make_list(issuer_id)
        return last.der

    async def make_list(self, issuer_id: str) -> bytes:
        """Make the list of a generation anew, now.

        Raises:
            GenerationUnknownHere: there is no such generation.
        """
        found = self._generation(issuer_id)
        kept = await self.db.write(partial(lists.make_list, authority=found.authority, now=self.clock.now()))
        return kept.der

    # --- inside ---

    async def _open_numbered(self, use: Use, profile: Profile, number: int) -> str:
        now = self.clock.now()
        made = generations.make(use, profile, self._keys, number=number, now=now)
        await self.db.write(partial(generations.keep, made=made, now=now))
        await self._load()
        return made.issuer_id

    async def _issue(self, application: Application, *, renew: bool, user: str) -> Issued:
        now = self.clock.now()
        on = jst_date(now)
        check_application(application, on=on)
        signed = [self._sign(application, use, key, now=now, on=on) for use, key in application.keys().items()]
        work = partial(certificates.enter, holder=application.holder, signed=signed, renew=renew, user=user, now=now)
        return await self.db.write(work)

    def _sign(self, application: Application, use: Use, key: PublicKey, *, now: datetime, on: date) -> Signed:
        profile = self._issuer(use, now).profile
        check_key(key, profile)
        period = period_of(application, profile, now=now, on=on)
        issuer = self._issuer(use, period.not_after)
        serial = self._draw(SERIAL_BITS) | 1
        try:
            der = issuer.authority.issue(
                key,
                serial=serial,
                common_name=f"{self._draw(64):016X}{application.municipality}",
                not_before=period.not_before,
                not_after=period.not_after,
                addresses=Addresses(f"{self._base}/crl/{issuer.kept.issuer_id}.crl", f"{self._base}/ocsp"),
                items=application.items if use is Use.SIGNATURE else None,
                locality=application.municipality_name if use is Use.SIGNATURE else "",
            )
        except ValueError as error:
            raise ContentUnfit(private=type(error).__name__) from error
        return Signed(issuer.kept.issuer_id, serial, use, der, to_ms(period.not_before), to_ms(period.not_after))

    def _issuer(self, use: Use, until: datetime) -> _Open:
        kept = generations.issuing([one.kept for one in self._open.values()], use, until=until)
        return self._open[kept.issuer_id]

    def _answer(self, found: _Open, question: Question, present: Present | None) -> bytes:
        now = self.clock.now().replace(microsecond=0)
        standing = None if present is None else lists.standing_of(present)
        if question.nonce or present is None:
            return found.authority.answer(question, standing, now=now, good_for=ANSWER_GOOD_FOR)
        # The present standing is part of the key: what was revoked a moment ago is never answered from before.
        key = (found.kept.issuer_id, question.serial, question.hash.name, present)
        made, der = self._answers.get(key, (None, b""))
        if made is None or not made <= now < made + ANSWER_KEPT:
            der = found.authority.answer(question, standing, now=now, good_for=ANSWER_GOOD_FOR)
            self._answers[key] = (now, der)
            self._answers.move_to_end(key)
            while len(self._answers) > ANSWERS_MAX:
                self._answers.popitem(last=False)
        return der

    async def _load(self) -> None:
        """Open generations that are kept and not open yet."""
        kept = await self.db.read(queries.generations)
        for one in kept:
            known = self._open.get(one.issuer_id)
            if known is None or known.kept != one:
                self._open[one.issuer_id] = _Open(one, generations.open_kept(one, self._keys, PROFILES[one.profile]))
        self._open = {one.issuer_id: self._open[one.issuer_id] for one in kept}
        self._authorities = PersonAuthorities(self.anchors)
        self._by_hashes = {
            (name, *named): one for one in self._open.values() for name, named in one.authority.authority.names.items()
        }

    async def _fresh(self, one: _Open, now: datetime) -> _Open:
        """The generation with a responder's certificate that is not about to end."""
        if not generations.responder_due(one.kept, now=now):
            return one
        responder, until = generations.delegate(one.authority, one.kept.key_name, self._keys, now=now)
        work = partial(generations.keep_responder, issuer_id=one.kept.issuer_id, responder=responder, until=until)
        await self.db.write(partial(work, now=now))
        await self._load()
        return self._open[one.kept.issuer_id]

    def _generation(self, issuer_id: str) -> _Open:
        found = self._open.get(issuer_id)
        if found is None:
            raise GenerationUnknownHere()
        return found
