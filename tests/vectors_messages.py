"""Writes vectors/{codes,messages,sealing}.json: `python -m tests.vectors_messages` from the root of the repository.

Everything is derived from fixed keys, so the files are the same on every run; only the HPKE wraps, which are random
by nature, are taken over from the present file while they still open. All keys and codes are synthetic.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from renkei.crypto.authority import NetworkAuthority
from renkei.crypto.certificates import BodyIdentity, Purpose, key_id_of, verify_chain
from renkei.crypto.codes import CodeKeys, code_to_text
from renkei.crypto.errors import SealBroken
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.messages import authority_of, sign_request, sign_response
from renkei.crypto.sealing import _SUITES, Opener, SealingPrivateKey, SealingSuite, commit_payload, seal_info

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
START = datetime(2026, 4, 1, tzinfo=UTC)
END = START + timedelta(days=730)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def octets(label: str, size: int = 32) -> bytes:
    """Fixed bytes for a label."""
    return hashlib.shake_256(f"renkei vectors {label}".encode()).digest(size)


def p256_key(label: str) -> ec.EllipticCurvePrivateKey:
    """A fixed P-256 key for a label."""
    return ec.derive_private_key(int.from_bytes(octets(label)) >> 1, ec.SECP256R1())


class FixedSigner:
    """Signs deterministically (RFC 6979), so that a vector stays the same."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, key_id: str) -> None:
        self.key, self.key_id = key, key_id

    def sign(self, data: bytes) -> bytes:
        signature = self.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32) + s.to_bytes(32)


class Pki:
    """A declared network: one authority, and the bodies asked for, each with a sealing key."""

    def __init__(self, *bodies: tuple[str, str, Purpose], label: str = "network") -> None:
        key = p256_key(label)
        self.authority = NetworkAuthority.create(
            name="連携ネットワーク認証局（試験用）", key=key, not_before=START, not_after=END, serial=1
        )
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.certificates: dict[str, bytes] = {}
        self.identities: dict[str, BodyIdentity] = {}
        self.signers: dict[str, FixedSigner] = {}
        self.sealing: dict[str, SealingPrivateKey] = {}
        for serial, (body_id, name, purpose) in enumerate(bodies, start=2):
            self.keys[body_id] = p256_key(f"{label} {body_id}")
            self.sealing[body_id] = SealingPrivateKey.from_seed(octets(f"{label} {body_id} sealing"))
            self.certificates[body_id] = certificate = self.authority.issue(
                body_id=body_id,
                name=name,
                purpose=purpose,
                public_key=self.keys[body_id].public_key(),
                sealing_key=self.sealing[body_id].public.encoded,
                not_before=START,
                not_after=END,
                serial=serial,
            )
            self.signers[body_id] = FixedSigner(self.keys[body_id], key_id_of(certificate))
            self.identities[body_id] = verify_chain(
                certificate, anchors=[self.authority.cert_der], at=NOW, purpose=purpose
            )

    def lookup(self, key_id: str) -> BodyIdentity:
        """The identity of a key id (KeyError where unknown)."""
        return {identity.key_id: identity for identity in self.identities.values()}[key_id]


def two_gateways() -> Pki:
    """世田谷区 asks, 日本年金機構 answers."""
    return Pki(("m-131121", "世田谷区", Purpose.GATEWAY), ("jps", "日本年金機構", Purpose.GATEWAY))


def codes() -> dict[str, Any]:
    """Handles and codes of synthetic people at three bodies under two epochs."""
    masters = {1: octets("code master 1"), 2: octets("code master 2")}
    handle_key = octets("handle key")
    cases = []
    for epoch in masters:
        keys = CodeKeys(handle_key, {number: masters[number] for number in range(1, epoch + 1)})
        for record_code in ("00000000001", "12345678901"):
            handle = keys.handle(record_code)
            for body_id in ("m-131121", "p-130001", "jps"):
                code = keys.issue(body_id, handle)
                cases.append(
                    {
                        "resident_record_code": record_code,
                        "handle": handle.hex(),
                        "body_id": body_id,
                        "epoch": epoch,
                        "code": code.hex(),
                        "text": code_to_text(code),
                    }
                )
    first = bytes.fromhex(cases[0]["code"])
    refused = [
        {"why": "a code of another body", "body_id": "jps", "code": first.hex()},
        {"why": "the last bit altered", "body_id": "m-131121", "code": (first[:-1] + bytes((first[-1] ^ 1,))).hex()},
        {"why": "of another epoch", "body_id": "m-131121", "code": (b"\x02" + first[1:]).hex()},
        {"why": "of an epoch that is not held", "body_id": "m-131121", "code": (b"\x03" + first[1:]).hex()},
        {"why": "one byte short", "body_id": "m-131121", "code": first[:-1].hex()},
    ]
    return {
        "about": "Linkage codes: bytes in hexadecimal, text form base64url. Resident record codes are synthetic.",
        "handle_key": handle_key.hex(),
        "masters": {str(epoch): master.hex() for epoch, master in masters.items()},
        "cases": cases,
        "refused_with_code_foreign": refused,
    }


def messages() -> dict[str, Any]:
    """One signed request and its response, with the certificates to verify them."""
    pki = two_gateways()
    body, answer = b'{"items":[["p-1"],["p-2"]]}', b'{"answers":[["p-1",1],["p-2",0]]}'
    headers = {
        "content-type": "application/json",
        "renkei-manifest": f"root=:{b64encode(octets('manifest')).decode()}:;leaves=3",
        "renkei-request-id": "r-0001",
    }
    authority = authority_of("jps", Purpose.GATEWAY)
    signed = sign_request(
        method="POST",
        authority=authority,
        path="/v1/answers?sheet=1",
        headers=headers,
        body=body,
        signer=pki.signers["m-131121"],
        created=NOW,
        nonce="bm9uY2Utb2YtdmVjdG9y",
        tag="renkei-request",
    )
    sent = headers | signed.headers
    reply_headers = {"content-type": "application/json"}
    reply = sign_response(
        status=200,
        headers=reply_headers,
        body=answer,
        request_headers=sent,
        signer=pki.signers["jps"],
        created=NOW + timedelta(seconds=1),
        tag="renkei-answer",
        expires=NOW + timedelta(minutes=10),
    )
    return {
        "about": "RFC 9421 messages of the profile, ecdsa-p256-sha256. Signatures are to be verified, not reproduced.",
        "now": NOW.isoformat(),
        "authority_certificate": b64encode(pki.authority.cert_der).decode(),
        "certificates": {body_id: b64encode(der).decode() for body_id, der in pki.certificates.items()},
        "key_ids": {body_id: signer.key_id for body_id, signer in pki.signers.items()},
        "private_keys": {body_id: f"{key.private_numbers().private_value:064x}" for body_id, key in pki.keys.items()},
        "request": {
            "method": "POST",
            "authority": authority,
            "path": "/v1/answers?sheet=1",
            "headers": sent,
            "body": body.decode(),
            "evidence": _evidence(signed.signed),
        },
        "response": {
            "status": 200,
            "headers": reply_headers | reply.headers,
            "body": answer.decode(),
            "evidence": _evidence(reply.signed),
        },
    }


def sealing() -> dict[str, Any]:
    """One sealed batch per suite, and payload commitments."""
    info = seal_info("answer", sender="jps", recipient="m-131121", batch_id="b-0001")
    present = FOLDER / "sealing.json"
    wraps = (
        {batch["suite"]: batch["wrap"] for batch in json.loads(present.read_text())["batches"]}
        if present.exists()
        else {}
    )
    plaintexts = [b"", b'{"income":1}', octets("payload", 300)]
    batches = []
    for suite in SealingSuite:
        private = SealingPrivateKey.from_seed(octets(f"sealing {suite.name}"), suite)
        content_key = octets(f"content key {suite.name}")
        batches.append(
            {
                "suite": suite.name,
                "seed": private.seed.hex(),
                "public_key": private.public.encoded.hex(),
                "info": info.hex(),
                "content_key": content_key.hex(),
                "wrap": _wrap(wraps.get(suite.name, ""), private, content_key, info),
                "items": [
                    {
                        "index": index,
                        "aad": f"item {index}".encode().hex(),
                        "plaintext": plaintext.hex(),
                        "sealed": AESGCM(content_key)
                        .encrypt(index.to_bytes(12), plaintext, f"item {index}".encode())
                        .hex(),
                    }
                    for index, plaintext in zip((0, 1, 70_000), plaintexts, strict=True)
                ],
            }
        )
    salt = octets("salt", 16)
    return {
        "about": "Sealed batches: wraps are to be opened, not reproduced; items and commitments can be reproduced.",
        "batches": batches,
        "commitments": [
            {"salt": salt.hex(), "payload": payload.hex(), "commitment": commit_payload(salt, payload).hex()}
            for payload in plaintexts
        ],
    }


def _wrap(present: str, private: SealingPrivateKey, content_key: bytes, info: bytes) -> str:
    """The present wrap while it opens to the content key, else a new one."""
    probe = AESGCM(content_key).encrypt(bytes(12), b"probe", b"")
    try:
        if Opener(private, bytes.fromhex(present), info).open(0, probe, b"") == b"probe":
            return present
    except SealBroken:
        pass
    prefix = private.public.encoded[:1]
    return (prefix + _SUITES[private.suite].encrypt(content_key, private.public._key, info)).hex()


def _evidence(signed: SignedMessage) -> dict[str, str]:
    return {"base": signed.base, "signature": b64encode(signed.signature).decode(), "key_id": signed.key_id}


FILES = {"codes.json": codes, "messages.json": messages, "sealing.json": sealing}


def render(name: str) -> str:
    """The text of one file."""
    return json.dumps(FILES[name](), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for file_name in FILES:
        (FOLDER / file_name).write_text(render(file_name), "utf-8")
