"""Two parties of a made-up network with fixed keys, for the tests of signed calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec

from renkei.base.time import Instant
from renkei.crypto.authority import NetworkAuthority
from renkei.crypto.certificates import BodyIdentity, IdentityCache, Purpose
from renkei.crypto.messages import KeySigner, authority_of

FROM = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2036, 1, 1, tzinfo=UTC)


def key(number: int) -> ec.EllipticCurvePrivateKey:
    """A P-256 key that is the same in every run."""
    return ec.derive_private_key(number, ec.SECP256R1())


AUTHORITY = NetworkAuthority.create(name="Test network", key=key(1), not_before=FROM, not_after=UNTIL, serial=1)


@dataclass(frozen=True)
class Party:
    """One body's signing side."""

    body_id: str
    purpose: Purpose
    signer: KeySigner
    certificate: bytes

    @property
    def authority(self) -> str:
        return authority_of(self.body_id, self.purpose)


def party(body_id: str, number: int, purpose: Purpose = Purpose.GATEWAY) -> Party:
    certificate = AUTHORITY.issue(
        body_id=body_id,
        name=body_id,
        purpose=purpose,
        public_key=key(number).public_key(),
        not_before=FROM,
        not_after=UNTIL,
        serial=number,  # the same certificate in every process of a test
    )
    cache = IdentityCache([AUTHORITY.cert_der])
    identity = cache.add(certificate, at=FROM)
    return Party(body_id, purpose, KeySigner(key(number), identity.key_id), certificate)


ASKER = party("m-131121", 2)
ANSWERER = party("p-130001", 3)
OTHER = party("jps", 4)


def lookup(key_id: str, *, at: Instant) -> BodyIdentity:
    """All three parties are known to each other."""
    return CACHE.lookup(key_id, at=at)


CACHE = IdentityCache([AUTHORITY.cert_der])
for one in (ASKER, ANSWERER, OTHER):
    CACHE.add(one.certificate, at=FROM)
