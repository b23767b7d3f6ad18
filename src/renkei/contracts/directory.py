"""What one party knows of the others: the register of bodies, with every certificate verified before use."""

from __future__ import annotations

from datetime import datetime

from renkei.contracts.errors import BodyStopped, BodyUnknown
from renkei.contracts.register import BodyEntry, BodyState, Register
from renkei.contracts.sheets import unb64
from renkei.crypto.certificates import BodyIdentity, IdentityCache, key_id_of
from renkei.crypto.errors import CertificateExpired
from renkei.crypto.sealing import SealingPublicKey


class Directory:
    """The register as last read, and the identities behind it.

    Args:
        anchors: certificates of the network's authority, DER.
    """

    def __init__(self, anchors: list[bytes]) -> None:
        self._identities = IdentityCache(anchors)
        self._bodies: dict[str, BodyEntry] = {}
        self._seal_keys: dict[str, SealingPublicKey] = {}
        self._certificates: dict[str, bytes] = {}
        self._untimely: dict[str, bytes] = {}
        self.version = 0
        self.core_log_key = ""

    def trust(self, certificate: bytes, *, at: datetime) -> BodyIdentity:
        """Add a certificate that does not stand in the register (the core's, a business system's).

        Raises:
            CertificateInvalid, CertificateExpired: not of this network, or not valid now.
        """
        identity = self._identities.add(certificate, at=at)
        self._certificates[identity.key_id] = certificate
        return identity

    def update(self, register: Register, *, at: datetime) -> None:
        """Take over a newer register; an older or equal one changes nothing.

        Raises:
            CertificateInvalid: a body's certificate does not verify; nothing is taken over.
        """
        if register.version <= self.version:
            return
        for entry in register.bodies:
            known = self._bodies.get(entry.body_id)
            if known is None or known.certificate != entry.certificate:
                certificate = unb64(entry.certificate)
                try:
                    self.trust(certificate, at=at)
                except CertificateExpired:
                    # One body whose certificate ran out must not keep everybody from the rest of the register.
                    self._untimely[key_id_of(certificate)] = certificate
        self._bodies = {entry.body_id: entry for entry in register.bodies}
        self.version = register.version
        self.core_log_key = register.core_log_key

    def lookup(self, key_id: str, *, at: datetime) -> BodyIdentity:
        """Identity by key id, as the transports need it.

        Raises:
            CertificateInvalid, CertificateExpired: unknown, revoked or expired.
        """
        if key_id in self._untimely:
            self.trust(self._untimely[key_id], at=at)
            del self._untimely[key_id]
        return self._identities.lookup(key_id, at=at)

    def certificate(self, key_id: str) -> bytes | None:
        """A certificate (DER) by its key id, for evidence; None if none of that id was trusted here."""
        return self._certificates.get(key_id)

    def entry(self, body_id: str) -> BodyEntry:
        """A body's entry.

        Raises:
            BodyUnknown: not in the register.
        """
        try:
            return self._bodies[body_id]
        except KeyError:
            raise BodyUnknown(body=body_id[:40]) from None

    def active(self, body_id: str) -> BodyEntry:
        """A body's entry, if it takes part.

        Raises:
            BodyUnknown: not in the register.
            BodyStopped: 番号法 28条6項 or the commission.
        """
        entry = self.entry(body_id)
        if entry.state is not BodyState.ACTIVE:
            raise BodyStopped(body=body_id)
        return entry

    def entries(self) -> list[BodyEntry]:
        """All bodies, by id."""
        return sorted(self._bodies.values(), key=lambda entry: entry.body_id)

    def seal_key(self, identity: BodyIdentity) -> SealingPublicKey:
        """The sealing key that stands in a verified certificate; parsed once.

        Raises:
            BodyUnknown: the certificate carries none.
        """
        found = self._seal_keys.get(identity.key_id)
        if found is None:
            if identity.sealing_key is None:
                raise BodyUnknown(body=identity.body_id)
            found = self._seal_keys[identity.key_id] = SealingPublicKey.from_bytes(identity.sealing_key)
        return found

    def seal_key_of(self, body_id: str, *, at: datetime) -> SealingPublicKey:
        """The sealing key of a body of the register."""
        entry = self.entry(body_id)
        return self.seal_key(self._identities.add(unb64(entry.certificate), at=at))
