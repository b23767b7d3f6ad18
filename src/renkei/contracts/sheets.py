"""Writing and reading sheets: a header and items whose exact bytes are hashed into a manifest."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from renkei.contracts.errors import MessageMalformed, TooManyItems
from renkei.contracts.exchange import ITEMS_MAX, HeaderT, ItemT, RawSheet, Sheet
from renkei.crypto.manifest import manifest_root
from renkei.crypto.sealing import seal_info

CORE = "core"
"""Body id under which the core signs."""

_encoder = msgspec.json.Encoder()
_bytes_decoder = msgspec.json.Decoder(list[bytes])
_TO_URL = bytes.maketrans(b"+/", b"-_")
# Plain base64's own "+", "/" and "=" are mapped to a character that strict decoding refuses, as is the escape.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING = (b"", b"===", b"==", b"=")
_FROM_JOINED = bytes.maketrans(b"-_+/=\\\0", b"+/!!!!=")
_STAND_INS = ("", "!", "\0\0", "\0")
_STAND_INS_COUNT = (0, 0, 2, 1)
_NUL = b"\\u0000"
"""How JSON writes U+0000, which not every database can store; no message needs it."""
StructT = TypeVar("StructT")


class WrittenSheet(NamedTuple):
    """A sheet ready for the wire."""

    body: bytes
    root: bytes
    header: bytes
    items: list[bytes]


def b64(data: bytes) -> str:
    """Base64url without padding, as everywhere on the wire."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Inverse of `b64`.

    Raises:
        MessageMalformed: not base64url.
    """
    try:
        return a2b_base64(text.encode("ascii").translate(_FROM_URL) + _PADDING[len(text) & 3], strict_mode=True)
    except ValueError as error:
        raise MessageMalformed(where="base64url") from error


def b64_many(data: Sequence[bytes]) -> list[str]:
    """`b64` for many values, several times faster: msgspec's encoder does them in one call."""
    if not data:
        return []
    return _encoder.encode(data).translate(_TO_URL, b'="')[1:-1].decode("ascii").split(",")


def unb64_many(texts: Sequence[str]) -> list[bytes]:
    """`unb64` for many values, several times faster: msgspec's decoder does them in one call.

    Raises:
        MessageMalformed: one of them is not base64url.
    """
    try:
        padded = '","'.join([text + _STAND_INS[len(text) & 3] for text in texts]).encode("ascii")
        # What could pass for the list's own signs must not come from a text.
        own_signs = padded.count(b'"') == 2 * max(len(texts) - 1, 0) and padded.count(b",") == max(len(texts) - 1, 0)
        if own_signs and padded.count(b"\0") == sum([_STAND_INS_COUNT[len(text) & 3] for text in texts]):
            return _bytes_decoder.decode(b'["' + padded.translate(_FROM_JOINED) + b'"]' if texts else b"[]")
    except ValueError as error:  # msgspec's errors are ValueErrors too
        raise MessageMalformed(where="base64url") from error
    raise MessageMalformed(where="base64url")


def as_text(value: str) -> str:
    """A member of a text enumeration as plain text; `value.value` is ten times slower, which counts once an item."""
    return str.__str__(value)


def write_sheet(header: msgspec.Struct, items: Iterable[msgspec.Struct]) -> WrittenSheet:
    """Encode a sheet once; the same bytes are hashed, signed and sent."""
    encode = _encoder.encode
    header_bytes = encode(header)
    item_bytes = [encode(item) for item in items]
    body = b'{"header":' + header_bytes + b',"items":[' + b",".join(item_bytes) + b"]}"
    return WrittenSheet(body, manifest_root(header_bytes, item_bytes), header_bytes, item_bytes)


def write_sheets(sheets: Sequence[WrittenSheet]) -> bytes:
    """Several sheets in one message (`PermitReply`)."""
    return b'{"sheets":[' + b",".join(sheet.body for sheet in sheets) + b"]}"


def read_sheet(raw: RawSheet, header: type[HeaderT], items: type[list[ItemT]]) -> Sheet[HeaderT, ItemT]:
    """Decode a sheet, keeping the bytes that were hashed.

    Args:
        raw: as decoded from the wire.
        header: type of the header.
        items: `list[...]` of the item's type.

    Raises:
        MessageMalformed: a member is missing, of the wrong type, or unknown.
        TooManyItems: more than `ITEMS_MAX`.
    """
    if len(raw.items) > ITEMS_MAX:
        raise TooManyItems(limit=ITEMS_MAX)
    header_bytes = bytes(raw.header)
    item_bytes = [bytes(item) for item in raw.items]
    return Sheet(
        header=decode(header_bytes, header),
        items=decode(b"[" + b",".join(item_bytes) + b"]", items),
        header_bytes=header_bytes,
        item_bytes=item_bytes,
    )


def sheet_root(raw: RawSheet) -> bytes:
    """Manifest root of a sheet still undecoded."""
    return manifest_root(bytes(raw.header), [bytes(item) for item in raw.items])


def decode(data: bytes, kind: type[StructT]) -> StructT:
    """Parse a message strictly.

    Raises:
        MessageMalformed: names the place, never the value.
    """
    if _NUL in data:
        raise MessageMalformed(where="U+0000")
    try:
        found: StructT = _decoder(cast("Hashable", kind)).decode(data)
        return found
    except msgspec.ValidationError as error:
        raise MessageMalformed(where=_place(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageMalformed(where="JSON") from error


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def encode(message: msgspec.Struct) -> bytes:
    """Canonical bytes of a message: declared order, no white space."""
    return _encoder.encode(message)


def _place(error: msgspec.ValidationError) -> str:
    """Where a message was wrong: a JSON path, or which kind of rule; never a value from the message."""
    text = str(error)
    _, found, path = text.rpartition(" - at `")
    return path.rstrip("`") if found else "top level"


def permit_info(*, provider: str, requester: str, batch: str) -> bytes:
    """HPKE `info` of a permit sheet: the core seals the provider's codes to the provider for this request only."""
    return seal_info("permit", sender=CORE, recipient=provider, batch_id=f"{requester}/{batch}")


def answer_info(*, provider: str, requester: str, presentation: str) -> bytes:
    """HPKE `info` of an answer: the provider seals payloads to the requester for this presentation only."""
    return seal_info("answer", sender=provider, recipient=requester, batch_id=presentation)
