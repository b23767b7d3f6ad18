"""Codes that one person reads out and another types: invitations, and numbers shown at a counter.

A code is computed from a key and the row that it belongs to: so the page that shows it can show it again, and the
store keeps a keyed hash only.
"""

from __future__ import annotations

import unicodedata

from renkei.institutions.identity.model.credentials import keyed_hash

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Neither 0, 1, I, L, O nor U: none is taken for another."""
LENGTH = 10
"""30^10: 49 bits."""
INVITATION, COUNTER = "proxy invitation", "counter code"
GUESSES_MAX = 10

_LOOKALIKES = str.maketrans({"0": "Q", "O": "Q", "1": "J", "I": "J", "L": "J", "U": "V"})


def code_of(key: bytes, purpose: str, row_id: str) -> str:
    """The code of a row."""
    number = int.from_bytes(keyed_hash(key, purpose, row_id)[:16])
    letters = []
    for _ in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def shown(code: str) -> str:
    """As a screen shows it: `7K3M9-QXW2T`."""
    return f"{code[:5]}-{code[5:]}"


def typed(text: str) -> str:
    """A code as it was typed: any width, any case, hyphens and spaces anywhere. Empty where it cannot be one."""
    if len(text) > 4 * LENGTH:
        return ""
    plain = "".join(char for char in unicodedata.normalize("NFKC", text).upper() if char.isalnum())
    letters = plain.translate(_LOOKALIKES)
    return letters if len(letters) == LENGTH and set(letters) <= set(ALPHABET) else ""


def kept(key: bytes, purpose: str, code: str) -> str:
    """What the store keeps of a code."""
    return keyed_hash(key, f"{purpose} hash", code).hex()


def folded_name(name: str) -> str:
    """A name for comparison: width, spaces and variants of writing a space do not matter."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
