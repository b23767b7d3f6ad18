"""Linkage codes (符号): one person, a different code at every body, reversible only inside the core.

    handle = HMAC-SHA-256(handle key, "renkei handle v1" || resident record code), first 16 bytes
    key    = HKDF-SHA-256(master of the epoch, info = "renkei code key v1" || epoch || body id), 64 bytes
    code   = epoch (1 byte) || AES-256-SIV(key, associated data = epoch || body id, plaintext = handle)

AES-SIV (RFC 5297) is deterministic, so one person has one code at one body and epoch, and authenticated, so a
code of another body, or an altered one, does not open. Only the core (`linkage`) holds these keys; nothing else
may import this module.

Source: 番号法施行令 26条–27条の4 (a code is derived from the resident record code, not reversible by its holder,
unique within the body and different from every other body's code for the same person).
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from renkei.base.errors import Failed
from renkei.crypto.errors import CodeForeign

HANDLE_BYTES: Final = 16
CODE_BYTES: Final = 33
CODE_TEXT_CHARS: Final = 44
KEY_BYTES: Final = 32
EPOCH_MAX: Final = 255

_HANDLE_LABEL: Final = b"renkei handle v1"
_KEY_LABEL: Final = b"renkei code key v1"
_FILE_FORMAT: Final = "renkei code keys v1"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# Plain base64's own "+", "/" and "=" are mapped to a character that strict decoding refuses.
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_RESIDENT_RECORD_CODE: Final = re.compile(r"[0-9]{11}", re.ASCII)


class KeyUse(StrEnum):
    """What a set of code keys was made for; a demonstration's keys never serve a production role."""

    DEMONSTRATION = "demonstration"
    PRODUCTION = "production"


class KeyFileUnusable(Failed):
    """A file of code keys that is missing, malformed, or in the way of a new one."""

    code = "key_file_unusable"
    ja = "符号の鍵ファイル（{file}）を読み書きできません。置き場所と中身を確かめて、やり直してください。"
    en = "The file of code keys ({file}) cannot be read or written. Check its place and content, then try again."


class KeyFileExposed(Failed):
    """A file of code keys that others than its owner may read."""

    code = "key_file_exposed"
    ja = "符号の鍵ファイル（{file}）を所有者以外も読めるため使いません。権限を0600にしてやり直してください。"
    en = "The file of code keys ({file}) is open to others than its owner, so it is not used. Set its mode to 0600."


class KeyUseMismatch(Failed):
    """Code keys made for another use than this process."""

    code = "key_use_mismatch"
    ja = "符号の鍵ファイル（{file}）の用途（{found}）がこの起動（{wanted}）と違います。正しい鍵を指定してください。"
    en = "The code keys in {file} are made for {found}, but this process runs for {wanted}. Name the right key file."


class _BodyKey(NamedTuple):
    encrypt: Callable[[bytes, list[bytes]], bytes]
    decrypt: Callable[[bytes, list[bytes]], bytes]
    data: list[bytes]


class CodeKeys:
    """The core's keys for handles and codes.

    Codes are issued under the newest epoch; codes of every epoch held here still open.

    Args:
        handle_key: 32 bytes; constant for the life of the network (another key means other handles).
        masters: 32-byte master key by epoch, 0..255; at least one.
        use: what the keys were made for.

    Raises:
        ValueError: a key or an epoch has the wrong size.
    """

    __slots__ = ("_by_body", "_handle_key", "_masters", "_prefix", "epoch", "use")

    def __init__(self, handle_key: bytes, masters: Mapping[int, bytes], *, use: KeyUse = KeyUse.DEMONSTRATION) -> None:
        if len(handle_key) != KEY_BYTES or any(len(master) != KEY_BYTES for master in masters.values()):
            raise ValueError("code keys have 32 bytes")
        if not masters or not all(0 <= epoch <= EPOCH_MAX for epoch in masters):
            raise ValueError("code keys need one epoch or more, each 0..255")
        self._handle_key = handle_key
        self._masters = dict(masters)
        self._by_body: dict[str, dict[int, _BodyKey]] = {}
        self.epoch: Final = max(masters)
        self._prefix = bytes((self.epoch,))
        self.use: Final = use

    def __repr__(self) -> str:
        return f"CodeKeys(use={self.use.value!r}, epochs={sorted(self._masters)}, keys=***)"

    def handle(self, resident_record_code: str) -> bytes:
        """The 16-byte person handle of one resident record code (住民票コード, 11 digits).

        Raises:
            ValueError: not 11 digits; the check digit is the caller's to check.
        """
        if _RESIDENT_RECORD_CODE.fullmatch(resident_record_code) is None:
            raise ValueError("a resident record code has 11 digits")
        message = _HANDLE_LABEL + resident_record_code.encode("ascii")
        return hmac.digest(self._handle_key, message, "sha256")[:HANDLE_BYTES]

    def issue(self, body_id: str, handle: bytes) -> bytes:
        """The 33-byte code of this person at this body, under the newest epoch; the same on every call.

        Raises:
            ValueError: the handle has not 16 bytes.
        """
        if len(handle) != HANDLE_BYTES:
            raise ValueError("a handle has 16 bytes")
        key = self._keys_of(body_id)[self.epoch]
        return self._prefix + key.encrypt(handle, key.data)

    def issue_many(self, body_id: str, handles: Iterable[bytes]) -> list[bytes]:
        """`issue` for many people of one body, in order.

        Raises:
            ValueError: a handle has not 16 bytes.
        """
        encrypt, _, data = self._keys_of(body_id)[self.epoch]
        prefix = self._prefix
        codes = [prefix + encrypt(handle, data) for handle in handles]
        if any(len(code) != CODE_BYTES for code in codes):
            raise ValueError("a handle has 16 bytes")
        return codes

    def handle_of(self, body_id: str, code: bytes) -> bytes:
        """The person handle behind this body's code.

        Raises:
            CodeForeign: altered, of another body, or of an epoch that is not held.
        """
        key = self._keys_of(body_id).get(code[0]) if len(code) == CODE_BYTES else None
        if key is None:
            raise CodeForeign(private=f"not a code of an epoch held, at {body_id}")
        try:
            return key.decrypt(code[1:], key.data)
        except InvalidTag:
            raise CodeForeign(private=f"a code does not open at {body_id}") from None

    def handles_of(self, body_id: str, codes: Iterable[bytes]) -> list[bytes | None]:
        """`handle_of` for many codes of one body, in order; None stands where `handle_of` would raise."""
        keys = self._keys_of(body_id)
        handles: list[bytes | None] = []
        append = handles.append
        for code in codes:
            key = keys.get(code[0]) if len(code) == CODE_BYTES else None
            if key is None:
                append(None)
                continue
            try:
                append(key.decrypt(code[1:], key.data))
            except InvalidTag:
                append(None)
        return handles

    def translate(self, code: bytes, from_body: str, to_body: str) -> bytes:
        """The code at `to_body` of the person behind `from_body`'s code (one decryption, one encryption).

        Raises:
            CodeForeign: the code is not `from_body`'s.
        """
        return self.issue(to_body, self.handle_of(from_body, code))

    def translate_many(self, codes: Iterable[bytes], from_body: str, to_body: str) -> list[bytes | None]:
        """`translate` for many codes between the same two bodies; None stands for a foreign code."""
        handles = self.handles_of(from_body, codes)
        issued = iter(self.issue_many(to_body, (handle for handle in handles if handle is not None)))
        return [None if handle is None else next(issued) for handle in handles]

    def reissue(self, body_id: str, code: bytes) -> bytes:
        """The same person's code at the same body under the newest epoch.

        Raises:
            CodeForeign: the code is not this body's.
        """
        return self.translate(code, body_id, body_id)

    def next_epoch(self, master: bytes) -> CodeKeys:
        """These keys with one newer epoch, under which codes are issued from then on."""
        return CodeKeys(self._handle_key, {**self._masters, self.epoch + 1: master}, use=self.use)

    def without_epochs_before(self, epoch: int) -> CodeKeys:
        """These keys without the epochs before `epoch`: their codes open no more."""
        kept = {number: master for number, master in self._masters.items() if number >= epoch}
        return CodeKeys(self._handle_key, kept, use=self.use)

    def _keys_of(self, body_id: str) -> dict[int, _BodyKey]:
        """The body's key of every epoch, derived once. Bounded by the register: callers pass registered bodies."""
        keys = self._by_body.get(body_id)
        if keys is None:
            keys = {epoch: _derive(master, epoch, body_id) for epoch, master in self._masters.items()}
            self._by_body[body_id] = keys
        return keys


def _derive(master: bytes, epoch: int, body_id: str) -> _BodyKey:
    label = bytes((epoch,)) + body_id.encode("utf-8")
    siv = AESSIV(HKDF(hashes.SHA256(), 64, None, _KEY_LABEL + label).derive(master))
    return _BodyKey(siv.encrypt, siv.decrypt, [label])


def code_to_text(code: bytes) -> str:
    """A code on the wire: base64url without padding, 44 characters."""
    return b2a_base64(code, newline=False).translate(_TO_URL).decode("ascii")


def code_from_text(text: str) -> bytes:
    """Read a code from the wire.

    Raises:
        CodeForeign: not the 44 base64url characters of a code.
    """
    try:
        if len(text) == CODE_TEXT_CHARS:
            return a2b_base64(text.encode("ascii").translate(_FROM_URL), strict_mode=True)
    except (Base64Error, UnicodeEncodeError):
        pass
    raise CodeForeign(private="not the text form of a code")


def codes_to_text(codes: Sequence[bytes]) -> list[str]:
    """`code_to_text` for many codes: one encoding, then cut (33 bytes are exactly 44 characters)."""
    if any(len(code) != CODE_BYTES for code in codes):
        raise ValueError("a code has 33 bytes")
    text = b2a_base64(b"".join(codes), newline=False).translate(_TO_URL).decode("ascii")
    return [text[start : start + CODE_TEXT_CHARS] for start in range(0, len(text), CODE_TEXT_CHARS)]


# --- the key file ---


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    use: KeyUse
    handle_key: str
    masters: dict[str, str]


def generate_keys(*, use: KeyUse) -> CodeKeys:
    """Fresh keys from the operating system's random source, epoch 1."""
    return CodeKeys(secrets.token_bytes(KEY_BYTES), {1: secrets.token_bytes(KEY_BYTES)}, use=use)


def demonstration_keys(seed: str) -> CodeKeys:
    """The same keys for the same seed, for a synthetic country; marked so that no production role takes them."""
    derived = HKDF(hashes.SHA256(), 2 * KEY_BYTES, None, b"renkei demonstration code keys v1").derive(seed.encode())
    return CodeKeys(derived[:KEY_BYTES], {1: derived[KEY_BYTES:]}, use=KeyUse.DEMONSTRATION)


def save_keys(keys: CodeKeys, path: Path) -> None:
    """Write the keys to a new file that only its owner can read (mode 0600).

    Raises:
        KeyFileUnusable: the file exists already (keys are never overwritten) or cannot be written.
    """
    content = _KeyFile(
        format=_FILE_FORMAT,
        use=keys.use,
        handle_key=b64encode(keys._handle_key).decode(),
        masters={str(epoch): b64encode(master).decode() for epoch, master in sorted(keys._masters.items())},
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise KeyFileUnusable(file=path.name, private="exists, and keys are never overwritten") from error
    except OSError as error:
        raise KeyFileUnusable(file=path.name, private=str(error)) from error


def load_keys(path: Path, *, use: KeyUse) -> CodeKeys:
    """Read the keys from a file made by `save_keys`.

    Args:
        use: what this process runs as; keys made for another use are refused.

    Raises:
        KeyFileUnusable: missing or malformed.
        KeyFileExposed: others than its owner may read it.
        KeyUseMismatch: made for another use.
    """
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyFileExposed(file=path.name, private=str(path))
            content = msgspec.json.decode(file.read(), type=_KeyFile)
        if content.format != _FILE_FORMAT:
            raise KeyFileUnusable(file=path.name, private="unknown format")
        if content.use is not use:
            raise KeyUseMismatch(file=path.name, found=content.use.value, wanted=use.value)
        masters = {int(epoch): b64decode(master, validate=True) for epoch, master in content.masters.items()}
        return CodeKeys(b64decode(content.handle_key, validate=True), masters, use=content.use)
    except OSError as error:
        raise KeyFileUnusable(file=path.name, private=str(error)) from error
    except ValueError as error:  # msgspec's and base64's errors are ValueErrors, and so are wrong key sizes
        raise KeyFileUnusable(file=path.name, private=f"malformed: {type(error).__name__}") from None
