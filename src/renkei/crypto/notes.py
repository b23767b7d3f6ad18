"""Signed notes, log checkpoints and witness cosignatures in the formats of C2SP.

Sources: c2sp.org/signed-note (Ed25519, type 0x01), c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature
(cosignature/v1, type 0x04). A note is text, an empty line and one signature line per key:

    example.org/log
    42
    <base64 of the root>

    — example.org/log <base64 of key id ‖ signature>
    — commission.example/witness <base64 of key id ‖ time ‖ signature>

Keys and times are handed in; Ed25519 is deterministic, so the same input gives the same note.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from renkei.crypto.errors import NoteMalformed, SignatureInvalid, SignatureMissing
from renkei.crypto.merkle import HASH_BYTES

NOTE_BYTES_MAX = 1 << 20
SIGNATURES_MAX = 100  # the specification asks for at least 16

_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64
_LINE = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-fA-F]{8})\+(.+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class KeyKind(IntEnum):
    """Signature type of a key: the same Ed25519 key under another type has another key id."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key that we trust to sign notes under this name.

    Raises:
        NoteMalformed: an empty name, a name with a space or a plus sign, or a key that is not 32 bytes.
    """

    name: str
    kind: KeyKind
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != 32:
            raise NoteMalformed(private="an Ed25519 public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key)."""
        return hashlib.sha256(b"%b\n%c%b" % (self.name.encode(), self.kind, self.public)).digest()[:_KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key and the name it signs under; `repr` shows the name only."""

    name: str
    kind: KeyKind
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"NoteSigner({self.name!r})"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.kind, self.private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, verified or not."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line with its newline, to be appended to a note (what a witness answers)."""
        return f"{_LINE}{self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """Text ending in a newline, and its signature lines; nothing in it is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that verified; `time_s` (seconds since the epoch) is there for a cosignature."""

    key: VerifierKey
    time_s: int | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's tree head: who, how many leaves, which root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose log signature and cosignatures verified."""

    checkpoint: Checkpoint
    cosignatures: tuple[Verified, ...] = ()


# --- verifier keys ---


def format_vkey(key: VerifierKey) -> str:
    """The key as text: `<name>+<key id in hex>+<base64 of type ‖ public key>`."""
    return f"{key.name}+{key.key_id.hex()}+{b64encode(bytes([key.kind]) + key.public).decode()}"


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        NoteMalformed: another form, an unknown signature type, or a key id that is not the key's own.
    """
    found = _VKEY.fullmatch(text)
    if found is None:
        raise NoteMalformed(private="not a verifier key")
    material = _decode_base64(found[3])
    if not material or material[0] not in tuple(KeyKind):
        raise NoteMalformed(private="a signature type that we do not use")
    key = VerifierKey(found[1], KeyKind(material[0]), material[1:])
    if key.key_id != bytes.fromhex(found[2]):
        raise NoteMalformed(private="the key id is not that of the key")
    return key


# --- notes ---


def parse_note(raw: bytes) -> Note:
    """Split a signed note into text and signature lines; verifies nothing.

    Raises:
        NoteMalformed: not UTF-8, a control character, no signature line, or one that is not well formed.
    """
    if len(raw) > NOTE_BYTES_MAX:
        raise NoteMalformed(private="the note is too long")
    try:
        whole = raw.decode()
    except UnicodeDecodeError as failed:
        raise NoteMalformed(private="the note is not UTF-8") from failed
    text, empty, lines = whole.rpartition("\n\n")  # the text may hold empty lines; the last one ends it
    if not empty or not text or not lines.endswith("\n") or _CONTROL.search(whole):
        raise NoteMalformed(private="no text, no signature line or a control character")
    rows = lines[:-1].split("\n")
    if len(rows) > SIGNATURES_MAX:
        raise NoteMalformed(private="too many signatures")
    return Note(text + "\n", tuple(_parse_line(row) for row in rows))


def format_note(note: Note) -> bytes:
    """The note as bytes.

    Raises:
        NoteMalformed: text or signatures that `parse_note` would read otherwise.
    """
    raw = f"{note.text}\n{''.join(signature.line for signature in note.signatures)}".encode()
    if parse_note(raw) != note:
        raise NoteMalformed(private="text that would not survive the way")
    return raw


def sign_text(text: str, signer: NoteSigner, *, time_s: int | None = None) -> NoteSignature:
    """One signature over a note's text.

    Args:
        text: ends in a newline.
        signer: of either kind.
        time_s: seconds since the epoch, for a cosignature and only for one.

    Raises:
        ValueError: a cosignature without time, or a plain signature with one.
    """
    if (signer.kind is KeyKind.COSIGNATURE) != (time_s is not None):
        raise ValueError("a cosignature carries a time, and nothing else does")
    prefix = b"" if time_s is None else time_s.to_bytes(_TIME_BYTES, "big")
    signature = signer.private.sign(_signed_message(text, time_s))
    return NoteSignature(signer.name, signer.verifier.key_id, prefix + signature)


def verify_note(note: Note, keys: Sequence[VerifierKey]) -> tuple[Verified, ...]:
    """Verify the signatures of the keys that we know; lines of unknown keys are passed over.

    Returns:
        One entry per known key that signed, in the order of the lines; a key that signed twice counts once.

    Raises:
        SignatureInvalid: a line of a known key does not verify (the whole note is then refused).
        SignatureMissing: no known key signed.
    """
    known = {(key.name, key.key_id): key for key in keys}
    verified: dict[VerifierKey, Verified] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        found = _verify_line(note.text, line, key)
        verified.setdefault(key, found)
    if not verified:
        raise SignatureMissing(private="no signature by a known key")
    return tuple(verified.values())


def _verify_line(text: str, line: NoteSignature, key: VerifierKey) -> Verified:
    time_s: int | None = None
    signature = line.signature
    if key.kind is KeyKind.COSIGNATURE:
        time_s, signature = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
    if len(signature) != _SIGNATURE_BYTES or (time_s or 0) >= 1 << 63:
        raise SignatureInvalid(private="a signature of the wrong length or time")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, _signed_message(text, time_s))
    except (InvalidSignature, ValueError) as failed:
        raise SignatureInvalid(private="a known key's signature does not verify") from failed
    return Verified(key, time_s)


def _signed_message(text: str, time_s: int | None) -> bytes:
    """What Ed25519 signs: the text itself, or for a cosignature the text below two lines of its own."""
    return (text if time_s is None else f"cosignature/v1\ntime {time_s}\n{text}").encode()


# --- checkpoints ---


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text of a checkpoint, to be signed.

    Raises:
        NoteMalformed: a field that `parse_checkpoint` would read otherwise.
    """
    lines = [checkpoint.origin, str(checkpoint.size), b64encode(checkpoint.root).decode(), *checkpoint.extensions]
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise NoteMalformed(private="not a checkpoint")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint note (origin, size, root, extension lines).

    Raises:
        NoteMalformed: an empty line, a size with leading zeroes, or a root that is not 32 bytes.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise NoteMalformed(private="not a checkpoint")
    root = _decode_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteMalformed(private="the root is not 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The log's own signed checkpoint as bytes, before any witness has seen it."""
    text = format_checkpoint(checkpoint)
    return format_note(Note(text, (sign_text(text, signer),)))


def cosign(raw: bytes, signer: NoteSigner, *, time_s: int) -> NoteSignature:
    """A witness's cosignature over a checkpoint note.

    The witness states that this is the largest consistent tree it has seen: it must first have verified the log's
    signature (`verify_checkpoint`) and the consistency with the tree it saw before (`merkle.verify_consistency`).

    Args:
        raw: the signed checkpoint.
        signer: of kind COSIGNATURE.
        time_s: now, in seconds since the epoch.
    """
    text = parse_note(raw).text
    parse_checkpoint(text)
    return sign_text(text, signer, time_s=time_s)


def add_signatures(raw: bytes, signatures: Sequence[NoteSignature]) -> bytes:
    """The same note with further signature lines; a line that is already there is not repeated."""
    note = parse_note(raw)
    fresh = tuple(signature for signature in signatures if signature not in note.signatures)
    return format_note(Note(note.text, note.signatures + fresh))


def verify_checkpoint(
    raw: bytes, log: VerifierKey, *, witnesses: Sequence[VerifierKey] = (), witnesses_min: int = 0
) -> SignedCheckpoint:
    """Read a checkpoint that its log signed and enough witnesses cosigned.

    Args:
        raw: the note as published.
        log: the log's key; its name must be the checkpoint's origin.
        witnesses: cosignature keys that we trust.
        witnesses_min: how many different witnesses must have cosigned.

    Raises:
        NoteMalformed: not a checkpoint note.
        SignatureInvalid: a known key's signature does not verify, or the origin is another log's.
        SignatureMissing: the log or too few witnesses signed.
    """
    note = parse_note(raw)
    verified = verify_note(note, [log, *witnesses])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise SignatureInvalid(private="the checkpoint is of another log")
    if all(found.key != log for found in verified):
        raise SignatureMissing(private="the log itself did not sign")
    cosignatures = tuple(found for found in verified if found.key != log)
    if len(cosignatures) < witnesses_min:
        raise SignatureMissing(private="too few witnesses cosigned")
    return SignedCheckpoint(checkpoint, cosignatures)


# --- small parts ---


def _parse_line(row: str) -> NoteSignature:
    name, space, encoded = row.removeprefix(_LINE).partition(" ")
    if not row.startswith(_LINE) or not space:
        raise NoteMalformed(private="not a signature line")
    _check_name(name)
    raw = _decode_base64(encoded)
    if len(raw) <= _KEY_ID_BYTES:
        raise NoteMalformed(private="a signature line without a signature")
    return NoteSignature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(mark.isspace() for mark in name) or _CONTROL.search(name):
        raise NoteMalformed(private="a key name is empty or holds a space or a plus sign")


def _decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical form, so that a note has one reading."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as failed:
        raise NoteMalformed(private="not base64") from failed
    if b64encode(raw).decode() != text:
        raise NoteMalformed(private="base64 that is not canonical")
    return raw
