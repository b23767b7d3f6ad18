"""Where the law's data lie, and how they are read: CSV and TOML as strings, parsed once into frozen types."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from renkei.law.errors import LawDataMissing


@cache
def data_dir() -> Path:
    """The directory of law data: inside the installed package, else beside a checkout's `src`.

    Raises:
        LawDataMissing: it is in neither place.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here / "data", here.parents[2] / "law"):
        if (candidate / "parameters.toml").is_file():
            return candidate
    raise LawDataMissing(path=here / "data")


def read_csv(*parts: str) -> list[dict[str, str]]:
    """The rows of one CSV file below `data_dir`, by column name; a file that is absent has no rows."""
    path = data_dir().joinpath(*parts)
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_toml(*parts: str) -> Mapping[str, object]:
    """One TOML file below `data_dir`.

    Raises:
        LawDataMissing: the file is absent.
    """
    path = data_dir().joinpath(*parts)
    if not path.is_file():
        raise LawDataMissing(path="/".join(parts))
    return tomllib.loads(path.read_text(encoding="utf-8"))
