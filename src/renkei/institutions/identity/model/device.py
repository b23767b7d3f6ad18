"""Codes that a person reads on one screen and types on another, and how often a client may ask. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from renkei.base.audit import AuditEvent
from renkei.base.encoding import fold_digits
from renkei.institutions.identity.model.asks import AskState, Standing
from renkei.institutions.identity.model.credentials import keyed_hash

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowel, so that no word comes of it, and no digit that looks like a letter (RFC 8628 §6.1: 20 letters)."""
CODE_LENGTH = 8
"""20^8 codes: 34.5 bits. With `GUESSES_MAX` a person's chance to hit one waiting device is 1 in 2.5 * 10^9."""
GUESSES_MAX = 10
GUESS_WINDOW = timedelta(minutes=10)

INTERVAL = timedelta(seconds=5)
"""Between two questions of a client (RFC 8628 §3.2, CIBA Core 1.0 §7.3), longer each time it is too fast."""
JITTER = timedelta(milliseconds=500)
"""By which a question may come early: clocks and networks are not exact."""

CALL_NUMBER_LENGTH = 8
CALL_NUMBER_LIFE = timedelta(minutes=5)
NUMBER_GUESSES_MAX = 100
"""Wrong call numbers of one client in `GUESS_WINDOW`: many counters mistype, but none may try 10^8 numbers."""

BINDING_MESSAGE_MAX = 80
DEVICE_NAME_MAX = 40

_LOOKALIKES = str.maketrans({"0": "Q", "O": "Q", "1": "L", "I": "L", "5": "S", "2": "Z", "8": "B", "U": "V"})


class Verdict(StrEnum):
    """What a waiting client is told."""

    READY = "ready"  # decided: the outcome can be used
    PENDING = "pending"
    TOO_FAST = "too_fast"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # never made, or another client's


class Polled(NamedTuple):
    """Answer to one question of a waiting client."""

    verdict: Verdict
    ask_id: str = ""
    interval_ms: int = 0


def user_code(numbers: bytes) -> str:
    """A code out of random bytes, without bias.

    Args:
        numbers: at least 32 random bytes; more than 8 of them fall below 240 but once in 10^15 times.

    Raises:
        ValueError: too few bytes.
    """
    usable = [number for number in numbers if number < 256 - 256 % len(ALPHABET)]
    if len(usable) < CODE_LENGTH:
        raise ValueError("too few random bytes")
    return "".join(ALPHABET[number % len(ALPHABET)] for number in usable[:CODE_LENGTH])


def shown_code(code: str) -> str:
    """As a screen shows it: two groups."""
    return f"{code[:4]}-{code[4:]}"


def typed_code(text: str) -> str:
    """What somebody meant to type: any width, any case, hyphens and spaces anywhere, look-alikes put right.

    Empty where it cannot be a code.
    """
    if len(text) > 4 * CODE_LENGTH:
        return ""
    folded = unicodedata.normalize("NFKC", fold_digits(text)).upper()
    letters = "".join(one for one in folded if one.isalnum()).translate(_LOOKALIKES)
    return letters if len(letters) == CODE_LENGTH and set(letters) <= set(ALPHABET) else ""


def typed_number(text: str) -> str:
    """A call number as somebody types it: any width, hyphens and spaces anywhere. Empty where it cannot be one."""
    if len(text) > 4 * CALL_NUMBER_LENGTH:
        return ""
    digits = "".join(one for one in unicodedata.normalize("NFKC", fold_digits(text)) if one.isalnum())
    return digits if len(digits) == CALL_NUMBER_LENGTH and digits.isascii() and digits.isdigit() else ""


def code_hash(key: bytes, kind: str, code: str) -> str:
    """Keyed hash under which a code is kept: a stolen store does not let anyone pose as a waiting client."""
    return keyed_hash(key, kind, code).hex()


def readable(text: str, length_max: int) -> bool:
    """Whether a text from a client can stand on a screen: one line, printable, no direction marks."""
    return len(text) <= length_max and all(one.isprintable() and unicodedata.category(one) != "Cf" for one in text)


def polled(standing: Standing, *, interval_ms: int, polled_ms: int, now_ms: int) -> Polled:
    """What a client is told that asks now, and the interval that holds from now on (RFC 8628 §3.5)."""
    ask_id = standing.ask.ask_id
    if standing.expired:
        return Polled(Verdict.EXPIRED, ask_id, interval_ms)
    if standing.state is not AskState.OPEN:
        return Polled(Verdict.READY, ask_id, interval_ms)
    early = polled_ms and now_ms - polled_ms < interval_ms - JITTER // timedelta(milliseconds=1)
    if early:
        return Polled(Verdict.TOO_FAST, ask_id, interval_ms + INTERVAL // timedelta(milliseconds=1))
    return Polled(Verdict.PENDING, ask_id, interval_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCodeEntered(AuditEvent):
    """A person typed the code of a device that waits."""

    name: ClassVar[str] = "identity.device_code_entered"
    account: str
    client: str
    ask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGuessesEnded(AuditEvent):
    """A person typed too many wrong codes and has to wait."""

    name: ClassVar[str] = "identity.device_guesses_ended"
    account: str
