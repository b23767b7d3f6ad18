"""Secrets of browsers: what is kept of a cookie; and how a browser is called in the list of sessions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

SECRET_BYTES = 32
DEVICE_UNKNOWN = "?"

# The first word of a User-Agent that fits; later browsers also name the earlier ones that they are compatible with.
_BROWSERS: Sequence[tuple[str, str]] = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Sequence[tuple[str, str]] = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def keyed_hash(key: bytes, purpose: str, secret: str) -> bytes:
    """What is kept of a secret that a browser holds: nobody who reads the store can use it.

    Args:
        key: the provider's session key, 32 bytes.
        purpose: `session`, `browser`, `code`, `account`: a secret of one kind is worth nothing as another.
    """
    return hmac.new(key, purpose.encode() + b"\x00" + secret.encode(), hashlib.sha256).digest()


def device_name(user_agent: str) -> str:
    """A browser as its user knows it, `Chrome, Windows`; `?` where it does not say. Versions are not kept."""
    text = user_agent[:400]
    parts = [_first(_BROWSERS, text), _first(_SYSTEMS, text)]
    return ", ".join(part for part in parts if part) or DEVICE_UNKNOWN


def _first(words: Sequence[tuple[str, str]], text: str) -> str:
    return next((name for word, name in words if word in text), "")
