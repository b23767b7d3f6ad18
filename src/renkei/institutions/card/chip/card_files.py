"""Software cards in files: the one place where the chip meets a disk.

A file holds everything that a card holds, private keys included: it is its owner's alone (0600) and is replaced whole,
so that a machine that loses power has the card before the change or the card after it.
"""

from __future__ import annotations

import os
from pathlib import Path

from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.errors import CardFileDamaged
from renkei.institutions.card.chip.state import Keep

FILE_BYTES_MAX = 262_144


def open_card(path: Path) -> Card:
    """The card in a file; every change is in the file before the card answers.

    Raises:
        CardFileDamaged: it cannot be read, or is no card.
    """
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CardFileDamaged(private=type(error).__name__) from None
    if len(data) > FILE_BYTES_MAX:
        raise CardFileDamaged(private="size")
    return Card.from_bytes(data, keep=keeper(path))


def keeper(path: Path) -> Keep:
    """Keeps a card in this file."""

    def keep(data: bytes) -> None:
        save(path, data)

    return keep


def save(path: Path, data: bytes) -> None:
    """Write a card's bytes whole or not at all, durable when this returns.

    Raises:
        OSError: not written; the file is as it was.
    """
    temporary = path.with_name(path.name + ".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
