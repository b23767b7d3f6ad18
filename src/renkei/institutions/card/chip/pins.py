"""How the card keeps a PIN and counts the tries. Values in, values out.

Kept is a salted digest: enough that no PIN shows itself in a dump or a traceback. It hides four digits from nobody who
holds the bytes, and neither are the private keys beside it hidden: whoever keeps a card's bytes keeps a card.
"""

from __future__ import annotations

import hashlib
import hmac

from renkei.base.encoding import MaskedStruct
from renkei.institutions.card.chip.profile import SecretRule

SALT_BYTES = 16
SHOWN_BYTES_MAX = 64


class SecretState(MaskedStruct, frozen=True, array_like=True):
    """A PIN as kept. An empty digest is a PIN that was never set: it has no tries and nothing opens it."""

    salt: bytes
    digest: bytes
    tries: int

    @property
    def set(self) -> bool:
        """Whether there is a PIN at all."""
        return bool(self.digest)


UNSET = SecretState(b"", b"", 0)


def seal(value: bytes, rule: SecretRule, *, salt: bytes) -> SecretState:
    """A new PIN with all its tries.

    Raises:
        ValueError: not of the form that the rule asks for.
    """
    if not rule.form.fullmatch(value):
        raise ValueError("not of the form of this PIN")
    return SecretState(salt, _digest(value, salt), rule.tries_max)


def spend(state: SecretState) -> SecretState:
    """One try less; to be made durable *before* `matches` is asked, so that pulling the card out wins no try."""
    return SecretState(state.salt, state.digest, state.tries - 1)


def refill(state: SecretState, rule: SecretRule) -> SecretState:
    """All tries again, after the right PIN or at the counter."""
    return SecretState(state.salt, state.digest, rule.tries_max)


def matches(state: SecretState, shown: bytes) -> bool:
    """Whether it is the PIN, in a time that depends on neither."""
    return state.set & hmac.compare_digest(_digest(shown, state.salt), state.digest)


def _digest(value: bytes, salt: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=32, salt=salt).digest()
