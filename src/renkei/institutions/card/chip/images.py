"""The small pictures of the card's face: one bit deep PNGs, drawn here, each plainly a specimen (見本)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_SPECIMEN = (
    "..########.......##.....",
    "..#......#.......##.....",
    "..########..############",
    "..#......#......####....",
    "..########.....#.##.#...",
    "..#......#....#..##..#..",
    "..########...#...##...#.",
    "....#..#....#....##....#",
    "....#..#.......######...",
    "...#...#..#......##.....",
    "..#....#..#......##.....",
    "##......###......##.....",
)
"""見本, twelve pixels high."""

_DIGITS = (
    "###.#.#.#.#.###", ".#.##..#..#.###", "###..#####..###", "###..####..####", "#.##.####..#..#",
    "####..###..####", "####..####.####", "###..#.#..#..#.", "####.#####.####", "####.####..####",
)  # fmt: skip
_DIGIT_WIDTH, _DIGIT_HEIGHT = 3, 5


def specimen() -> bytes:
    """A PNG that says 見本, 24 by 12."""
    return png(_SPECIMEN)


def digits(text: str) -> bytes:
    """A PNG of digits, six pixels wide each and twelve high, as on the card's face (12 digits: 72 by 12).

    Raises:
        ValueError: something else than digits.
    """
    if not (text.isascii() and text.isdigit()):
        raise ValueError("digits only")
    blank = "." * 6 * len(text)
    rows = [blank, blank]
    for row in range(_DIGIT_HEIGHT):
        start = row * _DIGIT_WIDTH
        line = ".".join("." + _DIGITS[int(digit)][start : start + _DIGIT_WIDTH] + "." for digit in text) + "."
        rows.append(line)
    return png([*rows, *[blank] * (12 - len(rows))])


def png(rows: Sequence[str]) -> bytes:
    """Rows of `#` (black) and `.` (white) as a PNG of one bit depth."""
    width = len(rows[0])
    lines = []
    for row in rows:
        bits = "".join("0" if mark == "#" else "1" for mark in row).ljust(-(-width // 8) * 8, "0")
        lines.append(b"\x00" + int(bits, 2).to_bytes(len(bits) // 8, "big"))
    head = struct.pack(">IIBBBBB", width, len(rows), 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
