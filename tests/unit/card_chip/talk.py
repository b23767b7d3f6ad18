"""A terminal in a few lines, for tests: raw APDUs, status words as hexadecimal text."""

from __future__ import annotations

from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.profile import JPKI_AID


class Terminal:
    """Talks to a card; each call returns data and status word, `sw` the last status word."""

    def __init__(self, card: Card) -> None:
        self.card, self.sw = card, ""

    def send(self, apdu: str | bytes) -> bytes:
        answer = self.card.transmit(bytes.fromhex(apdu) if isinstance(apdu, str) else apdu)
        self.sw = answer[-2:].hex().upper()
        return answer[:-2]

    def ask(self, apdu: str | bytes) -> str:
        """The status word alone."""
        self.send(apdu)
        return self.sw

    def application(self, aid: bytes = JPKI_AID) -> str:
        return self.ask(b"\x00\xa4\x04\x0c" + bytes([len(aid)]) + aid)

    def file(self, file: int) -> str:
        return self.ask(b"\x00\xa4\x02\x0c\x02" + file.to_bytes(2, "big"))

    def tries(self, file: int) -> str:
        self.file(file)
        return self.ask("00200080")

    def verify(self, file: int, secret: str) -> str:
        self.file(file)
        return self.ask(b"\x00\x20\x00\x80" + bytes([len(secret)]) + secret.encode())

    def change(self, secret: str, command: str = "00240180") -> str:
        return self.ask(bytes.fromhex(command) + bytes([len(secret)]) + secret.encode())

    def read(self, file: int) -> bytes:
        """The whole file, physical end included; `sw` is that of the first refusal."""
        if self.file(file) != "9000":
            return b""
        content = b""
        while True:
            chunk = self.send(b"\x00\xb0" + len(content).to_bytes(2, "big") + b"\x00")
            if self.sw != "9000":
                if content:
                    self.sw = "9000"
                return content
            content += chunk

    def sign(self, data: bytes, *, p1: int = 0, p2: int = 0x80) -> bytes:
        return self.send(bytes([0x80, 0x2A, p1, p2, len(data)]) + data + b"\x00")
