"""Commands to a card and its answers (ISO/IEC 7816-4), short form, over any transport."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from renkei.institutions.card.host.errors import CardAnswerUnexpected

Transmit: TypeAlias = Callable[[bytes], bytes]
"""Sends one command and returns data and status word; raises CardRemoved when the card is gone."""

READ_MAX = 256
ANSWER_BYTES_MAX = 65_536
MORE_MAX = ANSWER_BYTES_MAX // READ_MAX


class Sw(IntEnum):
    """Status words that mean something here."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    NOT_ALLOWED = 0x6982
    PIN_BLOCKED = 0x6983
    PIN_BLOCKED_TOO = 0x6984  # this card answers so (OpenSC, jpki)
    CONDITIONS = 0x6985
    FILE_MISSING = 0x6A82
    RECORD_MISSING = 0x6A83
    DATA_MISSING = 0x6A88
    OFFSET_WRONG = 0x6B00


BLOCKED = frozenset({Sw.PIN_BLOCKED, Sw.PIN_BLOCKED_TOO})
ABSENT = frozenset({Sw.FILE_MISSING, Sw.RECORD_MISSING, Sw.DATA_MISSING})
TRIES = 0x63C0


class Answer(NamedTuple):
    """What a card answers."""

    data: bytes
    sw: int

    def __repr__(self) -> str:
        return f"Answer({len(self.data)} bytes, {self.sw:04X})"


def select_application(aid: bytes) -> bytes:
    """SELECT by name; no answer data wanted."""
    return b"\x00\xa4\x04\x0c" + bytes([len(aid)]) + aid


def select_file(file: int) -> bytes:
    """SELECT a file below the selected application."""
    return b"\x00\xa4\x02\x0c\x02" + file.to_bytes(2, "big")


def read_binary(offset: int, length: int = READ_MAX) -> bytes:
    """READ BINARY of the selected file; 256 is written 0."""
    return b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([length % READ_MAX])


def query_tries() -> bytes:
    """VERIFY without data: the card tells the tries left and spends none."""
    return b"\x00\x20\x00\x80"


def verify(secret: bytes) -> bytes:
    """VERIFY the selected PIN."""
    return b"\x00\x20\x00\x80" + bytes([len(secret)]) + secret


def change(secret: bytes) -> bytes:
    """CHANGE REFERENCE DATA of the selected PIN, which was verified before."""
    return b"\x00\x24\x01\x80" + bytes([len(secret)]) + secret


def sign(data: bytes) -> bytes:
    """PERFORM SECURITY OPERATION: COMPUTE DIGITAL SIGNATURE with the selected key."""
    return b"\x80\x2a\x00\x80" + bytes([len(data)]) + data + b"\x00"


def exchange(transmit: Transmit, command: bytes) -> Answer:
    """Send a command; fetch what the card holds back (61xx), repeat with the length that it names (6Cxx).

    Raises:
        CardAnswerUnexpected: an answer without a status word, or one that never ends.
    """
    answer = _split(transmit(command))
    if answer.sw >> 8 == 0x6C:
        answer = _split(transmit(command[:-1] + bytes([answer.sw & 0xFF])))
    data = answer.data
    for _ in range(MORE_MAX):
        if answer.sw >> 8 != 0x61:
            return Answer(data, answer.sw)
        answer = _split(transmit(b"\x00\xc0\x00\x00" + bytes([answer.sw & 0xFF])))
        data += answer.data
        if len(data) > ANSWER_BYTES_MAX:
            break
    raise CardAnswerUnexpected(status=f"{answer.sw:04X}")


def _split(raw: bytes) -> Answer:
    if len(raw) < 2 or len(raw) > ANSWER_BYTES_MAX + 2:
        raise CardAnswerUnexpected(status="-")
    return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))
