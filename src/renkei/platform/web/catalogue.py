"""Messages of the screens: one TOML file per language and package, complete in both or refused at start-up.

A package keeps `locale/ja.toml` and `locale/en.toml`. Tables nest into dotted keys, under the package's own name:
`[home] title = "…"` of the package `portal` is `portal.home.title`. A table of the two keys `one` and `other` is a
plural chosen by the value `count` (Japanese writes both the same). Messages hold `{placeholders}` and no markup.
A package with several areas may add files of theirs, `locale/AREA.ja.toml` and `locale/AREA.en.toml`, under the same
rules.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from markupsafe import Markup, escape

from renkei.platform.web.errors import CatalogueFaulty, MessageMissing

PLURAL = frozenset({"one", "other"})


class Language(StrEnum):
    """A language of the screens; Japanese comes first and is the default."""

    JA = "ja"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every message in every language; keys and placeholders are the same in all of them."""

    messages: Mapping[Language, Mapping[str, str]]

    def text(self, language: Language, key: str, **values: object) -> str:
        """The message `key` with its placeholders filled in.

        Where a value shows itself (a link inside a sentence), the result is `Markup` and everything else is escaped.

        Raises:
            MessageMissing: no such key, or a placeholder without a value.
        """
        messages = self.messages[language]
        message = messages.get(key)
        if message is None and "count" in values:
            message = messages.get(f"{key}.{'one' if values['count'] == 1 else 'other'}")
        if message is None:
            raise MessageMissing(key=key)
        try:
            if any(hasattr(value, "__html__") for value in values.values()):
                return Markup(escape(message).format(**values))
            return message.format(**values) if "{" in message else message
        except (KeyError, IndexError) as missing:
            raise MessageMissing(key=f"{key} {missing}") from missing

    def placeholders(self, key: str) -> frozenset[str] | None:
        """Names that the message needs; None where there is no such message."""
        messages = self.messages[Language.JA]
        if key in messages:
            return _placeholders(messages[key])
        if f"{key}.other" in messages:
            return _placeholders(messages[f"{key}.other"]) | {"count"}
        return None


def load_catalogue(packages: Mapping[str, Path]) -> Catalogue:
    """Read the `locale/` of every package, keyed by the name under which its messages stand.

    Raises:
        CatalogueFaulty: a file is missing or malformed, a value is no text, or the languages differ in keys or
            placeholders.
    """
    messages: dict[Language, dict[str, str]] = {language: {} for language in Language}
    for name, package in packages.items():
        if (package / "locale").is_dir():
            for language in Language:
                messages[language].update(_read_all(name, package / "locale", language))
    _compare(messages)
    return Catalogue(messages)


def choose_language(asked: str | None, kept: str | None, accepted: str | None) -> Language:
    """The language of a page: what the link asks for, else what the reader chose before, else the browser's.

    Args:
        asked: value of `?lang=`.
        kept: value of the language cookie.
        accepted: the `Accept-Language` header (RFC 9110 §12.5.4).
    """
    for wish in (asked, kept):
        if wish in set(Language):
            return Language(wish)
    for tag in _by_preference(accepted or ""):
        primary = tag.partition("-")[0].strip().lower()
        if primary in set(Language):
            return Language(primary)
    return Language.JA


def _by_preference(header: str) -> Iterable[str]:
    weighted = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(weighted)]


def _read_all(name: str, folder: Path, language: Language) -> dict[str, str]:
    """Every file of one language; no two may declare the same key."""
    messages: dict[str, str] = {}
    areas = sorted(folder.glob(f"*.{language}.toml"))
    whole = folder / f"{language}.toml"
    for path in [whole, *areas] if whole.exists() or not areas else areas:
        added = _read(name, path)
        if twice := sorted(messages.keys() & added.keys()):
            raise CatalogueFaulty(fault=f"{name}/{path.name}: {twice[0]} is declared twice")
        messages |= added
    return messages


def _read(name: str, path: Path) -> dict[str, str]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CatalogueFaulty(fault=f"{name}: {path.name} is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueFaulty(fault=f"{name}/{path.name}: {error}") from error
    return dict(_flatten(name, tables))


def _flatten(prefix: str, table: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}.{key}", value)
        elif isinstance(value, str) and value.strip():
            yield f"{prefix}.{key}", value
        else:
            raise CatalogueFaulty(fault=f"{prefix}.{key} is empty or no text")


def _compare(messages: Mapping[Language, Mapping[str, str]]) -> None:
    first, *others = messages.values()
    for language, other in zip(list(messages)[1:], others, strict=True):
        if lonely := sorted(first.keys() ^ other.keys()):
            raise CatalogueFaulty(fault=f"only in one language: {', '.join(lonely[:5])}")
        for key, message in first.items():
            if _placeholders(message) != _placeholders(other[key]):
                raise CatalogueFaulty(fault=f"{key}: placeholders differ between {Language.JA} and {language}")


def _placeholders(message: str) -> frozenset[str]:
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(message) if name)
    except ValueError as error:
        raise CatalogueFaulty(fault=f"{message!r}: {error}") from error
