"""The allowance's dated figures, read once from parameters.toml beside this file."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from renkei.law import LawBook, Parameter, lexicon


def figure(name: str, on: date) -> int:
    """The value of that name on that day (JST).

    Raises:
        ParameterMissing: none is kept for that day; it is not guessed from another.
    """
    return _book().parameter(name, on).value


@cache
def _book() -> LawBook:
    text = (Path(__file__).parent / "parameters.toml").read_text("utf-8")
    return LawBook((), msgspec.convert(tomllib.loads(text)["parameter"], tuple[Parameter, ...]), lexicon())
