"""A tiny card for tests of what stands in front of one: PINs, certificates, signatures. Not the real chip."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

JPKI = bytes.fromhex("D392F000260100000001")
SUPPORT = bytes.fromhex("D3921000310001010408")
PINS = {(JPKI, 0x0018): ("1234", 3), (JPKI, 0x001B): ("ABC123", 5), (SUPPORT, 0x0011): ("4321", 3)}
KEYS = {0x0017: 0x0018, 0x001A: 0x001B}
GUARDED = {(JPKI, 0x0001): 0x001B, (SUPPORT, 0x0001): 0x0011, (SUPPORT, 0x0002): 0x0011}
NUMBER_FILE = b"\xff\x10\x0c123456789018" + b"\xff\xff"
OK, DENIED, MISSING, BLOCKED = b"\x90\x00", b"\x69\x82", b"\x6a\x82", b"\x69\x84"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def tlv(tag: str, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 128 else b"\x81" + bytes([len(value)])
    return bytes.fromhex(tag) + length + value


def four_items_file(name: str, address: str, birth: str, sex: str) -> bytes:
    fields = zip(("DF22", "DF23", "DF24", "DF25"), (name, address, birth, sex), strict=True)
    inner = b"".join(tlv(tag, text.encode()) for tag, text in fields)
    return tlv("FF20", tlv("DF21", bytes(8)) + inner) + b"\xff" * 6


@lru_cache
def make_key(kind: str, number: int) -> Key:
    return ec.generate_private_key(ec.SECP384R1()) if kind == "p384" else rsa.generate_private_key(65537, 2048)


@lru_cache
def make_certificate(kind: str, number: int) -> bytes:
    key = make_key(kind, number)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "DOUBLE")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(number + 1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2031, 1, 1, tzinfo=UTC)
    )
    return builder.public_key(key.public_key()).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class Double:
    """Answers APDUs; `sent` keeps the instruction bytes, never a PIN."""

    def __init__(self, kind: str = "rsa", *, child: bool = False, items: bytes = b"") -> None:
        self.kind, self.child = kind, child
        self.tries = {place: tries for place, (_, tries) in PINS.items()}
        self.secrets = {place: secret for place, (secret, _) in PINS.items()}
        self.items = items or four_items_file("見本　花子", "東京都千代田区見本1丁目", "19900403", "2")
        self.sent: list[int] = []
        self.before: Callable[[bytes], bytes | None] = lambda command: None
        self.reset()

    def reset(self) -> None:
        self.application, self.file, self.open = b"", 0, set[int]()

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command[1])
        forced = self.before(command)
        if forced is not None:
            return forced
        act = {0xA4: self._select, 0xB0: self._read, 0x20: self._verify, 0x24: self._change, 0x2A: self._sign}
        return act[command[1]](command)

    def _select(self, command: bytes) -> bytes:
        name = command[5 : 5 + command[4]]
        if command[2] == 4:
            if name not in (JPKI, SUPPORT):
                return MISSING
            if name != self.application:
                self.reset()
            self.application = name
            return OK
        self.file = int.from_bytes(name, "big")
        known = (self.application, self.file) in PINS or self.file in KEYS or self._content() is not None
        return OK if known else MISSING

    def _content(self) -> bytes | None:
        files = {(JPKI, 0x000A): make_certificate(self.kind, 0) + b"\x00" * 40, (SUPPORT, 1): NUMBER_FILE,
                 (SUPPORT, 2): self.items}  # fmt: skip
        if not self.child:
            files[JPKI, 0x0001] = make_certificate(self.kind, 1)
        return files.get((self.application, self.file))

    def _read(self, command: bytes) -> bytes:
        content = self._content()
        if content is None:
            return MISSING
        guard = GUARDED.get((self.application, self.file))
        if guard is not None and guard not in self.open:
            return DENIED
        offset = int.from_bytes(command[2:4], "big")
        return content[offset : offset + (command[4] or 256)] + OK

    def _verify(self, command: bytes) -> bytes:
        place = (self.application, self.file)
        if place not in PINS or (self.child and self.file == 0x001B):
            return MISSING
        if len(command) == 4:
            return bytes([0x63, 0xC0 | self.tries[place]])
        if not self.tries[place]:
            return BLOCKED
        self.tries[place] -= 1
        if not hmac.compare_digest(command[5:], self.secrets[place].encode()):
            self.open.discard(self.file)
            return bytes([0x63, 0xC0 | self.tries[place]])
        self.tries[place] = PINS[place][1]
        self.open.add(self.file)
        return OK

    def _change(self, command: bytes) -> bytes:
        if self.file not in self.open:
            return DENIED
        self.secrets[self.application, self.file] = command[5:].decode()
        return OK

    def _sign(self, command: bytes) -> bytes:
        if KEYS.get(self.file) not in self.open:
            return DENIED
        data = command[5 : 5 + command[4]]
        key = make_key(self.kind, int(self.file == 0x001A))
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(utils.Prehashed(hashes.SHA384()))) + OK
        assert data[:19] == bytes.fromhex("3031300d060960864801650304020105000420"), "DigestInfo lacks its NULL"
        return key.sign(data[19:], padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())) + OK
