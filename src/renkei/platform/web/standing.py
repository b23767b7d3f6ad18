"""How an inquiry stands, as every screen shows it: one drawing, one tone and one set of words for each standing.

The words are in the kit's own catalogue (`kit.standing.…`); a test holds that the standings are those of
`renkei.contracts.standing`, which this band does not know. No two share a drawing, so that they differ on paper and in
forced colours too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from renkei.platform.web.parts import Chip, Tone


class Look(NamedTuple):
    """Drawing and tone of a standing."""

    icon: str
    tone: Tone


LOOKS: Mapping[str, Look] = {
    "unasked": Look("dots", "gray"),
    "asked": Look("arrow", "blue"),
    "given": Look("success", "green"),
    "pending": Look("clock", "yellow"),
    "no_data": Look("empty", "gray"),
    "withheld": Look("hand", "orange"),
    "not_permitted": Look("barred", "red"),
    "no_code": Look("unlinked", "yellow"),
    "not_taken": Look("returned", "red"),
    "lapsed": Look("lapsed", "orange"),
    "failed": Look("again", "blue"),
}


def standing_chip(standing: str, text: str) -> Chip:
    """The chip of a standing; `text` is its name in the reader's language."""
    look = LOOKS[standing]
    return Chip(text, look.tone, look.icon)
