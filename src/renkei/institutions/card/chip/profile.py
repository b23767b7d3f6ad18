"""What one generation of cards is, as data: algorithm, PINs, applications, and who may read which file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OPEN: frozenset[str] = frozenset()
"""Readable with nothing presented."""

FOUR_DIGITS = re.compile(rb"[0-9]{4}")
PASSWORD = re.compile(rb"[A-Z0-9]{6,16}")
TWELVE_DIGITS = re.compile(rb"[0-9]{12}")
FOURTEEN_DIGITS = re.compile(rb"[0-9]{14}")
SIX_DIGITS = re.compile(rb"[0-9]{6}")

CHANGE_REFERENCE_DATA = (0x00, 0x24, 0x01)
CHANGE_KEY = (0x80, 0x32, 0x00)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRule:
    """A PIN, a password, or a number printed on the card that serves as one."""

    form: re.Pattern[bytes]
    tries_max: int
    change: tuple[int, int, int] | None = None
    """Class, instruction and P1 of the command by which the holder changes it; None where only the counter does."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be read: what is in it, and which secrets open it (any of them does)."""

    content: str
    opened_by: frozenset[str] = OPEN
    record: bool = False
    """One record, read by READ RECORD; otherwise transparent."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key: it signs once its secret was verified, or with nothing presented."""

    key: str
    opened_by: frozenset[str] = OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application: its name and what lies under it, by file identifier."""

    name: str
    aid: bytes
    files: Mapping[int, File] = field(default_factory=dict)
    secrets: Mapping[int, str] = field(default_factory=dict)
    keys: Mapping[int, KeyFile] = field(default_factory=dict)
    default_key: int | None = None
    """The key that COMPUTE DIGITAL SIGNATURE uses with P2 = 00."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """One generation of cards."""

    name: str
    algorithm: Literal["RS256", "ES384"]
    token_label: str
    secrets: Mapping[str, SecretRule]
    applications: tuple[Application, ...]
    own_use_secret: str
    """By which the holder agrees to what is written into an own-use area."""
    source: str

    def application(self, aid: bytes) -> Application | None:
        """The application of exactly this name."""
        return next((application for application in self.applications if application.aid == aid), None)


def _any(*secrets: str) -> frozenset[str]:
    return frozenset(secrets)


def _four_digits(tries_max: int = 3, change: tuple[int, int, int] = CHANGE_REFERENCE_DATA) -> SecretRule:
    return SecretRule(form=FOUR_DIGITS, tries_max=tries_max, change=change)


PRINTED: Mapping[str, SecretRule] = {
    "number_a": SecretRule(form=TWELVE_DIGITS, tries_max=10),  # 照合番号A: the personal number
    "number_b": SecretRule(form=FOURTEEN_DIGITS, tries_max=10),  # 照合番号B: YYMMDD of the era, expiry year, code
    "birth": SecretRule(form=SIX_DIGITS, tries_max=10),  # YYMMDD of the era
}

JPKI_AID = bytes.fromhex("D392F000260100000001")
SUPPORT_AID = bytes.fromhex("D3921000310001010408")
FACE_AID = bytes.fromhex("D3921000310001010402")
REGISTER_AID = bytes.fromhex("D3921000310001010401")
COMMON_AID = bytes.fromhex("D3921000310001010100")

_JPKI_FILES: Mapping[int, File] = {
    0x0001: File("signature_certificate", _any("signature")),
    0x0002: File("signature_authority"),
    0x0006: File("token_info"),
    0x0008: File("availability"),
    0x000A: File("authentication_certificate"),
    0x000B: File("authentication_authority"),
}
_JPKI = Application(
    name="jpki",
    aid=JPKI_AID,
    files=_JPKI_FILES,
    secrets={0x0018: "authentication", 0x001B: "signature"},
    keys={
        0x0017: KeyFile("authentication", _any("authentication")),
        0x001A: KeyFile("signature", _any("signature")),
    },
)


def _support_files(pin: str) -> dict[int, File]:
    every = _any(pin, "number_a", "number_b")
    return {
        0x0001: File("number", _any(pin, "number_a")),
        0x0002: File("items", _any(pin, "number_b")),
        0x0003: File("integrity", every),
        0x0004: File("record_certificate"),
        0x0005: File("support_basics"),
        0x0007: File("signed_key", every),
    }


PRESENT = Profile(
    name="rsa-2048",
    algorithm="RS256",
    token_label="JPKIAPICCTOKEN2",
    secrets={
        "authentication": _four_digits(),
        "signature": SecretRule(form=PASSWORD, tries_max=5, change=CHANGE_REFERENCE_DATA),
        "items": _four_digits(),
        "common": _four_digits(change=CHANGE_KEY),
        "register": _four_digits(change=CHANGE_KEY),
        **PRINTED,
    },
    applications=(
        _JPKI,
        Application(
            name="support",  # 券面事項入力補助
            aid=SUPPORT_AID,
            files=_support_files("items"),
            secrets={0x0011: "items", 0x0014: "number_a", 0x0015: "number_b"},
            keys={0x0013: KeyFile("card")},
            default_key=0x0013,
        ),
        Application(
            name="face",  # 券面事項確認
            aid=FACE_AID,
            files={
                0x0001: File("age_record", _any("birth")),
                0x0002: File("face", _any("number_a", "number_b")),
                0x0003: File("face_basics"),
                0x0004: File("record_certificate"),
                0x0005: File("number_image", _any("number_a")),
            },
            secrets={0x0011: "birth", 0x0012: "number_b", 0x0013: "number_a"},
            keys={0x001A: KeyFile("card")},
            default_key=0x001A,
        ),
        Application(
            name="register",  # 住基: of its content only a key reference is publicly known
            aid=REGISTER_AID,
            files={0x0002: File("key_reference", record=True)},
            secrets={0x001C: "register"},
        ),
        Application(
            name="common",  # 共通
            aid=COMMON_AID,
            files={0x0001: File("card_record", record=True), 0x0002: File("key_reference", record=True)},
            secrets={0x001C: "common"},
        ),
    ),
    own_use_secret="items",
    source="OpenSC src/libopensc/jpki.h, card-jpki.c; jpki/myna; siketyan/jpki-rs; soltia48/myna-card 3.3 (card dumps)",
)
"""The cards issued since January 2016."""

NEXT = Profile(
    name="p-384",
    algorithm="ES384",
    token_label="RENKEI-NEXT",
    secrets={
        "authentication": _four_digits(),
        "signature": SecretRule(form=PASSWORD, tries_max=5, change=CHANGE_REFERENCE_DATA),
        **PRINTED,
    },
    applications=(
        _JPKI,
        Application(
            name="face",
            aid=SUPPORT_AID,
            files={
                **_support_files("authentication"),
                0x000C: File("age_record", _any("birth")),
                0x000D: File("face", _any("number_a", "number_b")),
                0x000E: File("number_image", _any("number_a")),
                0x000F: File("card_record", record=True),
            },
            secrets={0x0011: "authentication", 0x0012: "birth", 0x0014: "number_a", 0x0015: "number_b"},
            keys={0x0013: KeyFile("card")},
            default_key=0x0013,
        ),
    ),
    own_use_secret="authentication",
    source="Public: ECDSA P-384 with SHA-384, certificates of ten years, two applications (認証, 券面) and two PINs. "
    "The layout is not public: names and files here are carried over from the present card, our own reading.",
)
"""The coming generation, as far as it is publicly known; what is not is ours, and may not be relied on."""

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (PRESENT, NEXT)}
