"""BER-TLV as the card's files use it: tags of one or two bytes, lengths up to 65,535."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def tlv(tag: int, value: bytes) -> bytes:
    """One object; the length in as few bytes as it needs, but two where one would do for 256 and more."""
    return tag.to_bytes(2 if tag > 0xFF else 1, "big") + _length(len(value)) + value


def with_offsets(outer: int, table: int, fields: Sequence[bytes]) -> bytes:
    """An object whose first field tells at which offset of the file each of the others begins, two bytes each."""
    placeholder = tlv(table, bytes(2 * len(fields)))
    body_length = len(placeholder) + sum(map(len, fields))
    at = len(tlv(outer, bytes(body_length))) - body_length + len(placeholder)
    offsets = []
    for field in fields:
        offsets.append(at.to_bytes(2, "big"))
        at += len(field)
    return tlv(outer, tlv(table, b"".join(offsets)) + b"".join(fields))


def objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and value of each object in a row; tags of one byte.

    Raises:
        ValueError: something that is no such object.
    """
    at = 0
    while at < len(data):
        tag, head = data[at], data[at + 1 : at + 4]
        if head[:1] == b"\x82":
            length, begin = int.from_bytes(head[1:], "big"), at + 4
        elif head[:1] == b"\x81":
            length, begin = int.from_bytes(head[1:2], "big"), at + 3
        elif head and head[0] < 0x80:
            length, begin = head[0], at + 2
        else:
            raise ValueError("no TLV length")
        if begin + length > len(data):
            raise ValueError("a TLV value runs past the end")
        yield tag, data[begin : begin + length]
        at = begin + length


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    return b"\x81" + bytes([length]) if length < 0x100 else b"\x82" + length.to_bytes(2, "big")
