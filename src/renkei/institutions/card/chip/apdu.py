"""Command APDUs, short and extended (ISO/IEC 7816-4 §5.1, 5.2). Bytes in, values out."""

from __future__ import annotations

from dataclasses import dataclass

from renkei.institutions.card.chip.words import Refusal, Sw

HEADER_BYTES = 4
APDU_BYTES_MAX = HEADER_BYTES + 3 + 0xFFFF + 2
SHORT_MAX = 256
EXTENDED_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Command:
    """A command. `le` is the most answer bytes that are wanted, None where no data are expected."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None

    def __repr__(self) -> str:
        """The data may be a PIN."""
        return f"Command({self.cla:02X}{self.ins:02X}{self.p1:02X}{self.p2:02X}, {len(self.data)} bytes)"


def parse(apdu: bytes) -> Command:
    """Read a command.

    Raises:
        Refusal: 6700, the lengths do not fit the bytes.
    """
    if not HEADER_BYTES <= len(apdu) <= APDU_BYTES_MAX:
        raise Refusal(Sw.WRONG_LENGTH)
    data, le = _body(apdu[HEADER_BYTES:])
    return Command(apdu[0], apdu[1], apdu[2], apdu[3], data, le)


def _body(body: bytes) -> tuple[bytes, int | None]:
    """Data field and Le. The case numbers are those of the standard; E marks the extended form."""
    if not body:
        return b"", None  # case 1
    if len(body) == 1:
        return b"", body[0] or SHORT_MAX  # case 2
    if body[0]:
        return _split(body, 1, body[0], le_bytes=1, most=SHORT_MAX)  # cases 3 and 4
    if len(body) == 3:
        return b"", int.from_bytes(body[1:], "big") or EXTENDED_MAX  # case 2E
    length = int.from_bytes(body[1:3], "big")
    if not length:
        raise Refusal(Sw.WRONG_LENGTH)
    return _split(body, 3, length, le_bytes=2, most=EXTENDED_MAX)  # cases 3E and 4E


def _split(body: bytes, begin: int, length: int, *, le_bytes: int, most: int) -> tuple[bytes, int | None]:
    end = begin + length
    if len(body) == end:
        return body[begin:], None
    if len(body) == end + le_bytes:
        return body[begin:end], int.from_bytes(body[end:], "big") or most
    raise Refusal(Sw.WRONG_LENGTH)
