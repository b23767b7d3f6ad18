"""A card authority with two holders; what a card agent would send for them."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from tests.contract.identity_asks.world import World

from renkei.base.encoding import from_base64url, to_base64url
from renkei.contracts.card_agent import Assertion, Task, challenge_bytes
from renkei.crypto.person_certificates import Use, read_person_certificate
from renkei.crypto.person_items import CertificateItems
from renkei.crypto.revocation import Reason
from renkei.crypto.signing_keys import SoftwareKey, SoftwareKeys
from renkei.institutions.card import store
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.model.standing import Issued
from renkei.institutions.card.service import CardAuthority
from renkei.institutions.identity.errors.signin import StatusUnavailable
from renkei.institutions.identity.model.accounts import CertificateId
from renkei.institutions.identity.operations.accounts import admit
from renkei.institutions.identity.operations.card_signin import CardTrust, Statuses
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database

NOW = datetime.now(UTC).replace(microsecond=0)
"""The machine's: an OCSP answer says by itself when it was made."""
PEOPLE = {
    name: CertificateItems.of(name=text, sex=sex, birth=date(1960, 4, 1), address="東京都千代田区霞が関1-1")
    for name, text, sex in (("hanako", "髙橋花子", "female"), ("taro", "見本太郎", "male"))
}
DIGEST = to_base64url(hashlib.sha256(b"contract").digest())


@cache
def key(name: str) -> SoftwareKey:
    """RSA keys take a while: made once a run."""
    return SoftwareKey.generate("RS256")


@dataclass
class Cards:
    """The authority, and what it issued."""

    authority: CardAuthority
    issued: dict[str, Issued]
    down: bool = False
    asked: list[bytes] = field(default_factory=list)

    async def ask(self, request_der: bytes) -> bytes:
        """The status source of the provider."""
        if self.down:
            raise StatusUnavailable()
        self.asked.append(request_der)
        return await self.authority.ocsp(request_der)

    async def replaced(self, at: CertificateId) -> CertificateId | None:
        return None

    async def partner(self, at: CertificateId) -> CertificateId | None:
        for one in self.issued.values():
            assert one.authentication is not None
            assert one.signature is not None
            if one.signature.serial == at.serial:
                return CertificateId(one.authentication.issuer_id, one.authentication.serial)
        return None

    def trust(self) -> CardTrust:
        authorities = self.authority.authorities()
        return CardTrust(authorities=authorities, statuses=Statuses(self, authorities), links=self)

    def sign_in(self, world: World, name: str) -> None:
        """The card of a person has signed in before: their account exists."""
        held = self.issued[name].authentication
        assert held is not None
        shown = read_person_certificate(held.der, authorities=self.authority.authorities(), at=NOW)
        asyncio.run(
            admit(world.means.db, self, shown, realm=world.session.realm, test=False, new_account_id=name, now=NOW)  # type: ignore[union-attr]
        )

    def revoke(self, name: str, reason: Reason) -> None:
        asyncio.run(self.authority.revoke(name, reason, uses=(Use.SIGNATURE,), user="t"))

    def answer(self, task: Task, name: str = "hanako", use: Use = Use.SIGNATURE, **changes: object) -> Assertion:
        """What the agent sends after the person entered the password."""
        issued = self.issued[name]
        held = issued.signature if use is Use.SIGNATURE else issued.authentication
        assert held is not None
        signer = key(f"{name} {use.value}")
        digests = tuple(one.digest for one in task.documents)
        message = challenge_bytes(task.origin, task.txn, from_base64url(task.challenge), digests)
        made = Assertion(
            txn=task.txn, certificate=to_base64url(held.der), algorithm="RS256",
            signature=to_base64url(signer.sign(message)),
            documents=tuple(to_base64url(sign_digest(signer, from_base64url(one))) for one in digests),
        )  # fmt: skip
        return msgspec.structs.replace(made, **changes)


def sign_digest(signer: SoftwareKey, digest: bytes) -> bytes:
    """As the card does: DigestInfo with the NULL parameter, PKCS #1 v1.5."""
    private = signer.private_key
    assert isinstance(private, RSAPrivateKey)
    return private.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def make_cards(folder: Path) -> Cards:
    """Open an authority and issue to both people."""
    db = Database.open(f"sqlite:///{folder / 'card.db'}", metadata=store.metadata)
    authority = CardAuthority(
        db, keys=SoftwareKeys(folder / "keys"), base_url="http://nation.example", clock=MovableClock(NOW)
    )

    async def issue() -> dict[str, Issued]:
        await authority.start()
        return {
            name: await authority.issue(
                Application(
                    holder=name, items=items, authentication_key=key(f"{name} authentication").public_key,
                    signature_key=key(f"{name} signature").public_key, card_expires=date(2036, 4, 1),
                ),
                user="t",
            )
            for name, items in PEOPLE.items()
        }  # fmt: skip

    return Cards(authority, asyncio.run(issue()))
