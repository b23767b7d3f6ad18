"""The keys of a country's parties, kept in one folder: made once, read again at every start.

For the embedded shape and for tests. Files are the owner's alone (0600) and say that they are for a demonstration.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)  # fmt: skip

from renkei.crypto.authority import NetworkAuthority
from renkei.crypto.certificates import Purpose, key_id_of
from renkei.crypto.codes import CodeKeys, KeyUse, generate_keys, load_keys, save_keys
from renkei.crypto.messages import KeySigner
from renkei.crypto.notes import KeyKind, NoteSigner
from renkei.crypto.sealing import SEED_BYTES, SealingPrivateKey

VALIDITY = timedelta(days=5 * 365)
NETWORK_NAME = "Renkei demonstration network (synthetic)"


class Party(NamedTuple):
    """The keys of one party for one purpose."""

    body_id: str
    certificate: bytes
    signer: KeySigner
    sealing: SealingPrivateKey
    note_signer: NoteSigner


class _AuthorityFile(msgspec.Struct, forbid_unknown_fields=True):
    use: str
    key: bytes
    certificate: bytes


class _PartyFile(msgspec.Struct, forbid_unknown_fields=True):
    use: str
    body_id: str
    key: bytes
    certificate: bytes
    seal_seed: bytes
    log_key: bytes


class KeyRing:
    """Keys of the authority and of every party of one country.

    Args:
        folder: where the files are; created where missing.
        now: when keys made now begin to be valid.
    """

    stand_in: ClassVar[str] = "hardware security modules and the bodies' own key ceremonies"

    def __init__(self, folder: Path, *, now: datetime) -> None:
        self._folder, self._now = folder, now
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._authority = self._load_authority()

    @property
    def anchor(self) -> bytes:
        """Certificate of the network's authority, DER."""
        return self._authority.cert_der

    def party(self, body_id: str, purpose: Purpose, *, name: str) -> Party:
        """Keys and certificate of a party; made on the first call."""
        path = self._folder / f"{body_id}.{purpose.name.lower()}.json"
        kept = msgspec.json.decode(path.read_bytes(), type=_PartyFile) if path.exists() else None
        if kept is None:
            kept = self._make(body_id, purpose, name)
            _write(path, kept)
        key = load_der_private_key(kept.key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("a party signs with an elliptic-curve key")
        log_key = Ed25519PrivateKey.from_private_bytes(kept.log_key)
        return Party(
            body_id, kept.certificate, KeySigner(key, key_id_of(kept.certificate)),
            SealingPrivateKey.from_seed(kept.seal_seed), NoteSigner(log_name(body_id), KeyKind.ED25519, log_key),
        )  # fmt: skip

    def code_keys(self) -> CodeKeys:
        """The core's code keys; made on the first call."""
        path = self._folder / "code-keys.json"
        if not path.exists():
            save_keys(generate_keys(use=KeyUse.DEMONSTRATION), path)
        return load_keys(path, use=KeyUse.DEMONSTRATION)

    def _make(self, body_id: str, purpose: Purpose, name: str) -> _PartyFile:
        key = ec.generate_private_key(ec.SECP256R1())
        seed = os.urandom(SEED_BYTES)
        certificate = self._authority.issue(
            body_id=body_id, name=name, purpose=purpose, public_key=key.public_key(),
            not_before=self._now - timedelta(minutes=5), not_after=self._now + VALIDITY,
            sealing_key=SealingPrivateKey.from_seed(seed).public.encoded,
        )  # fmt: skip
        log_key = Ed25519PrivateKey.generate().private_bytes_raw()
        return _PartyFile("demonstration", body_id, _der(key), certificate, seed, log_key)

    def _load_authority(self) -> NetworkAuthority:
        path = self._folder / "authority.json"
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            made = NetworkAuthority.create(
                name=NETWORK_NAME, key=key, not_before=self._now - timedelta(minutes=5),
                not_after=self._now + 4 * VALIDITY,
            )  # fmt: skip
            _write(path, _AuthorityFile("demonstration", _der(key), made.cert_der))
        kept = msgspec.json.decode(path.read_bytes(), type=_AuthorityFile)
        private = load_der_private_key(kept.key, None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority signs with an elliptic-curve key")
        return NetworkAuthority(kept.certificate, private)


def log_name(body_id: str) -> str:
    """Origin line of a party's transparency log."""
    return f"renkei.invalid/log/{body_id}"


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: msgspec.Struct) -> None:
    """Write a whole file or none, readable by its owner only."""
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(content))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
