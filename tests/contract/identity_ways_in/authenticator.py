"""A passkey in software, which does what WebAuthn Level 3 says, or anything else that a test wants."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from renkei.base.encoding import to_base64url

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Authenticator:
    """One device with one passkey."""

    origin: str
    rp_id: str
    credential_id: bytes = b"credential-0001!"
    flags: int = UP | UV
    count: int = 0
    handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict, **client: object) -> str:
        """As `navigator.credentials.create`."""
        self.handle = options["user"]["id"]
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        named = struct.pack(">H", len(self.credential_id)) + self.credential_id + cbor2.dumps(cose)
        data = self._data(AT) + b"\x00" * 16 + named
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._client("webauthn.create", options["challenge"], client)
        return self._credential({"clientDataJSON": to_base64url(said), "attestationObject": to_base64url(attestation)})

    def get(self, options: dict, *, handle: str | None = None, **client: object) -> str:
        """As `navigator.credentials.get`."""
        self.count += 1
        data = self._data()
        said = self._client("webauthn.get", options["challenge"], client)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": to_base64url(said), "authenticatorData": to_base64url(data),
                "signature": to_base64url(signature), "userHandle": self.handle if handle is None else handle,
            }
        )  # fmt: skip

    def _data(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", self.flags | more, self.count)

    def _client(self, kind: str, challenge: str, changed: dict[str, object]) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, **changed}).encode()

    def _credential(self, response: dict[str, str]) -> str:
        named = to_base64url(self.credential_id)
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})
