"""Codes of the files ↔ our names: information items, affairs, bodies.

The lists of codes are not public. The few seen in public are used as seen; all others are ours, and say so by the 99
after their letters (`codes.toml`, where each is marked).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

_AFFAIRS = re.compile(r"(?P<row>[0-9]{1,4})(?:-(?P<branch>[0-9]{1,4}))?\.(?P<item>[0-9]{1,4})")
_OURS = re.compile(r"JT99(?P<row>[0-9]{4})(?P<branch>[0-9]{4})(?P<item>[0-9]{4})")


class _Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    ours: bool
    ja: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    information: dict[str, _Code]


class AffairsCodes(NamedTuple):
    """The two codes of one affairs item."""

    affairs: str
    """事務コード: the row of the table."""
    procedure: str
    """事務手続コード: the affairs item itself."""


@cache
def _table() -> dict[str, _Code]:
    text = files(__package__).joinpath("codes.toml").read_bytes()
    return msgspec.toml.decode(text, type=_File).information


@cache
def information_codes() -> Mapping[str, str]:
    """特定個人情報名コード by information item."""
    return {information: entry.code for information, entry in _table().items()}


@cache
def informations() -> Mapping[str, str]:
    """Information item by 特定個人情報名コード."""
    return {entry.code: information for information, entry in _table().items()}


def affairs_codes(affairs: str) -> AffairsCodes:
    """The codes of an affairs item such as "73.2" or "160-2.1".

    事務コード is JM99, the row in 4 digits, its branch in 4, 0000; 事務手続コード is JT99, row, branch, and the item
    in 4 digits.

    Raises:
        ValueError: not an affairs item.
    """
    match = _AFFAIRS.fullmatch(affairs)
    if match is None:
        raise ValueError("not an affairs item")
    row = f"99{int(match['row']):04d}{int(match['branch'] or 0):04d}"
    return AffairsCodes(f"JM{row}0000", f"JT{row}{int(match['item']):04d}")


def affairs_of(procedure: str) -> str | None:
    """The affairs item of a 事務手続コード; None where the code is none of ours."""
    match = _OURS.fullmatch(procedure)
    if match is None:
        return None
    branch = int(match["branch"])
    return f"{int(match['row'])}{f'-{branch}' if branch else ''}.{int(match['item'])}"
