"""Pairwise subjects: every sector knows a person by another name, and no two can tell that it is the same person."""

from __future__ import annotations

import hashlib
import hmac

from renkei.base.encoding import to_base64url


def pairwise_subject(key: bytes, *, sector: str, account_id: str) -> str:
    """`sub` of an account at a sector (OpenID Connect Core 1.0 §8.1), stable for the life of the account.

    Args:
        key: the provider's own secret, 32 bytes.
        sector: sector identifier of the client (its registered host or name).
    """
    message = sector.encode() + b"\x00" + account_id.encode()
    return to_base64url(hmac.new(key, message, hashlib.sha256).digest())


def pairwise_session(key: bytes, *, sector: str, session_id: str) -> str:
    """`sid` of a session at a sector: one name everywhere would tell two sectors that they see the same person."""
    message = b"\x00session\x00" + sector.encode() + b"\x00" + session_id.encode()  # no sector begins with NUL
    return to_base64url(hmac.new(key, message, hashlib.sha256).digest())
